# SPDX-License-Identifier: BSD-2-Clause
"""The original's command line, as the scripts that there are use it, in the Sentinel's pod."""

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time

from lab import BUILD, Daemon, Pod, wait_until
from terminal import at_terminal

SAFE = os.path.abspath(f"{BUILD}/safe")
VALUE = "!VSecMRocks!"
KEYSTONE = "vsecm-system/vsecm-keystone"


class Sentinel:
    """`safe` in the Sentinel's pod, at the public socket of DAEMON."""

    def __init__(self, daemon, pod, other):
        self.daemon, self.pod, self.other = daemon, pod, other

    def run(self, *arguments, text=b"", environment=None):
        return self.pod.run(SAFE, "--socket", self.daemon.public, *arguments, input=text,
                            env={**os.environ, **(environment or {})})

    def good(self, *arguments, said=b"", **more):
        """What it prints between its empty lines; it must succeed and say no more than SAID."""
        done = self.run(*arguments, **more)
        assert done.returncode == 0 and (said in done.stderr if said else not done.stderr), done
        assert done.stdout.startswith(b"\n") and done.stdout.endswith(b"\n\n"), done
        return done.stdout[1:-2].decode()

    def refused(self, *arguments, status=1, why=b"", **more):
        done = self.run(*arguments, **more)
        assert done.returncode == status and not done.stdout, done
        assert re.fullmatch(rb"(safe: [^\n]+\n)+", done.stderr) and why in done.stderr, done
        return done.stderr


@contextlib.contextmanager
def safe_world(**options):
    """A daemon, `safe` in the Sentinel's pod, and what the workload default/example reads."""
    pods = [Pod("vsecm-system", "vsecm-sentinel"), Pod("default", "example")]
    daemon = Daemon(pods, **options)
    try:
        daemon.start()

        def example():
            answer = pods[1].connect(daemon.public).get("/v1/value")
            assert answer.status in (200, 404), answer
            return answer.body.decode() if answer.status == 200 else "NO_SECRET"

        yield Sentinel(daemon, *pods), daemon, example
    finally:
        try:
            daemon.close()
        finally:
            for pod in pods:
                pod.close()


def reveal(daemon, key):
    """KEY's value, read by the host's root; None when there is none."""
    answer = daemon.root().get(f"/v1/admin/value?key={key}")
    return answer.body.decode() if answer.status == 200 else None


# ---- what the original's integration suite does -------------------------------------------------------


def test_encryption_round_trip():
    """original 1: a value that was sealed by -s -e is stored by -w -s -e, and its workload reads it"""
    with safe_world() as (safe, _, example):
        sealed = safe.good("-s", VALUE, "-e", said=b"-s @FILE")
        assert VALUE not in sealed and base64.b64decode(sealed).startswith(b"age-encryption.org/v1\n")
        assert example() == "NO_SECRET"
        assert safe.good("-w", "example", "-n", "default", "-s", sealed, "-e") == "OK"
        assert example() == VALUE


def test_registration_and_deletion():
    """original 4 and 5: a secret that is registered is read, one that is deleted is not"""
    with safe_world() as (safe, _, example):
        assert safe.good("-w", "example", "-n", "default", "-s", VALUE, said=b"-s -") == "OK"
        assert example() == VALUE
        assert safe.good("-w", "example", "-n", "default", "-d") == "OK"
        assert example() == "NO_SECRET"
        safe.refused("-w", "example", "-d", why=b"there is no secret default/example")


def test_formats():
    """original 6 and 7: a template in JSON and one in YAML, byte for byte"""
    value = b'{"username": "*root*", "password": "*CasHC0w*"}'
    fixed = '{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}'
    template = '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}'
    with safe_world() as (safe, _, example):
        put = lambda *more: safe.good("-w", "example", "-n", "default", "-s", "-", *more, text=value)
        assert put("-t", fixed, "-f", "json") == "OK" and example() == fixed
        assert put("-t", template, "-f", "json") == "OK" and example() == fixed
        assert put("-t", template, "-f", "none") == "OK" and example() == fixed
        assert put("-t", template, "-f", "yaml") == "OK"
        assert example() == "PASSWORD: '*CasHC0w*'\nUSERNAME: '*root*'\n", example()
        assert put() == "OK" and example() == value.decode()
        assert safe.good("-w", "example", "-d") == "OK" and example() == "NO_SECRET"


# ---- values -------------------------------------------------------------------------------------------


def test_where_values_come_from():
    """-s - is standard input, -s @FILE a file, byte for byte; at a terminal nothing is shown"""
    odd = b"@-gen:\0\xff\n"
    with safe_world() as (safe, daemon, example):
        assert safe.good("-w", "example", "-s", "-", text=b"@not-a-file") == "OK"
        assert example() == "@not-a-file"
        assert safe.good("-w", "example", "-s", "-", text=b"gen:[a-z]{3}") == "OK"
        assert example() == "gen:[a-z]{3}"
        with open(f"{daemon.dir}/value", "wb") as file:
            file.write(odd)
        assert safe.good("-w", "example", "-s", f"@{daemon.dir}/value") == "OK"
        assert daemon.root().get("/v1/admin/value?key=default/example").body == odd
        safe.refused("-w", "example", "-s", f"@{daemon.dir}/none", why=b"none")
        safe.refused("-w", "example", "-s", "@", status=2, why=b"a file's name")
        safe.refused("-w", "example", "-s", "-", status=2, why=b"is empty")
        assert daemon.root().get("/v1/admin/value?key=default/example").body == odd
        status, out, shown = at_terminal(
            [SAFE, "--socket", daemon.admin, "-w", "example", "-s", "-"], [b"typed"], text=None)
        assert status == 0 and out == b"\nOK\n\n" and example() == "typed", (status, out)
        assert b"secret (not shown): " in shown and b"typed" not in shown, shown


def test_values_do_not_stay_on_the_command_line():
    """what -s says is gone from /proc before anything is asked, and a warning says to do otherwise"""
    with safe_world() as (safe, daemon, _), contextlib.closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(f"{daemon.dir}/pub/silent.sock")
        silent.listen(1)
        for word in (["-s", "hunter2"], ["-shunter2"], ["--secret=hunter2"]):
            process = safe.pod.spawn(SAFE, "--socket", f"{daemon.dir}/pub/silent.sock", "-w", "example", *word,
                                     stderr=subprocess.PIPE, stdout=subprocess.PIPE)
            connection = silent.accept()[0]
            with open(f"/proc/{process.pid}/cmdline", "rb") as line:
                text = line.read()
            connection.close()
            out, said = process.communicate(timeout=30)
            assert b"example" in text and b"hunter2" not in text, text
            assert not out and said.count(b"could be read by every process") == 1, said
            assert b"hunter2" not in said, said


def test_generated_values():
    """gen: makes a value here, which is never on the command line; its prefix is the environment's"""
    with safe_world() as (safe, _, example):
        assert safe.good("-w", "example", "-s", "gen:pass[a-f0-9]{12}!") == "OK"
        first = example()
        assert re.fullmatch("pass[a-f0-9]{12}!", first), first
        assert safe.good("-w", "example", "-s", 'gen:{"u":"a-[a-z]{6}"}', "-t", "U:{{.u}}", "-f", "raw") == "OK"
        assert re.fullmatch("U:a-[a-z]{6}", example()), example()
        own = {"VSECM_SENTINEL_SECRET_GENERATION_PREFIX": "make-"}
        assert safe.good("-w", "example", "-s", "make-[0-9]{4}", environment=own) == "OK"
        assert re.fullmatch("[0-9]{4}", example()), example()
        safe.good("-w", "example", "-s", "gen:[0-9]{4}", environment=own, said=b"-s -")
        assert example() == "gen:[0-9]{4}"
        safe.refused("-w", "example", "-s", "gen:[z-a]{8}", status=2, why=b"pattern")
        sealed = safe.good("-s", "gen:[0-9]{4}", "-e")
        assert safe.good("-w", "example", "-s", sealed, "-e") == "OK"
        assert re.fullmatch("[0-9]{4}", example()), example()


def test_times():
    """-N and -E are obeyed; what is no time is refused, and nothing is stored"""
    with safe_world() as (safe, _, example):
        put = lambda *more: safe.good("-w", "example", "-s", "-", *more, text=b"v")
        put("-N", "+1h")
        assert example() == "NO_SECRET"
        put("-N", "now", "-E", "2099-01-01T00:00:00Z")
        assert example() == "v"
        safe.refused("-w", "example", "-s", "-", "-E", "soon", text=b"w", status=2, why=b"RFC 3339")
        safe.refused("-w", "example", "-s", "-", "-E", "2001-01-01T00:00:00Z", text=b"w", why=b"past")
        assert example() == "v"


def test_several_at_once():
    """each workload in each namespace gets the value; OK is said once for each workload"""
    with safe_world() as (safe, daemon, _):
        assert safe.good("-w", "a", "-w", "b", "-s", "-", text=b"v") == "OKOK"
        assert safe.good("-w", "a", "-w", "b", "-n", "x", "-n", "y", "-s", "-", text=b"w") == "OKOK"
        for key in ("x/a", "x/b", "y/a", "y/b"):
            assert reveal(daemon, key) == "w", key
        assert reveal(daemon, "default/a") == "v"
        assert safe.good("-w", "a", "-w", "b", "-n", "x", "-d") == "OKOK"
        assert reveal(daemon, "x/a") is None and reveal(daemon, "y/a") == "w"
        safe.refused("-w", "a", "-w", "none", "-d", why=b"default/none")
        assert reveal(daemon, "default/a") == "v"


def test_what_is_said_and_exit_statuses():
    """each mistake has its message, on standard error, and its exit status"""
    with safe_world() as (safe, daemon, _):
        safe.refused(status=2, why=b"Please provide a workload name.")
        safe.refused("-s", "x", status=2, why=b"Please provide a workload name.")
        safe.refused("-w", "example", status=2, why=b"Please provide a secret.")
        safe.refused("-w", "k8s:example", "-s", "-", text=b"v", why=b"makes no Kubernetes Secrets")
        safe.refused("-w", "k8s:Example", "-s", "-", status=2, why=b"what is behind k8s:")
        safe.refused("-w", "k8s:example", "-d", why=b"there is no secret")
        safe.refused("-w", "raw:example", "-s", "-", status=2, why=b"without raw:")
        for gone in (["-a"], ["-b", "file"], ["-k"]):
            safe.refused("-w", "example", "-s", "-", *gone, status=2, why=b"is gone")
        safe.refused("-w", "example", "-s", "bm90IGFnZQ==", "-e", why=b"must be an age file")
        usage = safe.run("-h")
        assert usage.returncode == 0 and usage.stdout.startswith(b"usage: safe -w NAME"), usage
        assert safe.run("--version").stdout.startswith(b"safe "), "version"
        done = safe.other.run(SAFE, "--socket", daemon.public, "-l")
        assert done.returncode == 1 and not done.stdout and b"administrators" in done.stderr, done
        daemon.stop()
        safe.refused("-l", status=3, why=b"vsecmd")
        daemon.start()


# ---- lists --------------------------------------------------------------------------------------------


def test_lists():
    """-l is the raw list; -l -e has each value sealed, which stock tools and the daemon open"""
    with safe_world() as (safe, daemon, example):
        assert json.loads(safe.good("-l")) == {"secrets": []}
        assert json.loads(safe.good("-l", "-e")) == {"secrets": [], "algorithm": "age"}
        for workload, value in (("example", VALUE), ("other", "x" * 3000)):
            safe.good("-w", workload, "-s", "-", text=value.encode())
        rows = json.loads(safe.good("-l"))["secrets"]
        assert [row["name"] for row in rows] == ["example", "other"] and "value" not in rows[0], rows
        listed = safe.good("-l", "-e")
        assert VALUE not in listed
        listed = json.loads(listed)
        assert listed["algorithm"] == "age" and [row["name"] for row in listed["secrets"]] == ["example", "other"]
        for row, value in zip(listed["secrets"], (VALUE, "x" * 3000)):
            opened = subprocess.run(["age", "-d", "-i", f"{daemon.options['state_dir']}/root.key"],
                                    input=base64.b64decode(row["value"]), capture_output=True, check=True)
            assert opened.stdout.decode() == value, row["name"]
        first, second = (row["value"] for row in listed["secrets"])
        safe.good("-w", "example", "-s", "-", text=b"newer")
        assert safe.good("-w", "example", "-s", first, "-e") == "OK" and example() == VALUE
        # Whoever may not read values must not have one opened into a secret that it reads.
        safe.refused("-w", "example", "-s", second, "-e", why=b"value of default/other")
        safe.refused("-w", "vsecm-sentinel", "-n", "vsecm-system", "-s", second, "-e", why=b"may not read")
        assert example() == VALUE and reveal(daemon, "vsecm-system/vsecm-sentinel") is None
        assert [r["op"] for r in daemon.records()].count("list-sealed") == 2


def test_long_lists():
    """a list of 1,500 sealed values leaves in bounded memory while others are served"""
    with safe_world() as (safe, daemon, example):
        safe.good("-w", "example", "-s", "-", text=VALUE.encode())
        connection = daemon.root()
        for i in range(1500):
            body = {"workloads": [f"w{i}"], "value": f"{i}:" + "y" * 1024}
            assert connection.request("POST", "/sentinel/v1/secrets", json.dumps(body).encode()).status == 200
        resident = lambda: int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{daemon.process.pid}/status").read())[1])
        before = resident()
        process = safe.pod.spawn(SAFE, "--socket", daemon.public, "-l", "-e", stdout=subprocess.PIPE)
        slowest, reads, out = 0, 0, process.stdout.read(1)
        while more := process.stdout.read(65536):
            out += more
            start = time.monotonic()
            assert example() == VALUE
            slowest, reads = max(slowest, time.monotonic() - start), reads + 1
        assert process.wait(60) == 0 and out.endswith(b"}\n\n"), (process.returncode, out[-20:])
        rows = json.loads(out)["secrets"]
        assert len(rows) == 1501 and all(row["value"] for row in rows) and reads > 20, reads
        if not os.environ.get("SANITIZE"):  # a sanitizer keeps what is freed
            assert resident() - before < 4096, (before, resident())
        assert slowest < 1, slowest


# ---- the root key -------------------------------------------------------------------------------------


def test_bringing_the_root_key():
    """-i opens a sealed store: by the original's three parts, also in one line, and by our own key"""
    made = subprocess.run([f"{BUILD}/vsecm", "keygen"], capture_output=True, check=True).stdout.decode()
    identity = re.search(r"AGE-SECRET-KEY-1\w+", made)[0]
    recipient = re.search(r"age1\w+", made)[0]
    other = subprocess.run([f"{BUILD}/vsecm", "keygen"], capture_output=True, check=True).stdout.decode()
    parts = [identity, recipient, "0a" * 32]
    with safe_world(root_key="manual") as (safe, daemon, example):
        is_sealed = lambda: daemon.status()["store"]["sealed"]

        def again():
            daemon.stop()
            daemon.start()
            assert is_sealed()

        assert is_sealed()
        safe.refused("-l", why=b"sealed")
        safe.refused("-i", "-", text=b"nonsense", status=2, why=b"no part of a root key")
        assert safe.good("-i", "-", text="\n".join(parts).encode(), said=b"AES") == "OK"
        safe.good("-w", "example", "-s", "-", text=b"kept")
        again()
        assert safe.good("-i", "\\n".join(parts), said=b"AES") == "OK" and example() == "kept"
        again()
        with open(f"{daemon.dir}/key", "w") as file:
            file.write(made)
        assert safe.good("-i", f"@{daemon.dir}/key") == "OK" and not is_sealed() and example() == "kept"
        safe.refused("-i", "-", text=other.encode(), why=b"another")
        # An init file brings it, too, before it asks for anything else.
        again()
        with open(f"{daemon.dir}/init", "w") as file:
            file.write("w:later\ns:v\n--\ni:" + "\\n".join(parts) + "\n")
        done = safe.run("--init", f"{daemon.dir}/init")
        assert done.returncode == 0 and reveal(daemon, "default/later") == "v", done


# ---- init commands ------------------------------------------------------------------------------------

QUICK = {"VSECM_BACKOFF_DELAY": "20", "VSECM_BACKOFF_MAX_WAIT": "100", "VSECM_BACKOFF_MAX_RETRIES": "3"}


def write_init(daemon, text):
    with open(f"{daemon.dir}/init", "w") as file:
        file.write(text)
    return f"{daemon.dir}/init"


def test_init_commands():
    """blocks run in order, then the keystone is stored; a second run does nothing"""
    with safe_world() as (safe, daemon, example):
        sealed = safe.good("-s", "-", "-e", text=b"was sealed")
        path = write_init(daemon, f"""# what a cluster begins with
w:example
s:{{"user":"root"}}
t:{{"USER":"{{{{.user}}}}"}}
f:yaml
--
w:a,b
n:x,y
s:gen:[0-9]{{8}}
--
sleep:50
--
w:sealed
e:true
s:{sealed}
--
w:none
d:
--
w:late
s:v
N:+1h
E:never
--
exit:true
--
w:never
s:v
""")
        keystone = lambda: json.loads(safe.pod.connect(daemon.public).get("/sentinel/v1/keystone").body)
        assert keystone() == {"status": "pending", "key": KEYSTONE}
        done = safe.run("--init", environment={**QUICK, "VSECM_SENTINEL_INIT_COMMAND_PATH": path})
        assert done.returncode == 0 and b"have run" in done.stdout, done
        assert example() == "USER: root\n" and keystone()["status"] == "ready"
        made = {reveal(daemon, key) for key in ("x/a", "x/b", "y/a", "y/b")}
        assert len(made) == 1 and re.fullmatch("[0-9]{8}", made.pop())
        assert reveal(daemon, "default/sealed") == "was sealed"
        assert reveal(daemon, KEYSTONE) == "keystone-init"
        assert reveal(daemon, "default/never") is None
        late = [row for row in json.loads(safe.good("-l"))["secrets"] if row["name"] == "late"]
        assert late[0]["state"] == "not-yet", late
        safe.good("-w", "example", "-s", "-", text=b"changed since")
        done = safe.run("--init", path)
        assert done.returncode == 0 and b"nothing was done" in done.stdout, done
        assert example() == "changed since"
        assert b"[0-9]" not in done.stdout + done.stderr


def test_init_file_is_found_good_first():
    """a mistake in the last line keeps the first from being done; the error has the line and no value"""
    with safe_world() as (safe, daemon, example):
        path = write_init(daemon, "w:example\ns:v\n--\nw:b\nhunter2\n")
        said = safe.refused("--init", path, status=2, why=b"line 5: no command begins it; there are w, n, s")
        assert b"hunter2" not in said and b"nothing was done" in said, said
        safe.refused("--init", write_init(daemon, "w:example\ns:v\n--\nw:k8s:B\ns:v\n"), status=2, why=b"line 4")
        safe.refused("--init", f"{daemon.dir}/gone", why=b"gone")
        os.chmod(path, 0o666)
        safe.refused("--init", path, why=b"init")
        os.chmod(path, 0o644)
        safe.refused("--init", path, status=2, why=b"VSECM_BACKOFF_MODE",
                     environment={"VSECM_BACKOFF_MODE": "often"})
        assert example() == "NO_SECRET" and reveal(daemon, KEYSTONE) is None


def test_init_waits_for_the_daemon():
    """it begins before the daemon does and goes on when there is one; without any it gives up with 3"""
    with safe_world() as (safe, daemon, example):
        path = write_init(daemon, "w:example\ns:v\n")
        daemon.stop()
        start = time.monotonic()
        done = safe.run("--init", path, environment=QUICK)
        assert done.returncode == 3 and done.stderr.count(b"vsecmd") == 4, done
        assert 0.1 < time.monotonic() - start < 5
        process = safe.pod.spawn(SAFE, "--socket", daemon.public, "--init", path,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env={**os.environ, **QUICK, "VSECM_BACKOFF_MAX_RETRIES": "1000"})
        time.sleep(0.1)
        daemon.start()
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0 and b"have run" in out and example() == "v"


def test_init_stops_at_what_is_refused():
    """what the daemon calls wrong is not tried again, and no keystone is stored"""
    with safe_world() as (safe, daemon, example):
        path = write_init(daemon, "w:example\ns:v\n--\nw:b\ns:bm8=\ne:true\n--\nw:c\ns:v\n")
        said = safe.refused("--init", path, why=b"must be an age file", environment=QUICK)
        assert said.count(b"must be an age file") == 1 and b"line 4" in said, said
        assert example() == "v" and reveal(daemon, "default/c") is None and reveal(daemon, KEYSTONE) is None


def test_init_waits_before_and_after():
    """the two waits of the environment are kept"""
    with safe_world() as (safe, daemon, _):
        path = write_init(daemon, "w:example\ns:v\n")
        start = time.monotonic()
        process = safe.pod.spawn(SAFE, "--socket", daemon.public, "--init", path, stdout=subprocess.PIPE, env={
            **os.environ, "VSECM_SENTINEL_INIT_COMMAND_WAIT_BEFORE_EXEC": "300",
            "VSECM_SENTINEL_INIT_COMMAND_WAIT_AFTER_INIT_COMPLETE": "400"})
        wait_until(lambda: reveal(daemon, KEYSTONE), what="the keystone")
        began = time.monotonic() - start
        assert process.wait(30) == 0 and began >= 0.3 and time.monotonic() - start - began >= 0.3, began


def test_init_stays():
    """with --stay it is there until it is told to end, with init commands and without; what fails ends it"""
    with safe_world() as (safe, daemon, example):
        for path in (f"{daemon.dir}/gone", write_init(daemon, "w:example\ns:v\n")):
            process = safe.pod.spawn(SAFE, "--socket", daemon.public, "--init", path, "--stay",
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if path.endswith("gone"):
                time.sleep(0.3)
                assert reveal(daemon, KEYSTONE) is None
            else:
                wait_until(lambda: reveal(daemon, KEYSTONE), what="the keystone")
            process.send_signal(signal.SIGHUP)
            time.sleep(0.1)
            assert process.poll() is None
            process.terminate()
            out, said = process.communicate(timeout=5)
            assert process.returncode == 0 and not said, (process.returncode, said, out)
        assert example() == "v"
        safe.refused("--init", write_init(daemon, "w:example\nq:x\n"), "--stay", status=2, why=b"line 2")


def test_init_gives_up():
    """what can never be done is not tried again"""
    with safe_world() as (safe, daemon, _):
        safe.refused("--init", write_init(daemon, "w:k8s:b\ns:v\n"), "--stay", status=1, why=b"cluster")


def test_values_of_init_commands_are_nowhere():
    """no value of an init file is in what is printed, in the audit trail, or in the log"""
    with safe_world() as (safe, daemon, example):
        done = safe.run("--init", write_init(daemon, "w:example\ns:hunter2-init\n"))
        assert done.returncode == 0 and example() == "hunter2-init"
        told = done.stdout + done.stderr + daemon.said().encode() + json.dumps(daemon.records()).encode()
        assert b"hunter2-init" not in told
