/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/arguments.h"

#include "base/error.h"
#include "base/str.h"
#include "template/transform.h"

#include <errno.h>
#include <string.h>

/* One more of a list that takes MAX. */
static const char *add(const char **list, size_t *count, size_t max, const char *value)
{
    if (*count == max)
        return "is given too often";
    list[(*count)++] = value;
    return NULL;
}

static const char *take_namespace(struct arguments *arguments, const char *value)
{
    return add(arguments->namespaces, &arguments->namespace_count, LIMIT_TARGETS, value);
}

static const char *take_recipient(struct arguments *arguments, const char *value)
{
    return add(arguments->recipients, &arguments->recipient_count, LIMIT_AGE_RECIPIENTS, value);
}

static const char *take_identity(struct arguments *arguments, const char *value)
{
    return add(arguments->identities, &arguments->identity_count, LIMIT_AGE_IDENTITIES, value);
}

static const char *take_passphrase(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->passphrase = true;
    return NULL;
}

static const char *take_passphrase_file(struct arguments *arguments, const char *value)
{
    arguments->passphrase_file = value;
    return NULL;
}

static const char *take_armor(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->armor = true;
    return NULL;
}

static const char *take_to_file(struct arguments *arguments, const char *value)
{
    arguments->to_file = value;
    return NULL;
}

static const char *take_public(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->public = true;
    return NULL;
}

static const char *take_file(struct arguments *arguments, const char *value)
{
    arguments->file = value;
    return NULL;
}

static const char *take_key(struct arguments *arguments, const char *value)
{
    arguments->key = value;
    return NULL;
}

static const char *take_number(struct arguments_number *ret, const char *value, uint64_t least)
{
    if (str_u64(span_of(value), (uint64_t)LIMIT_JSON_NUMBER, &ret->number) || ret->number < least)
        return least ? "must be a version: a number from 1 on" : "must be a number from 0 on";
    ret->given = true;
    return NULL;
}

static const char *take_if_version(struct arguments *arguments, const char *value)
{
    return take_number(&arguments->if_version, value, 0);
}

static const char *take_of_version(struct arguments *arguments, const char *value)
{
    return take_number(&arguments->of_version, value, 1);
}

/* The daemon knows what a time is; but an empty one would pass there for none at all. */
static const char *take_time(const char **ret, const char *value)
{
    *ret = value;
    return *value ? NULL : "must not be empty";
}

static const char *take_not_before(struct arguments *arguments, const char *value)
{
    return take_time(&arguments->not_before, value);
}

static const char *take_expires(struct arguments *arguments, const char *value)
{
    return take_time(&arguments->expires, value);
}

static const char *take_encrypted(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->encrypted = true;
    return NULL;
}

static const char *take_dry_run(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->dry_run = true;
    return NULL;
}

static const char *take_state(struct arguments *arguments, const char *value)
{
    arguments->state = value;
    return *value ? NULL : "must name a directory";
}

static const char *take_salvage(struct arguments *arguments, const char *value)
{
    arguments->salvage = value;
    return *value ? NULL : "must name a directory";
}

static const char *take_output(struct arguments *arguments, const char *value)
{
    arguments->json = strcmp(value, "json") == 0;
    return arguments->json || strcmp(value, "table") == 0 ? NULL : "must be json or table";
}

static const char *take_output_file(struct arguments *arguments, const char *value)
{
    arguments->output = value;
    return *value ? NULL : "must not be empty";
}

static const char *take_transformed(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->transformed = true;
    return NULL;
}

static const char *take_once(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->once = true;
    return NULL;
}

static const char *take_values(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->values = true;
    return NULL;
}

static const char *take_last_id(struct arguments *arguments, const char *value)
{
    arguments->last_id = value;
    return NULL;
}

static const char *take_template(struct arguments *arguments, const char *value)
{
    arguments->template = value;
    return NULL;
}

static const char *take_template_file(struct arguments *arguments, const char *value)
{
    arguments->template_file = value;
    return *value ? NULL : "must name a file";
}

static const char *take_format(struct arguments *arguments, const char *value)
{
    enum transform_format format;
    arguments->format = value;
    return transform_format_of(span_of(value), &format) ? "must be json, yaml or raw" : NULL;
}

static const char *take_strict(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->strict = true;
    return NULL;
}

static const char *take_socket(struct arguments *arguments, const char *value)
{
    arguments->socket = value;
    return NULL;
}

static const char *take_help(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->help = true;
    return NULL;
}

static const char *take_version(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->version = true;
    return NULL;
}

const struct arguments_option arguments_namespace = {
    "namespace",    'n', "NS", "a namespace; may be given several times (default: default)",
    take_namespace,
};

const struct arguments_option arguments_file = {
    "from-file", 0, "FILE", "read the value from FILE; - is standard input", take_file,
};

const struct arguments_option arguments_key_file = {
    "from-file", 0, "FILE", "read the key from FILE; - is standard input", take_file,
};

const struct arguments_option arguments_key = {
    "key", 0, "NS/WORKLOAD", "this key's value; for administrators who may read values", take_key,
};

const struct arguments_option arguments_of_version = {
    "version", 0, "N", "with --key: version N (default: the newest)", take_of_version,
};

const struct arguments_option arguments_to = {
    "to", 0, "N", "the version whose value it gets", take_of_version,
};

const struct arguments_option arguments_if_version = {
    "if-version", 0, "N", "only if its version is N now; 0: only if there is none", take_if_version,
};

const struct arguments_option arguments_not_before = {
    "not-before",    0, "T", "nobody reads it before T: RFC 3339, or +12h (d, h, m, s) from now",
    take_not_before,
};

const struct arguments_option arguments_expires = {
    "expires", 0, "T", "nobody reads it from T on; never: no end", take_expires,
};

const struct arguments_option arguments_encrypted = {
    "encrypted",    0, NULL, "the value is an age file sealed to the daemon's recipient",
    take_encrypted,
};

const struct arguments_option arguments_dry_run = {
    "dry-run", 0, NULL, "change nothing, say what would be changed", take_dry_run,
};

const struct arguments_option arguments_output = {
    "output", 'o', "json|table", "how to print it (default: table)", take_output,
};

const struct arguments_option arguments_recipient = {
    "recipient",    'r', "RECIPIENT", "who may open it (age1...); may be given several times",
    take_recipient,
};

const struct arguments_option arguments_identity = {
    "identity", 'i', "KEYFILE", "a file of secret keys; may be given several times", take_identity,
};

const struct arguments_option arguments_passphrase = {
    "passphrase", 'p', NULL, "ask for a passphrase at the terminal", take_passphrase,
};

const struct arguments_option arguments_passphrase_file = {
    "passphrase-file",    0, "FILE", "the passphrase is what FILE says, without a last newline",
    take_passphrase_file,
};

const struct arguments_option arguments_armor = {
    "armor", 'a', NULL, "write text instead of bytes", take_armor,
};

const struct arguments_option arguments_to_file = {
    "to-file", 0, "FILE", "write the key to FILE, which must not be there yet", take_to_file,
};

const struct arguments_option arguments_public = {
    "public", 0, NULL, "read secret keys and print their recipients instead", take_public,
};

const struct arguments_option arguments_output_file = {
    "output", 'o', "FILE", "write to FILE; - is standard output", take_output_file,
};

const struct arguments_option arguments_state = {
    "state", 0, "DIR", "the daemon's state directory", take_state,
};

const struct arguments_option arguments_salvage = {
    "salvage", 0, "NEWDIR", "save what is whole into NEWDIR, which is made", take_salvage,
};

const struct arguments_option arguments_transformed = {
    "transformed", 0, NULL, "as the workload gets it, not as it was stored", take_transformed,
};

const struct arguments_option arguments_once = {
    "once", 0, NULL, "end after the first event", take_once,
};

const struct arguments_option arguments_values = {
    "values",    0, NULL, "print the values, each with a newline behind, and nothing else",
    take_values,
};

const struct arguments_option arguments_last_id = {
    "last-id", 0, "ID", "the id of the event that is known already", take_last_id,
};

const struct arguments_option arguments_template = {
    "template", 't', "TEMPLATE", "the template", take_template,
};

const struct arguments_option arguments_template_file = {
    "template-file", 0, "FILE", "the template is what FILE says, byte for byte", take_template_file,
};

const struct arguments_option arguments_format = {
    "format", 'f', "json|yaml|raw", "what comes of it (default: json)", take_format,
};

const struct arguments_option arguments_strict = {
    "strict", 0, NULL, "print what the template makes, or fail", take_strict,
};

static const struct arguments_option socket_option = {
    "socket", 0, "PATH", "the daemon's socket", take_socket,
};

static const struct arguments_option help_option = {
    "help", 'h', NULL, "print this help", take_help,
};

static const struct arguments_option version_option = {
    "version", 0, NULL, "print the version", take_version,
};

const struct arguments_option *const arguments_common[] = {
    &socket_option,
    &help_option,
    &version_option,
    NULL,
};

/* WORD without what may be its value. */
static int name_length(const char *word)
{
    return word[1] == '-' ? (int)strcspn(word, "=") : 2;
}

static bool is_named(const struct arguments_option *option, const char *word)
{
    if (word[1] != '-')
        return option->letter && option->letter == word[1];
    size_t length = (size_t)name_length(word) - 2;
    return strlen(option->name) == length && memcmp(option->name, word + 2, length) == 0;
}

static const struct arguments_option *find(const char *word,
                                           const struct arguments_option *const *options)
{
    for (; options && *options; options++)
        if (is_named(*options, word))
            return *options;
    return NULL;
}

static bool has_name(const struct arguments_option *const *options, const char *name)
{
    for (; options && *options; options++)
        if (strcmp((*options)->name, name) == 0)
            return true;
    return false;
}

const struct arguments_option *arguments_next(const struct arguments_option *const *options,
                                              size_t *at)
{
    size_t own = 0;
    while (options && options[own])
        own++;
    if (*at < own)
        return options[(*at)++];
    const struct arguments_option *option;
    do
        option = arguments_common[(*at)++ - own];
    while (option && has_name(options, option->name));
    return option;
}

static int unknown(const char *word, const struct arguments_option *const *options,
                   struct error *error)
{
    error_set(error, -EINVAL, "unknown option %.*s; allowed:", name_length(word), word);
    const struct arguments_option *option;
    for (size_t at = 0; (option = arguments_next(options, &at));) {
        struct error sofar = *error;
        error_set(error, -EINVAL, "%.900s --%s", sofar.text, option->name);
    }
    return -EINVAL;
}

/* What is attached to WORD as its value; NULL when nothing is. */
static const char *attached(const char *word)
{
    const char *rest = word + name_length(word);
    if (word[1] != '-')
        return *rest ? rest : NULL;
    return *rest ? rest + 1 : NULL;
}

/* Take the option at *WORDS, and the word behind it when that is its value. */
static int take(char ***words, const struct arguments_option *const *options, struct arguments *ret,
                struct error *error)
{
    const char *word = *(*words)++;
    const int length = name_length(word);
    const struct arguments_option *option = find(word, options);
    if (!option)
        option = find(word, arguments_common);
    if (!option)
        return unknown(word, options, error);
    const char *value = attached(word);
    if (!option->value && value)
        return error_set(error, -EINVAL, "%.*s takes no value", length, word);
    if (option->value && !value && **words)
        value = *(*words)++;
    if (option->value && !value)
        return error_set(error, -EINVAL, "%.*s needs a value: %s", length, word, option->value);
    const char *wrong = option->take(ret, value);
    return wrong ? error_set(error, -EINVAL, "%.*s %s", length, word, wrong) : 0;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1];
}

int arguments_leading(char **words, struct arguments *ret, struct error *error)
{
    char **at = words;
    while (*at && is_option(*at)) {
        int r = take(&at, NULL, ret, error);
        if (r)
            return r;
    }
    return (int)(at - words);
}

int arguments_read(char **words, const struct arguments_option *const *options,
                   struct arguments *ret, struct error *error)
{
    bool only_operands = false;
    while (*words) {
        if (!only_operands && strcmp(*words, "--") == 0) {
            only_operands = true;
            words++;
            continue;
        }
        if (!only_operands && is_option(*words)) {
            int r = take(&words, options, ret, error);
            if (r)
                return r;
            continue;
        }
        if (ret->operand_count == LIMIT_TARGETS)
            return error_set(error, -EINVAL, "more than %u operands", LIMIT_TARGETS);
        ret->operands[ret->operand_count++] = *words++;
    }
    return 0;
}
