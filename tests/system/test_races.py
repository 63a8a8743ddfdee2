# SPDX-License-Identifier: BSD-2-Clause
"""Callers that race with fork, exec, exit, pid reuse and the daemon itself."""

import os
import time

from lab import BUILD, Cgroup, wait_until, world

ROUNDS = int(os.environ.get("VSECM_ROUNDS", "10000"))
SCENES = ("plain", "inherited", "executed", "second connect", "shared connect", "moved")


def test_interleaved():
    """thousands of racing callers of two pods and a stranger: nobody reads another's value"""
    stranger = Cgroup("/vsecm-test-stranger")
    values = ("value-of-a-" + os.urandom(12).hex(), "value-of-b-" + os.urandom(12).hex())
    try:
        with world("a", "b", max_connections_per_pod=1024) as (daemon, a, b):
            daemon.put(values[0], "app/a")
            daemon.put(values[1], "app/b")
            command = [f"{BUILD}/test/race", daemon.public, str(ROUNDS)]
            command += [a.dir, values[0], b.dir, values[1], stranger.dir]
            done = a.run(*command, timeout=600)
            for line in (done.stdout + done.stderr).decode().splitlines():
                print(f"# {line}")
            assert done.returncode == 0
            # A positive control: in every scene somebody read what was their own.
            said = done.stdout.decode()
            for scene in SCENES:
                assert f"{scene}: " in said and f"{scene}: 0 own" not in said, scene
            assert a.connect(daemon.public).get("/v1/value").body == values[0].encode()
    finally:
        stranger.close()


def connect_as(pid, cgroup, path):
    """A connection from inside CGROUP by a process that has this very PID."""
    for _ in range(300):
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(pid - 1))
        connection = cgroup.connect(path)
        if connection.pid == pid:
            return connection
        connection.close()
    raise AssertionError(f"the kernel did not give out pid {pid} again")


def test_pid_reuse():
    """callers that had the same pid one after the other, before any was accepted, are told apart"""
    stranger = Cgroup("/vsecm-test-stranger")
    try:
        with world("a", "b", max_connections_per_pod=1024) as (daemon, a, b):
            daemon.put("of a", "app/a")
            daemon.put("of b", "app/b")
            for _ in range(20):
                with daemon.stopped():
                    first = a.connect(daemon.public)
                    others = [connect_as(first.pid, c, daemon.public) for c in (b, stranger)]
                answers = [c.get("/v1/value") for c in (first, *others)]
                assert [answer.status for answer in answers] == [200, 200, 403], answers
                assert [answer.body for answer in answers[:2]] == [b"of a", b"of b"], answers
            pids = [record["pid"] for record in daemon.records()[-3:]]
            assert pids == [first.pid] * 3, pids
    finally:
        stranger.close()


def test_killed_before_accept():
    """a client killed between connect and accept changes nothing for those behind it"""
    with world("a", "b") as (daemon, a, b):
        daemon.put("of a", "app/a")
        daemon.put("of b", "app/b")
        with daemon.stopped():
            code = (
                "import socket,sys,time\n"
                "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
                "s.sendall(b'GET /v1/value HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
                "print('there', flush=True); time.sleep(60)\n"
            )
            doomed = [
                pod.spawn("python3", "-c", code, daemon.public, stdout=-1) for pod in (a, b) * 5
            ]
            for process in doomed:
                assert process.stdout.readline() == b"there\n"
            living = b.connect(daemon.public)
            for process in doomed:
                process.kill()
                process.wait()
                process.stdout.close()
        assert living.get("/v1/value").body == b"of b"
        assert a.connect(daemon.public).get("/v1/value").body == b"of a"
        wait_until(lambda: daemon.status()["connections"]["open"] <= 3, what="their end")
        assert daemon.process.poll() is None


def test_late_answer_to_a_dead_cgroup():
    """a caller whose cgroup is gone before accept is still known by its names"""
    gone = Cgroup("/system.slice/vsecm-test-gone.service")
    lines = ["unit vsecm-test-gone.service namespace=host workload=gone"]
    with world(lines=lines) as (daemon,):
        daemon.put("still yours", "host/gone")
        with daemon.stopped():
            connection = gone.connect(daemon.public)
            gone.close()
            assert not os.path.exists(gone.dir)
            time.sleep(0.1)
        assert connection.get("/v1/value").body == b"still yours"
