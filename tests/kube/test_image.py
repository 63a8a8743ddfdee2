# SPDX-License-Identifier: BSD-2-Clause
"""The image: what is in it, that it runs, and that anybody can make the same one."""

import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

from images import ROOT
from vsecm import IMAGE

BUILD = os.environ["VSECM_BUILD"]
# A library that is not among these has come unnoticed.
LIBRARIES = set("libbpf libcjson libelf libsodium libz libc ld-linux-x86-64".split())
# What Debian's libcurl brings with it, for vsecm-sync alone.
OF_CURL = set("""
    libcurl libssl libcrypto libnghttp2 libz libzstd libbrotlicommon libbrotlidec libidn2 libunistring libpsl libssh2
    librtmp libgnutls libhogweed libnettle libgmp libp11-kit libffi libtasn1 libldap-2.5 liblber-2.5 libsasl2
    libgssapi_krb5 libkrb5 libk5crypto libkrb5support libcom_err libkeyutils libresolv
""".split())


def made(directory, umask):
    """The archive, made with UMASK in DIRECTORY, and what was said."""
    path = f"{directory}/{umask}.tar"
    done = subprocess.run([sys.executable, "-B", f"{ROOT}/tools/image/build.py", BUILD, IMAGE, path],
                          capture_output=True, text=True, check=True, umask=umask, env={"PATH": os.environ["PATH"]})
    return pathlib.Path(path).read_bytes(), done.stdout


def layer(archive):
    """The entries of its one layer."""
    with tarfile.open(archive) as outer:
        blob = max((entry for entry in outer if entry.isfile()), key=lambda entry: entry.size)
        with tarfile.open(fileobj=outer.extractfile(blob), mode="r:gz") as inner:
            return inner.getmembers()


def test_reproducible(_):
    """made again by somebody else, it is the same to the last byte"""
    with tempfile.TemporaryDirectory() as directory:
        there = pathlib.Path(f"{BUILD}/vsecm-image.tar").read_bytes()
        for umask in (0o022, 0o077):
            again, said = made(directory, umask)
            assert again == there, said
    print(f"# {said.strip()}")


def test_content(_):
    """in it are the programs, the libraries that they load, who they run as, and no more"""
    entries = layer(f"{BUILD}/vsecm-image.tar")
    files = {"/" + entry.name for entry in entries if not entry.isdir()}
    programs = {"/usr/local/sbin/vsecmd", "/usr/local/bin/vsecm", "/usr/local/bin/safe",
                "/usr/local/sbin/vsecm-sync", "/usr/local/lib/vsecm/vsecm", "/etc/passwd", "/etc/group"}
    expected = LIBRARIES | OF_CURL
    assert programs <= files, programs - files
    rest = {name.rsplit("/", 1)[1].split(".so")[0] for name in files - programs}
    assert rest == expected, rest ^ expected
    for entry in entries:
        assert (entry.uid, entry.gid, entry.mtime) == (0, 0, 0), entry.name
        assert not entry.mode & 0o6000 and (not entry.mode & 0o022 or entry.issym() or entry.name == "tmp"), entry.name


def test_runs(cluster):
    """its programs run in a container of containerd's, as a user who is not root"""
    node = cluster.nodes[0]
    for program in ("vsecmd", "vsecm", "safe", "vsecm-sync", "/usr/local/lib/vsecm/vsecm"):
        done = node.ctr("run", "--rm", IMAGE, "once", program, "--version")
        assert done.stdout.startswith((b"vsecm", b"safe")), done
