/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/sealed_value.h"

#include <errno.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/writer.h"
#include "cluster/plea.h"
#include "cluster/wrap_json.h"
#include "crypto/age_header.h"
#include "crypto/age_payload.h"
#include "crypto/age_whole.h"
#include "crypto/arena.h"
#include "crypto/random.h"
#include "limits.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/keys.h"
#include "serve/put_request.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/backup.h"
#include "store/record.h"

/* ---- opening ------------------------------------------------------------------------------- */

#define VERSION_LINE "age-encryption.org/"
#define ARMOUR "-----BEGIN AGE ENCRYPTED FILE-----"

static int begins_with(struct span text, struct span prefix)
{
    return text.length >= prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

/* The binary age file that TEXT is in base64; *ret is to be freed. It is sealed: no arena. */
static int decode(struct span text, char **ret, struct span *sealed, struct error *error)
{
    while (text.length &&
           (text.data[text.length - 1] == '\n' || text.data[text.length - 1] == '\r'))
        text.length--;
    *ret = malloc(text.length + 4);
    if (!*ret)
        return -ENOSPC;
    long length = base64_decode(text, *ret);
    *sealed = (struct span){*ret, length < 0 ? 0 : (size_t)length};
    if (length >= 0 && begins_with(*sealed, SPAN_LITERAL(VERSION_LINE)))
        return 0;
    return error_set(error, -EINVAL,
                     "with 'encrypt', 'value' must be an age file, in base64 or armoured "
                     "(vsecm encrypt makes one)");
}

static int open_with(const struct service *service, struct span sealed, char **plain,
                     size_t *length, char mark[AGE_MARK + 1], struct error *error)
{
    size_t count = 0;
    const struct age_identity *identities = service_identities(service, &count);
    if (!identities)
        return error_set(error, -EINVAL, "the root key is not known yet: nothing sealed opens");
    return age_whole_open(service->arena, sealed, identities, count, plain, length, mark, error);
}

static int open_value(struct service *service, struct put_request *request, char **plain,
                      size_t *length, char mark[AGE_MARK + 1], struct error *error)
{
    char *decoded = NULL;
    struct span sealed = request->value;
    int r = 0;
    if (!begins_with(sealed, SPAN_LITERAL(VERSION_LINE)) &&
        !begins_with(sealed, SPAN_LITERAL(ARMOUR)))
        r = decode(request->value, &decoded, &sealed, error);
    if (r == 0)
        r = open_with(service, sealed, plain, length, mark, error);
    free(decoded);
    return r;
}

/*
 * What daemons themselves seal for the same key is no value: else whoever may store but not read
 * could have a backup, or the root key itself, opened into a secret of their own. They always begin
 * so, and nobody without the key can change that.
 */
static int is_ours(struct span plain)
{
    static const struct span beginnings[] = {
        SPAN_LITERAL(RECORD_BEGINNING), SPAN_LITERAL(BACKUP_BEGINNING),
        SPAN_LITERAL(WRAP_JSON_BEGINNING), SPAN_LITERAL(PLEA_BEGINNING)};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (begins_with(plain, beginnings[i]))
            return 1;
    return 0;
}

/* What bears the mark of a key is that key's value. */
static int may_take(const struct service *service, const struct call *call,
                    const struct put_request *request, const char *mark)
{
    int is_own = request->key_count == 1 && span_is(request->keys[0], mark);
    return !mark[0] || is_own || access_may_reveal(service->reveal, call->subject);
}

int sealed_value_take(struct service *service, const struct call *call, struct error *error)
{
    struct put_request *request = service->scratch;
    char mark[AGE_MARK + 1] = "";
    char *plain = NULL;
    size_t length = 0;
    if (request->key_count == 0)
        return 0;
    int r = open_value(service, request, &plain, &length, mark, error);
    if (r == 0 && !may_take(service, call, request, mark))
        r = error_set(
            error, -EACCES,
            "this is the value of %s, and can be stored as nothing else: with reveal = %s "
            "you may not read it",
            mark, access_reveal_name(service->reveal));
    if (r == 0 && is_ours((struct span){plain, length}))
        r = error_set(
            error, -EINVAL,
            "this is a backup, a record or a key of the daemon's, not a sealed value (see "
            "vsecm restore)");
    if (r == 0 && length == 0)
        r = error_set(error, -EINVAL, "the sealed value is empty; delete the secret instead");
    if (r == 0 && length > LIMIT_VALUE)
        r = error_set(error, -EFBIG, "the sealed value has %zu bytes; at most %u are taken", length,
                      LIMIT_VALUE);
    if (r < 0) {
        arena_free(service->arena, plain);
        put_request_done(service->arena, request);
        return r == -ENOSPC || r == -EFBIG || r == -EACCES ? r : -EINVAL;
    }
    arena_free(service->arena, request->decoded);
    request->decoded = plain;
    request->value = (struct span){plain, length};
    return 0;
}

/* ---- sealing ------------------------------------------------------------------------------- */

size_t sealed_value_size(struct span key, size_t length)
{
    size_t mark = key.length ? AGE_MARK_SIZE - AGE_MARK + key.length : 0;
    return AGE_HEADER_SIZE(1) + mark + age_payload_sealed(length);
}

static int write_header(const struct age_recipient *to, struct span key,
                        const unsigned char file_key[AGE_FILE_KEY], char *ret, size_t size,
                        size_t *length)
{
    return key.length ? age_header_write_marked(to, 1, key, file_key, ret, size, length)
                      : age_header_write(to, 1, file_key, ret, size, length);
}

int sealed_value_seal(struct arena *arena, const struct age_recipient *to, struct span key,
                      struct span value, char **ret, size_t *size)
{
    size_t most = sealed_value_size(key, value.length), head = 0;
    unsigned char *file_key = arena_alloc(arena, AGE_FILE_KEY);
    if (!file_key)
        return -ENOSPC;
    char *file = malloc(most);
    int r = file ? 0 : -ENOMEM;
    if (r == 0) {
        random_bytes(file_key, AGE_FILE_KEY);
        r = write_header(to, key, file_key, file, most, &head);
    }
    if (r == 0)
        age_payload_seal(file_key, value.data, value.length, (unsigned char *)file + head);
    arena_free(arena, file_key);
    if (r < 0) {
        free(file);
        return r;
    }
    *ret = file;
    *size = head + age_payload_sealed(value.length);
    return 0;
}

void sealed_value_reply(struct service *service, const struct put_request *request,
                        struct call *call, struct reply *reply)
{
    size_t size = 0;
    char *file = NULL;
    const struct age_recipient *to = keys_need(service, call, reply);
    if (!to)
        return;
    sealed_value_seal(service->arena, to, (struct span){NULL, 0}, request->value, &file, &size);
    size_t length = (size + 2) / 3 * 4 + 1;
    char *body = file ? malloc(length) : NULL;
    if (!body) {
        call->reason = "no-memory";
        reply_error(reply, 500, ERROR_INTERNAL, "out of memory");
    } else {
        struct writer w = writer_on(body, length);
        writer_base64(&w, file, size);
        writer_literal(&w, "\n");
        reply_heap(reply, REPLY_PLAIN, body, w.used);
    }
    free(file);
}
