/* SPDX-License-Identifier: BSD-2-Clause */
/* A request head, whole and cut: spans stay inside it, and where it ends does not depend on what
 * follows. */
#include "limits.h"
#include "serve/http.h"
#include "tests/fuzz/fuzz.h"

static void must_be_inside(struct span part, const char *data, size_t length)
{
    MUST(part.length == 0 || (part.data >= data && part.data + part.length <= data + length));
}

static void check_complete(const char *data, const struct http_request *request)
{
    struct http_request again;
    const char *why = NULL;
    size_t head = request->head_length;
    MUST(head >= 16 && head <= LIMIT_HEADER && memcmp(data + head - 4, "\r\n\r\n", 4) == 0);
    MUST(request->method.length && request->path.length && request->path.data[0] == '/');
    must_be_inside(request->method, data, head);
    must_be_inside(request->path, data, head);
    must_be_inside(request->query, data, head);
    must_be_inside(request->if_none_match, data, head);
    MUST(http_read(data, head, &again, &why) == HTTP_COMPLETE && again.head_length == head);
    MUST(http_read(data, head - 1, &again, &why) == HTTP_MORE);
    char decoded[LIMIT_TARGET];
    int n = http_decode(request->path, decoded, sizeof decoded);
    MUST(n <= (int)request->path.length && (n < 0 || !memchr(decoded, '\0', (size_t)n)));
    MUST(http_etag_matches(request->if_none_match, SPAN_LITERAL("\"1\"")) ||
         !span_is(request->if_none_match, "*"));
}

static int is_same(const char *data, struct span a, const struct http_memo *memo, struct span b)
{
    return span_equal(a, b) && (!a.length || a.data - data == b.data - memo->text);
}

/* Asked once more, out of what is remembered: the same, and nothing of the buffer it came in. */
static void check_again(const char *data, size_t size, const struct http_request *first)
{
    struct http_memo memo = {0};
    struct http_request again;
    const char *why = NULL;
    MUST(http_read_again(data, size, &memo, &again, &why) == HTTP_COMPLETE);
    if (!memo.length)
        return;
    MUST(!first->has_length && memo.length == first->head_length);
    MUST(http_read_again(data, size, &memo, &again, &why) == HTTP_COMPLETE);
    MUST(is_same(data, first->method, &memo, again.method));
    MUST(is_same(data, first->path, &memo, again.path));
    MUST(is_same(data, first->query, &memo, again.query));
    MUST(is_same(data, first->if_none_match, &memo, again.if_none_match));
    MUST(is_same(data, first->last_event_id, &memo, again.last_event_id));
    MUST(again.head_length == first->head_length && again.closes == first->closes &&
         again.expects_continue == first->expects_continue && !again.content_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request;
    const char *why = NULL;
    int r = http_read((const char *)data, size, &request, &why);
    MUST(r == HTTP_MORE || r == HTTP_COMPLETE || r == -400 || r == -411 || r == -431);
    MUST((r < 0) == (why != NULL));
    if (r == HTTP_COMPLETE) {
        check_complete((const char *)data, &request);
        check_again((const char *)data, size, &request);
    }
    return 0;
}
