# SPDX-License-Identifier: BSD-2-Clause
"""The store on a real disk and in real memory: restarts, kills, a full disk, keys, forged records."""

import base64
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

from lab import Daemon, Http, Pod, wait_until, world

FULL = os.environ.get("FULL") == "1"  # the long version of what takes time
SANITIZED = bool(os.environ.get("SANITIZE"))
LOG, KEY = "records.log", "root.key"


@contextlib.contextmanager
def tmpfs(size):
    """A directory on a tmpfs of its own."""
    path = tempfile.mkdtemp(prefix="vsecm-tmpfs-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "vsecm-test", path], check=True)
    try:
        yield path
    finally:
        # Daemon.close() unmounts its state directory, if it gets that far.
        subprocess.run(["umount", "-l", path], check=False, capture_output=True)
        os.rmdir(path)


def send(http, method, path, **body):
    return http.request(method, path, json.dumps(body).encode())


def put(http, key, value, **members):
    namespace, workload = key.split("/")
    return send(http, "POST", "/sentinel/v1/secrets", workloads=[workload], namespaces=[namespace],
                value=value, **members)


def listed(daemon):
    with contextlib.closing(daemon.root()) as http:
        rows = json.loads(http.get("/sentinel/v1/secrets").body)["secrets"]
    return {f"{row['namespace']}/{row['name']}": row for row in rows}


def history(daemon, key):
    with contextlib.closing(daemon.root()) as http:
        return json.loads(http.get(f"/v1/admin/history?key={key}").body)


def identity_of(path):
    """The first identity in a key file."""
    with open(path) as file:
        return re.search(r"^AGE-SECRET-KEY-1\w+$", file.read(), re.M)[0]


def memory_of(pid, name):
    """A line of /proc/PID/status, in KiB."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(rf"^{name}:\s+(\d+) kB", status.read(), re.M)[1])


# ---- restarts -------------------------------------------------------------------------------------


def test_restart_keeps_everything():
    """a restart keeps values, versions, times and entity tags"""
    with world("web", "bin") as (daemon, web, other):
        for number in range(12):
            daemon.put(f"value {number}", "app/web")
        daemon.put(base64.b64encode(b"\xff\0\xfe").decode(), "app/bin", encoding="base64")
        daemon.put("gone", "app/gone")
        assert daemon.delete("app/gone").status == 200

        def everything():
            return [
                *(repr(pod.connect(daemon.public).get("/workload/v1/secrets")) for pod in (web, other)),
                listed(daemon), history(daemon, "app/web"), daemon.status()["store"]["recipient"]]

        before = everything()
        assert "value 11" in before[0] and "etag" in before[0] and len(before[3]["versions"]) == 10
        for number in (signal.SIGTERM, signal.SIGKILL):
            daemon.stop(number)
            daemon.start()
            assert everything() == before, (before, everything())
        tag = web.connect(daemon.public).get("/v1/value").headers["etag"]
        assert web.connect(daemon.public).get("/v1/value", If_None_Match=tag).status == 304
        with contextlib.closing(daemon.root()) as root:
            assert root.get("/v1/admin/value?key=app/web&version=3").body == b"value 2"
            assert root.get("/v1/admin/value?key=app/web&version=2").status == 404


# ---- a model of what must be there -----------------------------------------------------------------


class Writer:
    """Changes keys that are its own, over one connection, and knows what was acknowledged."""

    KEYS = 5

    def __init__(self, number, seed):
        self.names = [f"load{number}/k{i}" for i in range(self.KEYS)]
        self.random = random.Random(seed)
        self.known = {name: [None] for name in self.names}  # each state that may be: (version, value) or None
        self.count = 0  # acknowledged changes
        self.last = time.monotonic()  # of them
        self.gap = 0
        self.wrong = None

    def value(self):
        size = self.random.choice((10, 100, 1000, 1000, 3000, 40000))
        return f"{self.names[0]}-{self.count}-{self.random.random()}-".ljust(size, "x")

    def change(self, http):
        name = self.random.choice(self.names)
        namespace, workload = name.split("/")
        now = self.known[name][-1]
        kind = self.random.random()
        target = {"workloads": [workload], "namespaces": [namespace]}
        if now and kind < 0.15:
            after, request = None, ("DELETE", "/sentinel/v1/secrets", target)
        elif now and kind < 0.25:
            after = (now[0] + 1, now[1])
            request = ("POST", "/v1/admin/rollback", {**target, "version": now[0]})
        else:
            after = (now[0] + 1 if now else 1, self.value())
            request = ("POST", "/sentinel/v1/secrets", {**target, "value": after[1]})
        self.known[name].append(after)
        answer = send(http, request[0], request[1], **request[2])
        assert answer.status == 200, (request[:2], target, answer)
        self.known[name] = [after]
        self.count += 1
        self.gap = max(self.gap, time.monotonic() - self.last)
        self.last = time.monotonic()

    def run(self, daemon, stopped, reconnects=False):
        """Change things until STOPPED is set, or the daemon is gone."""
        self.last = time.monotonic()
        self.gap = 0
        while not stopped.is_set():
            try:
                with contextlib.closing(daemon.root()) as http:
                    while not stopped.is_set():
                        for name in self.names:  # an answer that was lost: ask what is there
                            if len(self.known[name]) > 1:
                                self.ask(http, name)
                        self.change(http)
            except OSError:  # refused, reset, or closed before an answer
                if not reconnects:
                    return
                time.sleep(0.002)
            except AssertionError as wrong:
                self.wrong = wrong
                return

    def ask(self, http, name):
        """What is there must be one of what may be."""
        answer = http.get(f"/v1/admin/value?key={name}")
        found = None
        if answer.status != 404:
            assert answer.status == 200, answer
            found = (int(answer.headers["vsecm-version"]), answer.body.decode())
        short = [state and (state[0], state[1][:60]) for state in self.known[name]]
        assert found in self.known[name], (name, found and (found[0], found[1][:60]), short)
        self.known[name] = [found]

    def check(self, daemon):
        if self.wrong:
            raise self.wrong
        with contextlib.closing(daemon.root()) as http:
            for name in self.names:
                self.ask(http, name)


def check_all(daemon, writers):
    """All that was acknowledged is there, and nothing else."""
    for writer in writers:
        writer.check(daemon)
    there = {name: state[0][0] for writer in writers for name, state in writer.known.items() if state[0]}
    assert {key: row["version"] for key, row in listed(daemon).items()} == there


def rekey_at_times(daemon, stopped, done):
    while not stopped.wait(random.uniform(0, 0.05)):
        try:
            with contextlib.closing(daemon.root()) as http:
                answer = http.request("POST", "/v1/admin/rekey", b"")
            assert answer.status == 200, answer
            done.append(answer)
        except (OSError, AssertionError):
            return


def one_round(daemon, writers, number, rekeys):
    stopped = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(daemon, stopped)) for writer in writers]
    if number % 3 == 0:
        threads.append(threading.Thread(target=rekey_at_times, args=(daemon, stopped, rekeys)))
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.3, 0.6) if number % 8 == 7 else random.uniform(0, 0.06))
    rewrites = daemon.status()["store"]["rewrites"] if number % 8 == 7 else 0
    daemon.process.kill()
    daemon.process.wait()
    stopped.set()
    for thread in threads:
        thread.join()
    daemon.start()
    check_all(daemon, writers)
    return rewrites


def kill_rounds(rounds, **options):
    seed = int(os.environ.get("CHECK_SEED", time.time()))
    random.seed(seed)
    writers = [Writer(number, seed + number) for number in range(4)]
    rekeys, rewrites = [], 0
    with world(arena_size="32M", **options) as (daemon,):
        try:
            for number in range(rounds):
                rewrites += one_round(daemon, writers, number, rekeys)
        except Exception:
            print(f"# CHECK_SEED={seed}, round {number}")
            raise
        count = sum(writer.count for writer in writers)
        print(f"# {rounds} kills, {count} changes acknowledged, {len(rekeys)} rekeys, {rewrites} rewrites seen")
        assert count > 10 * rounds
        assert rounds < 40 or (rekeys and rewrites > len(rekeys) // 10)
        left = set(os.listdir(daemon.options["state_dir"])) - {LOG, KEY, "lock"}
        assert not left, left


ROUNDS = 100 if FULL else 10 if SANITIZED else 60


def test_kill_in_memory():
    """kill -9 at random instants under load, on a tmpfs: what was acknowledged is there, nothing else is"""
    with tmpfs("256m") as state:
        kill_rounds(ROUNDS, state_dir=state, state_mount="no")


def test_kill_on_disk():
    """kill -9 at random instants under load, on a disk: the same"""
    kill_rounds(ROUNDS)


def test_stop_under_load():
    """SIGTERM under load: no acknowledged change is lost, and clients that reconnect notice little"""
    writers = [Writer(number, number) for number in range(4)]
    stopped = threading.Event()
    with world() as (daemon,):
        threads = [threading.Thread(target=writer.run, args=(daemon, stopped, True)) for writer in writers]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                time.sleep(0.3)
                assert daemon.stop() == 0, daemon.said()
                daemon.start()
            time.sleep(0.3)
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
        check_all(daemon, writers)
        print(f"# longest gap between two acknowledged changes: {max(w.gap for w in writers) * 1000:.0f} ms")
        assert max(writer.gap for writer in writers) < 10
        assert all(writer.count > 5 for writer in writers)


def test_many_writers():
    """more connections than one turn serves change things at once: each is answered, all of it is kept"""
    with world() as (daemon,):
        connections = [daemon.root() for _ in range(200)]
        for round_number in range(3):
            for index, http in enumerate(connections):
                body = json.dumps({"workloads": [f"w{index % 150}"], "namespaces": ["n"],
                                   "value": f"{round_number}"}).encode()
                http.send(b"POST /sentinel/v1/secrets HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                          % (len(body), body))
            for http in connections:
                assert http.answer().status == 200
        daemon.stop(signal.SIGKILL)
        daemon.start()
        rows = listed(daemon)
        assert len(rows) == 150
        for index in range(150):
            assert rows[f"n/w{index}"]["version"] == (6 if index < 50 else 3)


# ---- room -----------------------------------------------------------------------------------------


def test_full_disk():
    """a full disk is 507 to the writer; reads go on, nothing is lost, and space that returns is used"""
    with tmpfs("1m") as state, world("web", state_dir=state, state_mount="no") as (daemon, web):
        kept = 0
        with contextlib.closing(daemon.root()) as root:
            assert put(root, "app/web", "precious").status == 200
            while (answer := put(root, f"fill/f{kept}", "x" * 40000)).status == 200:
                kept += 1
                assert kept < 100
            assert answer.status == 507 and json.loads(answer.body)["error"] == "out_of_space", answer
            assert kept > 10
            assert put(root, "app/web", "y" * 40000).status == 507
            assert web.connect(daemon.public).get("/v1/value").body == b"precious"
            assert daemon.status()["store"]["failures"] >= 2
            assert root.request("POST", "/v1/admin/rekey", b"").status == 507
        assert len(listed(daemon)) == kept + 1
        for number in (signal.SIGTERM, signal.SIGKILL):
            daemon.stop(number)
            daemon.start()
            assert len(listed(daemon)) == kept + 1
            assert web.connect(daemon.public).get("/v1/value").body == b"precious"
        subprocess.run(["mount", "-o", "remount,size=8m", state], check=True)
        with contextlib.closing(daemon.root()) as root:
            assert put(root, "app/web", "y" * 40000).status == 200
            assert root.request("POST", "/v1/admin/rekey", b"").status == 200
        daemon.stop()
        daemon.start()
        assert web.connect(daemon.public).get("/v1/value").body == b"y" * 40000


def test_full_arena_opens_again():
    """what fits the secret memory when it is stored fits it after a restart"""
    with world(arena_size="8M") as (daemon,):
        count = 0
        with contextlib.closing(daemon.root()) as root:
            for size in (200000, 20000, 500):
                while put(root, f"fill/f{count}", "x" * size).status == 200:
                    count += 1
        assert count > 20
        daemon.stop()
        daemon.start()
        assert len(listed(daemon)) == count


def test_ten_thousand():
    """10,000 secrets: the restart is quick and the memory small"""
    with world() as (daemon,):
        workloads = [f"w{number}" for number in range(64)]
        with contextlib.closing(daemon.root()) as root:
            for namespace in range(157):
                answer = send(root, "POST", "/sentinel/v1/secrets", workloads=workloads,
                              namespaces=[f"n{namespace}"], value="v" * 100)
                assert answer.status == 200, answer
        daemon.stop()
        start = time.monotonic()
        daemon.start()
        took = time.monotonic() - start
        assert len(listed(daemon)) == 157 * 64
        rss = memory_of(daemon.process.pid, "VmRSS") / 1024
        print(f"# {157 * 64} secrets: ready after {took * 1000:.0f} ms, {rss:.1f} MiB resident")
        if not SANITIZED:
            assert took < 2 and rss < 28, (took, rss)


# ---- keys -----------------------------------------------------------------------------------------


def test_manual():
    """with root_key = manual all is 503 sealed until the right key comes; whoami and status work"""
    with world("web") as (daemon, web):
        daemon.put("value", "app/web")
        wrong = identity_of(f"{daemon.options['state_dir']}/{KEY}")
        with contextlib.closing(daemon.root()) as root:
            assert root.request("POST", "/v1/admin/rekey", b"").status == 200
        right = identity_of(f"{daemon.options['state_dir']}/{KEY}")
        assert right != wrong
        daemon.stop()
        os.unlink(f"{daemon.options['state_dir']}/{KEY}")
        daemon.options["root_key"] = "manual"
        daemon.start()
        pod = web.connect(daemon.public)
        root = daemon.root()
        for http, path in ((pod, "/v1/value"), (pod, "/workload/v1/secrets"), (pod, "/v1/recipient"),
                           (root, "/sentinel/v1/secrets"), (root, "/v1/admin/history?key=app/web"),
                           (root, "/v1/admin/value?key=app/web")):
            answer = http.get(path)
            assert answer.status == 503 and json.loads(answer.body)["error"] == "sealed", (path, answer)
        assert put(root, "app/web", "new").status == 503
        assert daemon.root().request("POST", "/v1/admin/rekey", b"").status == 503
        assert pod.get("/v1/whoami").status == 200
        assert daemon.status()["store"]["sealed"] is True
        root = daemon.root()
        assert send(root, "POST", "/sentinel/v1/keys", ageSecretKey=wrong).status == 403
        assert send(root, "POST", "/sentinel/v1/keys", ageSecretKey="rubbish").status == 400
        assert web.connect(daemon.public).get("/v1/value").status == 503
        for _ in range(2):  # twice is fine
            assert send(root, "POST", "/sentinel/v1/keys", ageSecretKey=right).status == 200
        assert send(root, "POST", "/sentinel/v1/keys", ageSecretKey=wrong).status == 409
        assert web.connect(daemon.public).get("/v1/value").body == b"value"
        assert daemon.status()["store"]["sealed"] is False
        assert not os.path.exists(f"{daemon.options['state_dir']}/{KEY}")
        trail = [(r["op"], r["outcome"]) for r in daemon.records() if r["op"] == "unseal"]
        assert trail.count(("unseal", "allow")) == 2 and len(trail) == 5, trail
        assert not any(right in json.dumps(r) or wrong in json.dumps(r) for r in daemon.records())
        daemon.stop()
        daemon.start()  # and it is forgotten
        assert web.connect(daemon.public).get("/v1/value").status == 503


def refused(daemon, **popen):
    daemon.start(wait=False, **popen)
    assert daemon.process.wait(30) == 1, daemon.said()
    return daemon.said()


def test_given_keys():
    """root_key = fd:N, credential and /path open the log, and nothing else does"""
    with world("web") as (daemon, web):
        def serves(**popen):
            daemon.start(**popen)
            assert web.connect(daemon.public).get("/v1/value").body == b"value"
            daemon.stop()

        daemon.put("value", "app/web")
        daemon.stop()
        key = f"{daemon.dir}/brought"
        os.rename(f"{daemon.options['state_dir']}/{KEY}", key)
        assert "put the key back" in refused(daemon)
        daemon.options["root_key"] = key
        serves()
        os.chmod(key, 0o640)
        assert "can be reached by others" in refused(daemon)
        os.chmod(key, 0o600)
        fd = os.open(key, os.O_RDONLY)
        daemon.options["root_key"] = f"fd:{fd}"
        serves(pass_fds=(fd,))
        os.close(fd)
        daemon.options["root_key"] = "fd:99"
        assert "is no open descriptor" in refused(daemon)
        credentials = f"{daemon.dir}/credentials"
        os.mkdir(credentials)
        daemon.options["root_key"] = "credential"
        assert "CREDENTIALS_DIRECTORY" in refused(daemon)
        environment = {**os.environ, "CREDENTIALS_DIRECTORY": credentials}
        assert "vsecm-root-key" in refused(daemon, env=environment)
        os.rename(key, f"{credentials}/vsecm-root-key")
        serves(env=environment)
        daemon.options["root_key"] = f"{daemon.dir}/other"  # made at first, for another log
        assert "put the key back" in refused(daemon)
        daemon.options["state_dir"] = f"{daemon.dir}/state2"
        daemon.start()
        assert os.stat(f"{daemon.dir}/other").st_mode & 0o777 == 0o600
        daemon.stop()
        daemon.options["state_dir"] = f"{daemon.dir}/state"
        assert "another root key" in refused(daemon)


def test_rekey():
    """after a rekey the old root key opens nothing, and past versions can still be read"""
    with world("web") as (daemon, web):
        state = daemon.options["state_dir"]
        daemon.put("one", "app/web")
        daemon.put("two", "app/web")
        daemon.put("gone", "app/gone")
        daemon.delete("app/gone")
        old = identity_of(f"{state}/{KEY}")
        recipient = daemon.status()["store"]["recipient"]
        with contextlib.closing(daemon.root()) as root:
            answer = root.request("POST", "/v1/admin/rekey", b"")
            assert json.loads(answer.body)["recipient"] == daemon.status()["store"]["recipient"] != recipient
            assert root.get("/v1/admin/value?key=app/web&version=1").body == b"one"
        for name in os.listdir(state):
            with open(f"{state}/{name}", "rb") as file:
                data = file.read()
            assert old.encode() not in data and recipient.encode() not in data
        daemon.stop()
        with open(f"{state}/{KEY}") as file:
            new = file.read()
        with open(f"{state}/{KEY}", "w") as file:
            file.write(old + "\n")
        assert "another root key" in refused(daemon)
        with open(f"{state}/{KEY}", "w") as file:
            file.write(new)
        daemon.start()
        assert web.connect(daemon.public).get("/v1/value").body == b"two"


# ---- what is in the files --------------------------------------------------------------------------


def holding(directory, needle):
    """The files below DIRECTORY with NEEDLE in them."""
    found = []
    for folder, _, names in os.walk(directory):
        for name in names:
            with open(f"{folder}/{name}", "rb") as file:
                if needle in file.read():
                    found.append(name)
    return found


def test_no_plaintext():
    """no file of the state directory has a value in it, nor has swap"""
    secret = f"needle-{os.urandom(12).hex()}"
    with world("web") as (daemon, web):
        state = daemon.options["state_dir"]
        needles = [secret.encode(), *(base64.b64encode(b"x" * i + secret.encode())[4:-4] for i in range(3))]
        daemon.put(secret, "app/web")
        daemon.put(base64.b64encode(b"\xff" + secret.encode()).decode(), "app/web", encoding="base64")
        daemon.put(secret, "app/web", expires="+1h")
        daemon.put(secret, "app/gone")
        daemon.delete("app/gone")
        for step in range(3):
            for needle in needles:
                assert not holding(state, needle), (step, needle)
            assert holding(state, b"put app/web 2 ") == [LOG]  # names are there: the search works
            assert memory_of(daemon.process.pid, "VmSwap") == 0
            if step == 0:
                with contextlib.closing(daemon.root()) as root:
                    assert root.request("POST", "/v1/admin/rekey", b"").status == 200
            else:
                daemon.stop(signal.SIGKILL)
                daemon.start()
        assert web.connect(daemon.public).get("/v1/value").body == secret.encode()
        with open(f"{state}/planted", "wb") as file:
            file.write(b"..." + needles[1] + b"...")
        assert holding(state, needles[1]) == ["planted"]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def number(data, at, length):
    return int.from_bytes(data[at:at + length], "little")


def frames_of(log):
    """Of each frame of LOG (docs/FORMAT.md): offset, sequence, metadata, payload."""
    at = 12 + number(log, 8, 4) + 4
    while at < len(log):
        body, meta = number(log, at + 4, 4), number(log, at + 28, 2)
        yield at, number(log, at + 8, 8), log[at + 40:at + 40 + meta], log[at + 40 + meta:at + 40 + body]
        at += 40 + body


def frame(log, sequence, meta, payload):
    """A frame for the end of LOG with all its CRCs right."""
    offset = len(log)
    head = b"\xf7\x56\x72\x0a" + (len(meta) + len(payload)).to_bytes(4, "little")
    head += sequence.to_bytes(8, "little") + offset.to_bytes(8, "little")
    preface = number(log, 8, 4)
    head += log[12 + preface:16 + preface] + len(meta).to_bytes(2, "little") + b"\x01\x03"
    head += crc32c(meta + payload).to_bytes(4, "little")
    head += crc32c(offset.to_bytes(8, "little") + head).to_bytes(4, "little")
    return head + meta + payload


def test_forged_record():
    """a record copied under another name is not served, is in the audit trail, and stops nothing"""
    with world("web", "rich") as (daemon, web, rich):
        path = f"{daemon.options['state_dir']}/{LOG}"
        daemon.put("mine", "app/web")
        daemon.put("theirs", "app/rich")
        daemon.stop()
        with open(path, "rb") as file:
            log = file.read()
        frames = list(frames_of(log))
        meta, payload = next(f[2:] for f in frames if f[2].startswith(b"put app/rich 1 "))
        last = frames[-1][1]
        # The control: these frames are as the daemon writes them, for it takes its own back.
        at, sequence, own, sealed = next(f for f in frames if f[2].startswith(b"put app/rich 1 "))
        with open(path, "wb") as file:
            file.write(log[:at] + frame(log[:at], sequence, own, sealed))
        daemon.start()
        assert rich.connect(daemon.public).get("/v1/value").body == b"theirs"
        daemon.stop()
        forged = meta.replace(b"put app/rich 1 ", b"put app/web 2 ")
        with open(path, "wb") as file:
            file.write(log + frame(log, last + 1, forged, payload))
        daemon.start()
        assert web.connect(daemon.public).get("/v1/value").body == b"mine"
        assert rich.connect(daemon.public).get("/v1/value").body == b"theirs"
        found = [r for r in daemon.records() if r["op"] == "load"]
        assert len(found) == 1, found
        assert found[0]["outcome"] == "deny" and found[0]["reason"] == "forged-record", found
        assert found[0]["key"] == "app/web" and "app/web" in daemon.said()


# ---- times and versions ----------------------------------------------------------------------------


def test_expiry():
    """a value expires when it is time, is wiped, and stays so through a restart; lists say what is what"""
    with world("web", "later") as (daemon, web, later):
        pod = web.connect(daemon.public)
        daemon.put("first", "app/web")
        start = time.monotonic()
        assert daemon.put("brief", "app/web", expires="+2s").status == 200
        assert daemon.put("soon", "app/later", notBefore="+2s").status == 200
        assert daemon.put("x", "app/web", expires="2020-01-01T00:00:00Z").status == 400
        assert pod.get("/v1/value").body == b"brief"
        assert later.connect(daemon.public).get("/v1/value").status == 404
        rows = listed(daemon)
        assert rows["app/web"]["state"] == "valid" and rows["app/later"]["state"] == "not-yet"
        states = [(v["version"], v["state"]) for v in history(daemon, "app/web")["versions"]]
        assert states == [(2, "current"), (1, "past")], states
        wait_until(lambda: pod.get("/v1/value").status == 404, 5, "the expiry")
        assert 1.9 < time.monotonic() - start < 4
        wait_until(lambda: later.connect(daemon.public).get("/v1/value").status == 200, 5, "the beginning")
        wait_until(lambda: holding(daemon.options["state_dir"], b"expire app/web 2 "), what="its record")
        for _ in range(2):
            rows = listed(daemon)
            assert rows["app/web"]["state"] == "expired" and rows["app/later"]["state"] == "valid"
            states = [(v["version"], v["state"]) for v in history(daemon, "app/web")["versions"]]
            assert states == [(2, "expired"), (1, "past")], states
            with contextlib.closing(daemon.root()) as root:
                assert root.get("/v1/admin/value?key=app/web").status == 404
                assert root.get("/v1/admin/value?key=app/web&version=1").body == b"first"
                answer = send(root, "POST", "/v1/admin/rollback", workloads=["web"], namespaces=["app"], version=2)
                assert answer.status == 409, answer
            daemon.stop()
            daemon.start()
        with contextlib.closing(daemon.root()) as root:
            answer = send(root, "POST", "/v1/admin/rollback", workloads=["web"], namespaces=["app"], version=1)
            assert answer.status == 200 and json.loads(answer.body)["version"] == 3, answer
        assert web.connect(daemon.public).get("/v1/value").body == b"first"


def race_for_version(daemon, version, count):
    """COUNT writers at once that all want to follow VERSION; their answers."""
    barrier = threading.Barrier(count)
    answers = [None] * count

    def one(index):
        with contextlib.closing(daemon.root()) as http:
            barrier.wait()
            answers[index] = put(http, "app/web", f"{version}-{index}", ifVersion=version).status

    threads = [threading.Thread(target=one, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_if_version():
    """of writers that all saw the same version exactly one wins"""
    with world("web") as (daemon, web):
        for version in range(25):
            answers = race_for_version(daemon, version, 8)
            assert answers.count(200) == 1 and answers.count(409) == 7, answers
            answer = web.connect(daemon.public).get("/v1/value")
            assert answer.headers["vsecm-version"] == str(version + 1)
            assert answer.body == f"{version}-{answers.index(200)}".encode()
