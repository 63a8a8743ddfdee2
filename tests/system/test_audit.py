# SPDX-License-Identifier: BSD-2-Clause
"""The audit trail: a record for each decision, kept before the answer leaves, or no answer."""

import json
import os
import signal
import subprocess
import tempfile

from lab import Cgroup, Pod, world

SECRET = "/workload/v1/secrets"


def test_records():
    """each decision has a record with who, what and why, and never a value"""
    with world("web") as (daemon, web):
        daemon.put("the-value-itself", "app/web")
        connection = web.connect(daemon.public)
        connection.get(SECRET)
        connection.get("/v1/value/member")
        connection.get("/nowhere")
        connection.get("/sentinel/v1/secrets")
        daemon.root(daemon.public).get(SECRET)
        connection.send(b"nonsense\r\n\r\n")
        connection.answer()
        daemon.delete("app/web")
        records = daemon.records()
        seen = [(r["op"], r.get("workload"), r["key"], r["outcome"], r["reason"]) for r in records]
        assert seen == [
            ("put", None, "app/web", "allow", "ok"),
            ("get", "web", "app/web", "allow", "ok"),
            ("member", "web", "app/web", "error", "no-object"),
            ("none", "web", "", "error", "no-route"),
            ("list", "web", "", "deny", "not-sentinel"),
            ("get", None, "", "deny", "unknown-caller"),
            ("none", "web", "", "error", "malformed"),
            ("delete", None, "app/web", "allow", "ok"),
        ], seen
        own = records[1]
        assert own["container"] == web.container and own["pod"] == web.name, own
        assert own["tier"] in ("lsm", "cgroup") and own["namespace"] == "app" and own["pid"] > 0
        assert own["uid"] == 0 and own["time"].endswith("Z")
        assert "the-value-itself" not in json.dumps(records)


def test_put_of_many():
    """a put of several keys has a record for each"""
    with world() as (daemon,):
        body = {"workloads": ["a", "b"], "namespaces": ["n", "m"], "value": "v"}
        daemon.root().request("POST", "/sentinel/v1/secrets", json.dumps(body).encode())
        keys = [r["key"] for r in daemon.records() if r["op"] == "put"]
        assert sorted(keys) == ["m/a", "m/b", "n/a", "n/b"], keys


def test_injection():
    """names that strangers chose for their cgroups cannot forge a record"""
    evil = Cgroup('/user.slice/evil"},{"outcome":"allow"\t\xff\\')
    try:
        with world() as (daemon,):
            assert evil.connect(daemon.public).get(SECRET).status == 403
            records = daemon.records()
            assert len(records) == 1 and records[0]["outcome"] == "deny", records
            assert 'evil"},{"outcome":"allow"\t' in records[0]["cgroup"]
    finally:
        evil.close()


def test_kill_loses_none():
    """kill -9 loses no record whose answer was received, and the next start cuts the rest"""
    with world("web", audit_segment="512K", requests_per_second=0) as (daemon, web):
        daemon.put("value", "app/web")
        answered = 1
        for life in range(3):
            connection = web.connect(daemon.public)
            for _ in range(1400):
                assert connection.get("/v1/value").status in (200, 404)
                answered += 1
            daemon.stop(signal.SIGKILL)
            name = sorted(os.listdir(daemon.audit))[-1]
            with open(f"{daemon.audit}/{name}", "rb") as file:
                assert file.read().endswith(b"\0"), "it was preallocated"
            if life == 1:  # half a record, as a kill within a copy leaves it
                with open(f"{daemon.audit}/{name}", "r+b") as file:
                    file.seek(len(file.read().rstrip(b"\0")))
                    file.write(b'{"time":"2026-')
            daemon.start()
            assert len(daemon.records()) == answered, life
        assert len(os.listdir(daemon.audit)) > 2, "several files"
        daemon.stop()
        for name in os.listdir(daemon.audit):
            with open(f"{daemon.audit}/{name}", "rb") as file:
                assert b"\0" not in file.read(), "cut when it ends in order"


def test_keep():
    """only so many finished files are kept"""
    with world("web", audit_segment="512K", audit_keep=2, requests_per_second=0) as (daemon, web):
        connection = web.connect(daemon.public)
        for _ in range(16000):
            connection.get("/v1/value")
        names = sorted(os.listdir(daemon.audit))
        assert len(names) == 3 and names[0] > "audit-0000000002.jsonl", names


def small_disk(function, **options):
    """Call FUNCTION(daemon, pod, directory) with the audit trail on a tmpfs of 1100 KiB."""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1100k,mode=0700", "none", directory]
        subprocess.run(mount, check=True)
        try:
            with world("web", audit=directory, requests_per_second=0, **options) as (daemon, web):
                function(daemon, web, directory)
        finally:
            subprocess.run(["umount", directory], check=True)


def test_full_disk():
    """no room for records: nothing is served or stored; when there is room again, it goes on"""

    def story(daemon, web, directory):
        daemon.put("value", "app/web")
        connection = web.connect(daemon.public)
        with open(f"{directory}/ballast", "wb") as ballast:
            ballast.write(b"x" * 400000)
        answered = 1
        while connection.get("/v1/value").status == 200:
            answered += 1
            assert answered < 5000
        answer = connection.get("/v1/value")
        assert answer.status == 503 and b"audit" in answer.body and b"value" not in answer.body[:7]
        assert daemon.put("other", "app/web").status == 503
        assert daemon.root().get("/v1/admin/status").status == 503
        os.unlink(f"{directory}/ballast")
        assert connection.get("/v1/value").body == b"value", "the put was not done"
        allowed = [r for r in daemon.records() if r["outcome"] == "allow" and r["op"] != "whoami"]
        assert len(allowed) == answered + 1, (len(allowed), answered)

    small_disk(story)


def test_full_disk_not_required():
    """audit_required = no serves on without a record"""

    def story(daemon, web, directory):
        daemon.put("value", "app/web")
        connection = web.connect(daemon.public)
        with open(f"{directory}/ballast", "wb") as ballast:
            ballast.write(b"x" * 400000)
        for _ in range(5000):
            assert connection.get("/v1/value").body == b"value"
        assert daemon.status()["audit"]["failures"] > 0

    small_disk(story, audit_required="no")


def test_stdout():
    """audit = stdout writes each record there at once"""
    pod = Pod("app", "web")
    read, write = os.pipe()
    try:
        from lab import Daemon

        daemon = Daemon([pod], audit="stdout")
        daemon.start(stdout=write)
        os.close(write)
        assert pod.connect(daemon.public).get("/v1/value").status == 404
        record = json.loads(os.read(read, 4096))
        assert record["op"] == "value" and record["reason"] == "no-secret", record
        os.close(read)  # nobody reads any more: what cannot be recorded is not served
        assert pod.connect(daemon.public).get("/v1/value").status == 503
        daemon.close()
    finally:
        pod.close()
