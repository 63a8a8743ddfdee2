# SPDX-License-Identifier: BSD-2-Clause
"""System calls: the real vsecmd, with all its protections, under strace."""

import collections
import re
import tempfile

import lab
import workloads

CALL = re.compile(r"\d+ +(\w+)\((\w*)")  # what was interrupted by another thread's is resumed in a line of its own
# Once in 256 KiB of audit records, the next stretch of its file.
WINDOW = {"fallocate", "pwrite64", "mmap", "munmap", "madvise"}


class Count:
    """Calls by name, without those of the daemon's own timer and of the audit trail's windows."""

    def __init__(self):
        self.calls = collections.Counter()

    def add(self, line, timer):
        call = CALL.match(line)
        if not call or call[1] in WINDOW or call[1] == "timerfd_settime":
            return
        if call[1] == "read" and call[2] == timer:
            self.calls["epoll_wait"] -= 1  # the turn that it was read in
        elif "{events=EPOLLIN," not in line or "EPOLL_CTL_MOD" not in line:  # listeners, looked at by the timer
            self.calls[call[1]] += 1


def is_mark(line):
    """The answer to one. Its request is in secret memory, which not even a tracer can read."""
    return "sendmsg(" in line and "tier" in line


def read(trace):
    with open(trace, encoding="ascii", errors="replace") as file:
        lines = file.readlines()
    timer = next(re.search(r"= (\d+)$", line)[1] for line in lines if "timerfd_create(" in line)
    parts = [Count()]
    for line in lines:
        if is_mark(line):
            parts.append(Count())
        parts[-1].add(line, timer)
    return [part.calls for part in parts]


def is_whole(trace):
    with open(trace, encoding="ascii", errors="replace") as file:
        return file.read().rstrip().endswith("+++")


def count():
    """System calls per request by workload, each a table by name."""
    with tempfile.NamedTemporaryFile(prefix="vsecm-cost-") as trace:
        # -D: the daemon is our child, as elsewhere, and strace is not in between.
        stage = workloads.Stage(prefix=("strace", "-D", "-f", "-q", "-s", "24", "-o", trace.name))
        try:
            workloads.play(stage)
        finally:
            stage.close()
        lab.wait_until(lambda: is_whole(trace.name), what="the end of strace's output")
        parts = read(trace.name)
    found = {}
    for at, (workload, _, _, requests) in enumerate(workloads.WORKLOADS):
        more, less = parts[3 * at + 2], parts[3 * at + 1]
        found[workload] = {name: (more[name] - less[name]) / requests for name in more | less}
    return found
