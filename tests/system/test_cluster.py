# SPDX-License-Identifier: BSD-2-Clause
"""A daemon in a cluster, with a vsecm-sync that the test plays: who is who, who is let in, what goes on without it."""

import contextlib
import json
import os
import stat
import subprocess
import tempfile
import threading
import time

from api import Api, age, ask, new_key
from lab import Cgroup, Daemon, Pod, wait_until
from test_cli_store import Admin
from wire import UID, Speaker

SECRET = "/workload/v1/secrets"


@contextlib.contextmanager
def cluster(*accounts, speaks=True, start=None, **options):
    """A daemon that waits for a vsecm-sync, one outside of all pods that has greeted, and pods."""
    pods = [Pod("app", account, f"{account}-0") for account in accounts]
    place = Cgroup("/vsecm-test-sync")
    daemon = Daemon(**{"cluster": "kubernetes", "node_name": "node-1", **options})
    daemon.options |= {"sync_dir": f"{daemon.dir}/sync", "cluster_dir": f"{daemon.dir}/lib/node"}
    daemon.sync = f"{daemon.dir}/sync/sync.sock"
    daemon.place = place
    os.unlink(daemon.options["identities"])  # a node in a cluster needs none
    os.mkdir(f"{daemon.dir}/sync")
    os.chmod(f"{daemon.dir}/sync", 0o777)  # as a kubelet makes an emptyDir
    try:
        daemon.start(**start or {})
        speaker = Api(place, daemon.sync).greet() if speaks else None
        if speaker and options.get("admission") != "manual":
            wait_until(lambda: daemon.status()["root"]["recipient"], what="the root key")
        yield (daemon, speaker, *pods)
        if speaker:
            speaker.close()
    finally:
        try:
            daemon.close()
        finally:
            for cgroup in (*pods, place):
                cgroup.close()


def known(daemon):
    return daemon.status()["identities"]


def value(daemon, pod):
    with contextlib.closing(pod.connect(daemon.public)) as connection:
        return connection.get("/v1/value")


def who(daemon, pod):
    with contextlib.closing(pod.connect(daemon.public)) as connection:
        return json.loads(connection.get("/v1/whoami").body).get("workload")


def test_pod_appears():
    """a pod that calls before it is known waits, also for its secret, which is fetched then: its first answer has it"""
    with cluster("web", "late") as (daemon, speaker, web, late):
        speaker.list_bindings()
        speaker.list_pods(web)
        wait_until(lambda: known(daemon) == 1, what="the pod")
        daemon.put("of web", "app/web")
        daemon.put("of late", "app/late")
        assert value(daemon, web).body == b"of web"
        connection, answers = late.connect(daemon.public), []
        asking = threading.Thread(target=lambda: answers.append(connection.get(SECRET)))
        asking.start()
        wait_until(lambda: daemon.status()["connections"]["waiting"] == 1, what="the wait")
        start = time.monotonic()
        speaker.pod(late)
        asking.join(10)
        assert time.monotonic() - start < 3
        assert answers and answers[0].status == 200 and b"of late" in answers[0].body, answers
        status = daemon.status()["cluster"]
        assert status["up"] and status["seen"] and status["pods"] == 2 and status["node"] == "node-1", status


def test_bindings():
    """VSecMBindings name workloads by labels, in the order of their names, after the node's own rules"""
    rules = f"/tmp/vsecm-test-rules-{os.getpid()}"
    with open(rules, "w") as file:
        file.write("ours namespace=app service-account=own\n")
    try:
        with cluster("web", "plain", "own", bindings=rules) as (daemon, speaker, web, plain, own):
            speaker.say("reset", "pods")
            speaker.pod(web, labels="tier=gold\napp=web")
            speaker.pod(plain)
            speaker.pod(own)
            speaker.say("synced", "pods")
            speaker.list_bindings(("b", "second", "app", "web"), ("a", "gold", "", "", "tier=gold"),
                                  ("c", "theirs", "app", "own"))
            wait_until(lambda: known(daemon) == 3, what="the pods")
            assert [who(daemon, pod) for pod in (web, plain, own)] == ["gold", "plain", "ours"]
            daemon.put("of gold", "app/gold")
            connection = web.connect(daemon.public)
            assert connection.get("/v1/value").body == b"of gold"
            speaker.say("binding-gone", "a")
            assert connection.is_closed(), "it is somebody else now"
            assert who(daemon, web) == "second"
            with open(rules, "w") as file:
                file.write("all\n")
            before = daemon.said().count("SIGHUP")
            daemon.process.send_signal(1)
            wait_until(lambda: daemon.said().count("SIGHUP") > before, what="the reload")
            assert [who(daemon, pod) for pod in (web, plain, own)] == ["all"] * 3
    finally:
        os.unlink(rules)


def test_pod_gone():
    """the connection of a pod that is deleted, or has ended, is cut; others stay"""
    with cluster("web", "job", "db") as (daemon, speaker, web, job, db):
        speaker.list_bindings()
        speaker.list_pods(web, job, db)
        wait_until(lambda: known(daemon) == 3, what="the pods")
        daemon.put("value", "app/web", "app/job", "app/db")
        open_ones = [pod.connect(daemon.public) for pod in (web, job, db)]
        assert [one.get("/v1/value").body for one in open_ones] == [b"value"] * 3
        speaker.say("pod-gone", web.uid)
        speaker.pod(job, phase="Succeeded")
        assert open_ones[0].is_closed() and open_ones[1].is_closed()
        assert open_ones[2].get("/v1/value").body == b"value"


def test_relist():
    """while the list is told again nobody loses anything; who is not in it is gone at its end"""
    with cluster("web", "db") as (daemon, speaker, web, db):
        speaker.list_bindings()
        speaker.list_pods(web, db)
        wait_until(lambda: known(daemon) == 2, what="the pods")
        daemon.put("value", "app/web", "app/db")
        gone, stays = web.connect(daemon.public), db.connect(daemon.public)
        speaker.say("reset", "pods")
        time.sleep(0.2)
        assert gone.get("/v1/value").status == 200 and stays.get("/v1/value").status == 200
        speaker.pod(db)
        speaker.say("synced", "pods")
        assert gone.is_closed()
        assert stays.get("/v1/value").status == 200


def test_link_lost():
    """without vsecm-sync everything goes on; a newer one takes the place of an older one"""
    with cluster("web", "db") as (daemon, speaker, web, db):
        speaker.list_bindings()
        speaker.list_pods(web, db)
        wait_until(lambda: known(daemon) == 2, what="the pods")
        daemon.put("value", "app/web", "app/db")
        connection = web.connect(daemon.public)
        speaker.close()
        wait_until(lambda: not daemon.status()["cluster"]["up"], what="the loss")
        assert "not there" in daemon.status()["cluster"]["why"]
        assert connection.get("/v1/value").body == b"value" and value(daemon, db).body == b"value"
        refused = daemon.put("newer", "app/web")
        assert refused.status == 503 and b"cannot be reached since" in refused.body, refused
        assert b"nothing was changed" in refused.body, refused
        assert connection.get("/v1/value").body == b"value"
        second = Api(daemon.place, daemon.sync, speaker.server).greet()
        third = Api(daemon.place, daemon.sync, speaker.server).greet()
        assert second.is_closed()
        assert daemon.put("newer", "app/db").status == 200
        third.list_bindings()
        third.list_pods(db)
        assert connection.is_closed()
        wait_until(lambda: known(daemon) == 1, what="the list")
        assert value(daemon, db).body == b"newer"
        third.close()


def test_restart():
    """a daemon that starts while there is no vsecm-sync knows the pods it had, by their bindings"""
    with cluster("web", "db", "new") as (daemon, speaker, web, db, new):
        speaker.list_bindings(("a", "gold", "app", "web"))
        speaker.list_pods(web, db)
        wait_until(lambda: known(daemon) == 2, what="the pods")
        daemon.put("of gold", "app/gold")
        directory = daemon.options["cluster_dir"]
        wait_until(lambda: os.path.exists(f"{directory}/pods"), what="the file")
        assert stat.S_IMODE(os.stat(directory).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(f"{directory}/pods").st_mode) == 0o600
        daemon.stop(9)
        daemon.options["identity_wait"] = "100ms"
        daemon.start()
        assert value(daemon, web).body == b"of gold" and who(daemon, db) == "db"
        answer = value(daemon, new)
        assert answer.status == 403 and b"has not seen the cluster yet" in answer.body, answer
        daemon.stop()
        with open(f"{directory}/pods", "r+b") as file:
            text = file.read()
            file.truncate(len(text) - 40)
        daemon.start()
        assert "they are not used" in daemon.said(), daemon.said()
        assert value(daemon, web).status == 403


def test_unseen():
    """before the cluster was ever seen a pod waits, and then is told that it was not"""
    with cluster("web", speaks=False, identity_wait="300ms") as (daemon, _, web):
        answer = value(daemon, web)
        assert answer.status == 403 and b"has not seen the cluster yet" in answer.body, answer
        assert daemon.records()[-1]["reason"] == "unseen-cluster", daemon.records()[-1]
        with contextlib.closing(Speaker(daemon.place, daemon.sync)) as speaker:
            speaker.greet()
            speaker.list_pods()
            speaker.list_bindings()
            wait_until(lambda: daemon.status()["cluster"]["seen"], what="the list")
            answer = value(daemon, web)
            assert answer.status == 403 and b"has not seen" not in answer.body, answer


def syncs(daemon):
    return [(record["outcome"], record["reason"]) for record in daemon.records() if record["op"] == "sync"]


def test_refused():
    """outside of pods: nobody of another uid and nobody in a pod is taken for vsecm-sync, and each is on record"""
    with cluster("web", speaks=False) as (daemon, _, web):
        for place, uid, reason in ((daemon.place, 0, "not-sync"), (daemon.place, UID + 1, "not-sync"),
                                   (web, UID, "contained"), (web, 0, "not-sync")):
            refused = Speaker(place, daemon.sync, uid)
            assert refused.is_closed()
            assert syncs(daemon)[-1] == ("deny", reason), syncs(daemon)
        record = [record for record in daemon.records() if record["op"] == "sync"][2]
        assert record["podUid"] == web.uid and record["uid"] == UID and record["door"] == "sync", record
        assert daemon.said().count("not our vsecm-sync") == 1, daemon.said()
        assert stat.S_IMODE(os.stat(f"{daemon.dir}/sync").st_mode) == 0o755, "nobody else may put a socket there"
        Speaker(daemon.place, daemon.sync).greet().close()
        assert syncs(daemon)[-1] == ("allow", "ok")


def test_own_pod():
    """in a pod: only another container of the daemon's own pod is taken for vsecm-sync"""
    safe, other = Pod("vsecm-system", "vsecm-safe"), Pod("vsecm-system", "vsecm-safe")
    beside = Cgroup(f"/kubepods/burstable/pod{safe.uid}/{other.container}")
    try:
        with cluster("web", speaks=False, start={"preexec_fn": safe.join}) as (daemon, _, web):
            for place, reason in ((daemon.place, "foreign-pod"), (other, "foreign-pod"), (web, "foreign-pod")):
                assert Speaker(place, daemon.sync).is_closed()
                assert syncs(daemon)[-1] == ("deny", reason), syncs(daemon)
            assert Speaker(beside, daemon.sync, 0).is_closed()
            speaker = Speaker(beside, daemon.sync).greet()
            speaker.list_bindings()
            speaker.list_pods(web)
            wait_until(lambda: known(daemon) == 1, what="the pod")
            speaker.close()
    finally:
        for cgroup in (beside, safe, other):
            cgroup.close()


def test_bad_messages():
    """what is no message ends the connection, what breaks a rule is left out; nobody is touched by either"""
    with cluster("web") as (daemon, speaker, web):
        speaker.list_bindings()
        speaker.list_pods(web)
        wait_until(lambda: known(daemon) == 1, what="the pod")
        speaker.say("pod", web.uid.upper(), "app", "x", "web")
        speaker.say("pod", "not-a-uid", "app", "x", "web")
        speaker.say("binding", "Bad", "w")
        wait_until(lambda: daemon.status()["cluster"]["leftOut"] == 3, what="the count")
        assert who(daemon, web) == "web"
        speaker.say("welcome", "1")  # which is the core's to say
        assert speaker.is_closed()
        silent = Speaker(daemon.place, daemon.sync)
        silent.say("pod-gone", web.uid)  # and not who it is
        assert silent.is_closed()
        old = Speaker(daemon.place, daemon.sync)
        old.say("hello", "0", "node-1", "test")
        assert old.is_closed()
        wait_until(lambda: "another version" in daemon.status()["cluster"]["why"], what="the reason")
        assert who(daemon, web) == "web"


def one_pod(daemon, api, pod):
    api.list_bindings()
    api.list_pods(pod)
    wait_until(lambda: known(daemon) == 1, what="the pod")


def put_later(daemon, text, key):
    """A put that may take its time; where its answer comes, and whoever waits for it."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(daemon.put(text, key)))
    thread.start()
    return answers, thread


def test_put_waits():
    """a put is acknowledged when the API server has it, and not before; until then readers see the old value"""
    with cluster("web") as (daemon, api, web):
        one_pod(daemon, api, web)
        assert daemon.put("old", "app/web").status == 200
        before = api.secrets["app", "web"].sealed
        api.held.add("put")
        answers, thread = put_later(daemon, "new", "app/web")
        wait_until(lambda: api.waiting, what="the put")
        time.sleep(0.3)
        assert not answers and value(daemon, web).body == b"old"
        assert api.secrets["app", "web"].sealed == before
        api.release()
        thread.join(10)
        assert answers and answers[0].status == 200, answers
        assert value(daemon, web).body == b"new"
        assert api.secrets["app", "web"].claims[0] == "2"
        assert all("new" not in field and "old" not in field for put in api.of_kind("put") for field in put.fields)


def test_put_lost():
    """a put whose answer is lost says that nobody knows, and readers keep the value they had"""
    with cluster("web") as (daemon, api, web):
        one_pod(daemon, api, web)
        daemon.put("old", "app/web")
        api.held.add("put")
        answers, thread = put_later(daemon, "new", "app/web")
        wait_until(lambda: api.waiting, what="the put")
        api.close()
        thread.join(10)
        assert answers and answers[0].status == 503 and b"not known whether app/web was stored" in answers[0].body
        assert value(daemon, web).body == b"old"


def test_put_refused():
    """what the API server does not do, and why, is said; a conflict is looked at and tried again"""
    with cluster("web") as (daemon, api, web):
        one_pod(daemon, api, web)
        daemon.put("old", "app/web")
        for code, status, words in (("unreachable", 503, b"stopped answering"), ("forbidden", 503, b"does not allow"),
                                    ("foreign", 409, b"not ours")):
            api.wrong["put"] = [code]
            answer = daemon.put("new", "app/web")
            assert answer.status == status and words in answer.body, (code, answer)
            assert value(daemon, web).body == b"old"
        api.wrong["put"] = ["conflict"] * 2
        asked = len(api.of_kind("put"))
        assert daemon.put("new", "app/web").status == 200
        assert len(api.of_kind("put")) == asked + 3
        assert value(daemon, web).body == b"new"
        api.wrong["put"] = ["conflict"] * 9
        answer = daemon.put("newest", "app/web")
        assert answer.status == 503 and b"others change it all the time" in answer.body, answer
        api.wrong.clear()
        assert daemon.delete("app/web").status == 200 and not api.secrets
        wait_until(lambda: value(daemon, web).status == 404, what="the end of the value")


def test_sealed_anew():
    """after a new root key, and after a node was left out, the leader seals every object anew, as stock age sees"""
    with cluster("web") as (daemon, api, web):
        admin = Admin(daemon)
        one_pod(daemon, api, web)
        daemon.put("value", "app/web", "app/elsewhere")
        node_key = f"{daemon.dir}/lib/node/node.key"
        second = new_key(f"{daemon.dir}/second.key")
        api.tokens["token-2"] = "node-2"
        ask(api, "node-2", second, "token-2")
        api.until(lambda: "node-2" in api.key[3])
        for words in (("rekey",), ("node", "remove", "node-2")):
            recipient, before = api.key[1], {place: found.sealed for place, found in api.secrets.items()}
            admin.good(*words)
            api.until(lambda: api.key[1] != recipient)
            api.until(lambda: all(found.sealed != before[place] for place, found in api.secrets.items()))
            newest = f"{daemon.dir}/newest.key"
            with open(newest, "w", encoding="utf-8") as file:
                file.write(api.opened(node_key)["identities"][0])
            for place, found in api.secrets.items():
                inside = age("-d", "-i", newest, text=found.sealed.encode())
                assert b"value" in inside and found.claims[0] == "1" and not found.history, (place, inside)
            assert value(daemon, web).body == b"value"
        assert daemon.status()["objects"]["refused"] == 0


def test_exports():
    """k8s:NAME becomes a Secret of that name, is written again after a drift, and what others made stays theirs"""
    with cluster() as (daemon, api):
        admin = Admin(daemon)
        admin.good("put", "app/k8s:db", text=b'{"user":"app","password":"hunter2"}')
        mapped = {"user": "YXBw", "password": "aHVudGVyMg=="}
        api.until(lambda: api.exports.get(("app", "db")) == mapped)
        time.sleep(2)  # LIMIT_EXPORT_DRIFT_MS
        api.exports.clear()
        api.say("drift", "app", "db")
        api.until(lambda: api.exports.get(("app", "db")) == mapped)
        api.until(lambda: ("app", "k8s.db", "ExportDrift") in api.events)
        api.foreign.add(("app", "theirs"))
        admin.good("put", "app/k8s:theirs", text=b"mine")
        api.until(lambda: daemon.status()["exports"]["failed"])
        (failed,) = daemon.status()["exports"]["failed"]
        assert failed["key"] == "app/k8s:theirs" and "others made" in failed["why"], failed
        assert ("app", "theirs") not in api.exports
        admin.good("put", "app/k8s:theirs", "--adopt", text=b"mine")
        api.until(lambda: api.exports.get(("app", "theirs")) == {"VALUE": "bWluZQ=="})
        api.until(lambda: not daemon.status()["exports"]["failed"])
        admin.good("delete", "app/k8s:db")
        api.until(lambda: ("app", "db") not in api.exports)
        done = [(record["op"], record["outcome"], record["reason"]) for record in daemon.records()]
        for expected in (("export", "allow", "ok"), ("export", "error", "drift"), ("export", "error", "foreign"),
                         ("export-delete", "allow", "ok")):
            assert expected in done, (expected, done)


def test_manual():
    """with admission = manual no key is made: unseal brings it, and no other one in its place"""
    with cluster("web", admission="manual") as (daemon, api, web):
        admin = Admin(daemon)
        one_pod(daemon, api, web)
        assert "unseal" in daemon.status()["root"]["why"] and not api.key
        refused = daemon.put("value", "app/web")
        assert refused.status == 503 and b"vsecm unseal" in refused.body, refused
        key = f"{daemon.dir}/brought.key"
        recipient = new_key(key)
        admin.good("unseal", "--from-file", key)
        assert daemon.status()["root"]["recipient"] == recipient
        assert daemon.put("value", "app/web").status == 200
        assert b"value" in age("-d", "-i", key, text=api.secrets["app", "web"].sealed.encode())
        assert not os.path.exists(f"{daemon.dir}/lib/node/node.key"), "no disk sees the node's identity"
        new_key(key)
        admin.refused("unseal", "--from-file", key, why=b"another")


def fill_audit(daemon, directory):
    """Leave room for the records of some requests, and not for those of a change of the root key."""
    with open(f"{directory}/ballast", "wb") as ballast:
        ballast.write(b"x" * 340000)
    with contextlib.closing(daemon.root()) as connection:
        assert connection.get("/v1/admin/status").status == 200
        record = len(json.dumps(daemon.records()[-1]))
        for _ in range(400000 // record):
            assert connection.get("/v1/admin/status").status == 200


def test_unrecorded():
    """a node that has no room for audit records makes no root key, unless records are not required"""
    for required in ("yes", "no"):
        with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1100k,mode=0700", "none", directory], check=True)
            try:
                with cluster(speaks=False, audit=directory, audit_required=required) as (daemon, _):
                    fill_audit(daemon, directory)
                    with contextlib.closing(Api(daemon.place, daemon.sync)) as api:
                        api.greet()
                        if required == "no":
                            api.until(lambda: api.key)
                        else:
                            api.until(lambda: "no record could be kept" in daemon.status()["root"]["why"])
                            assert not api.key and not api.of_kind("key-put")
            finally:
                subprocess.run(["umount", directory], check=True)


def test_health():
    """vsecm-sync is told at once, and then every five seconds, whether secrets are served, and the numbers"""
    with cluster("web", speaks=False) as (daemon, _, web):
        speaker = Api(daemon.place, daemon.sync).greet()
        first = speaker.hear_kind("health")
        start = time.monotonic()
        assert first.fields[:2] == ["1", ""], first
        speaker.list_bindings()
        speaker.list_pods(web)
        wait_until(lambda: known(daemon) == 1, what="the pod")
        wait_until(lambda: daemon.status()["root"]["recipient"], what="the root key")
        daemon.put("value", "app/web")
        assert value(daemon, web).body == b"value"
        second = speaker.hear_kind("health")
        assert time.monotonic() - start < 9
        numbers, typed = {}, set()
        for line in second.fields[2].splitlines():
            if line.startswith("# TYPE "):
                typed.add(line.split()[2])
            if not line.startswith("#"):
                name, number = line.rsplit(" ", 1)
                assert name.split("{")[0] in typed and name not in numbers, line
                numbers[name] = int(number)
        assert numbers["vsecm_ready"] == numbers["vsecm_secrets"] == numbers["vsecm_pods"] == 1, numbers
        assert numbers["vsecm_api_up"] == 1 and numbers["vsecm_api_unreached_seconds"] == 0, numbers
        assert numbers['vsecm_requests_total{outcome="allow"}'] >= 2, numbers
        assert numbers["vsecm_canary_age_seconds"] < 30 and numbers["vsecm_arena_used_bytes"] > 0, numbers
        speaker.close()


def test_sealed_is_not_ready():
    """a store that waits for its root key is not ready, and vsecm-sync is told why"""
    with cluster(speaks=False, root_key="manual") as (daemon, _):
        with contextlib.closing(Speaker(daemon.place, daemon.sync)) as speaker:
            health = speaker.greet().hear_kind("health")
            assert health.fields[0] == "" and "root key" in health.fields[1], health


def test_options():
    """without a cluster nothing of it exists; with one, what it needs is asked for"""
    daemon = Daemon(sync_dir="/run/vsecm-test-none/sync", cluster_dir="/run/vsecm-test-none/node")
    try:
        daemon.start()
        assert not os.path.exists("/run/vsecm-test-none")
        assert "cluster" not in daemon.status()
    finally:
        daemon.close()
    for options, words in (({"node_name": ""}, "node_name = '' must be"),
                           ({"node_name": "A b"}, "node_name = 'A b' must be")):
        bad = Daemon(**{"cluster": "kubernetes", "node_name": "x", **options})
        bad.options |= {"sync_dir": f"{bad.dir}/sync", "cluster_dir": f"{bad.dir}/node"}
        try:
            bad.start(wait=False)
            assert bad.process.wait(20) != 0 and words in bad.said(), bad.said()
        finally:
            bad.close()
