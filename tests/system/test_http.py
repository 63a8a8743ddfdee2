# SPDX-License-Identifier: BSD-2-Clause
"""What is no request, what is too much of one, and what comes in pieces."""

import base64
import json
import os
import socket
import subprocess
import time

from lab import wait_until, world

WHO = b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"POST /sentinel/v1/secrets HTTP/1.1\r\nHost: x\r\n"


def everything(connection, data):
    """All that comes back for DATA until the daemon closes."""
    try:
        connection.send(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    try:
        while connection.more():
            pass
    except ConnectionResetError:
        pass
    return connection.buffer


def test_refused_shapes():
    """what two readers could understand differently gets one refusal and a closed connection"""
    shapes = {
        "two Content-Lengths": (PUT + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
        "two that differ": (PUT + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\nhello", 400),
        "a list of lengths": (PUT + b"Content-Length: 5, 5\r\n\r\nhello", 400),
        "a signed length": (PUT + b"Content-Length: +5\r\n\r\nhello", 400),
        "a length too long": (PUT + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
        "chunked and length": (
            PUT + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        "chunked": (PUT + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        "bare LF": (b"GET /v1/whoami HTTP/1.1\nHost: x\n\n", 400),
        "one bare LF": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\n\r\n", 400),
        "bare CR": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400),
        "NUL in the target": (b"GET /v1/who\0ami HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        "NUL in a value": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400),
        "folded line": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
        "space before the colon": (b"GET /v1/whoami HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        "no Host": (b"GET /v1/whoami HTTP/1.1\r\n\r\n", 400),
        "two Hosts": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        "absolute form": (b"GET http://x/v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        "HTTP/2.0": (b"GET /v1/whoami HTTP/2.0\r\nHost: x\r\n\r\n", 400),
        "two spaces": (b"GET  /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        "a body for a GET": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413),
        "a long header": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000 + b"\r\n\r\n", 431),
        "many headers": (b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        "a long target": (b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        "noise": (os.urandom(3000).replace(b"\n", b"") + b"\r\n", 400),
        "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\n" * 10, 400),
    }
    with world() as (daemon,):
        for name, (data, status) in shapes.items():
            # A request behind it must not be answered: nothing there can be trusted.
            answers = everything(daemon.root(), data + WHO)
            assert answers.startswith(b"HTTP/1.1 %d " % status), (name, answers[:80])
            assert answers.count(b"HTTP/1.1 ") == 1, (name, answers)
            assert b'{"error":' in answers and b"Connection: close" in answers, name
        assert daemon.root().get("/v1/whoami").status == 200


def test_methods_and_paths():
    """unknown paths are 404, unknown methods 405 with Allow; the connection goes on"""
    with world() as (daemon,):
        connection = daemon.root()
        for path in ("/", "/v1", "/v1/whoami/", "/v1/value/a/b", "/V1/whoami", "/%761/whoami"):
            assert connection.get(path).status == 404, path
        answer = connection.request("PUT", "/sentinel/v1/secrets")
        assert answer.status == 405 and answer.headers["allow"] == "GET, POST, DELETE", answer
        assert connection.request("HEAD", "/v1/whoami").status == 405
        assert connection.get("/v1/whoami").status == 200


def test_pipelining():
    """many requests in one piece are answered in order, and half a piece more is waited for"""
    with world("web", requests_per_second=0) as (daemon, web):
        daemon.put("value", "app/web")
        connection = web.connect(daemon.public)
        value = b"GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.send((value + WHO) * 400 + value[:20])
        for _ in range(400):
            assert connection.answer().body == b"value"
            assert b'"workload":"web"' in connection.answer().body
        connection.send(value[20:])
        assert connection.answer().body == b"value"


def test_turns():
    """each request goes where it says, whatever the one before it on the connection was"""
    with world("web", requests_per_second=0) as (daemon, web):
        daemon.put('{"member": "inside"}', "app/web")
        body = b"x" * 10
        requests = [(b"GET /v1/value", b'{"member": "inside"}'), (b"GET /v1/value/member", b"inside"),
                    (b"GET /v1/value/other", b"no such member"), (b"GET /v1/nowhere", b"nothing at this path"),
                    (b"GET /v1/whoami", b'"workload":"web"'), (b"HEAD /v1/value", b""),
                    (b"POST /v1/shield", b"error"), (b"GET /v1/value?x=y", b'{"member": "inside"}')]
        connection = web.connect(daemon.public)
        for first in requests:
            for second in requests:
                for line, expected in (first, second, second, first):
                    tail = b"Content-Length: 10\r\n\r\n" + body if line.startswith(b"POST") else b"\r\n"
                    connection.send(line + b" HTTP/1.1\r\nHost: x\r\n" + tail)
                    answer = connection.answer()
                    assert expected in answer.body, (first, second, answer)


def test_pieces():
    """a request that comes byte by byte is one request"""
    with world() as (daemon,):
        body = b'{"workloads":["w"],"value":"in pieces"}'
        connection = daemon.root()
        for byte in PUT + b"Content-Length: %d\r\n\r\n" % len(body) + body + WHO:
            connection.send(bytes([byte]))
        assert connection.answer().body == b"OK"
        assert connection.answer().status == 200


def test_half_close():
    """a client that shuts its sending side gets all its answers, then the end"""
    with world() as (daemon,):
        connection = daemon.root()
        connection.send(WHO * 200)
        connection.sock.shutdown(socket.SHUT_WR)
        answers = everything(connection, b"")
        assert answers.count(b"HTTP/1.1 200 OK") == 200
        connection = daemon.root()
        connection.sock.shutdown(socket.SHUT_WR)
        assert connection.is_closed()


def test_http_1_0():
    """HTTP/1.0 and Connection: close are answered and closed"""
    with world() as (daemon,):
        answers = everything(daemon.root(), b"GET /v1/whoami HTTP/1.0\r\n\r\n")
        assert answers.startswith(b"HTTP/1.1 200 OK")
        connection = daemon.root()
        assert connection.get("/v1/whoami", Connection="close").headers["connection"] == "close"
        assert connection.is_closed()


def test_slow_head_and_body():
    """a request that does not arrive in time gets 408; one that does is served"""
    with world(header_timeout="500ms", body_timeout="500ms") as (daemon,):
        for part in (b"GET /v1/who", PUT + b"Content-Length: 50\r\n\r\n{"):
            connection = daemon.root()
            start = time.monotonic()
            # Dripping does not buy more time.
            for byte in part:
                connection.send(bytes([byte]))
            answers = everything(connection, b"")
            assert answers.startswith(b"HTTP/1.1 408 "), answers
            assert 0.2 < time.monotonic() - start < 5
        idle = daemon.root()
        time.sleep(1)
        assert idle.get("/v1/whoami").status == 200, "an idle connection has longer"


def test_idle():
    """an idle connection is closed without a word when its time is over"""
    with world(idle_timeout="1s") as (daemon,):
        connection = daemon.root()
        assert connection.get("/v1/whoami").status == 200
        assert connection.is_closed()


def test_large_values():
    """1 MiB goes in and comes out whole, in JSON and by curl with Expect; more is 413"""
    with world("web") as (daemon, web):
        connection = web.connect(daemon.public)
        for value in ("x" * (1 << 20), "\x01\"\\" * 349525, "\u20ac" * 349525):
            assert daemon.put(value, "app/web").status == 200
            assert connection.get("/v1/value").body == value.encode()
            assert json.loads(connection.get("/workload/v1/secrets").body)["data"] == value
        answer = daemon.put("x" * ((1 << 20) + 1), "app/web")
        assert answer.status == 413 and b"1048577" in answer.body, answer
        assert connection.get("/v1/value").body == value.encode(), "what was there stays"
        connection = daemon.root()
        connection.send(PUT + b"Content-Length: 7000000\r\n\r\n")
        assert connection.answer().status == 413 and connection.is_closed()
        body = json.dumps({"workloads": ["web"], "namespaces": ["app"], "value": "\x02" * 400000})
        curl = ["curl", "-sSv", "--unix-socket", daemon.admin, "-H", "Expect: 100-continue", "-d", "@-"]
        done = subprocess.run(
            [*curl, "http://x/sentinel/v1/secrets"], input=body.encode(), capture_output=True, check=True
        )
        assert done.stdout == b"OK" and b"HTTP/1.1 100 Continue" in done.stderr, done


def test_binary_value():
    """bytes that are no text go in and out in base64, and bare by /v1/value"""
    with world("web") as (daemon, web):
        for value in (bytes(range(256)) * 40, b"\0", b"\xff", b"a\0b"):
            encoded = base64.b64encode(value).decode()
            assert daemon.put(encoded, "app/web", encoding="base64").status == 200
            connection = web.connect(daemon.public)
            assert connection.get("/v1/value").body == value
            secret = json.loads(connection.get("/workload/v1/secrets").body)
            if secret.get("encoding") == "base64":
                assert base64.b64decode(secret["data"]) == value
            else:
                assert secret["data"].encode() == value


def test_early_close():
    """clients that go away at any moment leave nothing behind"""
    with world("web") as (daemon, web):
        daemon.put("x" * 200000, "app/web")
        request = b"GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n"
        for cut in range(0, len(request) + 1, 3):
            connection = web.connect(daemon.public)
            connection.send(request[:cut])
            connection.close()
        for _ in range(50):
            connection = web.connect(daemon.public)
            connection.send(request * 3)
            connection.sock.recv(100)
            connection.close()
        wait_until(lambda: daemon.status()["connections"]["open"] == 1, what="their end")
