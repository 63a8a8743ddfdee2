/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/backups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/age_key.h"
#include "limits.h"
#include "protocol.h"
#include "serve/access.h"
#include "serve/http.h"
#include "serve/outcome.h"
#include "serve/query.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/backup.h"
#include "store/keyring.h"

/* ---- for whom -------------------------------------------------------------------------------- */

struct recipients {
    size_t count;
    struct age_recipient list[LIMIT_BACKUP_RECIPIENTS];
};

static int read_recipients(struct span query, struct recipients *ret)
{
    struct query_field field;
    int r;
    ret->count = 0;
    while ((r = query_next(&query, &field)) > 0)
        if (strcmp(field.name, "recipient") != 0 || ret->count == LIMIT_BACKUP_RECIPIENTS ||
            age_key_read_recipient(span_of(field.value), &ret->list[ret->count++]) < 0)
            return -EINVAL;
    return r;
}

static int is_ours(const struct service *service, const struct recipients *recipients)
{
    const struct age_recipient *own = keyring_recipient(service->keyring);
    for (size_t i = 0; i < recipients->count; i++)
        if (memcmp(own, &recipients->list[i], sizeof *own) != 0)
            return 0;
    return 1;
}

/* *RET, or a refusal and -EINVAL. */
static int choose(struct service *service, struct call *call, struct recipients *ret,
                  struct reply *reply)
{
    if (read_recipients(call->request->query, ret) < 0) {
        call->reason = "bad-target";
        reply_error(reply, 400, ERROR_BAD_REQUEST,
                    "say ?recipient=age1...[&recipient=age1...], at most %u of them",
                    LIMIT_BACKUP_RECIPIENTS);
        return -EINVAL;
    }
    if (!is_ours(service, ret) && !access_may_reveal(service->reveal, call->subject)) {
        call->reason = "reveal";
        reply_error(reply, 403, ERROR_FORBIDDEN,
                    "with reveal = %s you may have backups sealed to the root key only: give no "
                    "recipient",
                    access_reveal_name(service->reveal));
        return -EINVAL;
    }
    if (ret->count == 0)
        ret->list[ret->count++] = *keyring_recipient(service->keyring);
    return 0;
}

/* ---- on its way ------------------------------------------------------------------------------ */

struct stream {
    struct reply_source source; /* first: a source leads back here */
    struct backup *backup;
};

static int on_next(struct reply_source *source, struct span *piece)
{
    return backup_next(((struct stream *)source)->backup, piece);
}

static void on_done(struct reply_source *source)
{
    struct stream *stream = (struct stream *)source;
    backup_free(stream->backup);
    free(stream);
}

void backups_get(struct service *service, struct call *call, struct reply *reply)
{
    struct recipients recipients;
    if (choose(service, call, &recipients, reply) < 0)
        return;
    struct stream *stream = malloc(sizeof *stream);
    int r = -ENOMEM;
    if (stream)
        r = backup_new(service->store, recipients.list, recipients.count, service_now_us(service),
                       &stream->backup);
    if (r < 0) {
        free(stream);
        outcome_refuse(call, r, NULL, reply);
        return;
    }
    stream->source = (struct reply_source){.next = on_next, .done = on_done};
    reply_stream(reply, REPLY_BYTES, backup_size(stream->backup), &stream->source);
}
