# SPDX-License-Identifier: BSD-2-Clause
"""OCI images made by hand: an archive of the image layout, the same bytes from the same files.

No container engine is needed to make one, nor a registry: `ctr images import`, `podman load` and `skopeo copy
oci-archive:` take it as it is.
"""

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class Layer:
    """Files by their path in the image. They are root's, of time 0 and sorted, whatever they were here."""

    def __init__(self):
        self.entries = {}  # path without the first slash -> (TarInfo, content)

    def add(self, path, content, mode, kind):
        path = path.strip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.add(parent, b"", 0o755, tarfile.DIRTYPE)
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.mtime = kind, mode, 0
        entry.uname = entry.gname = "root"
        if kind == tarfile.SYMTYPE:
            entry.linkname, content = content, b""
        entry.size = len(content)
        self.entries[path] = (entry, content)

    def directory(self, path, mode=0o755):
        self.add(path, b"", mode, tarfile.DIRTYPE)

    def text(self, path, text):
        self.add(path, text.encode(), 0o644, tarfile.REGTYPE)

    def link(self, path, target):
        self.add(path, target, 0o777, tarfile.SYMTYPE)

    def file(self, path, source, mode=0o644):
        with open(source, "rb") as file:
            self.add(path, file.read(), mode, tarfile.REGTYPE)

    def program(self, path, source):
        """The program SOURCE without symbols, with the libraries that it loads."""
        for library in libraries(source):
            self.file(library, library, 0o755)
        self.add(path, stripped(source), 0o755, tarfile.REGTYPE)

    def tar(self):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for _, (entry, content) in sorted(self.entries.items()):
                archive.addfile(entry, io.BytesIO(content))
        return made.getvalue()


def libraries(program):
    """What the dynamic linker would load for it, the linker too, by the paths it looks at; none if it is static."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    if done.returncode:
        if "not a dynamic executable" in done.stderr + done.stdout or "statically linked" in done.stdout:
            return []
        raise SystemExit(f"ldd {program}: {done.stderr}")
    if "not found" in done.stdout:
        raise SystemExit(f"{program} lacks a library:\n{done.stdout}")
    return re.findall(r"(?:=> |^\s+)(/\S+) \(", done.stdout, re.M)


def stripped(program):
    """Its bytes without symbols; a strip that is told nothing else writes no time and no name."""
    with tempfile.NamedTemporaryFile() as made:
        subprocess.run(["strip", "-o", made.name, program], check=True)
        with open(made.name, "rb") as file:  # strip may have put another file there
            return file.read()


class Archive:
    """An archive with one layer and images that are made of it."""

    def __init__(self, layer):
        self.blobs, self.images = {}, []
        plain = layer.tar()
        self.plain_digest = "sha256:" + hashlib.sha256(plain).hexdigest()
        self.layer = self.blob(LAYER, gzip.compress(plain, 6, mtime=0))

    def blob(self, media, content):
        if not isinstance(content, bytes):
            content = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        name = hashlib.sha256(content).hexdigest()
        self.blobs[f"blobs/sha256/{name}"] = content
        return {"mediaType": media, "digest": f"sha256:{name}", "size": len(content)}

    def image(self, name, config):
        """An image called NAME; its digest."""
        config = self.blob(CONFIG, {
            "architecture": MACHINES[os.uname().machine], "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": [self.plain_digest]},
        })
        manifest = self.blob(MANIFEST, {
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [self.layer],
        })
        manifest["annotations"] = {
            "io.containerd.image.name": name,
            "org.opencontainers.image.ref.name": name.rsplit(":", 1)[-1],
        }
        self.images.append(manifest)
        return manifest["digest"]

    def write(self, path):
        """Write the archive, whole or not at all."""
        files = Layer()
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.images}
        files.text("oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        files.text("index.json", json.dumps(index, sort_keys=True))
        for name, content in self.blobs.items():
            files.add(name, content, 0o644, tarfile.REGTYPE)
        with open(f"{path}.new", "wb") as file:
            file.write(files.tar())
        os.replace(f"{path}.new", path)
