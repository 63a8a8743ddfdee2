# SPDX-License-Identifier: BSD-2-Clause
"""vsecm init and sidecar, and the static vsecm that pods get from the node."""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time

from lab import BUILD, Daemon, Pod, wait_until, world

VSECM = f"{BUILD}/vsecm"
STATIC = f"{BUILD}/vsecm-static"


def ask(pod, daemon, *arguments, **options):
    return pod.run(VSECM, "--socket", daemon.public, *arguments, **options)


@contextlib.contextmanager
def sidecar(pod, daemon, *arguments, program=VSECM, **options):
    with tempfile.TemporaryFile() as output:
        process = pod.spawn(program, "--socket", daemon.public, "sidecar", *arguments,
                            stdout=output, stderr=output, **options)
        process.said = lambda: os.pread(output.fileno(), 1 << 16, 0).decode()
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(10)


@contextlib.contextmanager
def memory(size=None):
    """A tmpfs of its own."""
    directory = tempfile.mkdtemp(prefix="vsecm-test-")
    options = f"size={size},mode=755" if size else "mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", directory], check=True)
        os.rmdir(directory)


def content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def will_be(path, expected):
    wait_until(lambda: content(path) == expected, what=f"{path} being {expected!r}")


# ---- init -----------------------------------------------------------------------------------------


def test_init():
    """init ends with 0 once the secret is there with its members, else it says what was missing"""
    with world("web") as (daemon, web):
        done = ask(web, daemon, "init", "--timeout", "1s")
        assert done.returncode == 1 and b"no secret" in done.stderr and b"app/web" in done.stderr, done
        daemon.put("no object", "app/web")
        assert ask(web, daemon, "init").returncode == 0
        done = ask(web, daemon, "init", "--timeout", "1s", "--member", "password")
        assert done.returncode == 1 and b'no member "password"' in done.stderr, done
        waiting = web.spawn(VSECM, "--socket", daemon.public, "init", "--member", "user", "--member", "p")
        daemon.put(json.dumps({"user": "u"}), "app/web")
        time.sleep(0.3)
        assert waiting.poll() is None
        daemon.put(json.dumps({"user": "u", "p": "x"}), "app/web")
        assert waiting.wait(10) == 0
        begin = time.monotonic()
        environment = {**os.environ, "VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT": "700"}
        assert ask(web, daemon, "init", env=environment).returncode == 0
        assert time.monotonic() - begin >= 0.7
        environment["VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT"] = "soon"
        assert ask(web, daemon, "init", env=environment).returncode == 2


def test_init_without():
    """init waits for a daemon that is not there, and tells strangers and the lonely apart"""
    web = Pod("app", "web")
    daemon = Daemon([web])
    try:
        done = ask(web, daemon, "init", "--timeout", "1s")
        assert done.returncode == 3 and b"no daemon" in done.stderr, done
        waiting = web.spawn(VSECM, "--socket", daemon.public, "init")
        time.sleep(0.3)
        daemon.start()
        time.sleep(0.3)
        assert waiting.poll() is None
        daemon.put("v", "app/web")
        assert waiting.wait(10) == 0
        done = subprocess.run([VSECM, "--socket", daemon.public, "init", "--timeout", "1s"],
                              capture_output=True, timeout=30, check=False)
        assert done.returncode == 1 and b"nobody it knows" in done.stderr, done
    finally:
        daemon.close()
        web.close()


# ---- sidecar --------------------------------------------------------------------------------------


def test_sidecar():
    """the file follows the secret, for its owner alone; it is removed, emptied or kept after a delete"""
    with world("web") as (daemon, web), memory() as directory:
        path = f"{directory}/secret"
        daemon.put("one", "app/web")
        with sidecar(web, daemon, "--file", path, "--mode", "0440", "--owner", "1234:2345"):
            will_be(path, b"one")
            status = os.stat(path)
            assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o440, 1234, 2345)
            held = open(path, "rb")
            daemon.put("two", "app/web")
            will_be(path, b"two")
            with held:
                assert held.read() == b"one"
            daemon.delete("app/web")
            will_be(path, None)
            daemon.put("three", "app/web")
            will_be(path, b"three")
        assert content(path) == b"three" and os.listdir(directory) == ["secret"]
        environment = {**os.environ, "VSECM_SIDECAR_SECRETS_PATH": path}
        with sidecar(web, daemon, "--on-delete", "empty", env=environment) as process:
            daemon.put("four", "app/web")
            will_be(path, b"four")
            daemon.delete("app/web")
            will_be(path, b"")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        with sidecar(web, daemon, "--file", path, "--on-delete", "keep", "--clean") as process:
            daemon.put("five", "app/web")
            will_be(path, b"five")
            daemon.delete("app/web")
            time.sleep(0.5)
            assert content(path) == b"five"
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0 and content(path) is None


def test_sidecar_refusals():
    """a file on a disk is refused, and so is one in a directory that is not there"""
    with world("web") as (daemon, web):
        disk = tempfile.mkdtemp(dir="/var/tmp")
        try:
            done = ask(web, daemon, "sidecar", "--file", f"{disk}/secret")
            assert done.returncode == 1 and b"--allow-disk" in done.stderr, done
            assert ask(web, daemon, "sidecar", "--per-key", disk).returncode == 1
            assert ask(web, daemon, "sidecar", "--file", "/nonexistent/x").returncode == 1
            assert ask(web, daemon, "sidecar", "--file", "/dev/shm/x", "--per-key", "/dev/shm").returncode == 2
            daemon.put("v", "app/web")
            with sidecar(web, daemon, "--file", f"{disk}/secret", "--allow-disk", "--clean"):
                will_be(f"{disk}/secret", b"v")
        finally:
            os.rmdir(disk)


def test_per_key():
    """one file for each member, all of one version at any moment"""
    with world("web") as (daemon, web), memory() as directory:
        put = lambda n: daemon.put(json.dumps({"user": f"u{n}", "password": f"p{n}", "list": [n]}), "app/web")
        put(0)
        with sidecar(web, daemon, "--per-key", directory) as process:
            will_be(f"{directory}/list", b"[0]")
            assert stat.S_IMODE(os.stat(f"{directory}/user").st_mode) == 0o400
            for n in range(1, 30):
                put(n)
                # Whoever reads through one opened directory has one version of all.
                with contextlib.suppress(FileNotFoundError):
                    data = os.open(f"{directory}/..data", os.O_RDONLY)
                    try:
                        read = lambda name: open(os.open(name, os.O_RDONLY, dir_fd=data), "rb").read()
                        user, password = read("user"), read("password")
                        assert user[1:] == password[1:], (user, password)
                    finally:
                        os.close(data)
            will_be(f"{directory}/list", b"[29]")
            daemon.put(json.dumps({"user": "only"}), "app/web")
            will_be(f"{directory}/user", b"only")
            wait_until(lambda: len(os.listdir(directory)) == 3, what="the others being gone")
            daemon.put("no object", "app/web")
            wait_until(lambda: "no JSON object" in process.said(), what="a word about it")
            assert content(f"{directory}/user") == b"only"
            daemon.delete("app/web")
            wait_until(lambda: not os.listdir(directory), what="all being gone")


def test_guard():
    """a file is written guarded, and where that cannot be it is not written at all"""
    with world("web") as (daemon, web), memory() as directory:
        daemon.put(json.dumps({"user": "u"}), "app/web")
        tier = json.loads(ask(web, daemon, "whoami", "-o", "json").stdout)["tier"]
        for target in (("--file", f"{directory}/file"), ("--per-key", directory)):
            with sidecar(web, daemon, "--guard", *target) as process:
                if tier == "lsm":
                    wait_until(lambda: os.listdir(directory), what="a file")
                    continue
                assert process.wait(10) == 1 and "guards" in process.said(), process.said()
                assert "nothing was written" in process.said()
            assert os.listdir(directory) == [], os.listdir(directory)
        with sidecar(web, daemon, "--guard", "--allow-disk", "--file", f"{directory}/other") as process:
            assert process.wait(10) == 2, process.said()


def test_full_disk():
    """a full disk leaves the old file, is told, and is tried again: at once on a change, else after 30 s"""
    with world("web") as (daemon, web), memory("64k") as directory:
        path, filler = f"{directory}/secret", f"{directory}/filler"
        daemon.put("old", "app/web")
        with sidecar(web, daemon, "--file", path) as process:
            will_be(path, b"old")
            daemon.put("x" * 100000, "app/web")
            wait_until(lambda: "No space left" in process.said(), what="a word about it")
            assert content(path) == b"old" and os.listdir(directory) == ["secret"]
            daemon.put("small", "app/web")
            will_be(path, b"small")
            with open(filler, "wb", buffering=0) as file:
                with contextlib.suppress(OSError):
                    file.write(b"x" * 65536)
                    file.write(b"x" * 65536)
            daemon.put("y" * 5000, "app/web")
            wait_until(lambda: process.said().count("No space left") == 2, what="a second word")
            assert content(path) == b"small"
            os.remove(filler)
            wait_until(lambda: content(path) == b"y" * 5000, 35, "another try")
            subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
            daemon.put("later", "app/web")
            wait_until(lambda: "Read-only" in process.said(), what="a third word")
            subprocess.run(["mount", "-o", "remount,rw", directory], check=True)
            daemon.put("at last", "app/web")
            will_be(path, b"at last")


def test_daemon_restarts():
    """a daemon that comes and goes changes no file; what changed meanwhile arrives"""
    with world("web") as (daemon, web), memory() as directory:
        path = f"{directory}/secret"
        daemon.put("one", "app/web")
        with sidecar(web, daemon, "--file", path):
            will_be(path, b"one")
            before = os.stat(path).st_ino
            for _ in range(3):
                daemon.stop(signal.SIGKILL)
                daemon.start()
                time.sleep(1)
                assert os.stat(path).st_ino == before
            daemon.put("two", "app/web")
            will_be(path, b"two")


# ---- the static program ---------------------------------------------------------------------------


def test_static():
    """one file of at most 1 MiB that needs no other"""
    assert os.path.getsize(STATIC) <= 1 << 20, os.path.getsize(STATIC)
    for section in ("-d", "-l"):
        said = subprocess.run(["readelf", section, STATIC], capture_output=True, check=True).stdout
        assert b"NEEDED" not in said and b"INTERP" not in said, said
    assert subprocess.run([STATIC, "--version"], capture_output=True, check=True).stdout.startswith(b"vsecm ")


@contextlib.contextmanager
def root_of_pod(daemon):
    """A root file system with nothing but the program, the socket's directory and a tmpfs."""
    root = tempfile.mkdtemp(prefix="vsecm-test-")
    mounted = []
    try:
        for name in ("run/vsecm", "secrets", "bin"):
            os.makedirs(f"{root}/{name}")
        for what in (["--bind", f"{daemon.dir}/pub", f"{root}/run/vsecm"],
                     ["-t", "tmpfs", "-o", "mode=755", "none", f"{root}/secrets"]):
            subprocess.run(["mount", *what], check=True)
            mounted.append(what[-1])
        shutil.copy(STATIC, f"{root}/bin/vsecm")
        yield root
    finally:
        for where in mounted:
            subprocess.run(["umount", "-l", where], check=True)
        shutil.rmtree(root)


def test_empty_root():
    """in an empty root every verb of a workload works, from the static program alone"""
    with world("web") as (daemon, web), root_of_pod(daemon) as root:
        inside = lambda *arguments: web.run("chroot", root, "/bin/vsecm", *arguments)
        daemon.put(json.dumps({"user": "web", "password": "p w"}), "app/web")
        assert inside("get", "password").stdout == b"p w", inside("get", "password")
        assert json.loads(inside("get", "-o", "json").stdout)["version"] == 1
        assert b"web" in inside("whoami").stdout
        assert json.loads(inside("whoami", "-o", "json").stdout)["workload"] == "web"
        assert inside("init", "--member", "user").returncode == 0
        assert json.loads(inside("watch", "--once", "-o", "json").stdout)["version"] == 1
        assert inside("exec", "--", "/bin/vsecm", "get", "user").stdout == b"web"
        done = inside("exec", "--file", "/secrets/s", "--", "/nonexistent")
        assert done.returncode == 127 and not os.listdir(f"{root}/secrets"), done
        done = inside("exec", "--file", "/bin/s", "--", "/bin/vsecm", "get")
        assert done.returncode == 1 and b"tmpfs" in done.stderr, done
        process = web.spawn("chroot", root, "/bin/vsecm", "sidecar", "--per-key", "/secrets")
        try:
            will_be(f"{root}/secrets/password", b"p w")
            daemon.put(json.dumps({"password": "new"}), "app/web")
            will_be(f"{root}/secrets/password", b"new")
        finally:
            process.terminate()
            assert process.wait(10) == 0
        assert inside("put", "x").returncode == 2


def test_busybox_root():
    """in a root with busybox a shell script gets its secret, as variables and behind a descriptor"""
    with world("web") as (daemon, web), root_of_pod(daemon) as root:
        shutil.copy(shutil.which("busybox"), f"{root}/bin/busybox")
        os.symlink("busybox", f"{root}/bin/sh")
        os.symlink("busybox", f"{root}/bin/cat")
        daemon.put(json.dumps({"A": "one", "B": "two"}), "app/web")
        inside = lambda *arguments: web.run("chroot", root, "/bin/vsecm", "exec", *arguments)
        assert inside("--", "sh", "-c", "echo $A $B").stdout == b"one two\n", inside("--", "sh", "-c", "echo $A $B")
        done = inside("--fd", "--", "sh", "-c", "cat <&$VSECM_SECRET_FD")
        assert json.loads(done.stdout) == {"A": "one", "B": "two"}, done
        assert inside("--", "sh", "-c", "exit 4").returncode == 4


def test_publish():
    """the daemon puts the static program where pods find it, anew at each start; without one it serves too"""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        where = f"{directory}/lib/bin"
        with world("web", helper=os.path.abspath(STATIC), helper_dir=where) as (daemon, web):
            daemon.put("v", "app/web")
            assert os.listdir(where) == ["vsecm"]
            status = os.stat(f"{where}/vsecm")
            assert stat.S_IMODE(status.st_mode) == 0o755 and status.st_uid == 0
            assert web.run(f"{where}/vsecm", "--socket", daemon.public, "get").stdout == b"v"
            daemon.stop()
            with open(f"{where}/vsecm", "ab") as file:
                file.write(b"spoilt")
            daemon.start()
            assert content(f"{where}/vsecm") == content(STATIC)
    with world("web", helper="/nonexistent/vsecm", helper_dir="/nonexistent/bin") as (daemon, web):
        daemon.put("v", "app/web")
        assert web.connect(daemon.public).get("/v1/value").body == b"v"
        assert "helper: /nonexistent/vsecm" in daemon.said(), daemon.said()
