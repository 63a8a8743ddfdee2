# SPDX-License-Identifier: BSD-2-Clause
"""Nodes of both tiers in one cluster: this machine, and a guest whose kernel has BPF LSM."""

import contextlib
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
from vsecm import IMAGE, NAMESPACE, SAFE, SENTINEL, VSECM, account, containers_of, deploy, namespace, pod, read, safe, script

BUILD = os.environ["VSECM_BUILD"]
LABEL = "vsecm.test/tier=lsm"
LONG = 400  # seconds, for what takes some twenty where nothing else runs
PODS = [("guest-first", "web"), ("guest-second", "web"), (NAMESPACE, "admin"), ("guest-second", "root")]
PINS = "/sys/fs/bpf/vsecm"
GUARDS = ["connections_stay_in_their_pod", "pages_stay_in_their_pod", "secret_files", "lengths_and_modes", "daemon_shielded", "processes_shielded",
          "directories", "programs_and_maps", "refused_before_accept", "guards_pinned"]
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
    cluster.until(lambda: cluster.is_ready(node), LONG, "the guest's readiness")
    make_pods(cluster)  # not sooner: pods on a node that does not exist are collected after a minute
    print(f"# {time.monotonic() - began:.0f} s from nothing to a node", flush=True)
    with explained(cluster):
        cluster.until(lambda: safe_pod(cluster), LONG, "a daemon in the guest")
        for name, owner in PODS:
            cluster.until_running(name, owner, LONG)
    print(f"# {time.monotonic() - began:.0f} s to all pods", flush=True)
    STARTED["whole"] = True


@contextlib.contextmanager
def explained(cluster):
    """Where something does not come up meanwhile, what people ask for then is printed."""
    try:
        yield
    except AssertionError:
        explain(cluster)
        raise


def explain(cluster):
    for words in (["get", "pods", "-A", "-o", "wide"], ["get", "events", "-A", "--field-selector", "type=Warning"],
                  ["logs", "-n", NAMESPACE, "-l", f"{SAFE},{LABEL}", "--all-containers", "--prefix", "--tail", "20"]):
        done = cluster.kubectl(*words, check=False)
        print("".join(f"# {line}\n" for line in (done.stdout + done.stderr).splitlines()), end="", flush=True)


def make_pods(cluster):
    """Pods of the same name and account in two namespaces, and one to look at the guest with."""
    names = ("guest-first", "guest-second")
    cluster.apply(*map(namespace, names), *(account(name, "web") for name in names))
    cluster.apply(*(pod(name, "web", "web", nodeName=guest.NAME) for name in names), administrator(), attacker())


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


def attacker():
    """A pod of somebody else that is root, sees all processes of the node, and may trace them."""
    made = pod("guest-second", "root", nodeName=guest.NAME, hostPID=True)
    container = made["spec"]["containers"][0]
    container["securityContext"] = {"runAsUser": 0, "capabilities": {"add": ["SYS_PTRACE"]}}
    container["volumeMounts"].append({"name": "bpf", "mountPath": "/sys/fs/bpf", "readOnly": True})
    made["spec"]["volumes"].append({"name": "bpf", "hostPath": {"path": "/sys/fs/bpf", "type": "Directory"}})
    return made


def attack(cluster, command):
    """What the shell of that pod says to COMMAND; the completed process."""
    return cluster.execute("guest-second", "root", "sh", "-c", command, check=False)


@contextlib.contextmanager
def running(cluster, name, pod_name, *words):
    """A program that runs in a pod meanwhile."""
    process = subprocess.Popen([f"{cluster.parts}/kubectl", "exec", "-n", name, pod_name, "--", *words],
                               env=cluster.environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def connection(cluster):
    """A process of another pod that keeps its connection, by the process id that the attacker sees."""
    with running(cluster, "guest-first", "web", "taker", "hold", "/run/vsecm/vsecm.sock") as holder:
        assert holder.stdout.readline().strip().isdigit()
        found = attack(cluster, "for pid in $(pidof taker); do grep -q hold /proc/$pid/cmdline && echo $pid; done").stdout
        yield int(found)
        attack(cluster, f"kill {found.strip()}")


def taken(text):
    """Of what the taker said: tries at sockets, sockets, other descriptors."""
    return tuple(map(int, text.split()))


def look(cluster, command):
    """What the shell says to COMMAND in the guest."""
    return cluster.execute(NAMESPACE, "admin", "sh", "-c", command, container="look")


def serving(cluster):
    """The vsecmd in the guest that serves, a child of the first process of its container."""
    said = look(cluster, "for pid in $(pidof vsecmd); do echo $pid $(grep PPid: /proc/$pid/status); done")
    parents = {int(line.split()[0]): int(line.split()[2]) for line in said.splitlines()}
    return next(pid for pid, parent in parents.items() if parent in parents)


def safe_pod(cluster):
    """The daemon's pod in the guest, once it is ready."""
    return next((it for it in cluster.pods(NAMESPACE, f"{SAFE},{LABEL}") if is_pod_ready(it)), None)


def has_followed(cluster, before):
    """Whether the pod whose metadata is BEFORE has a successor that is ready."""
    now = safe_pod(cluster)
    return now and now["metadata"]["uid"] != before["uid"]


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
    said = look(cluster, f"cat /proc/{serving(cluster)}/status")
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


def test_guards(cluster):
    """all guards are on and pinned"""
    start(cluster)
    said = status(cluster, "admin", "main")["protections"]
    assert {name: said.get(name) for name in GUARDS} == dict.fromkeys(GUARDS, "on"), said
    assert attack(cluster, f"ls {PINS}/*/").stdout.split(), "nothing is pinned"


def test_probes(cluster):
    """`kubectl exec` into the daemon's container and its liveness probe work, though the daemon is shielded from all"""
    start(cluster)
    name = safe_pod(cluster)["metadata"]["name"]
    assert cluster.execute(NAMESPACE, name, "vsecm", "whoami", container="safe")
    containers = containers_of(safe_pod(cluster))
    assert containers["safe"]["restartCount"] == 0, containers


def test_root_of_another_pod(cluster):
    """root that sees and may trace all processes of the node reads neither the daemon nor another pod's connection"""
    start(cluster)
    pid, sync = serving(cluster), int(look(cluster, "pidof vsecm-sync").split()[0])
    for name in ("environ", "mem", "maps"):
        opened = f"exec 3< /proc/%d/{name} && echo opened"
        assert attack(cluster, opened % sync).stdout == "opened\n", f"the control: {name}"
        done = attack(cluster, opened % pid)
        assert done.returncode and "ermission denied" in done.stderr and not done.stdout, (name, done)
    with connection(cluster) as holder:
        tries, sockets, others = taken(attack(cluster, f"taker take {holder} /").stdout)
    assert tries and not sockets and others, (tries, sockets, others)
    denied = status(cluster, "admin", "main")["guards"]["denied"]
    assert sum(sum(reasons.values()) for reasons in denied.values()) >= 4, denied


def test_replaced(cluster):
    """guards hold while the daemon's pod is deleted and made anew, and the new daemon takes the pins over"""
    start(cluster)
    before, pins = safe_pod(cluster)["metadata"], attack(cluster, f"ls {PINS}/*/").stdout
    with connection(cluster) as holder, running(cluster, "guest-second", "root", "taker", "take", str(holder), "/tmp/end") as siege:
        cluster.kubectl("delete", "pod", "-n", NAMESPACE, before["name"], f"--timeout={LONG}s", timeout=LONG + 20)
        assert attack(cluster, f"ls {PINS}/*/").stdout, "the pins went with the daemon"
        with explained(cluster):
            cluster.until(lambda: has_followed(cluster, before), LONG, "another pod")
        said = status(cluster, "admin", "main")["protections"]
        attack(cluster, "touch /tmp/end")
        tries, sockets, others = taken(siege.communicate(timeout=60)[0])
    print(f"# {tries} tries at a connection meanwhile, {others} other descriptors taken")
    assert tries > 10 and not sockets and others, (tries, sockets, others)
    assert {name: said.get(name) for name in GUARDS} == dict.fromkeys(GUARDS, "on"), said
    assert attack(cluster, f"ls {PINS}/*/").stdout == pins


def test_unloaded(cluster):
    """uninstall.sh takes the guards away on the nodes; then the same attack succeeds"""
    start(cluster)
    with connection(cluster) as holder:
        done = script(cluster, "uninstall.sh", "--yes", "--timeout", f"{LONG}s", timeout=3 * LONG)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"guest: removed from {PINS}: " in done.stdout, done.stdout
        assert not attack(cluster, f"ls {PINS}/*/").stdout
        assert taken(attack(cluster, f"taker take {holder} /").stdout)[1] == 1, "the control"
