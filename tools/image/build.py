#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""build.py BUILD_DIR NAME ARCHIVE [bench]: the image of the programs in BUILD_DIR, called NAME; prints its digest.

In it are the programs where `make install` puts them, the libraries they load, and who uid 65532 is; no shell, no
package, nothing to log in with.
"""

import os
import sys

from image import Archive, Layer

# What the programs are, in BUILD_DIR and in the image. The benchmark has one of its own: a node runs nothing it does
# not need.
BENCH = {"vsecm-bench": "/usr/local/bin/vsecm-bench"}
PROGRAMS = {
    "vsecmd": "/usr/local/sbin/vsecmd",
    "vsecm-sync": "/usr/local/sbin/vsecm-sync",
    "vsecm": "/usr/local/bin/vsecm",
    "vsecm-static": "/usr/local/lib/vsecm/vsecm",
}
USER = 65532


def config(title, **added):
    return {
        "User": f"{USER}:{USER}",
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin"],
        "Labels": {
            "org.opencontainers.image.title": title,
            "org.opencontainers.image.licenses": "BSD-2-Clause",
        },
        **added,
    }


CONFIG = config("vsecm", Cmd=["/usr/local/bin/vsecm", "--help"])
BENCH_CONFIG = config("vsecm-bench", Entrypoint=["/usr/local/bin/vsecm-bench"], Cmd=["--help"])


def main(build, name, archive, kind="vsecm"):
    layer = Layer()
    programs = BENCH if kind == "bench" else PROGRAMS
    for program, path in programs.items():
        if program == "vsecm-sync" and not os.path.exists(f"{build}/{program}"):
            continue
        layer.program(path, f"{build}/{program}")
    if kind != "bench":
        layer.link("/usr/local/bin/safe", "vsecm")
    layer.text("/etc/passwd", f"root:x:0:0::/:\nvsecm:x:{USER}:{USER}::/:\n")
    layer.text("/etc/group", f"root:x:0:\nvsecm:x:{USER}:\n")
    layer.directory("/tmp", 0o1777)
    made = Archive(layer)
    digest = made.image(name, BENCH_CONFIG if kind == "bench" else CONFIG)
    made.write(archive)
    size = os.path.getsize(archive)
    whole = sum(entry.size for entry, _ in layer.entries.values())
    print(f"{name} {digest}: {size / 1e6:.1f} MB, {whole / 1e6:.1f} MB unpacked")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main(*sys.argv[1:])
