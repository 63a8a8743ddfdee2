#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""lint.py BUILD_DIR: the rules of the house. Each is tried on a tree with a planted violation first."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import rules


def tree_of(root):
    """All files of the project, tracked or not, but nothing that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.split("\n")
    return sorted(name for name in listed if name and (root / name).is_file())


class Tree:
    """The files of a checkout: names, and texts by name."""

    def __init__(self, root, names, build):
        self.root, self.names, self.build = root, names, build

    def text(self, name):
        return (self.root / name).read_text(errors="replace")

    def matching(self, pattern):
        return [name for name in self.names if re.search(pattern, name)]


def plant(tree, rule, directory):
    """A copy of TREE with RULE's violation in it."""
    for name in tree.names:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tree.root / name, target)
    name, edit = rule.violation
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(edit(path.read_text() if path.exists() else ""))
    return Tree(directory, sorted({*tree.names, name}), tree.build)


def report(name, problems):
    for problem in problems:
        print(f"# {problem}")
    print(f"{'not ok' if problems else 'ok'} - {name}", flush=True)
    return not problems


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    tree = Tree(root, tree_of(root), pathlib.Path(sys.argv[1]))
    good = True
    for rule in rules.ALL:
        with tempfile.TemporaryDirectory(prefix="vsecm-lint-") as directory:
            planted = plant(tree, rule, pathlib.Path(directory))
            found = rule.check(planted)
            good &= report(f"{rule.name}: a planted violation is found",
                           [] if found else ["nothing was said"])
        good &= report(rule.name, rule.check(tree))
    sys.exit(not good)


if __name__ == "__main__":
    main()
