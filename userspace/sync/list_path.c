/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/list_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

/* Percent-encoded (RFC 3986, section 2.3): these texts are the server's own, and opaque. */
static void write_encoded(struct writer *w, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char encoded[] = {'%', digits[c >> 4], digits[c & 15]};
        if (strchr(plain, *text))
            writer_bytes(w, text, 1);
        else
            writer_bytes(w, encoded, sizeof encoded);
    }
}

static void write_start(struct writer *w, const struct list_path *list)
{
    writer_text(w, list->path);
    writer_literal(w, "?");
    writer_text(w, list->query);
    if (list->query[0])
        writer_literal(w, "&");
}

static void write_page(struct writer *w, const struct list_path *list, unsigned limit,
                       const char *next)
{
    write_start(w, list);
    writer_named_u64(w, "limit=", limit);
    if (next) {
        writer_literal(w, "&continue=");
        write_encoded(w, next);
    }
    writer_bytes(w, "", 1);
}

static void write_watch(struct writer *w, const struct list_path *list, const char *version,
                        unsigned seconds)
{
    write_start(w, list);
    writer_literal(w, "watch=1&allowWatchBookmarks=true&resourceVersion=");
    write_encoded(w, version);
    writer_named_u64(w, "&timeoutSeconds=", seconds);
    writer_bytes(w, "", 1);
}

char *list_path_page(const struct list_path *list, unsigned limit, const char *next)
{
    struct writer w = writer_on(NULL, 0);
    write_page(&w, list, limit, next);
    char *text = malloc(w.needed);
    if (!text)
        return NULL;
    w = writer_on(text, w.needed);
    write_page(&w, list, limit, next);
    return text;
}

char *list_path_watch(const struct list_path *list, const char *version, unsigned seconds)
{
    struct writer w = writer_on(NULL, 0);
    write_watch(&w, list, version, seconds);
    char *text = malloc(w.needed);
    if (!text)
        return NULL;
    w = writer_on(text, w.needed);
    write_watch(&w, list, version, seconds);
    return text;
}
