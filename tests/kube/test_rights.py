# SPDX-License-Identifier: BSD-2-Clause
"""What was asked of the API server by our accounts since it started, from its audit log. To be run behind others."""

import json
import unittest

from vsecm import NAMESPACE, deployed


def full_name(group, resource, sub=None):
    return ".".join(filter(None, [resource, group])) + (f"/{sub}" if sub else "")


def asked(cluster):
    """(account, verb, resource, status) of each request."""
    with open(cluster.plane.audit) as log:
        for line in log:
            event = json.loads(line)
            ref = event.get("objectRef", {})
            resource = full_name(ref.get("apiGroup"), ref.get("resource"), ref.get("subresource"))
            yield event["user"]["username"].split(":")[-1], event["verb"], resource, event["responseStatus"]["code"]


def granted(cluster):
    """(verb, resource) of each rule of our roles."""
    rules = [rule for kind in (["clusterrole"], ["role", "-n", NAMESPACE])
             for role in cluster.get(*kind, "-l", "app.kubernetes.io/part-of=vsecm")["items"] for rule in role["rules"]]
    return {(verb, full_name(group, *name.split("/")))
            for rule in rules for group in rule["apiGroups"] for name in rule["resources"] for verb in rule["verbs"]}


def test_nothing_was_refused(cluster):
    """vsecm-sync asks for nothing that it has no right to, and the Sentinel for nothing at all"""
    deployed(cluster)
    every = list(asked(cluster))
    assert {account for account, *_ in every} == {"vsecm-safe"}
    # An API server that has just been started refuses everybody, until it has read its roles.
    got = {(verb, resource) for _, verb, resource, status in every if status < 400}
    refused = {(verb, resource) for _, verb, resource, status in every if status in (401, 403)} - got
    assert ("watch", "pods") in got and not refused, refused


def test_every_right_is_used(cluster):
    """it has no right that it did not use in the tests before this one"""
    deployed(cluster)
    if not {"secrets", "exports", "nodes"} <= set(cluster.themes):
        raise unittest.SkipTest("not all tests before this one were run")
    used = {(verb, resource) for _, verb, resource, status in asked(cluster) if status < 400}
    unused = granted(cluster) - used
    assert not unused, unused
