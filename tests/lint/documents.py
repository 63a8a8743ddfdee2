# SPDX-License-Identifier: BSD-2-Clause
"""What the documents say of the tree, against the tree."""

import os
import re
import subprocess

from rule import Plant, Rule, append, replace

# ---- the code map ---------------------------------------------------------------------------------

MAPPED = r"^(bpf|include|userspace|tests|tools|hack|\.ci)/"
CORPUS = "/corpus/"  # what a fuzzer starts from: named by its folder


def check_map(tree):
    """README's code map has one line for each file, with words in it, and none for anything else."""
    lines = re.findall(r"^\| `([^`]+/[^`]+)` \|(.*)\|$", tree.text("README.md"), re.M)
    problems = [f"README.md: nothing is said of {name}" for name, words in lines if not words.strip()]
    mapped = []
    for name, _ in lines:
        pair = name.endswith(".[ch]")
        mapped += [name[:-4] + "c", name[:-4] + "h"] if pair else [name]
    files = [name for name in tree.matching(MAPPED) if CORPUS not in name]
    problems += [f"README.md: no line for {name}" for name in files if name not in mapped]
    problems += [f"README.md: {name} is no file" for name in mapped if name not in files]
    problems += [f"README.md: {name} stands twice"
                 for name in sorted(set(mapped)) if mapped.count(name) > 1]
    return problems


def check_links(tree):
    problems = []
    for name in tree.matching(r"\.md$"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", tree.text(name)):
            path = os.path.normpath(os.path.join(os.path.dirname(name), target))
            if not (tree.root / path).exists():
                problems.append(f"{name}: {target} leads nowhere")
    return problems


# ---- manual pages ---------------------------------------------------------------------------------

CONFIG_PAGE = "docs/man/vsecmd.conf.5"


def check_options(tree):
    done = subprocess.run([str(tree.build / "vsecmd"), "--print-config"],
                          capture_output=True, text=True, check=True)
    real = re.findall(r"^(\w+) =", done.stdout, re.M)
    told = re.findall(r"^\.It Cm (\w+)", tree.text(CONFIG_PAGE), re.M)
    return ([f"{CONFIG_PAGE}: option {name} is missing" for name in real if name not in told] +
            [f"{CONFIG_PAGE}: {name} is no option" for name in told if name not in real])


def check_defaults(tree):
    """What the page says of each default, against the program."""
    done = subprocess.run([str(tree.build / "vsecmd"), "--print-config"],
                          capture_output=True, text=True, check=True)
    real = dict(re.findall(r"^(\w+) = ?(.*)$", done.stdout, re.M))
    problems = []
    for entry in tree.text(CONFIG_PAGE).split("\n.It Cm ")[1:]:
        name = entry.split("\n")[0]
        told = re.search(r"^The default is\n\.Li (.*)$", entry, re.M)
        told = told[1].removesuffix(" .") if told else ""
        if told != real.get(name, told):
            problems.append(f"{CONFIG_PAGE}: the default of {name} is '{real[name]}', not '{told}'")
    return problems


def check_pages(tree):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *tree.matching(r"^docs/man/")],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    problems = [line for line in done.stdout.split("\n") if line]
    return problems or ([done.stderr] if done.returncode else [])


COMMAND_PAGE = "docs/man/vsecm.1"
COMPLETION = "userspace/cli/vsecm.bash"


def help_of(tree, *words):
    return subprocess.run([str(tree.build / "vsecm"), *words, "--help"],
                          capture_output=True, text=True, check=True).stdout


def check_command(tree):
    """Every verb and option of vsecm is in its manual, every verb in the completion, and no other."""
    verbs = re.findall(r"^  (\w+)  ", help_of(tree).split("\noptions")[0], re.M)
    options = {o for verb in verbs for o in re.findall(r"^ .{5}--([\w-]+)", help_of(tree, verb), re.M)}
    page = tree.text(COMMAND_PAGE)
    completed = re.search(r"compgen -W '(put [^']*)'", tree.text(COMPLETION))
    problems = [] if verbs and options else [f"{COMMAND_PAGE}: no verbs were found in the help"]
    for what, real, told in (
        ("verb", verbs, re.findall(r"^\.It Cm (\w+)$", page, re.M)),
        ("option", options, re.findall(r"^\.It (?:Fl \w , )?Fl -([\w-]+)", page, re.M)),
    ):
        problems += [f"{COMMAND_PAGE}: {what} {name} is missing" for name in real if name not in told]
        problems += [f"{COMMAND_PAGE}: {name} is no {what}" for name in told if name not in real]
    if not completed or sorted(completed[1].split()) != sorted(verbs):
        problems.append(f"{COMPLETION}: its verbs are not {' '.join(verbs)}")
    return problems


# ---- the protocol ---------------------------------------------------------------------------------

PROTOCOL = "include/protocol.h"
API_PAGE = "docs/API.md"


def check_protocol(tree):
    """Every path, field and error code of the protocol is in its description."""
    defined = re.findall(r'^#define (PATH|HEADER|ERROR)_\w+ "([^"]+)"', tree.text(PROTOCOL), re.M)
    page = tree.text(API_PAGE)
    problems = [] if defined else [f"{PROTOCOL}: no words were found in it"]
    for what, word in defined:
        # Codes are everyday words: only a quoted one is meant as a code.
        pattern = f"`{word}`" if what == "ERROR" else rf"{re.escape(word)}(?![\w/])"
        if not re.search(pattern, page):
            problems.append(f"{API_PAGE}: says nothing of {word}, which is in {PROTOCOL}")
    return problems


# ---- the world outside ----------------------------------------------------------------------------

# Where packages come from is the machine's affair, and where this was written nobody's.
# (One letter of each in brackets: this file does not name them either.)
OUTSIDE = re.compile(r"/wor[k]/|(deb|security|snapshot|archive)\.debia[n]|golan[g]\.org|pyp[i]\.org|"
                     r"pythonhoste[d]|npm[j]s|crate[s]\.io|(ghc[r]|gc[r]|qua[y]|docke[r])\.io")


def check_outside(tree):
    return [f"{name}:{number}: names a place outside the project"
            for name in tree.names if not name.startswith("LICENSES/")
            for number, line in enumerate(tree.text(name).split("\n"), 1) if OUTSIDE.search(line)]


RULES = [
    Rule("the code map is whole", check_map, [
        Plant("a file that it does not name", "tools/unmapped.c", lambda old: "/* x */\n"),
        Plant("a line without a file", "README.md", append("| `tools/gone.c` | was here |\n")),
        Plant("a line without words", "README.md", append("| `tools/deps` | |\n")),
        Plant("two lines for one file", "README.md", append("| `tools/deps` | again |\n")),
    ]),
    Rule("links lead somewhere", check_links, [
        Plant("one that does not", "README.md", append("[there](docs/NOWHERE.md)\n")),
    ]),
    Rule("each option is in the manual", check_options, [
        Plant("one that is not", CONFIG_PAGE, replace(".It Cm arena_size", ".It arena_size")),
        Plant("an entry that is no option", CONFIG_PAGE, append(".It Cm arena_colour\n")),
    ]),
    Rule("the manual has the real defaults", check_defaults, [
        Plant("another one", CONFIG_PAGE, replace(".Li 64M", ".Li 32M")),
        Plant("one that is left out", CONFIG_PAGE, replace("The default is\n.Li 64M", "")),
    ]),
    Rule("the command is described", check_command, [
        Plant("a verb that is not", COMMAND_PAGE, replace(".It Cm decrypt", ".It decrypt")),
        Plant("an option that is not", COMMAND_PAGE, replace(".It Fl -to-file", ".It Fl -into-file")),
        Plant("a verb that is not completed", COMPLETION, replace(" decrypt", "")),
    ]),
    Rule("the protocol is described", check_protocol, [
        Plant("a path that is not", API_PAGE, lambda old: old.replace("/v1/whoami", "/v1/who")),
        Plant("an error code that is not", API_PAGE, lambda old: old.replace("`timeout`", "`late`")),
    ]),
    Rule("manual pages are well-formed", check_pages, [
        Plant("an unknown macro", "docs/man/vsecmd.8", append(".Nonsense macro\n")),
    ]),
    Rule("the project speaks of itself", check_outside, [
        Plant("a path of some machine", "README.md", append("see /wo" "rk/main\n")),
        Plant("a registry", "tools/deps", append("curl https://py" "pi.org/simple\n")),
    ]),
]
