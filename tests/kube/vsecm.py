# SPDX-License-Identifier: BSD-2-Clause
"""VSecM in a cluster, as whoever installs and uses it does that."""

import os
import signal
import subprocess
import time
import uuid

from images import BUSYBOX, ROOT
from process import wait_until

NAMESPACE = "vsecm-system"
IMAGE = "localhost/vsecm:0.1.0"
SAFE, SENTINEL = "app.kubernetes.io/name=vsecm-safe", "app.kubernetes.io/name=vsecm-sentinel"


def script(cluster, name, *words, timeout=180):
    """hack/NAME, with its exit status, output and errors."""
    return subprocess.run([f"{ROOT}/hack/{name}", *words], env=cluster.environment, capture_output=True, text=True,
                          timeout=timeout, check=False)


def deploy(cluster, *words):
    done = script(cluster, "deploy.sh", *kustomization(cluster), *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def kustomization(cluster):
    """The options of deploy.sh that fit this cluster: none, where the manifests do as they are."""
    return ("-k", f"{ROOT}/tests/kube/overlays/two-nodes") if len(cluster.nodes) > 1 else ()


def deployed(cluster):
    """Deploy it unless it is there: a theme may be run alone."""
    if not cluster.get("daemonset", "-n", NAMESPACE, "vsecm-safe", check=False):
        deploy(cluster)


def uninstall(cluster, *words):
    done = script(cluster, "uninstall.sh", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def pod(namespace, name, account="default", image=BUSYBOX, command=("sleep", "1000000"), **more):
    """A workload's pod: an image that knows nothing of VSecM, with the directory of the socket and the static vsecm."""
    volumes = {"vsecm": "/run/vsecm", "vsecm-bin": "/var/lib/vsecm/bin"}
    mounts = [{"name": name, "mountPath": path, "readOnly": True} for name, path in volumes.items()]
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, **more.pop("metadata", {})},
        "spec": {
            "serviceAccountName": account, "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "main", "image": image, "command": list(command), "volumeMounts": mounts,
                            "securityContext": {"runAsUser": 1000, "runAsGroup": 1000}}],
            "volumes": [{"name": name, "hostPath": {"path": path}} for name, path in volumes.items()],
            **more,
        },
    }


def read(cluster, namespace, name):
    """What the pod NAME reads as its secret; None when there is none for it."""
    done = cluster.execute(namespace, name, VSECM, "get", check=False)
    return done.stdout if done.returncode == 0 else None


def web(cluster, name, value):
    """A pod `web` with the workload `web` in a namespace NAME of its own, which has VALUE as its secret."""
    cluster.apply(namespace(name), account(name, "web"), pod(name, "web", "web"))
    cluster.until_running(name, "web")
    safe(cluster, "-w", "web", "-n", name, "-s", "-", text=value)


def secret_of(cluster, name, workload="web"):
    """The VSecMSecret of WORKLOAD in the namespace NAME."""
    return cluster.get("vsecmsecret", "-n", name, workload)


def inside(cluster, namespace, name, user="1000:1000"):
    """A way to run a command in the pod NAME without the API server: `run(WORD...)`, the completed process.

    With USER None it runs as the container does.
    """
    found = cluster.get("pod", "-n", namespace, name)
    container = found["status"]["containerStatuses"][0]["containerID"].split("//")[1]
    node = next(node for node in cluster.nodes if node.name == found["spec"]["nodeName"])
    as_user = ["--user", user] if user else []
    return lambda *words: node.ctr("task", "exec", *as_user, "--exec-id", uuid.uuid4().hex, container, *words, check=False)


def account(namespace, name):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def safe(cluster, *words, **options):
    """`safe` in the Sentinel's pod, as people and scripts run it."""
    return cluster.execute(NAMESPACE, "deploy/vsecm-sentinel", "safe", *words, **options)


def administered(cluster):
    """Until the daemon knows the Sentinel's pod."""
    cluster.until(lambda: safe(cluster, "-l", check=False).returncode == 0, 10, "the Sentinel's right")


VSECM = "/var/lib/vsecm/bin/vsecm"  # in a workload's pod


def daemon_pids(node):
    """Both processes of NODE's vsecmd, seen from the machine: its container's first, and the child of it that serves."""
    for line in node.ctr("tasks", "ls").stdout.decode().splitlines()[1:]:
        number = line.split()[1]
        try:
            with open(f"/proc/{number}/comm") as comm, open(f"/proc/{number}/task/{number}/children") as children:
                if comm.read() == "vsecmd\n":
                    return int(number), int(children.read().split()[0])
        except (OSError, IndexError):
            pass
    return None


def daemon_pid(node, check=True):
    """The vsecmd of NODE that serves."""
    found = daemon_pids(node)
    assert found or not check, "no vsecmd runs"
    return found[1] if found else None


def daemon_killed(node):
    """Kill the vsecmd of NODE that serves; its parent, which stays, has another one serve. The seconds that took."""
    parent, killed = daemon_pids(node)
    began = time.monotonic()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: daemon_pid(node, check=False) not in (None, killed), 60, "another daemon")
    assert daemon_pids(node)[0] == parent, "the container was started anew"
    return time.monotonic() - began


def containers_of(pod_object):
    return {status["name"]: status for status in pod_object["status"]["containerStatuses"]}


def exists(node, path):
    return os.path.exists(f"{node.dir}{path}")
