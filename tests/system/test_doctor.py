# SPDX-License-Identifier: BSD-2-Clause
"""`vsecm doctor` about a node: what is there, what is missing, what a daemon would do, what one left behind."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from lab import BUILD, Daemon, wait_until, world

VSECM = f"{BUILD}/vsecm"


def doctor(*arguments, prefix=()):
    return subprocess.run([*prefix, VSECM, "doctor", *arguments], capture_output=True, timeout=60, check=False)


def told(*arguments):
    done = doctor("-o", "json", *arguments)
    assert done.returncode in (0, 1, 4), done
    return json.loads(done.stdout)


@contextlib.contextmanager
def bpffs():
    """An empty bpffs."""
    path = tempfile.mkdtemp(prefix="vsecm-test-")
    subprocess.run(["mount", "-t", "bpf", "bpf", path], check=True)
    try:
        yield path
    finally:
        # The kernel ends a program some time after its last pin; until then it keeps the bpffs mounted.
        wait_until(lambda: subprocess.run(["umount", path], capture_output=True, check=False).returncode == 0,
                   what="umount")
        os.rmdir(path)


def test_table():
    """each row is present, missing or unknown, says what to do, and decides the exit status"""
    done, report = doctor(), told()
    rows = report["rows"]
    assert len(rows) > 18 and {row["state"] for row in rows} <= {"present", "missing", "unknown"}, rows
    lacks = [row for row in rows if row["state"] != "present"]
    for row in lacks:
        assert row["missing"] and row["means"] and row["get"], row
        assert row["get"].encode() in done.stdout, row
    for row in rows:
        assert row["name"].encode() in done.stdout, row
    assert done.returncode == (1 if lacks else 0), done
    assert doctor("--node").stdout == done.stdout
    assert report["daemon"]["running"] == told("--private-dir", "/run/vsecmd")["daemon"]["running"]


def test_tier():
    """the tier it names is the one that a daemon takes"""
    with world(attest="auto") as (daemon,):
        assert told()["tier"] == daemon.status()["attestation"]["tier"], told()["why"]


def test_unfit():
    """without what a daemon needs the status is 4, and the table says why"""
    done = doctor(prefix=("setpriv", "--reuid", "65534", "--clear-groups"))
    assert done.returncode == 4, done
    assert b"no CAP_BPF" in done.stdout and b"to get it: grant it" in done.stdout
    assert doctor(prefix=("setpriv", "--bounding-set", "-net_admin,-bpf,-sys_admin")).returncode == 4


def test_running_daemon():
    """a daemon that runs is seen by its lock, and asked what it does"""
    with world() as (daemon,):
        private = daemon.options["private_dir"]
        seen = told("--private-dir", private)["daemon"]
        status = daemon.status()
        assert seen["running"] == "yes", seen
        assert seen["protections"] == status["protections"]
        assert seen["attestation"]["tier"] == status["attestation"]["tier"]
        assert b"protections.undumpable" in doctor("--private-dir", private).stdout
        elsewhere = told("--private-dir", private, "--socket", "/nonexistent/socket")["daemon"]
        assert elsewhere == {"running": "yes", "status": "No such file or directory"}, elsewhere
        daemon.stop()
        assert told("--private-dir", private)["daemon"] == {"running": "no"}
    assert told("--private-dir", "/nonexistent")["daemon"] == {"running": "no"}


def test_wrong_use():
    """options that do not go together are refused"""
    for wrong in (["--node", "--unload"], ["--state", "/x", "--unload"], ["--salvage", "/x"],
                  ["--pin-dir", "x"], ["--state", "/x", "--pin-dir", "/y"], ["operand"]):
        done = doctor(*wrong)
        assert done.returncode == 2 and done.stderr, (wrong, done)


def pin(pins, *names):
    for name in names:
        subprocess.run([shutil.which("bpftool") or "/usr/sbin/bpftool", "map", "create", f"{pins}/{name}", "type",
                        "array", "key", "4", "value", "4", "entries", "1", "name", "x"], check=True)


def test_unload():
    """what is pinned is removed, of every ABI, by who holds the lock; twice is harmless"""
    if not (shutil.which("bpftool") or os.path.exists("/usr/sbin/bpftool")):
        raise unittest.SkipTest("no bpftool to pin something with")
    with bpffs() as mount, tempfile.TemporaryDirectory() as private:
        pins = f"{mount}/vsecm"
        places = ("--pin-dir", pins, "--private-dir", private)
        unload = lambda: doctor("--unload", *places)
        assert unload().returncode == 0 and b"nothing is pinned" in unload().stdout
        assert told(*places)["pinned"] == []
        os.makedirs(f"{pins}/1"), os.makedirs(f"{pins}/22"), os.makedirs(f"{pins}/other")
        pin(f"{pins}/1", "map_a", "link_b")
        pin(f"{pins}/22", "map_a", "map_b", "link_c", "new_c")
        assert sorted((v["abi"], v["links"], v["maps"]) for v in told(*places)["pinned"]) == [(1, 1, 1), (22, 2, 2)]
        assert b"ABI 22: 2 links, 2 maps" in doctor(*places).stdout

        done = unload()
        assert done.returncode == 1 and b"there is no " in done.stderr and b"--private-dir" in done.stderr, done
        with open(f"{private}/lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = unload()
            assert done.returncode == 1 and b"is running with private_dir" in done.stderr, done
            assert os.path.exists(f"{pins}/22/new_c")
        done = unload()  # what is not ours stays, and is said
        assert done.returncode == 1 and b"3 links and 3 maps were removed" in done.stderr, done
        os.rmdir(f"{pins}/other")
        done = unload()
        assert done.returncode == 0 and b"removed" not in done.stderr, done
        assert not os.path.exists(pins)
        assert unload().returncode == 0
        os.makedirs(f"{pins}/2")
        pin(f"{pins}/2", "map_a", "link_b")
        done = doctor("--unload", "-o", "json", *places)
        assert json.loads(done.stdout) == {"removedLinks": 1, "removedMaps": 1}, done
    assert doctor("--unload", "--pin-dir", "/tmp").returncode == 0  # no bpffs: nothing is pinned there


def test_unload_guards():
    """guards that a daemon left behind hold until doctor removes them, and not while it runs"""
    with bpffs() as mount:
        daemon = Daemon(pin_dir=f"{mount}/vsecm")
        places = ("--pin-dir", f"{mount}/vsecm", "--private-dir", daemon.options["private_dir"])
        unload = lambda: doctor("--unload", *places)
        try:
            daemon.start()
            if daemon.status()["attestation"]["tier"] != "lsm":  # then there is nothing to leave behind
                assert not told(*places)["pinned"] and unload().returncode == 0
                return
            done = unload()
            assert done.returncode == 1 and b"stop it first" in done.stderr, done
            daemon.stop()
            (left,) = told(*places)["pinned"]
            assert left["links"] and left["maps"], left
            [version] = os.listdir(f"{mount}/vsecm")
            for name in os.listdir(f"{mount}/vsecm/{version}"):
                try:  # who does not hold the lock is refused, root too
                    os.unlink(f"{mount}/vsecm/{version}/{name}")
                    raise AssertionError(f"{name} was removed")
                except PermissionError:
                    pass
            daemon.start()  # and it is taken over
            assert told(*places)["pinned"] == [left]
            daemon.stop()
            done = unload()
            assert done.returncode == 0 and f"{left['links']} links".encode() in done.stdout, done
            assert not os.path.exists(f"{mount}/vsecm")
            assert unload().returncode == 0
            daemon.start()
            wait_until(lambda: told(*places)["pinned"] == [left], what="guards that are pinned anew")
            daemon.stop()
            assert unload().returncode == 0
        finally:
            daemon.close()
            unload()
