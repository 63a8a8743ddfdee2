# SPDX-License-Identifier: BSD-2-Clause
"""An API server as small as a daemon in a cluster can do with, and a vsecm-sync that speaks for it."""

import contextlib
import json
import os
import re
import subprocess
import threading
import uuid

from lab import wait_until
from wire import UID, Speaker

USER = "system:serviceaccount:vsecm-system:vsecm-safe"


class Object:
    """A VSecMSecret: what it claims in clear, what is sealed in it, what a node told of it."""

    def __init__(self):
        self.uid = str(uuid.uuid4())
        self.version = ""  # the resource version
        self.generation = 0
        self.claims = [""] * 5  # version, created, updated, not before, expires
        self.sealed = ""
        self.history = []  # (version, updated, sealed), newest first
        self.told = ["", ""]  # status.version, status.error


class Server:
    """What is kept, whoever speaks for it; and how a test makes it behave."""

    def __init__(self):
        self.lock = threading.RLock()
        self.last = 0  # resource version
        self.key = None  # version, recipient, sealed, names
        self.nodes = {}  # name: version, recipient, request
        self.tokens = {}  # token: node
        self.secrets = {}  # (namespace, name): Object
        self.exports = {}  # (namespace, name): the data, as it came
        self.foreign = set()  # (namespace, name) of Secrets that others made
        self.reviewed = []
        self.deleted = []
        self.events = []  # (namespace, name, reason)
        self.wrong = {}  # kind: results that are given instead, one each time
        self.held = set()  # kinds that are not done yet

    def next_version(self):
        self.last += 1
        return str(self.last)


class Api(Speaker):
    """A vsecm-sync for SERVER: answers what it is asked, in a thread, and keeps what it has heard."""

    def __init__(self, place, path, server=None, uid=UID):
        super().__init__(place, path, uid)
        self.server = server or Server()
        self.heard = []
        self.taken = 0  # of them, by hear_kind()
        self.waiting = []  # held back
        self.trouble = None  # what ended the thread
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def __getattr__(self, name):
        """KEY, NODES and so on are the server's."""
        if name == "server":
            raise AttributeError(name)
        return getattr(self.server, name)

    # ---- the connection ----

    def work(self):
        try:
            self.answer_all()
        except Exception as trouble:  # pylint: disable=broad-except
            self.trouble = trouble

    def answer_all(self):
        with contextlib.suppress(OSError):
            while message := self.hear(None):
                with self.server.lock:
                    self.heard.append(message)
                    if message.kind in self.server.held:
                        self.waiting.append(message)
                    else:
                        self.take(message)

    def hear_kind(self, kind, seconds=10):
        def find():
            return next((i for i in range(self.taken, len(self.heard)) if self.heard[i].kind == kind), None)

        wait_until(lambda: find() is not None or not self.thread.is_alive(), seconds, kind)
        self.taken = find() + 1
        return self.heard[self.taken - 1]

    def of_kind(self, kind):
        return [message for message in list(self.heard) if message.kind == kind]

    def is_closed(self):
        self.thread.join(5)
        return not self.thread.is_alive()

    def close(self):
        self.hang_up()
        self.thread.join(5)
        super().close()
        if self.trouble:
            raise self.trouble

    def release(self):
        """What was held back is done now."""
        with self.server.lock:
            self.server.held.clear()
            while self.waiting:
                self.take(self.waiting.pop(0))

    def greet(self, node="node-1"):
        super().greet(node)
        with self.server.lock:
            self.say("leader", "1")
            for what, tell in (("nodes", self.tell_nodes), ("key", self.tell_key), ("secrets", self.tell_secrets)):
                self.say("reset", what)
                tell()
                self.say("synced", what)
        return self

    def until(self, done, seconds=15):
        wait_until(lambda: self.trouble or done(), seconds, f"something, with {self.nodes} and {self.reviewed},")
        if self.trouble:
            raise self.trouble

    # ---- what there is ----

    def tell_key(self):
        if self.key:
            version, recipient, sealed, names = self.key
            self.say("key", version, recipient, sealed, "\n".join(names), "uid")

    def tell_nodes(self):
        for name, node in self.nodes.items():
            self.say("node", name, *node)

    def tell_secret(self, place):
        found = self.secrets[place]
        self.say("seen", *place, found.uid, found.version, *found.claims, str(found.generation))

    def tell_secrets(self):
        for place in self.secrets:
            self.tell_secret(place)

    def put_node(self, name, recipient, request):
        with self.server.lock:
            self.nodes[name] = (self.next_version(), recipient, request)
            self.say("node", name, *self.nodes[name])

    # ---- what is asked ----

    def result(self, message, code, version="", text=""):
        self.say("result", code, version, text, number=message.number)

    def take(self, message):
        wrong = self.wrong.get(message.kind)
        if wrong:
            self.result(message, wrong.pop(0))
            return
        do = getattr(self, "do_" + message.kind.replace("-", "_"), None)
        if do:
            do(message, *message.fields)

    def do_get(self, message, *place):
        found = self.secrets.get(place)
        if not found:
            self.result(message, "missing")
            return
        self.say("secret", *place, found.uid, found.version, str(found.generation), found.sealed, "", *found.told,
                 number=message.number)

    def do_put(self, message, namespace, name, keep, version, *rest):
        place = (namespace, name)
        found = self.secrets.get(place)
        if version and not found:
            self.result(message, "missing")
            return
        if version != (found.version if found else ""):
            self.result(message, "conflict")
            return
        found = self.secrets.setdefault(place, Object())
        if found.sealed:
            found.history.insert(0, (found.claims[0], found.claims[2], found.sealed))
        del found.history[int(keep):]
        found.claims, found.sealed = list(rest[:5]), rest[5]
        found.generation += 1
        found.version = self.next_version()
        self.result(message, "ok", found.version)
        self.tell_secret(place)

    def do_delete(self, message, namespace, name, _, version):
        found = self.secrets.get((namespace, name))
        if not found:
            self.result(message, "missing")
        elif version and version != found.version:
            self.result(message, "conflict")
        else:
            del self.secrets[namespace, name]
            self.result(message, "ok")
            self.say("gone", namespace, name, found.uid)

    def do_history(self, message, *place):
        found = self.secrets.get(place)
        if not found:
            self.result(message, "missing")
            return
        for row in [(found.claims[0], found.claims[2], found.sealed), *found.history]:
            self.say("version", *row, number=message.number)
        self.result(message, "ok")

    def do_status(self, _, namespace, name, version, _updated, _readers, error, _generation):
        """It changes the object, so that its resource version is another."""
        found = self.secrets.get((namespace, name))
        if found and found.told != [version, error]:
            found.told = [version, error]
            found.version = self.next_version()
            self.tell_secret((namespace, name))

    def do_event(self, _, namespace, name, _uid, _type, reason, _text):
        self.events.append((namespace, name, reason))

    def do_export(self, message, namespace, name, adopt, data):
        place = (namespace, name)
        if place in self.foreign and not adopt:
            self.result(message, "foreign")
            return
        self.foreign.discard(place)
        self.exports[place] = json.loads(data)
        self.result(message, "ok")

    def do_export_delete(self, message, *place):
        if place in self.foreign:
            self.result(message, "foreign")
        else:
            self.result(message, "ok" if self.exports.pop(place, None) else "missing")

    def do_key_put(self, message, version, recipient, sealed, names):
        if version != (self.key[0] if self.key else ""):
            self.result(message, "conflict")
            return
        self.server.key = (self.next_version(), recipient, sealed, names.split("\n"))
        self.tell_key()
        self.result(message, "ok", self.key[0])

    def do_key_get(self, message):
        self.result(message, *(("ok", self.key[0]) if self.key else ("missing",)))

    def do_node_put(self, message, name, version, recipient, request, _):
        if version != (self.nodes[name][0] if name in self.nodes else ""):
            self.result(message, "conflict")
            return
        self.put_node(name, recipient, request)
        self.result(message, "ok", self.nodes[name][0])

    def do_node_delete(self, message, name):
        self.deleted.append(name)
        self.nodes.pop(name, None)
        self.say("node-gone", name)
        if message.number:
            self.result(message, "ok")

    def do_token_get(self, message):
        self.say("token", "a token of this node", number=message.number)

    def do_token_review(self, message, token, audience):
        self.reviewed.append((token, audience))
        node = self.tokens.get(token)
        self.say("review", "1" if node else "", USER if node else "", node or "", number=message.number)

    # ---- what is sealed ----

    def opened(self, path, good=True):
        """What is sealed in the VSecMKey, by stock age with the key in the file PATH."""
        text = age("-d", "-i", path, text=self.key[2].encode(), good=good)
        return json.loads(text) if good else None


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


def ask(api, name, recipient, token):
    """NODE asks to be let in, as the documents have it: written by hand, sealed by stock age."""
    plea = json.dumps({"v": 1, "node": name, "recipient": recipient, "token": token})
    api.put_node(name, recipient, age("-a", "-r", api.key[1], text=plea.encode()).decode())
