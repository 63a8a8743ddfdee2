# SPDX-License-Identifier: BSD-2-Clause
"""The control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler."""

import json
import ssl
import urllib.request

from pki import SERVER, Pki
from process import Program, wait_until

NAMES = ("DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
         "IP:127.0.0.1,IP:10.96.0.1")
# What accounts in vsecm-system ask for, and what comes of it.
AUDIT = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [
    {"level": "Metadata", "userGroups": ["system:serviceaccounts:vsecm-system"]}, {"level": "None"}]}
ETCD = "http://127.0.0.1:2379"


class Plane:
    def __init__(self, base, parts, logs):
        self.dir, self.parts, self.logs = f"{base}/plane", parts, logs
        self.pki = Pki(self.dir)
        self.pki.key("accounts")
        self.pki.certificate("apiserver", "/CN=kube-apiserver", "serverAuth", NAMES)
        self.pki.certificate("to-kubelets", "/O=system:masters/CN=apiserver-kubelet", "clientAuth")
        self.admin = self.pki.kubeconfig("admin", "/O=system:masters/CN=admin")
        self.programs, self.audit = [], f"{self.dir}/audit.log"
        with open(f"{self.dir}/audit.json", "w") as file:
            json.dump(AUDIT, file)

    def start(self):
        self.run("etcd", "--data-dir", f"{self.dir}/etcd", "--unsafe-no-fsync", "--log-level", "warn",
                 "--listen-client-urls", ETCD, "--advertise-client-urls", ETCD,
                 "--listen-peer-urls", "http://127.0.0.1:2380")
        self.start_api()
        for name, word in (("kube-controller-manager", "controller-manager"), ("kube-scheduler", "scheduler")):
            config = self.pki.kubeconfig(word, f"/CN=system:{name}")
            more = ["--service-account-private-key-file", self.pki.path("accounts.key"), "--root-ca-file",
                    self.pki.path("ca.crt"), "--use-service-account-credentials"] if word[0] == "c" else []
            self.run(name, "--kubeconfig", config, "--secure-port", "0", "--leader-elect=false", *more)

    def start_api(self):
        path = self.pki.path
        self.api = self.run(
            "kube-apiserver", "--secure-port", "443", "--advertise-address", "10.0.3.1",
            "--endpoint-reconciler-type", "none", "--etcd-servers", ETCD, "--client-ca-file", path("ca.crt"),
            "--tls-cert-file", path("apiserver.crt"), "--tls-private-key-file", path("apiserver.key"),
            "--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", path("accounts.pub"),
            "--service-account-signing-key-file", path("accounts.key"),
            "--kubelet-client-certificate", path("to-kubelets.crt"),
            "--kubelet-client-key", path("to-kubelets.key"),
            "--kubelet-preferred-address-types", "InternalIP",
            "--audit-policy-file", f"{self.dir}/audit.json", "--audit-log-path", self.audit,
            "--service-cluster-ip-range", "10.96.0.0/24", "--profiling=false")
        wait_until(self.is_ready, 60, "the API server's readiness", self.programs)

    def stop_api(self):
        """As on a day when it is gone; start_api() ends that day."""
        self.programs.remove(self.api)
        self.api.stop()

    def run(self, name, *words):
        program = Program(name, self.logs, [f"{self.parts}/{name}", *words])
        self.programs.append(program)
        return program

    def is_ready(self):
        context = ssl.create_default_context(cafile=self.pki.path("ca.crt"))
        context.load_cert_chain(self.pki.path("admin.crt"), self.pki.path("admin.key"))
        try:
            with urllib.request.urlopen(f"{SERVER}/readyz", timeout=5, context=context) as answer:
                return answer.status == 200
        except OSError:
            return False
