/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/init_file.h"

#include "base/error.h"
#include "base/str.h"
#include "cli/safe_name.h"
#include "limits.h"
#include "store/validity.h"
#include "template/transform.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* ---- values of commands ---------------------------------------------------------------------- */

/* What a command's value is read with; each returns NULL, or what it must be. */
struct reading {
    struct init_block *block;
    int64_t now_us;
    struct error *error; /* of names: they have more than one rule */
};

typedef const char *take_value(struct reading *reading, struct span value, struct span *ret);

static const char *take_text(struct reading *reading, struct span value, struct span *ret)
{
    (void)reading;
    *ret = value;
    return value.length ? NULL : "needs a value";
}

static const char *take_names(struct span value, struct span *ret, struct error *error,
                              int (*check)(struct span name, struct error *error))
{
    struct error why = {""};
    struct span list = value, name;
    *ret = value;
    if (!value.length)
        return "needs a name, or several with commas between them";
    while (init_file_next_name(&list, &name))
        if (check(name, &why) < 0) {
            error_set(error, -EINVAL, "%s", why.text);
            return error->text;
        }
    return NULL;
}

static const char *take_workloads(struct reading *reading, struct span value, struct span *ret)
{
    return take_names(value, ret, reading->error, safe_name_check_workload);
}

static const char *take_namespaces(struct reading *reading, struct span value, struct span *ret)
{
    return take_names(value, ret, reading->error, safe_name_check_namespace);
}

static const char *take_format(struct reading *reading, struct span value, struct span *ret)
{
    enum transform_format format;
    (void)reading;
    *ret = value;
    if (!value.length || span_is(value, "none")) /* which is what files say for it */
        *ret = span_of("json");
    return transform_format_of(*ret, &format) ? "must be json, yaml or raw" : NULL;
}

static const char *take_time(struct reading *reading, struct span value, struct span *ret)
{
    int64_t time;
    *ret = value;
    if (value.length > INIT_FILE_TIME || validity_read(value, reading->now_us, &time) < 0)
        return "must be now, never, or " VALIDITY_RULE;
    return NULL;
}

static const char *take_flag(struct span value, bool *ret)
{
    int is_set = 1;
    if (value.length && str_bool(value, &is_set) < 0)
        return "must be true or false";
    *ret = is_set != 0;
    return NULL;
}

static const char *take_encrypted(struct reading *reading, struct span value, struct span *ret)
{
    (void)ret;
    return take_flag(value, &reading->block->encrypted);
}

static const char *take_removes(struct reading *reading, struct span value, struct span *ret)
{
    (void)ret;
    return take_flag(value, &reading->block->removes);
}

static const char *take_exits(struct reading *reading, struct span value, struct span *ret)
{
    (void)ret;
    reading->block->exits = true;
    return !value.length || span_is(value, "true") ? NULL : "may only be true";
}

static const char *take_sleep(struct reading *reading, struct span value, struct span *ret)
{
    (void)ret;
    reading->block->sleeps = true;
    return str_u64(value, LIMIT_BACKOFF_MS, &reading->block->sleep_ms)
               ? "must be a number of milliseconds, at most a day of them"
               : NULL;
}

/* ---- commands -------------------------------------------------------------------------------- */

#define IN(member) offsetof(struct init_block, member)
#define NOWHERE SIZE_MAX

static const struct command {
    const char *name;
    take_value *take;
    size_t at; /* in the block, of the span that it sets */
} commands[] = {
    {"w", take_workloads, IN(workloads)}, {"n", take_namespaces, IN(namespaces)},
    {"s", take_text, IN(secret)},         {"t", take_text, IN(template)},
    {"f", take_format, IN(format)},       {"e", take_encrypted, NOWHERE},
    {"d", take_removes, NOWHERE},         {"i", take_text, IN(keys)},
    {"N", take_time, IN(not_before)},     {"E", take_time, IN(expires)},
    {"sleep", take_sleep, NOWHERE},       {"wait", take_sleep, NOWHERE},
    {"exit", take_exits, NOWHERE},
};

#define COMMANDS (sizeof commands / sizeof *commands)

static const struct command *find(struct span name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (span_is(name, commands[i].name))
            return &commands[i];
    return NULL;
}

static void split(struct span line, struct span *name, struct span *value)
{
    const char *colon = memchr(line.data, ':', line.length);
    size_t length = colon ? (size_t)(colon - line.data) : line.length;
    size_t begin = colon ? length + 1 : length;
    *name = str_trim((struct span){line.data, length});
    *value = str_trim((struct span){line.data + begin, line.length - begin});
}

/* One line of a block; *SEEN has a bit for each command that was there before. */
static int take_line(struct reading *reading, struct span line, unsigned number, unsigned *seen,
                     struct error *error)
{
    struct span name, value, nowhere;
    split(line, &name, &value);
    const struct command *command = find(name);
    if (!command)
        return error_set(error, -EINVAL,
                         "line %u: no command begins it; there are " INIT_FILE_COMMANDS, number);
    unsigned bit = 1u << (command - commands);
    if (*seen & bit)
        return error_set(error, -EINVAL, "line %u: '%s' is given twice in one block", number,
                         command->name);
    *seen |= bit;
    struct error why = {""};
    reading->error = &why;
    struct span *at = command->at == NOWHERE
                          ? &nowhere
                          : (struct span *)(void *)((char *)reading->block + command->at);
    const char *wrong = command->take(reading, value, at);
    return wrong ? error_set(error, -EINVAL, "line %u: '%s': %s", number, command->name, wrong) : 0;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static size_t count_names(struct span list)
{
    struct span name;
    size_t count = 0;
    while (init_file_next_name(&list, &name))
        count++;
    return count;
}

/* NULL, or why what BLOCK says, in COUNT commands, makes no sense together. */
static const char *find_contradiction(const struct init_block *block, unsigned count)
{
    if (block->sleeps || block->exits || block->keys.length)
        return count == 1 ? NULL : "is more than one thing: sleep, exit and i each stand alone";
    if (!block->workloads.length)
        return "has no workload: add a line w:NAME";
    if (!block->removes && !block->secret.length)
        return "has no secret: add a line s:VALUE";
    if (block->removes && block->secret.length)
        return "has a secret, and deletes: leave out s or d";
    size_t namespaces = block->namespaces.length ? count_names(block->namespaces) : 1;
    if (count_names(block->workloads) * namespaces > LIMIT_TARGETS)
        return "names too many secrets: split it";
    return NULL;
}

/* Read a block up to its end, which may be the file's. The commands in it, or -EINVAL. */
static int read_block(struct init_file *file, struct reading *reading, struct error *error)
{
    unsigned seen = 0, count = 0;
    while (file->rest.length) {
        struct span line = str_trim(str_cut_line(&file->rest));
        file->line++;
        if (span_is(line, "--"))
            break;
        if (!line.length || line.data[0] == '#')
            continue;
        if (!count++)
            reading->block->line = file->line;
        int r = take_line(reading, line, file->line, &seen, error);
        if (r < 0)
            return r;
    }
    return (int)count;
}

int init_file_next(struct init_file *file, int64_t now_us, struct init_block *ret,
                   struct error *error)
{
    while (file->rest.length) {
        struct reading reading = {.block = ret, .now_us = now_us};
        *ret = (struct init_block){.line = 0};
        int count = read_block(file, &reading, error);
        if (count < 0)
            return count;
        if (count == 0)
            continue;
        const char *wrong = find_contradiction(ret, (unsigned)count);
        return wrong ? error_set(error, -EINVAL, "the block from line %u on %s", ret->line, wrong)
                     : 1;
    }
    return 0;
}

int init_file_check(struct span text, int64_t now_us, struct error *error)
{
    struct init_file file = {.rest = text};
    struct init_block block;
    int r;
    do
        r = init_file_next(&file, now_us, &block, error);
    while (r > 0);
    return r;
}

int init_file_next_name(struct span *list, struct span *ret)
{
    if (!list->length)
        return 0;
    const char *comma = memchr(list->data, ',', list->length);
    size_t length = comma ? (size_t)(comma - list->data) : list->length;
    size_t taken = length + (comma != NULL);
    *ret = str_trim((struct span){list->data, length});
    *list = (struct span){list->data + taken, list->length - taken};
    return 1;
}
