# SPDX-License-Identifier: BSD-2-Clause
"""Instructions: vsecmd as it is shipped, under callgrind, which cuts its count where a mark is answered."""

import collections
import os
import pathlib
import re
import tempfile

import workloads


def totals(folder):
    """Between two marks each, in the order of play(): the file, and what it adds up to."""
    for number in range(1, 3 * len(workloads.WORKLOADS) + 1):
        file = folder / f"out.{number}"
        yield file, int(re.search(r"^totals: (\d+)", file.read_text(), re.M)[1])


def profile(file, requests):
    """Lines of instructions per request and function, the most first; what it calls is not its own."""
    own, function, is_call = collections.Counter(), "", False
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[\d+*-]+ \d+$", line):
            own[function] += 0 if is_call else int(line.split()[1])
            is_call = False
    return "".join(f"{spent / requests:10.1f}  {name}\n" for name, spent in own.most_common()
                   if spent >= requests / 10)


def count(build, profiles=False):
    """Instructions per request, by workload; with PROFILES also a file for each, of what is where."""
    with tempfile.TemporaryDirectory(prefix="vsecm-cost-") as name:
        folder = pathlib.Path(name)
        stage = workloads.Stage(prefix=(
            "env", f"LD_PRELOAD={os.path.abspath(build)}/cost/unknown.so",
            "valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={folder}/out",
            "--compress-strings=no", "--dump-before=workload_whoami"))
        try:
            workloads.play(stage)
        finally:
            stage.close()
        parts = list(totals(folder))
        found = {}
        for at, (workload, _, first, requests) in enumerate(workloads.WORKLOADS):
            (_, less), (file, more) = parts[3 * at + 1:3 * at + 3]
            found[workload] = (more - less) / requests
            if profiles:
                into = pathlib.Path(build, "cost", f"{workload}.profile")
                into.write_text(profile(file, first + requests), encoding="ascii")
    return found
