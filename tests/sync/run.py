#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py BUILD_DIR [TEST...]: vsecm-sync between a scripted core and a real API server.

What a cluster consists of comes from tests/kube/build.sh, or from the folder KUBE_PARTS.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import cases  # noqa: E402
from plane import Plane  # noqa: E402


# A sanitizer keeps what is freed: a search for it in memory says nothing there.
ALL = [name.removeprefix("test_") for name in vars(cases)
       if name.startswith("test_") and not (os.environ.get("SANITIZE") and name == "test_wiped")]


def find_parts():
    given = os.environ.get("KUBE_PARTS")
    if given:
        return given
    script = HERE.parent / "kube/build.sh"
    if not script.exists():
        return None
    done = subprocess.run([str(script)], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def run_one(name, function, world):
    start = time.monotonic()
    try:
        function(world)
    except Exception:  # pylint: disable=broad-except
        for line in traceback.format_exc().splitlines() + world.said():
            print(f"# {line}")
        print(f"not ok - sync: {name}", flush=True)
        return False
    print(f"ok - sync: {name} # {time.monotonic() - start:.1f} s", flush=True)
    return True


def main(build, *names):
    parts = find_parts()
    if not parts:
        print("not ok - sync: the parts of a cluster cannot be built: it needs, once, a Go module proxy")
        return 1
    base = tempfile.mkdtemp(prefix="vsecm-sync-")
    os.chmod(base, 0o755)
    plane, world, good = None, None, True
    try:
        plane = Plane(parts, base)
        world = cases.World(plane, os.path.abspath(build), base)
        for name, function in list(vars(cases).items()):
            if name.startswith("test_") and name.removeprefix("test_") in (names or ALL):
                good &= run_one((function.__doc__ or name).strip().rstrip("."), function, world)
    finally:
        if world:
            world.stop()
        if plane:
            plane.stop()
        shutil.rmtree(base, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
