/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/key.h"

#include "base/name.h"
#include "base/writer.h"
#include "limits.h"

#define KEPT "k8s."
#define ASKED "k8s:"
#define MARK (sizeof KEPT - 1)

static int begins(struct span text, const char mark[MARK + 1])
{
    return text.length >= MARK && memcmp(text.data, mark, MARK) == 0;
}

static struct span behind_mark(struct span name)
{
    return (struct span){name.data + MARK, name.length - MARK};
}

struct key_parts key_split(struct span key)
{
    if (!key.length)
        return (struct key_parts){key, key};
    const char *slash = memchr(key.data, '/', key.length);
    size_t split = slash ? (size_t)(slash - key.data) : key.length;
    size_t rest = slash ? split + 1 : split;
    return (struct key_parts){{key.data, split}, {key.data + rest, key.length - rest}};
}

static int is_name(struct span name, const char mark[MARK + 1])
{
    if (!begins(name, mark))
        return name_is_label(name);
    return name.length <= LIMIT_DNS_SUBDOMAIN && name_is_subdomain(behind_mark(name));
}

int key_is_name(struct span name)
{
    return is_name(name, KEPT);
}

int key_is_asked(struct span name)
{
    return is_name(name, ASKED) || is_name(name, KEPT);
}

int key_asks_export(struct span name)
{
    return begins(name, ASKED) || begins(name, KEPT);
}

int key_is_good(struct span text)
{
    struct key_parts parts = key_split(text);
    return name_is_label(parts.namespace) && key_is_name(parts.workload);
}

int key_is_export(struct span key)
{
    return begins(key_split(key).workload, KEPT);
}

struct span key_export_name(struct span key)
{
    return behind_mark(key_split(key).workload);
}

void key_unify(char *text)
{
    char *slash = strchr(text, '/');
    if (slash && strncmp(slash + 1, ASKED, MARK) == 0)
        memcpy(slash + 1, KEPT, MARK);
}

void key_write_name(struct writer *w, struct span name)
{
    int is_export = begins(name, KEPT);
    writer_text(w, is_export ? ASKED : "");
    writer_span(w, is_export ? behind_mark(name) : name);
}
