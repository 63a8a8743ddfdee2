# SPDX-License-Identifier: BSD-2-Clause
"""Programs that run until they are stopped, each with a log."""

import subprocess
import time


def wait_until(condition, seconds, what, while_alive=()):
    """CONDITION(), as soon as it is true. The programs WHILE_ALIVE must go on running."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        for program in while_alive:
            program.check()
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true in {seconds} s")
        time.sleep(0.05)


class Program:
    """COMMAND, with what it says in LOGS/NAME.log."""

    def __init__(self, name, logs, command, **options):
        self.name, self.path = name, f"{logs}/{name}.log"
        with open(self.path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)

    def said(self):
        with open(self.path, errors="replace") as log:
            return log.read()

    def check(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.said()[-2000:]}")

    def stop(self, seconds=10):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
