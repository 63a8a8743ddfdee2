# SPDX-License-Identifier: BSD-2-Clause
"""Watches and shared pages as the library and the command have them, over deaths of the daemon."""

import contextlib
import json
import os
import select
import signal
import subprocess
import threading
import time

from lab import BUILD, Cgroup, Daemon, Pod, wait_until, world

VSECM = f"{BUILD}/vsecm"
READER = f"{BUILD}/test/page_reader"
OK, NOT_FOUND, FORBIDDEN, UNAVAILABLE, UNREACHABLE, TIMEOUT, EXPIRED = 0, 1, 2, 3, 4, 8, 9


class Program:
    """A program in a pod that says lines."""

    def __init__(self, pod, *command):
        self.process = pod.spawn(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.buffer = b""

    def line(self, seconds=10):
        """The next line, without its end; None when none comes in time."""
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            assert data, ("ended", self.process.wait(10), self.process.stderr.read())
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def ask(self, question):
        self.process.stdin.write(question.encode() + b"\n")
        self.process.stdin.flush()
        return self.line(30).decode()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors


@contextlib.contextmanager
def running(pod, *command):
    program = Program(pod, *command)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
        with contextlib.suppress(ValueError):
            program.process.communicate(timeout=10)


def watching(pod, daemon, *options):
    return running(pod, VSECM, "--socket", daemon.public, "watch", *options)


@contextlib.contextmanager
def reading(pod, daemon):
    with running(pod, READER, daemon.public) as program:
        assert program.line() == b"0"
        yield program


def restart(daemon):
    daemon.stop(signal.SIGKILL)
    daemon.start()


# ---- the command ------------------------------------------------------------------------------


def test_changes():
    """vsecm watch prints each put, delete, expiry and beginning, and ends well by a signal"""
    with world("web") as (daemon, web):
        with watching(web, daemon, "-o", "json") as program:
            event = lambda: json.loads(program.line())
            assert event() == {"event": "absent", "id": "0", "reason": "no-secret",
                               "message": "there is no secret for app/web"}
            daemon.put("one", "app/web")
            first = event()
            assert (first["event"], first["data"], first["version"]) == ("secret", "one", 1), first
            assert first["id"].startswith("1.") and first["created"] == first["updated"], first
            daemon.put("AP8=", "app/web", encoding="base64")
            second = event()
            assert (second["data"], second["encoding"], second["version"]) == ("AP8=", "base64", 2)
            daemon.delete("app/web")
            assert event()["reason"] == "no-secret"
            daemon.put("soon over", "app/web", expires="+1s")
            assert event()["data"] == "soon over" and event()["reason"] == "expired"
            daemon.put("soon", "app/web", notBefore="+1s")
            assert event()["reason"] == "not-yet" and event()["data"] == "soon"
            assert program.line(0.3) is None
            assert program.stop() == (0, b"")


def test_lines():
    """without --values no line has a value, with it there is nothing else"""
    with world("web") as (daemon, web):
        daemon.put("hunter2", "app/web")
        with watching(web, daemon) as plain, watching(web, daemon, "--values") as values:
            line = plain.line().decode().split()
            assert line[1:4] == ["secret", "version", "1"] and line[6] == "id", line
            assert values.line() == b"hunter2"
            daemon.delete("app/web")
            assert b" absent no-secret id 0: there is no secret for app/web" in plain.line()
            daemon.put("hunter3", "app/web")
            assert values.line() == b"hunter3"
            assert b"hunter" not in plain.line()
            assert plain.stop(signal.SIGINT) == (0, b"")
            status, errors = values.stop()
            assert status == 0 and b"there is no secret" in errors, errors


def test_once():
    """--once ends after the first event, --last-id leaves the known one out, and mistakes are said"""
    with world("web") as (daemon, web):
        watch = lambda *options: web.run(VSECM, "--socket", daemon.public, "watch", *options)
        daemon.put("one", "app/web")
        first = json.loads(watch("--once", "-o", "json").stdout)
        assert first["data"] == "one"
        with watching(web, daemon, "--once", "--last-id", first["id"], "-o", "json") as program:
            assert program.line(0.5) is None
            daemon.put("two", "app/web")
            assert json.loads(program.line())["data"] == "two"
            assert program.process.wait(10) == 0
        assert watch("--values", "-o", "json").returncode == 2
        assert watch("--last-id", "no id").returncode == 2
        assert watch("--last-id", "x" * 64).returncode == 2
        stranger = Cgroup("/vsecm-test-stranger")
        try:
            done = stranger.run(VSECM, "--socket", daemon.public, "watch", "--once")
            assert done.returncode == 1 and b"vsecm whoami" in done.stderr and not done.stdout, done
        finally:
            stranger.close()


def test_death():
    """over kill -9 and a restart the newest is printed at once, and nothing if nothing changed"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        with watching(web, daemon, "--values") as program:
            assert program.line() == b"one"
            for number in range(3):
                restart(daemon)
                assert program.line(0.5) is None
                assert daemon.status()["followers"]["watches"] == 1
                daemon.stop(signal.SIGKILL)
                time.sleep(0.5 * number)
                daemon.start()
                daemon.put(f"after {number}", "app/web")
                start = time.monotonic()
                assert program.line(5) == f"after {number}".encode()
                assert time.monotonic() - start < 1
            status, errors = program.stop()
            assert status == 0 and b"went away" in errors, errors


def test_before_the_daemon():
    """a watch that is there before its daemon gets the first event as soon as that is"""
    pod = Pod("app", "web")
    daemon = Daemon([pod])
    try:
        with watching(pod, daemon, "--once", "--values") as program:
            assert program.line(2) is None
            daemon.start()
            daemon.put("early", "app/web")
            end = time.monotonic() + 10
            status = program.process.wait(10)
            assert status == 0 and time.monotonic() < end
    finally:
        daemon.close()
        pod.close()


def test_slow():
    """a watcher that is stopped meanwhile gets the newest, and holds nobody up"""
    with world("web") as (daemon, web):
        with watching(web, daemon, "--values") as program:
            daemon.put("first", "app/web")
            assert program.line() == b"first"
            program.process.send_signal(signal.SIGSTOP)
            big = "x" * 500000
            for number in range(40):
                assert daemon.put(f"{number:02}{big}", "app/web").status == 200
            program.process.send_signal(signal.SIGCONT)
            seen = [program.line()]
            while not seen[-1].startswith(b"39"):
                seen.append(program.line())
            assert len(seen) < 10 and all(len(line) == 500002 for line in seen), [s[:2] for s in seen]


# ---- the shared page --------------------------------------------------------------------------


def test_page_changes():
    """a page shows puts and deletes, and wakes whoever waits"""
    with world("web") as (daemon, web), reading(web, daemon) as reader:
        assert reader.ask("read") == "1 0"
        daemon.put("one", "app/web")
        assert reader.ask("wait 5000") == "0"
        head = reader.ask("read").split(" ", 4)
        assert head[:3] == ["0", "0", "1"] and head[4] == "one", head
        updated = web.connect(daemon.public).get("/v1/value").headers["vsecm-updated"]
        assert head[3] == updated, (head, updated)
        assert reader.ask("wait 100") == "8"
        threading.Timer(0.3, daemon.put, ("two", "app/web")).start()
        start = time.monotonic()
        assert reader.ask("wait 10000") == "0" and time.monotonic() - start < 1
        assert reader.ask("read").endswith(" two")
        assert reader.ask("fork").endswith(" two")
        daemon.delete("app/web")
        assert reader.ask("wait 5000") == "0"
        assert reader.ask("read") == "1 0"


def test_page_terms():
    """a page that expires is held back at that time, also with no daemon"""
    with world("web") as (daemon, web), reading(web, daemon) as reader:
        daemon.put("soon over", "app/web", expires="+2s")
        reader.ask("read")
        wait_until(lambda: reader.ask("read").startswith("0 0 1 "))
        daemon.stop(signal.SIGKILL)
        assert reader.ask("read").startswith("0 1 1 ")
        start = time.monotonic()
        assert reader.ask("wait 10000") == "0" and time.monotonic() - start < 2.9
        assert reader.ask("read") == "9 1"


def test_page_growth():
    """a value that outgrows its page is read from the next one, at once"""
    with world("web") as (daemon, web), reading(web, daemon) as reader:
        assert reader.ask("read") == "1 0"
        for number, size in enumerate((10, 5000, 100000, 1 << 20), 1):
            daemon.put("y" * size, "app/web")
            assert reader.ask("wait 5000") == "0"
            result, stale, version, _, value = reader.ask("read").split(" ", 4)
            assert (result, stale, version) == ("0", "0", str(number)), (result, stale, version)
            assert value == "y" * size


def test_page_death():
    """a killed daemon leaves the last value, stale; the next one's is seen without being asked for"""
    with world("web") as (daemon, web), reading(web, daemon) as reader:
        daemon.put("one", "app/web")
        wait_until(lambda: reader.ask("read").endswith(" one"))
        for number in range(3):
            daemon.stop(signal.SIGKILL)
            assert reader.ask("read").split(" ", 2)[:2] == ["0", "1"]
            assert reader.ask("wait 300") == "8"
            daemon.start()
            daemon.put(f"after {number}", "app/web")
            start = time.monotonic()
            assert reader.ask("wait 10000") == "0" and time.monotonic() - start < 1.5
            head = reader.ask("read").split(" ", 4)
            assert head[:2] == ["0", "0"] and head[4] == f"after {number}", head
        restart(daemon)
        assert reader.ask("wait 1500") == "8"  # the same is no news
        assert reader.ask("read").endswith(" after 2") and reader.ask("read").startswith("0 0 ")


def test_page_revoked():
    """whoever becomes somebody else reads nothing more, until it is known again"""
    with world("web") as (daemon, web), reading(web, daemon) as reader:
        daemon.put("one", "app/web")
        wait_until(lambda: reader.ask("read").endswith(" one"))
        daemon.reload("")
        wait_until(lambda: reader.ask("read").split()[0] == "2")
        assert reader.ask("read") == "2 1"
        daemon.reload(web.line())
        assert reader.ask("wait 10000") == "0"
        assert reader.ask("read").endswith(" one")


def test_page_whole():
    """while values change all the time, no read is torn"""
    with world("web") as (daemon, web), reading(web, daemon) as reader:
        over = threading.Event()

        def change():
            http = daemon.root()
            number = 0
            while not over.is_set():
                number += 1
                value = f"{number}:" + chr(ord("a") + number % 26) * (number * 7919 % 60000)
                assert daemon.put(value, "app/web", http=http).status == 200

        daemon.put("0:", "app/web")
        changer = threading.Thread(target=change)
        changer.start()
        try:
            values, torn = reader.ask("count 2000").split()
        finally:
            over.set()
            changer.join()
        assert torn == "0" and int(values) > 50, (values, torn)
