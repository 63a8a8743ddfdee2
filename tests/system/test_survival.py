# SPDX-License-Identifier: BSD-2-Clause
"""Daemons die under a crowd of followers: all come back by themselves, and nobody misses the newest version."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time

from lab import BUILD, Daemon, Pod, wait_until
from test_watch import READER

WATCHERS, READERS, PROGRAMS, PODS = 250, 100, 50, 4
HELPER = f"{BUILD}/vsecm-static"


class Crowd:
    """Followers of one secret, spread over pods of its workload: connections of one pod are limited."""

    def __init__(self, directory):
        self.directory = directory
        self.pods = [Pod("app", "web", f"web-{number}") for number in range(PODS)]
        self.daemon = Daemon(self.pods).start()
        self.processes, self.readers = [], []

    def start(self):
        socket = self.daemon.public
        for number in range(WATCHERS):
            with open(self.path("watch", number), "wb") as output:
                self.spawn(number, HELPER, "--socket", socket, "watch", "-o", "json", stdout=output)
        for number in range(READERS):
            self.readers.append(self.spawn(number, READER, socket, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        for number in range(PROGRAMS):
            script = f'echo "$VALUE" >> {self.path("exec", number)}; exec sleep 1000'
            self.spawn(number, HELPER, "--socket", socket, "exec", "--env-name", "VALUE", "--grace", "5s",
                       "--", "/bin/sh", "-c", script)
        for reader in self.readers:
            assert reader.stdout.readline() == b"0\n"  # it is open; from here on each line answers a command

    def spawn(self, number, *command, **options):
        process = self.pods[number % PODS].spawn(*command, stderr=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def path(self, kind, number):
        return f"{self.directory}/{kind}-{number}"

    def watched(self, number):
        """The values that a watcher was told, one after the other; None for no secret."""
        with open(self.path("watch", number)) as file:
            return [json.loads(line).get("data") for line in file.read().splitlines()]

    def started(self, number):
        """The values that a program was started with, one after the other."""
        try:
            with open(self.path("exec", number)) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def read(self, reader):
        reader.stdin.write(b"read\n")
        reader.stdin.flush()
        return reader.stdout.readline().decode().split()

    def pages_say(self, value):
        """Whether every reader has VALUE, from a page that is kept."""
        said = [self.read(reader) for reader in self.readers]
        return all(line[:2] == ["0", "0"] and line[-1] == value for line in said)

    def put(self, value):
        assert self.daemon.put(value, "app/web").status == 200

    def everybody_has(self, value, seconds=30):
        wait_until(lambda: all(self.watched(n)[-1:] == [value] for n in range(WATCHERS)), seconds, f"{value} watched")
        wait_until(lambda: self.pages_say(value), seconds, f"{value} in all pages")
        wait_until(lambda: all(self.started(n)[-1:] == [value] for n in range(PROGRAMS)), seconds, f"{value} started")

    def die(self):
        self.daemon.stop(signal.SIGKILL)

    def is_back(self):
        """All of them are connected again; who reads a page is so when it reads."""
        for reader in self.readers:
            self.read(reader)
        followers = self.daemon.status()["followers"]
        return followers["watches"] == WATCHERS + PROGRAMS and followers["pageReaders"] == READERS

    def close(self):
        for pod in self.pods:
            with contextlib.suppress(FileNotFoundError), open(f"{pod.dir}/cgroup.kill", "w") as file:
                file.write("1")
        for process in self.processes:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()
        self.daemon.close()
        for pod in self.pods:
            pod.close()


@contextlib.contextmanager
def crowd():
    with tempfile.TemporaryDirectory() as directory:
        made = Crowd(directory)
        try:
            made.daemon.put("v0", "app/web")
            made.start()
            made.everybody_has("v0", 60)
            wait_until(made.is_back, 30, "all followers")
            yield made
        finally:
            made.close()


def test_crowd():
    """250 watchers, 100 pages, 50 programs: the daemon is killed, and each misses nothing and does nothing twice"""
    with crowd() as made:
        expected = ["v0"]
        # Away and back without a change: nobody hears anything, no program is started anew.
        made.die()
        made.daemon.start()
        wait_until(made.is_back, 30, "all followers")
        time.sleep(0.5)
        assert all(made.watched(n) == expected for n in range(WATCHERS))
        assert all(made.started(n) == expected for n in range(PROGRAMS))
        assert made.pages_say("v0")
        # With a change right behind each start, while they come back.
        for number in range(1, 4):
            made.die()
            made.daemon.start()
            made.put(f"v{number}")
            expected.append(f"v{number}")
            made.everybody_has(f"v{number}")
        wait_until(made.is_back, 30, "all followers")
        # Two changes before a death: nobody need have seen the first of them.
        made.put("lost in passing")
        made.put("v4")
        made.die()
        made.daemon.start()
        made.everybody_has("v4")
        wait_until(made.is_back, 30, "all followers")
        time.sleep(0.5)
        for told in [made.watched(n) for n in range(WATCHERS)] + [made.started(n) for n in range(PROGRAMS)]:
            assert [value for value in told if value != "lost in passing"] == [*expected, "v4"], told
            assert told.count("lost in passing") <= 1, told
        assert all(process.poll() is None for process in made.processes)
