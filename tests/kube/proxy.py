# SPDX-License-Identifier: BSD-2-Clause
"""Bad days between vsecm-sync and the API server: a proxy that it is led to, and a token that it is given."""

import base64
import json
import os
import urllib.request

from pki import SERVER, openssl
from plane import NAMES
from process import Program, wait_until
from vsecm import NAMESPACE

LISTEN, CONTROL = "10.96.0.1:8443", "127.0.0.1:8444"
PLACE = "/var/tmp/vsecm-test"  # on a node: what tests bring to its pods
SYNC = "/spec/template/spec/containers/1"


class Proxy:
    """build/test/api_proxy, with vsecm-sync behind it on every node."""

    def __init__(self, cluster):
        self.cluster, path = cluster, cluster.plane.pki.path
        cluster.plane.pki.certificate("proxy", "/CN=kube-apiserver", "serverAuth", NAMES)
        self.program = Program("proxy", cluster.logs, [f"{os.environ['VSECM_BUILD']}/test/api_proxy", LISTEN,
                                                       path("proxy.crt"), path("proxy.key"), path("ca.crt"), SERVER, CONTROL])
        wait_until(self.answers, 10, "the proxy", [self.program])
        self.tokens = {node.name: self.token(node) for node in cluster.nodes}
        for node in cluster.nodes:
            self.give(node, self.tokens[node.name])
        self.before = cluster.get("daemonset", "-n", NAMESPACE, "vsecm-safe")["spec"]["template"]["spec"]
        self.patch(
            {"op": "test", "path": f"{SYNC}/name", "value": "sync"},
            {"op": "add", "path": f"{SYNC}/args/-", "value": f"--api=https://{LISTEN}"},
            {"op": "add", "path": f"{SYNC}/args/-", "value": "--token=/test/token"},
            {"op": "add", "path": f"{SYNC}/volumeMounts/-", "value": {"name": "test", "mountPath": "/test", "readOnly": True}},
            {"op": "add", "path": "/spec/template/spec/volumes/-", "value": {"name": "test", "hostPath": {"path": PLACE}}})

    def patch(self, *operations):
        self.cluster.kubectl("patch", "daemonset", "-n", NAMESPACE, "vsecm-safe", "--type=json", "-p", json.dumps(operations))
        self.cluster.kubectl("rollout", "status", "-n", NAMESPACE, "daemonset/vsecm-safe", "--timeout=90s", timeout=100)

    def remove(self):
        """Everything as it was."""
        self.patch({"op": "replace", "path": "/spec/template/spec", "value": self.before})
        self.program.stop()

    def answers(self):
        try:
            return self.counts() is not None
        except OSError:
            return False

    def counts(self):
        """How often each status was given since the mode was set."""
        with urllib.request.urlopen(f"http://{CONTROL}/counts", timeout=5) as answer:
            return {int(status): number for status, number in json.load(answer).items()}

    def mode(self, **mode):
        """As proxy/main.go has it; nothing: a good day. All connections are cut by it."""
        request = urllib.request.Request(f"http://{CONTROL}/mode", json.dumps(mode).encode(), method="PUT")
        with urllib.request.urlopen(request, timeout=5):
            pass

    def token(self, node):
        """One that says which node it is from, as that of the pod."""
        return self.cluster.kubectl("create", "token", "vsecm-safe", "-n", NAMESPACE,
                                    "--bound-object-kind", "Node", "--bound-object-name", node.name).strip()

    def give(self, node, token):
        """Let vsecm-sync on NODE have TOKEN, all at once, as a kubelet does it."""
        directory = f"{node.dir}{PLACE}"
        os.makedirs(directory, exist_ok=True)
        with open(f"{directory}/token.new", "w") as file:
            file.write(token)
        os.rename(f"{directory}/token.new", f"{directory}/token")

    def expired(self, token):
        """TOKEN as it would be an hour after its end, signed by the cluster's own key."""
        head, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        past = claims["exp"] - claims["iat"] + 3600
        claims.update({name: claims[name] - past for name in ("exp", "iat", "nbf")})
        signed = f"{head}.{encode(json.dumps(claims).encode())}"
        der = openssl("dgst", "-sha256", "-sign", self.cluster.plane.pki.path("accounts.key"), input=signed.encode())
        return f"{signed}.{encode(raw_signature(der))}"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_signature(der):
    """The two numbers of a P-256 signature, 32 bytes each: DER has them with lengths and signs."""
    numbers, at = b"", 2
    for _ in range(2):
        end = at + 2 + der[at + 1]
        numbers += int.from_bytes(der[at + 2:end], "big").to_bytes(32, "big")
        at = end
    return numbers
