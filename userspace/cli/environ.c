/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/environ.h"

#include "base/error.h"
#include "client/locked.h"
#include "client/members.h"
#include "limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel takes no longer "NAME=value" (MAX_ARG_STRLEN); its NUL counts. */
#define PAGES_OF_ONE 32

/* Names, and with '*' beginnings of names. */
static const char *const dangerous[] = {
    "LD_*",
    /* What the C library itself ignores in a set-uid program. */
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "LOCALDOMAIN",
    "LOCPATH",
    "MALLOC_*",
    "NIS_PATH",
    "NLSPATH",
    "RESOLV_HOST_CONF",
    "RES_OPTIONS",
    "TMPDIR",
    "TZDIR",
    /* Shells. */
    "PATH",
    "IFS",
    "ENV",
    "PS4",
    "BASH_*",
    "BASHOPTS",
    "SHELLOPTS",
    "CDPATH",
    "PROMPT_COMMAND",
    "ZDOTDIR",
    "FPATH",
    /* Interpreters and virtual machines. */
    "PYTHON*",
    "PERL5*",
    "PERLLIB",
    "RUBYLIB",
    "RUBYOPT",
    "GEM_*",
    "NODE_OPTIONS",
    "NODE_PATH",
    "LUA_*",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "DOTNET_STARTUP_HOOKS",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "GIT_*",
    /* Libraries that load others: engines, providers. */
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
};

static bool fits(const char *pattern, const char *name)
{
    size_t length = strcspn(pattern, "*");
    return strncmp(pattern, name, length) == 0 && (pattern[length] || !name[length]);
}

bool environ_is_dangerous(const char *name)
{
    for (size_t i = 0; i < sizeof dangerous / sizeof *dangerous; i++)
        if (fits(dangerous[i], name))
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool environ_is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_letter(name[i]) && (i == 0 || name[i] < '0' || name[i] > '9'))
            return false;
    return length > 0;
}

/* ---- the variables of a secret --------------------------------------------------------------- */

/* One of them, in the value where it stands. */
struct variable {
    struct members_text name; /* without the prefix */
    struct members_text text;
    bool encoded; /* the text; a name is always as in JSON, which a checked one does not tell apart
                   */
};

/* Holds no byte of the secret: it points into it. */
struct building {
    const struct environ_rules *rules;
    const char *prefix;
    size_t skipped, count;
    struct variable variables[LIMIT_MEMBERS];
};

/* The variable's name, with the prefix; false when that is none. */
static bool full_name(const struct building *building, struct members_text name,
                      char ret[LIMIT_VARIABLE + 1])
{
    size_t before = strlen(building->prefix), length = members_decode(name, NULL);
    /* Decoding needs room for what is encoded, so nothing that would shrink to fit is let in. */
    if (before > LIMIT_VARIABLE || name.length > LIMIT_VARIABLE - before)
        return false;
    memcpy(ret, building->prefix, before);
    members_decode(name, ret + before);
    ret[before + length] = '\0';
    return environ_is_name(ret, before + length);
}

static bool is_allowed(const struct environ_rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->allowed_count; i++)
        if (strcmp(rules->allowed[i], name) == 0)
            return true;
    return false;
}

/* The variable of that name, or NULL. */
static struct variable *find(struct building *building, const char *name)
{
    size_t before = strlen(building->prefix);
    if (strncmp(name, building->prefix, before) != 0)
        return NULL;
    for (size_t i = 0; i < building->count; i++)
        if (members_equal(building->variables[i].name, name + before))
            return &building->variables[i];
    return NULL;
}

static int add(struct building *building, const struct variable *variable, struct error *error)
{
    char full[LIMIT_VARIABLE + 1], text[MEMBERS_SHOWN];
    if (!full_name(building, variable->name, full)) {
        if (building->rules->skip_bad) {
            building->skipped++;
            return 0;
        }
        return error_set(error, -EINVAL,
                         "the member \"%s\" cannot be a variable: with its prefix a name has 1 to "
                         "%u letters, digits and _, the first no digit; --skip-bad-names leaves it "
                         "out",
                         members_show(variable->name, text), LIMIT_VARIABLE);
    }
    if (environ_is_dangerous(full) && !is_allowed(building->rules, full))
        return error_set(error, -EINVAL,
                         "the variable %s decides what code programs run, so it is not taken from "
                         "a secret; --allow-name %s does it all the same",
                         full, full);
    struct variable *same = find(building, full);
    if (!same && building->count == LIMIT_MEMBERS)
        return error_set(error, -EINVAL, "the secret has more than %u members; use --fd or --file",
                         LIMIT_MEMBERS);
    *(same ? same : &building->variables[building->count++]) = *variable;
    return 0;
}

static int add_members(struct building *building, struct members members, struct error *error)
{
    struct member member;
    int r;
    while ((r = members_next(&members, &member)) > 0) {
        struct variable variable = {member.name, member.value, member.kind == '"'};
        r = add(building, &variable, error);
        if (r)
            return r;
    }
    if (r)
        error_set(error, r,
                  "the secret is no JSON object, so it has no members; --env-name NAME "
                  "makes one variable of it, --fd and --file take anything");
    return r;
}

/* ---- the block ------------------------------------------------------------------------------- */

static size_t text_length(const struct variable *variable)
{
    return variable->encoded ? members_decode(variable->text, NULL) : variable->text.length;
}

/* Bytes of "PREFIXname=text" and its NUL. */
static size_t size_of(const struct building *building, const struct variable *variable)
{
    return strlen(building->prefix) + members_decode(variable->name, NULL) + 1 +
           text_length(variable) + 1;
}

static int check_sizes(const struct building *building, struct error *error)
{
    const size_t most = (size_t)sysconf(_SC_PAGESIZE) * PAGES_OF_ONE;
    for (size_t i = 0; i < building->count; i++) {
        const struct variable *variable = &building->variables[i];
        char text[MEMBERS_SHOWN];
        size_t size = size_of(building, variable);
        if (size > most)
            return error_set(error, -EINVAL,
                             "\"%s\" makes a variable of %zu bytes, and the kernel takes %zu; use "
                             "--fd or --file",
                             members_show(variable->name, text), size, most);
    }
    return 0;
}

/* Write VARIABLE to *TEXT, which moves behind it. */
static int write_variable(const struct building *building, const struct variable *variable,
                          char **text, struct error *error)
{
    char *at = *text, name[MEMBERS_SHOWN];
    size_t length = strlen(building->prefix);
    memcpy(at, building->prefix, length);
    at += length;
    at += members_decode(variable->name, at);
    *at++ = '=';
    length = text_length(variable);
    if (variable->encoded)
        members_decode(variable->text, at);
    else
        memcpy(at, variable->text.data, length);
    if (memchr(at, '\0', length))
        return error_set(error, -EINVAL,
                         "\"%s\" has a NUL in it, which no variable can hold; use --fd or --file",
                         members_show(variable->name, name));
    at[length] = '\0';
    *text = at + length + 1;
    return 0;
}

/* The variable of the secret that takes the place of ENTRY, "NAME=value". */
static const struct variable *replaced_by(struct building *building, const char *entry)
{
    char name[LIMIT_VARIABLE + 1];
    size_t length = strcspn(entry, "=");
    if (length > LIMIT_VARIABLE)
        return NULL;
    memcpy(name, entry, length);
    name[length] = '\0';
    return find(building, name);
}

static int write_block(struct building *building, char *const *base, struct environ *ret,
                       struct error *error)
{
    size_t count = building->count + 1, size = 0;
    for (size_t i = 0; base[i]; i++)
        count++;
    for (size_t i = 0; i < building->count; i++)
        size += size_of(building, &building->variables[i]);
    struct environ block = {.size = count * sizeof(char *) + size, .skipped = building->skipped};
    block.variables = locked_alloc(block.size);
    if (!block.variables)
        return error_set(error, -ENOMEM, "out of memory");
    char **entry = block.variables, *text = (char *)(block.variables + count);
    for (; *base; base++)
        if (!replaced_by(building, *base))
            *entry++ = *base;
    for (size_t i = 0; i < building->count; i++) {
        *entry++ = text;
        int r = write_variable(building, &building->variables[i], &text, error);
        if (r) {
            environ_clear(&block);
            return r;
        }
    }
    *ret = block;
    return 0;
}

int environ_build(const struct environ_rules *rules, char *const *base, const char *value,
                  size_t length, struct environ *ret, struct error *error)
{
    if (rules->whole && !environ_is_name(rules->whole, strlen(rules->whole)))
        return error_set(error, -EINVAL,
                         "a variable's name is letters, digits and _, the first "
                         "no digit");
    struct building *building = malloc(sizeof *building);
    if (!building)
        return error_set(error, -ENOMEM, "out of memory");
    building->rules = rules;
    building->prefix = rules->whole ? "" : rules->prefix;
    building->skipped = building->count = 0;
    int r;
    if (rules->whole) {
        struct variable whole = {{rules->whole, strlen(rules->whole)}, {value, length}, false};
        r = add(building, &whole, error);
    } else {
        r = add_members(building, members_of(value, length), error);
    }
    if (!r)
        r = check_sizes(building, error);
    if (!r)
        r = write_block(building, base, ret, error);
    free(building);
    return r;
}

int environ_with_number(char *const *base, const char *name, int number, struct environ *ret)
{
    char text[16];
    struct environ_rules rules = {.whole = name};
    int length = snprintf(text, sizeof text, "%d", number);
    return environ_build(&rules, base, text, (size_t)length, ret, NULL);
}

void environ_clear(struct environ *block)
{
    locked_free(block->variables, block->size);
    *block = (struct environ){.variables = NULL};
}
