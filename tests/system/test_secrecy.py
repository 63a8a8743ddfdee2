# SPDX-License-Identifier: BSD-2-Clause
"""Where plaintext is: in the arena while it lives, nowhere after that, never anywhere else."""

import base64
import contextlib
import json
import os
import re
import resource
import select
import signal
import subprocess
import unittest

from lab import BUILD, wait_until, world
from test_age import CHUNK, good, keys
from test_exec import program, running
from test_watch import reading, watching

SCAN = f"{BUILD}/scan/vsecmd"  # dumpable, without the system call filter: see base/build.h
PAGE = 4096


def mappings(pid):
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            span, rest = line.split(" ", 1)
            low, high = (int(x, 16) for x in span.split("-"))
            if "[v" not in rest:  # the kernel's own pages
                yield low, high, line.strip()


def read_all(memory, low, high):
    """The bytes from LOW to HIGH, also those the process may not read; zeros for what nobody may."""
    data = bytearray()
    while low + len(data) < high:
        memory.seek(low + len(data))
        try:
            data += memory.read(high - low - len(data)) or bytes(PAGE)
        except OSError:
            data += bytes(PAGE)
    return data


def scan(pid, needle):
    """All places of NEEDLE in the memory of PID: (mapping, address)."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for low, high, line in mappings(pid):
            data = read_all(memory, low, high)
            at = data.find(needle)
            while at >= 0:
                found.append((line, low + at))
                at = data.find(needle, at + 1)
    return found


def arena_of(pid):
    """The reserved region: the one mapping range that is as large as the arena."""
    with open(f"/proc/{pid}/maps") as maps:
        spans = [line.split(" ", 1)[0].split("-") for line in maps]
    spans = [(int(low, 16), int(high, 16)) for low, high in spans]
    best, start, end = (0, 0), 0, 0
    for low, high in spans:
        start, end = (start, high) if low == end else (low, high)
        best = max(best, (end - start, start))
    return best[1], best[1] + best[0]


def text(size):
    return base64.b32encode(os.urandom(size))[:size].decode()


def read_every_way(daemon, web):
    for path in ("/workload/v1/secrets", "/v1/value", "/v1/value/k"):
        with contextlib.closing(web.connect(daemon.public)) as connection:
            connection.get(path)
    curl = ("curl", "-s", "--unix-socket", daemon.public, "http://x/v1/value")
    web.run(*curl)
    web.run(f"{BUILD}/vsecm", "--socket", daemon.public, "get")


def store(daemon, value, how):
    if how == "json":
        return daemon.put(value, "app/web").status == 200
    if how == "base64":
        encoded = base64.b64encode(value.encode()).decode()
        return daemon.put(encoded, "app/web", encoding="base64").status == 200
    if how == "object":
        return daemon.put(json.dumps({"k": value}), "app/web").status == 200
    if how == "template":
        template = '{"T":"{{printf "%s" .k | html}}","k":{{printf "%q" .k}}}'
        return daemon.put(json.dumps({"k": value}), "app/web", template=template, format="yaml").status == 200
    command = [f"{BUILD}/vsecm", "--socket", daemon.admin, "put", "web", "-n", "app"]
    done = subprocess.run(command, input=value.encode(), capture_output=True, check=False)
    return done.returncode == 0


def traces(pid, value):
    """Where VALUE is, looked for by its first, middle and last bytes, and in base64."""
    raw = value.encode()
    middle = len(raw) // 2
    needles = {raw[:16], raw[middle : middle + 16], raw[-16:], base64.b64encode(raw)[:20]}
    return [hit for needle in needles for hit in scan(pid, needle)]


def test_memory():
    """a value is found in the arena alone while it lives, and nowhere after its deletion"""
    with world("web", program=SCAN, arena_backing="mlock", arena_size="32M") as (daemon, web):
        pid = daemon.process.pid
        low, high = arena_of(pid)
        for size in (32, 200, 5000, 100000, 1000000):
            for how in ("json", "base64", "object", "template", "cli"):
                value = text(size)
                assert store(daemon, value, how), (size, how)
                read_every_way(daemon, web)
                living = traces(pid, value)
                assert living, "the control: a scan must find what is there"
                outside = [hit for hit in living if not low <= hit[1] < high]
                assert not outside, (size, how, outside)
                assert daemon.delete("app/web").status == 200
                assert not traces(pid, value), (size, how, traces(pid, value))


def test_replaced_and_refused():
    """a value that was replaced, or never taken, leaves nothing"""
    with world("web", program=SCAN, arena_backing="mlock", arena_size="8M") as (daemon, web):
        pid = daemon.process.pid
        old, new, refused = text(500), text(500), text(4000)
        assert store(daemon, old, "json") and store(daemon, new, "json")
        assert not traces(pid, old) and traces(pid, new)
        assert daemon.put(refused, "app/web", format="raml").status == 400
        assert daemon.put(refused, "app/WEB").status == 400
        assert daemon.put(refused + "\0", "app/web").status == 400
        with contextlib.closing(daemon.root()) as connection:
            connection.send(b"POST /sentinel/v1/secrets HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n")
            connection.send(refused.encode())
            assert daemon.status()["serving"]
        wait_until(lambda: daemon.status()["connections"]["open"] == 1, what="its end")
        assert not traces(pid, refused), traces(pid, refused)


def test_files():
    """neither log nor audit trail nor any file of the daemon holds a value"""
    with world("web", log_level="debug") as (daemon, web):
        value = text(64)
        for how in ("json", "base64", "object", "cli"):
            assert store(daemon, value, how)
            read_every_way(daemon, web)
        daemon.put(value, "app/web", template=value)
        daemon.put("x", "app/web", encoding=value)
        daemon.root().request("POST", "/sentinel/v1/secrets", value.encode())
        daemon.stop()
        needles = (value.encode(), base64.b64encode(value.encode())[:40])
        for directory, _, names in os.walk(daemon.dir):
            for name in names:
                with open(f"{directory}/{name}", "rb") as file:
                    data = file.read()
                assert not any(needle in data for needle in needles), name


def is_readable(pid, address):
    try:
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            memory.seek(address)
            return len(memory.read(64)) == 64
    except OSError:
        return False


def test_arena_is_secret_memory():
    """not even root reads the arena of the daemon that is installed"""
    with world("web", arena_size="32M") as (daemon, _):
        if daemon.status()["arena"]["backing"] != "memfd_secret":
            raise unittest.SkipTest("this kernel has no memfd_secret")
        value = text(200)
        daemon.put(value, "app/web")
        pid = daemon.process.pid
        secret = [low for low, _, line in mappings(pid) if "secretmem" in line]
        assert secret and not any(is_readable(pid, low) for low in secret)
        assert any(is_readable(pid, low) for low, _, _ in mappings(pid)), "the control"
        assert not scan(pid, value[:16].encode())


def test_no_core():
    """a daemon that is killed by a signal leaves no core, even where cores are wanted"""
    # The control is a process of ours in the same conditions.
    unlimited = lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
    with open("/proc/sys/kernel/core_pattern") as file:
        pattern = file.read()
    with world("web") as (daemon, _):
        with open("/proc/sys/kernel/core_pattern", "w") as file:
            file.write(f"{daemon.dir}/core.%p")
        try:
            os.chmod(daemon.dir, 0o777)
            control = subprocess.Popen(["sleep", "60"], preexec_fn=unlimited)
            control.send_signal(signal.SIGABRT)
            control.wait()
            assert os.path.exists(f"{daemon.dir}/core.{control.pid}"), "the control left no core"
            daemon.stop()
            daemon.start(preexec_fn=unlimited)
            daemon.put(text(64), "app/web")
            daemon.process.send_signal(signal.SIGSEGV)
            assert daemon.process.wait(20) == -signal.SIGSEGV
            assert not os.path.exists(f"{daemon.dir}/core.{daemon.process.pid}")
            daemon.process = None
        finally:
            with open("/proc/sys/kernel/core_pattern", "w") as file:
                file.write(pattern)


def test_no_swap():
    """all memory of the daemon is locked, the arena by its nature"""
    with world("web") as (daemon, _):
        with open(f"/proc/{daemon.process.pid}/smaps") as smaps:
            lines = smaps.read().splitlines()
        swapped = [line for line in lines if line.startswith("Swap:") and not line.split()[1] == "0"]
        assert not swapped, swapped
        flags = [line for line in lines if line.startswith("VmFlags:")]
        unlocked = [line for line in flags if " lo" not in line and " io" not in line]
        # The kernel's own pages of the process (vvar, vdso) cannot be locked.
        assert len(unlocked) <= 4, unlocked


def test_protections():
    """the running daemon has no capability but IPC_LOCK, a filter, and no way to new privileges"""
    with world() as (daemon,):
        with open(f"/proc/{daemon.process.pid}/status") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert int(status["CapEff"], 16) in (0, 1 << 14), status["CapEff"]
        assert int(status["CapBnd"], 16) == 0 and int(status["CapInh"], 16) == 0
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
        states = daemon.status()["protections"]
        off = {name: state for name, state in states.items() if state != "on"}
        assert set(off.values()) <= {"not in this tier: needs lsm", "off (sender_check = no)"}, off
        assert daemon.status()["attestation"]["tier"] == "cgroup" or set(off) == {"senderCheck"}, off


# ---- the command ------------------------------------------------------------------------------------


def locked(pid):
    """The address ranges of PID that are locked and left out of core files."""
    ranges = []
    with open(f"/proc/{pid}/smaps") as smaps:
        for line in smaps:
            if head := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
                span = (int(head[1], 16), int(head[2], 16))
            elif line.startswith("VmFlags:") and {"lo", "dd"} <= set(line.split()):
                ranges.append(span)
    return ranges


def places(command, text, *needles):
    """
    Run COMMAND, give it TEXT and keep its standard input open. For each of NEEDLES how often it is in the
    process's memory: in locked pages, elsewhere.
    """
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            process.stdin.write(text)
            process.stdin.flush()
            wait_until(lambda: asleep(process.pid), what="waiting for more")
            safe = locked(process.pid)
            found = []
            for needle in needles:
                inside = [
                    any(low <= at < high for low, high in safe) for _, at in scan(process.pid, needle)
                ]
                found.append((inside.count(True), inside.count(False)))
            return found
        finally:
            process.kill()


def asleep(pid):
    """The process has taken all of its standard input and waits for more."""
    with open(f"/proc/{pid}/syscall") as call:
        if not call.read().startswith("0 0x0 "):  # read(0, ...)
            return False
    pipe = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    try:
        return not select.select([pipe], [], [], 0)[0]
    finally:
        os.close(pipe)


def test_plaintext_is_locked():
    """plaintext, secret keys and passphrases are in locked memory while a file passes, and nowhere else"""
    with keys() as (directory, (file, recipient)):
        marker, phrase = os.urandom(32), base64.b64encode(os.urandom(24))
        with open(f"{directory}/phrase", "wb") as out:
            out.write(phrase)
        with open(file, "rb") as key:
            secret = key.read().split()[-1]
        (found,) = places((f"{BUILD}/vsecm", "encrypt", "-r", recipient), marker + b"x" * 1000, marker)
        assert found[0] >= 1 and found[1] == 0, found
        # A whole chunk, which is opened once there is more, and the beginning of the next, which takes its place.
        text = b"x" * (CHUNK // 2) + marker + b"x" * CHUNK
        sealed = good(f"{BUILD}/vsecm", "encrypt", "-r", recipient, text=text)[: CHUNK + 300]
        for name, options, needles in (
            ("a key", (), (marker, secret, bech32_bytes(secret))),
            ("a passphrase besides", ("--passphrase-file", f"{directory}/phrase"), (marker, phrase)),
        ):
            found = places((f"{BUILD}/vsecm", "decrypt", "-i", file, *options), sealed, *needles)
            assert all(outside == 0 for _, outside in found), (name, found)
            # The control: what is needed is there. The key's text is not, once it has been read.
            assert found[0][0] >= 1 and found[-1][0] >= 1, (name, found)
            assert len(needles) < 3 or found[1] == (0, 0), found


def test_exec_keeps_nothing():
    """once the program runs, its secret is nowhere in our memory, however it was handed over"""
    path = f"/dev/shm/vsecm-test-{os.getpid()}"
    with world("web") as (daemon, web):
        for options in ((), ("--env-name", "ALL"), ("--fd",), ("--file", path, "--signal", "HUP")):
            marker = os.urandom(16).hex()
            daemon.put(json.dumps({"A": marker, "B": [marker], "C": f"\n{marker}"}), "app/web")
            with running(web, daemon, *options, "--", *program("first")) as it:
                it.wait_for("started first")
                assert scan(it.process.pid, b"VSECM_SECRET_FD"), "the control"
                assert not scan(it.process.pid, marker.encode()), options
                other = os.urandom(16).hex()
                daemon.put(json.dumps({"A": other}), "app/web")
                wait_until(lambda: it.said().count("started") + it.said().count("got") == 2, what="the change")
                assert not scan(it.process.pid, other.encode()), options
                it.end()


def bech32_bytes(text):
    """The 32 bytes of a secret key."""
    letters = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    number = 0
    for letter in text.lower().rpartition(b"1")[2][:-6]:
        number = number << 5 | letters.index(letter)
    return (number >> 4).to_bytes(32, "big")


def test_memory_of_a_watch():
    """once an event has been printed, nothing of its value is left in the command's memory"""
    with world("web") as (daemon, web):
        for options in ((), ("--values",), ("-o", "json")):
            value = text(3000)
            with watching(web, daemon, *options) as program:
                assert b"absent" in program.line() if options != ("--values",) else True
                daemon.put(value, "app/web")
                assert program.line()
                assert scan(program.process.pid, daemon.public.encode()), "the control"
                left = lambda: scan(program.process.pid, value[:32].encode())
                wait_until(lambda: not left(), 2, f"no trace with {options}")
            daemon.delete("app/web")


def test_memory_of_a_page():
    """a value that is deleted leaves the memory of whoever reads it by a page"""
    with world("web") as (daemon, web), reading(web, daemon) as reader:
        value = text(3000)
        daemon.put(value, "app/web")
        wait_until(lambda: reader.ask("count 20").startswith("1 "))
        assert len(scan(reader.process.pid, value[:32].encode())) == 2, "the page, and the copy"
        daemon.delete("app/web")
        # Not by reading until it is gone: what was read would be said, and stay in the reader's stdio.
        assert reader.ask("wait 10000") == "0" and reader.ask("read") == "1 0"
        found = scan(reader.process.pid, value[:32].encode())
        assert not found, found
