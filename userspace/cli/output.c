/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/output.h"

#include "cli/say.h"
#include "client/exchange.h"
#include "client/members.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the longest text in an object. */
#define CELL 4096

int output_write(int fd, const void *data, size_t length)
{
    for (const char *at = data; length;) {
        ssize_t written = write(fd, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += written;
        length -= (size_t)written;
    }
    return 0;
}

enum verb_exit output_bytes(const void *data, size_t length)
{
    int r = output_write(STDOUT_FILENO, data, length);
    return r ? say_failure(VERB_REFUSED, "standard output: %s", strerror(-r)) : VERB_OK;
}

enum verb_exit output_value(const char *data, size_t length)
{
    enum verb_exit status = output_bytes(data, length);
    bool ends = !isatty(STDOUT_FILENO) || (length && data[length - 1] == '\n');
    return status || ends ? status : output_bytes("\n", 1);
}

enum verb_exit output_body(const struct exchange_answer *answer)
{
    size_t length = answer->head.length;
    enum verb_exit status = output_bytes(answer->body, length);
    bool ends = length && answer->body[length - 1] == '\n';
    return status || ends ? status : output_bytes("\n", 1);
}

/* ---- objects --------------------------------------------------------------------------------- */

typedef void each(const char *name, const struct member *member, size_t *width);

/* Call USE for every member of TEXT. 0, or -EINVAL when it is no object. */
static int for_each(struct members_text text, const char *outer, each *use, size_t *width)
{
    struct members members = members_of(text.data, text.length);
    struct member member;
    int r;
    while ((r = members_next(&members, &member)) > 0) {
        char inner[MEMBERS_SHOWN], name[2 * MEMBERS_SHOWN];
        snprintf(name, sizeof name, "%s%s%s", outer, outer[0] ? "." : "",
                 members_show(member.name, inner));
        if (member.kind == '{' && !outer[0])
            for_each(member.value, name, use, width);
        else
            use(name, &member, width);
    }
    return r;
}

static void measure(const char *name, const struct member *member, size_t *width)
{
    (void)member;
    *width = strlen(name) > *width ? strlen(name) : *width;
}

/* MEMBER as one line of text. */
static void format_cell(const struct member *member, char cell[CELL])
{
    struct members_text text = member->value;
    if (text.length >= CELL)
        text.length = 0; /* of what is cut off an escape might be left */
    size_t length = text.length;
    if (member->kind == '"')
        length = members_decode(text, cell);
    else
        memcpy(cell, text.data, length);
    cell[length] = '\0';
    for (char *c = cell; c < cell + length; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

static void print_line(const char *name, const struct member *member, size_t *width)
{
    char cell[CELL];
    format_cell(member, cell);
    printf(cell[0] ? "%s:%*s %s\n" : "%s:\n", name, (int)(*width - strlen(name)), "", cell);
}

enum verb_exit output_object(const struct exchange_answer *answer)
{
    const struct members_text body = {answer->body, answer->head.length};
    size_t width = 0;
    if (for_each(body, "", measure, &width))
        return say_failure(VERB_REFUSED, "the answer is no JSON object");
    for_each(body, "", print_line, &width);
    return VERB_OK;
}
