# SPDX-License-Identifier: BSD-2-Clause
"""The main job: each pod gets its own secret, and nobody gets another's."""

import http.client
import json
import socket
import subprocess

from lab import BUILD, Cgroup, Pod, world

SECRET = "/workload/v1/secrets"


def data(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)["data"]


def test_own_secret():
    """two pods get their own secrets and never the other's"""
    with world("web", "db") as (daemon, web, db):
        daemon.put("for web", "app/web")
        daemon.put("for db", "app/db")
        for pod, value in ((web, "for web"), (db, "for db")):
            connection = pod.connect(daemon.public)
            assert data(connection.get(SECRET)) == value
            assert connection.get("/v1/value").body == value.encode()
            who = json.loads(connection.get("/v1/whoami").body)
            assert who["workload"] == pod.account and who["podUid"] == pod.uid, who
            assert who["container"] == pod.container and who["reason"] == "", who


def test_same_workload_elsewhere():
    """the same workload name in another namespace is another secret"""
    other = Pod("elsewhere", "web")
    try:
        with world("web", lines=[other.line()]) as (daemon, web):
            daemon.put("here", "app/web")
            assert data(web.connect(daemon.public).get(SECRET)) == "here"
            assert other.connect(daemon.public).get(SECRET).status == 404
    finally:
        other.close()


def test_stranger():
    """a caller in no pod, and one in a cgroup nobody knows, get nothing"""
    stranger = Cgroup("/vsecm-test-stranger")
    try:
        with world("web") as (daemon, web):
            daemon.put("value", "app/web")
            for connection in (daemon.root(daemon.public), stranger.connect(daemon.public)):
                for path in (SECRET, "/v1/value", "/v1/value/key"):
                    answer = connection.get(path)
                    assert answer.status == 403 and b"value" not in answer.body, answer
                assert json.loads(connection.get("/v1/whoami").body)["reason"]
            assert data(web.connect(daemon.public).get(SECRET)) == "value"
    finally:
        stranger.close()


def test_change_at_run_time():
    """a change is seen by the next read on the same connection; created stays, updated moves"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        connection = web.connect(daemon.public)
        first = connection.get(SECRET)
        daemon.put("two", "app/web")
        second = connection.get(SECRET)
        assert data(first) == "one" and data(second) == "two"
        assert first.headers["vsecm-version"] == "1" and second.headers["vsecm-version"] == "2"
        assert first.headers["etag"] != second.headers["etag"]
        assert json.loads(first.body)["created"] == json.loads(second.body)["created"]
        assert daemon.delete("app/web").status == 200
        assert connection.get(SECRET).status == 404
        assert daemon.delete("app/web").status == 404


def test_etag():
    """If-None-Match gives 304 until the value changes, also after a delete and a new put"""
    with world("web") as (daemon, web):
        daemon.put("one", "app/web")
        connection = web.connect(daemon.public)
        tag = connection.get(SECRET).headers["etag"]
        for path in (SECRET, "/v1/value"):
            answer = connection.get(path, If_None_Match=f'"other", W/{tag}')
            assert answer.status == 304 and answer.headers["etag"] == tag, answer
        daemon.delete("app/web")
        daemon.put("two", "app/web")
        answer = connection.get(SECRET, If_None_Match=tag)
        assert answer.headers["vsecm-version"] == "1" and data(answer) == "two"


def test_member():
    """one member of a JSON object: text bare, anything else as it is written"""
    value = '{"user":"a\\u00e9\\n","n":1.50,"o":{"x":[1,2]},"dup":1,"dup":2,"a b/c":"odd","e":""}'
    with world("web", "db") as (daemon, web, db):
        daemon.put(value, "app/web")
        daemon.put("no object", "app/db")
        connection = web.connect(daemon.public)
        for name, expected in (
            ("user", "a\u00e9\n"),
            ("n", "1.50"),
            ("o", '{"x":[1,2]}'),
            ("dup", "2"),
            ("a%20b%2Fc", "odd"),
            ("e", ""),
        ):
            answer = connection.get(f"/v1/value/{name}")
            assert answer.status == 200 and answer.body == expected.encode(), (name, answer)
        assert connection.get("/v1/value/missing").status == 404
        assert connection.get("/v1/value/%zz").status == 400
        assert db.connect(daemon.public).get("/v1/value/user").status == 404


def test_curl():
    """curl reads it inside a pod"""
    with world("web") as (daemon, web):
        daemon.put("by curl", "app/web")
        curl = ("curl", "-sS", "--fail-with-body", "--unix-socket", daemon.public)
        assert web.run(*curl, "http://vsecm/v1/value").stdout == b"by curl"
        refused = subprocess.run([*curl, "http://vsecm/v1/value"], capture_output=True, check=False)
        assert refused.returncode == 22 and b"forbidden" in refused.stdout, refused


def test_python_client():
    """Python's http.client keeps its connection alive"""
    with world("web") as (daemon, web):
        daemon.put("by python", "app/web")
        client = http.client.HTTPConnection("vsecm")
        client.sock = web.connect(daemon.public).sock
        for _ in range(3):
            client.request("GET", SECRET)
            response = client.getresponse()
            assert json.loads(response.read())["data"] == "by python"
        assert isinstance(client.sock, socket.socket)


def test_go_client():
    """Go's net/http reads it from eight goroutines at once"""
    with world("web") as (daemon, web):
        daemon.put("by go", "app/web")
        done = web.run(f"{BUILD}/test/goclient", daemon.public, "by go")
        assert done.returncode == 0 and done.stdout == b"400 answers\n", done
