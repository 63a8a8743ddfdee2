# SPDX-License-Identifier: BSD-2-Clause
"""Start, stop, and everything that must keep the daemon from starting."""

import os
import signal
import socket
import subprocess
import tempfile
import time

from lab import BUILD, Daemon, Pod, wait_until, world


def refused_start(daemon, status):
    """Start DAEMON, which must end with STATUS; what it said."""
    daemon.start(wait=False)
    try:
        assert daemon.process.wait(30) == status, (daemon.process.returncode, daemon.said())
        return daemon.said()
    finally:
        daemon.close()


def test_second_daemon():
    """a second daemon says so, ends, and leaves the running one alone"""
    with world("web") as (daemon, web):
        daemon.put("value", "app/web")
        connection = web.connect(daemon.public)
        second = subprocess.run(
            [f"{BUILD}/vsecmd", "-c", f"{daemon.dir}/conf"], capture_output=True, timeout=30, check=False
        )
        assert second.returncode == 1 and b"another vsecmd is running" in second.stderr, second
        assert connection.get("/v1/value").body == b"value"
        assert web.connect(daemon.public).get("/v1/value").body == b"value"


def test_stale_socket():
    """sockets left by a daemon that was killed are replaced"""
    with world("web") as (daemon, web):
        daemon.stop(signal.SIGKILL)
        assert os.path.exists(daemon.public) and os.path.exists(daemon.admin)
        daemon.start()
        assert web.connect(daemon.public).get("/v1/value").status == 404


# Each socket appears under its name 0.3 s before the daemon goes on.
DELAYED = ("strace", "-D", "-q", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:delay_exit=300000")


def test_eager_callers():
    """whoever connects as soon as a socket has its name is known like everybody later"""
    with world("web") as (daemon, web):
        daemon.put("value", "app/web")
        daemon.stop()
        # Under strace a sanitizer cannot look for leaks.
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        daemon.start(prefix=DELAYED, wait=False, env={**os.environ, "ASAN_OPTIONS": options})
        wait_until(lambda: daemon.ready(daemon.admin))
        assert daemon.root().get("/v1/admin/status").status == 200
        wait_until(daemon.ready)
        assert web.connect(daemon.public).get("/v1/value").body == b"value"


def test_foreign_socket():
    """a socket that another program serves, and a file in its place, are left alone"""
    daemon = Daemon()
    os.mkdir(f"{daemon.dir}/pub")
    other = socket.socket(socket.AF_UNIX)
    other.bind(daemon.public)
    other.listen()
    assert "left alone" in refused_start(daemon, 1)
    daemon = Daemon()
    os.mkdir(f"{daemon.dir}/pub")
    with open(daemon.public, "w") as file:
        file.write("precious")
    said = refused_start(daemon, 1)
    assert "is no socket" in said, said


def test_clean_stop():
    """SIGTERM lets a request under way end, removes the sockets and exits 0"""
    with world("web") as (daemon, web):
        daemon.put("x" * 400000, "app/web")
        busy = web.connect(daemon.public)
        busy.send(b"GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        idle = web.connect(daemon.public)
        assert idle.get("/v1/whoami").status == 200
        wait_until(lambda: busy.more(), what="the first bytes")
        daemon.process.send_signal(signal.SIGTERM)
        assert idle.is_closed()
        for _ in range(3):
            assert len(busy.answer().body) == 400000
        assert busy.is_closed()
        assert daemon.process.wait(10) == 0
        assert not os.path.exists(daemon.public) and not os.path.exists(daemon.admin)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def test_first_process():
    """as a container's first process it stays outside of the one that serves, and starts that again when it is killed"""
    daemon = Daemon()
    try:
        daemon.start(prefix=("unshare", "--pid", "--fork", "--kill-child"))
        first = children(daemon.process.pid)[0]
        serving = children(first)[0]
        assert not any(mapping in open(f"/proc/{first}/maps").read() for mapping in ("secretmem", "audit-")), "it holds nothing"
        os.kill(serving, signal.SIGKILL)
        wait_until(lambda: children(first) not in ([], [serving]) and daemon.ready(), what="another one that serves")
        assert daemon.status()["protections"]["locked_memory"] in ("on", "off in a sanitizer build"), daemon.status()["protections"]
        daemon.identify("unit web.service namespace=app workload=web")
        os.kill(first, signal.SIGHUP)
        wait_until(lambda: "SIGHUP: 1 identities" in daemon.said(), what="the reload")
        os.kill(first, signal.SIGTERM)
        assert daemon.process.wait(20) == 0, daemon.said()
        assert not daemon.ready()
        assert not os.path.exists(daemon.public), "it was told to stop, not killed"
    finally:
        daemon.close()


def test_first_process_refuses():
    """as a container's first process it ends as the one that serves would: with a reason, and not again and again"""
    daemon = Daemon(identities="/nowhere")
    daemon.start(wait=False, prefix=("unshare", "--pid", "--fork", "--kill-child"))
    try:
        assert daemon.process.wait(30) == 1
        assert daemon.said().count("/nowhere") == 1, daemon.said()
    finally:
        daemon.close()


def test_drain_is_bounded():
    """a reader that takes nothing holds up the end only for so long"""
    with world("web", drain_timeout="500ms") as (daemon, web):
        daemon.put("x" * 400000, "app/web")
        stuck = web.connect(daemon.public)
        stuck.send(b"GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
        wait_until(lambda: daemon.status()["requestsServed"] >= 5, what="the requests")
        start = time.monotonic()
        assert daemon.stop() == 0
        assert 0.2 < time.monotonic() - start < 5


def test_bad_options():
    """an unknown option, a wrong type and a value out of range name file, line and what is allowed"""
    for line, words in (
        ("no_such = 1", ("there is no option 'no_such'", "--print-config")),
        ("max_connections = many", ("max_connections = 'many'", "a number from 8 to")),
        ("max_connections = 4", ("a number from 8 to",)),
        ("max_connections = 99999999999999999999", ("a number from 8 to",)),
        ("arena_size = 64Q", ("a size from",)),
        ("arena_size = 1K", ("a size from",)),
        ("header_timeout = 5", ("a time from", "ms, s, m, h or d")),
        ("audit_required = maybe", ("yes or no",)),
        ("attest = trust-me", ("one of: auto lsm cgroup",)),
        ("socket_dir = relative", ("an absolute path",)),
        ("just words", ("is no 'name = value'",)),
    ):
        daemon = Daemon()
        with open(f"{daemon.dir}/bad", "w") as file:
            file.write(f"# first line\n\n{line}\n")
        for extra in ([], ["--check-config"]):
            done = subprocess.run(
                [f"{BUILD}/vsecmd", "-c", f"{daemon.dir}/bad", *extra],
                capture_output=True,
                timeout=30,
                check=False,
            )
            said = done.stderr.decode()
            assert done.returncode == 2 and f"{daemon.dir}/bad: line 3: " in said, done
            for word in words:
                assert word in said, (word, said)
        daemon.close()


def test_print_config():
    """what --print-config prints is a configuration that is accepted"""
    printed = subprocess.run([f"{BUILD}/vsecmd", "--print-config"], capture_output=True, check=True)
    path = f"/tmp/vsecm-test-config-{os.getpid()}"
    with open(path, "wb") as file:
        file.write(printed.stdout)
    try:
        done = subprocess.run(
            [f"{BUILD}/vsecmd", "-c", path, "--check-config"], capture_output=True, check=False
        )
        assert done.returncode == 0, done
    finally:
        os.unlink(path)


def test_defaults():
    """without a configuration file the defaults hold; one that is named must be there"""
    assert not os.path.exists("/etc/vsecm/vsecmd.conf"), "this machine has a vsecmd of its own"
    check = lambda *arguments: subprocess.run(
        [f"{BUILD}/vsecmd", *arguments, "--check-config"], capture_output=True, check=False
    )
    assert check().returncode == 0
    assert check("-o", "max_secrets=5").returncode == 0
    assert check("-o", "max_secrets=none").returncode == 2
    named = check("-c", "/nonexistent.conf")
    assert named.returncode == 2 and b"/nonexistent.conf" in named.stderr, named


def test_missing_parts():
    """no identities file, one directory for both worlds, a bad root: each is said and refused"""
    daemon = Daemon(identities="/nonexistent/identities")
    assert "/nonexistent/identities" in refused_start(daemon, 1)
    daemon = Daemon()
    daemon.options["private_dir"] = daemon.options["socket_dir"]
    assert "must differ" in refused_start(daemon, 1)
    daemon = Daemon(kubelet_roots="kubepods")
    assert "absolute" in refused_start(daemon, 1)
    daemon = Daemon(lines=["pod x namespace=a service-account=b"])
    assert "line 1" in refused_start(daemon, 1)
    daemon = Daemon(cgroup_root="/proc")
    assert "cgroup" in refused_start(daemon, 1)


def test_writable_identities():
    """an identities file that others can write, or that is not root's, is refused"""
    daemon = Daemon()
    os.chmod(f"{daemon.dir}/identities", 0o664)
    assert "can be written by others" in refused_start(daemon, 1)
    daemon = Daemon()
    os.chown(f"{daemon.dir}/identities", 65534, 65534)
    assert "belongs to uid 65534" in refused_start(daemon, 1)


def test_foreign_directory():
    """a private directory of another uid is refused"""
    daemon = Daemon()
    os.mkdir(f"{daemon.dir}/priv")
    os.chown(f"{daemon.dir}/priv", 65534, 65534)
    assert "belongs to uid 65534" in refused_start(daemon, 1)


def test_notify():
    """a service manager is told when it is ready"""
    pod = Pod("app", "web")
    daemon = Daemon([pod])
    path = f"{daemon.dir}/notify"
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.settimeout(20)
    try:
        daemon.start(wait=False, env={**os.environ, "NOTIFY_SOCKET": path})
        assert notify.recv(100) == b"READY=1"
        assert daemon.ready()
        daemon.process.send_signal(signal.SIGTERM)
        assert notify.recv(100) == b"STOPPING=1"
    finally:
        daemon.close()
        pod.close()


def test_canary():
    """the canary goes on while the daemon runs, and status says how long ago it was"""
    with world(canary_interval="500ms") as (daemon,):
        time.sleep(3.2)  # without another canary the first would be three seconds ago
        status = daemon.status()
        assert status["serving"] is True and status["attestation"]["canarySecondsAgo"] < 3
    with world(canary_interval="60s") as (daemon,):
        time.sleep(1.2)
        assert daemon.status()["attestation"]["canarySecondsAgo"] >= 1, "the control"


def test_failing_canary():
    """while the canary fails nobody is served a byte of a secret; afterwards all is as before"""
    with world("web", canary_interval="200ms") as (daemon, web):
        daemon.put("value", "app/web")
        connection = web.connect(daemon.public)
        assert connection.get("/v1/value").body == b"value"
        # Its socket cannot be made: the canary has a file in its way.
        hold_canary(daemon, True)
        wait_until(lambda: connection.get("/v1/value").status == 503, what="the failure")
        assert "nothing is served" in daemon.said()
        assert web.connect(daemon.public).get("/workload/v1/secrets").status == 503
        assert daemon.root().get("/sentinel/v1/secrets").status == 503
        assert connection.get("/v1/whoami").status == 200
        hold_canary(daemon, False)
        wait_until(lambda: connection.get("/v1/value").status == 200, what="the recovery")
        assert "attestation works again" in daemon.said()


def hold_canary(daemon, held):
    """Keep the daemon from binding its canary's socket in its private directory, or no more."""
    directory = os.path.dirname(daemon.admin)
    flag = "+i" if held else "-i"
    done = subprocess.run(["chattr", flag, directory], capture_output=True, check=False)
    assert done.returncode == 0, done


def threads(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/task"))


def test_state_in_memory():
    """with its log in memory the daemon needs no second thread, not even to rewrite it"""
    with world("web", state_mount="yes") as (daemon, web):
        for i in range(40):
            daemon.put(f"{i:05}" * 13107, "app/web")
        wait_until(lambda: daemon.status()["store"]["rewrites"] > 0, what="a rewrite of the log")
        assert threads(daemon) == 1
        daemon.put("last", "app/web")
        assert daemon.stop() == 0
        daemon.start()
        assert web.connect(daemon.public).get("/v1/value").body == b"last"
        assert daemon.status()["store"]["failures"] == 0
    with tempfile.TemporaryDirectory() as backups, world(state_mount="yes", backup_dir=backups) as (daemon,):
        assert threads(daemon) == 2, "the control: backups may wait for a disk"
