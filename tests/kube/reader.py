# SPDX-License-Identifier: BSD-2-Clause
"""A pod that reads its secret all the time, and what it saw: read from its log, with no API server in between."""

import os
import shutil

from process import wait_until
from proxy import PLACE
from vsecm import pod


class Reader:
    """The pod NAME, which runs reader/main.go with WORDS on NODE, as the workload `web`."""

    def __init__(self, cluster, namespace, name, node, *words):
        os.makedirs(f"{node.dir}{PLACE}", exist_ok=True)
        shutil.copy(f"{os.environ['VSECM_BUILD']}/test/kube_reader", f"{node.dir}{PLACE}/reader")
        wanted = pod(namespace, name, "web", command=["/test/reader", *words], nodeName=node.name)
        wanted["spec"]["volumes"].append({"name": "test", "hostPath": {"path": PLACE}})
        wanted["spec"]["containers"][0]["volumeMounts"].append({"name": "test", "mountPath": "/test", "readOnly": True})
        cluster.apply(wanted)
        uid = cluster.until_running(namespace, name)["metadata"]["uid"]
        self.path = f"{node.dir}/var/log/pods/{namespace}_{name}_{uid}/main/0.log"

    def mark(self):
        """This moment, for said()."""
        return os.path.getsize(self.path)

    def said(self, mark=0):
        """Its lines since MARK, without what the container runtime puts before each."""
        with open(self.path, errors="replace") as log:
            log.seek(mark)
            return [line.rstrip("\n").split(" ", 3)[3] for line in log if line.endswith("\n")]

    def until_said(self, line, seconds, mark=0):
        return wait_until(lambda: line in self.said(mark), seconds, f"'{line}' of {self.path}")

    def changes(self, how, mark):
        """What it got since MARK by HOW, "get" or "page", that was not what it had got before."""
        return [line for line in self.said(mark) if line.startswith(how) and not line.startswith(f"{how} count")]

    def reads(self, how):
        counts = [int(line.split()[2]) for line in self.said() if line.startswith(f"{how} count")]
        return counts[-1] if counts else 0

    def goes_on(self):
        """Until it has read a good deal more, both ways."""
        for how in ("get", "page"):
            before = self.reads(how)
            wait_until(lambda: self.reads(how) > before + 100, 10, f"reads by {how}")
