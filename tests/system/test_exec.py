# SPDX-License-Identifier: BSD-2-Clause
"""vsecm exec: programs that get their secret, are told of changes, and otherwise run as if alone."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import stat
import subprocess
import tempfile
import time

from lab import BUILD, Daemon, Pod, wait_until, world

VSECM = f"{BUILD}/vsecm"
SECRET = json.dumps({"USER": "web", "PASSWORD": "p w", "PORTS": [1, 2]})


def children(pid):
    """The processes that PID has started, and has not waited for yet."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


class Program:
    """`vsecm exec` in a pod, with what it says; ended when the test is."""

    def __init__(self, pod, socket, *arguments, **options):
        self.output = tempfile.TemporaryFile()
        self.pod = pod
        self.process = pod.spawn(VSECM, "--socket", socket, "exec", *arguments,
                                 stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, **options)

    def said(self):
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode()

    def wait_for(self, text, times=1):
        wait_until(lambda: self.said().count(text) >= times or self.process.poll() is not None,
                   what=f"{text!r} {times} times")
        assert self.said().count(text) == times, self.said()

    def child(self):
        """The process that it started."""
        (child,) = children(self.process.pid)
        return child

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)

    def close(self):
        # With all that it has started.
        with open(f"{self.pod.dir}/cgroup.kill", "w", encoding="ascii") as file:
            file.write("1")
        self.process.wait()
        self.output.close()


@contextlib.contextmanager
def running(pod, daemon, *arguments, **options):
    program = Program(pod, getattr(daemon, "public", daemon), *arguments, **options)
    try:
        yield program
    finally:
        program.close()


def run(pod, daemon, *arguments, **options):
    return pod.run(VSECM, "--socket", daemon.public, "exec", *arguments, **options)


def tier(daemon, pod):
    return json.loads(pod.run(VSECM, "--socket", daemon.public, "whoami", "-o", "json").stdout)["tier"]


# A program that says what it was started with, which signals it gets, and waits.
def program(text="$PASSWORD", traps="HUP USR1 USR2 WINCH CONT"):
    return ("sh", "-c", f"for s in {traps}; do trap \"echo got $s\" $s; done; echo started {text}; "
                        "while :; do sleep 10 & wait $!; kill $! 2>/dev/null; done")


def test_variables():
    """members of the secret are variables, with a prefix if wanted, and stand in nobody's arguments"""
    with world("web") as (daemon, web):
        daemon.put(SECRET, "app/web")
        shown = lambda *arguments: run(web, daemon, *arguments, "--", "env",
                                       env={"USER": "old", "PATH": os.environ["PATH"]}).stdout.decode().splitlines()
        assert sorted(shown()) == sorted(
            ["USER=web", "PASSWORD=p w", "PORTS=[1, 2]", f"PATH={os.environ['PATH']}"])
        assert {"USER=old", "DB_USER=web", "DB_PASSWORD=p w"} <= set(shown("--prefix", "DB_"))
        assert f"ALL={SECRET}" in shown("--env-name", "ALL")
        with running(web, daemon, "--", *program()) as it:
            it.wait_for("started p w")
            for pid in (it.process.pid, it.child()):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    assert b"p w" not in file.read()
            with open(f"/proc/{it.child()}/environ", "rb") as file:
                assert b"PASSWORD=p w" in file.read(), "the control"
            with open(f"/proc/{it.process.pid}/environ", "rb") as file:
                assert b"p w" not in file.read()


def test_refusals():
    """what cannot be a variable is refused with what to do instead, and never repeated"""
    with world("web") as (daemon, web):
        for value, words, more in (
            ({"tls.key": "hunter2"}, ("tls.key", "--skip-bad-names"), ()),
            ({"1st": "hunter2"}, ("1st", "no digit"), ()),
            ({"LD_PRELOAD": "hunter2"}, ("LD_PRELOAD", "--allow-name"), ()),
            ({"PATH": "hunter2"}, ("PATH", "--allow-name"), ("--skip-bad-names",)),
            ({"BIG": "hunter2" * 20000}, ("BIG", "140005 bytes", "131072", "--fd or --file"), ()),
            ("hunter2", ("no JSON object", "--env-name"), ()),
            ({"A": "x" * 100000, "B": "x" * (1000 * 1000 - 100000)}, ("B", "--fd or --file"), ()),
            ({f"M{n}": "hunter2" * 14000 for n in range(10)}, (), ()),
        ):
            daemon.put(value if isinstance(value, str) else json.dumps(value), "app/web")
            done = run(web, daemon, *more, "--", "true")
            expected = 1 if words else 0  # ten large ones together are fine
            assert done.returncode == expected, (value, done)
            assert b"hunter2" not in done.stderr
            assert all(word.encode() in done.stderr for word in words), done
        daemon.put(json.dumps({"A": "1", "tls.key": "x", "PATH": os.environ["PATH"]}), "app/web")
        done = run(web, daemon, "--skip-bad-names", "--allow-name", "PATH", "--", "sh", "-c", "echo $A")
        assert done.stdout == b"1\n", done
        for wrong in (("--env", "--fd"), ("--signal", "HUP"), ("--fd", "--signal", "HUP"),
                      ("--file", "/dev/shm/x", "--signal", "KILL"), ("--mode", "0400"),
                      ("--file", "/dev/shm/x", "--mode", "0888")):
            assert run(web, daemon, *wrong, "--", "true").returncode == 2, wrong
        assert run(web, daemon, "true").returncode == 2
        assert run(web, daemon, "--").returncode == 2


def test_status():
    """the program's exit status is ours; 126 and 127 when there is none"""
    with world("web") as (daemon, web):
        daemon.put(SECRET, "app/web")
        for script, expected in (("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)):
            assert run(web, daemon, "--", "sh", "-c", script).returncode == expected, script
        assert run(web, daemon, "--", "/nonexistent").returncode == 127
        assert run(web, daemon, "--", "no-such-command").returncode == 127
        assert run(web, daemon, "--", "/etc/passwd").returncode == 126
        done = run(web, daemon, "--socket", "/nonexistent/socket", "--wait", "1s", "--", "true")
        assert done.returncode == 3 and b"no daemon" in done.stderr, done
        daemon.delete("app/web")
        done = run(web, daemon, "--wait", "1s", "--", "true")
        assert done.returncode == 1 and b"no secret" in done.stderr and b"app/web" in done.stderr, done


def test_stranger():
    """a caller that is no workload is told so, by the daemon's own words"""
    with world("web") as (daemon, _):
        done = subprocess.run([VSECM, "--socket", daemon.public, "exec", "--wait", "1s", "--", "true"],
                              capture_output=True, timeout=30, check=False)
        assert done.returncode == 1 and b"nobody it knows" in done.stderr, done


def test_descriptor():
    """with --fd the secret is behind a sealed descriptor, a new one at each start"""
    look = ("sh", "-c", "echo started $(cat <&$VSECM_SECRET_FD); "
                        "(echo x >&$VSECM_SECRET_FD) 2>&1 | head -c 100; ls /proc/self/fd; echo looked; exec sleep 60")
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        with running(web, daemon, "--fd", "--", *look) as it:
            it.wait_for("looked")
            daemon.put("two", "app/web")
            it.wait_for("looked", 2)
            assert "started one" in it.said() and "started two" in it.said(), it.said()
            assert "started x" not in it.said()
            # Besides the three of everybody: the secret, and the directory that ls reads.
            fds = re.findall(r"^\d+$", it.said(), re.M)
            assert len(fds) == 2 * 5, it.said()
            links = [os.readlink(f"/proc/{it.child()}/fd/{n}") for n in os.listdir(f"/proc/{it.child()}/fd")]
            assert sum("vsecm-secret" in link for link in links) == 1, links
            links = [os.readlink(f"/proc/{it.process.pid}/fd/{n}") for n in os.listdir(f"/proc/{it.process.pid}/fd")]
            assert not any("vsecm-secret" in link for link in links), links


def test_file():
    """with --file it is in a file in memory, replaced on a change, with a signal, and removed at the end"""
    path = f"/dev/shm/vsecm-test-{os.getpid()}"
    content = lambda: open(path, "rb").read()
    with world("web") as (daemon, web):
        daemon.put("x" * (1 << 20), "app/web")
        with running(web, daemon, "--file", path, "--signal", "HUP", "--", *program("once")) as it:
            it.wait_for("started once")
            assert content() == b"x" * (1 << 20)
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o400
            for n in range(5):
                daemon.put(f"value {n}", "app/web")
                it.wait_for("got HUP", n + 1)
                assert content() == f"value {n}".encode()
            daemon.delete("app/web")
            it.wait_for("got HUP", 6)
            assert not os.path.exists(path)
            assert "there is no secret" in it.said(), it.said()
            daemon.put("back", "app/web")
            it.wait_for("got HUP", 7)
            assert content() == b"back" and it.said().count("started") == 1
            assert it.end() == 143
            assert not os.path.exists(path)
        disk = tempfile.mkdtemp(dir="/var/tmp")
        try:
            done = run(web, daemon, "--file", f"{disk}/secret", "--", "true")
            assert done.returncode == 1 and b"tmpfs" in done.stderr and b"--allow-disk" in done.stderr, done
            done = run(web, daemon, "--file", f"{disk}/secret", "--allow-disk", "--mode", "0440", "--",
                       "stat", "-c", "%a", f"{disk}/secret")
            assert done.stdout == b"440\n" and not os.listdir(disk), done
        finally:
            os.rmdir(disk)


def test_restart():
    """each change is one restart; what comes while the program is being stopped is one too"""
    with world("web") as (daemon, web):
        put = lambda text: daemon.put(json.dumps({"PASSWORD": text}), "app/web")
        put("v0")
        with running(web, daemon, "--", *program()) as it:
            it.wait_for("started v0")
            for n in range(1, 11):
                put(f"v{n}")
                it.wait_for(f"started v{n}\n")
            assert it.said().count("started") == 11, it.said()
        stubborn = ("sh", "-c", "trap '' TERM; echo started $PASSWORD; while :; do sleep 0.1; done")
        with running(web, daemon, "--grace", "1s", "--", *stubborn) as it:
            it.wait_for("started v10")
            begin = time.monotonic()
            for n in range(5):
                put(f"w{n}")
            it.wait_for("started w4")
            assert 0.9 < time.monotonic() - begin < 5
            assert it.said().count("started") == 2, it.said()
        with running(web, daemon, "--no-restart", "--", *program()) as it:
            it.wait_for("started w4")
            put("x")
            time.sleep(0.5)
            assert it.said().count("started") == 1
        with running(web, daemon, "--", *program()) as it:
            it.wait_for("started x")
            daemon.put("no object", "app/web")
            it.wait_for("goes on with what it has")
            put("y")
            it.wait_for("started y")
            assert it.said().count("started") == 2


def test_deleted():
    """a program goes on when its secret is deleted or expires, or is stopped if so wanted"""
    with world("web") as (daemon, web):
        daemon.put(SECRET, "app/web")
        with running(web, daemon, "--", *program()) as it, \
                running(web, daemon, "--on-delete", "stop", "--", *program()) as stopped:
            it.wait_for("started")
            stopped.wait_for("started")
            daemon.delete("app/web")
            it.wait_for("the program goes on")
            assert stopped.process.wait(10) == 1 and "stopping" in stopped.said(), stopped.said()
            daemon.put(SECRET, "app/web", expires="+2s")
            it.wait_for("started", 2)
            it.wait_for("the program goes on", 2)
            assert it.process.poll() is None and it.said().count("started") == 2


def test_daemon_away():
    """a program whose daemon is not there yet is started once it is, and its secret too"""
    web = Pod("app", "web")
    daemon = Daemon([web])
    os.makedirs(f"{daemon.dir}/pub", mode=0o755)
    try:
        with running(web, daemon, "--", *program()) as it:
            time.sleep(0.5)
            daemon.start()
            time.sleep(0.3)
            assert it.process.poll() is None and it.said() == "", it.said()
            daemon.put(SECRET, "app/web")
            it.wait_for("started p w")
        with running(web, daemon, "--socket", "/nonexistent", "--", "true") as it:
            time.sleep(0.2)
            assert it.end() == 143
    finally:
        daemon.close()
        web.close()


def test_crash():
    """kill -9 and a new daemon restart no program; each change is seen once, also those in between"""
    with world("web") as (daemon, web):
        put = lambda text: daemon.put(json.dumps({"PASSWORD": text}), "app/web")
        put("v0")
        with running(web, daemon, "--", *program()) as it:
            it.wait_for("started v0\n")
            for n in range(1, 6):
                daemon.stop(signal.SIGKILL)
                daemon.start()
                if n % 2:
                    put(f"v{n}")
                    it.wait_for(f"started v{n}\n")
                else:
                    time.sleep(1)
            # Long enough for a watch to be taken up again, and for nothing to come of it.
            wait_until(lambda: [r for r in daemon.records() if r["op"] == "watch" or r["op"] == "push"], what="a watch")
            time.sleep(2)
            assert it.said().count("started") == 4, it.said()


def test_signals():
    """signals reach the program once each, and SIGTERM its end; it is not started anew then"""
    with world("web") as (daemon, web):
        daemon.put(SECRET, "app/web")
        with running(web, daemon, "--", *program()) as it:
            it.wait_for("started")
            for name in ("HUP", "USR1", "USR2", "WINCH", "CONT"):
                it.process.send_signal(getattr(signal, f"SIG{name}"))
                it.wait_for(f"got {name}")
            assert it.end() == 143
            assert it.said().count("got") == 5, it.said()
        slow = ("sh", "-c", "trap 'echo ending; sleep 1; exit 9' TERM; echo started; while :; do sleep 0.1; done")
        with running(web, daemon, "--", *slow) as it:
            it.wait_for("started")
            it.process.send_signal(signal.SIGTERM)
            it.wait_for("ending")
            daemon.put(json.dumps({"PASSWORD": "new"}), "app/web")
            assert it.process.wait(10) == 9
            assert it.said().count("started") == 1, it.said()


def test_plain_child():
    """the program is an ordinary process: signals, core files, descriptors and memory as without us"""
    look = ("sh", "-c", "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; ulimit -c; ulimit -Hc; "
                        "stat -c %u /proc/self/mem; exec ls /proc/self/fd")
    with world("web") as (daemon, web):
        daemon.put("{}", "app/web")
        options = {"user": 65534, "group": 65534, "stdin": subprocess.DEVNULL}
        alone = subprocess.run(look, capture_output=True, check=True, **options).stdout
        os.chmod(daemon.dir, 0o755)
        done = subprocess.run(["sh", "-c", f'echo $$ > {web.dir}/cgroup.procs; exec setpriv --reuid 65534 --regid 65534 '
                               f'--clear-groups {os.path.abspath(VSECM)} --socket {daemon.public} exec -- "$@"', "sh", *look],
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=30, check=False)
        assert done.returncode == 0 and done.stdout == alone and b"65534" in alone, (done, alone)


def test_terminal():
    """ctrl-C at a terminal reaches the program once: from the terminal, and not from us as well"""
    script = ("import signal; numbers = {signal.SIGINT}; signal.pthread_sigmask(signal.SIG_BLOCK, numbers); "
              "print('started', flush=True)\n"
              "while True: print('got', signal.sigwaitinfo(numbers).si_pid, flush=True)")
    with world("web") as (daemon, web):
        daemon.put("{}", "app/web")
        pid, terminal = pty.fork()
        if pid == 0:
            web.join()
            os.execv(VSECM, [VSECM, "--socket", daemon.public, "exec", "--", "python3", "-c", script])
        said = b""
        fcntl.fcntl(terminal, fcntl.F_SETFL, os.O_NONBLOCK)

        def said_of(text):
            nonlocal said
            with contextlib.suppress(BlockingIOError):
                said += os.read(terminal, 4096)
            return said.count(text)

        try:
            wait_until(lambda: said_of(b"started"), what="a start")
            # A second one that comes too soon melts into the first, so one try would show little; and the
            # terminal drops what it has not shown yet, so each waits for the whole line before it.
            for n in range(1, 31):
                os.write(terminal, b"\x03")
                wait_until(lambda n=n: said_of(b"got 0\r\n") >= n, what="the signal")
            time.sleep(0.3)
            assert said_of(b"got") == said_of(b"got 0") == 30, said
            os.kill(pid, signal.SIGINT)
            wait_until(lambda: said_of(b"got %d" % pid) == 1, what="one that was sent to us alone")
        finally:
            for one in [pid, *children(pid)]:
                os.kill(one, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)


def test_job_control():
    """ctrl-Z stops the program and us with it, and the shell's fg continues both"""
    with world("web") as (daemon, web):
        daemon.put(SECRET, "app/web")
        state = lambda p: re.search(r"\) (\w)", open(f"/proc/{p}/stat").read())[1]
        command = f"{os.path.abspath(VSECM)} --socket {daemon.public} exec -- sleep 61"
        pid, terminal = pty.fork()
        if pid == 0:
            web.join()
            os.execvp("bash", ["bash", "--norc", "-i"])
        family = lambda: [p for one in children(pid) for p in (one, *children(one))]
        try:
            os.write(terminal, command.encode() + b"\n")
            wait_until(lambda: len(family()) == 2, what="wrapper and program")
            wrapper, child = family()
            time.sleep(0.3)
            for _ in range(2):
                os.write(terminal, b"\x1a")
                wait_until(lambda: state(wrapper) == state(child) == "T", what="both stopped")
                os.write(terminal, b"fg\n")
                wait_until(lambda: "T" not in state(wrapper) + state(child), what="both going on")
            os.write(terminal, b"\x03")
            wait_until(lambda: not family(), what="their end")
        finally:
            for one in [*family(), pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)


def test_shield():
    """a program that is to be shielded runs shielded, and where that cannot be it does not run at all"""
    with world("web") as (daemon, web):
        daemon.put(SECRET, "app/web")
        assert run(web, daemon, "--", "true").returncode == 0, "the control"
        for more in (("--shield",), ("--shield-children",), ("--fd", "--guard"), ("--shield", "--fd", "--guard")):
            done = run(web, daemon, *more, "--", "echo", "has run")
            if tier(daemon, web) == "lsm":
                assert (done.returncode, done.stdout) == (0, b"has run\n"), (more, done)
            else:
                assert (done.returncode, done.stdout) == (1, b""), (more, done)
                assert b"guards" in done.stderr and b"p w" not in done.stderr, (more, done)
        for more in (("--guard",), ("--guard", "--file", "/dev/shm/x", "--allow-disk")):
            assert run(web, daemon, *more, "--", "true").returncode == 2, more
        assert not os.path.exists("/dev/shm/x")


def test_process_one():
    """as process 1 of a PID namespace it reaps what lost its parent, and its end is the namespace's"""
    script = ("for i in 1 2 3 4 5 6 7 8; do (sleep 0.$i &) ; done; sleep 1.5; "
              "cat /proc/[0-9]*/stat | cut -d' ' -f3 | tr -d '\\n'; exit 5")
    with world("web") as (daemon, web):
        daemon.put(SECRET, "app/web")
        done = web.run("unshare", "--pid", "--fork", "--mount-proc", VSECM, "--socket", daemon.public,
                       "exec", "--", "sh", "-c", script)
        assert done.returncode == 5 and b"Z" not in done.stdout and b"S" in done.stdout, done
        # The control: without anybody who reaps, the same leaves zombies.
        done = web.run("unshare", "--pid", "--fork", "--mount-proc", "python3", "-c",
                       "import os, sys, subprocess; p = subprocess.Popen(['sh', '-c', sys.argv[1]]); "
                       "sys.exit(p.wait())", script)
        assert b"Z" in done.stdout, done
