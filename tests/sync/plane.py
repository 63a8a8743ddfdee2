# SPDX-License-Identifier: BSD-2-Clause
"""A real etcd and a real kube-apiserver, made for these tests on free ports."""

import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).parents[2]
NAMESPACE = "vsecm-system"
OURS = ("vsecmsecrets", "vsecmbindings", "vsecmnodes", "vsecmkeys")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true in {seconds} s")
        time.sleep(0.02)


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


class Plane:
    def __init__(self, parts, base):
        self.parts, self.base, self.programs = parts, base, {}
        self.port, self.etcd, self.peer = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.make_keys()
        self.start("etcd", "--data-dir", f"{base}/etcd", "--unsafe-no-fsync", "--log-level", "warn",
                   "--listen-client-urls", f"http://127.0.0.1:{self.etcd}",
                   "--advertise-client-urls", f"http://127.0.0.1:{self.etcd}",
                   "--listen-peer-urls", f"http://127.0.0.1:{self.peer}")
        self.start_api()
        self.kubectl("apply", "-f", self.deploy("namespace.yaml"))
        for name in OURS:
            self.kubectl("apply", "-f", self.deploy(f"crd-{name}.yaml"))
            self.kubectl("wait", "--for=condition=Established", "--timeout=20s", f"crd/{name}.vsecm.com")
        for name in ("serviceaccounts", "role-sync", "role-sync-export"):
            self.kubectl("apply", "-n", NAMESPACE, "-f", self.deploy(f"{name}.yaml"))

    @staticmethod
    def deploy(name):
        return str(pathlib.Path(os.environ.get("VSECM_DEPLOY", SOURCE / "deploy/daemonset")) / name)

    def path(self, name):
        return f"{self.base}/{name}"

    def certificate(self, name, subject, usage, more=""):
        with open(self.path("extensions"), "w") as file:
            file.write(f"keyUsage=critical,digitalSignature\nextendedKeyUsage={usage}\n{more}\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", self.path(f"{name}.key"), "-out", self.path("request"))
        run("openssl", "x509", "-req", "-in", self.path("request"), "-CA", self.path("ca.crt"), "-CAkey",
            self.path("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", self.path("extensions"),
            "-out", self.path(f"{name}.crt"))

    def make_keys(self):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=ca", "-addext", "keyUsage=critical,keyCertSign,digitalSignature",
            "-keyout", self.path("ca.key"), "-out", self.path("ca.crt"))
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path("accounts.key"))
        run("openssl", "ec", "-in", self.path("accounts.key"), "-pubout", "-out", self.path("accounts.pub"))
        self.certificate("server", "/CN=kube-apiserver", "serverAuth",
                         "subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1")
        self.certificate("admin", "/O=system:masters/CN=admin", "clientAuth")
        self.context = ssl.create_default_context(cafile=self.path("ca.crt"))
        self.context.load_cert_chain(self.path("admin.crt"), self.path("admin.key"))

    def start(self, name, *words):
        with open(self.path(f"{name}.log"), "ab") as log:
            self.programs[name] = subprocess.Popen([f"{self.parts}/{name}", *words], stdin=subprocess.DEVNULL,
                                                   stdout=log, stderr=log)

    def start_api(self):
        path = self.path
        self.start("kube-apiserver", "--bind-address", "127.0.0.1", "--secure-port", str(self.port),
                   "--advertise-address", "192.0.2.1", "--endpoint-reconciler-type", "none",
                   "--etcd-servers", f"http://127.0.0.1:{self.etcd}", "--client-ca-file", path("ca.crt"),
                   "--tls-cert-file", path("server.crt"), "--tls-private-key-file", path("server.key"),
                   "--authorization-mode", "Node,RBAC", "--service-account-issuer", "https://kubernetes.default.svc",
                   "--service-account-key-file", path("accounts.pub"),
                   "--service-account-signing-key-file", path("accounts.key"),
                   "--service-cluster-ip-range", "10.96.0.0/24", "--profiling=false")
        wait_until(self.is_ready, 90, "the API server's readiness")

    def stop_api(self):
        self.programs["kube-apiserver"].send_signal(signal.SIGKILL)
        self.programs["kube-apiserver"].wait()

    def is_ready(self):
        try:
            return self.call("GET", "/readyz", raw=True)[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, kind="application/json", raw=False):
        """The status and the object of the answer."""
        request = urllib.request.Request(self.url + path, method=method, headers={"Content-Type": kind},
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=20, context=self.context) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as answer:
            status, text = answer.code, answer.read()
        return status, text if raw else json.loads(text)

    def good(self, *arguments, **options):
        status, answer = self.call(*arguments, **options)
        assert status < 300, (arguments, status, answer)
        return answer

    def kubectl(self, *words, **options):
        return run(f"{self.parts}/kubectl", "--server", self.url, "--certificate-authority", self.path("ca.crt"),
                   "--client-certificate", self.path("admin.crt"), "--client-key", self.path("admin.key"),
                   *words, **options)

    def stop(self):
        for program in reversed(list(self.programs.values())):
            if program.poll() is None:
                program.terminate()
        for program in self.programs.values():
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
