#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py BUILD_DIR [THEME[:NAME]...]: the system tests, all of a THEME or one, against the programs in BUILD_DIR."""

import importlib
import os
import pathlib
import signal
import sys
import time
import traceback
import unittest

HERE = pathlib.Path(__file__).parent
THEMES = ["main", "identity", "cluster", "nodes", "races", "sender", "guards", "follow", "watch", "admin", "http", "limits", "audit", "life", "doctor", "secrecy", "cli", "age", "cli_store", "cli_backup", "store", "backup", "templates", "render", "completion", "migration", "safe", "original", "exec", "init_sidecar", "survival", "bench", "growth", "peers"]


def run_one(name, function):
    start = time.monotonic()
    try:
        function()
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


def main():
    os.environ["VSECM_BUILD"] = sys.argv[1]
    # As an exception it passes through what cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    good = True
    for words in sys.argv[2:] or THEMES:
        theme, _, only = words.partition(":")
        module = importlib.import_module(f"test_{theme}")
        chosen = f"test_{only}"
        assert not only or hasattr(module, chosen), words
        for name, function in list(vars(module).items()):
            if name == chosen or not only and name.startswith("test_"):
                text = (function.__doc__ or name).strip().splitlines()[0].rstrip(".")
                good &= run_one(f"{theme}: {text}", function)
    sys.exit(not good)


if __name__ == "__main__":
    main()
