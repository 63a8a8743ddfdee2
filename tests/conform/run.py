#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py ORACLE CONFORM PAIRS_DIR COUNT [SEED]: what this project makes of templates, against what Go makes.

Both get the pairs by hand, file by file, and COUNT generated ones. They agree when both fail, or both
give the same bytes. What may differ, and nothing else, is in ALLOWED and in differs_by_address().
"""

import collections
import glob
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

Case = collections.namedtuple("Case", "kind first rest")

# A limit of ours ends what Go goes on with; but in so few cases that it hides no mistake.
LIMITS_PERCENT = 1

# What differs from Go by choice: (what it is called, whether a case and the two answers are of that kind).
ALLOWED = [
    ("a limit of ours", lambda case, theirs, ours: ours[0] == "limit"),
    ("Go has no answer of its own (an address, keys without an order)",
     lambda case, theirs, ours: theirs[0] == "skip"),
    ("imaginary numbers", lambda case, theirs, ours: ours[0] == "fail" and b"no imaginary numbers" in ours[1]),
]


# ---- cases and answers as bytes

def encode(cases):
    return b"".join(b"%s %d %d\n%s%s\n" % (case.kind.encode(), len(case.first), len(case.rest), case.first, case.rest)
                    for case in cases)


def decode_cases(data):
    cases, at = [], 0
    while at < len(data):
        end = data.index(b"\n", at)
        kind, first, rest = data[at:end].split()
        middle = end + 1 + int(first)
        at = middle + int(rest) + 1
        cases.append(Case(kind.decode(), data[end + 1:middle], data[middle:at - 1]))
    return cases


def decode_answers(data):
    answers, at = [], 0
    while at < len(data):
        end = data.find(b"\n", at)
        verdict, _, length = data[at:end].partition(b" ")
        at = end + int(length) + 2
        answers.append((verdict.decode(), data[end + 1:at - 1]))
    return answers


class Side:
    """A program that answers cases."""

    def __init__(self, *command):
        self.command = command

    def start(self, cases):
        """Begin to answer CASES; finish() gives the answers, with one for a crash at its place."""
        self.count, self.files = len(cases), [tempfile.TemporaryFile() for _ in range(3)]
        self.files[0].write(encode(cases))
        self.files[0].seek(0)
        self.process = subprocess.Popen(self.command, stdin=self.files[0], stdout=self.files[1], stderr=self.files[2])

    def finish(self):
        status = self.process.wait(timeout=600)
        said = []
        for file in self.files[1:]:
            file.seek(0)
            said.append(file.read())
        answers = decode_answers(said[0])
        if len(answers) != self.count:
            print(f"# {self.command[0]} ended with status {status} at case {len(answers)} of {self.count}: "
                  f"{said[1][-2000:].decode(errors='replace')}")
            answers.append(("crash", said[1][-500:]))
        return answers

    def ask(self, cases):
        self.start(cases)
        return self.finish()


# ---- comparing

def agree(theirs, ours):
    return theirs[0] == ours[0] and (theirs[0] != "ok" or theirs[1] == ours[1])


def allowed(case, theirs, ours):
    return next((name for name, fits in ALLOWED if fits(case, theirs, ours)), None)


def one_of_theirs(oracle, case, ours):
    """Whether Go gives this answer as well, sometimes: yaml.v3's order of keys has cycles."""
    return case.kind == "y" and any(
        theirs[0] == "skip" or agree(theirs, ours) for theirs in oracle.ask([case] * 64))


def differs_by_address(oracle, project, case):
    """Whether it is %p alone, which prints an address, that makes the difference: with %v there is none."""
    calm = case._replace(first=re.sub(rb"(%[^%a-zA-Z]*)p", rb"\1v", case.first), rest=re.sub(rb"(%[^%a-zA-Z]*)p", rb"\1v", case.rest))
    return calm != case and agree(oracle.ask([calm])[0], project.ask([calm])[0])


def smaller_json(data):
    """JSON texts with something of DATA left out, or simpler."""
    try:
        value = json.loads(data)
    except ValueError:
        return

    def variants(value):
        if isinstance(value, dict):
            for key in value:
                yield {k: v for k, v in value.items() if k != key}
            for key, inner in value.items():
                for less in variants(inner):
                    yield {**value, key: less}
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                yield value[:i] + value[i + 1:]
                for less in variants(inner):
                    yield value[:i] + [less] + value[i + 1:]
        elif isinstance(value, str) and len(value) > 1:
            yield value[:len(value) // 2]
            yield value[len(value) // 2:]

    for less in variants(value):
        yield json.dumps(less, ensure_ascii=False).encode(errors="surrogatepass")


def smaller(case):
    """Cases that are a little less than CASE."""
    piece = max(len(case.first) // 2, 1)
    while case.first and piece:
        for at in range(0, len(case.first), piece):
            yield case._replace(first=case.first[:at] + case.first[at + piece:])
        piece //= 2
    if case.kind == "b":
        for at in range(len(case.rest)):
            yield case._replace(rest=case.rest[:at] + case.rest[at + 1:])
    else:
        for less in smaller_json(case.rest):
            yield case._replace(rest=less)


def minimize(case, oracle, ours):
    """The smallest case found with a difference of the same kind."""
    wanted = None
    for _ in range(12):
        tries = list(itertools.islice(smaller(case), 150))
        if not tries:
            break
        both = list(zip(oracle.ask(tries), ours.ask(tries)))
        if wanted is None:
            first = list(zip(oracle.ask([case]), ours.ask([case])))[0]
            wanted = (first[0][0], first[1][0])
        found = next((less for less, (a, b) in zip(tries, both)
                      if not agree(a, b) and (a[0], b[0]) == wanted and not allowed(less, a, b)), None)
        if not found:
            break
        case = found
    return case


def show(case, theirs, ours):
    print(f"#   {case.kind}: template {case.first.decode(errors='backslashreplace')!r}")
    print(f"#      data     {case.rest.decode(errors='backslashreplace')!r}")
    for who, (verdict, text) in (("Go  ", theirs), ("ours", ours)):
        print(f"#      {who}     {verdict} {text[:400].decode(errors='backslashreplace')!r}")


def compare(name, cases, oracle, ours):
    """Print one result for CASES. Whether they agree."""
    oracle.start(cases)
    ours.start(cases)
    answers = list(zip(oracle.finish(), ours.finish()))
    tally, wrong = collections.Counter(), []
    for case, (a, b) in zip(cases, answers):
        reason = allowed(case, a, b)
        if reason:
            tally[reason] += 1
        elif agree(a, b):
            tally["same output" if a[0] == "ok" else "both fail"] += 1
        elif one_of_theirs(oracle, case, b):
            tally[ALLOWED[1][0]] += 1
        elif differs_by_address(oracle, ours, case):
            tally["addresses, by %p"] += 1
        else:
            wrong.append(case)
    print(f"# {name}: {len(cases)} pairs: " + ", ".join(f"{count} {what}" for what, count in tally.items()))
    for case in wrong[:int(os.environ.get("CONFORM_SHOW", "10"))]:
        case = minimize(case, oracle, ours)
        show(case, oracle.ask([case])[0], ours.ask([case])[0])
    is_whole = len(answers) == len(cases)
    too_many = tally[ALLOWED[0][0]] * 100 > LIMITS_PERCENT * len(cases) + 100
    if too_many:
        print("#   too many past a limit of ours")
    good = not wrong and is_whole and not too_many and tally["same output"] > 0
    print(f"{'ok' if good else 'not ok'} - conform: {name}: {len(cases)} pairs, {len(wrong)} differ")
    return good


# ---- pairs by hand

def read_pairs(path):
    """The pairs of a file: the format is in tests/conform/pairs/README."""
    data, chosen, cases = {}, [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            word, _, rest = line.partition(" ")
            if not line or word == "#":
                continue
            if word == "data":
                name, _, text = rest.partition(" ")
                json.loads(text)
                data[name] = text.encode()
            elif word == "with":
                chosen = [data[name] for name in rest.split()]
            elif word in ("=", "=\\"):
                text = rest if word == "=" else re.sub(r"\\(n|t|r|\\)", lambda m: {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[m[1]], rest)
                cases += [Case("t", text.encode(), one) for one in chosen]
            elif word == "yaml":
                cases.append(Case("y", b"", rest.encode()))
            else:
                raise SystemExit(f"{path}:{number}: neither data, with, = nor yaml: {line}")
    return cases


def main():
    theirs, ours, pairs, count, *seed = sys.argv[1:]
    seed = seed[0] if seed else str(int.from_bytes(os.urandom(4), "big"))
    oracle, ours = Side(theirs, "answer"), Side(ours)
    good = True
    for path in sorted(glob.glob(f"{pairs}/*.pairs")):
        good &= compare(os.path.basename(path)[:-len(".pairs")] + ", by hand", read_pairs(path), oracle, ours)
    print(f"# CONFORM_SEED={seed}", flush=True)
    done = subprocess.run([theirs, "generate", seed, count], stdout=subprocess.PIPE, check=True)
    generated = decode_cases(done.stdout)
    for kind, name in (("t", "templates"), ("y", "YAML of JSON"), ("b", "YAML of any bytes")):
        good &= compare(f"{name}, seed {seed}", [case for case in generated if case.kind == kind], oracle, ours)
    sys.exit(not good)


if __name__ == "__main__":
    main()
