# SPDX-License-Identifier: BSD-2-Clause
"""Secrets through the cluster: each pod its own, sealed wherever they lie, and there when the API server is not."""

import json
import os
import pathlib
import subprocess
import time

from process import wait_until
from vsecm import (NAMESPACE, VSECM, account, daemon_killed, deployed, inside, pod, read, safe, secret_of, web)

VALUES = {"first": "value-of-first", "second": "value-of-second"}


def start(cluster):
    """Two pods of the same name and account in two namespaces, each with its secret."""
    deployed(cluster)
    if cluster.get("namespace", "first", check=False):
        return
    for name, value in VALUES.items():
        web(cluster, name, value)


def settle(cluster, name):
    """Whatever a test before this one left: the first value again."""
    start(cluster)
    put(cluster, name, VALUES[name])
    until_read(cluster, name, VALUES[name])


def until_read(cluster, name, value, seconds=10):
    cluster.until(lambda: read(cluster, name, "web") == value, seconds, f"{value} in {name}/web")


def put(cluster, name, value, workload="web"):
    safe(cluster, "-w", workload, "-n", name, "-s", "-", text=value)


def test_own(cluster):
    """two workloads of the same name in two namespaces read their own secret each, a third reads none"""
    start(cluster)
    cluster.apply(pod("second", "other"))
    cluster.until_running("second", "other")
    for name, value in VALUES.items():
        until_read(cluster, name, value)
    assert read(cluster, "second", "other") is None


def test_sealed(cluster):
    """what the API server has, and etcd on its disk, is sealed"""
    start(cluster)
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "control", "namespace": "first"},
                   "data": {"control": "text-that-is-found"}})
    assert secret_of(cluster, "first")["spec"]["sealed"].startswith("-----BEGIN AGE ENCRYPTED FILE-----\n")
    everything = b"".join(path.read_bytes() for path in pathlib.Path(f"{cluster.base}/plane/etcd").rglob("*")
                          if path.is_file())
    assert b"text-that-is-found" in everything, "the search finds nothing"
    assert not [value for value in VALUES.values() if value.encode() in everything]


def test_rotation(cluster):
    """a change reaches a process that follows it, in a pod that goes on running"""
    start(cluster)
    watch = subprocess.Popen([f"{cluster.parts}/kubectl", "exec", "-n", "first", "web", "--", VSECM, "watch", "-o", "json"],
                             env=cluster.environment, stdout=subprocess.PIPE, text=True)
    try:
        assert VALUES["first"] in watch.stdout.readline()
        began = time.monotonic()
        put(cluster, "first", "rotated")
        stored = time.monotonic()
        assert "rotated" in watch.stdout.readline()
        print(f"# {(time.monotonic() - stored) * 1000:.0f} ms after kubectl had said OK, which took "
              f"{(stored - began) * 1000:.0f} ms")
    finally:
        watch.kill()
        watch.wait()
    assert cluster.get("pod", "-n", "first", "web")["status"]["containerStatuses"][0]["restartCount"] == 0
    put(cluster, "first", VALUES["first"])


def test_status(cluster):
    """an object says which version is served and which pods may read it, and kubectl shows it"""
    start(cluster)

    def served():
        it = secret_of(cluster, "first")
        status, claimed = it.get("status", {}), it["metadata"]["annotations"]["vsecm.com/version"]
        return str(status.get("version")) == claimed and status["readers"] == {"node1": ["first/web"]} and status

    status = cluster.until(served, 30, "a status that is up to date")
    assert not status.get("error"), status
    shown = cluster.kubectl("get", "vsecmsecrets", "-n", "first").splitlines()[1].split()
    assert shown[0] == "web" and shown.count(str(status["version"])) == 2, shown


def test_rollback(cluster):
    """an older object is refused and said to be so; with allowRollback it is taken"""
    settle(cluster, "second")
    old = secret_of(cluster, "second")
    put(cluster, "second", "newer")
    until_read(cluster, "second", "newer")

    def bring(**spec):
        now = secret_of(cluster, "second")
        now["spec"] = {"sealed": old["spec"]["sealed"], **spec}
        now["metadata"]["annotations"] = old["metadata"]["annotations"]
        cluster.kubectl("replace", "-f", "-", text=json.dumps(now))

    bring()
    cluster.until(lambda: secret_of(cluster, "second").get("status", {}).get("error"), 20, "the refusal")
    assert read(cluster, "second", "web") == "newer"
    bring(allowRollback=True)
    until_read(cluster, "second", VALUES["second"])
    cluster.until(lambda: not secret_of(cluster, "second").get("status", {}).get("error"), 20, "the end of the refusal")


def test_copied(cluster):
    """an object that was copied under another name is served to nobody"""
    start(cluster)
    it = secret_of(cluster, "second")
    copy = {"apiVersion": it["apiVersion"], "kind": it["kind"], "spec": {"sealed": it["spec"]["sealed"]},
            "metadata": {"name": "default", "namespace": "second", "annotations": it["metadata"]["annotations"]}}
    cluster.apply(copy)
    cluster.until(lambda: secret_of(cluster, "second", "default").get("status", {}).get("error"), 20, "the refusal")
    assert read(cluster, "second", "other") is None
    cluster.kubectl("delete", "vsecmsecret", "-n", "second", "default")


def sentinel(cluster, *words, **options):
    return cluster.execute(NAMESPACE, "deploy/vsecm-sentinel", "vsecm", *words, **options)


def test_history(cluster):
    """versions of a secret that no pod reads yet are listed, and an older one is stored again"""
    start(cluster)
    for value in ("older", "newer", "newest"):
        put(cluster, "first", value, "later")
    versions = json.loads(sentinel(cluster, "history", "first/later", "-o", "json"))["versions"]
    assert [row["version"] for row in versions] == [3, 2, 1], versions
    sentinel(cluster, "rollback", "first/later", "--to", "1")
    cluster.apply(account("first", "later"), pod("first", "later", "later"))
    cluster.until_running("first", "later")
    cluster.until(lambda: read(cluster, "first", "later") == "older", 10, "the older value")
    assert secret_of(cluster, "first", "later")["metadata"]["annotations"]["vsecm.com/version"] == "4"
    refused = cluster.execute(NAMESPACE, "deploy/vsecm-sentinel", "vsecm", "rollback", "first/later", "--to", "9",
                              check=False)
    assert refused.returncode and "no version 9" in refused.stderr, refused


def test_rekey(cluster):
    """a new root key: nobody stops reading, what is stored then is sealed to the new one, and nodes know both meanwhile"""
    settle(cluster, "second")
    before = sentinel(cluster, "node", "list")
    recipient = cluster.get("vsecmkey", "root")["spec"]["recipient"]
    sentinel(cluster, "rekey")
    cluster.until(lambda: cluster.get("vsecmkey", "root")["spec"]["recipient"] != recipient, 10, "another root key")
    assert "node1" in before and "node1" in sentinel(cluster, "node", "list")
    put(cluster, "first", "after")
    until_read(cluster, "first", "after")
    until_read(cluster, "second", VALUES["second"])
    put(cluster, "first", VALUES["first"])
    until_read(cluster, "first", VALUES["first"])


def test_seal(cluster):
    """`vsecm seal` and kubectl apply store a secret with no right in VSecM; it takes only what is public"""
    start(cluster)
    recipient = cluster.get("vsecmkey", "root")["spec"]["recipient"]
    done = subprocess.run([f"{os.environ['VSECM_BUILD']}/vsecm", "seal", "first/default", "-r", recipient],
                          input="sealed-outside", capture_output=True, text=True, check=True)
    assert "sealed-outside" not in done.stdout
    cluster.kubectl("apply", "--validate=strict", "-f", "-", text=done.stdout)
    cluster.apply(pod("first", "sealed"))
    cluster.until_running("first", "sealed")
    cluster.until(lambda: read(cluster, "first", "sealed") == "sealed-outside", 15, "the value")


def test_binding(cluster):
    """a VSecMBinding gives pods another workload's secret, and its deletion takes it away"""
    start(cluster)
    put(cluster, "second", "for-bound", "bound")
    cluster.apply({"apiVersion": "vsecm.com/v1", "kind": "VSecMBinding", "metadata": {"name": "bound"},
                   "spec": {"workload": "bound", "namespace": "second", "labels": {"app.example/role": "bound"}}})
    cluster.apply(pod("second", "labelled", metadata={"labels": {"app.example/role": "bound"}}))
    cluster.until_running("second", "labelled")
    cluster.until(lambda: read(cluster, "second", "labelled") == "for-bound", 10, "the bound workload's secret")
    assert read(cluster, "second", "web") != "for-bound"
    cluster.kubectl("delete", "vsecmbinding", "bound")
    cluster.until(lambda: read(cluster, "second", "labelled") is None, 10, "the end of the binding")


def test_deleted(cluster):
    """a deleted object is no secret any more"""
    start(cluster)
    put(cluster, "second", "short-lived", "default")
    cluster.until(lambda: read(cluster, "second", "other") == "short-lived", 10, "the value")
    cluster.kubectl("delete", "vsecmsecret", "-n", "second", "default")
    cluster.until(lambda: read(cluster, "second", "other") is None, 10, "its end")


def test_api_server_away(cluster):
    """pods read on while the API server is away, also from a daemon that was killed meanwhile"""
    settle(cluster, "first")
    node = cluster.nodes[0]
    ask = inside(cluster, "first", "web")
    cluster.plane.stop_api()
    try:
        assert ask(VSECM, "get").stdout.decode() == VALUES["first"]
        print(f"# another daemon after {daemon_killed(node) * 1000:.0f} ms")
        wait_until(lambda: ask(VSECM, "get").stdout.decode() == VALUES["first"], 30, "the value")
    finally:
        cluster.plane.start_api()
    cluster.until(lambda: cluster.is_ready(node), 60, "the node's readiness")
    cluster.until(lambda: safe(cluster, "-w", "web", "-n", "first", "-s", "-", text="after", check=False).returncode == 0,
                  60, "a put")
    until_read(cluster, "first", "after")
    put(cluster, "first", VALUES["first"])


def test_sync_dies(cluster):
    """while vsecm-sync is dead the daemon serves on; it comes back by itself"""
    settle(cluster, "first")
    safe_pod = cluster.pods(NAMESPACE, "app.kubernetes.io/name=vsecm-safe")[0]
    container = next(it["containerID"] for it in safe_pod["status"]["containerStatuses"] if it["name"] == "sync")
    cluster.nodes[0].ctr("task", "kill", "-s", "KILL", "-a", container.split("//")[1])
    assert read(cluster, "first", "web") == VALUES["first"]
    cluster.until(lambda: safe(cluster, "-w", "web", "-n", "first", "-s", "-", text="again", check=False).returncode == 0,
                  60, "a put")
    until_read(cluster, "first", "again")
    put(cluster, "first", VALUES["first"])
