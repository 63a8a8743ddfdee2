# SPDX-License-Identifier: BSD-2-Clause
"""What the manifests make of a cluster: who may do what in it, and which objects it takes."""

import copy
import json
import pathlib
import re

from vsecm import NAMESPACE, SAFE, deployed

TABLE = pathlib.Path(__file__).parent / "rights.txt"
SEALED = "-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n-----END AGE ENCRYPTED FILE-----\n"
RECIPIENT = "age1" + "q" * 58


def rights(cluster, user, namespace):
    """Lines `RESOURCE VERB...` of what USER may do in NAMESPACE."""
    said = cluster.kubectl("auth", "can-i", "--list", f"--as=system:serviceaccount:{user}", "-n", namespace,
                           "--no-headers")
    lines = set()
    for line in said.splitlines():
        resource, paths, names, verbs = re.fullmatch(r"(\S*)\s*\[(.*?)\]\s*\[(.*?)\]\s*\[(.*?)\]\s*", line).groups()
        lines.add(" ".join([resource or f"[{paths}]", *([f"[{names}]"] if names else []), *sorted(verbs.split())]))
    return lines


def test_rights(cluster):
    """each service account may do what rights.txt says, and nothing else"""
    deployed(cluster)
    made = ["# SPDX-License-Identifier: BSD-2-Clause", "#",
            "# What may be done in a namespace, beyond what every account may. Compared with the cluster by test_manifests."]
    for name in ("vsecm-safe", "vsecm-sentinel"):
        for namespace in (NAMESPACE, "default"):
            own = rights(cluster, f"{NAMESPACE}:{name}", namespace) - rights(cluster, "default:nobody", namespace)
            made += ["", f"{name} in {namespace}:", *(f"  {line}" for line in sorted(own) or ["nothing"])]
    expected = TABLE.read_text() if TABLE.exists() else ""
    assert "\n".join(made) + "\n" == expected, "\n".join(made)


def test_tokens(cluster):
    """no pod has a token but the container that talks to the API server, which is not the daemon's"""
    deployed(cluster)
    for kind in ("daemonset/vsecm-safe", "deployment/vsecm-sentinel"):
        spec = cluster.get(kind, "-n", NAMESPACE)["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        tokens = {volume["name"] for volume in spec["volumes"] if "serviceAccountToken" in json.dumps(volume)}
        for container in spec["containers"]:
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert not mounted & tokens or container["name"] == "sync", container


def test_pods_are_confined(cluster):
    """no container is privileged or sees the node's processes or network; but for the daemon's, none is root"""
    deployed(cluster)
    for kind in ("daemonset/vsecm-safe", "deployment/vsecm-sentinel"):
        spec = cluster.get(kind, "-n", NAMESPACE)["spec"]["template"]["spec"]
        assert not any(spec.get(name) for name in ("hostPID", "hostNetwork", "hostIPC")), spec
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["capabilities"]["drop"] == ["ALL"] and not context.get("privileged"), container["name"]
            assert context["readOnlyRootFilesystem"] and context["allowPrivilegeEscalation"] is False
            root = context.get("runAsUser", spec["securityContext"].get("runAsUser")) == 0
            assert root == (container["name"] == "safe") and ("add" in context["capabilities"]) == root, container["name"]


def thing(kind, name, **spec):
    metadata = {"name": name, **({"namespace": "default"} if kind == "VSecMSecret" else {})}
    return {"apiVersion": "vsecm.com/v1", "kind": kind, "metadata": metadata, "spec": spec}


HISTORY = [{"version": 1, "updated": "2026-01-31T12:00:00Z", "sealed": SEALED}]
GOOD = [
    thing("VSecMSecret", "web", sealed=SEALED),
    thing("VSecMSecret", "web", sealed=SEALED, allowRollback=True, history=HISTORY),
    thing("VSecMSecret", "k8s.some.secret", sealed=SEALED),
    thing("VSecMBinding", "web.example", workload="web"),
    thing("VSecMBinding", "web", workload="web", namespace="shop", serviceAccount="a.b", labels={"app.example/x": "y"}),
    thing("VSecMNode", "node9.example", recipient=RECIPIENT),
    thing("VSecMNode", "node9", recipient=RECIPIENT, request=SEALED, approved=False),
    ]
BAD = [
    ("a name that is no workload's", thing("VSecMSecret", "web.example", sealed=SEALED)),
    ("a name that is too long", thing("VSecMSecret", "w" * 64, sealed=SEALED)),
    ("no value", thing("VSecMSecret", "web", allowRollback=True)),
    ("a value in clear", thing("VSecMSecret", "web", sealed="hunter2")),
    ("a value that is too long", thing("VSecMSecret", "web", sealed=SEALED + "A" * 1024000)),
    ("a member that is unknown", thing("VSecMSecret", "web", sealed=SEALED, value="hunter2")),
    ("a version that is none", thing("VSecMSecret", "web", sealed=SEALED, history=[{**HISTORY[0], "version": 0}])),
    ("an older version in clear", thing("VSecMSecret", "web", sealed=SEALED, history=[{**HISTORY[0], "sealed": "x"}])),
    ("a binding to no workload", thing("VSecMBinding", "web", namespace="shop")),
    ("a binding to a bad name", thing("VSecMBinding", "web", workload="Web")),
    ("a node without a key", thing("VSecMNode", "node1", approved=True)),
    ("a node's secret key", thing("VSecMNode", "node1", recipient="AGE-SECRET-KEY-1" + "Q" * 58)),
    ("another key", thing("VSecMKey", "other", recipient=RECIPIENT, sealed=SEALED)),
    ("a key in clear", thing("VSecMKey", "root", recipient=RECIPIENT, sealed="AGE-SECRET-KEY-1" + "Q" * 58)),
]


def create(cluster, it):
    return cluster.kubectl("create", "--dry-run=server", "-f", "-", text=json.dumps(it), check=False)


def test_objects(cluster):
    """the API server takes objects as they should be, and refuses those that could never be served"""
    deployed(cluster)
    for it in copy.deepcopy(GOOD):
        done = create(cluster, it)
        assert done.returncode == 0, done.stderr
    # There is one of these already, where vsecm-sync is.
    done = create(cluster, thing("VSecMKey", "root", recipient=RECIPIENT, sealed=SEALED, nodes=["node1"]))
    assert done.returncode == 0 or "already exists" in done.stderr, done.stderr
    for what, it in BAD:
        done = create(cluster, it)
        assert done.returncode != 0, what


def test_nodes(cluster):
    """with the token of its pod a node writes its own VSecMNode, no other, and does not approve itself"""
    deployed(cluster)
    pod = cluster.pods(NAMESPACE, SAFE)[0]["metadata"]["name"]
    words = ["create", "token", "-n", NAMESPACE, "vsecm-safe"]
    own = cluster.kubectl(*words, "--bound-object-kind=Pod", f"--bound-object-name={pod}").strip()
    unbound = cluster.kubectl(*words).strip()

    def put(token, name, **spec):
        """Create it, or change it where it is, but only to see what the API server says."""
        it, path = thing("VSecMNode", name, recipient=RECIPIENT, **spec), "/apis/vsecm.com/v1/vsecmnodes"
        if cluster.get("vsecmnode", name, check=False):
            return cluster.request(token, "PATCH", f"{path}/{name}?dryRun=All", it)
        return cluster.request(token, "POST", f"{path}?dryRun=All", it)

    status, said = put(own, "node1", request=SEALED, approved=False)
    assert status in (200, 201), said
    for token, name in ((own, "node9"), (unbound, "node1"), (unbound, "node9")):
        status, said = put(token, name)
        assert status == 422 and "its own VSecMNode only" in said, (status, said)
    status, said = put(own, "node1", approved=True)
    assert status == 422 and "cannot approve itself" in said, (status, said)
