# SPDX-License-Identifier: BSD-2-Clause
"""VSecM in a cluster, as whoever installs and uses it does that."""

import os
import signal
import subprocess

from images import BUSYBOX, ROOT

NAMESPACE = "vsecm-system"
IMAGE = "localhost/vsecm:0.1.0"
SAFE, SENTINEL = "app.kubernetes.io/name=vsecm-safe", "app.kubernetes.io/name=vsecm-sentinel"


def script(cluster, name, *words, timeout=180):
    """hack/NAME, with its exit status, output and errors."""
    return subprocess.run([f"{ROOT}/hack/{name}", *words], env=cluster.environment, capture_output=True, text=True,
                          timeout=timeout, check=False)


def deploy(cluster, *words):
    done = script(cluster, "deploy.sh", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


ALONE = ("-k", f"{ROOT}/tests/kube/overlays/alone")


def deployed(cluster):
    """Deploy it unless it is there: a theme may be run alone."""
    if not cluster.get("daemonset", "-n", NAMESPACE, "vsecm-safe", check=False):
        identify(cluster)
        deploy(cluster, *ALONE)


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


def account(namespace, name):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def safe(cluster, *words, **options):
    """`safe` in the Sentinel's pod, as people and scripts run it."""
    return cluster.execute(NAMESPACE, "deploy/vsecm-sentinel", "safe", *words, **options)


IDENTITIES = "/run/vsecmd/identities"


def identify(cluster, *pods):
    """The identities file of the node, for a daemon that is alone: PODS and nobody else."""
    lines = [f"pod {it['metadata']['uid']} namespace={it['metadata']['namespace']} "
             f"service-account={it['spec']['serviceAccountName']} pod={it['metadata']['name']}\n" for it in pods]
    path = f"{cluster.nodes[0].dir}{IDENTITIES}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("".join(lines))


def known(cluster, *pods):
    """Until the daemon knows PODS, and the Sentinel's."""
    identify(cluster, *cluster.pods(NAMESPACE, SENTINEL), *pods)
    os.kill(daemon_pid(cluster.nodes[0]), signal.SIGHUP)
    cluster.until(lambda: safe(cluster, "-l", check=False).returncode == 0, 10, "the Sentinel's right")


VSECM = "/var/lib/vsecm/bin/vsecm"  # in a workload's pod


def daemon_pid(node):
    """The vsecmd of NODE, seen from the machine."""
    for line in node.ctr("tasks", "ls").stdout.decode().splitlines()[1:]:
        number = line.split()[1]
        try:
            with open(f"/proc/{number}/comm") as comm:
                if comm.read() == "vsecmd\n":
                    return int(number)
        except OSError:
            pass
    raise AssertionError("no vsecmd runs")


def containers_of(pod_object):
    return {status["name"]: status for status in pod_object["status"]["containerStatuses"]}


def exists(node, path):
    return os.path.exists(f"{node.dir}{path}")
