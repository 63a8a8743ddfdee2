# SPDX-License-Identifier: BSD-2-Clause
"""Each of deploy/examples, as it stands there, with a secret that changes under it."""

import contextlib

from cluster import is_pod_ready
from images import BUSYBOX, CURL, ROOT
from vsecm import administered, deployed, namespace, safe

NAMESPACE = "examples"
FIRST, SECOND = '{"username":"root","password":"hunter2"}', '{"username":"admin","password":"hunter3"}'


@contextlib.contextmanager
def example(cluster, name):
    """The example NAME; gives its pod, which is known but may have to wait."""
    deployed(cluster)
    text = (ROOT / "deploy" / "examples" / f"{name}.yaml").read_text()
    for image, ours in (("busybox:1.37", BUSYBOX), ("curlimages/curl:8.17.0", CURL)):
        text = text.replace(f"image: {image}", f"image: {ours}")
    cluster.apply(namespace(NAMESPACE))
    try:
        done = cluster.kubectl("apply", "-n", NAMESPACE, "--validate=strict", "-f", "-", text=text, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        pod = cluster.until(lambda: (cluster.pods(NAMESPACE, f"app={name}") or [None])[0], 20, "a pod")
        administered(cluster)
        yield pod["metadata"]["name"]
    finally:
        cluster.kubectl("delete", "deployment", "-n", NAMESPACE, name, "--wait=false")


def store(cluster, name, value):
    safe(cluster, "-w", name, "-n", NAMESPACE, "-s", "-", text=value)


def restarts(cluster, name):
    pod = cluster.get("pod", "-n", NAMESPACE, name)
    return sum(status["restartCount"] for status in pod["status"]["containerStatuses"])


def test_curl(cluster):
    """curl: a program asks by itself"""
    with example(cluster, "curl") as pod:
        cluster.until_running(NAMESPACE, pod)
        for value in (FIRST, SECOND):
            store(cluster, "curl", value)
            ask = ["curl", "-sS", "--unix-socket", "/run/vsecm/vsecm.sock", "http://vsecm/v1/value"]
            cluster.until(lambda: cluster.execute(NAMESPACE, pod, *ask) == value, 10, "the value")


def test_exec(cluster):
    """exec: an unchanged image gets variables, and again when they change, in the same container"""
    with example(cluster, "exec") as pod:
        cluster.until_running(NAMESPACE, pod)
        for value, user in ((FIRST, "root"), (SECOND, "admin")):
            store(cluster, "exec", value)
            cluster.until(lambda: f"the user is {user}\n" in cluster.kubectl("logs", "-n", NAMESPACE, pod), 20, user)
        assert restarts(cluster, pod) == 0


def test_init(cluster):
    """init: the pod begins when the secret is there, and not before"""
    with example(cluster, "init") as pod:
        cluster.until(lambda: "startedAt" in str(cluster.get("pod", "-n", NAMESPACE, pod)["status"]
                                                 .get("initContainerStatuses")), 20, "the init container")
        assert not is_pod_ready(cluster.get("pod", "-n", NAMESPACE, pod))
        store(cluster, "init", FIRST)
        cluster.until_running(NAMESPACE, pod)
        assert restarts(cluster, pod) == 0


def test_sidecar(cluster):
    """sidecar: a file in memory follows the secret"""
    with example(cluster, "sidecar") as pod:
        cluster.until_running(NAMESPACE, pod)
        for value in (FIRST, SECOND):
            store(cluster, "sidecar", value)
            cluster.until(lambda: cluster.execute(NAMESPACE, pod, "cat", "/secret/secret.json", container="main",
                                                  check=False).stdout == value, 10, "the file")
        assert restarts(cluster, pod) == 0
