# SPDX-License-Identifier: BSD-2-Clause
"""What a rule is."""

import collections

# CHECK takes a tree and gives a list of problems, one line each. PLANTS are violations that it must find.
Rule = collections.namedtuple("Rule", "name check plants")

# WHAT is wrong once EDIT has been applied to the text of file NAME ("" when there is none).
Plant = collections.namedtuple("Plant", "what name edit")


def append(text):
    return lambda old: old + text


def replace(before, after):
    return lambda old: old.replace(before, after, 1)
