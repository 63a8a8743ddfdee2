# SPDX-License-Identifier: BSD-2-Clause
"""What vsecm-sync does, one function a case. They run in the order in which they stand here."""

import base64
import http.client
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

from core import ABI, Core
from plane import NAMESPACE, OURS, free_port, wait_until

SECRETS = "/apis/vsecm.com/v1/namespaces/{}/vsecmsecrets"
SEALED = "-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n"
TIME = "2026-11-28T10:00:00Z"
AUDIENCE = "vsecm.com/admission"
RECIPIENT = "age1" + "q" * 58


class Sync:
    """A vsecm-sync with a core of its own."""

    def __init__(self, world, node, *more):
        self.node, self.world = node, world
        self.log = f"{world.base}/{node}.log"
        self.port = free_port()
        self.core = Core(f"{world.base}/{node}.sock")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [f"{world.build}/vsecm-sync", "--socket", self.core.path, "--api", world.plane.url,
                 "--ca", world.plane.path("ca.crt"), "--token", world.token,
                 "--admission-token", world.admission, "--node", node, "--listen", f"127.0.0.1:{self.port}", *more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def worker(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            words = children.read().split()
        return int(words[0]) if words else None

    def synced(self, seconds=15):
        wait_until(lambda: len(self.core.synced) == 5, seconds, f"the lists of {self.node}")
        return self.core

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(10)
        self.core.close()
        return status


class World:
    def __init__(self, plane, build, base):
        self.plane, self.build, self.base = plane, build, base
        self.token, self.admission = f"{base}/token", f"{base}/admission"
        self.write(self.token, plane.kubectl("-n", NAMESPACE, "create", "token", "vsecm-safe"))
        self.write(self.admission, "none")
        self.write_pod("shop", "web-0", "web", "n1")
        plane.good("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", self.pod(NAMESPACE, "safe-n1", "vsecm-safe", "n1"))
        self.write(self.admission, plane.kubectl("-n", NAMESPACE, "create", "token", "vsecm-safe", "--audience", AUDIENCE,
                                                 "--bound-object-kind", "Pod", "--bound-object-name", "safe-n1"))
        self.n1 = Sync(self, "n1")

    @staticmethod
    def write(path, text):
        with open(path, "w") as file:
            file.write(text)

    @staticmethod
    def pod(namespace, name, account, node):
        return {"metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
                "spec": {"nodeName": node, "serviceAccountName": account, "automountServiceAccountToken": False,
                         "containers": [{"name": "main", "image": "x"}]}}

    def write_pod(self, namespace, name, account, node):
        self.plane.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        self.plane.call("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": account}})
        return self.plane.good("POST", f"/api/v1/namespaces/{namespace}/pods",
                               self.pod(namespace, name, account, node))

    def said(self):
        with open(self.n1.log, errors="replace") as log:
            return log.read().splitlines()[-30:]

    def stop(self):
        self.n1.stop()


def put(core, name, version, sealed, resource_version="", keep="10"):
    return core.result("PUT", "shop", name, keep, resource_version, str(version), TIME, TIME, "now", "never", sealed)


# ---- lists ----------------------------------------------------------------------------------------


def test_lists(world):
    """it says who it is, tells what there is on this node, and follows it"""
    core = world.n1.synced()
    assert core.said[0][:2] == ("HELLO", [ABI, "n1", core.said[0][1][2]]), core.said[0]
    assert core.api
    pods = {fields[2]: fields for fields in core.lists["pods"].values()}
    assert pods["web-0"][1:5] == ["shop", "web-0", "web", "app=web-0\n"], pods
    world.write_pod("shop", "other-0", "web", "n2")
    uid = world.write_pod("shop", "web-1", "web", "n1")["metadata"]["uid"]
    wait_until(lambda: uid in core.lists["pods"], 5, "the pod")
    world.plane.good("PATCH", "/api/v1/namespaces/shop/pods/web-1/status",
                     {"status": {"phase": "Running", "containerStatuses": [
                         {"name": "main", "image": "x", "imageID": "", "ready": True, "restartCount": 0,
                          "containerID": "containerd://" + "a" * 64, "state": {"running": {"startedAt": TIME}}}]}},
                     kind="application/merge-patch+json")
    wait_until(lambda: core.lists["pods"][uid][5:] == ["a" * 64 + "\n", "Running"], 5, "its container")
    world.plane.good("DELETE", "/api/v1/namespaces/shop/pods/web-1", {"gracePeriodSeconds": 0})
    wait_until(lambda: uid not in core.lists["pods"], 5, "its end")
    assert all(fields[2] != "other-0" for fields in core.lists["pods"].values())


def test_bindings(world):
    """bindings are told; one that cannot be is gone for the core"""
    core, path = world.n1.synced(), "/apis/vsecm.com/v1/vsecmbindings"
    world.plane.good("POST", path, {"apiVersion": "vsecm.com/v1", "kind": "VSecMBinding", "metadata": {"name": "10-cart"},
                                    "spec": {"workload": "cart", "namespace": "shop", "labels": {"app": "cart"}}})
    wait_until(lambda: core.lists["bindings"].get("10-cart") == ["10-cart", "cart", "shop", "", "app=cart\n"], 5, "it")
    world.plane.good("DELETE", f"{path}/10-cart")
    wait_until(lambda: "10-cart" not in core.lists["bindings"], 5, "its end")


# ---- secrets --------------------------------------------------------------------------------------


def test_put(world):
    """a secret is made, seen, replaced, read and deleted; conflicts are told"""
    core = world.n1.synced()
    code, first, why = put(core, "db", 1, SEALED.format("one"))
    assert code == "ok" and first, (code, why)
    wait_until(lambda: "shop/db" in core.lists["secrets"], 5, "the secret")
    assert core.lists["secrets"]["shop/db"][3:] == [first, "1", TIME, TIME, "now", "never", "1"]
    assert put(core, "db", 2, SEALED.format("two"))[0] == "conflict"
    code, second, why = put(core, "db", 2, SEALED.format("two"), first)
    assert code == "ok" and second != first, (code, why)
    assert put(core, "db", 3, SEALED.format("three"), first)[0] == "conflict"
    (kind, whole), = core.ask("GET", "shop", "db")
    assert kind == "SECRET" and whole[3] == second and whole[5] == SEALED.format("two"), whole
    assert core.result("GET", "shop", "none")[0] == "missing"
    assert core.result("GET", "shop", "../x")[0] == "invalid"
    assert put(core, "db", 3, "no age file", second)[0] == "invalid"
    rows = core.ask("HISTORY", "shop", "db")
    assert [fields for _, fields in rows[:-1]] == [["2", TIME, SEALED.format("two")], ["1", TIME, SEALED.format("one")]]
    assert rows[-1][1][0] == "ok"
    uid = whole[2]
    assert core.result("DELETE", "shop", "db", uid, first)[0] == "conflict"
    assert core.result("DELETE", "shop", "db", "not-this", "")[0] == "conflict"
    assert core.result("DELETE", "shop", "db", uid, second)[0] == "ok"
    wait_until(lambda: "shop/db" not in core.lists["secrets"], 5, "its end")
    assert core.result("DELETE", "shop", "db", "", "")[0] == "missing"


def test_claims(world):
    """a secret with annotations that nobody can read is seen all the same, and that is said once"""
    core = world.n1.synced()
    code, _, why = put(core, "odd", 1, SEALED.format("x"))
    assert code == "ok", why
    for text in ("9" * 40, "8" * 40):
        world.plane.good("PATCH", SECRETS.format("shop") + "/odd", {"metadata": {"annotations": {"vsecm.com/version": text}}},
                         kind="application/merge-patch+json")
    wait_until(lambda: core.lists["secrets"].get("shop/odd", [""] * 5)[4] == "", 5, "the odd one")
    assert core.lists["secrets"]["shop/odd"][:2] == ["shop", "odd"]
    world.plane.good("PATCH", SECRETS.format("shop") + "/odd", {"metadata": {"annotations": {"vsecm.com/updated": "soon"}}},
                     kind="application/merge-patch+json")
    (_, whole), = core.ask("GET", "shop", "odd")
    code, _, why = put(core, "odd", 2, SEALED.format("y"), whole[3])
    assert code == "ok", why
    with open(world.n1.log) as log:
        assert log.read().count("odd is not told as it is") == 1


def test_history(world):
    """of a secret as many older versions are kept as were asked for, and what a person wrote beside stays"""
    core, version = world.n1.synced(), ""
    for number in range(1, 6):
        code, version, why = put(core, "kept", number, SEALED.format(number), version, keep="2")
        assert code == "ok", why
        if number == 3:
            changed = world.plane.good("PATCH", SECRETS.format("shop") + "/kept",
                                       {"metadata": {"labels": {"team": "a"}}, "spec": {"allowRollback": True}},
                                       kind="application/merge-patch+json")
            version = changed["metadata"]["resourceVersion"]
    rows = core.ask("HISTORY", "shop", "kept")
    assert [fields[0] for kind, fields in rows if kind == "VERSION"] == ["5", "4", "3"]
    kept = world.plane.good("GET", SECRETS.format("shop") + "/kept")
    assert kept["metadata"]["labels"] == {"team": "a"} and "allowRollback" not in kept["spec"]


def test_large(world):
    """large secrets pass whole, with as much history as an object has room for"""
    core, version = world.n1.synced(), ""
    for letter in "abcd":
        lines = (letter * 64 + "\n") * 6000
        code, version, why = put(core, "large", ord(letter), SEALED.format(lines), version)
        assert code == "ok", why
    (_, whole), = core.ask("GET", "shop", "large")
    assert whole[5] == SEALED.format(lines)
    assert [fields[0] for kind, fields in core.ask("HISTORY", "shop", "large") if kind == "VERSION"] == ["100", "99", "98"]


def test_status(world):
    """the status has the readers of each node, and its error"""
    core = world.n1.synced()
    put(core, "stat", 1, SEALED.format("x"))
    core.send("STATUS", ["shop", "stat", "1", TIME, "shop/web-0\nshop/web-1\n", "", "1"])

    def status():
        return world.plane.good("GET", SECRETS.format("shop") + "/stat").get("status")

    wait_until(status, 5, "the status")
    assert status() == {"version": 1, "updated": TIME, "observedGeneration": 1,
                        "readers": {"n1": ["shop/web-0", "shop/web-1"]}}, status()
    core.send("STATUS", ["shop", "stat", "1", TIME, "", "rollback", "1"])
    wait_until(lambda: status().get("error") == "rollback" and not status().get("readers"), 5, "the error")
    newest = world.plane.good("GET", SECRETS.format("shop") + "/stat")["metadata"]["resourceVersion"]
    wait_until(lambda: core.lists["secrets"]["shop/stat"][3] == newest, 5, "the news")
    assert core.lists["secrets"]["shop/stat"][9] == "1", "a status is no change of what is in it"
    core.send("EVENT", ["shop", "stat", "", "Warning", "Refused", "an older version"])
    core.send("EVENT", ["", "n1", "", "Normal", "Admitted", "it is in"])
    for namespace, reason in (("shop", "Refused"), ("default", "Admitted")):
        wait_until(lambda n=namespace, r=reason: any(
            event["reason"] == r for event in world.plane.good("GET", f"/api/v1/namespaces/{n}/events")["items"]),
            5, f"the event {reason}")


# ---- the cluster ----------------------------------------------------------------------------------


def test_nodes(world):
    """a node and the key are made, patched and told"""
    core = world.n1.synced()
    code, version, why = core.result("NODE_PUT", "n1", "", RECIPIENT, "please", "")
    assert code == "ok", why
    wait_until(lambda: core.lists["nodes"].get("n1") == ["n1", version, RECIPIENT, "please", ""], 5, "the node")
    assert core.result("NODE_PUT", "n1", "", RECIPIENT, "please", "")[0] == "conflict"
    code, second, why = core.result("NODE_PUT", "n1", version, RECIPIENT, "", "1")
    assert code == "ok", why
    wait_until(lambda: core.lists["nodes"]["n1"] == ["n1", second, RECIPIENT, "", "1"], 5, "the approval")
    assert core.result("NODE_PUT", "n1", version, RECIPIENT, "", "")[0] == "conflict"
    assert core.result("NODE_DELETE", "n1")[0] == "ok"
    assert core.result("NODE_DELETE", "")[0] == "invalid"
    wait_until(lambda: "n1" not in core.lists["nodes"], 5, "its end")
    assert core.result("KEY_GET")[:2] == ["missing", ""]
    code, version, why = core.result("KEY_PUT", "", RECIPIENT, SEALED.format("k"), "n1\n")
    assert code == "ok", why
    assert core.result("KEY_GET")[:2] == ["ok", version]
    wait_until(lambda: core.lists["key"].get("root", [""])[0] == version, 5, "the key")
    code, second, why = core.result("KEY_PUT", version, RECIPIENT, SEALED.format("k2"), "n1\nn2\n")
    assert code == "ok", why
    assert core.result("KEY_PUT", version, RECIPIENT, SEALED.format("k3"), "n1\n")[0] == "conflict"
    wait_until(lambda: core.lists["key"]["root"][:4] == [second, RECIPIENT, SEALED.format("k2"), "n1\nn2\n"], 5, "its change")


def test_tokens(world):
    """a token says which node it is from, and is good for one audience"""
    core = world.n1.synced()
    (kind, (token,)), = core.ask("TOKEN_GET")
    assert kind == "TOKEN" and token.count(".") == 2
    (kind, review), = core.ask("TOKEN_REVIEW", token, AUDIENCE)
    uid = world.plane.good("GET", f"/api/v1/namespaces/{NAMESPACE}/pods/safe-n1")["metadata"]["uid"]
    assert kind == "REVIEW" and review == ["1", "system:serviceaccount:vsecm-system:vsecm-safe", "n1", uid] or \
        review[:2] == ["1", "system:serviceaccount:vsecm-system:vsecm-safe"] and review[3] == uid, review
    assert core.ask("TOKEN_REVIEW", token, "other")[0][1] == ["", "", "", ""]
    with open(world.token) as file:
        assert core.ask("TOKEN_REVIEW", file.read(), AUDIENCE)[0][1][0] == ""
    assert core.ask("TOKEN_REVIEW", "nonsense", AUDIENCE)[0][1][0] == ""


def secret(world, name):
    return world.plane.call("GET", f"/api/v1/namespaces/shop/secrets/{name}")


def test_export(world):
    """a Kubernetes Secret is written; one of somebody else only when that is wanted"""
    core = world.n1.synced()
    wait_until(lambda: core.leads, 20, "leading")
    data = '{"user":"%s"}' % base64.b64encode(b"root").decode()
    assert core.result("EXPORT", "shop", "ours", "", data)[0] == "ok"
    status, made = secret(world, "ours")
    assert status == 200 and made["data"] == {"user": "cm9vdA=="} and made["type"] == "Opaque"
    assert made["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "vsecm"
    assert core.result("EXPORT", "shop", "ours", "", '{"a":"Yg=="}')[0] == "ok"
    assert secret(world, "ours")[1]["data"] == {"a": "Yg=="}
    world.plane.good("POST", "/api/v1/namespaces/shop/secrets", {"metadata": {"name": "theirs"}, "data": {"x": "eQ=="}})
    assert core.result("EXPORT", "shop", "theirs", "", data)[0] == "foreign"
    assert core.result("EXPORT_DELETE", "shop", "theirs")[0] == "foreign"
    assert secret(world, "theirs")[1]["data"] == {"x": "eQ=="}
    assert core.result("EXPORT", "shop", "theirs", "1", data)[0] == "ok"
    assert secret(world, "theirs")[1]["data"] == {"user": "cm9vdA=="}
    assert core.result("EXPORT_DELETE", "shop", "theirs")[0] == "ok"
    assert secret(world, "theirs")[0] == 404
    assert core.result("EXPORT_DELETE", "shop", "theirs")[0] == "missing"
    bad = core.result("EXPORT", "shop", "ours", "", '{"a":"hunter2"}')
    assert bad[0] == "invalid" and "hunter2" not in bad[2], bad
    with open(world.n1.log) as log:
        assert "hunter2" not in log.read()


def test_drift(world):
    """a change of ours by somebody else is told, and our own are not"""
    core = world.n1.synced()
    wait_until(lambda: core.leads, 20, "leading")
    assert core.result("EXPORT", "shop", "drift", "", '{"a":"Yg=="}')[0] == "ok"
    time.sleep(1)

    def drifts():
        return [fields for kind, fields, _ in core.said if kind == "DRIFT"]

    assert drifts() == [], drifts()
    world.plane.good("PATCH", "/api/v1/namespaces/shop/secrets/drift", {"data": {"a": "eA=="}},
                     kind="application/merge-patch+json")
    wait_until(lambda: drifts() == [["shop", "drift"]], 5, "the drift")
    assert core.result("EXPORT", "shop", "drift", "", '{"a":"Yg=="}')[0] == "ok"
    world.plane.good("DELETE", "/api/v1/namespaces/shop/secrets/drift")
    wait_until(lambda: drifts() == [["shop", "drift"]] * 2, 5, "the second drift")
    assert core.result("EXPORT", "shop", "drift", "", '{"a":"Yg=="}')[0] == "ok"
    assert core.result("EXPORT_DELETE", "shop", "drift")[0] == "ok"
    time.sleep(1)
    assert len(drifts()) == 2, drifts()


def memory_of(pid):
    """All that the process has, as far as it can be read."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(word, 16) for word in span.split("-"))
            try:
                memory.seek(start)
                yield line, memory.read(end - start)
            except OSError:
                pass


def memory_peak(pid):
    with open(f"/proc/{pid}/status") as status:
        return re.search(r"VmHWM:\s+(.*)", status.read())[1]


def test_wiped(world):
    """of a Secret that was written nothing stays in memory"""
    core = world.n1.synced()
    mark = base64.b64encode(b"Correct horse battery " * 3).decode()
    assert core.result("EXPORT", "shop", "wiped", "", '{"a":"%s"}' % mark)[0] == "ok"
    assert core.result("EXPORT", "shop", "wiped", "", '{"a":"%s", "b":"%s"}' % (mark, "eHh4" * 30000))[0] == "ok"
    time.sleep(1)
    with open(world.token, "rb") as file:
        token = file.read().strip()
    pieces = list(memory_of(world.n1.worker()))
    assert any(token in data for _, data in pieces), "the search finds nothing: not even the token, which is there"
    found = [line for line, data in pieces if mark[:24].encode() in data]
    assert found == [], found


# ---- more than the core takes -----------------------------------------------------------------------


def test_slow_core(world):
    """a core that does not read for a while misses nothing"""
    core = world.n1.synced()
    replaced = [put(core, f"slow-{number}", 1, SEALED.format("x" * 900000))[1] for number in range(4)]
    for number, version in enumerate(replaced):
        core.send("PUT", ["shop", f"slow-{number}", "10", version, "2", TIME, TIME, "now", "never",
                          SEALED.format("y" * 900000)], 200 + number)
    wait_until(lambda: all(number in core.answers for number in range(200, 204)), 10, "four writes at once")
    assert {core.answers[number].get()[1][0] for number in range(200, 204)} == {"ok"}
    core.is_reading.clear()
    for number in range(100, 140):
        core.send("GET", ["shop", f"slow-{number % 4}"], number)
    time.sleep(2)
    put_by_hand = {"apiVersion": "vsecm.com/v1", "kind": "VSecMSecret", "metadata": {"name": "late"},
                   "spec": {"sealed": SEALED.format("late")}}
    world.plane.good("POST", SECRETS.format("shop"), put_by_hand)
    time.sleep(1)
    core.is_reading.set()
    wait_until(lambda: "shop/late" in core.lists.get("secrets", {}) and len(core.synced) == 5, 20, "the late one")


def test_slow_list(world):
    """a list that the core does not take is told to it from the beginning again"""
    core, path = world.n1.synced(), "/apis/vsecm.com/v1/vsecmkeys/root"
    if world.plane.call("GET", path)[0] == 404:
        assert core.result("KEY_PUT", "", RECIPIENT, SEALED.format("k"), "n1\n")[0] == "ok"
    connections = core.connections
    core.is_reading.clear()
    for letter in "abcdefghijklmn":
        world.plane.good("PATCH", path, {"spec": {"sealed": SEALED.format((letter * 64 + "\n") * 14000)}},
                         kind="application/merge-patch+json")
    wait_until(lambda: 'vsecm_sync_begun_anew_total{list="key"} 1\n' in world.n1.get("/metrics")[1], 5, "a full queue")
    core.is_reading.set()
    wait_until(lambda: "key" in core.synced and "n" * 64 in core.lists["key"].get("root", ["", "", ""])[2], 10, "the newest")
    assert core.connections == connections


# ---- probes ---------------------------------------------------------------------------------------


def test_probes(world):
    """probes and metrics tell how both are"""
    core = world.n1.synced()
    core.send("HEALTH", ["1", "", "# HELP vsecm_x X.\n# TYPE vsecm_x gauge\nvsecm_x 1\n"])
    wait_until(lambda: world.n1.get("/livez")[0] == 200, 5, "life")
    assert world.n1.get("/readyz") == (200, "ready\nthe API server answers\n"), world.n1.get("/readyz")
    status, text = world.n1.get("/metrics")
    assert status == 200 and text.startswith("# HELP vsecm_x X.\n") and "\nvsecm_sync_api_up 1\n" in text
    assert '\nvsecm_sync_requests_total{code="2xx"} ' in text and '\nvsecm_sync_events_total{list="pods"} ' in text
    core.send("HEALTH", ["", "attestation does not work", ""])
    wait_until(lambda: world.n1.get("/readyz")[0] == 503, 5, "unreadiness")
    assert "attestation" in world.n1.get("/readyz")[1]
    assert world.n1.get("/")[0] == 404
    connection = http.client.HTTPConnection("127.0.0.1", world.n1.port, timeout=5)
    connection.request("POST", "/livez", body="x")
    assert connection.getresponse().status == 405
    connection.close()


# ---- failures -------------------------------------------------------------------------------------


def test_lease(world):
    """of two nodes one leads; when it is gone the other does"""
    core = world.n1.synced()
    wait_until(lambda: core.leads, 20, "leading")
    n2 = Sync(world, "n2")
    try:
        n2.synced()
        time.sleep(8)
        assert core.leads and not n2.core.leads
        world.n1.process.send_signal(signal.SIGSTOP)
        os.kill(world.n1.worker(), signal.SIGSTOP)
        stopped = time.monotonic()
        wait_until(lambda: n2.core.leads, 40, "the other one")
        print(f"# the other node led after {time.monotonic() - stopped:.1f} s")
        os.kill(world.n1.worker(), signal.SIGCONT)
        world.n1.process.send_signal(signal.SIGCONT)
        wait_until(lambda: not core.leads, 5, "stepping down")
        assert n2.core.leads
    finally:
        n2.stop()
    ended = time.monotonic()
    wait_until(lambda: core.leads, 14, "leading again, as the other one gave it back")
    print(f"# {time.monotonic() - ended:.1f} s after the leader was told to end, this one led")


def serves_again(plane):
    """An API server that is ready may still refuse with 429 while it opens the storage of each resource."""
    lists = [plane.call("GET", f"/apis/vsecm.com/v1/{name}")[0] for name in OURS]
    made = plane.call("POST", SECRETS.format("shop"), {
        "apiVersion": "vsecm.com/v1", "kind": "VSecMSecret", "metadata": {"name": "after"},
        "spec": {"sealed": SEALED.format("after")}})[0]
    return all(status == 200 for status in lists) and made in (201, 409)


def test_api_away(world):
    """the API server is killed; it is told, and all is as before within five seconds of its return"""
    core = world.n1.synced()
    world.plane.stop_api()
    wait_until(lambda: core.api is False, 10, "the news")
    assert core.result("GET", "shop", "kept")[0] == "unreachable"
    wait_until(lambda: not core.leads, 20, "stepping down")
    world.plane.start_api()
    ready = time.monotonic()
    wait_until(lambda: serves_again(world.plane), 20, "its storage")
    back = time.monotonic()
    wait_until(lambda: core.api and "shop/after" in core.lists["secrets"], 10, "what came after")
    took = time.monotonic() - back
    print(f"# its storage was there {back - ready:.1f} s after it was ready, and all was told {took:.1f} s later")
    assert took < 5, took
    assert core.connections == world.n1.core.connections


def test_worker_killed(world):
    """the worker is killed; another does its work"""
    core = world.n1.synced()
    before, old = core.connections, world.n1.worker()
    print(f"# it had at most {memory_peak(old)} of memory")
    os.kill(old, signal.SIGKILL)
    start = time.monotonic()
    wait_until(lambda: core.connections == before + 1 and len(core.synced) == 5, 10, "the next one")
    print(f"# the next worker had told everything after {time.monotonic() - start:.1f} s")
    assert world.n1.worker() not in (None, old)
    print(f"# and the next one, that did nothing else, {memory_peak(world.n1.worker())}")
    wait_until(lambda: core.leads, 5, "leading as its forerunner did")


def test_core_away(world):
    """the core closes the connection; it is told everything again"""
    core = world.n1.synced()
    before = core.connections
    core.drop()
    wait_until(lambda: core.connections == before + 1 and len(core.synced) == 5, 10, "the next connection")
    assert "shop/kept" in core.lists["secrets"]


def test_confined(world):
    """it has no capability, no new privileges, a system call filter, and nobody can look into it"""
    for pid in (world.n1.process.pid, world.n1.worker()):
        with open(f"/proc/{pid}/status") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert status["NoNewPrivs"] == "1" and int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert os.environ.get("SANITIZE") or status["Seccomp"] == "2"


def test_check(world):
    """--check says what is refused"""
    command = [f"{world.build}/vsecm-sync", "--api", world.plane.url, "--ca", world.plane.path("ca.crt"),
               "--node", "n1", "--check", "--token"]
    done = subprocess.run([*command, world.token], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0 and done.stdout.count(" ok\n") == 5, done
    nobody = f"{world.base}/nobody"
    world.write(nobody, world.plane.kubectl("-n", "shop", "create", "token", "web"))
    done = subprocess.run([*command, nobody], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1 and done.stdout.count("forbidden") == 5, done


def test_name(world):
    """the API server may be given by a name, which is looked up"""
    n4 = Sync(world, "n4", "--api", f"https://localhost:{world.plane.port}")
    n4.synced()
    assert n4.stop() == 0
    with open(n4.log, errors="replace") as log:
        assert "killed by" not in log.read()


def test_not_allowed(world):
    """what is not allowed is said, and tried again"""
    token = world.token
    world.token = f"{world.base}/nobody"
    world.write(world.token, world.plane.kubectl("-n", "shop", "create", "token", "web"))
    n5 = Sync(world, "n5")
    world.token = token
    wait_until(lambda: n5.core.api is False, 10, "the news")
    wait_until(lambda: "lease: 403" in open(n5.log).read(), 5, "the lease's failure")
    assert n5.stop() == 0


def test_end(world):
    """told to end, it ends at once, with its worker"""
    n3 = Sync(world, "n3")
    n3.synced()
    worker, start = n3.worker(), time.monotonic()
    assert n3.stop() == 0 and time.monotonic() - start < 3
    assert not os.path.exists(f"/proc/{worker}")
    for log in (n3.log, world.n1.log):
        with open(log, errors="replace") as file:
            assert "Sanitizer" not in file.read(), log
