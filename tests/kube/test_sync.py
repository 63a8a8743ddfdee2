# SPDX-License-Identifier: BSD-2-Clause
"""vsecm-sync as a container: what it is given, what it tells, and that nobody else is taken for it."""

import glob
import urllib.error
import urllib.request

from vsecm import NAMESPACE, SAFE, deployed

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


def sync_pids():
    """The processes of vsecm-sync, seen from the machine."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path) as comm:
                if comm.read() == "vsecm-sync\n":
                    found.append(int(path.split("/")[2]))
        except OSError:
            pass  # it has ended
    return found


def status_of(pid):
    with open(f"/proc/{pid}/status") as status:
        return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)


def ask(cluster, path):
    """The status and text of the HTTP answer to PATH."""
    address = cluster.pods(NAMESPACE, SAFE)[0]["status"]["podIP"]
    try:
        with urllib.request.urlopen(f"http://{address}:9464{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def test_confined(cluster):
    """it runs as a user of its own, without any capability, and alone has the token"""
    deployed(cluster)
    pids = sync_pids()
    assert pids
    for pid in pids:
        status = status_of(pid)
        assert status["Uid"].split() == ["65532"] * 4 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
        assert all(int(status[name], 16) == 0 for name in ("CapBnd", "CapPrm", "CapEff", "CapAmb", "CapInh")), status
        with open(f"/proc/{pid}/mountinfo") as mounts:
            mounted = [line.split()[4] for line in mounts]
        assert TOKEN.rsplit("/", 1)[0] in mounted
        assert not any(path in mounted for path in ("/run/vsecm", "/run/vsecmd", "/var/lib/vsecm", "/host/cgroup")), mounted


def test_probes(cluster):
    """it answers the kubelet's probes and gives metrics, and no other path"""
    deployed(cluster)
    assert ask(cluster, "/livez")[0] == 200
    cluster.until(lambda: ask(cluster, "/readyz")[0] == 200, 30, "readiness")
    status, text = ask(cluster, "/metrics")
    assert status == 200 and "\nvsecm_" in text or text.startswith("vsecm_"), text[:300]
    assert ask(cluster, "/")[0] == 404
    assert ask(cluster, "/workload/v1/secrets")[0] == 404
