# SPDX-License-Identifier: BSD-2-Clause
"""Templates and formats, through the daemon and through the command alone."""

import json
import re
import signal
import subprocess

from lab import BUILD, world


def vsecm(*arguments, value=b""):
    return subprocess.run([f"{BUILD}/vsecm", *arguments], input=value, capture_output=True, check=False)


def test_render():
    """render shapes a value with no daemon; --strict gives exactly what the template makes, or fails"""
    value = b'{"a":"x,y","n":[1,2]}'
    assert vsecm("render", "-t", '{"A":"{{.a}}"}', value=value).stdout == b'{"A":"x,y"}'
    assert vsecm("render", "-t", '{"A":"{{.a}}"}', "-f", "yaml", value=value).stdout == b"A: x,y\n"
    misfit = vsecm("render", "-t", "{{.a.b}}", value=value)
    assert misfit.returncode == 0 and misfit.stdout == value and b"1:" in misfit.stderr, misfit
    assert vsecm("render", "--strict", "-t", "{{range .n}}<{{.}}>{{end}}", value=value).stdout == b"<1><2>"
    nothing = vsecm("render", "--strict", "-t", "{{if .b}}x{{end}}", value=value)
    assert nothing.returncode == 0 and nothing.stdout == b""
    failed = vsecm("render", "--strict", "-t", "{{.a.b}}", value=value)
    assert failed.returncode == 1 and failed.stdout == b"" and b"x,y" not in failed.stderr, failed
    assert vsecm("render", "-f", "raml", value=value).returncode == 2


def test_bombs():
    """a template bomb ends soon, with a clear error"""
    for bomb in ("{{range 1000000}}{{range 1000000}}{{end}}{{end}}", '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}',
                 '{{range 100000}}{{printf "%1000000s" "x"}}{{end}}'):
        ended = vsecm("render", "--strict", "-t", bomb, value=b"{}")
        assert ended.returncode == 1 and ended.stderr, (bomb, ended)


def test_generate():
    """generate makes what the pattern says, another each time; a bad pattern is an error that names the place"""
    made = {vsecm("generate", "app-[a-c0]{12}!").stdout.decode() for _ in range(20)}
    assert len(made) == 20 and all(re.fullmatch("app-[abc0]{12}!", one) for one in made), made
    for bad in ("[z-a]{8}", "pass[a-Z]{8", "[a-z]{0x}", "plain"):
        refused = vsecm("generate", bad)
        assert refused.returncode != 0 and refused.stdout == b"" and refused.stderr, (bad, refused)


def test_put_with_a_template():
    """a workload gets the value in its shape, administrators see both; restarts, rollbacks, backups keep it"""
    value, template = '{"username":"admin","password":"a,b"}', '{"USR":"{{.username}}", "PWD":"{{.password}}"}'
    with world("web") as (daemon, web):
        got = lambda: web.connect(daemon.public).get("/v1/value").body.decode()
        seen = lambda more="": daemon.root().get(f"/v1/admin/value?key=app/web{more}").body.decode()
        put = lambda *options: subprocess.run(
            [f"{BUILD}/vsecm", "--socket", daemon.admin, "put", "app/web", *options],
            input=value.encode(), capture_output=True, check=False,
        )
        assert put("-t", template, "-f", "yaml").returncode == 0
        assert got() == "PWD: a,b\nUSR: admin\n", got()
        assert seen() == value and seen("&transformed=true") == got()
        assert put("-t", template).returncode == 0 and got() == '{"USR":"admin", "PWD":"a,b"}'
        daemon.stop(signal.SIGKILL)
        daemon.start()
        assert got() == '{"USR":"admin", "PWD":"a,b"}' and seen() == value
        body = {"workloads": ["web"], "namespaces": ["app"], "version": 1}
        answer = daemon.root().request("POST", "/v1/admin/rollback", json.dumps(body).encode())
        assert answer.status == 200 and got() == "PWD: a,b\nUSR: admin\n", (answer, got())
        backup = daemon.root().get("/v1/admin/backup").body
        assert daemon.delete("app/web").status == 200
        assert daemon.root().request("POST", "/v1/admin/restore?offset=0", backup).status == 200
        assert daemon.root().request("POST", "/v1/admin/restore/apply", b"{}").status == 200
        assert got() == "PWD: a,b\nUSR: admin\n" and seen("&version=2&transformed=true").startswith('{"USR"')
        misfit = put("-t", "{{.username", "-f", "raw")
        assert misfit.returncode == 0 and b"served as it is: 1:" in misfit.stderr and got() == value, misfit
        assert daemon.put("v", "app/web", format="raml").status == 400
        assert daemon.put("v", "app/web", template="x" * (64 * 1024 + 1)).status == 413
