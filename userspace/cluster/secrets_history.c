/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The versions that an object has: listed by what stands beside them in clear, and an older one
 * opened and stored again. The node need not have the secret otherwise; it keeps nothing of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cluster/link.h"
#include "cluster/root.h"
#include "cluster/secrets_job.h"
#include "store/record.h"
#include "store/store.h"

#define ROWS (LIMIT_VERSIONS_MAX + 1)

/* ---- asking ---------------------------------------------------------------------------------- */

static int ask(struct job *job, secrets_state_answer *answer)
{
    struct wire_message history = {.kind = WIRE_HISTORY};
    const struct secrets *secrets = job->secrets;
    if (!link_is_up(secrets->options.link))
        return secrets_job_fail_unreachable(job, link_why(secrets->options.link));
    secrets_state_name(&history, secrets_job_key(job));
    return secrets_job_asked(job, secrets_state_ask(job->secrets, &history, answer, job));
}

/* ---- the list -------------------------------------------------------------------------------- */

static void add_row(struct job *job, const struct wire_message *version)
{
    struct store_row *row = &job->rows[job->row_count];
    uint64_t number = secrets_state_number(version->field[VERSION_NUMBER]);
    if (!number || job->row_count == ROWS)
        return;
    *row = (struct store_row){.key = {(const char *)(job->rows + ROWS), job->key_length},
                              .number = number,
                              .validity = VALIDITY_ALWAYS};
    if (clock_parse(version->field[VERSION_UPDATED], &row->updated_us) < 0)
        row->updated_us = 0;
    job->row_count++;
}

/* What only the newest one claims. */
static void complete(struct job *job)
{
    const struct catalog_item *item = catalog_find(job->secrets->catalog, secrets_job_key(job));
    if (!item || !job->row_count)
        return;
    job->rows[0].created_us = item->created_us;
    job->rows[0].validity = item->validity;
}

static void on_row(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    struct job *job = who;
    (void)secrets;
    if (!job)
        return;
    if (answer->kind == WIRE_VERSION) {
        add_row(job, answer);
        return;
    }
    int r = 0;
    if (!span_is(answer->field[RESULT_CODE], "ok"))
        r = secrets_job_fail_result(job, answer);
    else if (!job->row_count)
        r = secrets_job_fail(job, -ENOENT, "no version of it can be told");
    complete(job);
    secrets_job_next_key(job);
    secrets_job_advance(job, r);
}

static int ask_rows(struct job *job)
{
    job->row_count = 0;
    return ask(job, on_row);
}

/* What a job has found, to whoever asks for it while its end is told. */
static int take_found(struct secrets *secrets, uint64_t ticket, struct store_row **rows,
                      size_t *count)
{
    if (!ticket || secrets->found.ticket != ticket || !secrets->found.rows)
        return 0;
    *rows = secrets->found.rows;
    *count = secrets->found.count;
    secrets->found.rows = NULL;
    return 1;
}

int secrets_history(void *self, struct span key, struct store_row **rows, size_t *count,
                    uint64_t *ticket)
{
    struct secrets *secrets = self;
    if (take_found(secrets, *ticket, rows, count))
        return 0;
    if (!link_is_up(secrets->options.link) && store_find(secrets->options.store, key))
        return store_history(secrets->options.store, key, rows, count);
    if (secrets->job_count >= LIMIT_CLUSTER_CHANGES)
        return -EAGAIN;
    struct job *job = secrets_job_new(secrets, &key, 1);
    if (!job)
        return -ENOMEM;
    job->is_reading = 1;
    job->begin = ask_rows;
    job->rows = calloc(1, ROWS * sizeof *job->rows + key.length);
    job->key_length = key.length;
    if (!job->rows) {
        secrets_job_free(job);
        return -ENOMEM;
    }
    memcpy(job->rows + ROWS, key.data, key.length);
    return secrets_job_begin(job, clock_wall_us(), ticket);
}

/* ---- an older one, again --------------------------------------------------------------------- */

static int open_version(struct job *job, const struct wire_message *version)
{
    struct secrets *secrets = job->secrets;
    struct record record;
    int r = secrets_state_open(secrets, version->field[VERSION_SEALED], &record);
    if (r < 0)
        return r == -EAGAIN ? secrets_job_fail(job, -ENOKEY, root_why(secrets->options.root))
                            : secrets_job_fail(job, -EBADMSG, "the version does not open");
    if (!span_equal(record.key, secrets_job_key(job)) || record.version != job->wanted)
        r = secrets_job_fail(job, -EBADMSG, "what stands there is another version or another's");
    else if (!job->renews && record.validity.expires_us <= job->now_us)
        r = -ETIME;
    if (r == 0) {
        const struct change_put put = {.value = record.value,
                                       .template = record.template,
                                       .format = record.format,
                                       .adopts = record.adopts,
                                       .validity =
                                           job->renews ? job->put.validity : record.validity,
                                       .if_version = job->put.if_version};
        r = secrets_put_copy(job, &put);
    }
    record_done(secrets->options.arena, &record);
    return r;
}

/* The version that is wanted is opened when it comes, and the rest is passed over. */
static void on_version(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    struct job *job = who;
    (void)secrets;
    if (!job)
        return;
    if (answer->kind == WIRE_VERSION) {
        if (secrets_state_number(answer->field[VERSION_NUMBER]) == job->wanted && !job->block &&
            job->found == 0)
            job->found = open_version(job, answer);
        return;
    }
    int r = job->found;
    if (!span_is(answer->field[RESULT_CODE], "ok"))
        r = secrets_job_fail_result(job, answer);
    else if (r == 0 && !job->block)
        r = -ENOENT;
    job->step = job->begin = secrets_put_begin;
    secrets_job_advance(job, r);
}

static int ask_version(struct job *job)
{
    job->found = 0;
    return ask(job, on_version);
}

int secrets_history_roll_back(void *self, struct span key, uint64_t version,
                              const struct change_put *put, int renews, int64_t now_us,
                              uint64_t *ticket, struct change_conflict *conflict)
{
    struct secrets *secrets = self;
    (void)conflict; /* it is said by why() */
    if (secrets->job_count >= LIMIT_CLUSTER_CHANGES)
        return -EAGAIN;
    struct job *job = secrets_job_new(secrets, &key, 1);
    if (!job)
        return -ENOMEM;
    job->begin = ask_version;
    job->send = secrets_put_send;
    job->wanted = version;
    job->renews = renews;
    job->put.validity = put->validity;
    job->put.if_version = put->if_version;
    return secrets_job_begin(job, now_us, ticket);
}
