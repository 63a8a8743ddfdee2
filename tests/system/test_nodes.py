# SPDX-License-Identifier: BSD-2-Clause
"""The cluster's root key, with a vsecm-sync that the test plays: made, wrapped, given to nodes that are let in."""

import contextlib
import json
import os
import re
import socket
import subprocess
import time

from lab import Daemon
from test_cli_store import Admin
from test_cluster import cluster

USER = "system:serviceaccount:vsecm-system:vsecm-safe"
AUDIENCE = "vsecm.com/admission"


def age(*words, text=b"", good=True):
    done = subprocess.run(["age", *words], input=text, capture_output=True, check=False)
    assert (done.returncode == 0) == good, done
    return done.stdout


def new_key(path):
    """A key of age-keygen in the file PATH; its recipient."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    said = subprocess.run(["age-keygen", "-o", path], capture_output=True, text=True, check=True).stderr
    return re.search(r"age1\w+", said)[0]


class Api:
    """What the API server has, and what it says of it to one vsecm-sync."""

    def __init__(self, speaker):
        self.speaker = speaker
        self.version = 0
        self.key = None  # version, recipient, sealed, names
        self.nodes = {}  # name: version, recipient, request
        self.tokens = {}  # token: node
        self.reviewed = []
        self.deleted = []
        speaker.say("leader", "1")
        for what in ("nodes", "key"):
            speaker.say("reset", what)
            speaker.say("synced", what)

    def put_key(self, message):
        version, recipient, sealed, names = message.fields
        if version != (self.key[0] if self.key else ""):
            self.speaker.say("result", "conflict", number=message.number)
            return
        self.version += 1
        self.key = (str(self.version), recipient, sealed, names.split("\n"))
        self.speaker.say("key", self.key[0], recipient, sealed, names, "uid")
        self.speaker.say("result", "ok", self.key[0], number=message.number)

    def put_node(self, name, recipient, request):
        self.version += 1
        self.nodes[name] = (str(self.version), recipient, request)
        self.speaker.say("node", name, str(self.version), recipient, request)

    def hear_node_put(self, message):
        name, version, recipient, request, _ = message.fields
        assert version == (self.nodes[name][0] if name in self.nodes else ""), message
        self.put_node(name, recipient, request)
        self.speaker.say("result", "ok", self.nodes[name][0], number=message.number)

    def review(self, message):
        token, audience = message.fields
        self.reviewed.append((token, audience))
        node = self.tokens.get(token)
        self.speaker.say("review", "1" if node else "", USER if node else "", node or "", number=message.number)

    def take(self, message):
        if message.kind == "key-put":
            self.put_key(message)
        elif message.kind == "node-put":
            self.hear_node_put(message)
        elif message.kind == "node-delete":
            self.deleted.append(message.fields[0])
        elif message.kind == "token-review":
            self.review(message)

    def until(self, done, seconds=15):
        """Take what comes until DONE() is true."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, (done, self.key, self.nodes, self.reviewed)
            with contextlib.suppress(socket.timeout):
                message = self.speaker.hear(0.2)
                assert message, "closed"
                self.take(message)

    def opened(self, path, good=True):
        """What is sealed in the VSecMKey, by stock age with the key in the file PATH."""
        text = age("-d", "-i", path, text=self.key[2].encode(), good=good)
        return json.loads(text) if good else None


def ask(api, name, recipient, token):
    """NODE asks to be let in, as the documents have it: written by hand, sealed by stock age."""
    plea = json.dumps({"v": 1, "node": name, "recipient": recipient, "token": token})
    api.put_node(name, recipient, age("-a", "-r", api.key[1], text=plea.encode()).decode())


def rows(admin):
    """Of each node in the table: its state, and why."""
    listed = json.loads(admin.good("node", "list", "-o", "json"))
    return {**{row["name"]: ("in", "") for row in listed["nodes"]},
            **{row["name"]: ("waits", row["why"]) for row in listed["waiting"]}}


def test_first_start():
    """a node makes the root key when there is none, and stock age opens it with the node's key and the recovery key"""
    recovery = "/tmp/vsecm-test-recovery.key"
    with cluster(recovery=new_key(recovery)) as (daemon, speaker):
        admin = Admin(daemon)
        admin.refused("encrypt", why=b"not known")
        api = Api(speaker)
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
    with cluster(admission="approve") as (daemon, speaker):
        admin, api = Admin(daemon), Api(speaker)
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


def test_alone():
    """a node that starts with no API server in reach knows the root key that it knew last"""
    with cluster() as (daemon, speaker):
        admin, api = Admin(daemon), Api(speaker)
        api.until(lambda: "node-1" in api.nodes and api.key)
        assert b"being made" in admin.good("rekey")
        first = api.key[1]
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
