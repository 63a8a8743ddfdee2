# SPDX-License-Identifier: BSD-2-Clause
"""What pods ask the kernel's guards for, and what comes of it; where there are none, that it is said."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile

from lab import BUILD, Cgroup, Daemon, Pod, wait_until, world
from test_limits import VALUE, refusals

# A process of a pod: asks for each of its arguments in turn, prints status and body, waits for the end of its input.
ASKS = """
import array, os, socket, sys, time
made = socket.socket(socket.AF_UNIX); made.connect(sys.argv[1])
def answer():
    text = b""
    while b"\\r\\n\\r\\n" not in text:
        more = made.recv(65536)
        if not more: break
        text += more
    head, _, body = text.partition(b"\\r\\n\\r\\n")
    length = [int(line.split(b":")[1]) for line in head.split(b"\\r\\n") if line.lower().startswith(b"content-length")]
    while length and len(body) < length[0]: body += made.recv(65536)
    return int(head.split()[1]), body.decode()
def ask(path, body, files=(), expect=False):
    head = f"POST {path} HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: {len(body)}\\r\\n"
    made.sendall((head + ("Expect: 100-continue\\r\\n" if expect else "") + "\\r\\n").encode())
    if expect:
        got = answer()
        if got[0] != 100: return got
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
    try:
        if body: made.sendmsg([body.encode()], rights)
    except BrokenPipeError: pass # refused before it was taken; the answer says why
    return answer()
def tell(got):
    print(got[0], got[1].strip(), flush=True)
"""
SHIELD = """
tell(ask("/v1/shield", sys.argv[2]))
child = os.fork()
if child == 0:
    time.sleep(60); os._exit(0)
print(child, flush=True)
sys.stdin.read()
os.kill(child, 9)
"""
GUARD = """
ways = {"w": os.O_RDWR, "r": os.O_RDONLY}
files = [os.open(name[2:], ways[name[0]]) for name in sys.argv[3:]]
tell(ask("/v1/guard", sys.argv[2], files, True))
"""
OPENS = "import sys; print(open(sys.argv[1]).read())"
REMOVES = "import os, sys; os.unlink(sys.argv[1])"
MEMFD = """
tell(ask("/v1/guard", '{"files":1}', [os.memfd_create("x")], True))
"""


def is_guarded(daemon):
    return daemon.status()["protections"]["processes_shielded"] == "on"


def ask(pod, daemon, script, *arguments):
    """(status, body) of what SCRIPT prints first."""
    done = pod.run(sys.executable, "-c", ASKS + script, daemon.public, *arguments, input=b"")
    assert done.returncode == 0, done
    status, _, body = done.stdout.decode().splitlines()[0].partition(" ")
    return int(status), body


def succeeds(pod, script, *arguments):
    """Whether SCRIPT does in POD what it is for; refused is the only other way it may end."""
    done = pod.run(sys.executable, "-c", script, *arguments)
    assert done.returncode == 0 or b"PermissionError" in done.stderr, done
    return done.returncode == 0


@contextlib.contextmanager
def shielding(pod, daemon, body):
    """A process that asked for a shield with BODY: what it was told, its process id and its child's."""
    process = pod.spawn(sys.executable, "-c", ASKS + SHIELD, daemon.public, body,
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        told = process.stdout.readline().decode().strip()
        yield told, process.pid, int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


@contextlib.contextmanager
def memory(*names):
    """A directory in memory that everybody may write to, and files in it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.ismount("/dev/shm") else "/tmp") as directory:
        os.chmod(directory, 0o777)
        for name in names:
            with open(f"{directory}/{name}", "w") as file:
                file.write("of a pod")
        yield directory


def can_read(pid):
    """Whether we, root of the host, read the environment of PID."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read() != b""
    except PermissionError:
        return False


def denied(daemon):
    return [record for record in daemon.records() if record["op"] == "denied"]


def test_shield():
    """a process that asks is shielded, its children when it says so; else the answer says what the node lacks"""
    with world("web") as (daemon, web):
        guarded = is_guarded(daemon)
        for body, children in (("", False), ("{}", False), ('{"children":false}', False), ('{"children":true}', True)):
            with shielding(web, daemon, body) as (told, pid, child):
                if guarded:
                    assert told == '200 {"shielded":true}', (body, told)
                else:
                    assert told.startswith("501 ") and "no guards" in told, (body, told)
                assert can_read(pid) != guarded, body
                assert can_read(child) != (guarded and children), body
        shields = [record for record in daemon.records() if record["op"] == "shield"]
        assert len(shields) == 4, shields
        assert {record["outcome"] for record in shields} == ({"allow"} if guarded else {"error"}), shields


def test_shield_bodies():
    """what is no body of a shield is refused with words, and shields nobody"""
    with world("web") as (daemon, web):
        for body in ("[]", "true", "{", '{"children":1}', '{"children":null}', '{"child":true}',
                     '{"children":true,"x":1}', '{"children":true,"children":true}'):
            with shielding(web, daemon, body) as (told, pid, child):
                assert told.startswith("400 ") and len(told) > 30, (body, told)
                assert can_read(pid) and can_read(child), body
        with shielding(web, daemon, '{"children":true}' + " " * 300) as (told, pid, _):
            assert told.startswith("413 "), told
            assert can_read(pid)


def test_guard():
    """a guarded file is of its pod alone: no other opens or removes it, nor does root of the host open it"""
    with world("web", "other") as (daemon, web, other), memory("file", "plain") as directory:
        guarded = is_guarded(daemon)
        file, plain = f"{directory}/file", f"{directory}/plain"
        assert other.connect(daemon.public).get("/v1/whoami").status == 200  # so that its place is known
        status, body = ask(web, daemon, GUARD, '{"files":1}', f"w:{file}")
        if guarded:
            assert (status, body) == (200, '{"guarded":1}'), (status, body)
            assert ask(web, daemon, GUARD, '{"files":1}', f"w:{file}")[0] == 200, "once more"
        else:
            assert status == 501 and "no guards" in body, (status, body)
        assert succeeds(web, OPENS, file) and succeeds(other, OPENS, plain), "the controls"
        assert succeeds(other, OPENS, file) != guarded
        assert succeeds(other, REMOVES, file) != guarded
        if guarded:
            try:
                with open(file) as opened:
                    raise AssertionError(f"the host reads {opened.read()}")
            except PermissionError:
                pass
            os.unlink(file)  # the kubelet must be able to clean up
        assert succeeds(other, REMOVES, plain), "the control"


def test_guard_all_at_once():
    """sixteen files, and a memfd, in one request each"""
    names = [f"f{i}" for i in range(17)]
    with world("web") as (daemon, web), memory(*names) as directory:
        expected = is_guarded(daemon) and 200 or 501
        files = [f"w:{directory}/{name}" for name in names]
        assert ask(web, daemon, GUARD, '{"files":16}', *files[:16])[0] == expected
        assert ask(web, daemon, GUARD, '{"files":17}', *files)[0] == 400
        assert ask(web, daemon, MEMFD)[0] == expected


def test_guard_refusals():
    """what cannot be guarded is refused by its number and with words, and none of that request is guarded"""
    with world("web", "other") as (daemon, web, other), memory("good", "bad") as directory:
        good, bad = f"w:{directory}/good", f"r:{directory}/bad"
        disk = "/proc/self/comm"  # a regular file, and in no memory of ours
        for body, files, word in (
            ('{"files":1}', [bad], "descriptor 0"), ('{"files":2}', [good, bad], "descriptor 1"),
            ('{"files":2}', [good, f"r:{disk}"], "descriptor 1"), ('{"files":1}', [f"r:{directory}"], "regular"),
            ('{"files":1}', ["w:/dev/null"], "regular"), ('{"files":2}', [good], "says 2"),
            ('{"files":1}', [], "says 1"), ('{"files":0}', [good], "'files'"), ('{"files":-1}', [good], "'files'"),
            ('{"files":1.5}', [good], "'files'"), ('{"files":"1"}', [good], "'files'"),
            ("{}", [good], "'files'"), ("[1]", [good], "object"), ('{"files":1,"x":2}', [good], "files"),
        ):
            status, told = ask(web, daemon, GUARD, body, *files)
            assert status == 400 and word in told, (body, files, status, told)
            assert succeeds(other, OPENS, f"{directory}/good"), (body, files)


def test_another_pods_file():
    """a file that one pod has guarded is not another's to guard"""
    with world("web", "other") as (daemon, web, other), memory("file") as directory:
        if not is_guarded(daemon):
            for pod in (web, other):
                assert ask(pod, daemon, GUARD, '{"files":1}', f"w:{directory}/file")[0] == 501
            return
        # Opened before it was guarded, as who was handed it has it; open() is refused from then on.
        process = other.spawn(sys.executable, "-c", ASKS + "os.open(sys.argv[2], os.O_RDWR); sys.stdin.readline()\n"
                              "tell(ask('/v1/guard', '{\"files\":1}', [4], True))", daemon.public, f"{directory}/file",
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        wait_until(lambda: os.path.exists(f"/proc/{process.pid}/fd/4"), what="the open file")
        assert ask(web, daemon, GUARD, '{"files":1}', f"w:{directory}/file")[0] == 200
        told = process.communicate(b"\n", 30)[0].decode()
        assert not told.startswith("200 "), told


def test_denials():
    """each denial is one record with who tried it, is counted by hook and reason, and is logged once"""
    with world("web", "other") as (daemon, web, other), memory("file") as directory:
        guards = daemon.status()["guards"]
        assert guards["lost"] == 0, guards
        if not is_guarded(daemon):
            assert not any(guards["denied"].values()), guards
            assert denied(daemon) == []
            return
        assert other.connect(daemon.public).get("/v1/whoami").status == 200  # so that its names are known
        assert ask(web, daemon, GUARD, '{"files":1}', f"w:{directory}/file")[0] == 200
        for _ in range(3):
            assert not succeeds(other, OPENS, f"{directory}/file")
        ours = lambda: [r for r in denied(daemon) if r.get("hook") == "open" and other.container in r.get("cgroup", "")]
        wait_until(lambda: len(ours()) == 3, what="three records")
        for record in ours():
            assert record["reason"] == "foreign" and record["outcome"] == "deny" and record["uid"] == 0, record
            assert record["pid"] > 0 and record["command"].startswith("python"), record
        assert daemon.status()["guards"]["denied"]["open"] == {"foreign": 3}
        assert daemon.said().count("guards denied") == 1, daemon.said()


def test_status():
    """status has a row for each guard: on, or what is missing"""
    with world("web") as (daemon, _):
        rows = daemon.status()["protections"]
        names = ("connections_stay_in_their_pod", "pages_stay_in_their_pod", "secret_files", "lengths_and_modes", "daemon_shielded",
                 "processes_shielded", "directories", "programs_and_maps", "refused_before_accept")
        states = {rows[name] for name in names}
        assert len(states) == 1, rows
        (state,) = states
        assert state == "on" or len(state) > 5, rows
        assert is_guarded(daemon) == ((daemon.status()["attestation"]["tier"] == "lsm")), rows


def test_directories():
    """nobody but the daemon makes, replaces or removes anything where its sockets are"""
    with world("web") as (daemon, _):
        if not is_guarded(daemon):
            assert "on" != daemon.status()["protections"]["directories"]
            return
        for act in (lambda: os.unlink(daemon.public), lambda: os.rename(daemon.public, f"{daemon.public}2"),
                    lambda: open(f"{os.path.dirname(daemon.public)}/x", "w"), lambda: os.unlink(daemon.admin),
                    lambda: os.mkdir(f"{os.path.dirname(daemon.admin)}/x")):
            try:
                act()
                raise AssertionError("it was done")
            except PermissionError:
                pass
        assert stat.S_ISSOCK(os.stat(daemon.public).st_mode)


def inside(cgroup, function):
    """What FUNCTION returns in a process of CGROUP: with guards, its connections may not leave it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            cgroup.join()
            os.write(writer, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        text = told.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def is_refused(daemon):
    try:
        daemon.root(daemon.public).close()
        return False
    except OSError:
        return True


def flood_until_barred(daemon):
    """Statuses at a human pace, and whether two connections were closed and a third one was refused."""
    flooder, bystander = daemon.root(daemon.public), daemon.root(daemon.public)
    calm = [flooder.get("/v1/value").status for _ in range(30)]
    try:
        for _ in range(100):
            flooder.send(VALUE * 100)
            calm += [status for _ in range(100) if (status := flooder.answer().status) not in (403, 429)]
        return calm, False
    except OSError:
        return calm, is_refused(daemon) and bystander.is_closed()


def test_bar():
    """whoever is refused a thousand times in a second is barred from connecting, alone, and not for ever"""
    stranger = Cgroup("/docker/" + "5e" * 32)
    try:
        with world("a") as (daemon, a):
            daemon.put("of a", "app/a")
            value = lambda: daemon.root(daemon.public).get("/v1/value").body.decode()
            if not is_guarded(daemon):  # then it is refused by each answer, and by nothing before
                assert inside(stranger, lambda: [daemon.root(daemon.public).get("/v1/value").status for _ in range(30)]) == [403] * 30
                assert daemon.status()["connections"]["podsBarred"] == 0
                return
            assert inside(stranger, lambda: flood_until_barred(daemon)) == [[403] * 30, True]
            assert inside(a, value) == "of a"
            assert refusals(daemon, "too-many-refusals") == (1, 1)
            assert daemon.said().count("barred from connecting for 1 s") == 1
            wait_until(lambda: not inside(stranger, lambda: is_refused(daemon)), 10, "the end of the bar")
            assert inside(stranger, lambda: daemon.root(daemon.public).get("/v1/whoami").status) == 200
    finally:
        stranger.close()


def test_restart():
    """pinned guards hold while no daemon runs, connects fail then, and the next daemon takes them over"""
    pins = f"/sys/fs/bpf/vsecm-test-{os.getpid()}"
    web, other = Pod("app", "web"), Pod("app", "other")
    daemon = Daemon([web, other], pin_dir=pins)
    unload = [f"{BUILD}/vsecm", "doctor", "--unload", "--pin-dir", pins, "--private-dir", daemon.options["private_dir"]]
    try:
        daemon.start()
        if not is_guarded(daemon):
            assert not os.path.exists(pins), "a tier without guards pins nothing"
            return
        with memory("file") as directory:
            file = f"{directory}/file"
            assert ask(web, daemon, GUARD, '{"files":1}', f"w:{file}")[0] == 200
            for number in (signal.SIGKILL, signal.SIGTERM):
                daemon.stop(number)
                assert not succeeds(other, OPENS, file) and succeeds(web, OPENS, file), number
                assert not daemon.ready()
                daemon.start()
                assert not succeeds(other, OPENS, file) and succeeds(web, OPENS, file), number
                assert is_guarded(daemon) and daemon.status()["protections"]["guards_pinned"] == "on"
                # What was denied while nobody was there to hear is told by the one that came.
                wait_until(lambda: any(r.get("hook") == "open" for r in denied(daemon)), what="a record")
        daemon.stop()
        done = subprocess.run(unload, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0 and not os.path.exists(pins), done
    finally:
        daemon.stop()
        subprocess.run(unload, capture_output=True, timeout=60, check=False)
        daemon.close()
        for pod in (web, other):
            pod.close()
