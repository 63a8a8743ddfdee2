# SPDX-License-Identifier: BSD-2-Clause
"""vsecm backup and restore: against Debian's own age, with damage, and with connections that break."""

import base64
import contextlib
import json
import os
import re
import select
import socket
import stat
import subprocess
import tempfile
import threading

from lab import BUILD, wait_until, world
from terminal import at_terminal
from test_cli_store import Admin, made_key, value_of

VSECM = f"{BUILD}/vsecm"
PHRASE = b"correct horse, battery staple"
BINARY = bytes(range(256)) * 100


def age(*arguments, text):
    done = subprocess.run(["age", *arguments], input=text, capture_output=True, check=False)
    assert done.returncode == 0, done
    return done.stdout


def content(plain):
    """What is in a backup, from what it says inside: {key: [value of version 1, ...]}."""
    lines = [json.loads(line) for line in plain.splitlines()]
    head, records, end = lines[0], lines[1:-1], lines[-1]
    assert head["vsecmBackup"] == 1 and head["records"] == len(records) and end == {"end": len(records)}
    found = {}
    for record in records:
        value = record["value"].encode()
        if record.get("encoding") == "base64":
            value = base64.b64decode(value)
        values = found.setdefault(f"{record['namespace']}/{record['workload']}", [])
        values.append(value)
        assert record["version"] == len(values), record
    assert head["keys"] == len(found), head
    return found


@contextlib.contextmanager
def backup_world(*accounts, **options):
    """A daemon with some secrets, vsecm at its private socket, a directory, pods."""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory, world(
        *accounts, **options
    ) as (daemon, *pods):
        admin = Admin(daemon)
        for key, value in (("app/web", b"one"), ("app/web", b"hunter2"), ("app/bin", BINARY)):
            admin.good("put", key, text=value)
        yield (admin, daemon, directory, *pods)


STORED = {"app/web": [b"one", b"hunter2"], "app/bin": [BINARY]}


def read(path):
    with open(path, "rb") as file:
        return file.read()


# ---- backup -----------------------------------------------------------------------------------------


def test_recipients():
    """age opens a backup with the key of each recipient, or the daemon's own, and with no other"""
    with made_key() as (one, _, first), made_key() as (two, _, second), made_key() as (
        other,
        _,
        _,
    ), backup_world() as (admin, daemon, directory):
        path = f"{directory}/backup"
        os.umask(0)
        said = admin.good("backup", "-o", path, "-r", first.decode(), "-r", second.decode())
        os.umask(0o022)
        assert said == f"{path} written, {os.path.getsize(path)} bytes\n".encode(), said
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and os.listdir(directory) == ["backup"]
        sealed = read(path)
        assert b"hunter2" not in sealed and b"app" not in sealed
        for key in (one, two):
            assert content(age("-d", "-i", key, text=sealed)) == STORED
        own = f"{daemon.dir}/state/root.key"
        for key in (other, own):
            assert subprocess.run(["age", "-d", "-i", key, path], capture_output=True, check=False).returncode
        admin.good("backup", "-o", path)
        assert content(age("-d", "-i", own, text=read(path))) == STORED
        assert content(age("-d", "-i", own, text=admin.good("backup", "-o", "-"))) == STORED
        for word in ("age1hunter2", "AGE-SECRET-KEY-1HUNTER2"):
            said = admin.refused("backup", "-o", path, "-r", word, status=2)
            assert b"hunter2" not in said.lower(), said
        admin.refused("backup", "-o", path, *["-r", first.decode()] * 40, status=2, why=b"at most")
        admin.refused("backup", status=2, why=b"-o")


def test_passphrase():
    """a backup with a passphrase, from a file or typed twice, is opened by it and by nothing else"""
    with backup_world() as (admin, daemon, directory):
        path, phrase = f"{directory}/backup", f"{directory}/phrase"
        with open(phrase, "wb") as file:
            file.write(PHRASE + b"\n")
        typed = at_terminal([*admin.command, "backup", "-o", path, "-p"], [PHRASE, PHRASE])
        assert typed[0] == 0 and PHRASE not in typed[2], typed
        by_file = admin.good("backup", "-o", "-", "--passphrase-file", phrase)
        for sealed in (read(path), by_file):
            assert b"\n-> scrypt " in sealed[:100] and b"X25519" not in sealed[:200]
            with open(path, "wb") as file:
                file.write(sealed)
            status, plain, _ = at_terminal(["age", "-d", path], [PHRASE])
            assert status == 0 and content(plain) == STORED
        status, _, shown = at_terminal([*admin.command, "backup", "-o", path, "-p"], [PHRASE, b"another"])
        assert status == 1 and b"differ" in shown, shown
        admin.refused("backup", "-o", path, "-p", "--passphrase-file", phrase, status=2)
        assert read(path) == by_file


def test_reveal():
    """backups for others than the root key need option reveal; a failure leaves the old file and no other"""
    for option, allowed in (("no", False), ("host", True)):
        with made_key() as (_, _, recipient), backup_world(reveal=option) as (admin, _, directory):
            path, phrase = f"{directory}/backup", f"{directory}/phrase"
            for name in (path, phrase):
                with open(name, "wb") as file:
                    file.write(b"old")
            for arguments in (["-r", recipient.decode()], ["--passphrase-file", phrase]):
                done = admin.run("backup", "-o", path, *arguments)
                assert done.returncode == (0 if allowed else 1), done
                assert (read(path) == b"old") != allowed
                assert sorted(os.listdir(directory)) == ["backup", "phrase"]
                assert allowed or b"reveal" in done.stderr, done
                assert not admin.run("backup", "-o", "-", *arguments).stdout or allowed
            admin.good("backup", "-o", path)


def test_places():
    """what is no file is not replaced; a terminal gets no bytes; a directory that is missing is said"""
    with backup_world() as (admin, _, directory):
        os.mkdir(f"{directory}/there")
        os.symlink("elsewhere", f"{directory}/link")
        for place in ("/dev/null", directory, f"{directory}/there", f"{directory}/link"):
            admin.refused("backup", "-o", place, why=b"no regular file")
        admin.refused("backup", "-o", f"{directory}/none/x", why=b"No such file")
        assert sorted(os.listdir(directory)) == ["link", "there"]
        status, _, shown = at_terminal([*admin.command, "backup", "-o", "-"], to_terminal=True)
        assert status == 1 and b"terminal" in shown and b"age-encryption" not in shown, shown
        with open("/dev/full", "wb") as full:
            done = subprocess.run([*admin.command, "backup", "-o", "-"], stdout=full, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 1 and b"standard output: No space" in done.stderr, done


class Between:
    """A socket between vsecm and the daemon that passes on only the first MOST bytes of each answer."""

    def __init__(self, daemon, path, most):
        self.daemon, self.path, self.most = daemon, path, most
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            upstream = self.daemon.root()
            upstream.send(client.recv(65536))
            left = self.most
            while left and client not in select.select([client, upstream.sock], [], [])[0] and upstream.more():
                client.sendall(upstream.buffer[:left])
                left -= len(upstream.buffer[:left])
                upstream.buffer = b""
            upstream.close()
            client.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        os.unlink(self.path)


def test_cut_off():
    """when the daemon goes away in the middle, there is no backup, and the old one stays"""
    with backup_world() as (admin, daemon, directory):
        path, phrase, between = (f"{directory}/{name}" for name in ("backup", "phrase", "socket"))
        with open(phrase, "wb") as file:
            file.write(PHRASE)
        head = 200 + len("age-encryption.org/v1\n")
        for arguments in ([], ["--passphrase-file", phrase]):
            for most in (0, 100, head, head + 300, 20000, 30000):
                with contextlib.closing(Between(daemon, between, most)):
                    command = [VSECM, "--socket", between, "backup", "-o", path, *arguments]
                    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
                assert done.returncode in (1, 3) and not done.stdout, (most, done)
                assert re.fullmatch(rb"vsecm: [^\n]+\n", done.stderr), done
                assert os.listdir(directory) == ["phrase"], (most, os.listdir(directory))
        with contextlib.closing(Between(daemon, between, 1 << 30)):
            command = [VSECM, "--socket", between, "backup", "-o", path]
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
            assert done.returncode == 0, done
        old = read(path)
        with contextlib.closing(Between(daemon, between, 20000)):
            command = [VSECM, "--socket", between, "backup", "-o", path]
            assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 1
        assert read(path) == old and content(age("-d", "-i", f"{daemon.dir}/state/root.key", text=old)) == STORED


def test_bounded():
    """a backup of 48 MiB goes through in a few MiB of memory, and comes out whole"""
    with made_key() as (key, _, recipient), backup_world(arena_size="128M") as (admin, _, directory):
        values = {f"app/big{i}": [os.urandom(1 << 20)] for i in range(48)}
        for name, (value,) in values.items():
            admin.good("put", name, text=value)
        path = f"{directory}/backup"
        limit = [] if os.environ.get("SANITIZE") else ["prlimit", "--as=33554432"]
        command = [*limit, *admin.command, "backup", "-o", path, "-r", recipient.decode()]
        subprocess.run(command, check=True, capture_output=True)
        assert os.path.getsize(path) > 48 << 20
        assert content(age("-d", "-i", key, text=read(path))) == {**STORED, **values}


# ---- restore ----------------------------------------------------------------------------------------


def rows(printed):
    """The rows of the table that restore prints, as (key, change, version)."""
    lines = printed.decode().splitlines()
    assert lines[0].split() == ["KEY", "CHANGE", "VERSION"], lines
    return [(key, change, int(version)) for key, change, version in map(str.split, lines[1:-1])], lines[-1]


def test_restore():
    """restore takes back what is gone or changed and leaves the rest; --dry-run only says so"""
    with backup_world("web") as (admin, daemon, directory, web):
        path = f"{directory}/backup"
        admin.good("backup", "-o", path)
        everything, last = rows(admin.good("restore", path))
        assert sorted(everything) == [("app/bin", "same", 1), ("app/web", "same", 2)], everything
        assert last == "0 new, 0 changed, 2 the same"
        assert len(admin.history("app/web")) == 2

        admin.good("put", "app/web", text=b"spoilt")
        admin.good("put", "app/later", text=b"not in the backup")
        admin.good("delete", "app/bin")
        planned, last = rows(admin.good("restore", path, "--dry-run"))
        assert dict((k, c) for k, c, _ in planned) == {"app/bin": "new", "app/web": "changed"}, planned
        assert last == "1 new, 1 changed, 0 the same; nothing was done (--dry-run)"
        assert value_of(daemon, web) == b"spoilt" and b"bin" not in admin.good("list")

        done = json.loads(admin.good("restore", path, "app/web", "-o", "json"))
        assert done["dryRun"] is False and [row["key"] for row in done["keys"]] == ["app/web"], done
        assert value_of(daemon, web) == b"hunter2" and b"bin" not in admin.good("list")
        planned, _ = rows(admin.good("restore", path))
        assert dict((k, c) for k, c, _ in planned) == {"app/bin": "new", "app/web": "same"}, planned
        assert admin.good("get", "--key", "app/bin") == BINARY
        assert admin.good("get", "--key", "app/later") == b"not in the backup"
        admin.refused("restore", path, "app/none", why=b"app/none")
        admin.refused("restore", path, "App/web", status=2, why=b"RFC 1123")
        admin.refused("restore", status=2)


def test_restore_elsewhere():
    """another daemon takes what was sealed to a recovery key or a passphrase, armoured or not, also from a pipe"""
    with made_key() as (key, _, recipient), backup_world() as (admin, _, directory):
        phrase = f"{directory}/phrase"
        with open(phrase, "wb") as file:
            file.write(PHRASE)
        sealed = admin.good("backup", "-o", "-", "-r", recipient.decode())
        armoured = age("-a", "-r", recipient.decode(), text=age("-d", "-i", key, text=sealed))
        locked = admin.good("backup", "-o", "-", "--passphrase-file", phrase)
        for text, arguments in (
            (sealed, ["-i", key]),
            (armoured, ["-i", key]),
            (locked, ["--passphrase-file", phrase]),
        ):
            with world() as (daemon,):
                there = Admin(daemon)
                with open(f"{directory}/backup", "wb") as file:
                    file.write(text)
                for name, given in ((f"{directory}/backup", b""), ("-", text)):
                    planned, _ = rows(there.good("restore", name, *arguments, "--dry-run", text=given))
                    assert {change for _, change, _ in planned} == {"new"}, planned
                there.refused("restore", f"{directory}/backup", why=b"" if arguments[0] != "-i" else b"needs -i")
                there.good("restore", "-", *arguments, text=text)
                assert there.good("get", "--key", "app/web") == b"hunter2"
                assert there.good("get", "--key", "app/bin") == BINARY
                # Sealed to this daemon, but by age, in armour.
                own = age("-a", "-r", there.recipient(), text=age("-d", "-i", key, text=sealed))
                assert rows(there.good("restore", "-", text=own))[1] == "0 new, 0 changed, 2 the same"
        with world() as (daemon,):
            there = Admin(daemon)
            with open(f"{directory}/backup", "wb") as file:
                file.write(locked)
            status, out, shown = at_terminal([*there.command, "restore", f"{directory}/backup"], [PHRASE])
            assert status == 0 and b"2 new" in out and PHRASE not in shown, (out, shown)
            status, out, shown = at_terminal([*there.command, "restore", f"{directory}/backup"], [b"wrong"])
            assert status == 1 and not out and b"passphrase" in shown, shown


def test_restore_damaged():
    """of a file that is damaged, cut short, sealed to somebody else, or no backup, nothing is restored"""
    with made_key() as (key, _, recipient), made_key() as (other, _, _), backup_world("web") as (
        admin,
        daemon,
        directory,
        web,
    ):
        phrase, wrong = f"{directory}/phrase", f"{directory}/wrong"
        for name, text in ((phrase, PHRASE), (wrong, b"wrong")):
            with open(name, "wb") as file:
                file.write(text)
        own = admin.good("backup", "-o", "-")
        foreign = admin.good("backup", "-o", "-", "-r", recipient.decode())
        locked = admin.good("backup", "-o", "-", "--passphrase-file", phrase)
        admin.good("put", "app/web", text=b"newer")
        plain = age("-d", "-i", key, text=foreign)
        lines = plain.splitlines(keepends=True)
        seal = lambda text: age("-r", admin.recipient(), text=text)
        flip = lambda text, at: text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        for text, *arguments in (
            (b"",),
            (b"hunter2\n",),
            (own[:50],),
            (own[:-1],),
            (own[:5000],),
            (own + b"x",),
            (flip(own, len(own) - 1),),
            (flip(own, 100),),
            (flip(own, 6000),),
            (foreign,),
            (foreign, "-i", other),
            (own, "-i", key),
            (foreign[:-1], "-i", key),
            (flip(foreign, 6000), "-i", key),
            (locked, "--passphrase-file", wrong),
            (locked[:-1], "--passphrase-file", phrase),
            (locked,),
            (seal(b"hunter2"),),
            (seal(b""),),
            (seal(b"".join(lines[:-1])),),
            (seal(b"".join(lines[1:])),),
            (seal(plain + plain),),
            (seal(plain.replace(b'"hunter2"', b"7")),),
        ):
            said = admin.refused("restore", "-", *arguments, text=text)
            assert b"hunter2" not in said, said
        admin.refused("restore", f"{directory}/none", why=b"No such file")
        assert value_of(daemon, web) == b"newer"
        assert admin.history("app/web") == [(3, "current"), (2, "past"), (1, "past")]
        assert rows(admin.good("restore", "-", text=own))[1] == "0 new, 1 changed, 1 the same", "the control"
        assert value_of(daemon, web) == b"hunter2"


def test_two_at_once():
    """a restore that another one has come between is refused, and applies nothing of either"""
    with backup_world("web", arena_size="128M") as (admin, daemon, directory, web):
        for i in range(3):
            admin.good("put", f"app/big{i}", text=os.urandom(1 << 20))
        sealed = admin.good("backup", "-o", "-")
        admin.good("put", "app/web", text=b"newer")
        first = subprocess.Popen(
            [*admin.command, "restore", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        first.stdin.write(sealed[: 3 << 19])
        first.stdin.flush()
        uploads = lambda: [record for record in daemon.records() if record["op"] == "upload"]
        wait_until(uploads, what="the first piece")
        admin.refused("restore", "-", text=sealed[:-1])
        out, why = first.communicate(sealed[3 << 19 :], timeout=60)
        assert first.returncode == 1 and not out, (out, why)
        assert re.fullmatch(rb"vsecm: [^\n]*offset=0; is another restore under way[^\n]*\n", why), why
        assert value_of(daemon, web) == b"newer"
        assert rows(admin.good("restore", "-", text=sealed))[1] == "0 new, 1 changed, 4 the same", "the control"
