#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py BUILD_DIR PARTS_DIR [THEME...]: the tests on a real cluster, which is made for them and vanishes with them.

PARTS_DIR is what build.sh printed. With the theme `shell` it is a cluster to look around in.
"""

import importlib
import os
import pathlib
import signal
import sys
import time
import traceback
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import guest  # noqa: E402
import images  # noqa: E402
import space  # noqa: E402
from cluster import Cluster  # noqa: E402

THEMES = ["image", "deploy", "sync", "manifests", "secrets", "original", "examples", "bench", "exports", "faults",
          "scale", "rotation", "nodes", "rights", "uninstall", "guest"]


def run_one(name, function, cluster):
    start = time.monotonic()
    try:
        function(cluster)
    except unittest.SkipTest as reason:
        print(f"skip - {name}: {reason}", flush=True)
        return True
    except Exception:  # pylint: disable=broad-except
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
        print(f"not ok - {name}", flush=True)
        return False
    print(f"ok - {name} # {time.monotonic() - start:.1f} s", flush=True)
    return True


def run_themes(cluster):
    good = True
    for theme in cluster.themes:
        module = importlib.import_module(f"test_{theme}")
        for name, function in list(vars(module).items()):
            if name.startswith("test_"):
                text = (function.__doc__ or name).strip().splitlines()[0].rstrip(".")
                good &= run_one(f"{theme}: {text}", function, cluster)
    return good


def shell(cluster):
    """For people: KUBECONFIG is set; the end of the shell is the end of the cluster."""
    import subprocess

    subprocess.run([os.environ.get("SHELL", "/bin/sh")], env=cluster.environment, check=False)


def inside(build, parts, themes):
    """Everything below is in the namespaces of space.enter()."""
    start = time.monotonic()
    base, parts = space.BASE, space.keep(parts, "parts")
    archives = [images.write(f"{base}/test-images.tar", f"{build}/test/kube_taker"), f"{build}/vsecm-image.tar",
                f"{build}/vsecm-bench-image.tar"]
    cluster = Cluster(base, parts, f"{build}/test/kube", archives).start()
    print(f"# the cluster was ready after {time.monotonic() - start:.1f} s", flush=True)
    if themes == ["shell"]:
        shell(cluster)
        return 0
    cluster.themes = themes or THEMES
    return 0 if run_themes(cluster) else 1


def main(build, parts, *themes):
    os.environ["VSECM_BUILD"] = build = os.path.abspath(build)
    # As an exception it passes through what cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.dont_write_bytecode = True
    reason = None if os.environ.get(space.INSIDE) else space.why_not()
    if reason:
        print(f"skip - kube: {reason}")
        return 0
    if not os.environ.get(space.INSIDE) and "guest" in (themes or THEMES):
        guest.fetch(build)  # inside there is no network
    status = space.enter()
    return status if status is not False else inside(build, parts, list(themes))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
