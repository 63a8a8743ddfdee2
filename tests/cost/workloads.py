# SPDX-License-Identifier: BSD-2-Clause
"""
What is asked of the daemon while its cost is counted.

The same steps must come to the same cost each time, so nothing may depend on who happens to run first: daemon
and client have one processor, and the client, once it can run, runs until it has nothing to do but wait.
"""

import contextlib
import json
import os
import socket

import lab

SECRET = "GET /workload/v1/secrets HTTP/1.1\r\nHost: vsecm\r\n"
CLIENTS = 50
DEPTH = 8  # requests that a client sends before it reads
VALUES = {"small": "s" * 64, "large": "l" * 1024}  # by the account of the pod that reads it
CPU = max(os.sched_getaffinity(0))
# The limit of the rate is on, and none of this comes near it.
OPTIONS = {"attest": "cgroup", "guards": "no", "requests_per_second": 1000000}


def pin():
    """For the daemon and whatever counts, before they are started."""
    os.sched_setaffinity(0, {CPU})


@contextlib.contextmanager
def ahead():
    """Here, and before the daemon whenever both can run."""
    before = os.sched_getaffinity(0)
    pin()
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def inside(pod):
    """What connects now connects in POD."""
    with open("/proc/self/cgroup", encoding="ascii") as own:
        before = next(line for line in own if line.startswith("0::"))[3:].strip()
    pod.join()
    try:
        yield
    finally:
        with open(f"{lab.ROOT}{before}/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write(str(os.getpid()))


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(60)
    sock.connect(path)
    return lab.Http(sock)


class Stage:
    """A daemon, a pod with a secret of each size, and connections that tell where a count begins and ends."""

    def __init__(self, **start):
        self.pods = {account: lab.Pod("app", account) for account in VALUES}
        self.daemon = lab.Daemon(self.pods.values(), **OPTIONS)
        try:
            self.daemon.start(preexec_fn=pin, **start)
            self.root = self.daemon.root()
            for account, value in VALUES.items():
                assert self.daemon.put(value, f"app/{account}", http=self.root).status == 200
            with inside(self.pods["small"]):
                self.marker = connect(self.daemon.public)
        except BaseException:
            self.close()
            raise

    def mark(self):
        """Asked for by no workload, so that a count can be cut here."""
        assert self.marker.get("/v1/whoami").status == 200

    def close(self):
        try:
            self.daemon.close()
        finally:
            for pod in self.pods.values():
                pod.close()


# ---- the workloads: each makes ready, and gives a function that makes COUNT requests ----------------


def ask(http, request, status):
    http.send(request)
    answer = http.answer()
    assert answer.status == status, answer
    return answer


def get(stage, account, field=""):
    with inside(stage.pods[account]):
        http = connect(stage.daemon.public)
    status = 304 if field else 200
    if field:
        field = f"{field}: {ask(http, (SECRET + chr(13) + chr(10)).encode(), 200).headers['etag']}\r\n"
    request = f"{SECRET}{field}\r\n".encode()

    def run(count):
        for _ in range(count):
            ask(http, request, status)

    return run


def connect_get(stage):
    def run(count):
        with inside(stage.pods["small"]):
            for _ in range(count):
                http = connect(stage.daemon.public)
                ask(http, f"{SECRET}\r\n".encode(), 200)
                http.close()

    return run


def put(stage):
    body = json.dumps({"workloads": ["written"], "namespaces": ["app"], "value": VALUES["small"]})
    head = f"POST /sentinel/v1/secrets HTTP/1.1\r\nHost: vsecm\r\nContent-Length: {len(body)}\r\n\r\n"

    def run(count):
        for _ in range(count):
            ask(stage.root, (head + body).encode(), 200)

    return run


def many(stage, depth):
    with inside(stage.pods["small"]):
        clients = [connect(stage.daemon.public) for _ in range(CLIENTS)]
    requests = f"{SECRET}\r\n".encode() * depth

    def run(count):
        assert count % (CLIENTS * depth) == 0
        for _ in range(count // (CLIENTS * depth)):
            for http in clients:
                http.send(requests)
            for http in clients:
                for _ in range(depth):
                    assert http.answer().status == 200

    return run


# Name, what makes it ready, how many requests come first and are not counted, how many are.
WORKLOADS = [
    ("get-64", lambda stage: get(stage, "small"), 200, 2000),
    ("get-1k", lambda stage: get(stage, "large"), 200, 2000),
    ("get-304", lambda stage: get(stage, "small", "If-None-Match"), 200, 2000),
    ("connect-get", connect_get, 100, 1000),
    ("put-64", put, 100, 500),
    ("clients-50", lambda stage: many(stage, 1), 200, 4000),
    ("pipelined-50", lambda stage: many(stage, DEPTH), 800, 8000),
]


def play(stage):
    """All of them; after each mark something else is to be counted: what came first, or one of WORKLOADS."""
    with ahead():
        for _, ready, first, count in WORKLOADS:
            run = ready(stage)
            run(first)
            for part in (first, first + count):
                stage.mark()
                run(part)
            stage.mark()
