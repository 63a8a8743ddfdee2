# SPDX-License-Identifier: BSD-2-Clause
"""A private daemon, cgroups shaped like those of real pods, and sockets that were connected inside them."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

BUILD = os.environ.get("VSECM_BUILD", "build")


def cgroup_root():
    """Where cgroup2 is mounted."""
    with open("/proc/self/mountinfo") as mounts:
        for line in mounts:
            if " - cgroup2 " in line:
                return line.split()[4]
    raise SystemExit("no cgroup2 is mounted")


ROOT = cgroup_root()
LIBC = ctypes.PyDLL(None)  # which keeps the interpreter's lock: the child has it too
SYS_CLONE = 56 if os.uname().machine == "x86_64" else 220
CLONE_FILES = 0x400
USERS = {}  # for each cgroup that was made here: how many objects need it


def wait_until(condition, seconds=10, what="a condition"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come true in {seconds} s")


class Cgroup:
    """A cgroup below the cgroup2 root, with those above it that did not exist; the last close() removes each."""

    def __init__(self, path):
        self.path = path
        self.made = []
        at = ROOT
        for name in path.strip("/").split("/"):
            at = f"{at}/{name}"
            try:
                os.mkdir(at)
                USERS[at] = 0
            except FileExistsError:
                pass
            if at in USERS:
                USERS[at] += 1
                self.made.append(at)
        self.dir = at

    def join(self):
        """Move the calling process into it. With no buffer: see connect_inside()."""
        procs = os.open(f"{self.dir}/cgroup.procs", os.O_WRONLY)
        os.write(procs, b"0")
        os.close(procs)

    def run(self, *command, **options):
        """Run COMMAND inside; the completed process, with its output as bytes."""
        options.setdefault("capture_output", True)
        options.setdefault("timeout", 60)
        return subprocess.run(command, preexec_fn=self.join, **options)

    def spawn(self, *command, **options):
        return subprocess.Popen(command, preexec_fn=self.join, **options)

    def connect(self, path, uid=None):
        """
        A socket that a process inside connected: its record names this cgroup. The process shares our
        descriptors, since guards let nobody outside of a pod receive what was connected in it.
        """
        for _ in range(3):
            told, pid = self.connect_inside(path, uid)
            if told == b"-":
                raise ConnectionError(f"connect to {path} from {self.path} failed")
            if told:
                made = socket.socket(fileno=int.from_bytes(told, "little"))
                made.settimeout(20)
                return Http(made, pid)
        raise AssertionError("three processes in a row did not end")

    def connect_inside(self, path, uid):
        """
        The number of a descriptor, "-" for none, or nothing: the C library does not know of the process, which may wait
        for a lock that a thread of ours had just then, and then waits for ever.
        """
        ours, theirs = socket.socketpair()
        pid = LIBC.syscall(SYS_CLONE, CLONE_FILES | signal.SIGCHLD, 0, 0, 0, 0)
        if pid == 0:
            told = b"-"
            try:
                self.join()
                if uid is not None:
                    os.setuid(uid)
                with socket.socket(socket.AF_UNIX) as made:  # what is left open here stays open there
                    made.connect(path)
                    told = made.detach().to_bytes(4, "little")
            finally:
                theirs.send(told)
                os._exit(0)
        ours.settimeout(20)
        try:
            told = ours.recv(4)
        except TimeoutError:
            told = b""
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        ours.close()
        theirs.close()
        return told, pid

    def close(self):
        while self.made:
            at = self.made.pop()
            USERS[at] -= 1
            if USERS[at]:
                continue
            del USERS[at]
            # Its processes are dead, but the kernel may still be taking them out.
            for _ in range(200):
                try:
                    os.rmdir(at)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)


class Pod(Cgroup):
    """A container's cgroup as a kubelet with the cgroupfs driver makes it."""

    def __init__(self, namespace, account, name=None):
        self.uid = str(uuid.uuid4())
        self.container = uuid.uuid4().hex + uuid.uuid4().hex
        self.namespace = namespace
        self.account = account
        self.name = name or f"{account}-0"
        super().__init__(f"/kubepods/burstable/pod{self.uid}/{self.container}")

    def line(self):
        """Its line in the identities file."""
        return f"pod {self.uid} namespace={self.namespace} service-account={self.account} pod={self.name}"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:200]}"


class Http:
    """Requests over one connected socket. Strict: what is no answer is an error."""

    def __init__(self, sock, pid=None):
        self.sock = sock
        self.pid = pid  # of the process that connected, if that was another one
        self.buffer = b""

    def send(self, data):
        self.sock.sendall(data)

    def request(self, method, path, body=None, **headers):
        head = f"{method} {path} HTTP/1.1\r\nHost: vsecm\r\n"
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        for name, value in headers.items():
            head += f"{name.replace('_', '-')}: {value}\r\n"
        try:
            self.send(head.encode() + b"\r\n" + (body or b""))
        except BrokenPipeError:
            pass  # refused before all of it was taken; the answer says why
        return self.answer()

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def more(self):
        data = self.sock.recv(1 << 20)
        self.buffer += data
        return bool(data)

    def answer(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                raise ConnectionError(f"closed before an answer: {self.buffer!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        status = int(re.fullmatch(r"HTTP/1\.1 (\d{3}) .+", lines[0])[1])
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        length = 0 if status in (100, 304) else int(headers["content-length"])
        while len(self.buffer) < length:
            assert self.more(), "closed inside a body"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(status, headers, body)

    def is_closed(self):
        """The daemon closes; anything it sends before that is an error."""
        try:
            return not self.more() and not self.buffer
        except ConnectionResetError:
            return not self.buffer

    def close(self):
        self.sock.close()


class Daemon:
    """vsecmd with everything of its own in a temporary directory."""

    def __init__(self, pods=(), lines=(), program=None, **options):
        self.dir = tempfile.mkdtemp(prefix="vsecm-test-")
        os.chmod(self.dir, 0o755)
        self.program = program or f"{BUILD}/vsecmd"
        self.public = f"{self.dir}/pub/vsecm.sock"
        self.admin = f"{self.dir}/priv/admin.sock"
        self.log = f"{self.dir}/log"
        self.process = None
        self.options = {
            "socket_dir": f"{self.dir}/pub",
            "private_dir": f"{self.dir}/priv",
            "identities": f"{self.dir}/identities",
            "audit": f"{self.dir}/audit",
            "state_dir": f"{self.dir}/state",
            "cgroup_root": ROOT,
            "helper_dir": "none",
            # What is pinned would guard this directory when the daemon is gone, and refuse the next one.
            "pin_dir": "none",
            "attest": os.environ.get("VSECM_ATTEST", "auto"),
            "guards": os.environ.get("VSECM_GUARDS", "auto"),
            **options,
        }
        self.audit = self.options["audit"]
        self.identify(*[pod.line() for pod in pods], *lines)

    def identify(self, *lines):
        with open(f"{self.dir}/identities", "w") as file:
            file.write("\n".join(lines) + "\n")

    def configure(self):
        with open(f"{self.dir}/conf", "w") as file:
            for name, value in self.options.items():
                file.write(f"{name} = {value}\n")
        return f"{self.dir}/conf"

    def start(self, stdout=subprocess.DEVNULL, wait=True, prefix=(), **popen):
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [*prefix, self.program, "--config", self.configure()], stdout=stdout, stderr=log, **popen
        )
        log.close()
        if wait:
            wait_until(lambda: self.ready() or self.process.poll() is not None, 60, "readiness")
            if self.process.poll() is not None:
                raise AssertionError(f"vsecmd ended at once:\n{self.said()}")
        return self

    def ready(self, path=None):
        try:
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
                probe.connect(path or self.public)
            return True
        except OSError:
            return False

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def reload(self, *lines):
        """Change the identities and wait until the daemon has read them, or refused to."""
        before = self.said().count("SIGHUP")
        self.identify(*lines)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.said().count("SIGHUP") > before, what="the reload")

    def root(self, path=None):
        """A connection as the host's root."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(20)
        sock.connect(path or self.admin)
        return Http(sock)

    @contextlib.contextmanager
    def stopped(self):
        """It is held meanwhile: nothing of what comes is seen before all of it is there."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: "State:\tT" in pathlib.Path(f"/proc/{self.process.pid}/status").read_text(), what="the stop")
        yield
        self.process.send_signal(signal.SIGCONT)

    def put(self, value, *keys, http=None, **members):
        """Store VALUE (text) under each "namespace/workload"."""
        import json

        answer = None
        for key in keys:
            namespace, workload = key.split("/")
            body = {"workloads": [workload], "namespaces": [namespace], "value": value, **members}
            connection = http or self.root()
            answer = connection.request(
                "POST", "/sentinel/v1/secrets", json.dumps(body).encode()
            )
            if not http:
                connection.close()
        return answer

    def delete(self, key):
        import json

        namespace, workload = key.split("/")
        body = json.dumps({"workloads": [workload], "namespaces": [namespace]}).encode()
        with contextlib.closing(self.root()) as connection:
            return connection.request("DELETE", "/sentinel/v1/secrets", body)

    def status(self):
        import json

        with contextlib.closing(self.root()) as connection:
            return json.loads(connection.get("/v1/admin/status").body)

    def records(self):
        """All audit records, parsed; zeros at the end are what a running daemon has preallocated."""
        import json

        found = []
        for name in sorted(os.listdir(self.audit)):
            if not name.startswith("audit-"):
                continue
            with open(f"{self.audit}/{name}", "rb") as file:
                lines = file.read().rstrip(b"\0")
            assert not lines or lines.endswith(b"\n"), f"{name} ends in half a line"
            found += [json.loads(line) for line in lines.splitlines()]
        return found

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)
        return self.process.returncode if self.process else None

    def close(self):
        try:
            # A daemon that a test had stopped would never see SIGTERM.
            if self.process and self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)
            status = self.stop()
            said = self.said() if os.path.exists(self.log) else ""
            for word in ("Sanitizer", "runtime error:"):
                assert word not in said, said
            assert status in (None, 0, 1, 2, -signal.SIGKILL), f"vsecmd ended with {status}:\n{said}"
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            # The daemon leaves a tmpfs that it mounted, for the next one.
            if os.path.ismount(self.options["state_dir"]):
                subprocess.run(["umount", self.options["state_dir"]], check=True)
            shutil.rmtree(self.dir, ignore_errors=True)


@contextlib.contextmanager
def world(*accounts, lines=(), **options):
    """A running daemon and a pod of namespace app for each account: `with world("a", "b") as (d, a, b)`."""
    pods = [Pod("app", account) for account in accounts]
    daemon = Daemon(pods, lines, **options)
    try:
        daemon.start()
        yield (daemon, *pods)
    finally:
        try:
            daemon.close()
        finally:
            for pod in pods:
                pod.close()
