# SPDX-License-Identifier: BSD-2-Clause
"""The end of it."""

from vsecm import deployed, uninstall


def test_all_goes(cluster):
    """uninstall.sh leaves nothing in the cluster, and says what it leaves on nodes"""
    deployed(cluster)
    done = uninstall(cluster)
    assert "left on node1" in done.stdout and "/var/lib/vsecm" in done.stdout, done.stdout
    kinds = cluster.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    assert not [kind for kind in kinds if "vsecm" in kind], kinds
    kinds = [kind for kind in kinds if not kind.startswith("events")]
    left = cluster.get(",".join(kinds), "-A")["items"]
    found = [(it["kind"], it["metadata"]["name"]) for it in left
             if "vsecm" in it["metadata"]["name"] or "vsecm" in it["metadata"].get("namespace", "")]
    assert not found, found
    again = uninstall(cluster)
    assert "VSecM is gone" in again.stdout
