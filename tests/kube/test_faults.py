# SPDX-License-Identifier: BSD-2-Clause
"""Bad days of the API server and of the network: readers do not notice, a change is refused or made, never half."""

import contextlib
import os
import random
import signal
import threading
import time
import urllib.request

from process import wait_until
from proxy import Proxy
from reader import Reader
from test_sync import sync_pids
from vsecm import NAMESPACE, SAFE, SENTINEL, daemon_killed, deployed, inside, read, secret_of, web

FULL = os.environ.get("FULL") == "1"
AWAY = 60 if FULL else 15  # seconds
TORN = 150 if FULL else 30  # changes while connections are cut
BUSY = 2  # times as long, where other suites have the processors as well
BACK = 5  # seconds, after which everything works again


class World:
    """What all tests here use; pods are looked up while there is an API server."""

    def __init__(self, cluster):
        self.cluster, self.node, self.values = cluster, cluster.nodes[0], 0
        web(cluster, "faults", "value-0")
        self.proxy = Proxy(cluster)
        self.sentinel = inside(cluster, NAMESPACE, cluster.pods(NAMESPACE, SENTINEL)[0]["metadata"]["name"], user=None)
        safe = next(it for it in cluster.pods(NAMESPACE, SAFE) if it["spec"]["nodeName"] == self.node.name)
        self.metrics_url = f"http://{safe['status']['podIP']}:9464/metrics"
        cluster.until(lambda: read(cluster, "faults", "web") == "value-0", 30, "the secret")
        self.reader = Reader(cluster, "faults", "reader", self.node)
        self.reader.until_said("get value value-0", 20)
        self.reader.until_said("page value value-0", 20)

    def put(self, value):
        """`safe` in the Sentinel, with no API server in between."""
        return self.sentinel("safe", "-w", "web", "-n", "faults", "-s", value)

    def value(self):
        return f"value-{self.values}"

    def refused(self, *reasons):
        """A put now, which is refused by a 503 (which alone says to try again) with one of REASONS."""
        began = time.monotonic()
        done = self.put("never")
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == 1 and "; try again in a moment" in said, (done.returncode, said)
        assert any(reason in said for reason in reasons), said
        print(f"# a put was refused after {time.monotonic() - began:.1f} s: {said.strip().splitlines()[-1]}")

    def recovered(self, began):
        """A put works, and its value is read, all of it BACK seconds after BEGAN."""
        wanted, mark = f"value-{self.values + 1}", self.reader.mark()
        wait_until(lambda: self.put(wanted).returncode == 0, BACK * 4, "a put")
        stored = time.monotonic() - began
        self.values += 1
        for how in ("get", "page"):
            self.reader.until_said(f"{how} value {wanted}", BACK * 4, mark)
        seen = time.monotonic() - began
        print(f"# {stored:.1f} s after its end a put works, {seen:.1f} s after it the value is read")
        assert seen <= BUSY * BACK, seen

    def metric(self, name):
        """Of vsecm-sync and of the daemon; None when it is not there."""
        with urllib.request.urlopen(self.metrics_url, timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.rsplit(" ", 1)[0] == name:
                    return float(line.rsplit(" ", 1)[1])
        return None

    def metric_or_none(self, name):
        try:
            return self.metric(name)
        except OSError:
            return None

    @contextlib.contextmanager
    def steady(self, *hows):
        """Nobody gets another value or an error by HOWS (or any way) in here, and reads go on."""
        mark = self.reader.mark()
        self.reader.goes_on()
        yield
        self.reader.goes_on()
        for how in hows or ("get", "page"):
            assert not self.reader.changes(how, mark), self.reader.changes(how, mark)

    @contextlib.contextmanager
    def fault(self, **mode):
        """The proxy's MODE in here, and then BACK seconds until everything works."""
        before = secret_of(self.cluster, "faults")["spec"]
        with self.steady():
            self.proxy.mode(**mode)
            try:
                yield
                print(f"# answers meanwhile: {self.proxy.counts()}")
            finally:
                self.proxy.mode()
                ended = time.monotonic()
        assert secret_of(self.cluster, "faults")["spec"] == before, "something was changed"
        self.recovered(ended)


def start(cluster):
    deployed(cluster)
    if not hasattr(cluster, "faults"):
        cluster.faults = None  # also when what is next fails: once is enough
        cluster.faults = World(cluster)
    assert cluster.faults, "there is no world to test in"
    return cluster.faults


def test_away(cluster):
    """the API server stops: readers read on, a put is refused, metrics say for how long"""
    world = start(cluster)
    with world.steady():
        cluster.plane.stop_api()
        try:
            end = time.monotonic() + AWAY
            wait_until(lambda: world.metric("vsecm_sync_api_up") == 0, 10, "vsecm-sync's notice")
            world.refused("API server")
            time.sleep(max(0, end - time.monotonic()))
            assert world.metric("vsecm_api_up") == 0 and world.metric("vsecm_api_unreached_seconds") >= AWAY - 10
            assert world.metric('vsecm_sync_staleness_seconds{list="secrets"}') >= AWAY - 10
            world.refused("API server")
        finally:
            cluster.plane.start_api()
            ended = time.monotonic()
    world.recovered(ended)
    assert world.metric("vsecm_sync_api_up") == 1
    wait_until(lambda: world.metric("vsecm_api_unreached_seconds") == 0, 10, "the daemon's numbers, told every few seconds")


def test_killed(cluster):
    """vsecm-sync and the daemon are killed while the API server is away: pages are read on, and both come back"""
    world = start(cluster)
    cluster.plane.stop_api()
    try:
        with world.steady():
            for pid in sync_pids():
                kill(pid)
            wait_until(lambda: world.metric_or_none("vsecm_sync_api_up") == 0, 40, "another vsecm-sync")
            world.refused("API server")
        mark = world.reader.mark()
        with world.steady("page"):
            print(f"# another daemon after {daemon_killed(world.node) * 1000:.0f} ms")
            world.reader.until_said(f"get value {world.value()}", 30, mark)
        errors = world.reader.changes("get", mark)
        assert all("error" in line or line == f"get value {world.value()}" for line in errors), errors
        with world.steady():
            world.refused("API server", "vsecm-sync")
    finally:
        cluster.plane.start_api()
        ended = time.monotonic()
    world.recovered(ended)


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_slow(cluster):
    """an answer that trickles in is an answer; one that does not come in time is none"""
    world = start(cluster)
    with world.fault(DelayMs=20, Chunk=512):
        wait_until(lambda: world.metric("vsecm_sync_api_up") == 1, 20, "a connection")
    world.proxy.mode(DelayMs=20, Chunk=512)
    world.recovered(time.monotonic())
    with world.fault(DelayMs=200, Chunk=16):
        wait_until(lambda: world.metric("vsecm_sync_api_up") == 0, 30, "vsecm-sync's notice")
        world.refused("API server")


def test_refusals(cluster):
    """500, 503 and 429 with Retry-After are borne; a put meanwhile is refused, with that as the reason"""
    world = start(cluster)
    for status, headers in ((500, {}), (429, {"Retry-After": "2"}), (429, {"Retry-After": "3600"}), (503, {})):
        with world.fault(Status=status, Headers=headers):
            wait_until(lambda: world.proxy.counts().get(status, 0) >= 15, 20, "some attempts")
            world.refused(f" {status}: ")
            assert world.metric("vsecm_sync_api_up") == 0
            assert world.metric('vsecm_sync_staleness_seconds{list="secrets"}') >= 1, "a refusal is no news"
            assert world.proxy.counts()[status] < 200, "it asks all the time"


def test_gone(cluster):
    """410 to watches makes lists be read anew, and not all the time"""
    world = start(cluster)
    with world.fault(Gone=True):
        time.sleep(5)
        counts = world.proxy.counts()
        assert 5 <= counts[410] < 200, counts


def test_cut(cluster):
    """connections that are cut amid a list or an event are made anew"""
    world = start(cluster)
    for after in (300, 5000, 12000):
        with world.fault(CutAfter=after):
            time.sleep(4)


def puts_with_a_cut(world, numbers):
    """The results of changes in a row, somewhere in which all connections are cut."""
    wait_until(lambda: world.metric("vsecm_sync_api_up") == 1, 10, "a connection")
    cutter = threading.Timer(random.uniform(0, 0.4), world.proxy.mode)
    cutter.start()
    done = {number: world.put(f"torn-{number}") for number in numbers}
    cutter.join()
    return done


def test_torn(cluster):
    """of changes while connections are cut, what was said to be stored is, and what was not is never seen"""
    world, done = start(cluster), {}
    mark = world.reader.mark()
    for first in range(0, TORN, 5):
        done.update(puts_with_a_cut(world, range(first, first + 5)))
    settled = time.monotonic()
    ok = [number for number, it in done.items() if it.returncode == 0]
    never = [number for number, it in done.items() if it.returncode and b"nothing was changed" in it.stderr]
    wait_until(lambda: torn(world, "get", mark)[-1:] >= ok[-1:], BACK, "what was stored last")
    for how in ("get", "page"):
        seen = torn(world, how, mark)
        assert seen == sorted(set(seen)) and not set(seen) & set(never), (how, seen, never)
    print(f"# of {TORN} changes {len(ok)} were made, {len(never)} refused, {TORN - len(ok) - len(never)} of an unknown end")
    assert ok and len(ok) < TORN
    world.recovered(settled)


def torn(world, how, mark):
    """The numbers of the values that were seen; anything else that was is an error."""
    changes = world.reader.changes(how, mark)
    assert all(line.startswith(f"{how} value torn-") for line in changes), changes
    return [int(line.rsplit("-", 1)[1]) for line in changes]


def test_token(cluster):
    """a token that has expired is refused, and the next one is used as soon as it is there"""
    world = start(cluster)
    token = world.proxy.tokens[world.node.name]
    expired = world.proxy.expired(token)
    path = "/apis/vsecm.com/v1/vsecmkeys/root"
    assert cluster.request(world.proxy.expired(token), "GET", path, None)[0] == 401
    with world.steady():
        world.proxy.give(world.node, expired)
        world.proxy.mode()
        wait_until(lambda: world.metric("vsecm_sync_api_up") == 0, 10, "vsecm-sync's notice")
        wait_until(lambda: world.proxy.counts().get(401, 0) >= 15, 20, "some attempts")
        world.refused(" 401: ")
        world.proxy.give(world.node, token)
        ended = time.monotonic()
    world.recovered(ended)


def test_end(cluster):
    """the reader read all the time, and its secret is what was put last"""
    world = start(cluster)
    print(f"# {world.reader.reads('get')} reads over the socket, {world.reader.reads('page')} from the page")
    world.proxy.remove()
    cluster.until(lambda: read(cluster, "faults", "web") == world.value(), 20, "the value")
    cluster.kubectl("delete", "namespace", "faults", "--wait=false")
    del cluster.faults
