# SPDX-License-Identifier: BSD-2-Clause
"""deploy/bench, as it stands there."""

import contextlib

from images import ROOT
from vsecm import administered, deployed, namespace, safe

NAMESPACE = "bench"
JOB = "vsecm-bench"


def finished(cluster):
    """How the job ended, or None."""
    conditions = cluster.get("job", "-n", NAMESPACE, JOB)["status"].get("conditions", [])
    return next((it["type"] for it in conditions if it["type"] in ("Complete", "Failed")), None)


@contextlib.contextmanager
def job(cluster):
    """The job, run to its end; gives how it ended and what it printed."""
    deployed(cluster)
    cluster.apply(namespace(NAMESPACE))
    cluster.kubectl("apply", "-n", NAMESPACE, "--validate=strict", "-k", str(ROOT / "deploy" / "bench"))
    try:
        ended = cluster.until(lambda: finished(cluster), 60, "the job's end")
        yield ended, cluster.kubectl("logs", "-n", NAMESPACE, f"job/{JOB}")
    finally:
        cluster.kubectl("delete", "-n", NAMESPACE, "-k", str(ROOT / "deploy" / "bench"))


def test_without_secret(cluster):
    """where there is no secret to read, the job fails and says so"""
    with job(cluster) as (ended, said):
        assert ended == "Failed", (ended, said)
        assert "404" in said, said


def test_job(cluster):
    """the job tells how long a warm GET takes in a pod that has no privilege"""
    deployed(cluster)
    administered(cluster)
    cluster.apply(namespace(NAMESPACE))
    safe(cluster, "-w", JOB, "-n", NAMESPACE, "-s", "-", text="v" * 64)
    with job(cluster) as (ended, said):
        assert ended == "Complete", (ended, said)
        for word in ("p50", "p99", "throughput", "10000 done of 10000, 0 errors"):
            assert word in said, said
    print("".join(f"# {line}\n" for line in said.splitlines()), end="")
