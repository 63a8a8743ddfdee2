# SPDX-License-Identifier: BSD-2-Clause
"""Kubernetes Secrets made of secrets: only what is called k8s:NAME becomes one, and it stays what it is."""

import base64
import json

from vsecm import deployed, namespace, safe

NAMESPACE = "exports"


def data(cluster, name):
    """What the Kubernetes Secret NAME says, decoded; None when there is none."""
    it = cluster.get("secret", "-n", NAMESPACE, name, check=False)
    return it and {key: base64.b64decode(text).decode() for key, text in it.get("data", {}).items()}


def start(cluster):
    deployed(cluster)
    cluster.apply(namespace(NAMESPACE))


def test_made_and_kept(cluster):
    """k8s:NAME becomes a Secret, is written again when somebody changes or deletes it, and goes with its secret"""
    start(cluster)
    safe(cluster, "-w", "k8s:db", "-n", NAMESPACE, "-s", "-", text='{"user":"app","password":"hunter2"}')
    wanted = {"user": "app", "password": "hunter2"}
    cluster.until(lambda: data(cluster, "db") == wanted, 20, "the Secret")
    cluster.kubectl("patch", "secret", "-n", NAMESPACE, "db", "--type=merge", "-p", '{"data":{"user":"eA=="}}')
    cluster.until(lambda: data(cluster, "db") == wanted, 30, "the Secret after a change")
    cluster.kubectl("delete", "secret", "-n", NAMESPACE, "db")
    cluster.until(lambda: data(cluster, "db") == wanted, 30, "the Secret after its deletion")
    safe(cluster, "-w", "k8s:db", "-n", NAMESPACE, "-d")
    cluster.until(lambda: data(cluster, "db") is None, 20, "its end")


def test_foreign(cluster):
    """a Secret that somebody else made is left alone"""
    start(cluster)
    cluster.kubectl("create", "secret", "generic", "-n", NAMESPACE, "theirs", "--from-literal=a=b")
    safe(cluster, "-w", "k8s:theirs", "-n", NAMESPACE, "-s", "-", text='{"user":"app"}', check=False)
    cluster.until(lambda: "theirs" in json.dumps(cluster.get("vsecmsecrets", "-n", NAMESPACE)), 10, "the object")
    assert data(cluster, "theirs") == {"a": "b"}
    safe(cluster, "-w", "k8s:theirs", "-n", NAMESPACE, "-d", check=False)
    assert data(cluster, "theirs") == {"a": "b"}


def test_only_these(cluster):
    """no other secret is ever one"""
    start(cluster)
    safe(cluster, "-w", "plain", "-n", NAMESPACE, "-s", "-", text="hunter4")
    everything = json.dumps(cluster.get("secrets", "-A"))
    assert base64.b64encode(b"hunter4").decode() not in everything
    safe(cluster, "-w", "plain", "-n", NAMESPACE, "-d")
