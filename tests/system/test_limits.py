# SPDX-License-Identifier: BSD-2-Clause
"""Limits: connections, floods, slow readers, a full arena. One pod never costs another its answers."""

import array
import fcntl
import json
import os
import resource
import termios
import threading
import time

from lab import Cgroup, Daemon, wait_until, world

VALUE = b"GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n"


def test_connections_per_pod():
    """a pod's connections are limited, and it is told; another pod is not affected"""
    with world("a", "b", max_connections_per_pod=8) as (daemon, a, b):
        daemon.put("of a", "app/a")
        daemon.put("of b", "app/b")
        kept = [a.connect(daemon.public) for _ in range(8)]
        assert all(c.get("/v1/value").status == 200 for c in kept)
        over = a.connect(daemon.public)
        answer = over.answer()
        assert answer.status == 503 and b"at most 8" in answer.body and over.is_closed()
        assert b.connect(daemon.public).get("/v1/value").status == 200
        kept.pop().close()
        wait_until(lambda: daemon.status()["connections"]["open"] <= 9, what="the close")
        assert a.connect(daemon.public).get("/v1/value").status == 200
        assert any(r["reason"] == "too-many-connections" for r in daemon.records())


def test_connections_of_strangers():
    """all strangers share one limit, whatever cgroups they make"""
    cgroups = [Cgroup(f"/user.slice/user-1000.slice/vsecm-{i}.scope") for i in range(6)]
    try:
        with world("a", max_connections_per_pod=4) as (daemon, a):
            daemon.put("of a", "app/a")
            connections = [cgroup.connect(daemon.public) for cgroup in cgroups]
            statuses = [c.get("/v1/value").status for c in connections[:4]]
            statuses += [c.answer().status for c in connections[4:]]
            assert statuses == [403] * 4 + [503] * 2, statuses
            assert a.connect(daemon.public).get("/v1/value").status == 200
    finally:
        for cgroup in reversed(cgroups):
            cgroup.close()


def test_connections_in_all():
    """the limit in all closes what is too much, but never shuts an administrator out"""
    with world("a", max_connections=16, max_connections_per_pod=16) as (daemon, a):
        daemon.put("of a", "app/a")
        kept = [a.connect(daemon.public) for _ in range(12)]
        assert all(c.get("/v1/value").status == 200 for c in kept)
        assert a.connect(daemon.public).is_closed()
        assert daemon.status()["connections"]["open"] == 13
        for connection in kept:
            connection.close()
        wait_until(lambda: connected(daemon), what="a free place")
        assert a.connect(daemon.public).get("/v1/value").status == 200


def connected(daemon):
    try:
        return daemon.status()["connections"]["open"] == 1
    except ConnectionError:
        return False


def flood(connection, stop, reads):
    """Pipeline as fast as the socket takes it; READS: take the answers, too."""
    connection.sock.setblocking(False)
    while not stop.is_set():
        try:
            connection.sock.send(VALUE * 100)
        except BlockingIOError:
            pass
        except OSError:
            return
        if reads:
            try:
                connection.sock.recv(1 << 20)
            except BlockingIOError:
                time.sleep(0.0005)
            except OSError:
                return
        else:
            time.sleep(0.01)


def test_flood():
    """a pod that floods on 64 connections, and never reads on 32 of them, delays nobody"""
    with world("a", "b", write_timeout="2s") as (daemon, a, b):
        daemon.put("x" * 100000, "app/a")
        daemon.put("of b", "app/b")
        quiet = b.connect(daemon.public)
        stop = threading.Event()
        threads = [
            threading.Thread(target=flood, args=(a.connect(daemon.public), stop, i % 2 == 0))
            for i in range(64)
        ]
        assert daemon.status()["connections"]["open"] >= 64
        for thread in threads:
            thread.start()
        try:
            times = []
            for _ in range(200):
                start = time.monotonic()
                assert quiet.get("/v1/value").body == b"of b"
                times.append(time.monotonic() - start)
            times.sort()
            print(f"# under the flood: p50 {times[100] * 1e3:.1f} ms, max {times[-1] * 1e3:.1f} ms")
            assert times[-1] < 2, times[-5:]
            # Those that never read are closed when their time is over.
            wait_until(lambda: daemon.status()["connections"]["timedOut"] >= 32, 30, "the time-outs")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert quiet.get("/v1/value").body == b"of b"


def test_fair_turns():
    """however much a pod has waiting, only a small share of it goes before another's request"""
    with world("a", "b", requests_per_second=0) as (daemon, a, b):
        daemon.put("of a", "app/a")
        daemon.put("of b", "app/b")
        many, quiet = [a.connect(daemon.public) for _ in range(200)], b.connect(daemon.public)
        assert all(c.get("/v1/value").status == 200 for c in (*many, quiet))
        before = len(daemon.records())
        with daemon.stopped():
            for connection in many:
                connection.send(VALUE * 32)
            quiet.send(VALUE)
        assert quiet.answer().body == b"of b"
        assert all(c.answer().body == b"of a" for c in many for _ in range(32))
        order = [record["workload"] for record in daemon.records()[before:]]
        assert order.count("a") == 200 * 32 and order.count("b") == 1
        print(f"# {order.index('b')} of {len(order) - 1} requests went before")
        # A turn sees all 201 sockets, and serves four requests of one pod before it has seen all.
        assert order.index("b") <= 4, order.index("b")
        # Nor do some connections of a pod go before its others for ever: each has had its turn.
        assert len({record["pid"] for record in daemon.records()[before:][:1000]}) > 200


def test_slow_reader_gets_all():
    """a reader that pauses gets every byte in the end"""
    with world("a") as (daemon, a):
        value = os.urandom(300000).hex()
        daemon.put(value, "app/a")
        connection = a.connect(daemon.public)
        connection.send(VALUE * 8)
        time.sleep(0.5)
        for _ in range(8):
            assert connection.answer().body == value.encode()
        assert connection.get("/v1/value").body == value.encode()


def test_unfinished_requests_are_bounded():
    """unfinished requests of a pod may hold only so much secret memory"""
    with world("a", "b") as (daemon, a, b):
        daemon.put("of b", "app/b")
        head = b"GET /v1/value HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 6000
        kept, before = [], daemon.status()["arena"]["used"]
        for _ in range(100):
            connection = a.connect(daemon.public)
            connection.send(head)
            kept.append(connection)
        assert b.connect(daemon.public).get("/v1/value").body == b"of b"
        assert daemon.status()["arena"]["used"] - before < 1 << 20


def test_full_arena():
    """a full arena is 507 for the write; reads go on; a delete makes room again"""
    with world("a", arena_size="8M") as (daemon, a):
        daemon.put("small", "app/a")
        connection = a.connect(daemon.public)
        stored = []
        while len(stored) < 20:
            answer = daemon.put("x" * (1 << 20), f"app/f{len(stored)}")
            if answer.status != 200:
                break
            stored.append(f"app/f{len(stored)}")
        assert answer.status == 507 and stored, (answer, stored)
        assert json.loads(answer.body)["error"] == "out_of_space"
        assert connection.get("/v1/value").body == b"small"
        assert daemon.put("y" * 3000000, "app/a").status in (413, 507)
        assert connection.get("/v1/value").body == b"small"
        # Fill what is left with small ones: still each is stored whole or not at all.
        small = 0
        while daemon.put("z" * 20000, f"app/s{small}").status == 200:
            small += 1
        assert connection.get("/v1/value").body == b"small"
        for key in stored:
            assert daemon.delete(key).status == 200
        assert daemon.put("x" * (1 << 19), "app/a").status == 200
        assert len(connection.get("/v1/value").body) == 1 << 19


def test_too_many_secrets():
    """the table of secrets is bounded: 507, and what is there stays"""
    with world("a", max_secrets=3) as (daemon, a):
        daemon.put("of a", "app/a", "app/b", "app/c")
        assert daemon.put("v", "app/d").status == 507
        assert daemon.put("new", "app/a").status == 200
        assert a.connect(daemon.public).get("/v1/value").body == b"new"


def refusals(daemon, reason="too-many-requests"):
    """How many refusals the audit trail has for REASON, and in how many records."""
    found = [record for record in daemon.records() if record["reason"] == reason]
    assert all(record["outcome"] == "deny" for record in found)
    return sum(record.get("count", 1) for record in found), len(found)


def test_rate():
    """above its rate a pod is answered 429 and when to come again; then it is served; another pod always is"""
    with world("a", "b", requests_per_second=100) as (daemon, a, b):
        daemon.put("of a", "app/a")
        daemon.put("of b", "app/b")
        flooder, quiet = a.connect(daemon.public), b.connect(daemon.public)
        over = []
        for _ in range(200):
            answer = flooder.get("/v1/value")
            assert answer.status in (200, 429), answer
            if answer.status == 429:
                over.append(answer)
        assert 5 < len(over) < 150, len(over)
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in over)
        error = json.loads(over[0].body)
        assert error["error"] == "too_many_requests", error
        assert "100 requests a second" in error["message"] and "/v1/watch" in error["message"], error
        assert all(quiet.get("/v1/value").body == b"of b" for _ in range(10))
        time.sleep(int(over[-1].headers["retry-after"]))
        assert flooder.get("/v1/value").body == b"of a"  # the same connection goes on
        wait_until(lambda: refusals(daemon)[0] == len(over), what="a record of each refusal")
        print(f"# {len(over)} refusals, {refusals(daemon)[1]} records")
        assert refusals(daemon)[1] <= 6


def test_rate_loses_nothing():
    """what was pipelined above the rate is answered in the end, each request once; no time-out meets it meanwhile"""
    options = {"requests_per_second": 200, "header_timeout": "300ms", "idle_timeout": "1s"}
    with world("a", **options) as (daemon, a):
        daemon.put("of a", "app/a")
        many = [a.connect(daemon.public) for _ in range(8)]
        start = time.monotonic()
        for connection in many:
            connection.send(VALUE * 80)
        served = 0
        for connection in many:
            answers = [connection.answer() for _ in range(80)]
            assert all(answer.status in (200, 429) for answer in answers), answers
            served += sum(answer.status == 200 for answer in answers)
        seconds = time.monotonic() - start
        print(f"# {served} of 640 served in {seconds:.1f} s")
        assert seconds > 1 and served <= 200 * (seconds + 0.5) + 20
        # A head that does not come whole still has its time.
        slow = a.connect(daemon.public)
        slow.send(b"GET /v1/value HTTP/1.1\r\nHost")
        assert slow.answer().status == 408


def test_rate_of_connections():
    """a connection counts as a request: whoever connects too often is told so, and others connect"""
    with world("a", "b", requests_per_second=20) as (daemon, a, b):
        daemon.put("of b", "app/b")
        over = []
        for _ in range(120):
            connection = a.connect(daemon.public)
            connection.sock.settimeout(0.002)
            try:
                over.append(connection.answer())
            except TimeoutError:
                pass
            connection.close()
        assert over and all(answer.status == 429 for answer in over)
        assert over[0].headers["connection"] == "close" and int(over[0].headers["retry-after"]) >= 1
        assert b.connect(daemon.public).get("/v1/value").body == b"of b"


def test_administrators_have_no_rate():
    """the host's root at the private socket is never above its rate"""
    with world(requests_per_second=1) as (daemon,):
        root = daemon.root()
        assert all(root.get("/v1/admin/status").status == 200 for _ in range(300))


def test_no_rate():
    """requests_per_second = 0 is no limit"""
    with world("a", requests_per_second=0) as (daemon, a):
        daemon.put("of a", "app/a")
        connection = a.connect(daemon.public)
        for _ in range(100):
            connection.send(VALUE * 200)
            assert all(connection.answer().status == 200 for _ in range(200))


def kept_for(connection):
    """Bytes that were sent to CONNECTION and that it has not read."""
    number = array.array("i", [0])
    fcntl.ioctl(connection.sock, termios.FIONREAD, number)
    return number[0]


def test_never_reading():
    """256 connections that ask and never read keep a bounded part of the kernel's memory and of the daemon's"""
    for size in (20000, 1 << 20):
        with world("a", "b", write_timeout="10m", requests_per_second=0) as (daemon, a, b):
            daemon.put("x" * size, "app/a")
            daemon.put("of b", "app/b")
            arena, memory = daemon.status()["arena"]["used"], rss(daemon.process.pid)
            many = [a.connect(daemon.public) for _ in range(256)]
            for connection in many:
                connection.send(VALUE * 20)
            quiet = b.connect(daemon.public)
            assert quiet.get("/v1/value").body == b"of b"
            kernel = -1
            while kernel != (kernel := sum(kept_for(connection) for connection in many)):
                time.sleep(0.2)
            memory = rss(daemon.process.pid) - memory
            arena = daemon.status()["arena"]["used"] - arena
            print(f"# {size} B: kernel {kernel >> 10} KiB, daemon {memory >> 10} KiB, arena {arena >> 10} KiB")
            assert kernel < 12 << 20 and memory < 12 << 20 and arena < 1 << 20
            assert quiet.get("/v1/value").body == b"of b"


def test_late_readers():
    """more is asked for than may be on its way: the rest waits, and all of it comes"""
    with world("a", requests_per_second=0) as (daemon, a):
        daemon.put("x" * (1 << 20), "app/a")
        many = [a.connect(daemon.public) for _ in range(24)]
        for connection in many:
            connection.send(VALUE * 3)
        time.sleep(0.3)
        right = []

        def read(connection):
            right.extend(len(connection.answer().body) == 1 << 20 for _ in range(3))

        threads = [threading.Thread(target=read, args=(connection,)) for connection in many]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert right == [True] * 72, len(right)


def rss(pid):
    with open(f"/proc/{pid}/statm") as numbers:
        return int(numbers.read().split()[1]) * resource.getpagesize()


REVEALED = "/sentinel/v1/secrets?reveal=true"


def fill_with_lists(daemon):
    """Two connections with four lists each under way, or None: where somebody else shares the turn, fewer begin."""
    slow = [daemon.root() for _ in range(2)]
    for http in slow:
        http.send(f"GET {REVEALED} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 4)
    for _ in range(20):
        if daemon.root().get(REVEALED).status == 503:
            return slow
        time.sleep(0.05)
    for http in slow:
        http.close()
    return None


def test_lists_at_once():
    """lists with values that are on their way are limited, and it is told"""
    with world() as (daemon,):
        daemon.put("x" * (1 << 20), "app/a")
        slow = next(filter(None, (fill_with_lists(daemon) for _ in range(10))))
        answer = daemon.root().get(REVEALED)
        assert b"at most 8" in answer.body, answer
        assert daemon.root().get("/sentinel/v1/secrets").status == 200
        slow.pop().close()
        wait_until(lambda: daemon.root().get(REVEALED).status == 200, what="room for a list")
        slow.pop().close()  # else the daemon gives it its time to be read


def test_descriptors():
    """max_connections beyond a hard limit of descriptors that cannot be raised refuses the start"""
    daemon = Daemon(max_connections=4096)
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    powerless = ("setpriv", "--inh-caps=-sys_resource", "--bounding-set=-sys_resource")
    daemon.start(wait=False, prefix=powerless, preexec_fn=limit)
    assert daemon.process.wait(20) == 1
    assert "descriptors" in daemon.said(), daemon.said()
    daemon.close()
