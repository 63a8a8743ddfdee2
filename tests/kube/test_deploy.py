# SPDX-License-Identifier: BSD-2-Clause
"""The daemon as a pod of a real kubelet: what it is given, and that it can do its work with that."""

import json
import os
import re
import subprocess
import tempfile

from vsecm import NAMESPACE, SAFE, VSECM, account, administered, daemon_pid, deploy, deployed, namespace, pod, safe, script, secret_of

CAPABILITIES = {"NET_ADMIN": 12, "IPC_LOCK": 14, "PERFMON": 38, "BPF": 39}


def proc_status(pid):
    with open(f"/proc/{pid}/status") as status:
        return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)


def test_deploy(cluster):
    """deploy.sh brings it up on a node where nothing was, and says so"""
    done = deploy(cluster)
    assert "Warning" not in done.stderr and "without --recovery" in done.stderr, done.stderr
    assert "VSecM runs on 1 node(s)" in done.stdout, done.stdout


def test_again(cluster):
    """deploy.sh again changes nothing"""
    def generations():
        objects = cluster.get("daemonset,deployment,serviceaccount,role,networkpolicy", "-n", NAMESPACE)["items"]
        return {(it["kind"], it["metadata"]["name"]): it["metadata"]["resourceVersion"]
                if it["kind"] != "Deployment" else it["metadata"]["generation"] for it in objects}

    before = generations()
    deploy(cluster)
    assert generations() == before


def recipient():
    """Somebody's public key; nobody has the other half."""
    done = subprocess.run([f"{os.environ['VSECM_BUILD']}/vsecm", "keygen"], capture_output=True, text=True, check=True)
    return re.search(r"age1[a-z0-9]+", done.stdout + done.stderr)[0]


def test_options(cluster):
    """what deploy.sh was told holds for its next runs, and what is no public key is not repeated"""
    def arguments():
        return cluster.get("daemonset", "-n", NAMESPACE, "vsecm-safe")["spec"]["template"]["spec"]["containers"][0]["args"]

    refused = script(cluster, "deploy.sh", "--recovery", "AGE-SECRET-KEY-1QQ")
    assert refused.returncode == 1 and "SECRET" not in refused.stderr + refused.stdout, refused
    before, key = arguments(), recipient()
    deploy(cluster, "--recovery", key)
    assert arguments() == before + ["-o", f"recovery={key}"]
    again = deploy(cluster)
    assert arguments() == before + ["-o", f"recovery={key}"] and "without --recovery" not in again.stderr


def test_init_commands(cluster):
    """deploy.sh --init has the Sentinel run init commands, once, and the keystone says so"""
    deployed(cluster)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("w:from-init\nn:default\ns:gen:[a-z]{20}\n")
        file.flush()
        done = deploy(cluster, "--init", file.name)
    assert "from-init" not in done.stdout, done.stdout
    cluster.until(lambda: cluster.get("vsecmsecret", "-n", NAMESPACE, "vsecm-keystone", check=False), 30, "the keystone")
    first = secret_of(cluster, "default", "from-init")
    cluster.kubectl("rollout", "restart", "-n", NAMESPACE, "deployment/vsecm-sentinel")
    cluster.kubectl("rollout", "status", "-n", NAMESPACE, "deployment/vsecm-sentinel", "--timeout=60s")
    assert secret_of(cluster, "default", "from-init")["metadata"]["generation"] == first["metadata"]["generation"]


def test_capabilities(cluster):
    """the daemon may have exactly four capabilities, has one left, and can gain none"""
    status = proc_status(daemon_pid(cluster.nodes[0]))
    four = sum(1 << number for number in CAPABILITIES.values())
    assert int(status["CapBnd"], 16) == four, status["CapBnd"]
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 1 << CAPABILITIES["IPC_LOCK"], status["CapEff"]
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status


def test_sees_no_more_than_it_needs(cluster):
    """its root is read-only, it has no token, no network of the node, and its own process ids"""
    pid = daemon_pid(cluster.nodes[0])
    with open(f"/proc/{pid}/mountinfo") as mounts:
        mounted = {line.split()[4]: line.split()[5].split(",") for line in mounts}
    assert "ro" in mounted["/"] and not any(path.startswith("/var/run/secrets") for path in mounted), mounted
    assert all("ro" in options for path, options in mounted.items() if path.startswith("/host/")), mounted
    assert "ro" in mounted["/sys/kernel/security"], mounted
    for kind in ("net", "pid", "ipc", "uts", "mnt"):
        assert os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), kind


def test_attests(cluster):
    """it has seen its canary on this kernel"""
    said = cluster.kubectl("logs", "-n", NAMESPACE, "-l", SAFE, "-c", "safe")
    assert "cgroup" in said or "lsm" in said, said
    for line in said.splitlines():
        print(f"# {line}")


def test_own_secret(cluster):
    """pods with an image that knows nothing of it read their own secret each, and nothing without an identity"""
    cluster.apply(namespace("one"), namespace("two"), account("one", "web"), account("two", "web"))
    cluster.apply(pod("one", "web", "web"), pod("two", "web", "web"), pod("two", "other"))
    for name in (("one", "web"), ("two", "web"), ("two", "other")):
        cluster.until_running(*name)
    administered(cluster)
    for name in ("one", "two"):
        assert "OK" in safe(cluster, "-w", "web", "-n", name, "-s", f"value-{name}")
    for name in ("one", "two"):
        assert cluster.execute(name, "web", VSECM, "get") == f"value-{name}"
    refused = cluster.execute("two", "other", VSECM, "get", check=False)
    assert refused.returncode != 0 and "value" not in refused.stdout, refused


def test_records(cluster):
    """the audit trail on the node has who read what"""
    directory = f"{cluster.nodes[0].dir}/var/log/vsecm"
    lines = [json.loads(line) for name in sorted(os.listdir(directory)) if name.startswith("audit-")
             for line in open(f"{directory}/{name}", "rb").read().rstrip(b"\0").splitlines()]
    read = {(it["key"], it["namespace"], it["pod"], it["outcome"]) for it in lines
            if it["op"] == "value" and it["outcome"] == "allow"}
    assert read == {(f"{name}/web", name, "web", "allow") for name in ("one", "two")}, read
    cluster.kubectl("delete", "namespace", "one", "two", "--wait=false")
