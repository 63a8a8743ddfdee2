# SPDX-License-Identifier: BSD-2-Clause
"""How vsecm-bench shows growth: every curve runs to its end, and what is written of it is whole."""

import json
import os
import re
import subprocess
import tempfile

from lab import BUILD

GROWTH = {
    "secrets": [10, 100, 1000, 10000, 100000],
    "clients": [1, 5, 10, 20, 50, 100, 200, 500, 1000],
    "pods": [1, 10, 50, 110, 250],
    "values": [16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576],
    "watchers": [1, 10, 50, 100, 250, 500],
}


def bench(out, *arguments):
    return subprocess.run([f"{BUILD}/vsecm-bench", f"--vsecmd={BUILD}/vsecmd", f"--out={out}", *arguments],
                          capture_output=True, timeout=900, check=False)


def test_growth():
    """every curve of growth has all its points, each with both sides, and the files show them"""
    with tempfile.TemporaryDirectory() as out:
        done = bench(out, "--only=growth", "--quick", "--rounds=1")
        assert done.returncode == 0 and not done.stderr, done
        with open(f"{out}/results.json", encoding="utf-8") as file:
            curves = json.load(file)["growth"]["curves"]
        assert {curve["id"]: [point["x"] for point in curve["points"]] for curve in curves} == GROWTH
        for curve in curves:
            for point in curve["points"]:
                assert 0 < point["p50"] <= point["p99"] and point["echo_p50"] > 0, (curve["id"], point)
                assert point["requests_per_second"] > 0 and point["rss_kib"] > 1000, (curve["id"], point)
                assert point["ratio"]["p50"]["median"] > 0 and len(point["ratio"]["p99"]["rounds"]) == 1, (curve["id"], point)
        memory = [point["rss_kib"] for point in curves[0]["points"]]
        assert memory[-1] - memory[0] > 100000 * 64 / 1024, memory  # their values, at least
        with open(f"{out}/growth.svg", encoding="utf-8") as file:
            assert len(re.findall("<polyline", file.read())) >= 3 * len(GROWTH)
        with open(f"{out}/report.md", encoding="utf-8") as file:
            assert file.read().count("\n### ") == len(GROWTH)


def test_growth_curve():
    """one curve can be run alone, and one that does not exist is refused"""
    with tempfile.TemporaryDirectory() as out:
        done = bench(out, "--only=growth-values", "--quick", "--rounds=1")
        assert done.returncode == 0, done
        with open(f"{out}/results.json", encoding="utf-8") as file:
            assert [curve["id"] for curve in json.load(file)["growth"]["curves"]] == ["values"]
    with tempfile.TemporaryDirectory() as out:
        done = bench(f"{out}/none", "--only=growth-nothing")
        assert done.returncode == 2 and b"--only=growth-nothing" in done.stderr, done
        assert not os.path.exists(f"{out}/none")
