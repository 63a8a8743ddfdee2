# SPDX-License-Identifier: BSD-2-Clause
"""Many secrets in the cluster, many pods on the node: what both processes need, and that each pod has its own."""

import concurrent.futures
import http.client
import os
import re
import ssl
import subprocess
import threading
import time

from pki import SERVER
from test_sync import sync_pids
from vsecm import VSECM, account, daemon_pids, deployed, namespace, pod

FULL = os.environ.get("FULL") == "1"
SECRETS, PODS = (5000, 110) if FULL else (500, 20)
SECONDS = 20 if FULL else 10  # of rest
START = 600 if FULL else 60  # seconds, for all pods
RSS = {"vsecm-sync": 64 if FULL else 24, "vsecmd": 24 if FULL else 20}  # MiB
CPU = 1.0  # per cent of one core, of both together
COMMAND = f'until v=$({VSECM} get 2>/dev/null); do sleep 1; done; echo "has $v"; exec sleep 1000000'


class Maker:
    """Seals secrets and creates their objects, over one connection a thread."""

    def __init__(self, cluster, space):
        self.recipient, self.space, self.own = cluster.get("vsecmkey", "root")["spec"]["recipient"], space, threading.local()
        path = cluster.plane.pki.path
        self.context = ssl.create_default_context(cafile=path("ca.crt"))
        self.context.load_cert_chain(path("admin.crt"), path("admin.key"))

    def connection(self):
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPSConnection(SERVER.split("//")[1], context=self.context, timeout=60)
        return self.own.connection

    def make(self, name):
        sealed = subprocess.run([f"{os.environ['VSECM_BUILD']}/vsecm", "seal", f"{self.space}/{name}", "-r", self.recipient],
                                input=f"value-of-{name}".encode(), stdout=subprocess.PIPE, check=True).stdout
        connection = self.connection()
        connection.request("POST", f"/apis/vsecm.com/v1/namespaces/{self.space}/vsecmsecrets", sealed,
                           {"Content-Type": "application/yaml"})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 201, said[:300]

    def make_all(self, names):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.make, names))


def memory(pids):
    """MiB in memory, now and at most."""
    total = {"VmRSS": 0, "VmHWM": 0}
    for pid in pids:
        with open(f"/proc/{pid}/status") as status:
            for name, value in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status.read(), re.M):
                total[name] += int(value) / 1024
    return total["VmRSS"], total["VmHWM"]


def cpu(pids):
    """Seconds of a core that were used."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            ticks += sum(int(word) for word in stat.read().rsplit(")", 1)[1].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def is_of(node, pid):
    """Whether it is in a pod of NODE."""
    with open(f"/proc/{pid}/cgroup") as groups:
        return f":{node.cgroup_root.rstrip('/')}/kubepods" in groups.read()


def own_pods(cluster):
    """As many as the kubelet takes beside those that run here already."""
    there = cluster.get("pods", "-A", "--field-selector", f"spec.nodeName={cluster.nodes[0].name}")["items"]
    return [f"w{number}" for number in range(PODS - (len(there) if FULL else 0))]


def has_own(node, name):
    """Whether the pod NAME said that it has its secret; what else it has is an error."""
    logs = f"{node.dir}/var/log/pods"
    for directory in os.listdir(logs):
        if directory.startswith(f"scale_{name}_"):
            with open(f"{logs}/{directory}/main/0.log") as log:
                said = log.read()
            assert "has " not in said or said.endswith(f" has value-of-{name}\n"), (name, said)
            return "has " in said
    return False


def test_many(cluster):
    """a node with many pods, in a cluster with many secrets: each pod reads its own, within bounds of memory and time"""
    deployed(cluster)
    node = cluster.nodes[0]
    cluster.apply(namespace("scale"))
    began = time.monotonic()
    Maker(cluster, "scale").make_all([f"w{number}" for number in range(SECRETS)])
    made = time.monotonic()
    names = own_pods(cluster)
    cluster.apply(*(account("scale", name) for name in names))
    cluster.apply(*(pod("scale", name, name, command=("sh", "-c", COMMAND), nodeName=node.name) for name in names))
    waiting = set(names)

    def all_have_theirs():
        waiting.difference_update([name for name in waiting if has_own_yet(node, name)])
        return not waiting

    cluster.until(all_have_theirs, START, f"the secrets of {len(names)} pods")
    print(f"# {SECRETS} secrets were made in {made - began:.0f} s; {len(names)} pods had theirs {time.monotonic() - made:.0f} s "
          "after they were created")


def has_own_yet(node, name):
    try:
        return has_own(node, name)
    except FileNotFoundError:
        return False


def used_at_rest(pids):
    """What each of PIDS takes of a core, in per cent, and over how many seconds that was looked at."""
    before, began = {name: cpu(of) for name, of in pids.items()}, time.monotonic()
    time.sleep(SECONDS)
    lasted = time.monotonic() - began
    return {name: (cpu(of) - before[name]) * 100 / lasted for name, of in pids.items()}, lasted


def test_rest(cluster):
    """both are small, and do nothing when nothing happens"""
    deployed(cluster)
    pids = {"vsecm-sync": [pid for pid in sync_pids() if is_of(cluster.nodes[0], pid)],
            "vsecmd": daemon_pids(cluster.nodes[0])}
    assert len(pids["vsecm-sync"]) == 2, "a worker and its parent"
    for _ in range(6):  # what was made just now has consequences for a while: statuses, leases, probes
        used, lasted = used_at_rest(pids)
        if sum(used.values()) < CPU:
            break
    for name, of in pids.items():
        now, most = memory(of)
        print(f"# {name}: {now:.1f} MiB in memory, {most:.1f} at most; {used[name]:.2f} % of a core over {lasted:.0f} s of rest")
    assert all(memory(of)[0] <= RSS[name] for name, of in pids.items())
    assert sum(used.values()) < CPU, used


def test_end(cluster):
    """a namespace with all of that in it can be deleted"""
    deployed(cluster)
    cluster.kubectl("delete", "namespace", "scale", "--timeout=240s", timeout=260)
