# SPDX-License-Identifier: BSD-2-Clause
"""What the documents say of the tree, against the tree."""

import os
import re
import subprocess

from rule import Plant, Rule, append, replace

# ---- the code map ---------------------------------------------------------------------------------

MAPPED = r"^(bpf|include|userspace|sdk|tests|tools|hack|deploy|\.ci)/"
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


OURS = re.compile(r"(libvsecm|vsecm[\w.-]*|safe)$")


def check_pages(tree):
    """mandoc has nothing to say of them, not even of their style; our own pages refer to ones there are."""
    pages = tree.matching(r"^docs/man/")
    done = subprocess.run(["mandoc", "-Tlint", "-Wstyle", *pages],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    # Which manuals of others are there is the machine's affair; of our own, see below.
    problems = [line for line in done.stdout.split("\n") if line and "referenced manual not found" not in line]
    for name in pages:
        problems += [f"{name}: there is no {page}({section})"
                     for page, section in re.findall(r"^\.Xr (\S+) (\d)", tree.text(name), re.M)
                     if OURS.match(page) and f"docs/man/{page}.{section}" not in pages]
    return problems or ([done.stderr] if done.returncode > 4 else [])


COMMAND_PAGE = "docs/man/vsecm.1"


def help_of(tree, *words):
    return subprocess.run([str(tree.build / "vsecm"), *words, "--help"],
                          capture_output=True, text=True, check=True).stdout


def options_in(text):
    """The lines about options in a help, each with the option's letter and its name."""
    return {line[0]: line.groups() for line in re.finditer(r"^  (?:-(\w), |    )--([\w-]+) .*$", text, re.M)}


def synopsis_of(page, verb):
    """The letters and -names of the options in the synopsis of VERB."""
    uses = page.split("\n.Sh SYNOPSIS")[1].split("\n.Sh ")[0].split("\n.Nm\n")
    return {option for use in uses if f"\n.Cm {verb}\n" in f"\n{use}\n"
            for option in re.findall(r"\bFl (-[\w-]+|\w)", use.replace(".Op Fl -socket Ar path\n", ""))}


def check_command(tree):
    """Every verb of vsecm, with its options, is in the manual, and nothing else."""
    common = options_in(help_of(tree))
    verbs = re.findall(r"^  ([\w-]+)  ", help_of(tree).split("\noptions")[0], re.M)
    page, options = tree.text(COMMAND_PAGE), set()
    problems = [] if verbs and common else [f"{COMMAND_PAGE}: no verbs were found in the help"]
    for verb in verbs:
        taken = options_in(help_of(tree, verb))
        options |= {name for _, name in taken.values()}
        own = [pair for line, pair in taken.items() if line not in common]
        told = synopsis_of(page, verb)
        problems += [f"{COMMAND_PAGE}: --{name} is not in the synopsis of {verb}"
                     for letter, name in own if not {letter, f"-{name}"} & told]
        problems += [f"{COMMAND_PAGE}: -{option} in the synopsis of {verb} is no option of it"
                     for option in told if not any(option in (letter, f"-{name}") for letter, name in own)]
    for what, real, told in (
        ("verb", verbs, re.findall(r"^\.It Cm ([\w-]+)$", page, re.M)),
        ("option", options, re.findall(r"^\.It (?:Fl \w , )?Fl -([\w-]+)", page, re.M)),
    ):
        problems += [f"{COMMAND_PAGE}: {what} {name} is missing" for name in real if name not in told]
        problems += [f"{COMMAND_PAGE}: {name} is no {what}" for name in told if name not in real]
    return problems


LIBRARY = "include/vsecm/vsecm.h"
LIBRARY_PAGE = "docs/man/libvsecm.3"


def check_library(tree):
    """Every function and result of libvsecm is in the synopsis or the errors of its manual, and described."""
    code = re.sub(r"/\*.*?\*/", "", tree.text(LIBRARY), flags=re.S)
    page = tree.text(LIBRARY_PAGE)
    synopsis, rest = page.split("\n.Sh DESCRIPTION")
    problems = []
    for what, real, told in (
        ("prototype", re.findall(r"\b(vsecm_\w+)\(", code), re.findall(r"^\.F[on] (\w+)", synopsis, re.M)),
        ("name", re.findall(r"\b(vsecm_\w+)\(", code), re.findall(r"^\.Nm (vsecm_\w+)", synopsis, re.M)),
        ("description", re.findall(r"\b(vsecm_\w+)\(", code), re.findall(r"^\.It Fn (\w+)", rest, re.M)),
        ("constant", re.findall(r"^ +(VSECM_\w+) = ", code, re.M), re.findall(r"^\.It Dv (\w+)", rest, re.M)),
    ):
        problems += [] if real else [f"{LIBRARY_PAGE}: no {what} was found in {LIBRARY}"]
        problems += [f"{LIBRARY_PAGE}: the {what} of {name} is missing" for name in real if name not in told]
        problems += [f"{LIBRARY_PAGE}: there is no {name} for this {what}" for name in told if name not in real]
    return problems


SAFE_PAGE = "docs/man/safe.1"


def check_safe(tree):
    """Every flag of safe is in its manual with its letter, and no other."""
    done = subprocess.run([str(tree.build / "safe"), "--help"], capture_output=True, text=True, check=True)
    real = re.findall(r"^  (?:-(\w),|   ) --([\w-]+)", done.stdout, re.M)
    told = re.findall(r"^\.It (?:Fl (\w) , )?Fl -([\w-]+)", tree.text(SAFE_PAGE), re.M)
    return (([] if real else [f"{SAFE_PAGE}: no flags were found in the help"]) +
            [f"{SAFE_PAGE}: flag {name} is missing" for _, name in sorted(set(real) - set(told))] +
            [f"{SAFE_PAGE}: {name} is no flag" for _, name in sorted(set(told) - set(real))])


SYNC_PAGE = "docs/man/vsecm-sync.8"


def check_sync(tree):
    """Every option of vsecm-sync is in its manual and in the synopsis there, and no other."""
    done = subprocess.run([str(tree.build / "vsecm-sync"), "--help"], capture_output=True, text=True, check=True)
    real = {name for _, name in options_in(done.stdout).values()}
    page = tree.text(SYNC_PAGE)
    synopsis = page.split("\n.Sh SYNOPSIS")[1].split("\n.Sh ")[0]
    problems = [] if real else [f"{SYNC_PAGE}: no options were found in the help"]
    for what, told in (("an entry", set(re.findall(r"^\.It (?:Fl \w , )?Fl -([\w-]+)", page, re.M))),
                       ("in the synopsis", set(re.findall(r"(?:Fl -|\| -)([\w-]+)", synopsis)))):
        problems += [f"{SYNC_PAGE}: --{name} is not {what}" for name in sorted(real - told)]
        problems += [f"{SYNC_PAGE}: --{name}, which is {what}, is no option" for name in sorted(told - real)]
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


# Go calls modules by where they once were.
MODULES = r"^(tests/kube/parts|tools/bench/peers/\w+|tools/bench/peers_go)/(go\.(mod|sum)|\w+\.go)$"


def check_outside(tree):
    return [f"{name}:{number}: names a place outside the project"
            for name in tree.names if not name.startswith("LICENSES/") and not re.search(MODULES, name)
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
        Plant("an option that its verb's synopsis lacks", COMMAND_PAGE, replace(".Op Fl -dry-run\n", "")),
        Plant("one that its verb does not take", COMMAND_PAGE,
              replace(".Cm whoami\n", ".Cm whoami\n.Op Fl -encrypted\n")),
    ]),
    Rule("the library is described", check_library, [
        Plant("a prototype that is not there", LIBRARY_PAGE, replace(".Fo vsecm_whoami", ".Fo vsecm_who")),
        Plant("a function that is not described", LIBRARY_PAGE, replace(".It Fn vsecm_page_wait", ".It Fn vsecm_wait")),
        Plant("a function that is not found by its name", LIBRARY_PAGE, replace(".Nm vsecm_connect ,\n", "")),
        Plant("a result that is not", LIBRARY_PAGE, replace(".It Dv VSECM_TIMEOUT", ".It Dv VSECM_LATE")),
    ]),
    Rule("safe is described", check_safe, [
        Plant("a flag that is not", SAFE_PAGE, replace(".It Fl i , Fl -input-keys", ".It Fl i")),
        Plant("a flag with another letter", SAFE_PAGE, replace(".It Fl N , Fl -nbf", ".It Fl b , Fl -nbf")),
    ]),
    Rule("vsecm-sync is described", check_sync, [
        Plant("an option that is not", SYNC_PAGE, replace(".It Fl -socket", ".It Fl -sock")),
        Plant("one that its synopsis lacks", SYNC_PAGE, replace(".Op Fl -ca Ar file\n", "")),
    ]),
    Rule("the protocol is described", check_protocol, [
        Plant("a path that is not", API_PAGE, lambda old: old.replace("/v1/whoami", "/v1/who")),
        Plant("an error code that is not", API_PAGE, lambda old: old.replace("`timeout`", "`late`")),
    ]),
    Rule("manual pages are well-formed", check_pages, [
        Plant("an unknown macro", "docs/man/vsecmd.8", append(".Nonsense macro\n")),
        Plant("bad style", "docs/man/vsecmd.8", append("Two sentences. On a line.\n")),
        Plant("a page of ours that is not there", "docs/man/vsecmd.8", append(".Xr vsecm 4\n")),
    ]),
    Rule("the project speaks of itself", check_outside, [
        Plant("a path of some machine", "README.md", append("see /wo" "rk/main\n")),
        Plant("a registry", "tools/deps", append("curl https://py" "pi.org/simple\n")),
    ]),
]
