/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/http.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "limits.h"

struct head {
    struct http_request *request;
    const char **why;
    int version_minor;
    int hosts;
    int has_encoding;
    int says_close;
    int says_keep;
};

static int refuse(struct head *head, int status, const char *why)
{
    *head->why = why;
    return -status;
}

/* ---- characters ---------------------------------------------------------------------------- */

#define TOKEN 1  /* tchar, RFC 9110 5.6.2 */
#define TARGET 2 /* visible ASCII but what no target may hold raw */
#define FIELD 4  /* field-content: visible ASCII, obs-text, SP and HTAB */

static const unsigned char classes[256] = {
    ['\t'] = FIELD,
    [' '] = FIELD,
    ['!'] = TOKEN | TARGET | FIELD,
    ['"'] = FIELD,
    ['#'] = TOKEN | FIELD,
    ['$' ... '\''] = TOKEN | TARGET | FIELD,
    ['('] = TARGET | FIELD,
    [')'] = TARGET | FIELD,
    ['*' ... '+'] = TOKEN | TARGET | FIELD,
    [','] = TARGET | FIELD,
    ['-' ... '.'] = TOKEN | TARGET | FIELD,
    ['/'] = TARGET | FIELD,
    ['0' ... '9'] = TOKEN | TARGET | FIELD,
    [':' ... ';'] = TARGET | FIELD,
    ['<'] = FIELD,
    ['='] = TARGET | FIELD,
    ['>'] = FIELD,
    ['?' ... '@'] = TARGET | FIELD,
    ['A' ... 'Z'] = TOKEN | TARGET | FIELD,
    ['['] = TARGET | FIELD,
    ['\\'] = FIELD,
    [']'] = TARGET | FIELD,
    ['^'] = TOKEN | FIELD,
    ['_'] = TOKEN | TARGET | FIELD,
    ['`'] = TOKEN | FIELD,
    ['a' ... 'z'] = TOKEN | TARGET | FIELD,
    ['{'] = FIELD,
    ['|'] = TOKEN | FIELD,
    ['}'] = FIELD,
    ['~'] = TOKEN | TARGET | FIELD,
    [0x80 ... 0xff] = FIELD,
};

static int all_of(struct span text, unsigned char class)
{
    unsigned char all = class;
    for (size_t i = 0; i < text.length; i++)
        all &= classes[(unsigned char)text.data[i]];
    return all;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* NAME is in lower case. */
static int is_nocase(struct span text, const char *name)
{
    for (size_t i = 0; i < text.length; i++)
        if (name[i] == '\0' || lower(text.data[i]) != name[i])
            return 0;
    return name[text.length] == '\0';
}

/* Cut *TEXT at the first SEPARATOR; what was before it, the rest behind it. */
static struct span cut(struct span *text, char separator)
{
    const char *at = text->length ? memchr(text->data, separator, text->length) : NULL;
    size_t length = at ? (size_t)(at - text->data) : text->length;
    struct span before = {text->data, length};
    size_t taken = length + (at != NULL);
    text->data += taken;
    text->length -= taken;
    return before;
}

/* ---- the request line ---------------------------------------------------------------------- */

static int read_request_line(struct head *head, struct span line)
{
    struct http_request *request = head->request;
    request->method = cut(&line, ' ');
    struct span target = cut(&line, ' ');
    if (!request->method.length || request->method.length > 16 || !all_of(request->method, TOKEN))
        return refuse(head, 400, "the request line must start with a method");
    if (target.length > LIMIT_TARGET)
        return refuse(head, 431, "the request target is too long");
    if (!target.length || target.data[0] != '/' || !all_of(target, TARGET))
        return refuse(head, 400, "the request target must be an absolute path");
    if (span_is(line, "HTTP/1.1"))
        head->version_minor = 1;
    else if (!span_is(line, "HTTP/1.0"))
        return refuse(head, 400, "the request line must end in HTTP/1.1");
    request->path = cut(&target, '?');
    request->query = target;
    return HTTP_COMPLETE;
}

/* ---- fields -------------------------------------------------------------------------------- */

static int read_host(struct head *head, struct span value)
{
    if (head->hosts++)
        return refuse(head, 400, "Host is given twice");
    /* A Unix socket has one host; the value is only checked for being one field's worth. */
    return all_of(value, TARGET) ? HTTP_COMPLETE : refuse(head, 400, "Host is malformed");
}

static int read_content_length(struct head *head, struct span value)
{
    if (head->request->has_length)
        return refuse(head, 400, "Content-Length is given twice");
    if (str_u64(value, UINT64_MAX, &head->request->content_length) < 0)
        return refuse(head, 400, "Content-Length must be a decimal number");
    head->request->has_length = 1;
    return HTTP_COMPLETE;
}

static int read_transfer_encoding(struct head *head, struct span value)
{
    (void)value;
    head->has_encoding = 1;
    return HTTP_COMPLETE;
}

static int read_connection(struct head *head, struct span value)
{
    while (value.length) {
        struct span option = str_trim(cut(&value, ','));
        head->says_close |= is_nocase(option, "close");
        head->says_keep |= is_nocase(option, "keep-alive");
    }
    return HTTP_COMPLETE;
}

static int read_expect(struct head *head, struct span value)
{
    if (!is_nocase(value, "100-continue"))
        return refuse(head, 400, "Expect may only be 100-continue");
    head->request->expects_continue = 1;
    return HTTP_COMPLETE;
}

static int read_if_none_match(struct head *head, struct span value)
{
    if (head->request->if_none_match.length)
        return refuse(head, 400, "If-None-Match is given twice");
    head->request->if_none_match = value;
    return HTTP_COMPLETE;
}

static int read_last_event_id(struct head *head, struct span value)
{
    if (head->request->last_event_id.length)
        return refuse(head, 400, "Last-Event-ID is given twice");
    head->request->last_event_id = value;
    return HTTP_COMPLETE;
}

struct field {
    const char *name; /* in lower case */
    int (*read)(struct head *head, struct span value);
};

static const struct field fields[] = {
    {"host", read_host},
    {"content-length", read_content_length},
    {"transfer-encoding", read_transfer_encoding},
    {"connection", read_connection},
    {"expect", read_expect},
    {"if-none-match", read_if_none_match},
    {"last-event-id", read_last_event_id},
};

static int read_field(struct head *head, struct span line)
{
    /* A line that starts with a blank continues the one before (obs-fold): readers disagree. */
    struct span name = line;
    struct span value = line;
    name = cut(&value, ':');
    if (name.length == line.length || !name.length || !all_of(name, TOKEN))
        return refuse(head, 400, "a header line must be a name, a colon and a value");
    value = str_trim(value);
    if (!all_of(value, FIELD))
        return refuse(head, 400, "a header value has a control character");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (is_nocase(name, fields[i].name))
            return fields[i].read(head, value);
    return HTTP_COMPLETE;
}

static int check_whole(struct head *head)
{
    if (head->has_encoding && head->request->has_length)
        return refuse(head, 400, "both Transfer-Encoding and Content-Length are given");
    if (head->has_encoding)
        return refuse(head, 411, "send Content-Length; transfer codings are not taken");
    if (head->version_minor == 1 && !head->hosts)
        return refuse(head, 400, "Host is missing");
    /* Both options at once: to close is what both can live with. */
    head->request->closes = head->says_close || (head->version_minor == 0 && !head->says_keep);
    return HTTP_COMPLETE;
}

int http_read(const char *data, size_t length, struct http_request *ret, const char **why)
{
    *ret = (struct http_request){0};
    struct head head = {.request = ret, .why = why};
    size_t at = 0;
    for (unsigned lines = 0;; lines++) {
        size_t left = length - at;
        const char *end = left ? memchr(data + at, '\n', left) : NULL;
        if (!end && length >= LIMIT_HEADER)
            return refuse(&head, 431, "the header is too large");
        if (!end)
            return HTTP_MORE;
        struct span line = {data + at, (size_t)(end - (data + at))};
        at += line.length + 1;
        if (at > LIMIT_HEADER)
            return refuse(&head, 431, "the header is too large");
        if (!line.length || line.data[line.length - 1] != '\r')
            return refuse(&head, 400, "a line must end in CR LF");
        line.length--;
        if (lines && !line.length)
            break;
        if (lines > LIMIT_FIELDS)
            return refuse(&head, 431, "the header has too many fields");
        int r = lines ? read_field(&head, line) : read_request_line(&head, line);
        if (r < 0)
            return r;
    }
    ret->head_length = at;
    return check_whole(&head);
}

static void move(struct span *text, const char *from, const char *to)
{
    if (text->length)
        text->data = to + (text->data - from);
}

static void remember(struct http_memo *memo, const char *data, const struct http_request *request)
{
    struct http_request *own = &memo->request;
    *own = *request;
    memo->length = request->head_length;
    memcpy(memo->text, data, memo->length);
    struct span *const spans[] = {&own->method, &own->path, &own->query, &own->if_none_match,
                                  &own->last_event_id};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
        move(spans[i], data, memo->text);
    memo->route = NULL;
}

int http_read_again(const char *data, size_t length, struct http_memo *memo,
                    struct http_request *ret, const char **why)
{
    if (memo->length && memo->length <= length && memcmp(data, memo->text, memo->length) == 0) {
        *ret = memo->request;
        return HTTP_COMPLETE;
    }
    int r = http_read(data, length, ret, why);
    if (r == HTTP_COMPLETE && !ret->has_length && ret->head_length <= sizeof memo->text) {
        ret->memo = memo;
        remember(memo, data, ret);
    }
    return r;
}

/* ---- helpers of the handlers --------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int http_decode(struct span text, char *ret, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.length ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.length ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -EINVAL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || used == size)
            return -EINVAL;
        ret[used++] = c;
    }
    return (int)used;
}

int http_etag_matches(struct span list, struct span tag)
{
    if (span_is(list, "*"))
        return 1;
    while (list.length) {
        struct span one = str_trim(cut(&list, ','));
        if (one.length > 2 && one.data[0] == 'W' && one.data[1] == '/') {
            one.data += 2;
            one.length -= 2;
        }
        if (span_equal(one, tag))
            return 1;
    }
    return 0;
}
