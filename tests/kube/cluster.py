# SPDX-License-Identifier: BSD-2-Clause
"""A whole cluster, and kubectl."""

import json
import os
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from node import Node
from pki import SERVER
from plane import Plane
from process import wait_until


class Cluster:
    def __init__(self, base, parts, logs, images):
        self.base, self.parts, self.logs, self.images = base, parts, logs, images
        os.makedirs(logs, exist_ok=True)
        self.plane, self.nodes = Plane(base, parts, logs), []
        self.themes = []  # of the tests that are run on it
        # kubectl keeps what it learnt of the API below HOME.
        self.environment = {**os.environ, "KUBECONFIG": self.plane.admin, "HOME": base,
                            "PATH": f"{parts}:{os.environ['PATH']}"}

    def start(self):
        self.plane.start()
        self.add_node()
        return self

    def add_node(self, **options):
        node = Node(len(self.nodes) + 1, self.base, self.parts, self.logs, self.plane, **options)
        self.nodes.append(node)
        node.start(*self.images)
        self.until(lambda: self.is_ready(node), 60, f"{node.name}'s readiness")
        return node

    def is_ready(self, node):
        found = self.get("node", node.name, check=False)
        return found and any(c["type"] == "Ready" and c["status"] == "True" for c in found["status"]["conditions"])

    def kubectl(self, *words, check=True, text=None, timeout=60):
        """What it printed; with check=False, the completed process."""
        done = subprocess.run([f"{self.parts}/kubectl", *words], input=text, capture_output=True, text=True,
                              timeout=timeout, env=self.environment, check=False)
        if not check:
            return done
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}{done.stdout}"
        return done.stdout

    def request(self, token, method, path, body):
        """A request of whoever has TOKEN, to the API server; the status and text of the answer. A PATCH merges."""
        request = urllib.request.Request(f"{SERVER}{path}", json.dumps(body).encode(), method=method)
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", f"application/{'merge-patch+' if method == 'PATCH' else ''}json")
        context = ssl.create_default_context(cafile=self.plane.pki.path("ca.crt"))
        try:
            with urllib.request.urlopen(request, timeout=10, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def get(self, *words, check=True):
        """Objects as the API server has them; None when there are none and check is False."""
        done = self.kubectl("get", "-o", "json", *words, check=False)
        assert not check or done.returncode == 0, done
        return json.loads(done.stdout) if done.returncode == 0 else None

    def apply(self, *objects):
        return self.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def execute(self, namespace, pod, *command, container=None, check=True, text=None):
        words = ["exec", "-n", namespace, pod, *(["-c", container] if container else []),
                 *(["-i"] if text is not None else []), "--", *command]
        return self.kubectl(*words, check=check, text=text)

    def pods(self, namespace, selector):
        return self.get("pods", "-n", namespace, "-l", selector)["items"]

    def until(self, condition, seconds, what):
        programs = self.plane.programs + [program for node in self.nodes for program in node.programs()]
        return wait_until(condition, seconds, what, programs)

    def until_running(self, namespace, name, seconds=60):
        """The pod NAME, once its containers are ready."""

        def ready():
            pod = self.get("pod", "-n", namespace, name, check=False)
            return pod if pod and is_pod_ready(pod) else None

        return self.until(ready, seconds, f"readiness of {namespace}/{name}")


def is_pod_ready(pod):
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def timed(function):
    start = time.monotonic()
    function()
    return time.monotonic() - start
