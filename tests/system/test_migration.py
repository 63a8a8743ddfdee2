# SPDX-License-Identifier: BSD-2-Clause
"""The way over from the original, as docs/MIGRATION.md has it."""

import base64
import json
import os
import pathlib
import secrets
import subprocess
import tempfile

from lab import Daemon
from test_backup import commands, shell
from test_cli_store import Admin

VALUES = {"web": b"hunter2", "db": b'{"user":"root","password":"a,b"}', "blob": bytes(range(256)) * 300}


def export(directory):
    """keys.txt and list.json as the original's root key and `safe -l -e` are, sealed by stock age."""
    key = subprocess.run(["age-keygen"], capture_output=True, check=True).stdout.decode().splitlines()[-1]
    recipient = subprocess.run(["age-keygen", "-y"], input=key.encode(), capture_output=True, check=True).stdout.decode().strip()
    pathlib.Path(f"{directory}/keys.txt").write_text(f"{key}\n{recipient}\n{secrets.token_hex(32)}")
    rows = []
    for name, value in VALUES.items():
        sealed = subprocess.run(["age", "-r", recipient], input=value, capture_output=True, check=True).stdout
        rows.append({
            "name": name, "value": base64.b64encode(sealed).decode(),
            "created": "2024-05-01T10:00:00Z", "updated": "2024-05-02T10:00:00Z",
            "notBefore": "2024-05-01T10:00:00Z", "expiresAfter": "9999-12-31T23:59:59Z",
        })  # fmt: skip
    pathlib.Path(f"{directory}/list.json").write_text(json.dumps({"secrets": rows, "algorithm": "age"}))
    pathlib.Path(f"{directory}/names").write_text("".join(f"{name} shop\n" for name in VALUES))
    return key


def test_page():
    """the commands of docs/MIGRATION.md bring over what the original sealed, and leave its root key behind"""
    prepare, bring, finish = [block for block in commands("MIGRATION.md") if "kubectl" not in block]
    node = Daemon()
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        try:
            old = export(directory)
            shell(prepare.replace("/run/vsecmd/state", f"{node.dir}/state"), directory)
            node.start()
            os.environ["VSECM_ADMIN_SOCKET"] = node.admin
            said = shell(bring, directory)
            assert said.decode().split() == [word for name in VALUES for word in (f"shop/{name}", "stored")], said
            said = shell(finish, directory)
            assert all(name.encode() in said for name in VALUES) and b"sealed to age1" in said, said
            assert sorted(os.listdir(directory)) == ["names"]
            for name, value in VALUES.items():
                assert Admin(node).good("get", "--key", f"shop/{name}") == value, name
            assert old not in pathlib.Path(f"{node.dir}/state/root.key").read_text()
        finally:
            os.environ.pop("VSECM_ADMIN_SOCKET", None)
            node.close()
