# SPDX-License-Identifier: BSD-2-Clause
"""Which folder may know which: the architecture, as a table."""

import re

from rule import Plant, Rule, append

# Which rooms a room may include from, besides itself, SHARED and the system.
ROOMS = {
    "base": "",
    "wire": "base",
    "crypto": "base",
    "node": "base",
    "kernel": "base node",
    "identity": "base",
    "template": "base",
    "store": "base crypto template",
    "cluster": "base wire crypto identity template store",
    "sync": "base wire",
    "serve": "base crypto kernel identity template store cluster",
    "daemon": "base wire crypto node kernel identity template store cluster serve",
    "client": "",
    "cli": "base client crypto node template store",
    "helper": "cli",
    "bench": "base crypto template",
    "bpf": "",
    "include": "",
}

# Headers with a closer circle, and the rooms that are in it.
CIRCLES = {
    r"sodium": "crypto cli",
    r"bpf/": "kernel bpf",
    r".*\.skel\.h": "kernel",
    r"cjson/": "store cluster serve cli sync bench",
    r"curl/": "sync",
    r"base/log\.h": "base daemon sync",
    r"vsecm/vsecm\.h": "client cli daemon sync bench",
    r"vmlinux\.h|\w+\.bpf\.h": "bpf include",
}

# Headers that are named without a room.
SHARED = r"(kernel_abi|limits|page_abi|protocol)\.h|vsecm/vsecm\.h|vmlinux\.h|\w+\.bpf\.h|\w+\.skel\.h"


def room_of(name):
    parts = name.split("/")
    return parts[1] if parts[0] in ("userspace", "tools") else parts[0]


def trouble(room, bracket, header):
    """What is wrong with ROOM including HEADER, or nothing."""
    first = header.split("/")[0]
    for circle, rooms in CIRCLES.items():
        if re.match(circle, header) and room not in rooms.split():
            return f"is only for {rooms}"
    if bracket == "<" or re.fullmatch(SHARED, header):
        return ""
    if first not in ROOMS or ".." in header:
        return "does not begin with a room"
    if first != room and first not in ROOMS[room].split():
        return f"is out of reach for {room}/"
    return ""


def check_includes(tree):
    problems = []
    for name in tree.matching(r"^(userspace|tools|bpf|include)/.*\.[ch]$"):
        room = room_of(name)
        if room not in ROOMS:
            problems.append(f"{name}: {room}/ is no room of the table")
            continue
        for bracket, header in re.findall(r'^\s*#\s*include\s*(["<])([^">]+)[">]', tree.text(name), re.M):
            what = trouble(room, bracket, header)
            if what:
                problems.append(f"{name}: {header} {what}")
    return problems


def include(name, header):
    return Plant(f"{name} includes {header}", name, append(f"#include {header}\n"))


RULES = [
    Rule("includes point one way", check_includes, [
        include("userspace/base/loop.c", '"serve/conn.h"'),
        include("userspace/crypto/arena.c", '"kernel/attest.h"'),
        include("userspace/identity/place.c", '"../store/store.h"'),
        include("userspace/client/head.c", '"base/str.h"'),
        include("userspace/client/head.c", "<sodium.h>"),
        include("userspace/store/store.c", "<sodium.h>"),
        include("userspace/daemon/daemon.c", "<bpf/libbpf.h>"),
        include("userspace/identity/place.c", "<cjson/cJSON.h>"),
        include("userspace/serve/conn.c", '"base/log.h"'),
        include("userspace/attic/old.c", "<stdio.h>"),
        include("bpf/attest_lsm.bpf.c", '"crypto/secret.h"'),
    ]),
]
