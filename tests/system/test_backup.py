# SPDX-License-Identifier: BSD-2-Clause
"""Backup and restore as promised: consistent, bounded, whole or not at all, and without this program."""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import string
import struct
import subprocess
import tempfile
import threading
import time

from lab import BUILD, Daemon, wait_until, world
from test_cli_store import Admin, value_of

VSECM = os.path.abspath(f"{BUILD}/vsecm")
DOCS = pathlib.Path(__file__).parents[2] / "docs"
MIB = 1 << 20
SLOW = 10 if os.environ.get("SANITIZE") else 1


def opened(sealed, key):
    """The lines of a backup, by stock age; None when it does not open."""
    done = subprocess.run(["age", "-d", "-i", key], input=sealed, capture_output=True, check=False)
    if done.returncode:
        return None
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_whole(path, key):
    """PATH is a whole backup; its records."""
    lines = opened(pathlib.Path(path).read_bytes(), key)
    assert lines, f"{path} does not open"
    assert lines[0]["records"] == len(lines) - 2 and lines[-1] == {"end": len(lines) - 2}, path
    return lines[1:-1]


def text(size):
    return "".join(random.choices(string.ascii_letters, k=1024)) * (size // 1024)


def put_many(daemon, count, size):
    """Keys big/w0, ... of SIZE bytes each, by one connection."""
    with contextlib.closing(daemon.root()) as connection:
        value = text(size)
        for i in range(count):
            answer = daemon.put(value, f"big/w{i}", http=connection)
            assert answer.status == 200, answer


def blocks(daemon):
    return daemon.status()["arena"]["blocks"]


# ---- backup -----------------------------------------------------------------------------------------


def test_consistent():
    """in a backup made under load both of a pair that is changed by one request have the same value"""
    with world() as (daemon,):
        put_many(daemon, 8, MIB)
        stop, changes, failed = threading.Event(), [0, 0, 0], []

        def write(number):
            with contextlib.closing(daemon.root()) as connection:
                while not stop.is_set():
                    pair = random.randrange(20)
                    body = {
                        "workloads": [f"w{number}-{pair}-a", f"w{number}-{pair}-b"],
                        "namespaces": ["app"],
                        "value": f"{changes[number]}" + "v" * 3000,
                    }
                    answer = connection.request("POST", "/sentinel/v1/secrets", json.dumps(body).encode())
                    if answer.status != 200:
                        failed.append(answer)
                        return
                    changes[number] += 1

        writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for writer in writers:
            writer.start()
        try:
            wait_until(lambda: failed or min(changes) > 50, 60, "some changes")
            pairs = 0
            for _ in range(8):
                with contextlib.closing(daemon.root()) as connection:
                    connection.send(b"GET /v1/admin/backup HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert connection.more()
                    before = sum(changes)  # the socket holds a part of it only: it is under way
                    wait_until(lambda: sum(changes) > before + 20, 60, "changes meanwhile")
                    sealed = connection.answer().body
                newest = {}
                for record in opened(sealed, f"{daemon.dir}/state/root.key")[1:-1]:
                    if record["namespace"] == "app":
                        newest[record["workload"]] = (record["version"], record["value"])
                for name, value in newest.items():
                    assert newest[name[:-1] + ("b" if name.endswith("a") else "a")] == value, name
                pairs += len(newest) // 2
            assert pairs > 100, pairs
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        assert not failed, failed


def memory(daemon):
    """Resident bytes of the daemon: the arena's pages are there from the start."""
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def test_large():
    """a backup of 50 MiB costs a few MiB, whether its reader is quick or slow, and others are served quickly"""
    with world("web", arena_size="192M", versions=2) as (daemon, web):
        put_many(daemon, 50, MIB)
        daemon.put("small", "app/web")
        reader = web.connect(daemon.public)
        for pause in (0, 0.002):
            assert reader.get("/v1/value").body == b"small"
            before, most, times, sealed = memory(daemon), 0, [], bytearray()
            over = threading.Event()

            def read():
                while not over.is_set():
                    start = time.monotonic()
                    assert reader.get("/v1/value").body == b"small"
                    times.append(time.monotonic() - start)
                    time.sleep(0.001)

            thread = threading.Thread(target=read)
            with contextlib.closing(daemon.root()) as connection:
                thread.start()
                start = time.monotonic()
                connection.send(b"GET /v1/admin/backup HTTP/1.1\r\nHost: x\r\n\r\n")
                data = connection.sock.recv(65536)
                head, data = data.split(b"\r\n\r\n", 1)
                length = int(re.search(rb"Content-Length: (\d+)", head)[1])
                while len(sealed) + len(data) < length:
                    sealed += data
                    most = max(most, memory(daemon))
                    time.sleep(pause)
                    data = connection.sock.recv(MIB)
                    assert data, "cut short"
                sealed += data
                took = time.monotonic() - start
                over.set()
                thread.join()
            grown = most - before
            print(
                f"# {len(sealed) / MIB:.0f} MiB in {took:.1f} s: RSS grew by {grown / MIB:.1f} MiB; {len(times)} reads,"
                f" half within {statistics.median(times) * 1000:.1f} ms, all within {max(times) * 1000:.0f} ms"
            )
            assert length == len(sealed) > 50 * MIB
            assert SLOW > 1 or grown < 12 * MIB, grown
            assert len(times) > 20 and statistics.median(times) < 0.02 * SLOW and max(times) < 0.5 * SLOW, times
        records = opened(bytes(sealed), f"{daemon.dir}/state/root.key")
        assert len(records) == 53 and len(records[1]["value"]) == MIB


def test_reader_that_stops():
    """a client that stops reading a backup is cut off after write_timeout, and nothing of it stays"""
    with world(arena_size="96M", write_timeout="1s") as (daemon,):
        put_many(daemon, 16, MIB)
        fds = lambda: len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        time.sleep(0.2)  # what the puts came by is closed
        before, files = blocks(daemon), fds()
        stalled = []
        for _ in range(5):
            connection = daemon.root()
            connection.send(b"GET /v1/admin/backup HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.sock.recv(1000)
            stalled.append(connection)
        assert blocks(daemon) >= before + 5 and fds() >= files + 4
        wait_until(lambda: fds() <= files and blocks(daemon) == before, 10 * SLOW, "the end of all five")
        for connection in stalled:
            received = 0
            with contextlib.suppress(ConnectionError):
                while data := connection.sock.recv(MIB):
                    received += len(data)
            assert received < 4 * MIB, "what was on its way, and no more"
            connection.close()
        # The control: who reads slowly, but reads, gets it all.
        with contextlib.closing(daemon.root()) as connection:
            connection.send(b"GET /v1/admin/backup HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(8):
                time.sleep(0.4)
                connection.buffer += connection.sock.recv(1 << 18)
            assert len(connection.answer().body) > 16 * MIB
        wait_until(lambda: blocks(daemon) == before, what="all blocks back")


# ---- automatic backups ------------------------------------------------------------------------------

NAME = re.compile(r"vsecm-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\.age")


@contextlib.contextmanager
def automatic(**options):
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        place = f"{directory}/backups"
        with world("web", backup_dir=place, backup_interval="1s", **options) as (daemon, web):
            yield daemon, web, place, f"{daemon.dir}/state/root.key"


def finished(place):
    return sorted(name for name in os.listdir(place) if NAME.fullmatch(name))


def test_automatic():
    """automatic backups are whole, the newest of them are kept, and files of others are let alone"""
    with automatic(backup_keep=3) as (daemon, _, place, key):
        for i in range(5):
            daemon.put(f"value {i}", "app/web")
        ahead = f"{place}/vsecm-2099-01-01T00:00:00.000000Z.age"  # of a clock that was wrong once
        others = [f"{place}/vsecm-before-the-move.age", f"{place}/notes", f"{place}/vsecm-1.age"]
        for name in (ahead, *others):
            pathlib.Path(name).write_text("x", encoding="ascii")
        made = lambda: daemon.status()["backup"]["made"]
        wait_until(lambda: made() >= 6, 60, "six backups")
        names = finished(place)
        assert len(names) in (3, 4) and os.path.basename(ahead) in names, names
        own = names[:-1]
        newest = check_whole(f"{place}/{own[-1]}", key)
        assert [record["value"] for record in newest] == [f"value {i}" for i in range(5)]
        assert all(os.path.exists(name) for name in others)
        assert os.stat(place).st_mode & 0o777 == 0o700
        assert os.stat(f"{place}/{own[-1]}").st_mode & 0o777 == 0o600
        status = daemon.status()["backup"]
        assert status["failures"] == 0 and status["last"].startswith("20"), status


def test_automatic_killed():
    """kill -9 in the midst of an automatic backup leaves no half file under a backup's name"""
    with automatic(backup_keep=100, arena_size="96M") as (daemon, _, place, key):
        put_many(daemon, 24, MIB)
        unfinished, begun, half = f"{place}/unfinished", 0, 0
        for round_number in range(8):
            before = finished(place)
            wait_until(lambda: os.path.exists(unfinished) or finished(place) != before, 30, "a backup that begins")
            time.sleep(random.random() * 0.4)
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait()
            begun += 1
            half += os.path.exists(unfinished)
            for name in set(finished(place)) - set(before):
                check_whole(f"{place}/{name}", key)
            assert set(os.listdir(place)) <= {*finished(place), "unfinished"}, round_number
            if round_number < 7 and os.path.exists(unfinished):
                os.unlink(unfinished)  # else the next round would not see one begin
            daemon.start()
        assert half > 0, "no kill was in time"
        print(f"# {half} of {begun} kills hit one that was not finished")
        wait_until(lambda: daemon.status()["backup"]["made"] > 0, 30, "a backup after all that")
        assert len(check_whole(f"{place}/{finished(place)[-1]}", key)) == 24


def test_automatic_full():
    """a full backup_dir is logged and counted, leaves nothing half, and does not stop serving"""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", place], check=True)
        try:
            with world("web", backup_dir=place, backup_interval="1s") as (daemon, web):
                put_many(daemon, 3, MIB)
                daemon.put("served", "app/web")
                wait_until(lambda: daemon.status()["backup"]["failures"] > 0, 60, "the failure")
                status = daemon.status()["backup"]
                assert status["made"] == 0 and status["last"] == "never", status
                assert re.search(f"the backup into {place} failed: No space left", daemon.said()), daemon.said()
                assert os.listdir(place) == []
                assert value_of(daemon, web) == b"served"
                assert daemon.put("changed", "app/web").status == 200
                assert value_of(daemon, web) == b"changed"
        finally:
            subprocess.run(["umount", place], check=True)


# ---- without this program ---------------------------------------------------------------------------


def commands(page):
    """The commands of a page of docs/, as they stand there: indented blocks."""
    found = re.findall(r"(?:^ {4}.*\n)+", (DOCS / page).read_text(encoding="utf-8"), re.M)
    return [re.sub(r"^ {4}", "", block, flags=re.M).strip() for block in found]


def shell(command, directory):
    path = f"{os.path.dirname(VSECM)}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=directory,
        env={**os.environ, "PATH": path},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0 and not done.stderr, (command, done)
    return done.stdout


def test_recovery_page():
    """the commands of docs/RECOVERY.md read a backup as they stand there, with age and jq or with vsecm"""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory, world() as (daemon,):
        binary = "line\n\"quoted\" \u00e4\t" + "\x01" * 50  # as base64
        for value in ("one", "two", binary):
            daemon.put(value, "shop/web")
        daemon.put("plain", "shop/db")
        daemon.put("plain", "other/web")
        Admin(daemon).good("backup", "-o", f"{directory}/backup.age")
        shutil.copy(f"{daemon.dir}/state/root.key", directory)
        page = (DOCS / "RECOVERY.md").read_text(encoding="utf-8")
        size = int(re.search(r"`root\.key` in `state_dir`, (\d+) bytes", page)[1])
        assert os.path.getsize(f"{directory}/root.key") == size
        listing, newest = [command for command in commands("RECOVERY.md") if command.startswith("age")]
        assert shell(listing, directory).split(b"\n") == [
            b"shop/web 1", b"shop/web 2", b"shop/web 3", b"shop/db 1", b"other/web 1", b""
        ]  # fmt: skip
        assert b'"encoding":"base64"' in shell("age -d -i root.key backup.age", directory)
        # `tail -n 1` of a value of two lines is its last one.
        assert shell(newest, directory).decode() == binary.split("\n")[1] + "\n"
        assert shell(newest.replace('"web"', '"db"'), directory) == b"plain\n"
        decrypt = re.search(r"`(vsecm decrypt [^`]+)`", page)[1]
        assert shell(decrypt, directory) == shell("age -d -i root.key backup.age", directory)


def frames(log):
    """(sequence, metadata, offset and length of the payload) of each record, as docs/FORMAT.md has them."""
    assert log[:8] == b"VSECLOG\x01"
    (preface,) = struct.unpack("<I", log[8:12])
    at, found = 12 + preface + 4, []
    while at < len(log):
        magic, body, sequence, _, _, meta, kind = struct.unpack("<4sIQQIHB", log[at : at + 31])
        assert magic == b"\xf7\x56\x72\x0a", at
        if kind == 1:
            found.append((sequence, log[at + 40 : at + 40 + meta].decode(), at + 40 + meta, body - meta))
        at += 40 + body
    return preface, found


def test_format_page():
    """each record of the log opens with dd and age, as docs/FORMAT.md says"""
    with world() as (daemon,):
        for value in ("one", "two", "x" * 200000):
            daemon.put(value, "shop/web")
        daemon.delete("shop/web")
        state = f"{daemon.dir}/state"
        (command,) = [command for command in commands("FORMAT.md") if "dd if=" in command]
        preface, records = frames(pathlib.Path(f"{state}/records.log").read_bytes())
        assert len(records) == 4
        for (sequence, label, at, size), value in zip(records, ("one", "two", "x" * 200000, None)):
            numbers = {"P": preface, "AT": at, "SIZE": size}
            filled = re.sub(r"=(P|AT|SIZE)\b", lambda found: f"={numbers[found[1]]}", command)
            record = json.loads(shell(filled.replace("; }", "; } 2> /dev/null").replace("age", "age "), state))
            assert record["sequence"] == sequence and record.get("value") == value, record
            op, key, version = label.split()[:3]
            assert (op, key, version) == (record["op"], "shop/web", str(record["version"])), (label, record)


def rows(daemon):
    """What the list says of each key, without what a restart changes."""
    listed = json.loads(daemon.root().get("/sentinel/v1/secrets").body)["secrets"]
    return sorted(json.dumps(row, sort_keys=True) for row in listed)


def test_new_node():
    """the new node of docs/RECOVERY.md, with the old key in place or its own, has what the old one had"""
    page = (DOCS / "RECOVERY.md").read_text(encoding="utf-8")
    install = re.search(r"`(install -d -m 700 [^`]+)`", page, re.S)[1].replace("\n", " ")
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        with world() as (old,):
            for i in range(3):
                old.put(f"value {i}", "app/web", "app/db")
            old.put("once", "app/one")
            before = rows(old)
            Admin(old).good("backup", "-o", f"{directory}/backup.age")
            shutil.copy(f"{old.dir}/state/root.key", directory)
        for has_key in (True, False):
            node = Daemon()
            try:
                if has_key:
                    shell(install.replace("/run/vsecmd/state", f"{node.dir}/state"), directory)
                node.start()
                admin = Admin(node)
                command = re.findall(r"`(vsecm restore [^`]*backup\.age)`", page)[0 if has_key else 1]
                if not has_key:
                    admin.refused("restore", f"{directory}/backup.age", why=b"sealed")
                said = shell(command.replace("vsecm", f"vsecm --socket {node.admin}"), directory)
                assert b"3 new, 0 changed, 0 the same" in said, said
                assert rows(node) == before
                assert admin.history("app/web") == [(3, "current"), (2, "past"), (1, "past")]
                assert admin.good("get", "--key", "app/web", "--version", "2") == b"value 1"
                # A backup made from now on opens with the same key, or with its own.
                sealed = admin.good("backup", "-o", "-")
                assert (opened(sealed, f"{directory}/root.key") is not None) == has_key
            finally:
                node.close()


# ---- restore ----------------------------------------------------------------------------------------

MANY = 2000


def many_keys(daemon):
    """MANY keys, a backup of them, then half of them deleted or changed; the backup."""
    with contextlib.closing(daemon.root()) as connection:
        for first in range(0, MANY, 50):
            names = [f"w{i}" for i in range(first, first + 50)]
            body = {"workloads": names, "namespaces": ["app"], "value": "in the backup" + "v" * 500}
            assert connection.request("POST", "/sentinel/v1/secrets", json.dumps(body).encode()).status == 200
        sealed = connection.get("/v1/admin/backup").body
        for first in range(0, MANY, 200):
            names = [f"w{i}" for i in range(first, first + 50)]
            body = json.dumps({"workloads": names, "namespaces": ["app"]}).encode()
            assert connection.request("DELETE", "/sentinel/v1/secrets", body).status == 200
            body = {"workloads": [f"w{i}" for i in range(first + 50, first + 100)], "namespaces": ["app"], "value": "new"}
            assert connection.request("POST", "/sentinel/v1/secrets", json.dumps(body).encode()).status == 200
    return sealed


def upload(connection, sealed):
    for offset in range(0, len(sealed), MIB):
        piece = sealed[offset : offset + MIB]
        assert connection.request("POST", f"/v1/admin/restore?offset={offset}", piece).status == 200


APPLY = b"POST /v1/admin/restore/apply HTTP/1.1\r\nHost: x\r\n\r\n"


def versions(daemon):
    listed = json.loads(daemon.root().get("/sentinel/v1/secrets").body)["secrets"]
    return {row["name"]: row["version"] for row in listed}


def test_restore_killed():
    """kill -9 while 2,000 keys are restored: afterwards all of it has been, or nothing"""
    with world() as (daemon,):
        sealed = many_keys(daemon)
        before = versions(daemon)
        after = {f"w{i}": 1 if i % 200 < 50 or i % 200 >= 100 else 3 for i in range(MANY)}
        assert len(before) == MANY * 3 // 4 and before["w50"] == 2
        assert daemon.stop() == 0
        state, kept = f"{daemon.dir}/state", f"{daemon.dir}/kept"
        shutil.copytree(state, kept)
        took, seen = None, {"before": 0, "after": 0}
        for number in range(21):
            shutil.rmtree(state)
            shutil.copytree(kept, state)
            daemon.start()
            connection = daemon.root()
            upload(connection, sealed)
            start = time.monotonic()
            connection.send(APPLY)
            if took is None:  # the control, which nobody disturbs
                answer = connection.answer()
                took = time.monotonic() - start
                assert answer.status == 200 and len(json.loads(answer.body)["keys"]) == MANY, answer
            else:
                time.sleep(random.random() * took * 1.2)
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait()
            connection.close()
            daemon.start()
            assert not os.path.exists(f"{state}/restore.part")
            found = versions(daemon)
            assert found in (before, after), (number, len(found))
            if number:
                seen["before" if found == before else "after"] += 1
            else:
                assert found == after
            assert daemon.put("x", "app/w1").status == 200
            daemon.stop()
        print(f"# {took * 1000:.0f} ms undisturbed; of 20 kills {seen['before']} left the state before")
        assert seen["before"] > 0


def test_two_applies():
    """of two that apply at once, each is told what came of its own"""
    with world() as (daemon,):
        sealed = many_keys(daemon)
        first, second = daemon.root(), daemon.root()
        daemon.status()  # both are accepted, the first one first
        upload(first, sealed)
        first.send(APPLY)
        second.send(APPLY)
        mine, other = first.answer(), second.answer()
        keys = json.loads(mine.body)["keys"]
        assert mine.status == 200 and len(keys) == MANY, mine
        assert {row["change"] for row in keys} == {"new", "changed", "same"}
        assert other.status == 400 and b"no backup has been received" in other.body, other
        for connection in (first, second):
            connection.close()
