# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmark measures beside vsecmd: that each is measured, or is said to be left out and why."""

import contextlib
import glob
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree

from lab import BUILD

PEERS = pathlib.Path(__file__).resolve().parents[2] / "tools/bench/peers"


def remains():
    """Private directories of peers, and processes that have them in their command."""
    found = set(glob.glob("/dev/shm/vsecm-bench-state.*"))
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = pathlib.Path(path).read_bytes()
            if b"/dev/shm/vsecm-bench-state." in command or command.startswith(b"nginx: worker"):
                found.add(path)
    return found


def with_built():
    """A path where what was built comes first, as make bench has it."""
    where = subprocess.run([PEERS / "build.sh", "--where"], capture_output=True, text=True, check=True)
    return f"{where.stdout.strip()}:{pathlib.Path(BUILD).resolve()}:{os.environ['PATH']}"


def measure(peers=PEERS, **environment):
    """The results and the report of one round."""
    before = remains()
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as out:
        command = [f"{BUILD}/vsecm-bench", f"--vsecmd={BUILD}/vsecmd", f"--peers={peers}", f"--out={out}"]
        done = subprocess.run([*command, "--only=peers", "--quick", "--rounds=1"], capture_output=True,
                              timeout=300, env=os.environ | environment, check=False)
        assert done.returncode == 0, done
        out = pathlib.Path(out)
        report = (out / "report.md").read_text()
        xml.etree.ElementTree.parse(out / "peers.svg")
        rows = json.loads((out / "results.json").read_text())["peers"]
    assert remains() <= before
    return rows, report


def test_measured():
    """each peer is started, asked and stopped, with its version, its configuration and its memory"""
    rows, report = measure(PATH=with_built())
    left_out = {row["id"]: row["left_out"] for row in rows if "left_out" in row}
    # These take minutes to build, which a check does not; but once they are there they must be right.
    optional = {"spire-fetch", "openbao", "openbao-tls", "openbao-connect"}
    assert set(left_out) <= optional and set(left_out.values()) <= {"not built: make bench-peers (docs/BENCHMARKS.md, Peers)"}, left_out
    rows = [row for row in rows if "peer" in row]
    ids = {row["id"] for row in rows}
    assert len(ids) >= 6 and {"vsecmd", "file", "redis", "memcached", "nginx", "nginx-mtls-connect", "etcd", "echo-go"} <= ids, ids
    for row in rows:
        assert row["peer"]["p50"] > 0 and row["echo"]["p50"] > 0 and row["ratio"]["p50"]["median"] > 0, row
        assert row["version"] and row["limits"] and row["title"] in report, row
        assert not row["config"] or (PEERS / row["config"]).is_file(), row
        assert row["value_bytes"] == 64 and row["reply_bytes"] >= 64, row
        assert (row["rss_kib"] > 0) == (row["id"] != "file"), row
    # A handshake is dearer than a request, or it was none.
    p50 = {(row["id"], row["layout"]): row["peer"]["p50"] for row in rows}
    assert p50["etcd-connect", "same"] > p50["etcd", "same"], p50
    assert p50["nginx-mtls-connect", "same"] > 3 * p50["nginx-mtls", "same"], p50


def test_absent():
    """a peer whose program is not there is left out, and the reports say so"""
    rows, report = measure(PATH="/nonexistent")
    left_out = {row["id"]: row["left_out"] for row in rows if "left_out" in row}
    assert left_out["redis"] == left_out["redis-50"] == "there is no redis-server in $PATH", left_out
    assert left_out["memcached"] == "there is no memcached in $PATH", left_out
    assert left_out["nginx-mtls"] == "there is no nginx in $PATH", left_out
    assert "peers-go was not built" in left_out["etcd"], left_out
    assert {"vsecmd", "file"} <= {row["id"] for row in rows if "peer" in row}, rows
    assert "\nLeft out: redis, redis-connect, redis-50: there is no redis-server in $PATH\n" in report, report


def test_broken():
    """a peer that does not start is left out with its own words, and nothing of it remains"""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as peers:
        shutil.copytree(PEERS, peers, dirs_exist_ok=True)
        (pathlib.Path(peers) / "redis.conf").write_text("port @PROT@\n")
        (pathlib.Path(peers) / "nginx.conf").write_text("daemon off;\nbogus;\n")
        (pathlib.Path(peers) / "memcached.conf").unlink()
        (pathlib.Path(peers) / "etcd.yaml").write_text("listen-client-urls: nowhere\n")
        rows, _ = measure(peers, PATH=with_built())
        left_out = {row["id"]: row["left_out"] for row in rows if "left_out" in row}
        assert left_out["redis"] == f"{peers}/redis.conf: @PROT@ stands for nothing we know", left_out
        assert "No such file" in left_out["memcached"], left_out
        assert "nowhere" in left_out["etcd"], left_out
        assert 'unknown directive "bogus"' in left_out["nginx"], left_out
