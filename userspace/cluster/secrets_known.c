/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of an object before it is written: by what is here, or by looking at it. */
#include <errno.h>

#include "base/str.h"
#include "cluster/secrets_job.h"
#include "store/record.h"
#include "store/store.h"

static void raise_to(struct job *job, uint64_t version)
{
    if (version > job->known.version && version < (uint64_t)LIMIT_JSON_NUMBER / 2)
        job->known.version = version;
}

/*
 * What nobody can open gives way to a new version, which is above whatever was ever claimed of it.
 */
static void raise_claims(struct job *job)
{
    const struct catalog_item *item = catalog_find(job->secrets->catalog, secrets_job_key(job));
    if (item)
        raise_to(job, item->version);
}

/* What it holds is opened for its number and its beginning, and wiped. */
static void read_object(struct job *job, const struct wire_message *secret)
{
    struct secrets *secrets = job->secrets;
    struct record record;
    str_copy(job->known.resource_version, sizeof job->known.resource_version,
             secret->field[SECRET_RESOURCE_VERSION]);
    raise_to(job, secrets_state_number(secret->field[WHOLE_STATUS_VERSION]));
    if (job->is_delete)
        return;
    if (secrets_state_open(secrets, secret->field[WHOLE_SEALED], &record) < 0) {
        raise_claims(job);
        return;
    }
    if (span_equal(record.key, secrets_job_key(job)) && record.version >= job->known.version) {
        job->known.version = record.version;
        job->known.created_us = record.created_us;
    }
    record_done(secrets->options.arena, &record);
}

/* What is known of it here: no new version may be below. */
void secrets_known_local(struct job *job)
{
    const struct store_version *local =
        store_find(job->secrets->options.store, secrets_job_key(job));
    job->known = (struct job_known){.version = 0};
    if (!local)
        return;
    job->known.version = local->number;
    job->known.created_us = local->created_us;
}

static void on_look(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    struct job *job = who;
    (void)secrets;
    if (!job)
        return;
    int r = 0;
    job->known = (struct job_known){.version = 0};
    if (answer->kind == WIRE_SECRET) {
        secrets_known_local(job);
        read_object(job, answer);
    } else if (!span_is(answer->field[RESULT_CODE], "missing") || job->is_delete) {
        r = secrets_job_fail_result(job, answer);
    }
    job->step = job->send;
    secrets_job_advance(job, r);
}

int secrets_known_look(struct job *job)
{
    struct wire_message get = {.kind = WIRE_GET};
    secrets_state_name(&get, secrets_job_key(job));
    return secrets_job_asked(job, secrets_state_ask(job->secrets, &get, on_look, job));
}

/* Somebody else was faster, or a status was told meanwhile: look, and do it again. */
int secrets_known_look_again(struct job *job)
{
    if (++job->tries >= LIMIT_CLUSTER_TRIES)
        return secrets_job_fail(job, -EBUSY, "others change it all the time");
    job->was_sent = 0;
    job->step = secrets_known_look;
    return 0;
}
