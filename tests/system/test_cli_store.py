# SPDX-License-Identifier: BSD-2-Clause
"""The vsecm command on what the store keeps: versions, terms, times, sealed values, the root key."""

import base64
import contextlib
import json
import os
import re
import subprocess
import tempfile

from lab import BUILD, Pod, wait_until, world
from terminal import at_terminal

VSECM = f"{BUILD}/vsecm"


class Admin:
    """vsecm as the host's root, at the private socket of DAEMON."""

    def __init__(self, daemon):
        self.command = [VSECM, "--socket", daemon.admin]

    def run(self, *arguments, text=b""):
        """With no terminal, so that nothing can be asked for."""
        return subprocess.run(
            [*self.command, *arguments],
            input=text,
            capture_output=True,
            timeout=120,
            check=False,
            start_new_session=True,
        )

    def good(self, *arguments, text=b""):
        """What it prints; it must succeed and say nothing besides."""
        done = self.run(*arguments, text=text)
        assert done.returncode == 0 and not done.stderr, done
        return done.stdout

    def refused(self, *arguments, text=b"", status=1, why=b""):
        """It must print nothing, end with STATUS, and give one reason, with WHY in it."""
        done = self.run(*arguments, text=text)
        assert done.returncode == status and not done.stdout, done
        assert re.fullmatch(rb"vsecm: [^\n]+\n", done.stderr) and why in done.stderr, done.stderr
        return done.stderr

    def history(self, key):
        """(version, state) of each version of KEY."""
        listed = json.loads(self.good("history", key, "-o", "json"))
        assert listed["key"] == key, listed
        return [(row["version"], row["state"]) for row in listed["versions"]]

    def recipient(self):
        return json.loads(self.good("status", "-o", "json"))["store"]["recipient"]


@contextlib.contextmanager
def command_world(*accounts, **options):
    with world(*accounts, **options) as (daemon, *pods):
        yield (Admin(daemon), daemon, *pods)


def value_of(daemon, pod):
    """What POD reads; None when it gets no value."""
    answer = pod.connect(daemon.public).get("/v1/value")
    return answer.body if answer.status == 200 else None


# ---- versions ---------------------------------------------------------------------------------------


def test_history_and_rollback():
    """history lists versions, the newest first; rollback makes a new one of an old value"""
    with command_world("web") as (admin, daemon, web):
        for value in (b"one", b"two", b"three"):
            admin.good("put", "app/web", text=value)
        assert admin.history("app/web") == [(3, "current"), (2, "past"), (1, "past")]
        table = admin.good("history", "app/web").decode().splitlines()
        assert table[0].split() == ["VERSION", "UPDATED", "STATE"], table
        assert [line.split()[0] for line in table[1:]] == ["3", "2", "1"], table
        said = admin.good("rollback", "app/web", "--to", "1")
        assert said == b"app/web is at version 4 now, with the value of version 1\n", said
        assert value_of(daemon, web) == b"one"
        assert admin.history("app/web")[0] == (4, "current")
        admin.refused("rollback", "app/web", "--to", "9", why=b"version 9")
        admin.refused("rollback", "app/none", "--to", "1", why=b"app/none")
        admin.refused("rollback", "app/web", "--to", "2", "--if-version", "3", why=b"version 4")
        admin.refused("rollback", "app/web", why=b"--to", status=2)
        admin.refused("history", "app/none", why=b"vsecm list")
        assert value_of(daemon, web) == b"one" and len(admin.history("app/web")) == 4
        admin.good("rollback", "app/web", "--to", "2", "--if-version", "4")
        assert value_of(daemon, web) == b"two"


def test_if_version():
    """put --if-version stores only over that version, 0 only a new key; of two racers one wins"""
    with command_world("web") as (admin, daemon, web):
        admin.refused("put", "app/web", "--if-version", "1", text=b"a", why=b"no secret")
        admin.good("put", "app/web", "--if-version", "0", text=b"one")
        admin.refused("put", "app/web", "--if-version", "0", text=b"b", why=b"vsecm list")
        admin.refused("put", "app/web", "--if-version", "2", text=b"b", why=b"at version 1")
        assert value_of(daemon, web) == b"one"
        admin.good("put", "app/web", "--if-version", "1", text=b"two")
        assert value_of(daemon, web) == b"two"
        racers = [
            subprocess.Popen(
                [*admin.command, "put", "app/web", "--if-version", "2"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(8)
        ]
        for i, racer in enumerate(racers):
            racer.stdin.write(b"%d" % i)
        for racer in racers:
            racer.stdin.close()
        winners = [b"%d" % i for i, racer in enumerate(racers) if racer.wait(60) == 0]
        assert len(winners) == 1 and value_of(daemon, web) == winners[0], winners
        # All keys of one request, or none.
        admin.refused("put", "web", "-n", "app", "-n", "new", "--if-version", "3", text=b"x")
        assert b"new" not in admin.good("list")


def test_times():
    """--not-before and --expires reach the reader, and list and history show them"""
    with command_world("web") as (admin, daemon, web):
        admin.good("put", "app/web", text=b"always")
        assert admin.good("list").split(b"\n")[0].split() == [
            b"NAMESPACE", b"NAME", b"VERSION", b"CREATED", b"UPDATED"
        ]
        admin.good("put", "app/web", "--not-before", "+1h", "--expires", "+90d", text=b"later")
        assert value_of(daemon, web) is None
        done = web.run(VSECM, "--socket", daemon.public, "get")
        assert done.returncode == 1 and b"not valid before 20" in done.stderr, done
        head, row = admin.good("list").decode().splitlines()
        assert head.endswith("NOT BEFORE            EXPIRES AFTER         STATE"), head
        assert row.endswith("not-yet") and len(re.findall(r"20\d\d-\d\d-\d\dT", row)) == 4, row
        assert admin.history("app/web") == [(2, "not-yet"), (1, "past")]
        table = admin.good("history", "app/web").decode()
        assert "NOT BEFORE" in table and "EXPIRES" in table and "never" in table, table

        admin.good("put", "app/web", "--expires", "2999-01-01T00:00:00+01:00", text=b"dated")
        assert value_of(daemon, web) == b"dated"
        assert b"2998-12-31T23:00:00Z" in admin.good("list")
        admin.good("put", "app/web", "--expires", "+1s", text=b"brief")
        wait_until(lambda: value_of(daemon, web) is None, what="the expiry")
        assert admin.history("app/web")[0] == (4, "expired")
        assert admin.good("list").rstrip().endswith(b"expired")
        for terms, why in (
            (["--expires", "tomorrow"], b"RFC 3339"),
            (["--expires", "2020-01-01T00:00:00Z"], b"past"),
            (["--not-before", "+2h", "--expires", "+1h"], b""),
            (["--expires", 'x"y\\\x01\xff'], b"RFC 3339"),
        ):
            admin.refused("put", "app/web", *terms, text=b"never stored", why=why)
        admin.refused("put", "app/web", "--expires", "", status=2)
        assert len(admin.history("app/web")) == 4

        admin.refused("rollback", "app/web", "--to", "4", why=b"expired")
        admin.good("rollback", "app/web", "--to", "1", "--expires", "+1h")
        assert value_of(daemon, web) == b"always"
        assert admin.history("app/web")[0] == (5, "current")


# ---- values for administrators ----------------------------------------------------------------------


def test_get_key():
    """get --key gives an administrator whom option reveal lets any value, old ones too; the rest as before"""
    binary = bytes(range(256)) * 4000
    with command_world("web") as (admin, daemon, web):
        admin.good("put", "app/web", text=binary)
        admin.good("put", "app/web", text=b"two\n")
        assert admin.good("get", "--key", "app/web") == b"two\n"
        assert admin.good("get", "--key", "app/web", "--version", "1") == binary
        old = json.loads(admin.good("get", "--key", "app/web", "--version", "1", "-o", "json"))
        assert base64.b64decode(old["data"]) == binary and old["version"] == 1, old["version"]
        admin.refused("get", "--key", "app/web", "--version", "3", why=b"vsecm history")
        admin.refused("get", "--key", "app/none", why=b"app/none")
        admin.refused("get", "--version", "1", status=2, why=b"--key")
        admin.refused("get", "member", "--key", "app/web", status=2)
        admin.refused("get", "--key", "App/web", status=2, why=b"RFC 1123")
        admin.refused("get", why=b"public socket")
        done = web.run(VSECM, "--socket", daemon.public, "get", "--key", "app/web")
        assert done.returncode == 1 and not done.stdout, done
        assert web.run(VSECM, "--socket", daemon.public, "get").stdout == b"two\n"


def test_reveal():
    """option reveal decides: no shows values to nobody, host not to the Sentinel, all to it too"""
    for option, host, from_pod in (("no", False, False), ("host", True, False), ("all", True, True)):
        sentinel = Pod("vsecm-system", "vsecm-sentinel")
        with contextlib.closing(sentinel), command_world(
            lines=[sentinel.line()], reveal=option
        ) as (admin, daemon):
            admin.good("put", "app/web", text=b"hunter2")
            inside = sentinel.run(VSECM, "--socket", daemon.public, "get", "--key", "app/web")
            outside = admin.run("get", "--key", "app/web")
            for done, shown in ((outside, host), (inside, from_pod)):
                assert done.returncode == (0 if shown else 1), (option, done)
                assert done.stdout == (b"hunter2" if shown else b""), (option, done)
                assert shown or b"reveal" in done.stderr, (option, done)


# ---- sealed values ----------------------------------------------------------------------------------


def test_encrypted():
    """put --encrypted takes what was sealed to the daemon, by vsecm or by age, in each spelling"""
    with command_world("web") as (admin, daemon, web):
        recipient = admin.recipient()
        assert recipient.startswith("age1"), recipient
        value = os.urandom(70000)
        sealed = admin.good("encrypt", text=value)
        by_age = subprocess.run(["age", "-r", recipient], input=value, capture_output=True, check=True).stdout
        for text in (
            sealed,
            by_age,
            base64.b64encode(sealed),
            admin.good("encrypt", "-a", text=value),
            admin.good("encrypt", "-r", recipient, text=value),
        ):
            admin.good("put", "app/web", text=b"something else")
            admin.good("put", "app/web", "--encrypted", "--expires", "+1h", text=text)
            assert value_of(daemon, web) == value
            assert b"20" in admin.good("list").split()[-2]
        largest = os.urandom(1 << 20)
        admin.good("put", "app/web", "--encrypted", text=admin.good("encrypt", text=largest))
        assert value_of(daemon, web) == largest
        admin.good("put", "app/web", "--encrypted", text=admin.good("encrypt", "-a", text=largest))
        assert value_of(daemon, web) == largest
        before = admin.history("app/web")
        with tempfile.TemporaryDirectory() as directory:
            other = admin.good("keygen", "--to-file", f"{directory}/key").decode().strip()
        for text in (
            b"hunter2",
            b"",
            sealed[:-1],
            sealed[:-1] + bytes([sealed[-1] ^ 1]),
            admin.good("encrypt", "-r", other, text=value),
            admin.good("encrypt", text=largest + b"x"),
        ):
            assert b"hunter2" not in admin.refused("put", "app/web", "--encrypted", text=text)
        assert admin.history("app/web") == before and value_of(daemon, web) == largest


# ---- the root key -----------------------------------------------------------------------------------


@contextlib.contextmanager
def made_key():
    """A key file that vsecm keygen made, its secret line, its recipient."""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        file = f"{directory}/key"
        recipient = subprocess.run(
            [VSECM, "keygen", "--to-file", file], capture_output=True, check=True
        ).stdout.strip()
        with open(file, "rb") as opened:
            secret = re.search(rb"AGE-SECRET-KEY-1\w+", opened.read())[0]
        yield file, secret, recipient


def restart(daemon):
    daemon.stop()
    daemon.start()


def test_unseal():
    """in manual mode nothing is served until unseal brings the key, in any form it is kept in"""
    with made_key() as (file, secret, recipient), made_key() as (other, _, _), command_world(
        "web", root_key="manual"
    ) as (admin, daemon, web):
        triplet = b"\n".join([secret, recipient, b"0123456789abcdef" * 4])
        admin.refused("list", why=b"vsecm unseal")
        admin.refused("put", "app/web", text=b"v", why=b"vsecm unseal")
        done = web.run(VSECM, "--socket", daemon.public, "get")
        assert done.returncode == 1 and b"vsecm unseal" in done.stderr
        assert b"sealed" in admin.good("status")
        assert admin.good("unseal", text=secret) == b"the store is open\n"
        assert admin.recipient().encode() == recipient
        admin.good("put", "app/web", text=b"hunter2")
        admin.good("unseal", text=secret)
        admin.refused("unseal", "--from-file", other)

        restart(daemon)
        admin.refused("list", why=b"sealed")
        admin.refused("unseal", "--from-file", other, why=b"key")
        admin.refused("unseal", text=b"not a key\n", why=b"AGE-SECRET-KEY-1")
        admin.refused("unseal", text=secret[:-1], why=b"checksum")
        admin.refused("unseal", text=recipient, why=b"no root key")
        admin.refused("unseal", secret.decode(), status=2, why=b"standard input")
        admin.refused("list", why=b"sealed")
        admin.good("unseal", "--from-file", file)
        assert value_of(daemon, web) == b"hunter2"

        restart(daemon)
        done = admin.run("unseal", text=triplet)
        assert done.returncode == 0 and done.stdout == b"the store is open\n", done
        assert re.fullmatch(rb"vsecm: [^\n]*AES key[^\n]*\n", done.stderr), done
        assert value_of(daemon, web) == b"hunter2"

        restart(daemon)
        done = at_terminal([*admin.command, "unseal"], [secret], text=None)
        assert done[0] == 0 and b"root key (not shown): " in done[2] and secret not in done[2], done
        assert value_of(daemon, web) == b"hunter2"
        kept = daemon.said() + json.dumps(daemon.records())
        assert secret.decode() not in kept and "unseal" in kept


def test_rekey():
    """rekey seals the store to another key, its own or one that is given; values stay"""
    with made_key() as (file, secret, recipient), command_world("web") as (admin, daemon, web):
        admin.good("put", "app/web", text=b"one")
        admin.good("put", "app/web", text=b"two")
        before = admin.recipient()
        said = admin.good("rekey").decode()
        after = admin.recipient()
        assert after != before and f"sealed to {after} now" in said and "old key" in said, said
        assert admin.history("app/web") == [(2, "current"), (1, "past")]
        restart(daemon)
        assert admin.recipient() == after and value_of(daemon, web) == b"two"
        said = admin.good("rekey", "--from-file", file)
        assert recipient in said and admin.recipient().encode() == recipient
        restart(daemon)
        assert admin.recipient().encode() == recipient and value_of(daemon, web) == b"two"
        admin.good("rollback", "app/web", "--to", "1")
        assert value_of(daemon, web) == b"one"
        admin.refused("rekey", secret.decode(), status=2, why=b"--from-file")
        admin.refused("rekey", "--from-file", "/dev/null", why=b"no root key")


def test_rekey_manual():
    """where the daemon keeps no root key it makes none: rekey needs one, and then that one opens the store"""
    with made_key() as (old, old_secret, _), made_key() as (new, new_secret, recipient), command_world(
        "web", root_key="manual"
    ) as (admin, daemon, web):
        admin.good("unseal", "--from-file", old)
        admin.good("put", "app/web", text=b"hunter2")
        admin.refused("rekey", why=b"keygen")
        triplet = b"\n".join([new_secret, recipient, b"0123456789abcdef" * 4])
        assert recipient in admin.good("rekey", "--from-file", "-", text=triplet)
        restart(daemon)
        admin.refused("unseal", text=old_secret, why=b"key")
        admin.good("unseal", "--from-file", new)
        assert value_of(daemon, web) == b"hunter2"
        kept = daemon.said() + json.dumps(daemon.records())
        assert new_secret.decode() not in kept and old_secret.decode() not in kept
