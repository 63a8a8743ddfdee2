# SPDX-License-Identifier: BSD-2-Clause
"""The cluster's root key, with a vsecm-sync that the test plays: made, wrapped, given to nodes that are let in."""

import contextlib
import json
import os
import re
import subprocess
import threading

from api import Api, age, ask, new_key
from lab import Daemon
from test_cli_store import Admin
from test_cluster import cluster

AUDIENCE = "vsecm.com/admission"


def rows(admin):
    """Of each node in the table: its state, and why."""
    listed = json.loads(admin.good("node", "list", "-o", "json"))
    return {**{row["name"]: ("in", "") for row in listed["nodes"]},
            **{row["name"]: ("waits", row["why"]) for row in listed["waiting"]}}


def test_first_start():
    """a node makes the root key when there is none, and stock age opens it with the node's key and the recovery key"""
    recovery = "/tmp/vsecm-test-recovery.key"
    with cluster(recovery=new_key(recovery), speaks=False) as (daemon, _), contextlib.ExitStack() as stack:
        admin = Admin(daemon)
        admin.refused("encrypt", why=b"not known")
        api = stack.enter_context(contextlib.closing(Api(daemon.place, daemon.sync))).greet()
        api.until(lambda: "node-1" in api.nodes and api.key)
        node_key = f"{daemon.dir}/lib/node/node.key"
        assert os.stat(node_key).st_mode & 0o7777 == 0o600
        inside = api.opened(node_key)
        assert inside == api.opened(recovery), inside
        assert inside["generation"] == 1 and [node["name"] for node in inside["nodes"]] == ["node-1"], inside
        assert inside["nodes"][0]["recipient"] == api.nodes["node-1"][1]
        assert api.nodes["node-1"][2] == "", "it asks for nothing"
        (identity,) = inside["identities"]
        root = subprocess.run(["age-keygen", "-y"], input=identity, capture_output=True, text=True, check=True)
        assert root.stdout.strip() == api.key[1]
        # What anybody seals to it, the daemon opens; and the other way round.
        sealed = admin.good("encrypt", "-a", text=b"hidden")
        with open(f"{daemon.dir}/root.txt", "w", encoding="utf-8") as file:
            file.write(identity)
        assert age("-d", "-i", file.name, text=sealed) == b"hidden"
        assert rows(admin) == {"node-1": ("in", "")}
        assert b"this node: node-1\n" in admin.good("node", "list")
    os.unlink(recovery)


def test_nodes():
    """a node is let in when its token was checked and a person approved it; one that is removed opens nothing new"""
    second = "/tmp/vsecm-test-second.key"
    with cluster(admission="approve") as (daemon, api):
        admin = Admin(daemon)
        api.until(lambda: "node-1" in api.nodes and api.key)
        recipient = new_key(second)
        ask(api, "node-2", recipient, "a lie")
        api.until(lambda: api.reviewed)
        api.until(lambda: "does not accept" in rows(admin)["node-2"][1])
        api.tokens["token-2"] = "node-2"
        ask(api, "node-2", recipient, "token-2")
        api.until(lambda: rows(admin)["node-2"][1] == "a person has to approve it")
        assert api.reviewed == [("a lie", AUDIENCE), ("token-2", AUDIENCE)]
        assert re.search(rf"node-2 +waits +{recipient} +a person", admin.good("node", "list").decode())
        admin.refused("node", "approve", "node-3", why=b"no node")
        assert b"is approved" in admin.good("node", "approve", "node-2")
        api.until(lambda: "node-2" in api.key[3])
        assert [node["name"] for node in api.opened(second)["nodes"]] == ["node-1", "node-2"]
        before = api.key[1]
        admin.refused("node", "remove", "node-1", why=b"remove itself")
        assert b"is left out" in admin.good("node", "remove", "node-2")
        api.until(lambda: api.deleted == ["node-2"])
        api.opened(second, good=False)
        inside = api.opened(f"{daemon.dir}/lib/node/node.key")
        assert api.key[1] != before and api.key[3] == ["node-1"] and len(inside["identities"]) == 2, api.key
        assert inside["removed"] == ["node-2"]
        admin.refused("node", "list", "all", status=2, why=b"node list")
        operations = [(record["op"], record.get("key", "")) for record in daemon.records()]
        assert {("node-admit", "node-2"), ("root-create", ""), ("root-rekey", "node-2"),
                ("node-approve", "node-2"), ("node-remove", "node-2")} <= set(operations), operations
    os.unlink(second)


def test_late_news():
    """what is stored before this node has seen the cluster's newest root key waits until it has"""
    with cluster() as (daemon, api):
        admin = Admin(daemon)
        api.until(lambda: "node-1" in api.nodes and api.key)
        with api.server.lock:  # somebody changes the VSecMKey, and the news is late
            api.server.key = (api.next_version(), *api.key[1:])
        thread = threading.Thread(target=admin.good, args=("put", "-n", "app", "web"), kwargs={"text": b"v1"})
        thread.start()
        api.until(lambda: len(api.of_kind("key-get")) > 1)
        assert not api.of_kind("put")
        with api.server.lock:
            api.tell_key()
        thread.join(10)
        assert not thread.is_alive() and ("app", "web") in api.secrets
        asked = len(api.of_kind("key-get"))
        admin.good("put", "-n", "app", "web", text=b"v2")
        assert len(api.of_kind("key-get")) == asked, "it was the newest a moment ago"


def test_alone():
    """a node that starts with no API server in reach knows the root key that it knew last"""
    with cluster() as (daemon, api):
        admin = Admin(daemon)
        api.until(lambda: "node-1" in api.nodes and api.key)
        first = api.key[1]
        assert b"being made" in admin.good("rekey")
        api.until(lambda: api.key[1] != first)
        api.until(lambda: json.loads(admin.good("node", "list", "-o", "json"))["identities"] == 2)
        daemon.stop()
        daemon.start()
        listed = json.loads(admin.good("node", "list", "-o", "json"))
        assert (listed["recipient"], listed["identities"], listed["copy"]) == (api.key[1], 2, True), listed


def test_outside():
    """outside of a cluster there are no nodes"""
    with contextlib.closing(Daemon()) as daemon:
        daemon.start()
        Admin(daemon).refused("node", "list", why=b"in no cluster")
