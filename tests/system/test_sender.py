# SPDX-License-Identifier: BSD-2-Clause
"""A connection that is lent, and descriptors that nobody asked for."""

import array
import contextlib
import os
import socket
import sys
import time
import unittest

from lab import Cgroup, Daemon, Pod, wait_until, world

GET = b"GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n"

# Asks for its value, as a process that ends at once or, with "child", one whose child asks.
ASKS = """
import os, socket, sys
made = socket.socket(socket.AF_UNIX); made.connect(sys.argv[1])
if sys.argv[2] == "child" and os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
for _ in range(3):
    made.sendall(b"GET /v1/value HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print(made.recv(65536).decode())
"""


@contextlib.contextmanager
def checked(option, *accounts, **options):
    """As world(), with sender_check = OPTION and the daemon in a cgroup of its own."""
    pods = [Pod("app", account) for account in accounts]
    place = Cgroup("/vsecm-test-daemon")
    daemon = Daemon(pods, sender_check=option, **options)
    try:
        daemon.start(wait=False, preexec_fn=place.join)
        wait_until(lambda: daemon.ready() or daemon.process.poll() is not None, 30, "readiness")
        if daemon.process.poll() is not None:
            said = daemon.said()
            if "sender_check = yes: " in said:
                raise unittest.SkipTest(said.split("sender_check = yes: ")[1].splitlines()[0])
            raise AssertionError(said)
        yield (daemon, *pods)
    finally:
        daemon.close()
        place.close()
        for pod in pods:
            pod.close()


def test_lent():
    """with sender_check = yes a connection of one pod is of no use in another; its maker uses it"""
    with checked("yes", "a", "b") as (daemon, a, b):
        daemon.put("of a", "app/a")
        for way in ("itself", "child"):
            done = a.run(sys.executable, "-c", ASKS, daemon.public, way)
            assert done.stdout.count(b"\r\n\r\nof a") == 3, done
        lent = a.connect(daemon.public)  # and we, who got it, are not in that pod
        answer = lent.get("/v1/value")
        assert answer.status == 403 and b"of a" not in answer.body, answer
        assert b"make one of your own" in answer.body and lent.is_closed(), answer
        assert [daemon.records()[-1][name] for name in ("outcome", "reason")] == ["deny", "sender"]
        # A part of a request is as good as all of it.
        half = a.connect(daemon.public)
        half.send(GET[:10])
        assert half.answer().status == 403
        assert daemon.root().get("/v1/admin/status").status == 200
        assert b.run(sys.executable, "-c", ASKS, daemon.public, "itself").stdout.count(b" 404 ") == 3


# Asks on a connection that it was started with.
USES = f"""
import socket, sys
made = socket.socket(fileno=int(sys.argv[1])); made.settimeout(20)
made.sendall({GET!r})
print(made.recv(65536).decode())
"""


def uses(cgroup, lent):
    done = cgroup.run(
        sys.executable, "-c", USES, str(lent.sock.fileno()), pass_fds=[lent.sock.fileno()]
    )
    return int(done.stdout.split()[1])


def test_lent_within_a_pod():
    """containers of a pod may lend each other connections, once each has made one; pods may not"""
    with checked("yes", "a", "b") as (daemon, a, b):
        daemon.put("of a", "app/a")
        other = Cgroup(f"/kubepods/burstable/pod{a.uid}/{'0' * 64}")
        try:
            assert uses(other, a.connect(daemon.public)) == 403
            for cgroup in (other, b):
                assert cgroup.run(sys.executable, "-c", ASKS, daemon.public, "itself").returncode == 0
            assert uses(a, a.connect(daemon.public)) == 200
            assert uses(other, a.connect(daemon.public)) == 200
            assert uses(b, a.connect(daemon.public)) == 403
        finally:
            other.close()


def test_lent_is_answered():
    """without the check it is answered, which is the default"""
    with world("a", "b") as (daemon, a, b):
        daemon.put("of a", "app/a")
        assert a.connect(daemon.public).get("/v1/value").body == b"of a"
        assert uses(b, a.connect(daemon.public)) == 200


def test_gone():
    """a client that asks and has ended before it is read is no stranger, or is refused for certain"""
    code = ASKS.split("for _")[0] + f"made.sendall({GET!r}); os.write(1, b'sent')\n"
    with checked("yes", "a") as (daemon, a):
        daemon.put("of a", "app/a")
        daemon.process.send_signal(19)
        ours, theirs = socket.socketpair()
        code += (
            "import array; socket.socket(fileno=int(sys.argv[3])).sendmsg([b'x'], "
            "[(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [made.fileno()]))])\n"
        )
        arguments = ("-c", code, daemon.public, "itself", str(theirs.fileno()))
        done = a.run(sys.executable, *arguments, pass_fds=[theirs.fileno()])
        assert done.stdout == b"sent", done
        _, control, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
        made = socket.socket(fileno=int.from_bytes(control[0][2][:4], "little"))
        daemon.process.send_signal(18)
        made.settimeout(20)
        answer = made.recv(65536)
        print(f"# {answer.splitlines()[0].decode()}")
        assert answer.endswith(b"\r\n\r\nof a") or b" 403 " in answer, answer


def test_in_the_root_cgroup():
    """where it cannot be proven it is not used: yes refuses to start and says why"""
    daemon = Daemon(sender_check="yes")
    try:
        daemon.start(wait=False)
        assert daemon.process.wait(30) == 1
        assert "sender_check = yes: " in daemon.said(), daemon.said()
        assert "start it in a cgroup of its own" in daemon.said() or "Linux 6" in daemon.said()
    finally:
        daemon.close()


def files_of(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def send_with(sock, data, count):
    files = [os.memfd_create("sent") for _ in range(count)]
    try:
        sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))])
    finally:
        for file in files:
            os.close(file)


def leaks(daemon, pod):
    daemon.status()
    time.sleep(0.2)
    before = files_of(daemon)
    put = b"POST /sentinel/v1/secrets HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n"
    for data in (GET, GET[:20], put + b"\r\n{", put + b"Expect: 100-continue\r\n\r\n", b"\r\n", b"\0"):
        for count in (1, 16, 17, 200):
            for connect in (lambda: pod.connect(daemon.public), daemon.root):
                connection = connect()
                with contextlib.suppress(OSError):
                    send_with(connection.sock, data, count)
                    send_with(connection.sock, data, count)
                time.sleep(0.01)
                wait_until(lambda: files_of(daemon) <= before + 1, what=f"{data}, {count}")
                connection.close()
        wait_until(lambda: files_of(daemon) == before, what="the end of all")


def test_descriptors_nobody_asked_for():
    """descriptors that come with anything but a body that may bring them are dropped"""
    with world("a") as (daemon, a):
        leaks(daemon, a)


def test_descriptors_while_senders_are_checked():
    """the same when senders are checked, and so descriptors are received"""
    with checked("yes", "a") as (daemon, a):
        leaks(daemon, a)
