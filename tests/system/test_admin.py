# SPDX-License-Identifier: BSD-2-Clause
"""Who may administer: the host's root at the private socket, the Sentinel at the public one."""

import base64
import json
import os
import socket
import stat
import subprocess

from lab import BUILD, Cgroup, Pod, world

ADMIN = (
    ("GET", "/sentinel/v1/secrets", None),
    ("POST", "/sentinel/v1/secrets", b'{"workloads":["w"],"value":"v"}'),
    ("DELETE", "/sentinel/v1/secrets", b'{"workloads":["w"]}'),
    ("GET", "/v1/admin/status", None),
)


def statuses(connect):
    """What each admin request answers, each on a connection of its own."""
    return [connect().request(method, path, body).status for method, path, body in ADMIN]


def test_host_root():
    """the host's root may administer at the private socket, but reads no workload's secret there"""
    with world("web") as (daemon, _):
        assert statuses(daemon.root) == [200] * 4
        daemon.put("value", "app/web")
        answer = daemon.root().get("/workload/v1/secrets")
        assert answer.status == 403 and b"value" not in answer.body


def test_modes():
    """the private directory and socket are root's alone, the public ones are open"""
    with world() as (daemon,):
        mode = lambda path: stat.S_IMODE(os.stat(path).st_mode)
        assert mode(os.path.dirname(daemon.admin)) == 0o700 and mode(daemon.admin) == 0o600
        assert mode(os.path.dirname(daemon.public)) == 0o755 and mode(daemon.public) == 0o666
        assert mode(daemon.audit) == 0o700
        assert mode(f"{daemon.audit}/audit-0000000001.jsonl") == 0o600


def test_pod_root():
    """a pod's root that gets hold of the private socket is refused"""
    with world("web") as (daemon, web):
        unknown = Pod("app", "unknown")
        user = Cgroup(f"/user.slice/user-0.slice/user@0.service/pod{web.uid}")
        docker = Cgroup("/docker/" + web.container)
        deep = Cgroup("/vsecm-test-deep" + "/x" * 14)
        try:
            for cgroup in (web, unknown, user, docker, deep):
                assert statuses(lambda: cgroup.connect(daemon.admin)) == [403] * 4, cgroup.path
            plain = Cgroup("/vsecm-test-plain")
            try:
                assert statuses(lambda: plain.connect(daemon.admin)) == [200] * 4
            finally:
                plain.close()
        finally:
            for cgroup in (unknown, user, docker, deep):
                cgroup.close()


def test_other_uid():
    """another uid is refused at the private socket even if it gets there"""
    plain = Cgroup("/vsecm-test-plain")
    try:
        with world() as (daemon,):
            os.chmod(os.path.dirname(daemon.admin), 0o755)
            os.chmod(daemon.admin, 0o666)
            assert statuses(lambda: plain.connect(daemon.admin, uid=65534)) == [403] * 4
            assert statuses(lambda: plain.connect(daemon.admin)) == [200] * 4
    finally:
        plain.close()


def test_root_of_a_user_namespace():
    """root in a user namespace is not root"""
    code = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
assert os.geteuid() == 0
s.connect(sys.argv[1])
s.sendall(b"GET /v1/admin/status HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
print(s.recv(4096).split()[1].decode())
"""
    with world() as (daemon,):
        os.chmod(os.path.dirname(daemon.admin), 0o755)
        os.chmod(daemon.admin, 0o666)
        inner = ["python3", "-c", code, daemon.admin]
        # A uid that is not root outside, and root inside.
        outer = ["setpriv", "--reuid=65534", "--clear-groups", "unshare", "--user", "--map-root-user"]
        done = subprocess.run([*outer, *inner], capture_output=True, check=False)
        assert done.stdout == b"403\n", done
        done = subprocess.run(inner, capture_output=True, check=False)
        assert done.stdout == b"200\n", done


def test_sentinel():
    """the Sentinel pod may administer at the public socket; no other workload may"""
    sentinel = Pod("vsecm-system", "vsecm-sentinel")
    impostor = Pod("app", "vsecm-sentinel")
    try:
        with world("web", lines=[sentinel.line(), impostor.line()]) as (daemon, web):
            assert statuses(lambda: sentinel.connect(daemon.public)) == [200] * 4
            for pod in (web, impostor):
                assert statuses(lambda: pod.connect(daemon.public)) == [403] * 4
            connection = sentinel.connect(daemon.public)
            assert daemon.put("by the Sentinel", "app/web", http=connection).body == b"OK"
            rows = json.loads(connection.get("/sentinel/v1/secrets").body)["secrets"]
            assert [(row["namespace"], row["name"]) for row in rows] == [("app", "web")]
            assert b"by the Sentinel" not in connection.get("/sentinel/v1/secrets").body
            assert web.connect(daemon.public).get("/v1/value").body == b"by the Sentinel"
            assert connection.get("/v1/value").status == 404, "its own secret is another one"
    finally:
        sentinel.close()
        impostor.close()


def test_put_is_all_or_nothing():
    """several keys are stored together, or none is; names are checked; unknown members refused"""
    with world("web") as (daemon, _):
        connection = daemon.root()
        post = lambda body: connection.request(
            "POST", "/sentinel/v1/secrets", json.dumps(body).encode()
        )
        answer = post({"workloads": ["a", "b"], "namespaces": ["n", "m"], "value": "v"})
        assert answer.status == 200 and answer.body == b"OKOKOKOK", answer
        for body, status, word in (
            ({"workloads": ["c", "D"], "value": "v"}, 400, b"DNS label"),
            ({"workloads": ["c"], "namespaces": ["-x"], "value": "v"}, 400, b"DNS label"),
            ({"workloads": ["c"], "value": ""}, 400, b"empty"),
            ({"workloads": [], "value": "v"}, 400, b"workloads"),
            ({"workloads": ["c"], "value": 5}, 400, b"string"),
            ({"workloads": ["c"], "value": "v", "tempalte": "x"}, 400, b"not known"),
            ({"workloads": ["c"], "value": "v", "template": 5}, 400, b"template"),
            ({"workloads": ["c"], "value": "v", "format": "raml"}, 400, b"format"),
            ({"workloads": ["c"], "value": "v", "expires": "tomorrow"}, 400, b"expires"),
            ({"workloads": ["c"], "value": "v", "expires": "2020-01-01T00:00:00Z"}, 400, b"past"),
            ({"workloads": ["c"], "value": "AA", "encoding": "base64"}, 400, b"base64"),
            ({"workloads": ["c"], "value": "a\0b"}, 400, b"u0000"),
            ({"workloads": [f"w{i}" for i in range(65)], "value": "v"}, 400, b"64"),
        ):
            answer = post(body)
            assert answer.status == status and word in answer.body, (body, answer)
        for raw in (b"{", b"[]", b"\xff", b'{"workloads":["c"],"value":"v"} x', b"[" * 100):
            answer = connection.request("POST", "/sentinel/v1/secrets", raw)
            assert answer.status == 400, (raw, answer)
        rows = json.loads(connection.get("/sentinel/v1/secrets").body)["secrets"]
        assert len(rows) == 4, rows
        answer = connection.request(
            "DELETE", "/sentinel/v1/secrets", b'{"workloads":["a","x"],"namespaces":["n"]}'
        )
        assert answer.status == 404 and b"n/x" in answer.body and b"n/a" not in answer.body
        assert len(json.loads(connection.get("/sentinel/v1/secrets").body)["secrets"]) == 4


def test_no_reading_by_detours():
    """a Sentinel stores but reads nothing: no value, no foreign backup, no key of its own choice, no opened backup"""
    mine = subprocess.run([f"{BUILD}/vsecm", "keygen"], capture_output=True, text=True, check=True).stdout
    identity = mine.splitlines()[-1]
    recipient = mine.split("public key: ")[1].split()[0]

    def tries(connection):
        ask = lambda method, path, body=None: connection.request(
            method, path, json.dumps(body).encode() if body is not None else None
        )
        own = {"workloads": ["sentinel"], "namespaces": ["app"], "encrypt": True}
        backup = ask("GET", "/v1/admin/backup").body
        assert len(backup) > 300, "the control: a backup for the root key is anybody's who administers"
        return [
            ask("GET", "/v1/admin/value?key=app/web").status,
            ask("GET", f"/v1/admin/backup?recipient={recipient}").status,
            ask("POST", "/sentinel/v1/secrets", {**own, "value": base64.b64encode(backup).decode()}).status,
            ask("POST", "/v1/admin/rekey", {"ageSecretKey": identity}).status,
        ]

    with world("web", "sentinel", sentinel="app/sentinel") as (daemon, _, sentinel):
        daemon.put("not for the Sentinel", "app/web")
        assert tries(sentinel.connect(daemon.public)) == [403, 403, 400, 403]
        assert sentinel.connect(daemon.public).get("/v1/value").status == 404
        denied = [r["reason"] for r in daemon.records() if r["outcome"] == "deny"]
        assert denied.count("reveal") == 3, denied
        assert tries(daemon.root()) == [200, 200, 400, 200], "the control: the host's root may"
        with open(f"{daemon.dir}/state/records.log", "rb") as log:
            data = log.read()
    with world("web", "sentinel", sentinel="app/sentinel", reveal="all") as (daemon, _, sentinel):
        daemon.put("for the Sentinel too", "app/web")
        assert tries(sentinel.connect(daemon.public)) == [200, 200, 400, 200]
    assert b"not for" not in data
