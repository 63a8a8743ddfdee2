/* SPDX-License-Identifier: BSD-2-Clause */
/* What an administrator deletes: the object first, and what is here of it afterwards. */
#include <errno.h>

#include "base/str.h"
#include "cluster/link.h"
#include "cluster/secrets_job.h"

static int keep_delete(struct job *job)
{
    struct secrets *secrets = job->secrets;
    struct span key = secrets_job_key(job);
    struct catalog_item *item = catalog_find(secrets->catalog, key);
    if (item)
        secrets_state_remove(secrets, item);
    secrets_job_next_key(job);
    int r = change_delete(secrets->options.store, &key, 1, job->now_us, &job->store_ticket);
    if (r == -EINPROGRESS)
        return r;
    job->store_ticket = 0;
    if (r == -EAGAIN)
        secrets_state_forget_local(secrets, key);
    return 0; /* what is left else the next sweep finds */
}

static void on_delete(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    struct job *job = who;
    (void)secrets;
    if (!job)
        return;
    int r = 0;
    struct span code = answer->field[RESULT_CODE];
    job->step = keep_delete;
    if (span_is(code, "conflict"))
        r = secrets_known_look_again(job);
    else if (!span_is(code, "ok"))
        r = secrets_job_fail_result(job, answer);
    secrets_job_advance(job, r);
}

static int send_delete(struct job *job)
{
    struct wire_message message = {.kind = WIRE_DELETE};
    secrets_state_name(&message, secrets_job_key(job));
    message.field[SECRET_RESOURCE_VERSION] = span_of(job->known.resource_version);
    int r = secrets_state_ask(job->secrets, &message, on_delete, job);
    job->was_sent = r == 0;
    return secrets_job_asked(job, r);
}

static int begin_key(struct job *job)
{
    const struct secrets *secrets = job->secrets;
    const struct catalog_item *item = catalog_find(secrets->catalog, secrets_job_key(job));
    if (!link_is_up(secrets->options.link))
        return secrets_job_fail_unreachable(job, link_why(secrets->options.link));
    if (!item)
        return secrets_job_fail(job, -ENOENT, "there is no such secret");
    job->known = (struct job_known){.version = item->version};
    str_copy(job->known.resource_version, sizeof job->known.resource_version,
             span_of(item->resource_version));
    job->step = send_delete;
    return 0;
}

/* Nothing is deleted when one of the names is wrong. */
static int find_missing(struct job *job)
{
    for (job->at = 0; job->at < job->count; job->at++)
        if (!catalog_find(job->secrets->catalog, secrets_job_key(job)))
            return 1;
    job->at = 0;
    return 0;
}

int secrets_delete(void *self, const struct span *keys, size_t count, int64_t now_us,
                   uint64_t *ticket)
{
    struct secrets *secrets = self;
    if (secrets->job_count >= LIMIT_CLUSTER_CHANGES)
        return -EAGAIN;
    struct job *job = secrets_job_new(secrets, keys, count);
    if (!job)
        return -ENOMEM;
    job->is_delete = 1;
    job->begin = begin_key;
    job->send = send_delete;
    if (secrets->is_synced && find_missing(job)) {
        secrets->why.text[0] = '\0';
        secrets_job_free(job);
        return -ENOENT;
    }
    return secrets_job_begin(job, now_us, ticket);
}
