/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of secrets.h share; nobody else includes it. */
#ifndef VSECM_CLUSTER_SECRETS_STATE_H
#define VSECM_CLUSTER_SECRETS_STATE_H

#include "base/error.h"
#include "base/loop.h"
#include "cluster/catalog.h"
#include "cluster/secrets.h"
#include "crypto/age_key.h"
#include "store/upstream.h"
#include "wire/wire.h"

struct doomed;
struct job;
struct record;
struct reseal;

/* Takes the answer to what was asked for WHO. */
typedef void secrets_state_answer(struct secrets *secrets, void *who,
                                  const struct wire_message *answer);

/* Something that was asked: it outlives whoever wanted to know. */
struct ask {
    struct ask *next;
    struct secrets *secrets; /* NULL: they are gone */
    secrets_state_answer *answer;
    void *who; /* NULL: nobody wants to know any more */
};

struct secrets {
    struct secrets_options options;
    struct upstream upstream;
    struct catalog *catalog;
    struct ask *asks;
    int is_synced;                  /* the list of secrets was complete once */
    int is_whole;                   /* the newest list is, and all that it has is known */
    int is_lacking;                 /* of that list some could not be kept */
    int has_recipient;              /* the root key is known, and it is: */
    struct age_recipient recipient; /* */
    struct loop_timer tick;
    uint64_t ticks;

    struct catalog_item *first, *last; /* that wait to be fetched */
    size_t waiting;
    unsigned fetching;
    unsigned storing;      /* items whose change is under way */
    unsigned to_tell;      /* items whose status is to be told, or was */
    struct doomed *doomed; /* what is to be deleted here when the change under way has settled */
    uint64_t ignored;      /* objects whose name is no key, or that were too many */

    int is_leader; /* this node writes what one node at a time may write */
    struct {
        struct reseal *first; /* objects on their way */
        unsigned under_way;
        uint32_t round;    /* the one under way, or over */
        int is_second;     /* of this root key */
        uint64_t since_ms; /* the key is known */
    } reseal;

    struct job *jobs; /* changes that administrators make, in their order */
    unsigned job_count;
    uint64_t last_ticket;
    struct { /* by the job whose end is being told */
        uint64_t ticket;
        struct store_row *rows; /* NULL: nothing, or it was taken */
        size_t count;
    } found;
    struct error why; /* the last change was not made; "" when there is no more to say */
};

/* Ask for WHO. 0, or as link_ask(): then there is no answer. -ENOMEM. */
int secrets_state_ask(struct secrets *secrets, struct wire_message *message,
                      secrets_state_answer *answer, void *who);

/* WHO is no more. */
void secrets_state_forget(const struct secrets *secrets, const void *who);

/* Forget ITEM: the cluster has it no more. */
void secrets_state_remove(struct secrets *secrets, struct catalog_item *item);

/*
 * Delete what is here of KEY. While a change of it is under way that is waited for: what is stored
 * then would hold off a new object of this name.
 */
void secrets_state_forget_local(struct secrets *secrets, struct span key);

/* Non-zero when KEY must be in the store of this node. */
int secrets_state_need(const struct secrets *secrets, struct span key);

/* MESSAGE is about KEY. */
void secrets_state_name(struct wire_message *message, struct span key);

/*
 * Open SEALED with whichever root key opens it. 0, and *ret is to be given to record_done();
 * -EAGAIN: no root key is known; else as sealed_record_read().
 */
int secrets_state_open(const struct secrets *secrets, struct span sealed, struct record *ret);

/* The number that TEXT is; 0: it is none, or nothing was told. */
uint64_t secrets_state_number(struct span text);

/* ---- secrets_fetch.c ------------------------------------------------------------------------ */

/* Fetch ITEM, in DELAY_MS at the earliest. */
void secrets_fetch_want(struct secrets *secrets, struct catalog_item *item, uint64_t delay_ms);

/* ITEM is not to be fetched any more. */
void secrets_fetch_unwant(struct secrets *secrets, struct catalog_item *item);

/* Ask for as much as may be under way. */
void secrets_fetch_pump(struct secrets *secrets);

/* RECORD, which was judged, is the newest version of ITEM. As change_take(). */
int secrets_fetch_store(struct secrets *secrets, struct catalog_item *item,
                        const struct record *record, uint64_t *ticket);

/* Changes of the store have settled. */
void secrets_fetch_settled(struct secrets *secrets, uint64_t first, uint64_t last, int result);

/* ---- secrets_reseal.c ------------------------------------------------------------------------ */

/* There is a new root key. */
void secrets_reseal_begin(struct secrets *secrets);

/* Go on with what is sealed to an old one, if that is for this node to do. */
void secrets_reseal_pump(struct secrets *secrets);

/* Before the asks are forgotten. */
void secrets_reseal_free(struct secrets *secrets);

/* ---- secrets_tell.c ------------------------------------------------------------------------- */

/* What is known of ITEM has changed, or who reads it: its status is told, some time later. */
void secrets_tell_later(struct secrets *secrets, struct catalog_item *item);

/* Its object was refused, for item->refusal. */
void secrets_tell_refusal(struct secrets *secrets, struct catalog_item *item);

/* What is due is told. */
void secrets_tell_due(struct secrets *secrets);

/* The hash of the status that ITEM has. */
uint64_t secrets_tell_hash(struct secrets *secrets, const struct catalog_item *item);

/* ---- secrets_put.c, secrets_delete.c, secrets_history.c: as in struct upstream ----------------
 */

int secrets_put(void *self, const struct span *keys, size_t count, const struct change_put *put,
                int64_t now_us, uint64_t *ticket, struct change_conflict *conflict);
int secrets_delete(void *self, const struct span *keys, size_t count, int64_t now_us,
                   uint64_t *ticket);
int secrets_history(void *self, struct span key, struct store_row **rows, size_t *count,
                    uint64_t *ticket);
int secrets_history_roll_back(void *self, struct span key, uint64_t version,
                              const struct change_put *put, int renews, int64_t now_us,
                              uint64_t *ticket, struct change_conflict *conflict);

/* ---- secrets_job.c --------------------------------------------------------------------------- */

/* Changes of the store have settled. */
void secrets_job_settled(struct secrets *secrets, uint64_t first, uint64_t last, int result);

/* What could not be asked for is asked for again. */
void secrets_job_retry(struct secrets *secrets);

/* Nobody is told any more what comes of them. */
void secrets_job_free_all(struct secrets *secrets);

#endif
