/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/wire.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "limits.h"

/* ---- the table ---------------------------------------------------------------------------------
 */

enum { FLAG = 1, NUMBER = 20, TIME = 40, WORD = 64 };

#define NAMES LIMIT_DNS_LABEL, LIMIT_DNS_SUBDOMAIN
#define OBJECT NAMES, LIMIT_WIRE_UID, LIMIT_WIRE_RV
#define CLAIMS NUMBER, TIME, TIME, TIME, TIME

struct row {
    const char *name;
    enum wire_side side;
    size_t fields;
    size_t most[WIRE_FIELDS]; /* bytes of each */
};

#define ROW(kind, name, side, ...) \
    [kind] = {name, side, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}}
#define EMPTY_ROW(kind, name, side) [kind] = {name, side, 0, {0}}

static const struct row rows[WIRE_KINDS] = {
    ROW(WIRE_HELLO, "hello", WIRE_SYNC, WORD, LIMIT_DNS_SUBDOMAIN, WORD),
    ROW(WIRE_RESET, "reset", WIRE_SYNC, WORD),
    ROW(WIRE_SYNCED, "synced", WIRE_SYNC, WORD),
    ROW(WIRE_POD, "pod", WIRE_SYNC, LIMIT_WIRE_UID, LIMIT_DNS_LABEL, LIMIT_DNS_SUBDOMAIN,
        LIMIT_DNS_SUBDOMAIN, LIMIT_WIRE_LABELS, LIMIT_WIRE_LIST, WORD),
    ROW(WIRE_POD_GONE, "pod-gone", WIRE_SYNC, LIMIT_WIRE_UID),
    ROW(WIRE_BINDING, "binding", WIRE_SYNC, LIMIT_DNS_SUBDOMAIN, LIMIT_DNS_LABEL, LIMIT_DNS_LABEL,
        LIMIT_DNS_SUBDOMAIN, LIMIT_WIRE_LABELS),
    ROW(WIRE_BINDING_GONE, "binding-gone", WIRE_SYNC, LIMIT_DNS_SUBDOMAIN),
    ROW(WIRE_SEEN, "seen", WIRE_SYNC, OBJECT, CLAIMS, NUMBER),
    ROW(WIRE_GONE, "gone", WIRE_SYNC, NAMES, LIMIT_WIRE_UID),
    ROW(WIRE_NODE, "node", WIRE_SYNC, LIMIT_DNS_SUBDOMAIN, LIMIT_WIRE_RV, WORD, LIMIT_WIRE_REQUEST,
        FLAG),
    ROW(WIRE_NODE_GONE, "node-gone", WIRE_SYNC, LIMIT_DNS_SUBDOMAIN),
    ROW(WIRE_KEY, "key", WIRE_SYNC, LIMIT_WIRE_RV, WORD, LIMIT_WIRE_SEALED, LIMIT_WIRE_LIST,
        LIMIT_WIRE_UID),
    EMPTY_ROW(WIRE_KEY_GONE, "key-gone", WIRE_SYNC),
    ROW(WIRE_API, "api", WIRE_SYNC, FLAG, LIMIT_WIRE_TEXT),
    ROW(WIRE_LEADER, "leader", WIRE_SYNC, FLAG),
    ROW(WIRE_DRIFT, "drift", WIRE_SYNC, NAMES),
    ROW(WIRE_SECRET, "secret", WIRE_SYNC, OBJECT, NUMBER, LIMIT_WIRE_SEALED, FLAG, NUMBER,
        LIMIT_WIRE_TEXT),
    ROW(WIRE_VERSION, "version", WIRE_SYNC, NUMBER, TIME, LIMIT_WIRE_SEALED),
    ROW(WIRE_TOKEN, "token", WIRE_SYNC, LIMIT_WIRE_TOKEN),
    ROW(WIRE_REVIEW, "review", WIRE_SYNC, FLAG, LIMIT_WIRE_TEXT, LIMIT_DNS_SUBDOMAIN,
        LIMIT_WIRE_UID),
    ROW(WIRE_RESULT, "result", WIRE_SYNC, WORD, LIMIT_WIRE_RV, LIMIT_WIRE_TEXT),

    ROW(WIRE_WELCOME, "welcome", WIRE_CORE, WORD),
    ROW(WIRE_GET, "get", WIRE_CORE, NAMES),
    ROW(WIRE_PUT, "put", WIRE_CORE, NAMES, NUMBER, LIMIT_WIRE_RV, CLAIMS, LIMIT_WIRE_SEALED),
    ROW(WIRE_DELETE, "delete", WIRE_CORE, OBJECT),
    ROW(WIRE_STATUS, "status", WIRE_CORE, NAMES, NUMBER, TIME, LIMIT_WIRE_LIST, LIMIT_WIRE_TEXT,
        NUMBER),
    ROW(WIRE_HISTORY, "history", WIRE_CORE, NAMES),
    ROW(WIRE_EVENT, "event", WIRE_CORE, NAMES, LIMIT_WIRE_UID, WORD, WORD, LIMIT_WIRE_TEXT),
    ROW(WIRE_NODE_PUT, "node-put", WIRE_CORE, LIMIT_DNS_SUBDOMAIN, LIMIT_WIRE_RV, WORD,
        LIMIT_WIRE_REQUEST, FLAG),
    ROW(WIRE_NODE_DELETE, "node-delete", WIRE_CORE, LIMIT_DNS_SUBDOMAIN),
    ROW(WIRE_KEY_PUT, "key-put", WIRE_CORE, LIMIT_WIRE_RV, WORD, LIMIT_WIRE_SEALED,
        LIMIT_WIRE_LIST),
    EMPTY_ROW(WIRE_KEY_GET, "key-get", WIRE_CORE),
    EMPTY_ROW(WIRE_TOKEN_GET, "token-get", WIRE_CORE),
    ROW(WIRE_TOKEN_REVIEW, "token-review", WIRE_CORE, LIMIT_WIRE_TOKEN, WORD),
    ROW(WIRE_EXPORT, "export", WIRE_CORE, NAMES, FLAG, LIMIT_WIRE_EXPORT),
    ROW(WIRE_EXPORT_DELETE, "export-delete", WIRE_CORE, NAMES),
    ROW(WIRE_HEALTH, "health", WIRE_CORE, FLAG, LIMIT_WIRE_TEXT, LIMIT_WIRE_LIST),
};

const char *wire_name(enum wire_kind kind)
{
    return kind > WIRE_NONE && kind < WIRE_KINDS ? rows[kind].name : "none";
}

int wire_says(enum wire_side side, enum wire_kind kind)
{
    return kind > WIRE_NONE && kind < WIRE_KINDS && rows[kind].side == side;
}

size_t wire_fields(enum wire_kind kind)
{
    return kind > WIRE_NONE && kind < WIRE_KINDS ? rows[kind].fields : 0;
}

/* ---- bytes -------------------------------------------------------------------------------------
 */

/* Both ends run on one machine: numbers are in its own order. */
struct head {
    uint32_t size; /* of the message, this included */
    uint16_t kind;
    uint16_t fields;
    uint64_t number;
};

size_t wire_size(const struct wire_message *message)
{
    size_t size = sizeof(struct head);
    for (size_t i = 0; i < wire_fields(message->kind); i++)
        size += sizeof(uint32_t) + message->field[i].length;
    return size;
}

int wire_fits(const struct wire_message *message, size_t *which)
{
    for (size_t i = 0; i < wire_fields(message->kind); i++) {
        if (message->field[i].length <= rows[message->kind].most[i])
            continue;
        if (which)
            *which = i;
        return 0;
    }
    return 1;
}

void wire_write(struct writer *w, const struct wire_message *message)
{
    const struct head head = {.size = (uint32_t)wire_size(message),
                              .kind = (uint16_t)message->kind,
                              .fields = (uint16_t)wire_fields(message->kind),
                              .number = message->number};
    writer_bytes(w, &head, sizeof head);
    for (size_t i = 0; i < head.fields; i++) {
        uint32_t length = (uint32_t)message->field[i].length;
        writer_bytes(w, &length, sizeof length);
        writer_span(w, message->field[i]);
    }
}

static int read_fields(struct span rest, const struct row *row, struct wire_message *ret,
                       struct error *error)
{
    for (size_t i = 0; i < row->fields; i++) {
        uint32_t length;
        if (rest.length < sizeof length)
            return error_set(error, -EPROTO, "%s ends within its fields", row->name);
        memcpy(&length, rest.data, sizeof length);
        rest.data += sizeof length;
        rest.length -= sizeof length;
        if (length > row->most[i] || length > rest.length)
            return error_set(error, -EPROTO, "field %zu of %s has %u bytes: too many", i, row->name,
                             length);
        ret->field[i] = (struct span){rest.data, length};
        rest.data += length;
        rest.length -= length;
    }
    return rest.length ? error_set(error, -EPROTO, "%s goes on behind its fields", row->name) : 0;
}

int wire_read(struct span bytes, enum wire_side from, struct wire_message *ret, size_t *size,
              struct error *error)
{
    struct head head;
    *size = sizeof head;
    if (bytes.length < sizeof head)
        return -EAGAIN;
    memcpy(&head, bytes.data, sizeof head);
    if (!wire_says(from, head.kind))
        return error_set(error, -EPROTO, "kind %u is none that is said from there", head.kind);
    const struct row *row = &rows[head.kind];
    if (head.fields != row->fields || head.size < sizeof head || head.size > LIMIT_WIRE_MESSAGE)
        return error_set(error, -EPROTO, "%s has %u fields in %u bytes", row->name, head.fields,
                         head.size);
    *size = head.size;
    if (bytes.length < head.size)
        return -EAGAIN;
    *ret = (struct wire_message){.kind = head.kind, .number = head.number};
    return read_fields((struct span){bytes.data + sizeof head, head.size - sizeof head}, row, ret,
                       error);
}
