# SPDX-License-Identifier: BSD-2-Clause
"""A vsecm-sync that says what a test tells it to: the messages of userspace/wire/wire.h, written a second time."""

import collections
import contextlib
import socket
import struct
import threading
import time

ABI = "2"
UID = 65532

# What vsecm-sync says, then what the core says; with the number of fields of each.
KINDS = [
    ("none", 0),
    ("hello", 3), ("reset", 1), ("synced", 1), ("pod", 7), ("pod-gone", 1), ("binding", 5), ("binding-gone", 1),
    ("seen", 10), ("gone", 3), ("node", 5), ("node-gone", 1), ("key", 5), ("key-gone", 0), ("api", 2), ("leader", 1),
    ("drift", 2), ("secret", 9), ("version", 3), ("token", 1), ("review", 4), ("result", 3),
    ("welcome", 1), ("get", 2), ("put", 10), ("delete", 4), ("status", 7), ("history", 2), ("event", 6),
    ("node-put", 5), ("node-delete", 1), ("key-put", 4), ("key-get", 0), ("token-get", 0), ("token-review", 2),
    ("export", 4), ("export-delete", 2), ("health", 3),
]
NUMBERS = {name: number for number, (name, _) in enumerate(KINDS)}
HEAD = struct.Struct("=IHHQ")  # bytes in all, kind, fields, number of the request

Message = collections.namedtuple("Message", "kind number fields")


class Speaker:
    """One end of the connection, from a cgroup and of a uid."""

    def __init__(self, place, path, uid=UID):
        self.sock = place.connect(path, uid=uid).sock
        self.buffer = b""
        self.saying = threading.Lock()

    def say(self, kind, *fields, number=0):
        count = dict(KINDS)[kind]
        fields = [field.encode() for field in fields] + [b""] * (count - len(fields))
        assert len(fields) == count, (kind, fields)
        body = b"".join(struct.pack("=I", len(field)) + field for field in fields)
        with self.saying:
            self.sock.sendall(HEAD.pack(HEAD.size + len(body), NUMBERS[kind], count, number) + body)

    def needed(self):
        """Bytes of the next message, as far as they can be told."""
        return HEAD.unpack_from(self.buffer)[0] if len(self.buffer) >= HEAD.size else HEAD.size

    def hear(self, seconds=10):
        """The next message, or nothing when the other end has closed."""
        self.sock.settimeout(seconds)
        while len(self.buffer) < max(self.needed(), HEAD.size):
            try:
                data = self.sock.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.buffer += data
        size, kind, count, number = HEAD.unpack_from(self.buffer)
        body, self.buffer = self.buffer[HEAD.size:size], self.buffer[size:]
        fields = []
        while body:
            length = struct.unpack_from("=I", body)[0]
            fields.append(body[4:4 + length].decode())
            body = body[4 + length:]
        assert (count, len(fields)) == (KINDS[kind][1], count), (kind, count, fields)
        return Message(KINDS[kind][0], number, fields)

    def hear_kind(self, kind, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            message = self.hear(seconds)
            assert message, f"closed before {kind}"
            if message.kind == kind:
                return message
        raise AssertionError(f"no {kind} in {seconds} s")

    def is_closed(self):
        """The other end closes, whatever it has said before."""
        try:
            while self.hear(5):
                pass
        except socket.timeout:
            return False
        return True

    def greet(self, node="node-1"):
        self.say("hello", ABI, node, "test")
        assert self.hear_kind("welcome").fields == [ABI]
        self.say("api", "1")
        return self

    def pod(self, pod, labels="", phase="Running"):
        self.say("pod", pod.uid, pod.namespace, pod.name, pod.account, labels, pod.container, phase)

    def list_pods(self, *pods):
        self.say("reset", "pods")
        for pod in pods:
            self.pod(pod)
        self.say("synced", "pods")

    def list_bindings(self, *bindings):
        self.say("reset", "bindings")
        for binding in bindings:
            self.say("binding", *binding)
        self.say("synced", "bindings")

    def hang_up(self):
        """Whoever waits in hear() hears the end."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.sock.close()
