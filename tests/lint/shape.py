# SPDX-License-Identifier: BSD-2-Clause
"""What code looks like: lengths, layout, names, licences, functions that are not called."""

import re
import subprocess

import functions
from rule import Plant, Rule, append, replace

OURS = r"^(bpf|include|userspace|sdk|tests|tools)/.*\.[ch]$"
SCRIPTS = r"^(bpf|include|userspace|sdk|tests|tools|hack|\.ci)/(?!fuzz/corpus/|conform/(vectors|pairs)/|.*/go\.sum$)|^Makefile$"

# ---- lengths --------------------------------------------------------------------------------------

FUNCTION_LINES = 80
FILE_LINES = 500
TEST_LINES = 800  # a file of tests is a list; nobody reads it from end to end


def check_lengths(tree):
    problems, lengths = [], []
    for name in tree.matching(OURS):
        text = tree.text(name)
        most = TEST_LINES if name.startswith("tests/") else FILE_LINES
        if text.count("\n") > most:
            problems.append(f"{name}: {text.count(chr(10))} lines, at most {most}")
        for function in functions.defined(text):
            lengths.append(function.lines)
            if function.lines > FUNCTION_LINES:
                problems.append(f"{name}: {function.name}() has {function.lines} lines, "
                                f"at most {FUNCTION_LINES}")
    lengths.sort()
    tree.remark = (f"{len(lengths)} functions: median {lengths[len(lengths) // 2]} lines, "
                   f"95 % up to {lengths[len(lengths) * 95 // 100]}, longest {lengths[-1]}")
    return problems


def check_format(tree):
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *tree.matching(OURS)],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    problems = [line for line in done.stderr.split("\n") if " error: " in line]
    return problems or ([done.stderr] if done.returncode else [])


# ---- functions ------------------------------------------------------------------------------------

# Functions, and where they are banned: they know no bounds, share state, start a shell, or keep what
# passes through them in a buffer that nobody wipes.
BANNED = {
    r"^(userspace|tools|bpf|tests)/":
        "strcpy strcat stpcpy sprintf vsprintf gets strtok atoi gmtime localtime ctime asctime "
        "alloca mktemp tmpnam",
    r"^(userspace|tools|bpf)/": "atol atoll system popen rand random",
    r"^userspace/(base|crypto|kernel|identity|store|serve|client)/":
        "printf vprintf fprintf vfprintf puts fputs putchar fwrite perror exit",
}


def check_banned(tree):
    problems = []
    for folder, names in BANNED.items():
        pattern = re.compile(r"(?<![\w.>])(" + "|".join(names.split()) + r")\s*\(")
        for name in tree.matching(folder):
            if name.endswith((".c", ".h")):
                problems += [f"{name}: {found}() is banned"
                             for found in pattern.findall(functions.bare(tree.text(name)))]
    return problems


# ---- names ----------------------------------------------------------------------------------------

# Names that are given by somebody else: in which file, and who.
FOREIGN = {
    "main": (r"/main\.c$", "the C library"),
    "free": (r"^userspace/daemon/heap\.c$", "the C library"),
    "realloc": (r"^userspace/daemon/heap\.c$", "the C library"),
    r"tier_\w+": (r"^userspace/kernel/attest_\w+\.c$", "kernel/tier.h, one of its kind a file"),
    r"vsecm_\w+": (r"^userspace/client/(vsecm|watch|page)\.c$", "the public header"),
}


def is_foreign(name, symbol):
    return any(re.fullmatch(given, symbol) and re.search(file, name)
               for given, (file, _) in FOREIGN.items())


def check_names(tree):
    problems = []
    for name in tree.matching(r"^(userspace|tools)/.*\.c$"):
        module = name.rsplit("/", 1)[1][:-2]
        for symbol in functions.exported(tree.text(name)):
            # A table of what a module is, or a module that is one function, has the module's name.
            if not re.match(rf"{module}(_|$)", symbol) and not is_foreign(name, symbol):
                problems.append(f"{name}: exports {symbol}, which is not {module}_*")
    return problems


def check_limits(tree):
    """The compiler takes the same definition twice; two merged branches leave such."""
    names = re.findall(r"^#define (\w+)", tree.text(LIMITS), re.MULTILINE)
    return [f"{LIMITS}: {name} is defined twice" for name in sorted({name for name in names if names.count(name) > 1})]


def check_licences(tree):
    problems = []
    for name in tree.matching(SCRIPTS):
        dual = name.startswith("bpf/") or name == "include/kernel_abi.h"
        wanted = "(GPL-2.0-only OR BSD-2-Clause)" if dual else "BSD-2-Clause"
        if not re.search(rf"SPDX-License-Identifier: {re.escape(wanted)}\s", tree.text(name)[:400]):
            problems.append(f"{name}: has no SPDX line with {wanted}")
    return problems


LIMITS = "include/limits.h"
LOOP = "userspace/base/loop.c"
LONG = "int loop_long(void)\n{\n" + "    (void)0;\n" * 90 + "    return 0;\n}\n"
ATTRIBUTE = "__attribute__((format(printf, 1, 2))) "


def call(name, text):
    return append(f"int {name}(char *s)\n{{\n    return {text};\n}}\n")


RULES = [
    Rule("functions fit a screen", check_lengths, [
        Plant("a function of 93 lines", LOOP, append(LONG)),
        Plant("one with attributes", LOOP, append(ATTRIBUTE + LONG)),
        Plant("a file of 501 lines", "tools/long.c", lambda old: "\n" * 501),
    ]),
    Rule("clang-format has nothing to change", check_format, [
        Plant("a line that is laid out in another way", LOOP, append("int   loop_x ;\n")),
    ]),
    Rule("no banned function", check_banned, [
        Plant("atoi()", LOOP, call("loop_y", "atoi(s)")),
        Plant("gmtime() behind a quote", LOOP, call("loop_y", "*s == '\"' && gmtime(0)")),
        Plant("system() in a tool", "tools/bench/main.c", call("main_y", "system(s)")),
        Plant("printf() in the store", "userspace/store/store.c", call("store_y", "printf(s)")),
    ]),
    Rule("a file exports its own names", check_names, [
        Plant("another's function", LOOP, call("helper", "0")),
        Plant("one with attributes", LOOP, append(ATTRIBUTE + "int helper(char *s)\n{\n}\n")),
        Plant("a variable", LOOP, append("const char *const kinds[] = {0};\n")),
        Plant("free() outside of the heap", LOOP, call("free", "0")),
        Plant("a public name outside of the library", LOOP, call("vsecm_get", "0")),
    ]),
    Rule("a limit is defined once", check_limits, [
        Plant("one that stands there already", LIMITS, append("#define LIMIT_BACKLOG 1024u\n")),
    ]),
    Rule("each file has its licence", check_licences, [
        Plant("a source without", "userspace/base/plain.c", lambda old: "int plain;\n"),
        Plant("a script without", "hack/plain.sh", lambda old: "#!/bin/sh\n"),
        Plant("a BPF program that is not for GPL", "bpf/attest_lsm.bpf.c",
              replace("(GPL-2.0-only OR BSD-2-Clause)", "BSD-2-Clause")),
    ]),
]
