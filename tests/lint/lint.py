#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""lint.py BUILD_DIR: the rules of the house. Each must also find the violations planted for it."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import documents
import includes
import shape
import talk

RULES = includes.RULES + shape.RULES + talk.RULES + documents.RULES


def files_of(root):
    """All files of the project, tracked or not, but nothing that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.split("\n")
    return sorted(name for name in listed if name and (root / name).is_file())


class Tree:
    """A copy of the files of a checkout, so that a violation can be planted in it."""

    def __init__(self, source, root, build):
        self.root, self.build = root, build
        self.names = files_of(source)
        self.remark = ""  # what the last check has to say besides problems
        for name in self.names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, root / name)

    def text(self, name):
        return (self.root / name).read_text(errors="replace")

    def matching(self, pattern):
        return [name for name in self.names if re.search(pattern, name)]

    def problems_with(self, plant, check):
        """What CHECK says while PLANT is there."""
        path, names = self.root / plant.name, self.names
        old = path.read_bytes() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plant.edit(old.decode() if old is not None else ""))
        self.names = sorted({*names, plant.name})
        try:
            return check(self)
        finally:
            self.names = names
            path.unlink()
            if old is not None:
                path.write_bytes(old)


def report(name, problems, remark=""):
    for line in [*problems, *filter(None, [remark])]:
        print(f"# {line}")
    print(f"{'not ok' if problems else 'ok'} - {name}", flush=True)
    return not problems


def run(rule, tree):
    tree.remark = ""
    problems = rule.check(tree)
    good = report(rule.name, problems, tree.remark)
    for plant in rule.plants:
        new = set(tree.problems_with(plant, rule.check)) - set(problems)
        found = any(plant.name in problem for problem in new)
        good &= report(f"{rule.name}: finds {plant.what}", [] if found else ["nothing was said of it"])
    return good


def main():
    source, build = pathlib.Path(__file__).resolve().parents[2], pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="vsecm-lint-") as directory:
        tree = Tree(source, pathlib.Path(directory), build)
        results = [run(rule, tree) for rule in RULES]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
