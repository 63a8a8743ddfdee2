/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/sealed_value.h"

#include <errno.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_header.h"
#include "crypto/age_payload.h"
#include "crypto/arena.h"
#include "crypto/random.h"
#include "limits.h"
#include "protocol.h"
#include "serve/put_request.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/backup.h"
#include "store/keyring.h"
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

static int open_value(struct service *service, struct put_request *request, char **plain,
                      size_t *length, struct error *error)
{
    char *decoded = NULL;
    struct span sealed = request->value;
    int r = 0;
    if (!begins_with(sealed, SPAN_LITERAL(VERSION_LINE)) &&
        !begins_with(sealed, SPAN_LITERAL(ARMOUR)))
        r = decode(request->value, &decoded, &sealed, error);
    if (r == 0)
        r = keyring_open(service->keyring, sealed, plain, length, error);
    free(decoded);
    return r;
}

/*
 * What the daemon itself sealed for the same key is no value: else whoever may store but not read
 * could have a backup opened into a secret of its own. Both always begin so, and nobody without the
 * key can change that.
 */
static int is_ours(struct span plain)
{
    return begins_with(plain, SPAN_LITERAL(RECORD_BEGINNING)) ||
           begins_with(plain, SPAN_LITERAL(BACKUP_BEGINNING));
}

int sealed_value_take(struct service *service, struct put_request *request, struct error *error)
{
    char *plain = NULL;
    size_t length = 0;
    if (request->key_count == 0)
        return 0;
    int r = open_value(service, request, &plain, &length, error);
    if (r == 0 && is_ours((struct span){plain, length}))
        r = error_set(error, -EINVAL,
                      "this is a backup or a record of the log, not a sealed value (see vsecm "
                      "restore)");
    if (r == 0 && length == 0)
        r = error_set(error, -EINVAL, "the sealed value is empty; delete the secret instead");
    if (r == 0 && length > LIMIT_VALUE)
        r = error_set(error, -EFBIG, "the sealed value has %zu bytes; at most %u are taken", length,
                      LIMIT_VALUE);
    if (r < 0) {
        arena_free(service->arena, plain);
        put_request_done(service->arena, request);
        return r == -ENOSPC || r == -EFBIG ? r : -EINVAL;
    }
    arena_free(service->arena, request->decoded);
    request->decoded = plain;
    request->value = (struct span){plain, length};
    return 0;
}

/* ---- sealing ------------------------------------------------------------------------------- */

/* The age file of VALUE on the heap; NULL: no memory. */
static char *seal(struct service *service, struct span value, size_t *size)
{
    const struct age_recipient *to = keyring_recipient(service->keyring);
    unsigned char *file_key = arena_alloc(service->arena, AGE_FILE_KEY);
    char *file = malloc(LIMIT_PREFACE + age_payload_sealed(value.length));
    size_t head = 0;
    if (file_key && file) {
        random_bytes(file_key, AGE_FILE_KEY);
        if (age_header_write(to, 1, file_key, file, LIMIT_PREFACE, &head) == 0)
            age_payload_seal(file_key, value.data, value.length, (unsigned char *)file + head);
    }
    arena_free(service->arena, file_key);
    if (head == 0) {
        free(file);
        return NULL;
    }
    *size = head + age_payload_sealed(value.length);
    return file;
}

void sealed_value_reply(struct service *service, const struct put_request *request,
                        struct call *call, struct reply *reply)
{
    size_t size = 0;
    char *file = seal(service, request->value, &size);
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
