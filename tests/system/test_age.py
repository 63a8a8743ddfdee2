# SPDX-License-Identifier: BSD-2-Clause
"""keygen, encrypt, decrypt: against Debian's own age, in both directions."""

import base64
import contextlib
import json
import os
import re
import resource
import socket
import stat
import subprocess
import tempfile
import threading
import time

from lab import BUILD
from terminal import at_terminal

VSECM = f"{BUILD}/vsecm"
CHUNK = 65536
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 10 << 20)
PASSPHRASE = b"correct horse, battery staple"


def run(*command, text=b"", **options):
    return subprocess.run(command, input=text, capture_output=True, timeout=60, check=False, **options)


def good(*command, text=b"", **options):
    """What COMMAND prints; it must succeed and say nothing besides."""
    done = run(*command, text=text, **options)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout


def refused(*command, text=b"", status=1, why=b""):
    """What COMMAND prints, which must end with STATUS and a reason that has WHY in it."""
    done = run(*command, text=text)
    assert done.returncode == status, done
    assert re.fullmatch(rb"vsecm: [^\n]+\n", done.stderr) and why in done.stderr, done.stderr
    return done.stdout


def content(size):
    return os.urandom(min(size, 1 << 20)) * (size >> 20 or 1)


@contextlib.contextmanager
def keys(count=1):
    """A directory, and COUNT pairs (key file, recipient), made by vsecm and by age in turn."""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        pairs = []
        for i in range(count):
            file = f"{directory}/key{i}"
            if i % 2:
                run("age-keygen", "-o", file)
            else:
                good(VSECM, "keygen", "--to-file", file)
            pairs.append((file, good("age-keygen", "-y", file).decode().strip()))
        yield (directory, *pairs)


# ---- there and back ---------------------------------------------------------------------------------


def test_sizes_to_age():
    """what vsecm seals, age opens, and vsecm too: from no byte to 10 MiB, armoured or not"""
    with keys() as (_, (file, recipient)):
        for size in SIZES:
            text = content(size)
            for options in ((), ("-a",)):
                sealed = good(VSECM, "encrypt", "-r", recipient, *options, text=text)
                assert sealed.startswith(b"-----BEGIN" if options else b"age-encryption.org/v1\n")
                assert good("age", "-d", "-i", file, text=sealed) == text, size
                assert good(VSECM, "decrypt", "-i", file, text=sealed) == text, size


def test_sizes_from_age():
    """what age seals, vsecm opens: from no byte to 10 MiB, armoured or not"""
    with keys() as (_, (file, recipient)):
        for size in SIZES:
            text = content(size)
            for options in ((), ("-a",)):
                sealed = good("age", "-r", recipient, *options, text=text)
                assert good(VSECM, "decrypt", "-i", file, text=sealed) == text, size


def test_recipients():
    """of several recipients each opens a file, nobody else does; keys come from several files"""
    with keys(4) as (directory, *pairs):
        to = [word for _, recipient in pairs[:3] for word in ("-r", recipient)]
        for sealed in (good(VSECM, "encrypt", *to, text=b"for three"), good("age", *to, text=b"for three")):
            for file, _ in pairs[:3]:
                assert good("age", "-d", "-i", file, text=sealed) == b"for three"
                assert good(VSECM, "decrypt", "-i", file, text=sealed) == b"for three"
            assert refused(VSECM, "decrypt", "-i", pairs[3][0], text=sealed, why=b"none of") == b""
            assert refused(VSECM, "decrypt", text=sealed, why=b"-i") == b""
            both = ("-i", pairs[3][0], "-i", pairs[0][0])
            assert good(VSECM, "decrypt", *both, text=sealed) == b"for three"
        with open(f"{directory}/all", "wb") as everything:
            for file, _ in pairs:
                with open(file, "rb") as one:
                    everything.write(one.read() + b"\r\n")
        os.chmod(f"{directory}/all", 0o600)
        assert good(VSECM, "decrypt", "-i", f"{directory}/all", text=sealed) == b"for three"
        with open(f"{directory}/all", "rb") as everything:
            listed = good(VSECM, "keygen", "--public", text=everything.read())
        assert listed.decode().split() == [recipient for _, recipient in pairs]


def test_foreign_stanzas():
    """a file that is also for somebody with an SSH key is opened"""
    with keys() as (directory, (file, recipient)):
        # The public key of RFC 8032's first test, as ssh-keygen writes it.
        point = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + point
        with open(f"{directory}/ssh.pub", "wb") as public:
            public.write(b"ssh-ed25519 " + base64.b64encode(blob) + b"\n")
        sealed = good("age", "-R", f"{directory}/ssh.pub", "-r", recipient, text=b"for two")
        assert b"-> ssh-ed25519 " in sealed
        assert good(VSECM, "decrypt", "-i", file, text=sealed) == b"for two"


def opened(manifest, key):
    """The record in a VSecMSecret, opened by stock age."""
    lines = manifest.decode().split("  sealed: |\n")[1].splitlines()
    assert all(line.startswith("    ") for line in lines)
    return json.loads(good("age", "-d", "-i", key, text="\n".join(line[4:] for line in lines).encode()))


def test_seal():
    """a manifest of seal: its record opens for stock age, its front says the same"""
    with keys() as (directory, (key, recipient)):
        with open(f"{directory}/pub", "w", encoding="ascii") as file:
            file.write(f"# the cluster's\n\n{recipient}\n")
        for to in (recipient, f"{directory}/pub"):
            for text in (b"hunter2", b"\0\xff", content(500 << 10)):
                made = good(VSECM, "seal", "shop/web", "-r", to, "--version", "7", "--expires", "+1h", text=text)
                record = opened(made, key)
                value = record["value"]
                plain = base64.b64decode(value) if record.get("encoding") else value.encode()
                assert plain == text and record["sequence"] == 0 and record["op"] == "put"
                assert (record["namespace"], record["workload"], record["version"]) == ("shop", "web", 7)
                front = made.split(b"spec:\n")[0].decode()
                assert front == (
                    'apiVersion: vsecm.com/v1\nkind: VSecMSecret\nmetadata:\n  name: "web"\n  namespace: "shop"\n'
                    f'  annotations:\n    vsecm.com/version: "7"\n    vsecm.com/created: "{record["created"]}"\n'
                    f'    vsecm.com/updated: "{record["updated"]}"\n    vsecm.com/not-before: "now"\n'
                    f'    vsecm.com/expires: "{record["expires"]}"\n'
                )
        made = good(VSECM, "seal", "web", "-r", recipient, "-t", "{{.a}}", "-f", "yaml", "--allow-rollback", text=b"{}")
        record = opened(made, key)
        assert (record["template"], record["format"], record["namespace"]) == ("{{.a}}", "yaml", "default")
        assert abs(record["version"] - time.time()) < 60 and b"\n  allowRollback: true\n" in made


def test_seal_refusals():
    """what seal refuses, it refuses before it prints anything, and without a word of the value"""
    with keys() as (directory, (key, recipient)):
        seal = (VSECM, "seal", "shop/web", "-r")
        assert not refused(*seal, recipient, why=b"the value is empty")
        assert not refused(*seal, recipient, text=bytes(1 << 20), why=b"takes 1024000 at most")
        assert not refused(*seal, recipient, text=bytes((1 << 20) + 1))
        assert not refused(*seal, "-", status=2, why=b"standard input is the value")
        assert not refused(*seal, "age1xyz", status=2, why=b"is no recipient")
        assert not refused(*seal, open(key, encoding="ascii").read().split("\n")[-2], status=2, why=b"never a secret key")
        assert not refused(*seal, key, why=b"has no recipient")
        assert not refused(*seal, f"{directory}/none")
        assert not refused(*seal, recipient, "-r", recipient, status=2, why=b"given twice")
        assert not refused(*seal, recipient, "--expires", "soon", status=2, why=b"--expires must be RFC 3339")
        assert not refused(*seal, recipient, "--expires", "2020-01-01T00:00:00Z", status=2, why=b"over already")
        assert not refused(*seal, recipient, "--not-before", "+2h", "--expires", "+1h", status=2, why=b"behind")
        assert not refused(*seal, recipient, "--version", "0", status=2, why=b"from 1 on")
        assert not refused(VSECM, "seal", "Shop/web", "-r", recipient, status=2)
        assert not refused(VSECM, "seal", "-r", recipient, status=2, why=b"usage")


# ---- passphrases ------------------------------------------------------------------------------------


def test_passphrase_to_age():
    """a file that vsecm seals with a passphrase, typed twice or from a file, age opens with it"""
    with tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/phrase", "wb") as file:
            file.write(PASSPHRASE + b"\n")
        os.chmod(f"{directory}/phrase", 0o600)
        status, typed, shown = at_terminal(
            [VSECM, "encrypt", "-p"], [PASSPHRASE, PASSPHRASE], text=b"typed"
        )
        assert status == 0 and PASSPHRASE not in shown, (status, shown)
        given = good(
            VSECM, "encrypt", "-a", "--passphrase-file", f"{directory}/phrase", text=b"given"
        )
        for sealed, text in ((typed, b"typed"), (given, b"given")):
            status, opened, shown = at_terminal(["age", "-d"], [PASSPHRASE], text=sealed)
            assert (status, opened) == (0, text), shown


def test_passphrase_from_age():
    """a file that age seals with a passphrase vsecm opens, asking for it at the terminal if need be"""
    with tempfile.TemporaryDirectory() as directory:
        for name, phrase in (("phrase", PASSPHRASE), ("wrong", b"horse"), ("empty", b"\n")):
            with open(f"{directory}/{name}", "wb") as file:
                file.write(phrase)
        status, sealed, shown = at_terminal(
            ["age", "-p", "-a"], [PASSPHRASE, PASSPHRASE], text=b"from age"
        )
        assert status == 0, shown
        given = lambda name: ("decrypt", "--passphrase-file", f"{directory}/{name}")
        assert good(VSECM, *given("phrase"), text=sealed) == b"from age"
        assert refused(VSECM, *given("wrong"), text=sealed, why=b"passphrase is wrong") == b""
        assert refused(VSECM, *given("empty"), text=sealed, why=b"empty") == b""
        status, opened, shown = at_terminal([VSECM, "decrypt"], [PASSPHRASE], text=sealed)
        assert (status, opened) == (0, b"from age") and PASSPHRASE not in shown, shown
        status, opened, shown = at_terminal([VSECM, "decrypt"], [b"horse"], text=sealed)
        assert (status, opened) == (1, b"") and b"passphrase is wrong" in shown, shown
        alone = run(VSECM, "decrypt", text=sealed, start_new_session=True)
        assert alone.returncode == 1 and b"--passphrase-file" in alone.stderr, alone


def test_new_passphrase():
    """two different passphrases seal nothing; nor does an empty one"""
    status, sealed, shown = at_terminal([VSECM, "encrypt", "-p"], [b"one", b"two"], text=b"x")
    assert (status, sealed) == (1, b"") and b"differ" in shown, shown
    status, sealed, shown = at_terminal([VSECM, "encrypt", "-p"], [b""], text=b"x")
    assert (status, sealed) == (1, b"") and b"empty" in shown, shown


# ---- what was changed -------------------------------------------------------------------------------


def test_each_cut():
    """every front of a small file is refused with a reason, and nothing is printed"""
    with keys() as (_, (file, recipient)):
        for options in ((), ("-a",)):
            sealed = good("age", "-r", recipient, *options, text=b"small")
            # The newline behind the armour is no part of it.
            for length in range(len(sealed.rstrip(b"\n") if options else sealed)):
                assert refused(VSECM, "decrypt", "-i", file, text=sealed[:length]) == b"", length
            assert good(VSECM, "decrypt", "-i", file, text=sealed) == b"small"


def test_each_flipped_byte():
    """a small file with any byte changed is refused with a reason, and nothing is printed"""
    with keys() as (_, (file, recipient)):
        for options in ((), ("-a",)):
            sealed = good("age", "-r", recipient, *options, text=b"small")
            for at in range(len(sealed)):
                bad = bytearray(sealed)
                bad[at] ^= 1 << at % 8
                assert refused(VSECM, "decrypt", "-i", file, text=bytes(bad)) == b"", at
            assert refused(VSECM, "decrypt", "-i", file, text=sealed + b"x") == b""
            assert good(VSECM, "decrypt", "-i", file, text=sealed) == b"small"


def test_only_verified_chunks():
    """of a large file with damage only whole chunks before it are printed, and the status is 1"""
    with keys() as (_, (file, recipient)):
        text = os.urandom(3 * CHUNK + 100)
        sealed = good("age", "-r", recipient, text=text)
        start = len(sealed) - len(text) - 4 * 16
        decrypt = (VSECM, "decrypt", "-i", file)
        for chunk in range(4):
            bad = bytearray(sealed)
            bad[start + chunk * (CHUNK + 16) + 50] ^= 1
            assert refused(*decrypt, text=bytes(bad)) == text[: chunk * CHUNK], chunk
        for chunk in range(1, 4):
            cut = sealed[: start + chunk * (CHUNK + 16)]
            assert refused(*decrypt, text=cut, why=b"beginning" if chunk > 1 else b"") == text[: (chunk - 1) * CHUNK]
        assert good(*decrypt, text=sealed) == text


def test_bounded_memory():
    """64 MiB pass through in the memory of a few chunks"""
    if os.environ.get("SANITIZE"):
        limit = lambda: None  # a sanitizer reserves address space without end
    else:
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (32 << 20, 32 << 20))
    with keys() as (_, (file, recipient)):
        text = content(64 << 20)
        sealed = good(VSECM, "encrypt", "-r", recipient, text=text, preexec_fn=limit)
        assert good(VSECM, "decrypt", "-i", file, text=sealed, preexec_fn=limit) == text


# ---- keys and wrong use -----------------------------------------------------------------------------


def test_keygen():
    """a key file looks as age-keygen's does, is for its owner alone, and is never written over"""
    with tempfile.TemporaryDirectory() as directory:
        file = f"{directory}/key"
        printed = good(VSECM, "keygen")
        recipient = good(VSECM, "keygen", "--to-file", file, umask=0)
        with open(file, "rb") as made:
            written = made.read()
        for text in (printed, written):
            assert re.fullmatch(
                rb"# created: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n"
                rb"# public key: age1[a-z0-9]{58}\nAGE-SECRET-KEY-1[A-Z0-9]{58}\n",
                text,
            ), text
        assert printed.split()[-1] != written.split()[-1]
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
        assert recipient in written
        assert good("age-keygen", "-y", file) == recipient
        assert good(VSECM, "keygen", "--public", text=written) == recipient
        assert refused(VSECM, "keygen", "--to-file", file, why=b"there already") == b""
        os.symlink(f"{directory}/elsewhere", f"{directory}/link")
        refused(VSECM, "keygen", "--to-file", f"{directory}/link")
        assert not os.path.exists(f"{directory}/elsewhere")
        with open(file, "rb") as made:
            assert made.read() == written
        refused(VSECM, "keygen", "--public", text=b"# nothing\n", why=b"no identity")
        refused(VSECM, "keygen", "--public", text=b"\nAGE-SECRET-KEY-1X\n", why=b"line 2")
        refused(VSECM, "keygen", "--public", text=b"#" * (1 << 20), why=b"larger")


def test_key_files():
    """a key file of another owner or one that others can write is refused; one they can read is pointed out"""
    with keys() as (directory, (file, recipient)):
        sealed = good(VSECM, "encrypt", "-r", recipient, text=b"x")
        decrypt = (VSECM, "decrypt", "-i", file)
        os.chmod(file, 0o620)
        refused(*decrypt, text=sealed, why=b"mode 0620")
        os.chmod(file, 0o644)
        done = run(*decrypt, text=sealed)
        assert (done.returncode, done.stdout) == (0, b"x") and b"chmod 600" in done.stderr, done
        os.chmod(file, 0o600)
        os.chown(file, 12345, 0)
        refused(*decrypt, text=sealed, why=b"uid 12345")
        os.chown(file, 0, 0)
        assert good(*decrypt, text=sealed) == b"x"
        refused(VSECM, "decrypt", "-i", directory, text=sealed, why=b"not a regular file")
        refused(VSECM, "decrypt", "-i", f"{directory}/none", text=sealed, why=b"No such file")


def test_wrong_use():
    """what cannot be meant is refused before anything is read, with what would be right"""
    with keys() as (_, (file, recipient)):
        with open(file) as key:
            secret = key.read().split()[-1]
        usage = lambda *words, why: refused(VSECM, *words, status=2, why=why)
        usage("encrypt", "-r", "age1nobody", why=b"-r number 1")
        usage("encrypt", "-r", recipient, "-r", recipient.upper(), why=b"-r number 2")
        usage("encrypt", "-r", secret, why=b"never a secret key")
        usage("encrypt", "-r", recipient, "-p", why=b"not both")
        usage("encrypt", "-r", recipient, "--passphrase-file", file, why=b"not both")
        usage("encrypt", "-p", "--passphrase-file", file, why=b"one of")
        usage("encrypt", "file", why=b"usage: vsecm encrypt")
        usage("keygen", "--public", "--to-file", file, why=b"--public")
        usage("encrypt", *["-r", recipient] * 256, why=b"too often")
        assert secret not in run(VSECM, "encrypt", "-r", secret).stderr.decode()
        refused(VSECM, "decrypt", "-i", file, text=b"hello\n", why=b"age v1")
        refused(VSECM, "decrypt", "-i", file, text=b"", why=b"empty")
        status, _, shown = at_terminal([VSECM, "encrypt", "-r", recipient], text=b"x", to_terminal=True)
        assert status == 2 and b"-a" in shown and b"age-encryption" not in shown, shown
        status, _, shown = at_terminal([VSECM, "encrypt", "-a", "-r", recipient], text=b"x", to_terminal=True)
        assert status == 0 and b"BEGIN AGE" in shown, shown
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [VSECM, "encrypt", "-r", recipient], input=b"x", stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 1 and b"standard output: No space" in done.stderr, done


# ---- the daemon's recipient -------------------------------------------------------------------------


@contextlib.contextmanager
def answering(body, status="200 OK"):
    """A socket that answers each request with BODY; the path, and what was asked."""
    asked = []
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{directory}/sock")
        listener.listen()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    with listener.accept()[0] as connection:
                        asked.append(connection.recv(4096))
                        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
                        connection.sendall(head.encode() + body)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"{directory}/sock", asked
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_recipient_of_the_daemon():
    """without recipient and passphrase a file is sealed to the daemon, which is asked who it is"""
    with keys() as (_, (file, recipient)):
        with answering(b'{"recipient":"%s"}' % recipient.encode()) as (path, asked):
            sealed = good(VSECM, "--socket", path, "encrypt", text=b"for the daemon")
            assert asked[0].startswith(b"GET /v1/recipient HTTP/1.1\r\n"), asked
            assert good("age", "-d", "-i", file, text=sealed) == b"for the daemon"
        for body in (b"{}", b'{"recipient":5}', b'{"recipient":"age1"}', b"no"):
            with answering(body) as (path, _):
                refused(VSECM, "--socket", path, "encrypt", text=b"x", why=b"recipient")
        with answering(b'{"error":"not_found","message":"no key"}', "404 Not Found") as (path, _):
            refused(VSECM, "--socket", path, "encrypt", text=b"x", why=b"-r")
        refused(VSECM, "--socket", "/nonexistent/s", "encrypt", text=b"x", status=3, why=b"-r")
        with answering(b'{"recipient":"%s"}' % recipient.encode()) as (path, asked):
            assert opened(good(VSECM, "--socket", path, "seal", "web", text=b"x"), file)["value"] == "x"
            assert asked[0].startswith(b"GET /v1/recipient HTTP/1.1\r\n"), asked
