# SPDX-License-Identifier: BSD-2-Clause
"""The end of it."""

from vsecm import NAMESPACE, deploy, deployed, read, safe, script, secret_of, uninstall, web


def test_secrets_are_not_lost_unasked(cluster):
    """uninstall.sh refuses while there are secrets, and has changed nothing then"""
    deployed(cluster)
    cluster.apply({"apiVersion": "vsecm.com/v1", "kind": "VSecMSecret", "metadata": {"name": "web", "namespace": "default"},
                   "spec": {"sealed": "-----BEGIN AGE ENCRYPTED FILE-----\n"}})
    refused = script(cluster, "uninstall.sh")
    assert refused.returncode == 1 and "would be lost" in refused.stderr and not refused.stdout, refused
    assert cluster.get("daemonset", "-n", NAMESPACE, "vsecm-safe")["status"]["numberReady"] == len(cluster.nodes)
    cluster.kubectl("delete", "vsecmsecret", "-n", "default", "web")


def test_secrets_are_kept(cluster):
    """with --keep-secrets they are there when it is deployed again, and opened by the same key"""
    deployed(cluster)
    web(cluster, "kept", "value-kept")
    key = cluster.get("vsecmkey", "root")["spec"]["recipient"]
    done = uninstall(cluster, "--keep-secrets")
    assert "left: namespace" in done.stdout, done.stdout
    assert not cluster.get("pods", "-n", NAMESPACE)["items"]
    assert secret_of(cluster, "kept")["spec"]["sealed"]
    deploy(cluster)
    cluster.until(lambda: read(cluster, "kept", "web") == "value-kept", 30, "the value")
    assert cluster.get("vsecmkey", "root")["spec"]["recipient"] == key
    safe(cluster, "-w", "web", "-n", "kept", "-d")


def test_all_goes(cluster):
    """uninstall.sh leaves nothing in the cluster, and says what it leaves on nodes"""
    deployed(cluster)
    done = uninstall(cluster, "--yes")
    assert "node1: nothing is pinned in /sys/fs/bpf/vsecm\n" in done.stdout, done.stdout
    assert "left on node1" in done.stdout and "/var/lib/vsecm" in done.stdout, done.stdout
    kinds = cluster.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    assert not [kind for kind in kinds if "vsecm" in kind], kinds
    kinds = [kind for kind in kinds if not kind.startswith("events")]
    left = cluster.get(",".join(kinds), "-A")["items"]
    found = [(it["kind"], it["metadata"]["name"]) for it in left
             if "vsecm" in it["metadata"]["name"] or "vsecm" in it["metadata"].get("namespace", "")]
    assert not found, found
    again = uninstall(cluster)
    assert "VSecM is gone" in again.stdout
