/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an administrator stores: sealed and written to the object first, one after the other, and
 * kept here afterwards. Each object is written against the resource version that was looked at, so
 * nothing that somebody else did meanwhile is overwritten unseen.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "cluster/root.h"
#include "cluster/root_confirm.h"
#include "cluster/sealed_record.h"
#include "cluster/secrets_job.h"
#include "cluster/secrets_message.h"
#include "crypto/secret.h"
#include "store/record.h"
#include "store/store.h"

/* ---- what is known before ----------------------------------------------------------------------
 */

/* Claims may be wrong, or missing: what is opened here, or nobody asks about, needs no look. */
static int is_known(const struct job *job, const struct catalog_item *item)
{
    if (item->is_current && !item->refusal &&
        store_find(job->secrets->options.store, catalog_key(item)))
        return 1;
    return item->version && item->version < (uint64_t)LIMIT_JSON_NUMBER / 2 && item->created_us &&
           job->put.if_version == CHANGE_ANY_VERSION;
}

int secrets_put_begin(struct job *job)
{
    const struct secrets *secrets = job->secrets;
    const struct catalog_item *item = catalog_find(secrets->catalog, secrets_job_key(job));
    if (!link_is_up(secrets->options.link))
        return secrets_job_fail_unreachable(job, link_why(secrets->options.link));
    secrets_known_local(job);
    job->step = secrets_put_send;
    if (!item) { /* it is created, or somebody has done so, which is a conflict */
        job->known.version = secrets->is_synced ? 0 : job->known.version;
        return 0;
    }
    if (!is_known(job, item)) {
        job->step = secrets_known_look;
        return 0;
    }
    if (item->version > job->known.version) {
        job->known.version = item->version;
        job->known.created_us = item->created_us;
    }
    str_copy(job->known.resource_version, sizeof job->known.resource_version,
             span_of(item->resource_version));
    return 0;
}

/* The version that this job makes. */
static struct record record_of(const struct job *job)
{
    const struct job_known *known = &job->known;
    return (struct record){.op = RECORD_PUT,
                           .version = known->version + 1,
                           .created_us = known->created_us ? known->created_us : job->now_us,
                           .updated_us = job->now_us,
                           .validity = job->put.validity,
                           .key = secrets_job_key(job),
                           .value = job->put.value,
                           .template = job->put.template,
                           .format = job->put.format,
                           .adopts = job->put.adopts};
}

/* ---- here, afterwards ------------------------------------------------------------------------ */

/*
 * In the cluster it is made whatever happens here: what cannot be stored is fetched, as on all
 * other nodes.
 */
static int keep_put(struct job *job)
{
    struct secrets *secrets = job->secrets;
    const struct record record = record_of(job);
    struct catalog_item *item = catalog_find(secrets->catalog, record.key);
    const struct store_version *local = store_find(secrets->options.store, record.key);
    int r = 0;
    secrets_job_next_key(job);
    if (!item || item->version != record.version ||
        (!local && !secrets_state_need(secrets, record.key)) ||
        (local && local->number >= record.version))
        return 0;
    r = secrets_fetch_store(secrets, item, &record, &job->store_ticket);
    if (r == 0 || r == -EINPROGRESS) {
        item->is_current = 1;
        item->refusal = item->reported = NULL;
        secrets_fetch_unwant(secrets, item);
        secrets_tell_later(secrets, item);
        return r;
    }
    job->store_ticket = 0;
    secrets_fetch_want(secrets, item, LIMIT_FETCH_MIN_MS);
    return 0;
}

/* ---- writing the object ---------------------------------------------------------------------- */

static void note_put(struct job *job, struct span resource_version)
{
    struct secrets *secrets = job->secrets;
    const struct record record = record_of(job);
    struct catalog_item *item;
    if (catalog_make(secrets->catalog, record.key, &item) < 0)
        return; /* it is seen later, or is one too many */
    item->version = record.version;
    item->created_us = record.created_us;
    item->updated_us = record.updated_us;
    item->validity = record.validity;
    item->is_current = 0;
    str_copy(item->resource_version, sizeof item->resource_version, resource_version);
}

static void on_put(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    struct job *job = who;
    (void)secrets;
    if (!job)
        return;
    int r = 0;
    struct span code = answer->field[RESULT_CODE];
    if (span_is(code, "ok")) {
        note_put(job, answer->field[RESULT_RESOURCE_VERSION]);
        job->step = keep_put;
    } else if (span_is(code, "conflict") || span_is(code, "missing")) {
        r = secrets_known_look_again(job);
    } else {
        r = secrets_job_fail_result(job, answer);
    }
    secrets_job_advance(job, r);
}

static int send_sealed(struct job *job, const struct record *record, struct span sealed)
{
    struct secrets *secrets = job->secrets;
    struct secrets_message put;
    secrets_message_put(&put, record, span_of(job->known.resource_version),
                        secrets->options.versions - 1, sealed);
    int r = secrets_state_ask(secrets, &put.message, on_put, job);
    job->was_sent = r == 0;
    return secrets_job_asked(job, r);
}

static int fail_size(struct job *job, size_t length)
{
    char text[128];
    snprintf(text, sizeof text, "sealed it has %zu bytes, and an object takes %u at most", length,
             LIMIT_WIRE_SEALED);
    return secrets_job_fail(job, -EFBIG, text);
}

int secrets_put_send(struct job *job)
{
    struct secrets *secrets = job->secrets;
    const struct age_recipient *to = root_seals_to(secrets->options.root);
    char *sealed = NULL;
    size_t length = 0;
    if (job->put.if_version != CHANGE_ANY_VERSION && job->put.if_version != job->known.version)
        return secrets_job_fail_conflict(job);
    if (!to)
        return secrets_job_fail(job, -ENOKEY, root_why(secrets->options.root));
    if (!root_confirm_is_recent(secrets->options.root)) {
        job->step = secrets_confirm;
        return 0;
    }
    const struct record record = record_of(job);
    int r = sealed_record_write(secrets->options.arena, &record, to, &sealed, &length);
    if (r < 0)
        return secrets_job_fail(job, r, "there is no memory left");
    if (length > LIMIT_WIRE_SEALED)
        r = fail_size(job, length);
    else
        r = send_sealed(job, &record, (struct span){sealed, length});
    free(sealed);
    return r;
}

/* ---- beginning ---------------------------------------------------------------------------------
 */

static struct span copy(struct span text, char **at)
{
    struct span ret = {*at, text.length};
    if (text.length)
        memcpy(*at, text.data, text.length);
    *at += text.length;
    return ret;
}

/* The request is gone before the answer comes. */
int secrets_put_copy(struct job *job, const struct change_put *put)
{
    size_t length = put->value.length + put->template.length + put->format.length;
    job->block = secret_new(job->secrets->options.arena, length);
    if (!job->block)
        return -ENOSPC;
    char *at = job->block->data;
    job->put = *put;
    job->put.value = copy(put->value, &at);
    job->put.template = copy(put->template, &at);
    job->put.format = copy(put->format, &at);
    return 0;
}

int secrets_put(void *self, const struct span *keys, size_t count, const struct change_put *put,
                int64_t now_us, uint64_t *ticket, struct change_conflict *conflict)
{
    struct secrets *secrets = self;
    (void)conflict; /* it is said by why(), which serves late answers too */
    if (secrets->job_count >= LIMIT_CLUSTER_CHANGES)
        return -EAGAIN;
    struct job *job = secrets_job_new(secrets, keys, count);
    if (!job)
        return -ENOMEM;
    job->begin = secrets_put_begin;
    job->send = secrets_put_send;
    int r = secrets_put_copy(job, put);
    if (r < 0) {
        secrets_job_free(job);
        return r;
    }
    return secrets_job_begin(job, now_us, ticket);
}
