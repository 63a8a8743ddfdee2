# SPDX-License-Identifier: BSD-2-Clause
"""The original's integration suite, case by case, outside of a cluster: scripts that exist go on working.

A Sentinel's pod runs `safe`; a workload's pod reads its secret itself, by a sidecar, or behind an init container.
"""

import contextlib
import json
import os
import re
import subprocess
import tempfile

from lab import BUILD, Daemon, Pod, wait_until

VALUE = '{"username": "*root*", "password": "*CasHC0w*"}'
TEMPLATE = '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}'
YAML = "PASSWORD: '*CasHC0w*'\nUSERNAME: '*root*'"


class Cluster:
    """A daemon, the Sentinel's pod, and the pod of the workload `example` in namespace default."""

    def __init__(self):
        self.sentinel = Pod("vsecm-system", "vsecm-sentinel")
        self.example = Pod("default", "example")
        self.daemon = Daemon([self.sentinel, self.example]).start()

    def in_pod(self, pod, *command, **options):
        return pod.run(*command, env={**os.environ, "VSECM_SOCKET": self.daemon.public}, **options)

    def safe(self, *words, status=0):
        """Run `safe` where kubectl exec would; what it prints."""
        done = self.in_pod(self.sentinel, f"{BUILD}/safe", "--socket", self.daemon.public, *words)
        assert done.returncode == status, (words, done)
        return done.stdout.decode()

    def env(self):
        """As the original's ./env: the secret as its workload sees it, or NO_SECRET."""
        done = self.in_pod(self.example, f"{BUILD}/vsecm", "get")
        return done.stdout.decode() if done.returncode == 0 else "NO_SECRET"

    def close(self):
        self.daemon.close()
        self.example.close()
        self.sentinel.close()


@contextlib.contextmanager
def cluster():
    made = Cluster()
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def sidecar(made):
    """The workload's sidecar with its file on a tmpfs; gives the file's path."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        path = f"{directory}/secrets.json"
        environment = {**os.environ, "VSECM_SOCKET": made.daemon.public, "VSECM_SIDECAR_SECRETS_PATH": path}
        process = made.example.spawn(f"{BUILD}/vsecm", "sidecar", env=environment)
        try:
            yield path
        finally:
            process.terminate()
            process.wait(10)


def content(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None


def until(path, text):
    wait_until(lambda: content(path) == text, 5, f"{text!r} in the sidecar's file")


def test_sealed_secret():
    """case 1: what `safe -e` sealed, `safe -e` stores, and the workload reads it"""
    with cluster() as made:
        sealed = made.safe("-s", "!VSecMRocks!", "-e")
        text = "".join(sealed.split())
        assert re.fullmatch(r"[A-Za-z0-9+/=]{100,}", text) and "VSecMRocks" not in sealed, sealed
        assert made.safe("-w", "example", "-n", "default", "-s", text, "-e") == "\nOK\n\n"
        assert made.env() == "!VSecMRocks!"
        # Case 2, the clean-up.
        assert made.safe("-w", "example", "-d") == "\nOK\n\n"
        assert made.env() == "NO_SECRET"


def test_registration_and_deletion():
    """cases 3 to 5: a secret is registered, read, deleted"""
    with cluster() as made:
        assert made.env() == "NO_SECRET"
        assert made.safe("-w", "example", "-n", "default", "-s", "!VSecMRocks!") == "\nOK\n\n"
        assert made.env() == "!VSecMRocks!"
        assert made.safe("-w", "example", "-n", "default", "-d") == "\nOK\n\n"
        assert made.env() == "NO_SECRET"


def test_formats():
    """cases 6 to 8: a template and a format shape what the workload reads"""
    literal = '{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}'
    with cluster() as made:
        made.safe("-w", "example", "-n", "default", "-s", VALUE, "-t", literal, "-f", "json")
        assert made.env() == literal
        made.safe("-w", "example", "-n", "default", "-d")
        made.safe("-w", "example", "-n", "default", "-s", VALUE, "-t", TEMPLATE, "-f", "yaml")
        assert made.env().strip() == YAML
        made.safe("-w", "example", "-n", "default", "-d")
        assert made.env() == "NO_SECRET"


def test_sidecar():
    """cases 9 to 14: the same through a sidecar's file, without its polling"""
    with cluster() as made, sidecar(made) as path:
        assert content(path) is None
        made.safe("-w", "example", "-n", "default", "-s", "!VSecMRocks!")
        until(path, "!VSecMRocks!")
        made.safe("-w", "example", "-n", "default", "-d")
        until(path, None)
        made.safe("-w", "example", "-n", "default", "-s", VALUE, "-t", TEMPLATE, "-f", "json")
        until(path, '{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}')
        made.safe("-w", "example", "-n", "default", "-d")
        until(path, None)
        made.safe("-w", "example", "-n", "default", "-s", VALUE, "-t", TEMPLATE, "-f", "yaml")
        wait_until(lambda: (content(path) or "").strip() == YAML, 5, "the YAML in the sidecar's file")
        made.safe("-w", "example", "-n", "default", "-d")
        until(path, None)


def test_init_container():
    """cases 15 and 16: an init container ends when the secret is there, and not before"""
    value = '{"username":"root","password":"SuperSecret","value":"VSecMRocks"}'
    template = '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}", "VALUE":"{{.value}}"}'
    with cluster() as made:
        environment = {**os.environ, "VSECM_SOCKET": made.daemon.public}
        process = made.example.spawn(f"{BUILD}/vsecm", "init", env=environment)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
            assert process.poll() is None, "it ended before there was a secret"
            made.safe("-w", "example", "-n", "default", "-s", value, "-t", template)
            assert process.wait(5) == 0
        finally:
            process.kill()
            process.wait()
        assert json.loads(made.env()) == {"USERNAME": "root", "PASSWORD": "SuperSecret", "VALUE": "VSecMRocks"}
        made.safe("-w", "example", "-n", "default", "-d")
        assert made.env() == "NO_SECRET"


def test_append():
    """the append case: -a is refused with what to do instead, and that gives the same"""
    with cluster() as made:
        done = made.in_pod(made.sentinel, f"{BUILD}/safe", "-a", "-w", "example", "-s", "!VSecM")
        assert done.returncode == 2 and b"JSON list" in done.stderr, done
        made.safe("-w", "example", "-s", '["Rocks!","!VSecM"]')
        assert made.env() == '["Rocks!","!VSecM"]'
