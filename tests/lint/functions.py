# SPDX-License-Identifier: BSD-2-Clause
"""A light reading of C: comments, functions and calls, as far as this project's layout needs it."""

import re

# A definition starts in the first column and its body's braces stand there too (clang-format sees to it).
DEFINITION = re.compile(r"^(?P<head>[A-Za-z_][^;{}#=]*?\b(?P<name>\w+)\s*\([^;{}]*\)[^;{}()]*)\n\{\n", re.M)


def without_comments(text):
    """TEXT with its comments and the contents of its strings blanked."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
    return pattern.sub(lambda m: '""' if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)


def lengths(text):
    """(name, lines) of each function, its head included."""
    found = []
    for match in DEFINITION.finditer(text):
        end = text.find("\n}\n", match.end() - 1)
        found.append((match["name"], text.count("\n", match.start(), end) + 2))
    return found


def exported(text):
    """The names of the functions that are not static."""
    text = without_comments(text)
    return [m["name"] for m in DEFINITION.finditer(text) if not re.search(r"\bstatic\b", m["head"])]


def calls(text, names):
    """(name, arguments) of each call of one of NAMES."""
    for match in re.finditer(r"\b(" + "|".join(names) + r")\s*\(", text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield match[1], text[match.end():at - 1]
