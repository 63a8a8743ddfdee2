# SPDX-License-Identifier: BSD-2-Clause
"""The rules. Each check takes a tree and gives a list of problems, one line each."""

import collections
import re
import subprocess

import functions

Rule = collections.namedtuple("Rule", "name check violation")

SOURCES = r"\.(c|h)$"
OURS = r"^(bpf|include|userspace|tests|tools)/.*\.(c|h)$"

# ---- includes -------------------------------------------------------------------------------------

# Which rooms a room may include from, besides itself, include/ and the system.
ROOMS = {
    "base": "",
    "crypto": "base",
    "kernel": "base",
    "identity": "base",
    "store": "base crypto",
    "serve": "base crypto kernel identity store",
    "daemon": "base crypto kernel identity store serve",
    "client": "",
    "cli": "base client",
}

# Headers of libraries, and the rooms that may use them.
LIBRARIES = {
    r"sodium": "crypto client cli",
    r"bpf/": "kernel",
    r".*\.skel\.h": "kernel",
    r"cjson/": "serve client cli",
    r"base/log\.h": "base daemon",
}


def check_includes(tree):
    problems = []
    for name in tree.matching(r"^userspace/\w+/.*\.(c|h)$"):
        room = name.split("/")[1]
        for header in re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', tree.text(name), re.M):
            first = header.split("/")[0]
            if first in ROOMS and first != room and first not in ROOMS[room].split():
                problems.append(f"{name}: {room}/ must not include {header}")
            for library, rooms in LIBRARIES.items():
                if re.match(library, header) and room not in rooms.split():
                    problems.append(f"{name}: only {rooms} may include {header}")
    return problems


# ---- shape ----------------------------------------------------------------------------------------

FUNCTION_LINES = 80
FILE_LINES = 500


def check_lengths(tree):
    problems, lengths = [], []
    for name in tree.matching(OURS):
        text = tree.text(name)
        if text.count("\n") > FILE_LINES and not name.startswith("tests/"):
            problems.append(f"{name}: more than {FILE_LINES} lines")
        for function, length in functions.lengths(text):
            lengths.append(length)
            if length > FUNCTION_LINES:
                problems.append(f"{name}: {function}() has {length} lines, at most {FUNCTION_LINES}")
    lengths.sort()
    if not problems:
        print(f"# {len(lengths)} functions: median {lengths[len(lengths) // 2]} lines, "
              f"95 % up to {lengths[len(lengths) * 95 // 100]}, longest {lengths[-1]}")
    return problems


def check_format(tree):
    names = tree.matching(OURS)
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *names],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    return [line for line in done.stderr.split("\n") if " error: " in line]


BANNED = ("strcpy strcat stpcpy sprintf vsprintf gets strtok atoi gmtime localtime ctime asctime "
          "alloca system popen mktemp tmpnam")


def check_banned(tree):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED.split()) + r")\s*\(")
    return [f"{name}: {found}() is banned"
            for name in tree.matching(r"^(userspace|tools|bpf)/.*\.(c|h)$")
            for found in pattern.findall(functions.without_comments(tree.text(name)))]


# ---- secrets --------------------------------------------------------------------------------------

TALKERS = ("log_error log_warn log_info log_debug log_line error_set error_errno error_add "
           "reply_error reply_plain service_malformed printf fprintf puts fputs snprintf")
SECRET = re.compile(r"(->|\.)(data|value|block|part|body|input|scratch|decoded|json|answer)\b")


def check_talk(tree):
    """Nothing that may point at plaintext is an argument of what people get to read."""
    problems = []
    for name in tree.matching(r"^userspace/(base|crypto|identity|store|serve|daemon)/.*\.c$"):
        text = functions.without_comments(tree.text(name))
        for talker, arguments in functions.calls(text, TALKERS.split()):
            harmless = re.sub(r"\b(line|name|word|key|value|text)\.(data|length)", "", arguments)
            if room_of(name) in ("identity", "base") or name.endswith("daemon/config.c"):
                harmless = re.sub(r"\b\w+(->\w+)*(->|\.)(data|length|value)", "", harmless)
            if SECRET.search(harmless):
                problems.append(f"{name}: {talker}({arguments.strip()[:80]}) may show a secret")
    return problems


def room_of(name):
    return name.split("/")[1]


# ---- names ----------------------------------------------------------------------------------------

# Functions whose names are given by somebody else.
FOREIGN = {"main", "free", "realloc"}


def check_names(tree):
    problems = []
    for name in tree.matching(r"^userspace/.*\.c$"):
        module = name.rsplit("/", 1)[1][:-2]
        for function in functions.exported(tree.text(name)):
            mine = function.startswith(f"{module}_") or function.startswith("vsecm_")
            # A verb of the command is one function, run by its table.
            if not mine and function not in FOREIGN and function != module:
                problems.append(f"{name}: exports {function}(), which is not {module}_*")
    return problems


def check_licences(tree):
    problems = []
    for name in tree.matching(r"\.(c|h|py|sh|go|mk|bash)$|Makefile$|/run$|/deps$|/init$"):
        head = tree.text(name)[:400]
        wanted = "(GPL-2.0-only OR BSD-2-Clause)" if name.startswith("bpf/") else "BSD-2-Clause"
        if f"SPDX-License-Identifier: {wanted}" not in head and "kernel_abi.h" not in name:
            problems.append(f"{name}: has no SPDX line with {wanted}")
    return problems


# ---- documents ------------------------------------------------------------------------------------

MAPPED = r"^(bpf|include|userspace|tests|tools|hack|\.ci)/"


def check_map(tree):
    """README's code map has one line for each file, and none for anything else."""
    if "README.md" not in tree.names:
        return ["there is no README.md"]
    lines = re.findall(r"^\| `([^`]+)` \| (.*) \|$", tree.text("README.md"), re.M)
    mapped = []
    for name, _ in lines:
        pair = name.endswith(".[ch]")
        mapped += [name[:-4] + "c", name[:-4] + "h"] if pair else [name]
    files = [name for name in tree.matching(MAPPED) if "/corpus/" not in name]
    problems = [f"README.md: no line for {name}" for name in files if name not in mapped]
    problems += [f"README.md: {name} is no file" for name in mapped if name not in files]
    problems += [f"README.md: {name} stands twice" for name in set(mapped) if mapped.count(name) > 1]
    return problems


def check_options(tree):
    done = subprocess.run([str(tree.build / "vsecmd"), "--print-config"],
                          capture_output=True, text=True, check=True)
    page = tree.text("docs/man/vsecmd.conf.5")
    options = re.findall(r"^(\w+) =", done.stdout, re.M)
    return [f"docs/man/vsecmd.conf.5: option {option} is missing"
            for option in options if not re.search(rf"^\.It Cm {option}\b", page, re.M)]


def check_pages(tree):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *tree.matching(r"^docs/man/")],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.split("\n") if line]


WORKPLACE = re.compile("|".join(["/wo" + "rk/", r"deb\.deb" + "ian", r"proxy\.go" + "lang",
                                 r"pypi\." + "org", r"npm" + "js", r"crates\." + "io"]))


def check_workplace(tree):
    return [f"{name}:{number}: names a place outside the project"
            for name in tree.names
            for number, line in enumerate(tree.text(name).split("\n"), 1) if WORKPLACE.search(line)]


# ---- all, each with a violation that it must find ---------------------------------------------------

def append(text):
    return lambda old: old + text


LONG = "int loop_long(void)\n{\n" + "    (void)0;\n" * 90 + "    return 0;\n}\n"

ALL = [
    Rule("includes point one way", check_includes,
         ("userspace/base/loop.c", append('#include "serve/conn.h"\n'))),
    Rule("functions fit a screen", check_lengths, ("userspace/base/loop.c", append(LONG))),
    Rule("clang-format has nothing to change", check_format,
         ("userspace/base/loop.c", append("int   loop_x ;\n"))),
    Rule("no banned function", check_banned,
         ("userspace/base/loop.c", append("int loop_y(char *s)\n{\n    return atoi(s);\n}\n"))),
    Rule("nothing that may be a secret is told", check_talk,
         ("userspace/serve/conn.c", append('void conn_z(struct conn *c)\n{\n'
                                           '    error_set(0, 0, "%s", c->input);\n}\n'))),
    Rule("a file exports its own names", check_names,
         ("userspace/base/loop.c", append("int helper(void)\n{\n    return 0;\n}\n"))),
    Rule("each file has its licence", check_licences,
         ("userspace/base/plain.c", lambda old: "int plain;\n")),
    Rule("the code map is whole", check_map, ("tools/unmapped.c", lambda old: "/* x */\n")),
    Rule("each option is in the manual", check_options,
         ("docs/man/vsecmd.conf.5", lambda old: old.replace(".It Cm arena_size", ".It Cm arena"))),
    Rule("manual pages are well-formed", check_pages,
         ("docs/man/vsecmd.8", append(".Nonsense macro\n"))),
    Rule("the project speaks of itself", check_workplace,
         ("README.md", append("see /wo" + "rk/main\n"))),
]
