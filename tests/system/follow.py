# SPDX-License-Identifier: BSD-2-Clause
"""Following a secret by hand: the events of a watch, the bytes of a shared page."""

import array
import contextlib
import fcntl
import json
import mmap
import os
import socket
import struct
import time

F_GET_SEALS = 1034
SEALS = 0x1 | 0x2 | 0x4 | 0x10  # SEAL, SHRINK, GROW, FUTURE_WRITE
KEEPER_DIED = 0x40000000
VALUE, ABSENT, MOVED, REVOKED = 1, 2, 3, 4
NO_SECRET, NOT_YET, EXPIRED, WITHHELD = 1, 2, 3, 4
HEAD = struct.Struct("<QIIIIIIQqqq")
NAMES = "magic capacity keeper sequence state reason length version created updated expires".split()


class Watch:
    """A watch on an Http connection."""

    def __init__(self, http, last_id=None):
        self.http = http
        fields = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        http.send(f"GET /v1/watch HTTP/1.1\r\nHost: vsecm\r\n{fields}\r\n".encode())
        while b"\r\n\r\n" not in http.buffer:
            assert http.more(), "closed before the head"
        head, http.buffer = http.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode()

    def block(self):
        """The next event or comment, as it is."""
        while b"\n\n" not in self.http.buffer:
            if not self.http.more():
                raise ConnectionError("the stream ended")
        text, self.http.buffer = self.http.buffer.split(b"\n\n", 1)
        return text.decode()

    def next(self):
        """(id, event, data) of the next event, which comes before a sign of life does."""
        text = self.block()
        assert not text.startswith(":"), text
        fields = [line.split(": ", 1) for line in text.split("\n")]
        assert [name for name, _ in fields] == ["id", "event", "data"], text
        return fields[0][1], fields[1][1], json.loads(fields[2][1])

    def value(self):
        _, event, data = self.next()
        assert event == "secret", (event, data)
        return data["data"]

    def reason(self):
        _, event, data = self.next()
        assert event == "absent", (event, data)
        return data["reason"]

    def is_silent(self, seconds=0.4):
        self.http.sock.settimeout(seconds)
        try:
            return not self.http.buffer and self.http.more() and False
        except (TimeoutError, socket.timeout):
            return True
        finally:
            self.http.sock.settimeout(20)

    def close(self):
        self.http.close()


class Page:
    """A shared page, asked for on an Http connection that stays open."""

    def __init__(self, http):
        self.http = http
        http.send(b"GET /v1/page HTTP/1.1\r\nHost: vsecm\r\n\r\n")
        data, control, _, _ = http.sock.recvmsg(4096, socket.CMSG_SPACE(16))
        http.buffer += data
        self.answer = http.answer()
        self.fds = array.array("i")
        for level, kind, content in control:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            self.fds.frombytes(content[: len(content) // 4 * 4])
        self.memory = None
        if self.answer.status == 200:
            assert len(self.fds) == 1, self.fds
            self.memory = mmap.mmap(self.fds[0], 0, mmap.MAP_SHARED, mmap.PROT_READ)

    def head(self):
        return dict(zip(NAMES, HEAD.unpack_from(self.memory)))

    def read(self):
        """(head, value), whole."""
        while True:
            head = self.head()
            value = self.memory[128 : 128 + head["length"]]
            if head["sequence"] % 2 == 0 and self.head() == head:
                return head, value

    def until(self, condition, seconds=5):
        """Wait until CONDITION of the head; (head, value) then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            head, value = self.read()
            if condition(head):
                return head, value
            time.sleep(0.001)
        raise AssertionError(f"the page stayed as it is: {self.head()}")

    def rest(self):
        """All bytes behind the value."""
        head, _ = self.read()
        return self.memory[128 + head["length"] :]

    def seals(self):
        return fcntl.fcntl(self.fds[0], F_GET_SEALS)

    def close(self):
        self.http.close()
        if self.memory:
            self.memory.close()
        for fd in self.fds:
            with contextlib.suppress(OSError):
                os.close(fd)
