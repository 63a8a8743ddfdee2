/* SPDX-License-Identifier: BSD-2-Clause */
/* A change that an administrator makes, on its way: what secrets_*.c share; nobody else includes
 * it.
 */
#ifndef VSECM_CLUSTER_SECRETS_JOB_H
#define VSECM_CLUSTER_SECRETS_JOB_H

#include "cluster/secrets_state.h"
#include "limits.h"
#include "store/change.h"

struct job;
struct secret;

/* Does the next thing: 0, and job->step is the one behind it; -EINPROGRESS; or -errno. */
typedef int job_step(struct job *job);

/* What is known of the object of the key that is being changed. */
struct job_known {
    uint64_t version; /* 0: there is none */
    int64_t created_us;
    char resource_version[LIMIT_WIRE_RV + 1];
};

struct job {
    struct job *next;
    struct secrets *secrets;
    uint64_t ticket;
    int is_delete;
    struct secret *block; /* value, template, format, one behind the other */
    struct change_put put;
    int64_t now_us;
    char (*keys)[LIMIT_KEY + 1];
    size_t count, at;
    job_step *step;
    job_step *begin; /* the first for each key */
    job_step *send;  /* the one behind secrets_known_look() */
    unsigned tries;  /* of this key */
    unsigned waits;  /* of this key, for a root key that is newer than the one here */
    uint64_t asked_ms;
    int is_stuck; /* what it wanted could not be asked: at the next tick */
    int was_sent; /* if its answer is lost, nobody knows what became of it */
    struct job_known known;
    uint64_t store_ticket; /* of the change here; 0: none is under way */

    /* Of secrets_history.c. */
    int is_reading;         /* nothing is changed */
    struct store_row *rows; /* of the list; behind them the key */
    size_t row_count, key_length;
    uint64_t wanted; /* the version that is to be stored again */
    int renews;      /* its time is to be put.validity */
    int found;       /* what came of opening it: 0 or -errno */
};

/* The key that is being changed. */
static inline struct span secrets_job_key(const struct job *job)
{
    return span_of(job->keys[job->at]);
}

/* A job for KEYS, each of them once. NULL: out of memory. */
struct job *secrets_job_new(struct secrets *secrets, const struct span *keys, size_t count);

/* NULL is fine. */
void secrets_job_free(struct job *job);

/* Begin JOB, which is freed unless -EINPROGRESS comes back with *ticket. */
int secrets_job_begin(struct job *job, int64_t now_us, uint64_t *ticket);

/* An answer has come: R is what it said. Go on, or end. */
void secrets_job_advance(struct job *job, int r);

/* This key is done. 0. */
int secrets_job_next_key(struct job *job);

/* What secrets_state_ask() said: -EINPROGRESS when it is asked, or will be; or -errno, and why. */
int secrets_job_asked(struct job *job, int r);

/* It cannot be: CODE, and why. */
int secrets_job_fail(struct job *job, int code, const char *text);
int secrets_job_fail_unreachable(struct job *job, const char *reason);
int secrets_job_fail_conflict(struct job *job);
int secrets_job_fail_result(struct job *job, const struct wire_message *answer);

/* ---- secrets_put.c ----------------------------------------------------------------------------
 */

/* A step: begin to store job->put. */
int secrets_put_begin(struct job *job);

/* A step: write what is to be stored to its object. */
int secrets_put_send(struct job *job);

/* Take a copy of PUT, whose memory is about to go. 0 or -ENOSPC. */
int secrets_put_copy(struct job *job, const struct change_put *put);

/* ---- secrets_confirm.c ------------------------------------------------------------------------
 */

/* A step: ask whether the root key that is known here is the newest; behind it secrets_put_send().
 */
int secrets_confirm(struct job *job);

/* ---- secrets_known.c ------------------------------------------------------------------------- */

/* What is known of the key here. */
void secrets_known_local(struct job *job);

/* A step: look at the object; what is behind it is job->send. */
int secrets_known_look(struct job *job);

/* The object is another by now: look at it, unless that was done too often. 0 or -EBUSY. */
int secrets_known_look_again(struct job *job);

#endif
