/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/head.h"

#include "limits.h"
#include "protocol.h"

#include <string.h>

/* A piece of the header; not NUL-terminated. */
struct piece {
    const char *text;
    size_t length;
};

/* What is known while the fields are read. */
struct reading {
    struct head *head;
    bool has_length;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Without the locale, which belongs to the host program. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool equals(struct piece piece, const char *word)
{
    if (piece.length != strlen(word))
        return false;
    for (size_t i = 0; i < piece.length; i++)
        if (lower(piece.text[i]) != lower(word[i]))
            return false;
    return true;
}

static bool read_number(struct piece piece, uint64_t *ret)
{
    /* 18 digits cannot overflow, and no number of ours is longer. */
    if (!piece.length || piece.length > 18)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < piece.length; i++) {
        if (!is_digit(piece.text[i]))
            return false;
        number = number * 10 + (uint64_t)(piece.text[i] - '0');
    }
    *ret = number;
    return true;
}

static const char *take_length(struct reading *reading, struct piece value)
{
    uint64_t length;
    if (reading->has_length)
        return "says its length twice";
    if (!read_number(value, &length))
        return "has a length that is no number";
    reading->has_length = true;
    reading->head->length = length;
    return NULL;
}

static const char *take_version(struct reading *reading, struct piece value)
{
    return read_number(value, &reading->head->version) ? NULL : "has a version that is no number";
}

static const char *copy_time(char (*ret)[32], struct piece value)
{
    if (!value.length || value.length >= sizeof *ret)
        return "has a time of a wrong length";
    memcpy(*ret, value.text, value.length);
    (*ret)[value.length] = '\0';
    if (strspn(*ret, "0123456789-:.+TZ") != value.length)
        return "has a time that is not RFC 3339";
    return NULL;
}

static const char *take_created(struct reading *reading, struct piece value)
{
    return copy_time(&reading->head->created, value);
}

static const char *take_updated(struct reading *reading, struct piece value)
{
    return copy_time(&reading->head->updated, value);
}

static const char *take_notice(struct reading *reading, struct piece value)
{
    char *notice = reading->head->notice;
    size_t most = sizeof reading->head->notice - 1;
    size_t length = value.length < most ? value.length : most;
    memcpy(notice, value.text, length);
    notice[length] = '\0';
    return NULL;
}

static const char *take_retry_after(struct reading *reading, struct piece value)
{
    uint64_t seconds;
    if (!read_number(value, &seconds))
        return "has a Retry-After that is no number of seconds";
    reading->head->retry_after_s =
        (unsigned)(seconds < LIMIT_RETRY_AFTER_S ? seconds : LIMIT_RETRY_AFTER_S);
    return NULL;
}

static const char *take_connection(struct reading *reading, struct piece value)
{
    reading->head->close = equals(value, "close");
    return NULL;
}

static const char *refuse(struct reading *reading, struct piece value)
{
    (void)reading;
    (void)value;
    return "has a transfer coding";
}

static const struct {
    const char *name;
    const char *(*take)(struct reading *reading, struct piece value);
} fields[] = {
    {"Content-Length", take_length},   {HEADER_VERSION, take_version},
    {HEADER_CREATED, take_created},    {HEADER_UPDATED, take_updated},
    {HEADER_NOTICE, take_notice},      {"Connection", take_connection},
    {"Retry-After", take_retry_after}, {"Transfer-Encoding", refuse},
};

/* Cut the next line off REST, without its CRLF. False when there is none that is well formed. */
static bool next_line(struct piece *rest, struct piece *ret)
{
    const char *feed = memchr(rest->text, '\n', rest->length);
    if (!feed || feed == rest->text || feed[-1] != '\r')
        return false;
    *ret = (struct piece){rest->text, (size_t)(feed - 1 - rest->text)};
    rest->length -= ret->length + 2;
    rest->text = feed + 1;
    for (size_t i = 0; i < ret->length; i++)
        if ((ret->text[i] < ' ' || ret->text[i] > '~') && ret->text[i] != '\t')
            return false;
    return true;
}

static const char *read_status(struct piece line, struct head *ret)
{
    static const char version[] = "HTTP/1.1 ";
    const size_t start = sizeof version - 1;
    uint64_t status;
    if (line.length < start + 4 || memcmp(line.text, version, start) != 0 ||
        line.text[start + 3] != ' ' || !read_number((struct piece){line.text + start, 3}, &status))
        return "does not begin as HTTP/1.1 does";
    if (status < 200 || status > 599)
        return "has a status that means nothing";
    ret->status = (int)status;
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *read_field(struct reading *reading, struct piece line)
{
    const char *colon = memchr(line.text, ':', line.length);
    if (!colon || colon == line.text)
        return "has a field without a name";
    struct piece name = {line.text, (size_t)(colon - line.text)};
    if (memchr(name.text, ' ', name.length) || memchr(name.text, '\t', name.length))
        return "has a field name with a blank";
    struct piece value = {colon + 1, line.length - name.length - 1};
    for (; value.length && is_blank(value.text[0]); value.length--)
        value.text++;
    while (value.length && is_blank(value.text[value.length - 1]))
        value.length--;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (equals(name, fields[i].name))
            return fields[i].take(reading, value);
    return NULL;
}

static bool has_no_body(int status)
{
    return status == 204 || status == 304;
}

static void finish(const struct reading *reading)
{
    if (has_no_body(reading->head->status))
        reading->head->length = 0;
    else
        reading->head->endless = !reading->has_length;
}

const char *head_parse(const char *text, size_t length, struct head *ret)
{
    *ret = (struct head){.status = 0};
    struct reading reading = {.head = ret};
    struct piece rest = {text, length}, line;
    if (!next_line(&rest, &line))
        return "has a malformed line";
    const char *wrong = read_status(line, ret);
    while (!wrong) {
        if (!next_line(&rest, &line))
            return "has a malformed line";
        if (!line.length && rest.length)
            return "goes on after its header";
        if (!line.length)
            return finish(&reading), NULL;
        wrong = read_field(&reading, line);
    }
    return wrong;
}
