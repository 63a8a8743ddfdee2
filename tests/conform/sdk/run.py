#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py BUILD_DIR [CASE-WORD...]: vectors.json through each library, against the real daemon.

A library is a program in a pod of its own (runner.c, go/, runner.py). It reads a line and answers it by one:

    get, member HEX, empty (a member without a name)    value VERSION CREATED UPDATED HEX
    whoami                              who NAMESPACE WORKLOAD POD ACCOUNT -|stranger
    watch [ID]                          done
    next MS                             secret ID value ... | absent ID REASON
    page, close                         done
    read                                value ...
    wait MS                             changed
    stale                               stale | kept

or `error CLASS`. Each step is done with all libraries before the next, so that they wait together.
"""

import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
BUILD = sys.argv[1]

os.environ["VSECM_BUILD"] = BUILD
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/system"))

from lab import Cgroup, Daemon, Pod, wait_until  # pylint: disable=wrong-import-position

LIBRARIES = {
    "C": [f"{BUILD}/test/sdk-runner"],
    "Go": [f"{BUILD}/test/sdk-runner-go"],
    "Python": [os.environ.get("VSECM_PYTHON", "python3"), "-B", str(HERE / "runner.py")],
}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "sdk/python")}
ANSWER_SECONDS = 30


class Wrong(Exception):
    """A library does not do what it must."""


class Library:
    """One library in one case."""

    def __init__(self, name, place, key, socket):
        self.name, self.place, self.key = name, place, key
        self.last = {}  # what it gave last, and by which id
        self.wrong = None
        self.buffer = b""
        self.process = place.spawn(*LIBRARIES[name], socket, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=ENVIRONMENT)

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Wrong(f"has ended before {line}") from error

    def hear(self):
        end = time.monotonic() + ANSWER_SECONDS
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
            if not ready:
                raise Wrong(f"gave no answer in {ANSWER_SECONDS} s")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise Wrong(f"ended with status {self.process.wait()}")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode().split(" ")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


# ---- what a step asks, and what it must give ------------------------------------------------------

def request(step, library):
    ask = step["ask"]
    if "name" in step:
        return f"{ask} {step['name'].encode().hex()}"
    if "ms" in step:
        return f"{ask} {step['ms']}"
    if step.get("known"):
        return f"{ask} {library.last['id']}"
    return ask


def bytes_of(words):
    """The value that WORDS of a vector stand for, if they do."""
    if "value" in words:
        return words["value"].encode()
    if "hex" in words:
        return bytes.fromhex(words["hex"])
    if "repeat" in words:
        text, count = words["repeat"]
        return (text * count).encode()
    return None


def read_answer(said, library):
    """The words of an answer by name."""
    kind = said[0]
    if kind in ("secret", "absent"):
        found = {"event": kind, "id": said[1]}
        return {**found, "reason": said[2]} if kind == "absent" else {**found, **read_answer(said[2:], library)}
    if kind == "value":
        return {"version": int(said[1]), "created": said[2], "updated": said[3], "bytes": bytes.fromhex(said[4])}
    if kind == "who":
        namespace, account = library.key.split("/")
        itself = ["who", namespace, account, f"{account}-0", account, "-"]
        return {"who": "itself" if said == itself else "a stranger" if said[5] == "stranger" else said}
    return {"error": said[1]} if kind == "error" else {"says": kind}


TIMES = {"same": lambda new, old: new == old, "later": lambda new, old: new > old}


def compare(gives, found, last):
    """Raise Wrong where FOUND is not what a vector says."""
    shown = {name: value[:60] if name == "bytes" else value for name, value in found.items()}
    for name in ("error", "event", "reason", "says", "who", "version"):
        if gives.get(name, found.get(name) if name == "version" else None) != found.get(name):
            raise Wrong(f"gave {shown} instead of {gives}")
    wanted = bytes_of(gives)
    if wanted is not None and found["bytes"] != wanted:
        raise Wrong(f"gave {shown}, {len(found['bytes'])} bytes, instead of {wanted[:60]}, {len(wanted)} bytes")
    for name in ("created", "updated"):
        if name in gives and not TIMES[gives[name]](found[name], last[name]):
            raise Wrong(f"{name} is {found[name]} after {last[name]}, which is not {gives[name]}")
    if "created" in found and not found["created"] <= found["updated"]:
        raise Wrong(f"{shown}: updated before it was created")


def ask(step, libraries):
    for library in libraries:
        attempt(library, step, lambda library: library.say(request(step, library)))
    for library in libraries:
        attempt(library, step, lambda library: take(step, library))


def take(step, library):
    found = read_answer(library.hear(), library)
    compare(step["gives"], found, library.last)
    if "id" in found or "created" in found:
        library.last.update(found)


def attempt(library, step, action):
    """A library that went wrong once is left out of the rest of its case."""
    if library.wrong:
        return
    try:
        action(library)
    except (Wrong, KeyError, IndexError, ValueError) as error:
        library.wrong = f"{step}: {error!r}"


# ---- what happens to the daemon -------------------------------------------------------------------

class World:
    def __init__(self, pods):
        self.pods = pods
        self.daemon = Daemon(pods)

    def put(self, key, words):
        words = dict(words)
        value = bytes_of(words).decode()
        for name in ("value", "repeat"):
            words.pop(name, None)
        answer = self.daemon.put(value, key, **words)
        if answer.status != 200:
            raise AssertionError(answer)

    def delete(self, key, _):
        answer = self.daemon.delete(key)
        if answer.status != 200:
            raise AssertionError(answer)

    def identify(self, without=()):
        self.daemon.reload(*[pod.line() for pod in self.pods if f"app/{pod.account}" not in without])

    def do(self, step, keys):
        """One step; what is done by key is done for each of KEYS."""
        (word, words), = step.items()
        if word in ("put", "delete"):
            for key in keys:
                getattr(self, word)(key, words)
        elif word == "sleep":
            time.sleep(words / 1000)
        elif word == "unknown":
            self.identify(without=keys)
        elif word == "known":
            self.identify()
        elif word in ("stop", "restart", "kill"):
            self.daemon.stop(signal.SIGKILL if word == "kill" else signal.SIGTERM)
        if word in ("start", "restart"):
            self.daemon.start()


# ---- cases ----------------------------------------------------------------------------------------

def run_case(number, case, world, places):
    libraries = [
        Library(name, places["stranger"] if case.get("stranger") else places[number, name],
                f"app/{account(number, name)}", world.daemon.public)
        for name in LIBRARIES if name in case.get("libraries", LIBRARIES)
    ]
    try:
        for step in case["steps"]:
            if "ask" in step:
                ask(step, libraries)
            else:
                world.do(step, [library.key for library in libraries])
    finally:
        for library in libraries:
            library.close()
        if world.daemon.process.poll() is not None:
            world.daemon.start()
    for library in libraries:
        if library.wrong:
            print(f"# {library.wrong}")
        print(f"{'not ok' if library.wrong else 'ok'} - sdk: {library.name}: {case['name']}", flush=True)
    return not any(library.wrong for library in libraries)


# ---- the examples ---------------------------------------------------------------------------------

def examples(kind):
    """The commands of example KIND in each language that has it."""
    every = {"C": [f"{BUILD}/test/example-c-{kind}"], "Go": [f"{BUILD}/test/example-go/{kind}"],
             "Python": [*LIBRARIES["Python"][:2], str(ROOT / f"sdk/python/example/{kind}.py")]}
    return {name: command for name, command in every.items() if os.path.exists(command[-1])}


class Example:
    """A program that prints lines for ever, in a pod."""

    def __init__(self, pod, command, socket, **environment):
        self.process = pod.spawn(*command, env={**ENVIRONMENT, "VSECM_SOCKET": socket, **environment},
                                 stdout=subprocess.PIPE)

    def line(self):
        said = b""
        while not said.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0]:
                raise AssertionError(f"printed no line, only {said}")
            data = os.read(self.process.stdout.fileno(), 1)
            if not data:
                raise AssertionError(f"ended after {said}")
            said += data
        return said.decode()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r}, not {wanted!r}")


def followers(kind, none):
    """The example prints the state, and again whenever it changes."""
    def test(world, pod, command):
        key = f"app/{pod.account}"
        example = Example(pod, command, world.daemon.public)
        try:
            expect(example.line()[:len(none)], none)
            world.put(key, {"value": "hunter2"})
            expect(example.line(), "version 1, 7 bytes\n")
            world.put(key, {"value": "hunter"})
            expect(example.line(), "version 2, 6 bytes\n")
        finally:
            example.close()
    return kind, test


def once(kind, wanted):
    """The example prints the state and ends."""
    def test(world, pod, command):
        world.put(f"app/{pod.account}", {"value": "hunter2"})
        done = pod.run(*command, env={**ENVIRONMENT, "VSECM_SOCKET": world.daemon.public})
        expect(done.returncode, 0)
        expect(re.sub(r"of \d{4}", "of YEAR", done.stdout.decode()), wanted)
    return kind, test


def test_sidecar(world, pod, command):
    path, key = f"{world.daemon.dir}/secrets.json", f"app/{pod.account}"

    def content():
        with open(path, "rb") as file:
            return file.read()

    example = Example(pod, command, world.daemon.public, VSECM_SIDECAR_SECRETS_PATH=path)
    try:
        wait_until(lambda: os.path.exists(path) and content() == b"", what="an empty file")
        for value in ("one", "two"):
            world.put(key, {"value": value})
            wait_until(lambda: content() == value.encode(), what="the value")  # pylint: disable=cell-var-from-loop
        world.daemon.stop()
        time.sleep(0.2)
        expect(content(), b"two")
        world.daemon.start()
        world.delete(key, {})
        wait_until(lambda: content() == b"", what="an empty file")
        expect([name for name in os.listdir(world.daemon.dir) if name.endswith(".new")], [])
    finally:
        example.close()


def test_init(world, pod, command):
    example = Example(pod, command, world.daemon.public)
    try:
        time.sleep(0.3)
        expect(example.process.poll(), None)
        world.put(f"app/{pod.account}", {"value": "x"})
        expect(example.process.wait(5), 0)
    finally:
        example.close()


EXAMPLES = [
    once("get", "version 1, 7 bytes\n"), once("fetch", "of YEAR, 7 bytes\n"), followers("watch", "none: there is no"),
    followers("page", "none: "), ("sidecar", test_sidecar), ("init", test_init),
]


def run_examples(world, pods):
    good = True
    for kind, test in EXAMPLES:
        for name, command in examples(kind).items():
            try:
                test(world, pods[kind, name], command)
                print(f"ok - sdk: {name}: example {kind}", flush=True)
            except Exception as error:  # pylint: disable=broad-except
                print(f"# {error!r}\nnot ok - sdk: {name}: example {kind}", flush=True)
                good = False
    return good


def account(number, library):
    return f"case-{number}-{library.lower()}"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cases = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))["cases"]
    chosen = [(number, case) for number, case in enumerate(cases)
              if all(word in case["name"] for word in sys.argv[2:])]
    places = {(number, name): Pod("app", account(number, name)) for number, _ in chosen for name in LIBRARIES}
    pods = {(kind, name): Pod("app", account(kind, name)) for kind, _ in EXAMPLES for name in examples(kind)}
    places.update(pods)
    world = World(list(places.values()))
    places["stranger"] = Cgroup("/vsecm-sdk-stranger")
    try:
        world.daemon.start()
        good = [run_case(number, case, world, places) for number, case in chosen]
        if not sys.argv[2:]:
            good.append(run_examples(world, pods))
    finally:
        try:
            world.daemon.close()
        finally:
            for place in places.values():
                place.close()
    sys.exit(not all(good) or not good)


if __name__ == "__main__":
    main()
