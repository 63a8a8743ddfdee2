# SPDX-License-Identifier: BSD-2-Clause
"""The images of the tests: a busybox that knows nothing of this project (but how to take descriptors), and what holds a pod's namespaces."""

import pathlib
import sys

from space import which

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools" / "image"))
from image import Archive, Layer  # noqa: E402

BUSYBOX = "localhost/busybox:1"
CURL = "localhost/curl:1"
PAUSE = "localhost/pause:1"
APPLETS = "sh sleep cat id ls wget nc hostname grep env test touch stat mount true pidof".split()


def write(path, taker):
    layer = Layer()
    layer.file("/bin/busybox", which("busybox"), 0o755)
    for applet in APPLETS:
        layer.link(f"/bin/{applet}", "busybox")
    layer.file("/bin/taker", taker, 0o755)
    layer.text("/etc/passwd", "root:x:0:0::/:/bin/sh\n")
    layer.program("/bin/curl", which("curl"))
    layer.directory("/tmp", 0o1777)
    archive = Archive(layer)
    for name in (BUSYBOX, CURL, PAUSE):
        archive.image(name, {"Env": ["PATH=/bin"], "Cmd": ["sleep", "1000000"]})
    archive.write(path)
    return path
