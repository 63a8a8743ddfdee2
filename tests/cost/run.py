#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py BUILD_DIR check|accept|profile: what a request costs the daemon, in numbers that no clock is needed for.

check compares with expected.txt and writes BUILD_DIR/cost.json; accept writes expected.txt anew.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
EXPECTED = HERE / "expected.txt"
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

INSTRUCTIONS = 0.05  # by how much of themselves they may differ
CALLS = 0.02  # as much as the daemon's timer makes of them, now and then
# What docs/DESIGN.md promises: calls per request, with the audit trail on.
TARGETS = {"get-64": ("at most 3", lambda calls: calls < 3 + CALLS),
           "pipelined-50": ("fewer than 1.5", lambda calls: calls < 1.5)}

HEADER = """\
# SPDX-License-Identifier: BSD-2-Clause
#
# What a request costs vsecmd: instructions in its own space, by callgrind, and system calls, by strace.
# `make cost-accept` writes this; the commit that does says why they changed. tests/cost/workloads.py
# says what the workloads are.
#
# measured with: {}
#
# workload      instructions  system calls
"""


def tools(build):
    """What instructions depend on."""
    words = subprocess.run(["readelf", "-p", ".comment", f"{build}/vsecmd"],
                           capture_output=True, text=True, check=True).stdout
    compiler = re.search(r"\] +(.*)", words)[1]
    gcc = re.fullmatch(r"GCC: \((Debian).*\) ([\d.]+)", compiler)
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpu:
        has_avx2 = " avx2 " in cpu.read()
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return ", ".join([f"gcc {gcc[2]} of {gcc[1]}" if gcc else compiler, os.confstr("CS_GNU_LIBC_VERSION"), valgrind,
                      os.uname().machine + (" with AVX2" if has_avx2 else "")])


def read_expected():
    """What it was measured with, and by workload instructions and system calls."""
    text = EXPECTED.read_text(encoding="ascii")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return (re.search(r"^# measured with: (.*)$", text, re.M)[1],
            {name: (int(instructions), float(calls)) for name, instructions, calls in rows})


def write_expected(with_what, instructions, calls):
    rows = [f"{name:14} {instructions[name]:13.0f} {total(calls[name]):13.2f}\n" for name in instructions]
    EXPECTED.write_text(HEADER.format(with_what) + "".join(rows), encoding="ascii")


def total(calls):
    return sum(calls.values())


def tell(is_good, what, why=()):
    for line in [] if is_good else why:
        print(f"# {line}")
    print(f"{'ok' if is_good else 'not ok'} - cost: {what}", flush=True)
    return is_good


ACCEPT = "if it is meant to, `make cost-accept` writes the new number down"


def check_instructions(name, now, before):
    change = now / before - 1
    return tell(abs(change) <= INSTRUCTIONS, f"{name}: {now:.0f} instructions, {change:+.1%} of what is expected", [
        f"a request of {name} takes {now:.0f} instructions, {EXPECTED.name} has {before}: that may differ by "
        f"{INSTRUCTIONS:.0%}", f"`make cost-profile` says where they are; {ACCEPT}"])


def check_calls(name, calls, before):
    now = total(calls)
    return tell(abs(now - before) < CALLS, f"{name}: {now:.2f} system calls", [
        f"a request of {name} makes {now:.2f} system calls, {EXPECTED.name} has {before:.2f}:",
        ", ".join(f"{call} {times:.2f}" for call, times in sorted(calls.items()) if times >= 0.005), ACCEPT])


def check(with_what, instructions, calls):
    expected_with, expected = read_expected()
    good = tell(set(expected) == set(calls), f"{EXPECTED.name} has the workloads that there are",
                [f"it has {' '.join(expected)}", f"there are {' '.join(calls)}", "`make cost-accept` writes it anew"])
    for name in [name for name in calls if name in expected]:
        if with_what == expected_with:
            good &= check_instructions(name, instructions[name], expected[name][0])
        else:
            print(f"skip - cost: {name} in instructions: here is {with_what}, {EXPECTED.name} is of {expected_with}")
        good &= check_calls(name, calls[name], expected[name][1])
    for name, (words, holds) in TARGETS.items():
        good &= tell(holds(total(calls[name])), f"{name}: {words} system calls a request")
    return good


def main():
    build, mode = sys.argv[1:]
    os.environ["VSECM_BUILD"] = build
    # As an exception it passes through what cleans up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    import callgrind  # pylint: disable=import-outside-toplevel
    import strace  # pylint: disable=import-outside-toplevel

    instructions = callgrind.count(build, profiles=mode == "profile")
    if mode == "profile":
        print("".join(f"{build}/cost/{name}.profile\n" for name in instructions), end="")
        return
    calls, with_what = strace.count(), tools(build)
    rows = {name: {"instructions": round(instructions[name]), "system_calls": round(total(calls[name]), 2)}
            for name in calls}
    pathlib.Path(build, "cost.json").write_text(
        json.dumps({"measured_with": with_what, "workloads": rows}, indent=1) + "\n", encoding="ascii")
    if mode == "accept":
        write_expected(with_what, instructions, calls)
        print(EXPECTED.read_text(encoding="ascii"), end="")
    else:
        sys.exit(not check(with_what, instructions, calls))


if __name__ == "__main__":
    main()
