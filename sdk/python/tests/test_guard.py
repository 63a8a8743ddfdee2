# SPDX-License-Identifier: BSD-2-Clause
"""Shields, guarded files and too many requests, against a server that says what a test wants."""

import array
import os
import resource
import socket
import tempfile
import threading
import time
import unittest

import vsecm

SHIELDED = ("200 OK", '{"shielded":true}')
BUSY = ("429 Too\r\nRetry-After: 1", '{"message":"too fast"}')


class Server:
    """Says one of SAYS on each connection; keeps what it received. A request that expects so is asked for its
    body first."""

    def __init__(self, *says):
        self._directory = tempfile.TemporaryDirectory()
        self.path = self._directory.name + "/socket"
        self.got = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._run, args=(says,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        self._directory.cleanup()

    def _run(self, says):
        for line, body in says:
            connection, _ = self._listener.accept()
            with connection:
                request = connection.recv(4096).decode()
                if "\r\nExpect: 100-continue\r\n" in request and line.startswith("200"):
                    request += self._ask(connection)
                self.got.append(request)
                connection.sendall(f"HTTP/1.1 {line}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    @staticmethod
    def _ask(connection):
        connection.settimeout(0.02)
        try:
            return "(too early)" + connection.recv(4096).decode()
        except socket.timeout:
            connection.settimeout(5)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, control, _, _ = connection.recvmsg(4096, 256)
        said = body.decode()
        for _, _, data in control:
            for fd in array.array("i", data):
                said += " " + os.readlink(f"/proc/self/fd/{fd}")
                os.close(fd)
        return said


class Guards(unittest.TestCase):
    def test_shield(self):
        with Server(SHIELDED, SHIELDED) as server, vsecm.Client(server.path) as client:
            client.shield()
            client.shield(children=True)  # which finds its connection closed
            self.assertEqual(server.got, [
                "POST /v1/shield HTTP/1.1\r\nHost: vsecm\r\nContent-Length: 0\r\n\r\n",
                'POST /v1/shield HTTP/1.1\r\nHost: vsecm\r\nContent-Length: 17\r\n\r\n{"children":true}'])
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        self.assertEqual(soft, hard)
        self.assertLessEqual(hard, 1)

    def test_guard(self):
        with Server(("200 OK", '{"guarded":2}')) as server, vsecm.Client(server.path) as client, \
                tempfile.NamedTemporaryFile() as one, tempfile.NamedTemporaryFile() as two:
            client.guard(one, two.fileno())
            self.assertTrue(server.got[0].endswith(f'\r\n\r\n{{"files":2}} {one.name} {two.name}'), server.got)

    def test_invalid(self):
        with Server() as server, vsecm.Client(server.path) as client, tempfile.TemporaryFile() as file:
            closed = open(os.devnull, "wb")
            closed.close()
            for files in ((), (file,) * 17, (closed,), (987,)):
                with self.assertRaises(vsecm.Invalid, msg=files):
                    client.guard(*files)

    def test_refused(self):
        for say, error in ((("501 No", '{"message":"tier cgroup"}'), vsecm.Unsupported),
                           (("404 No", "{}"), vsecm.Unsupported), (("409 No", "{}"), vsecm.Conflict),
                           (("400 No", "{}"), vsecm.Invalid), (("200 OK", '{"guarded":2}'), vsecm.ProtocolError),
                           (("200 OK", '{"guarded":true}'), vsecm.ProtocolError),
                           (("200 OK", "[]"), vsecm.ProtocolError), (BUSY, vsecm.TooMany)):
            with Server(say) as server, vsecm.Client(server.path) as client, tempfile.TemporaryFile() as file:
                with self.assertRaises(error, msg=say):
                    client.guard(file)


class TooMany(unittest.TestCase):
    def test_get(self):
        with Server(BUSY) as server, vsecm.Client(server.path) as client:
            with self.assertRaises(vsecm.TooMany) as caught:
                client.get()
            self.assertEqual((str(caught.exception), caught.exception.retry_after), ("too fast", 1.0))
            self.assertIsInstance(caught.exception, vsecm.Unavailable)

    def test_watch(self):
        with Server(BUSY, ("403 No", '{"message":"over"}')) as server:
            begun = time.monotonic()
            with self.assertRaises(vsecm.Forbidden):
                vsecm.Watch(server.path).next(10)
            self.assertGreaterEqual(time.monotonic() - begun, 1)
            self.assertEqual(len(server.got), 2)


if __name__ == "__main__":
    unittest.main()
