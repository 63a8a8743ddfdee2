# SPDX-License-Identifier: BSD-2-Clause
"""The vsecm command: verbs, exit codes, and values that never stand in argv."""

import json
import os
import struct
import subprocess
import tempfile

from lab import BUILD, world

VSECM = f"{BUILD}/vsecm"


def vsecm(*arguments, value=None, **options):
    return subprocess.run(
        [VSECM, *arguments], input=value, capture_output=True, timeout=60, check=False, **options
    )


def test_verbs():
    """put, list, get, whoami, status and delete do what they say, as table and as JSON"""
    with world("web") as (daemon, web):
        admin = ("--socket", daemon.admin)
        done = vsecm(*admin, "put", "web", "-n", "app", "-n", "other", value=b"from stdin\n")
        assert done.returncode == 0, done
        inside = lambda *arguments: web.run(VSECM, "--socket", daemon.public, *arguments)
        assert inside("get").stdout == b"from stdin\n", inside("get")
        secret = json.loads(inside("get", "-o", "json").stdout)
        assert secret["data"] == "from stdin\n" and secret["version"] == 1, secret
        rows = json.loads(vsecm(*admin, "list", "-o", "json").stdout)["secrets"]
        assert [(r["namespace"], r["name"]) for r in rows] == [("app", "web"), ("other", "web")]
        assert b"web" in vsecm(*admin, "list").stdout
        assert b"other" not in vsecm(*admin, "list", "-n", "app").stdout
        who = json.loads(inside("whoami", "-o", "json").stdout)
        assert who["workload"] == "web" and who["podUid"] == web.uid
        assert b"web" in inside("whoami").stdout
        assert json.loads(vsecm(*admin, "status", "-o", "json").stdout)["serving"] is True
        assert b"serving" in vsecm(*admin, "status").stdout
        assert vsecm(*admin, "delete", "app/web", "other/web").returncode == 0
        assert inside("get").returncode == 1


def crc32c(data):
    """RFC 3720, bit by bit"""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def record_log(preface, records):
    """A log as docs/FORMAT.md has it: each record a batch of its own, synced; then a checkpoint"""
    log = b"VSECLOG\x01" + struct.pack("<I", len(preface)) + preface
    number = crc32c(log)
    log += struct.pack("<I", number)
    frames = [(meta.encode(), b"sealed", 1) for meta in records] + [(b"", bytes(8) + preface, 2)]
    for sequence, (meta, payload, kind) in enumerate(frames, 1):
        body = meta + payload
        head = b"\xf7Vr\n" + struct.pack(
            "<IQQIHBBI", len(body), sequence, len(log), number, len(meta), kind, 3, crc32c(body))
        log += head + struct.pack("<I", crc32c(struct.pack("<Q", len(log)) + head)) + body
    return log


def test_doctor():
    """doctor reads what the format's description says, finds damage, and saves what is whole"""
    log = record_log(b"preface", [f"put shop/web {n} 2026-11-24T21:02:11Z now never" for n in range(1, 9)])
    with tempfile.TemporaryDirectory() as state:
        path = lambda name: os.path.join(state, name)
        write = lambda name, data: open(path(name), "wb", opener=private).write(data)
        private = lambda name, flags: os.open(name, flags, 0o600)
        doctor = lambda *arguments: vsecm("doctor", "--state", state, *arguments)
        told = lambda *arguments: json.loads(doctor("-o", "json", *arguments).stdout)
        write("root.key", b"k")
        write("records.log", log)
        assert doctor().returncode == 0, doctor()
        assert told()["records"] == told()["put"] == 8 and told()["tailBytes"] == 0, told()
        at = log.index(b"put shop/web 5") - 40
        write("records.log", log[:at + 50] + b"!" + log[at + 51:])
        assert doctor().returncode == 1
        assert f"bytes at byte {at}\n".encode() in doctor().stdout, doctor().stdout
        assert told()["damage"] == [{"offset": at, "bytes": 40 + 45 + 6}], told()
        assert doctor("--salvage", path("saved")).returncode == 0
        assert doctor("--salvage", path("saved")).returncode == 1
        saved = vsecm("doctor", "--state", path("saved"), "-o", "json")
        assert saved.returncode == 0 and b"root_key is not auto" in saved.stdout, saved
        assert json.loads(saved.stdout)["records"] == 7 and not json.loads(saved.stdout)["damage"]
        write("records.log", log[:-3])  # a torn tail is nobody's loss
        assert doctor().returncode == 0 and told()["tailBytes"] > 0
        assert vsecm("doctor", "--salvage", path("saved")).returncode == 2
        assert vsecm("doctor", "--state", "/nonexistent").returncode == 1


def test_member_and_binary():
    """get MEMBER gives one member; bytes of any kind go in from a file and come out whole"""
    with world("web") as (daemon, web):
        admin = ("--socket", daemon.admin)
        vsecm(*admin, "put", "app/web", value=b'{"user":"u","password":"p w"}')
        get = lambda *arguments: web.run(VSECM, "--socket", daemon.public, "get", *arguments)
        assert get("password").stdout == b"p w"
        assert get("missing").returncode == 1
        with tempfile.NamedTemporaryFile() as file:
            value = bytes(range(256)) * 4000
            file.write(value)
            file.flush()
            assert vsecm(*admin, "put", "app/web", "--from-file", file.name).returncode == 0
        assert get().stdout == value


def test_exit_codes():
    """0 done, 1 refused or not found, 2 wrong use, 3 no daemon"""
    with world("web") as (daemon, web):
        admin = ("--socket", daemon.admin)
        nowhere = ("--socket", "/nonexistent/socket")
        public = ("--socket", daemon.public)
        for expected, done in (
            (0, vsecm(*admin, "list")),
            (0, vsecm("--help")),
            (0, vsecm("put", "--help")),
            (1, vsecm(*admin, "delete", "app/none")),
            (1, vsecm(*public, "get")),
            (1, vsecm(*public, "put", "app/web", value=b"v")),
            (1, web.run(VSECM, *public, "get")),
            (2, vsecm("frobnicate")),
            (2, vsecm(*admin, "put", value=b"v")),
            (2, vsecm(*admin, "put", "UPPER", value=b"v")),
            (2, vsecm(*admin, "list", "--no-such")),
            (2, vsecm(*admin, "list", "-o", "xml")),
            (3, vsecm(*nowhere, "list")),
            (3, vsecm(*nowhere, "get")),
        ):
            assert done.returncode == expected, (expected, done)
            assert (expected == 0) != bool(done.stderr), done


def test_never_argv():
    """a value in argv is refused, and not repeated in the message"""
    with world("web") as (daemon, web):
        done = vsecm("--socket", daemon.admin, "put", "app/web", "hunter2", value=b"")
        assert done.returncode == 2 and b"hunter2" not in done.stderr, done
        assert web.connect(daemon.public).get("/v1/value").status == 404


def test_too_large_and_empty():
    """what cannot be stored is said before or by the daemon, and nothing is lost"""
    with world("web", arena_size="8M") as (daemon, web):
        admin = ("--socket", daemon.admin)
        assert vsecm(*admin, "put", "app/web", value=b"small").returncode == 0
        assert vsecm(*admin, "put", "app/web", value=b"x" * ((1 << 20) + 1)).returncode != 0
        assert vsecm(*admin, "put", "app/web", value=b"").returncode != 0
        for i in range(20):
            done = vsecm(*admin, "put", f"app/f{i}", value=b"\x01" * (1 << 20))
            if done.returncode:
                break
        assert done.returncode == 1 and b"full" in done.stderr or b"left" in done.stderr, done
        assert web.connect(daemon.public).get("/v1/value").body == b"small"


def test_links():
    """the command needs neither libbpf nor libelf; the daemon needs no TLS and no curl"""
    needed = lambda path: subprocess.run(
        ["readelf", "-d", path], capture_output=True, check=True
    ).stdout
    command, daemon = needed(VSECM), needed(f"{BUILD}/vsecmd")
    for library in (b"libbpf", b"libelf"):
        assert library not in command, library
    assert b"libbpf" in daemon, "the control"
    for library in (b"libssl", b"libcurl", b"libgnutls"):
        assert library not in command and library not in daemon, library


def test_library():
    """a program of another project builds with the installed library and reads its secret"""
    with tempfile.TemporaryDirectory() as directory, world("web") as (daemon, web):
        prefix = f"{directory}/usr"
        make = ["make", "-s", f"O={BUILD}", f"PREFIX={prefix}", "install"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        subprocess.run(make, check=True, capture_output=True, env=environment)
        source = f"{directory}/app.c"
        with open(source, "w") as file:
            file.write(
                "#include <stdio.h>\n#include <vsecm/vsecm.h>\n"
                "int main(void)\n{\n"
                "    vsecm_client *client;\n    vsecm_secret secret;\n    const vsecm_secret *shared;\n"
                "    vsecm_watch *watch;\n    vsecm_event event;\n    vsecm_page *page;\n"
                "    if (vsecm_connect(NULL, &client) || vsecm_get(client, &secret))\n"
                "        return 1;\n"
                '    printf("%.*s %d\\n", (int)secret.length, (char *)secret.data,\n'
                "           (int)secret.version);\n"
                "    vsecm_secret_clear(&secret);\n    vsecm_close(client);\n"
                "    if (vsecm_watch_open(NULL, NULL, &watch) || vsecm_watch_next(watch, 5000, &event))\n"
                "        return 2;\n"
                '    printf("%s\\n", (char *)event.secret.data);\n'
                "    vsecm_event_clear(&event);\n    vsecm_watch_close(watch);\n"
                "    if (vsecm_page_open(NULL, &page) || vsecm_page_read(page, &shared))\n"
                "        return 3;\n"
                '    printf("%s\\n", (char *)shared->data);\n'
                "    vsecm_page_close(page);\n    return 0;\n}\n"
            )
        environment["PKG_CONFIG_PATH"] = f"{prefix}/lib/pkgconfig"
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "libvsecm"],
            capture_output=True,
            check=True,
            env=environment,
        ).stdout.decode()
        sanitize = os.environ.get("SANITIZE")
        extra = [f"-fsanitize={sanitize}"] if sanitize else []
        subprocess.run(["gcc", source, "-o", f"{directory}/app", *extra, *flags.split()], check=True)
        daemon.put("by the library", "app/web")
        environment |= {"VSECM_SOCKET": daemon.public, "LD_LIBRARY_PATH": f"{prefix}/lib"}
        done = web.run(f"{directory}/app", env=environment)
        assert done.stdout == b"by the library 1\nby the library\nby the library\n", done
