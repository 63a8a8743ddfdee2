# SPDX-License-Identifier: BSD-2-Clause
"""A light reading of C: functions, calls, names, as far as this project's layout needs it."""

import collections
import re

Function = collections.namedtuple("Function", "name is_static lines body")

# clang-format sees to it: a definition and the braces of its body start in the first column.
DEFINITION = re.compile(
    r"^(?P<head>[A-Za-z_][^;{}#=]*?\b(?P<name>\w+)\s*\([^;{}]*\)[^;{}()]*)\n\{\n"
    r"(?P<body>.*?)^\}$", re.M | re.S)

VARIABLE = re.compile(
    r"^(?!static\b|extern\b|typedef\b)(?:\w+[ *]+)+(?P<name>\w+)(?:\[[^\]]*\])*\s*[=;]", re.M)

# Each as it stands, so that a quote in one is not taken for the start of another.
OPAQUE = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""", re.S)

ATTRIBUTE = re.compile(r"\b__attribute__\(\((?:[^()]|\([^()]*\))*\)\) ?")


def bare(text):
    """TEXT without comments, attributes and the insides of literals; lines stay where they are."""
    return ATTRIBUTE.sub("", OPAQUE.sub(
        lambda m: m[0][0] * 2 if m[0][0] in "\"'" else re.sub(r"[^\n]", " ", m[0]), text))


def defined(text):
    """The functions of a file, in order; LINES counts head and braces, BODY is bare."""
    return [Function(m["name"], bool(re.search(r"\bstatic\b", m["head"])),
                     m[0].count("\n") + 1, m["body"])
            for m in DEFINITION.finditer(bare(text))]


def exported(text):
    """The names of functions and variables that other files can see."""
    outside = DEFINITION.sub("", bare(text))
    return ([f.name for f in defined(text) if not f.is_static] +
            [m["name"] for m in VARIABLE.finditer(outside)])


def calls(text, names):
    """(name, arguments) of each call in bare TEXT of a function whose name matches one of NAMES."""
    for match in re.finditer(r"\b(" + "|".join(names) + r")\s*\(", text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield match[1], text[match.end():at - 1]
