# SPDX-License-Identifier: BSD-2-Clause
"""Nodes of both tiers in one cluster: this machine, and a guest whose kernel has BPF LSM."""

import difflib
import json
import os
import pathlib
import subprocess
import time
import unittest

import guest
from cluster import is_pod_ready
from images import BUSYBOX, ROOT
from vsecm import IMAGE, NAMESPACE, SAFE, SENTINEL, VSECM, account, deploy, namespace, pod, read, safe

BUILD = os.environ["VSECM_BUILD"]
LABEL = "vsecm.test/tier=lsm"
LONG = 240  # seconds, for what takes some twenty where nothing else runs
PODS = [("guest-first", "web"), ("guest-second", "web"), (NAMESPACE, "admin")]
CAPABILITIES = {"IPC_LOCK": 14, "PERFMON": 38, "BPF": 39}
THREE = ["BPF", "PERFMON", "IPC_LOCK"]
STARTED = {}


def start(cluster):
    """The guest with the daemon of deploy/lsm, this machine with that of deploy/daemonset, and pods in the guest."""
    if STARTED:
        assert STARTED.get("whole"), "it did not come up before"
        return
    reason = guest.why_not(BUILD)
    if reason:
        raise unittest.SkipTest(reason)
    node = STARTED["node"] = guest.Guest(cluster.base, cluster.parts, cluster.logs, cluster.plane, BUILD, LABEL)
    began = time.monotonic()
    node.start(*cluster.images)
    deploy(cluster, "-k", f"{ROOT}/tests/kube/overlays/guest")
    cluster.nodes.append(node)
    make_pods(cluster)
    cluster.until(lambda: cluster.is_ready(node), LONG, "the guest's readiness")
    print(f"# {time.monotonic() - began:.0f} s from nothing to a node", flush=True)
    try:
        cluster.until(lambda: safe_pod(cluster), LONG, "a daemon in the guest")
    except AssertionError:
        explain(cluster)
        raise
    for name, owner in PODS:
        cluster.until_running(name, owner, LONG)
    print(f"# {time.monotonic() - began:.0f} s to all pods", flush=True)
    STARTED["whole"] = True


def explain(cluster):
    """What people ask for when it does not come up."""
    for words in (["get", "pods", "-A", "-o", "wide"], ["get", "events", "-A", "--field-selector", "type=Warning"],
                  ["logs", "-n", NAMESPACE, "-l", f"{SAFE},{LABEL}", "--all-containers", "--prefix", "--tail", "20"]):
        done = cluster.kubectl(*words, check=False)
        print("".join(f"# {line}\n" for line in (done.stdout + done.stderr).splitlines()), end="", flush=True)


def make_pods(cluster):
    """Pods of the same name and account in two namespaces, and one to look at the guest with."""
    names = ("guest-first", "guest-second")
    cluster.apply(*map(namespace, names), *(account(name, "web") for name in names))
    cluster.apply(*(pod(name, "web", "web", nodeName=guest.NAME) for name in names), administrator())


def administrator():
    """What the Sentinel's pod is, in the guest; its other container sees the guest's processes and /var/log."""
    made = pod(NAMESPACE, "admin", "vsecm-sentinel", image=IMAGE, command=("safe", "--init", "--stay"),
               nodeName=guest.NAME, hostPID=True)
    safe_container = made["spec"]["containers"][0]
    safe_container["env"] = [{"name": "VSECM_ADMIN_SOCKET", "value": "/run/vsecm/vsecm.sock"}]
    made["spec"]["volumes"].append({"name": "log", "hostPath": {"path": "/var/log"}})
    made["spec"]["containers"].append({
        "name": "look", "image": BUSYBOX, "command": ["sleep", "1000000"], "securityContext": {"runAsUser": 0},
        "volumeMounts": [{"name": "log", "mountPath": "/var/log", "readOnly": True}]})
    return made


def look(cluster, command):
    """What the shell says to COMMAND in the guest."""
    return cluster.execute(NAMESPACE, "admin", "sh", "-c", command, container="look")


def safe_pod(cluster):
    """The daemon's pod in the guest, once it is ready."""
    return next((it for it in cluster.pods(NAMESPACE, f"{SAFE},{LABEL}") if is_pod_ready(it)), None)


def status(cluster, name, container):
    """What `vsecm status` says in CONTAINER of the pod NAME."""
    return json.loads(cluster.execute(NAMESPACE, name, "vsecm", "status", "-o", "json", container=container))


def test_overlay(cluster):
    """deploy/lsm is deploy/daemonset but for a capability and the option that insists on the tier"""
    made = [cluster.kubectl("kustomize", f"{ROOT}/deploy/{name}").splitlines() for name in ("daemonset", "lsm")]
    changed = [f"{line[0]} {line[1:].strip()}" for line in difflib.unified_diff(*made, n=0, lineterm="")
               if not line.startswith(("---", "+++", "@@"))]
    assert changed == ["+ - -o", "+ - attest=lsm", "- - NET_ADMIN"], changed


def test_confined(cluster):
    """a kernel with BPF LSM runs the daemon of deploy/lsm: three capabilities, of which it has one left"""
    start(cluster)
    made = safe_pod(cluster)["spec"]["containers"][0]["securityContext"]["capabilities"]
    assert made == {"drop": ["ALL"], "add": [*THREE]}, made
    said = look(cluster, "cat /proc/$(pidof vsecmd)/status")
    fields = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert int(fields["CapBnd"], 16) == sum(1 << CAPABILITIES[name] for name in THREE), fields["CapBnd"]
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 1 << CAPABILITIES["IPC_LOCK"], fields["CapEff"]
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2", fields


def test_tiers(cluster):
    """`vsecm status` says tier lsm in the guest, and on this machine what its kernel has"""
    start(cluster)
    there, here = status(cluster, "admin", "main"), status(cluster, "deploy/vsecm-sentinel", "sentinel")
    assert there["attestation"]["tier"] == "lsm", there
    lsm = pathlib.Path("/sys/kernel/security/lsm")
    expected = "lsm" if lsm.exists() and "bpf" in lsm.read_text().split(",") else "cgroup"
    assert here["attestation"]["tier"] == expected, here
    print(f"# here it is {expected}; guest: {there['attestation']}")


def test_own(cluster):
    """what an administrator on this machine stores, its pod in the guest reads, and no pod of that name elsewhere"""
    start(cluster)
    sentinel = cluster.pods(NAMESPACE, SENTINEL)[0]
    assert sentinel["spec"]["nodeName"] != guest.NAME
    safe(cluster, "-w", "web", "-n", "guest-first", "-s", "-", text="value-first")
    cluster.until(lambda: read(cluster, "guest-first", "web") == "value-first", 30, "the value")
    assert read(cluster, "guest-second", "web") is None


def test_rotation(cluster):
    """a change on this machine reaches a process that follows it in the guest"""
    start(cluster)
    watch = subprocess.Popen([f"{cluster.parts}/kubectl", "exec", "-n", "guest-first", "web", "--", VSECM, "watch", "-o", "json"],
                             env=cluster.environment, stdout=subprocess.PIPE, text=True)
    try:
        assert "value-first" in watch.stdout.readline()
        safe(cluster, "-w", "web", "-n", "guest-first", "-s", "-", text="rotated")
        began = time.monotonic()
        assert "rotated" in watch.stdout.readline()
        print(f"# {(time.monotonic() - began) * 1000:.0f} ms after kubectl had said OK")
    finally:
        watch.kill()
        watch.wait()
    assert read(cluster, "guest-second", "web") is None


def test_records(cluster):
    """the audit trail of the guest says who read what, by which tier"""
    start(cluster)
    said = look(cluster, "cat /var/log/vsecm/audit-*")
    lines = [json.loads(line) for line in said.replace("\0", "").splitlines()]
    seen = {(it["key"], it["namespace"], it["pod"], it["tier"]) for it in lines
            if it["op"] == "value" and it["outcome"] == "allow"}
    assert seen == {("guest-first/web", "guest-first", "web", "lsm")}, seen
    assert {it["tier"] for it in lines if it.get("pod")} == {"lsm"}, lines
