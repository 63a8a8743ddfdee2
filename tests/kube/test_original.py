# SPDX-License-Identifier: BSD-2-Clause
"""The original's integration suite, case by case, as it is run there: by kubectl exec, in a cluster."""

import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile

from images import ROOT

from vsecm import VSECM, account, deployed, pod, read, safe

VALUE = '{"username": "*root*", "password": "*CasHC0w*"}'
TEMPLATE = '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}'
LITERAL = '{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}'
YAML = "PASSWORD: '*CasHC0w*'\nUSERNAME: '*root*'"
OK = "\nOK\n\n"
FILE = "/opt/vsecm/secrets.json"


def start(cluster, name="example"):
    """The workload NAME in the namespace default, which the suite uses."""
    deployed(cluster)
    if not cluster.get("pod", "-n", "default", name, check=False):
        cluster.apply(account("default", "example"), pod("default", name, "example"))
    cluster.until_running("default", name)


def until(cluster, value, name="example"):
    """As the original's ./env in the workload's pod: VALUE, or None for NO_SECRET."""
    cluster.until(lambda: (read(cluster, "default", name) or "").strip() == (value or ""), 10, f"{value!r}")


def test_sealed_secret(cluster):
    """cases 1 and 2: what `safe -e` sealed, `safe -e` stores, the workload reads it, and it is deleted"""
    start(cluster)
    sealed = safe(cluster, "-s", "!VSecMRocks!", "-e")
    text = "".join(sealed.split())
    assert re.fullmatch(r"[A-Za-z0-9+/=]{100,}", text) and "VSecMRocks" not in sealed, sealed
    assert safe(cluster, "-w", "example", "-n", "default", "-s", text, "-e") == OK
    until(cluster, "!VSecMRocks!")
    assert safe(cluster, "-w", "example", "-d") == OK
    until(cluster, None)


def test_registration_and_deletion(cluster):
    """cases 3 to 5: a secret is registered, read, deleted"""
    start(cluster)
    assert safe(cluster, "-w", "example", "-n", "default", "-s", "!VSecMRocks!") == OK
    until(cluster, "!VSecMRocks!")
    assert safe(cluster, "-w", "example", "-n", "default", "-d") == OK
    until(cluster, None)


def test_formats(cluster):
    """cases 6 to 8: a template and a format shape what the workload reads"""
    start(cluster)
    for template, form, expected in ((LITERAL, "json", LITERAL), (TEMPLATE, "json", LITERAL), (TEMPLATE, "yaml", YAML)):
        safe(cluster, "-w", "example", "-n", "default", "-s", VALUE, "-t", template, "-f", form)
        until(cluster, expected)
    safe(cluster, "-w", "example", "-n", "default", "-d")
    until(cluster, None)


def test_sidecar(cluster):
    """cases 9 to 14: the same through a sidecar's file, without its polling"""
    start(cluster)
    memory = {"name": "memory", "emptyDir": {"medium": "Memory"}}
    it = pod("default", "sidecar", "example", command=[VSECM, "sidecar"])
    it["spec"]["volumes"].append(memory)
    it["spec"]["containers"][0]["volumeMounts"].append({"name": "memory", "mountPath": "/opt/vsecm"})
    cluster.apply(it)
    cluster.until_running("default", "sidecar")

    def until_file(value):
        def content():
            done = cluster.execute("default", "sidecar", "cat", FILE, check=False)
            return done.stdout.strip() if done.returncode == 0 else None

        cluster.until(lambda: content() == value, 10, f"{value!r} in the sidecar's file")

    until_file(None)
    for words, expected in ((["-s", "!VSecMRocks!"], "!VSecMRocks!"),
                            (["-s", VALUE, "-t", TEMPLATE, "-f", "json"], LITERAL),
                            (["-s", VALUE, "-t", TEMPLATE, "-f", "yaml"], YAML)):
        safe(cluster, "-w", "example", "-n", "default", *words)
        until_file(expected)
        safe(cluster, "-w", "example", "-n", "default", "-d")
        until_file(None)
    cluster.kubectl("delete", "pod", "-n", "default", "sidecar", "--wait=false")


def test_init_container(cluster):
    """cases 15 and 16: an init container ends when the secret is there, and not before"""
    start(cluster)
    value = '{"username":"root","password":"SuperSecret","value":"VSecMRocks"}'
    template = '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}", "VALUE":"{{.value}}"}'
    it = pod("default", "init", "example")
    main = it["spec"]["containers"][0]
    it["spec"]["initContainers"] = [{**main, "name": "wait", "command": [VSECM, "init"]}]
    cluster.apply(it)
    cluster.until(lambda: "startedAt" in str(cluster.get("pod", "-n", "default", "init")["status"]
                                             .get("initContainerStatuses")), 20, "the init container")
    safe(cluster, "-w", "example", "-n", "default", "-s", value, "-t", template)
    cluster.until_running("default", "init")
    assert json.loads(read(cluster, "default", "init")) == {
        "USERNAME": "root", "PASSWORD": "SuperSecret", "VALUE": "VSecMRocks"}
    safe(cluster, "-w", "example", "-n", "default", "-d")
    until(cluster, None, "init")
    cluster.kubectl("delete", "pod", "-n", "default", "init", "--wait=false")


def test_append(cluster):
    """the append case: -a is refused with what to do instead, and that gives the same"""
    start(cluster)
    done = safe(cluster, "-a", "-w", "example", "-s", "!VSecM", check=False)
    assert done.returncode == 2 and "JSON list" in done.stderr, done
    safe(cluster, "-w", "example", "-s", '["Rocks!","!VSecM"]')
    until(cluster, '["Rocks!","!VSecM"]')
    safe(cluster, "-w", "example", "-d")


def test_migration(cluster):
    """the commands of docs/MIGRATION.md bring what the original sealed into the cluster, and no plaintext with it"""
    start(cluster)
    page = pathlib.Path(ROOT, "docs", "MIGRATION.md").read_text(encoding="utf-8")
    command = next(block for block in re.findall(r"(?:^ {4}.*\n)+", page, re.M) if "vsecm seal" in block)
    build = os.path.abspath(os.environ["VSECM_BUILD"])
    environment = {**cluster.environment, "PATH": f"{build}:{cluster.environment['PATH']}"}
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        def run(*words, **more):
            return subprocess.run(words, cwd=directory, env=environment, capture_output=True, check=True, **more).stdout

        key = run("age-keygen").decode().splitlines()[-1]
        recipient = run("age-keygen", "-y", input=key.encode()).decode().strip()
        sealed = base64.b64encode(run("age", "-r", recipient, input=VALUE.encode())).decode()
        pathlib.Path(directory, "keys.txt").write_text(f"{key}\n{recipient}\n{'0' * 64}", encoding="ascii")
        pathlib.Path(directory, "names").write_text("example default\n", encoding="ascii")
        pathlib.Path(directory, "list.json").write_text(json.dumps(
            {"secrets": [{"name": "example", "value": sealed}], "algorithm": "age"}), encoding="ascii")
        said = run("bash", "-euo", "pipefail", "-c", command)
        assert b"vsecmsecret.vsecm.com/example created" in said, said
        assert os.listdir(directory) == ["names"]
    until(cluster, VALUE)
    safe(cluster, "-w", "example", "-n", "default", "-d")
    until(cluster, None)
