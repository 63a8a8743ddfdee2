# SPDX-License-Identifier: BSD-2-Clause
"""The parts that need no daemon."""

import fcntl
import mmap
import os
import struct
import threading
import time
import unittest

import vsecm
from vsecm import _memory, _page
from vsecm._head import Head
from vsecm._watch import parse_event

TIMES = b'"created":"2026-01-02T03:04:05Z","updated":"2026-01-02T03:04:06.5Z"'


class Events(unittest.TestCase):
    def test_secret(self):
        event = parse_event(b'id: 7.0a\nevent: secret\ndata: {"data":"AP8=","encoding":"base64",' + TIMES + b"}")
        self.assertEqual((event.id, bytes(event.secret), event.secret.version), ("7.0a", b"\0\xff", 7))

    def test_absent(self):
        event = parse_event(b'id: 0\nevent: absent\ndata: {"reason":"no-secret","message":"m"}')
        self.assertEqual((event.secret, event.reason, event.message), (None, vsecm.NO_SECRET, "m"))

    def test_none(self):
        for block in (b"", b": still here", b"id: 1\nevent: later\ndata: {}"):
            self.assertIsNone(parse_event(block), block)

    def test_bad(self):
        for block in (b"event: secret\ndata: {}", b"id: 1\nevent: secret", b"id: 1\nevent: secret\ndata: {}",
                      b"id: 1\nevent: absent\ndata: x", b"id: 1\nevent: absent\ndata: {}\ndata: {}",
                      b'id: 1\nevent: secret\ndata: {"data":"A","encoding":"base64",' + TIMES + b"}"):
            with self.assertRaises(vsecm.ProtocolError, msg=block):
                parse_event(block)


class Heads(unittest.TestCase):
    def test_good(self):
        head = Head(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVSECM-Version:  3 \r\n\r\n")
        self.assertEqual((head.status, head.number("content-length"), head.number("vsecm-version")), (200, 5, 3))

    def test_bad(self):
        for data in (b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n", b"\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n", b"HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
            with self.assertRaises(vsecm.ProtocolError, msg=data):
                Head(data)


class Secrets(unittest.TestCase):
    def test_shown_and_wiped(self):
        memory = _memory.locked(7)
        memory[:7] = b"hunter2"
        secret = vsecm.Secret(memory, 7, 1, _page._EPOCH, _page._EPOCH)
        self.assertNotIn("hunter", repr(secret) + str(secret))
        with secret:
            self.assertEqual(secret.text(), "hunter2")
        self.assertEqual((len(secret), memory[:7]), (0, bytes(7)))


class Closed:
    def close(self):
        pass


class Pages(unittest.TestCase):
    """The daemon's side is the test's own, in a memfd: what include/page_abi.h says of it."""

    def setUp(self):
        fd = os.memfd_create("page", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        size = 4 * mmap.PAGESIZE
        os.ftruncate(fd, size)
        self.memory = mmap.mmap(fd, size)
        struct.pack_into("=QII", self.memory, 0, _page._MAGIC, size - 128, os.getpid())
        with self.assertRaises(vsecm.ProtocolError):
            _page._Mapping(fd, Closed())  # it could shrink
        fcntl.fcntl(fd, 1033, _page._F_SEAL_SHRINK)
        self.mapping = _page._Mapping(fd, Closed())
        os.close(fd)

    def write(self, sequence, fill, length, expires=_page._NEVER):
        struct.pack_into("=I", self.memory, 16, sequence - 1)
        struct.pack_into("=IIIQqqq", self.memory, 20, 1, 0, length, sequence, 0, 0, expires)
        self.memory[128:128 + length] = bytes([fill]) * length
        struct.pack_into("=I", self.memory, 16, sequence)

    def page(self):
        page = vsecm.Page.__new__(vsecm.Page)
        page._path, page._lock, page._backoff = "/nowhere", threading.Lock(), _page.Backoff()
        page._retry_at, page._closed, page._given = 0.0, False, None
        page._last = self.mapping.snapshot()
        return page

    def test_never_torn(self):
        self.write(2, 1, 1000)
        page, done = self.page(), threading.Event()

        def keep_writing():
            for number in range(2, 3000):
                self.write(2 * number, number % 256, 1000 + number % 1000)
            done.set()

        threading.Thread(target=keep_writing).start()
        seen = set()
        while True:
            last = done.is_set()
            secret = page.read()
            value, number = bytes(secret), secret.version // 2
            self.assertEqual(value, value[:1] * (1000 + number % 1000 if number > 1 else 1000))
            seen.add(number)
            if last:
                break
        self.assertIn(2999, seen)

    def test_expiry(self):
        self.write(2, 1, 5, time.time_ns() // 1000 + 50000)
        page = self.page()
        self.assertEqual(len(page.read()), 5)
        time.sleep(0.06)
        with self.assertRaises(vsecm.Expired):
            page.read()

    def test_keeper_died(self):
        self.write(2, 120, 5)
        page = self.page()
        self.assertFalse(page.stale)
        struct.pack_into("=II", self.memory, 12, _page._KEEPER_DIED, 3)  # in the middle of a write
        self.assertEqual((page.read().text(), page.stale), ("xxxxx", True))

    def test_fence(self):
        fence = _memory._make_fence()  # what other machines use
        for _ in range(3):
            fence()


if __name__ == "__main__":
    unittest.main()
