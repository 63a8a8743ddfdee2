/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may do what. One pure function; `allow` is set in one place in it. */
#ifndef VSECM_SERVE_ACCESS_H
#define VSECM_SERVE_ACCESS_H

struct place;
struct subject;

enum access {
    ACCESS_NOBODY,   /* what a forgotten field of a request table is */
    ACCESS_ANYONE,   /* tells the caller about itself only */
    ACCESS_WORKLOAD, /* the caller's own secret, the only one there is to ask for */
    ACCESS_ADMIN,    /* the Sentinel, or the host's root at the private socket */
};

enum verdict {
    VERDICT_DENY,
    VERDICT_WAIT, /* a pod that is not known yet: ask again, for a bounded time */
    VERDICT_ALLOW,
};

struct decision {
    enum verdict verdict;
    const char *reason;  /* one word for audit and metrics: "ok", "unattested", … */
    const char *message; /* for the caller; static text without a secret */
};

/* Who may read values that are not their own (option reveal). */
enum access_reveal {
    ACCESS_REVEAL_NO,
    ACCESS_REVEAL_HOST, /* the host's root at the private socket */
    ACCESS_REVEAL_ALL,  /* whoever administers */
};

/* Non-zero when SUBJECT, which may administer, may also be shown values. */
int access_may_reveal(enum access_reveal reveal, const struct subject *subject);

/* The one that is named so; ACCESS_REVEAL_NO for any other name. */
enum access_reveal access_reveal_named(const char *name);

/* As the option has it: "no", "host" or "all". */
const char *access_reveal_name(enum access_reveal reveal);

/*
 * Decide on a request that needs ACCESS by SUBJECT. WORKING is zero while the canary says that
 * attestation does not work: then nobody gets anything but ACCESS_ANYONE.
 */
struct decision access_decide(enum access access, const struct subject *subject, int working);

/*
 * Decide whether SUBJECT, which came to DOOR_SYNC, is our vsecm-sync: of uid UID, and in the pod
 * that OWN, the daemon's place, is in; or in none, when the daemon is in none. WORKING: as above.
 */
struct decision access_decide_sync(const struct subject *subject, const struct place *own,
                                   unsigned uid, int working);

#endif
