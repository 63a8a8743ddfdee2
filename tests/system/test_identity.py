# SPDX-License-Identifier: BSD-2-Clause
"""Who is who: reloads, the wait for an unknown pod, bindings, units, paths, impersonation."""

import json
import os
import threading
import time

from lab import ROOT, Cgroup, Pod, wait_until, world

SECRET = "/workload/v1/secrets"


def test_wait_for_pod():
    """a pod that is not known yet waits, and gets its answer when it becomes known"""
    late = Pod("app", "late")
    try:
        with world("web") as (daemon, web):
            daemon.put("worth waiting for", "app/late")
            connection = late.connect(daemon.public)
            answers = []
            asking = threading.Thread(target=lambda: answers.append(connection.get(SECRET)))
            asking.start()
            wait_until(lambda: daemon.status()["connections"]["waiting"] == 1, what="the wait")
            daemon.reload(web.line(), late.line())
            asking.join(10)
            assert answers and answers[0].status == 200, answers
            assert json.loads(answers[0].body)["data"] == "worth waiting for"
            assert daemon.status()["connections"]["waiting"] == 0
    finally:
        late.close()


def test_wait_is_bounded():
    """a pod that stays unknown gets 403 after the wait, and while it waits others are served"""
    unknown = Pod("app", "unknown")
    try:
        with world("web", identity_wait="2s") as (daemon, web):
            daemon.put("value", "app/web")
            connection = unknown.connect(daemon.public)
            start = time.monotonic()
            connection.send(b"GET /v1/value HTTP/1.1\r\nHost: x\r\n\r\n")
            assert web.connect(daemon.public).get("/v1/value").body == b"value"
            assert time.monotonic() - start < 2
            answer = connection.answer()
            waited = time.monotonic() - start
            assert answer.status == 403 and b"not known" in answer.body, answer
            assert 1.5 < waited < 15, waited
    finally:
        unknown.close()


def test_removed_pod():
    """the connection of a pod that is removed is cut; others stay"""
    with world("web", "db") as (daemon, web, db):
        daemon.put("value", "app/web")
        daemon.put("other", "app/db")
        gone, stays = web.connect(daemon.public), db.connect(daemon.public)
        assert gone.get("/v1/value").status == 200 and stays.get("/v1/value").status == 200
        daemon.reload(db.line())
        assert gone.is_closed()
        assert stays.get("/v1/value").body == b"other"
        changed = db.line().replace("service-account=db", "service-account=web")
        daemon.reload(changed)
        assert stays.is_closed(), "it is somebody else now"
        assert db.connect(daemon.public).get("/v1/value").body == b"value"


def test_bad_reload():
    """a bad file on SIGHUP changes nothing and names the line"""
    with world("web") as (daemon, web):
        daemon.put("value", "app/web")
        connection = web.connect(daemon.public)
        daemon.reload(web.line(), "pod not-a-uid namespace=app service-account=x")
        assert "identities: line 2: " in daemon.said(), daemon.said()
        assert connection.get("/v1/value").body == b"value"


def test_bindings():
    """a binding gives a pod another workload name, by labels, first match first"""
    gold = Pod("app", "web", "gold")
    plain = Pod("app", "web", "plain")
    rules = "/tmp/vsecm-test-bindings-%d" % os.getpid()
    with open(rules, "w") as file:
        file.write("web-gold namespace=app service-account=web label.tier=gold\n")
        file.write("web-any label.tier=gold\n")
    try:
        lines = [gold.line() + " label.tier=gold", plain.line() + " label.tier=tin"]
        with world(lines=lines, bindings=rules) as (daemon,):
            for pod, workload in ((gold, "web-gold"), (plain, "web")):
                who = json.loads(pod.connect(daemon.public).get("/v1/whoami").body)
                assert who["workload"] == workload, who
    finally:
        os.unlink(rules)
        gold.close()
        plain.close()


def test_unit_and_path():
    """a systemd service and a cgroup path are workloads too; what they nest belongs to them"""
    unit = Cgroup("/system.slice/vsecm-test.service")
    below = Cgroup("/system.slice/vsecm-test.service/inner")
    path = Cgroup("/vsecm-test-ops/tool/job")
    near = Cgroup("/vsecm-test-ops/toolbox")
    lines = [
        "unit vsecm-test.service namespace=host workload=unit",
        "cgroup /vsecm-test-ops/tool namespace=host workload=tool",
    ]
    try:
        with world(lines=lines) as (daemon,):
            daemon.put("of the unit", "host/unit")
            daemon.put("of the tool", "host/tool")
            assert unit.connect(daemon.public).get("/v1/value").body == b"of the unit"
            assert below.connect(daemon.public).get("/v1/value").body == b"of the unit"
            assert path.connect(daemon.public).get("/v1/value").body == b"of the tool"
            assert near.connect(daemon.public).get("/v1/value").status == 403
    finally:
        for cgroup in (below, unit, path, near):
            cgroup.close()


def test_impersonation():
    """a pod's names anywhere but under the kubelet's root are never that pod"""
    with world("victim", "evil") as (daemon, victim, evil):
        daemon.put("the victim's", "app/victim")
        tail = f"burstable/pod{victim.uid}/{victim.container}"
        dashed = victim.uid.replace("-", "_")
        systemd = (
            f"kubepods-burstable.slice/kubepods-burstable-pod{dashed}.slice/"
            f"cri-containerd-{victim.container}.scope"
        )
        user = "/user.slice/user-1000.slice/user@1000.service"
        for place in (
            f"{user}/kubepods/{tail}",
            f"{user}/kubepods.slice/{systemd}",
            f"{evil.path}/kubepods/{tail}",
            f"{evil.path}/{victim.container}",
            f"/docker/{victim.container}/kubepods/{tail}",
            f"/pod{victim.uid}/{victim.container}",
            f"/{tail}",
            f"/kubepods/kubepods/{tail}",
            f"/kubepods/burstable/pod{evil.uid}/pod{victim.uid}/{victim.container}",
            f"/kubepods/guaranteed/pod{victim.uid}/{victim.container}",
            f"/kubepods.slice/kubepods-besteffort.slice/{systemd.split('/')[1]}/"
            f"{systemd.split('/')[2]}",
            f"/system.slice/{victim.container}.service/kubepods/{tail}",
        ):
            fake = Cgroup(place)
            try:
                answer = fake.connect(daemon.public).get("/v1/value")
                assert answer.body != b"the victim's", place
                assert answer.status in (403, 404), (place, answer)
            finally:
                fake.close()
        assert victim.connect(daemon.public).get("/v1/value").body == b"the victim's"


def test_systemd_driver():
    """the names of the systemd driver are the same pod"""
    with world("web") as (daemon, web):
        daemon.put("value", "app/web")
        dashed = web.uid.replace("-", "_")
        slices = (
            f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{dashed}.slice/",
            f"/kubepods.slice/kubepods-pod{dashed}.slice/",
        )
        for parent in slices:
            for runtime in ("cri-containerd-", "crio-", "docker-"):
                cgroup = Cgroup(f"{parent}{runtime}{web.container}.scope")
                try:
                    assert cgroup.connect(daemon.public).get("/v1/value").body == b"value"
                finally:
                    cgroup.close()


def test_nested_pod_cgroup():
    """cgroups that a pod makes inside itself, however deep, are that pod"""
    with world("web") as (daemon, web):
        daemon.put("value", "app/web")
        deep = Cgroup(web.path + "/x" * 12)
        try:
            assert os.path.isdir(ROOT + web.path + "/x")
            assert deep.connect(daemon.public).get("/v1/value").body == b"value"
        finally:
            deep.close()
