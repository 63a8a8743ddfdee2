# SPDX-License-Identifier: BSD-2-Clause
"""Nothing that may be plaintext is an argument of what people get to read."""

import re

import functions
from rule import Plant, Rule, append

# What ends up in logs, errors, refusals, audit records, or a terminal.
TALKERS = (r"log_\w+ error_set error_errno error_add say_failure reply_error service_malformed "
           r"service_record v?s?n?printf v?f?d?printf f?puts perror err errx warn warnx syslog").split()

# Rooms that see no secret, because none of those that hold one can be included there: kernel,
# identity and base speak of cgroups, names and files. The others are read.
READ = r"^userspace/(crypto|store|serve|daemon|client|cli)/.*\.[ch]$"

# Words for plaintext, wherever it stands: a variable, a parameter, a member.
PLAIN = (r"(?:data|value|values|block|part|body|input|scratch|decoded|json|answer|secret|plain|"
         r"valuestring|bytes|buffer)")
# Members of it that tell nothing but how much there is.
SIZE = r"length|size|number|references|\w+_(length|size|count)"

PATH = r"\w+(?:(?:->|\.)\w+|\[[^\]]*\])*"

# In which file which expression is no secret, and why.
HARMLESS = {
    ("userspace/daemon/config.c", r"(line|name|value)\.data"): "the configuration",
    ("userspace/cli/arguments.c", r"option->value"): "what the option's argument is called",
    ("userspace/cli/help.c", r"option->value"): "the same",
    ("userspace/cli/target.c", r"target->(namespaces|workloads)\[\w+\]\.data"): "the user's own words",
    ("userspace/cli/listing.c", r"item->valuestring"): "cells of tables, which have no values in them",
    ("userspace/cli/verb_node.c", r"member->valuestring"): "what is said of nodes",
    ("userspace/daemon/vault.c", r"key\.data"): "a key's name",
    ("userspace/daemon/cluster.c", r"key\.data"): "the same",
    ("userspace/store/restore.c", r"(record->)?key\.data"): "the same",
    ("userspace/serve/outcome.c", r"conflict->key\.data"): "the same",
    ("userspace/cli/examine.c", r"segment->meta\.data"): "metadata, in clear in the log, read strictly",
    ("userspace/serve/put_request.c", r"name->valuestring"): "a key's name",
}


def aliases(body):
    """Local names that were given a pointer to plaintext: `p = secret->data + 1;`."""
    given = re.findall(rf"\b(\w+)\s*=\s*[&(*]*({PATH})[^;,()?]*;", body)
    return {name for name, path in given if re.fullmatch(PLAIN, words_of(path)[-1])}


def words_of(path):
    return [word for word in re.split(r"->|\.|\[[^\]]*\]", path) if word]


def told(arguments, names):
    """The expressions among ARGUMENTS that name plaintext; NAMES are further words for it."""
    for path in re.finditer(PATH, arguments):
        words = words_of(path[0])
        # `value ? "yes" : "no"` tells only that there is one.
        if re.fullmatch(SIZE, words[-1]) or re.match(r"\s*\?", arguments[path.end():]):
            continue
        if words[0] in names or any(re.fullmatch(PLAIN, word) for word in words):
            yield path[0]


def check_talk(tree):
    problems = []
    for name in tree.matching(READ):
        harmless = [pattern for file, pattern in HARMLESS if file == name]
        for function in functions.defined(tree.text(name)):
            names = aliases(function.body)
            for talker, arguments in functions.calls(function.body, TALKERS):
                problems += [f"{name}: {function.name}() gives {path} to {talker}()"
                             for path in told(arguments, names)
                             if not any(re.fullmatch(p, path) for p in harmless)]
    return problems


def say(name, statement, before=""):
    function = f"void planted(struct x *x, struct span body)\n{{\n    {before}\n    {statement};\n}}\n"
    return Plant(statement, name, append(function))


RULES = [
    Rule("nothing that may be a secret is told", check_talk, [
        say("userspace/serve/conn.c", 'error_set(0, 0, "%s", x->input)'),
        say("userspace/serve/reply.c", 'reply_error(x, 400, "", "%.*s", 9, body.data)'),
        say("userspace/serve/service.c", "service_malformed(x, x, 400, x->scratch->decoded, x)"),
        say("userspace/store/store.c", 'snprintf(x->text, 9, "%s", x->version.block->data)'),
        say("userspace/daemon/daemon.c", 'log_info("got %s", text)', "text = x->value.data + 1;"),
        say("userspace/daemon/config.c", 'log_debug("%s", x->secret->data)'),
        say("userspace/cli/call.c", 'say_failure(1, "%s", x->body)'),
    ]),
]
