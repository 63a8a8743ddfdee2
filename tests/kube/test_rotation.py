# SPDX-License-Identifier: BSD-2-Clause
"""How long it takes from a change, made by kubectl exec, to a pod on the other node."""

import math
import os
import time

from process import wait_until
from reader import Reader
from test_nodes import start
from vsecm import NAMESPACE, SENTINEL, account, namespace, safe

FULL = os.environ.get("FULL") == "1"
ROUNDS = 200 if FULL else 30
LIMIT = 1.0  # seconds, of 99 in 100


def share(sorted_times, part):
    return sorted_times[max(0, math.ceil(len(sorted_times) * part) - 1)]


def put(cluster, value):
    safe(cluster, "-w", "web", "-n", "rotation", "-s", "-", text=value)


def until_seen(reader, value, mark):
    """By the clock, when the watch of READER gave VALUE."""
    def seen():
        return next((line.split()[2] for line in reader.said(mark) if line.startswith(f"seen {value} ")), None)

    return int(wait_until(seen, 20, f"{value} on the other node")) / 1e6


def test_rotation(cluster):
    """a change reaches a watch on the other node, 99 of 100 within a second after kubectl has said so"""
    start(cluster)
    here = cluster.pods(NAMESPACE, SENTINEL)[0]["spec"]["nodeName"]
    there = next(node for node in cluster.nodes if node.name != here)
    cluster.apply(namespace("rotation"), account("rotation", "web"))
    put(cluster, "before")
    reader = Reader(cluster, "rotation", "reader", there, "follow")
    until_seen(reader, "before", 0)
    lags, wholes = [], []
    for number in range(ROUNDS):
        value, mark, began = f"round-{number}", reader.mark(), time.time()
        put(cluster, value)
        returned = time.time()
        seen = until_seen(reader, value, mark)
        lags.append(seen - returned)
        wholes.append(seen - began)
    for what, times in (("after kubectl had returned", lags), ("after kubectl was started", wholes)):
        times.sort()
        print(f"# {ROUNDS} changes were seen {share(times, 0.5) * 1000:.0f} ms (p50), {share(times, 0.99) * 1000:.0f} ms (p99), "
              f"{times[-1] * 1000:.0f} ms (most) {what}")
    assert share(lags, 0.99) <= LIMIT, lags
