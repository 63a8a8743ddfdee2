# SPDX-License-Identifier: BSD-2-Clause
"""runner.py SOCKET: does by the Python SDK what it is asked to, line by line (run.py has the language)."""

import sys

import vsecm

CLASSES = {
    vsecm.NotFound: "not-found", vsecm.Forbidden: "forbidden", vsecm.Unavailable: "unavailable",
    vsecm.Unreachable: "unreachable", vsecm.ProtocolError: "protocol", vsecm.Invalid: "invalid",
    vsecm.Timeout: "timeout", vsecm.Expired: "expired",
}


class Runner:
    def __init__(self, path):
        self.path = path
        self.client = self.following = self.shared = None

    def connected(self):
        self.client = self.client or vsecm.Client(self.path)
        return self.client

    def get(self):
        with self.connected().get() as secret:
            return answer(secret)

    def member(self, name):
        with self.connected().get_member(bytes.fromhex(name).decode()) as secret:
            return answer(secret)

    def empty(self):
        return answer(self.connected().get_member(""))

    def whoami(self):
        who = self.connected().whoami()
        return " ".join(["who", *(text or "-" for text in (
            who.namespace, who.workload, who.pod, who.service_account, who.reason and "stranger"))])

    def watch(self, last_id=""):
        self.following = vsecm.Watch(self.path, last_id)
        return "done"

    def next(self, milliseconds):
        event = self.following.next(int(milliseconds) / 1000)
        if not event.secret:
            return f"absent {event.id} {event.reason}"
        with event.secret as secret:
            return f"secret {event.id} {answer(secret)}"

    def page(self):
        self.shared = vsecm.Page(self.path)
        return "done"

    def read(self):
        return answer(self.shared.read())

    def wait(self, milliseconds):
        return "changed" if self.shared.wait(int(milliseconds) / 1000) else "error timeout"

    def stale(self):
        return "stale" if self.shared.stale else "kept"

    def close(self):
        for one in (self.client, self.following, self.shared):
            if one:
                one.close()
        self.client = self.following = self.shared = None
        return "done"


def answer(secret):
    times = [time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in (secret.created, secret.updated)]
    return " ".join(["value", str(secret.version), *times, bytes(secret).hex()])


def main():
    runner = Runner(sys.argv[1])
    for line in sys.stdin:
        ask, *words = line.split()
        try:
            said = getattr(runner, ask)(*words)
        except vsecm.Error as error:
            said = "error " + CLASSES[next(kind for kind in type(error).__mro__ if kind in CLASSES)]
        print(said, flush=True)


if __name__ == "__main__":
    main()
