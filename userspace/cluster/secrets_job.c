/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/secrets_job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "crypto/secret.h"

/* ---- why not --------------------------------------------------------------------------------- */

/* The keys before the one that failed were changed. */
static void add_done(struct job *job)
{
    struct error *why = &job->secrets->why;
    size_t used = strlen(why->text);
    struct writer w = writer_on(why->text + used, sizeof why->text - used - 1);
    for (size_t i = 0; i < job->at; i++) {
        writer_text(&w, i                ? ", "
                        : job->is_delete ? "; deleted before it: "
                                         : "; stored before it: ");
        writer_text(&w, job->keys[i]);
    }
    w.data[w.used] = '\0';
}

int secrets_job_fail(struct job *job, int code, const char *text)
{
    if (job->is_reading)
        error_set(&job->secrets->why, code, "%s: %s", job->keys[job->at], text);
    else
        error_set(&job->secrets->why, code, "%s: %s; %s", job->keys[job->at], text,
                  job->is_delete ? "it was not deleted" : "it was not stored");
    add_done(job);
    return code;
}

int secrets_job_fail_unreachable(struct job *job, const char *reason)
{
    struct secrets *secrets = job->secrets;
    char since[CLOCK_RFC3339];
    uint64_t gone_ms = clock_mono_ms() - link_since_ms(secrets->options.link);
    clock_format_seconds(clock_wall_us() - (int64_t)gone_ms * 1000, since);
    if (job->was_sent)
        error_set(&secrets->why, 0,
                  "the API server stopped answering (%s): it is not known whether %s was %s; to do "
                  "it once more does no harm",
                  reason, job->keys[job->at], job->is_delete ? "deleted" : "stored");
    else if (link_is_up(secrets->options.link))
        error_set(&secrets->why, 0, "the API server does not answer: %s; %s was not changed",
                  reason, job->keys[job->at]);
    else
        error_set(&secrets->why, 0, "the API server cannot be reached since %s: %s; %s", since,
                  reason, job->at ? "the rest was not changed" : "nothing was changed");
    add_done(job);
    return -EHOSTUNREACH;
}

int secrets_job_fail_conflict(struct job *job)
{
    error_set(&job->secrets->why, 0,
              job->known.version ? "%s is at version %llu; it was not stored"
                                 : "there is no secret %s yet; it was not stored",
              job->keys[job->at], (unsigned long long)job->known.version);
    add_done(job);
    return -ESTALE;
}

static const struct {
    const char *code;
    int result;
    const char *text;
} results[] = {
    {"missing", -ENOENT, "there is no such secret"},
    {"foreign", -EEXIST, "there is an object of this name that is not ours"},
    {"invalid", -EINVAL, "the API server refuses it"},
    {"forbidden", -EACCES, "the API server does not allow it"},
    {"busy", -EBUSY, "the API server is busy"},
};

int secrets_job_fail_result(struct job *job, const struct wire_message *answer)
{
    struct span code = answer->field[RESULT_CODE], message = answer->field[RESULT_MESSAGE];
    char text[LIMIT_WIRE_TEXT];
    snprintf(text, sizeof text, "%.*s", (int)message.length, message.data);
    if (span_is(code, "unreachable"))
        return secrets_job_fail_unreachable(job, text);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (span_is(code, results[i].code)) {
            snprintf(text, sizeof text, "%s%s%.*s", results[i].text, message.length ? ": " : "",
                     (int)(message.length < 512 ? message.length : 512), message.data);
            return secrets_job_fail(job, results[i].result, text);
        }
    return secrets_job_fail(job, -EIO, "vsecm-sync gave an answer that is not known");
}

/* What link_ask() said. -EINPROGRESS: it is asked, or will be. */
int secrets_job_asked(struct job *job, int r)
{
    job->is_stuck = r == -EBUSY || r == -ENOBUFS;
    if (r == 0 || job->is_stuck)
        return -EINPROGRESS;
    if (r == -ENOMEM)
        return secrets_job_fail(job, -ENOSPC, "there is no secret memory left");
    return secrets_job_fail_unreachable(job, link_why(job->secrets->options.link));
}

/* ---- going on -------------------------------------------------------------------------------- */

void secrets_job_free(struct job *job)
{
    if (!job)
        return;
    secret_unref(job->block);
    free(job->rows);
    free(job->keys);
    free(job);
}

static int go(struct job *job)
{
    int r = 0;
    while (r == 0 && job->at < job->count)
        r = job->step(job);
    return r;
}

static void unlink_job(struct job *job)
{
    struct job **at = &job->secrets->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->secrets->job_count--;
}

/* An answer has come: whoever began it is told when it has ended. */
void secrets_job_advance(struct job *job, int r)
{
    struct secrets *secrets = job->secrets;
    if (r == 0)
        r = go(job);
    if (r == -EINPROGRESS)
        return;
    uint64_t ticket = job->ticket;
    secrets->found.ticket = ticket;
    secrets->found.rows = r == 0 ? job->rows : NULL;
    secrets->found.count = job->row_count;
    if (r == 0)
        job->rows = NULL;
    unlink_job(job);
    secrets_state_forget(secrets, job);
    secrets_job_free(job);
    if (r == 0)
        secrets->why.text[0] = '\0';
    secrets->options.settled(secrets->options.settled_context, ticket, ticket, r);
    secrets->why.text[0] = '\0'; /* it was that change's */
    free(secrets->found.rows);   /* nobody took them */
    secrets->found.rows = NULL;
}

int secrets_job_next_key(struct job *job)
{
    job->at++;
    job->tries = job->waits = 0;
    job->was_sent = 0;
    job->step = job->begin;
    return 0;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static int is_named_before(const struct job *job, struct span key)
{
    for (size_t i = 0; i < job->count; i++)
        if (span_is(key, job->keys[i]))
            return 1;
    return 0;
}

struct job *secrets_job_new(struct secrets *secrets, const struct span *keys, size_t count)
{
    struct job *job = calloc(1, sizeof *job);
    if (job)
        job->keys = calloc(count, sizeof *job->keys);
    if (!job || !job->keys) {
        free(job);
        return NULL;
    }
    job->secrets = secrets;
    for (size_t i = 0; i < count; i++)
        if (!is_named_before(job, keys[i]))
            str_copy(job->keys[job->count++], sizeof *job->keys, keys[i]);
    return job;
}

int secrets_job_begin(struct job *job, int64_t now_us, uint64_t *ticket)
{
    struct secrets *secrets = job->secrets;
    job->now_us = now_us;
    job->step = job->begin;
    secrets->why.text[0] = '\0';
    int r = go(job);
    if (r != -EINPROGRESS) {
        secrets_job_free(job);
        return r;
    }
    struct job **end = &secrets->jobs;
    while (*end)
        end = &(*end)->next;
    *end = job;
    secrets->job_count++;
    job->ticket = *ticket = ++secrets->last_ticket | UPSTREAM_TICKET;
    return r;
}

/* Jobs may end, and others begin, in each turn of these: so one is looked for at a time. */
static struct job *find_settled(const struct secrets *secrets, uint64_t first, uint64_t last)
{
    struct job *job = secrets->jobs;
    while (job && (!job->store_ticket || job->store_ticket < first || job->store_ticket > last))
        job = job->next;
    return job;
}

void secrets_job_settled(struct secrets *secrets, uint64_t first, uint64_t last, int result)
{
    for (struct job *job; (job = find_settled(secrets, first, last));) {
        job->store_ticket = 0;
        if (result < 0) { /* the object is there: it is fetched */
            struct span key = span_of(job->keys[job->at - 1]);
            struct catalog_item *item = catalog_find(secrets->catalog, key);
            if (item && !job->is_delete) {
                item->is_current = 0;
                secrets_fetch_want(secrets, item, LIMIT_FETCH_MIN_MS);
            }
        }
        secrets_job_advance(job, 0);
    }
}

void secrets_job_retry(struct secrets *secrets)
{
    struct job *job = secrets->jobs;
    while (job && !job->is_stuck)
        job = job->next;
    if (!job)
        return;
    job->is_stuck = 0; /* one a tick: what did not fit then is not in a hurry */
    secrets_job_advance(job, 0);
}

void secrets_job_free_all(struct secrets *secrets)
{
    for (struct job *next; secrets->jobs; secrets->jobs = next) {
        next = secrets->jobs->next;
        secrets_job_free(secrets->jobs);
    }
}
