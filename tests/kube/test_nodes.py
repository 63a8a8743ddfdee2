# SPDX-License-Identifier: BSD-2-Clause
"""Two nodes: the second is let in by the first, and neither has what only the other's pods read."""

import json

from vsecm import NAMESPACE, SAFE, SENTINEL, account, deploy, deployed, namespace, pod, read, safe, secret_of

PODS = {"node1": "first", "node2": "second"}


def start(cluster):
    """A second node, and on each a pod with a workload of its own."""
    if len(cluster.nodes) == 2:
        return
    deployed(cluster)
    cluster.add_node()
    deploy(cluster)  # both nodes are one machine, where their pods are in different trees: the daemons have to know
    cluster.until(lambda: len(ready(cluster)) == 2, 60, "a daemon on each node")
    cluster.apply(namespace("nodes"), *(account("nodes", name) for name in PODS.values()))
    cluster.apply(*(pod("nodes", name, name, nodeName=node) for node, name in PODS.items()))
    for name in PODS.values():
        cluster.until_running("nodes", name)
        safe(cluster, "-w", name, "-n", "nodes", "-s", "-", text=f"value-{name}")


def ready(cluster):
    return [it for it in cluster.pods(NAMESPACE, SAFE)
            if it["status"].get("containerStatuses") and all(c["ready"] for c in it["status"]["containerStatuses"])]


def has(node, key):
    """Whether the log of NODE has a record of KEY: that stands beside it in clear (docs/FORMAT.md)."""
    with open(f"{node.dir}/run/vsecmd/state/records.log", "rb") as log:
        return f" {key} ".encode() in log.read()


def test_let_in(cluster):
    """a second node is given the key of the cluster, and the object that holds it names both"""
    start(cluster)
    cluster.until(lambda: set(cluster.get("vsecmkey", "root")["spec"]["nodes"]) == {"node1", "node2"}, 30, "the nodes")
    assert {it["metadata"]["name"] for it in cluster.get("vsecmnodes")["items"]} == {"node1", "node2"}


def test_each_its_own(cluster):
    """a pod reads its secret on whichever node it runs, and a node has no other secret on its disk"""
    start(cluster)
    for name in PODS.values():
        cluster.until(lambda: read(cluster, "nodes", name) == f"value-{name}", 15, f"the secret of {name}")
    for node, other in zip(cluster.nodes, reversed(list(PODS.values()))):
        assert has(node, f"nodes/{PODS[node.name]}") and not has(node, f"nodes/{other}"), node.name


def test_moved(cluster):
    """a workload that is started on the other node finds its secret there"""
    start(cluster)
    cluster.apply(pod("nodes", "moved", PODS["node1"], nodeName="node2"))
    cluster.until_running("nodes", "moved")
    cluster.until(lambda: read(cluster, "nodes", "moved") == f"value-{PODS['node1']}", 15, "the secret")


def test_status_of_both(cluster):
    """the object of a secret names the pods of both nodes that may read it"""
    start(cluster)
    def readers():
        it = cluster.get("vsecmsecret", "-n", "nodes", PODS["node1"])
        return json.dumps(it.get("status", {}).get("readers", {}), sort_keys=True)

    cluster.until(lambda: readers() == '{"node1": ["nodes/first"], "node2": ["nodes/moved"]}', 20, "the readers")


def test_removed(cluster):
    """a node that is gone is taken out: a new key, every object sealed to it, and pods elsewhere read on"""
    start(cluster)
    gone = cluster.nodes.pop()
    before, sealed = cluster.get("vsecmkey", "root")["spec"], secret_of(cluster, "nodes", PODS["node1"])["spec"]["sealed"]
    gone.stop()
    cluster.kubectl("delete", "node", gone.name)
    cluster.kubectl("delete", "pods", "-A", f"--field-selector=spec.nodeName={gone.name}", "--force", "--grace-period=0")
    cluster.until(lambda: len(cluster.pods(NAMESPACE, SENTINEL)) == 1, 60, "a Sentinel on the other node")
    sentinel = cluster.pods(NAMESPACE, SENTINEL)[0]["metadata"]["name"]
    cluster.until_running(NAMESPACE, sentinel)
    said = cluster.execute(NAMESPACE, sentinel, "vsecm", "node", "remove", gone.name)
    assert gone.name in said, said
    cluster.until(lambda: cluster.get("vsecmkey", "root")["spec"]["nodes"] == ["node1"], 30, "the key of those who stay")
    assert cluster.get("vsecmkey", "root")["spec"]["recipient"] != before["recipient"]
    cluster.until(lambda: secret_of(cluster, "nodes", PODS["node1"])["spec"]["sealed"] != sealed, 30, "sealed anew")
    assert read(cluster, "nodes", PODS["node1"]) == f"value-{PODS['node1']}"
    assert [it["metadata"]["name"] for it in cluster.get("vsecmnodes")["items"]] == ["node1"]
