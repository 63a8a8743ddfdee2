# SPDX-License-Identifier: BSD-2-Clause
"""Watches and shared pages, as they are on the socket."""

import json
import mmap
import os
import re
import resource
import signal
import subprocess
import tempfile
import time

import follow
from follow import Page, Watch
from lab import BUILD, Cgroup, Daemon, Pod, wait_until, world
from test_life import hold_canary

FULL = os.environ.get("FULL") == "1"  # the long version of what takes time


def test_watch_changes():
    """a watcher gets the state at once, then each put, delete, expiry and beginning"""
    with world("web") as (daemon, web):
        watch = Watch(web.connect(daemon.public))
        assert "text/event-stream" in watch.head and "Content-Length" not in watch.head, watch.head
        assert watch.reason() == "no-secret"
        daemon.put("one", "app/web")
        identity, event, data = watch.next()
        assert (event, data["data"]) == ("secret", "one") and set(data) == {"data", "created", "updated"}
        etag = web.connect(daemon.public).get("/workload/v1/secrets").headers["etag"]
        assert etag == f'"{identity}"', (etag, identity)
        daemon.delete("app/web")
        assert watch.reason() == "no-secret"
        daemon.put("soon over", "app/web", expires="+1s")
        assert watch.value() == "soon over"
        assert watch.reason() == "expired"
        daemon.put("soon", "app/web", notBefore="+1s")
        assert watch.reason() == "not-yet"
        assert watch.value() == "soon"
        assert watch.is_silent()


def test_watch_own_only():
    """nobody hears of another's secret, and a stranger hears nothing"""
    stranger = Cgroup("/vsecm-test-stranger")
    try:
        with world("web", "db") as (daemon, web, db):
            watch = Watch(web.connect(daemon.public))
            assert watch.reason() == "no-secret"
            other = Watch(db.connect(daemon.public))
            assert other.reason() == "no-secret"
            daemon.put("for db", "app/db")
            assert other.value() == "for db"
            assert watch.is_silent()
            for path in ("/v1/watch", "/v1/page"):
                assert stranger.connect(daemon.public).get(path).status == 403
                assert daemon.root().get(path).status == 403
                assert web.connect(daemon.public).request("POST", path).status == 405
    finally:
        stranger.close()


def test_watch_last_id():
    """with Last-Event-ID nothing comes twice, also from another daemon, and a change comes"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        watch = Watch(web.connect(daemon.public))
        known, _, _ = watch.next()
        assert Watch(web.connect(daemon.public), known).is_silent()
        daemon.stop(signal.SIGKILL)
        daemon.start()
        again = Watch(web.connect(daemon.public), known)
        assert again.is_silent()
        daemon.put("two", "app/web")
        assert again.value() == "two"
        assert Watch(web.connect(daemon.public), known).value() == "two"
        assert Watch(web.connect(daemon.public), "x" * 200).value() == "two"


def test_watch_slow():
    """whoever reads slowly gets the newest value and no backlog, and holds nobody up"""
    with world("web") as (daemon, web):
        big = "x" * 1000000
        daemon.put(big, "app/web")
        slow = Watch(web.connect(daemon.public))
        quick = Watch(web.connect(daemon.public))
        assert quick.value() == big
        for number in range(20):
            daemon.put(f"{number:02}" + big, "app/web")
            assert quick.value()[:2] == f"{number:02}"
        got = [slow.value()[:2]]
        while got[-1] != "19":
            got.append(slow.value()[:2])
        assert len(got) <= 3, got
        assert slow.is_silent()


def test_watch_record():
    """each event is on record before it leaves"""
    with world("web") as (daemon, web):
        watch = Watch(web.connect(daemon.public))
        assert watch.reason() == "no-secret"
        daemon.put("one", "app/web")
        assert watch.value() == "one"
        records = [r for r in daemon.records() if r["op"] in ("watch", "push")]
        assert [(r["op"], r["outcome"], r["reason"]) for r in records] == [
            ("watch", "allow", "ok"), ("push", "allow", "no-secret"), ("push", "allow", "ok")]
        assert all(r["key"] == "app/web" and r["namespace"] == "app" for r in records), records


def test_watch_identity():
    """a watch and a page end when the pod becomes somebody else"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        watch, page = Watch(web.connect(daemon.public)), Page(web.connect(daemon.public))
        assert watch.value() == "one" and page.read()[1] == b"one"
        daemon.reload(web.line().replace("namespace=app", "namespace=other"))
        assert watch.http.is_closed()
        head, value = page.until(lambda head: head["state"] == follow.REVOKED)
        assert value == b"" and not any(page.rest()), head
        assert page.http.is_closed()


def test_watch_restore_and_rollback():
    """a rollback is an event too"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        daemon.put("two", "app/web")
        watch = Watch(web.connect(daemon.public))
        assert watch.value() == "two"
        body = json.dumps({"workloads": ["web"], "namespaces": ["app"], "version": 1}).encode()
        assert daemon.root().request("POST", "/v1/admin/rollback", body).status == 200
        assert watch.value() == "one"


def test_watch_on_disk():
    """a watcher hears of a change once it is durable"""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as state, \
            world("web", state_dir=f"{state}/state") as (daemon, web):
        watch = Watch(web.connect(daemon.public))
        assert watch.reason() == "no-secret"
        for number in range(20):
            assert daemon.put(f"{number}", "app/web").status == 200
            assert watch.value() == f"{number}"
        daemon.delete("app/web")
        assert watch.reason() == "no-secret"


def test_watch_stop():
    """a daemon that stops does not wait for its watchers"""
    with world("web") as (daemon, web):
        watch, page = Watch(web.connect(daemon.public)), Page(web.connect(daemon.public))
        assert watch.reason() == "no-secret"
        start = time.monotonic()
        assert daemon.stop() == 0 and time.monotonic() - start < 2
        assert watch.http.is_closed()
        assert page.head()["keeper"] == follow.KEEPER_DIED


def test_page():
    """a page shows each change, is wiped by a delete, and cannot be written to"""
    with world("web") as (daemon, web):
        page = Page(web.connect(daemon.public))
        assert page.answer.body == b'{"capacity":3968}\n', page.answer
        assert page.seals() & follow.SEALS == follow.SEALS, page.seals()
        try:
            mmap.mmap(page.fds[0], 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
            raise AssertionError("a reader can write")
        except PermissionError:
            pass
        try:
            os.write(page.fds[0], b"x")
            raise AssertionError("a reader can write")
        except PermissionError:
            pass
        head, value = page.read()
        assert (head["state"], head["reason"], value) == (follow.ABSENT, follow.NO_SECRET, b"")
        assert head["magic"] == int.from_bytes(b"VSECMPG1", "little") and head["capacity"] == 3968
        assert head["keeper"] == daemon.process.pid
        for number, text in enumerate(("longer than the next", "short", "x" * 3968), 1):
            daemon.put(text, "app/web")
            head, value = page.until(lambda head: head["version"] == number)
            assert value == text.encode() and head["state"] == follow.VALUE and not any(page.rest())
        daemon.delete("app/web")
        head, value = page.until(lambda head: head["state"] == follow.ABSENT)
        assert not any(page.rest()) and head["version"] == 0, head


def test_page_terms():
    """a page tells when its value expires, loses it then, and gets one that begins later"""
    with world("web") as (daemon, web):
        page = Page(web.connect(daemon.public))
        daemon.put("soon over", "app/web", expires="+1s")
        head, _ = page.until(lambda head: head["state"] == follow.VALUE)
        assert abs(head["expires"] / 1e6 - time.time() - 1) < 1.5, head
        head, _ = page.until(lambda head: head["reason"] == follow.EXPIRED)
        assert not any(page.rest())
        daemon.put("soon", "app/web", notBefore="+1s")
        page.until(lambda head: head["reason"] == follow.NOT_YET)
        head, value = page.until(lambda head: head["state"] == follow.VALUE)
        assert value == b"soon" and head["expires"] == (1 << 63) - 1


def test_page_growth():
    """a value that outgrows its page is announced through it, up to the largest"""
    with world("web") as (daemon, web):
        http = web.connect(daemon.public)
        page = Page(http)
        for size in (3969, 20000, 100000, 300000):
            daemon.put("y" * size, "app/web")
            page.until(lambda head: head["state"] == follow.MOVED)
            assert not any(page.rest())
            page = Page(http)
            head, value = page.read()
            assert head["length"] == size and value == b"y" * size, head
        daemon.put("y" * (1 << 20), "app/web")  # the largest page takes the largest value
        assert page.until(lambda head: head["length"] == 1 << 20)[1] == b"y" * (1 << 20)
        assert daemon.status()["followers"] == {"watches": 0, "pageReaders": 1, "pages": 1, "pageBytes": (1 << 20) + 4096}
        http.close()
        wait_until(lambda: daemon.status()["followers"]["pages"] == 0)
        assert not any(page.rest()) and page.head()["keeper"] == follow.KEEPER_DIED


def test_page_shared():
    """the connections of a pod share one page; another pod of the workload has its own"""
    with world("web", "db") as (daemon, web, db):
        daemon.reload(web.line(), db.line().replace("service-account=db", "service-account=web"))
        daemon.put("one", "app/web")
        first, second = Page(web.connect(daemon.public)), Page(web.connect(daemon.public))
        other = Page(db.connect(daemon.public))
        inode = lambda page: os.fstat(page.fds[0]).st_ino
        assert inode(first) == inode(second) != inode(other)
        assert daemon.status()["followers"]["pages"] == 2
        first.http.close()
        daemon.put("two", "app/web")
        for page in (second, other):
            assert page.until(lambda head: head["version"] == 2)[1] == b"two"
        pushes = [r for r in daemon.records() if r["op"] == "push"]
        assert len(pushes) == 2, pushes


def test_page_hoard():
    """a pod that asks over and over, and keeps all it was given, takes the memory of one page"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        pages = []
        for number in range(50):
            page = Page(web.connect(daemon.public))
            assert page.read()[1] == b"one"
            page.http.close()
            wait_until(lambda: page.head()["state"] == follow.MOVED)
            assert not any(page.rest()) and page.head()["keeper"] == follow.KEEPER_DIED
            pages.append(page)
        assert len({os.fstat(page.fds[0]).st_ino for page in pages}) == 1


def test_page_unread():
    """a pod that reads none of its answers keeps no other pod from its page"""
    with world("web", "db") as (daemon, web, db):
        daemon.put("one", "app/web", "app/db")
        request = b"GET /v1/page HTTP/1.1\r\nHost: vsecm\r\n\r\n"
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (2000, 2000))
        idle = [web.connect(daemon.public) for _ in range(64)]
        for http in idle:
            http.send(request * 300)
        assert web.connect(daemon.public).get("/v1/whoami").status == 200
        assert Page(db.connect(daemon.public)).read()[1] == b"one"


def test_page_twice():
    """a connection has one page; it gets another once that one is dead"""
    with world("web") as (daemon, web):
        http = web.connect(daemon.public)
        page = Page(http)
        again = Page(http)
        assert again.answer.status == 409 and not again.fds, again.answer
        daemon.put("one", "app/web")
        page.until(lambda head: head["state"] == follow.VALUE)
        daemon.put("x" * 4000, "app/web")
        page.until(lambda head: head["state"] == follow.MOVED)
        assert Page(http).read()[1] == b"x" * 4000


def test_page_descriptors():
    """there are descriptors for as many pages as there are connections"""
    names = [f"w{number}" for number in range(59)]
    pods = [Pod("app", name) for name in names]
    daemon = Daemon(pods, max_connections=64)
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        daemon.start(preexec_fn=limit)
        pages = [Page(pod.connect(daemon.public)) for pod in pods]
        assert {page.answer.status for page in pages} == {200}
    finally:
        daemon.close()
        for pod in pods:
            pod.close()


def test_page_killed():
    """the kernel marks the pages of a daemon that is killed; what they say stays"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web", "app/db")
        pages = [Page(web.connect(daemon.public)) for _ in range(3)]
        daemon.stop(signal.SIGKILL)
        for page in pages:
            head, value = page.read()
            assert head["keeper"] == follow.KEEPER_DIED and value == b"one", head
        daemon.start()
        assert Page(web.connect(daemon.public)).read()[1] == b"one"


def test_withheld():
    """while attestation does not work a page is withheld and a watch silent; afterwards both have it all"""
    with world("web", canary_interval="200ms") as (daemon, web):
        daemon.put("one", "app/web")
        watch, page = Watch(web.connect(daemon.public)), Page(web.connect(daemon.public))
        assert watch.value() == "one" and page.read()[1] == b"one"
        hold_canary(daemon, True)
        head, value = page.until(lambda head: head["state"] == follow.ABSENT)
        assert head["reason"] == follow.WITHHELD and value == b"" and not any(page.rest()), head
        assert watch.is_silent(1)
        hold_canary(daemon, False)
        assert page.until(lambda head: head["state"] == follow.VALUE)[1] == b"one"
        daemon.put("two", "app/web", expires="+2s")
        assert watch.value() == "two"
        hold_canary(daemon, True)
        assert watch.is_silent(2.5)
        hold_canary(daemon, False)
        assert watch.reason() == "expired"
        page.until(lambda head: head["reason"] == follow.EXPIRED)


def test_page_whole():
    """readers that copy a page all the time, while it changes all the time, never see two values in one copy"""
    command = [f"{BUILD}/vsecm-bench", f"--vsecmd={BUILD}/vsecmd"]
    command += ["--torn=60", "--changes=1000000"] if FULL else ["--torn=3"]
    done = subprocess.run(command, capture_output=True, timeout=600)
    said = (done.stdout + done.stderr).decode()
    for line in said.splitlines():
        print(f"# {line}")
    puts, changes = (int(n) for n in re.search(r"(\d+) puts, (\d+) changes", said).groups())
    copies, torn = (int(n) for n in re.search(r"by the sequence: (\d+) copies, (\d+) torn", said).groups())
    assert done.returncode == 0 and torn == 0, said
    assert puts >= changes > (1000000 if FULL else 1000) - 1 and copies > changes, said
    # A positive control: without the sequence some are.
    assert int(re.search(r"without it: \d+ copies, (\d+) torn", said)[1]) > 0, said
