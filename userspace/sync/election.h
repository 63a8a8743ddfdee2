/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who holds a Lease, decided by our own clock alone: nobody's time is compared with ours, only for
 * how long we saw no change. Knows of no API server; what time it is, is an argument.
 */
#ifndef VSECM_SYNC_ELECTION_H
#define VSECM_SYNC_ELECTION_H

#include <stdint.h>

#include "base/span.h"
#include "limits.h"

#define ELECTION_HOLDER 320u /* bytes of a name and its suffix, with the NUL */

struct election {
    char us[ELECTION_HOLDER];
    char version[LIMIT_WIRE_RV + 1]; /* resource version that was seen last; "": there is none */
    uint64_t transitions;
    int is_free;          /* there is none, or it names nobody */
    int is_us;            /* the record names us */
    uint64_t changed_ms;  /* when we saw it change */
    uint64_t duration_ms; /* that its holder asked for */
    uint64_t renewed_ms;  /* when we began to write it last, with success; 0: we hold nothing */
};

/* A record was read: its resource version, holder, how often that changed, its duration. */
void election_see(struct election *election, struct span version, struct span holder,
                  uint64_t transitions, uint64_t duration_ms, uint64_t now_ms);

/* There is no record. */
void election_see_none(struct election *election);

/* We wrote it; that was begun at BEGUN_MS, and VERSION came back. */
void election_won(struct election *election, struct span version, uint64_t begun_ms,
                  uint64_t now_ms);

/* Non-zero when it may be written by us now: ours, free, or not renewed for its whole duration. */
int election_may_write(const struct election *election, uint64_t now_ms);

/* Non-zero while we may act as its holder. */
int election_leads(const struct election *election, uint64_t now_ms);

#define ELECTION_DURATION_MS 15000u /* that others wait for us */
#define ELECTION_LEAD_MS 10000u     /* after the last renewal, we act for no longer than this */
#define ELECTION_RENEW_MS 5000u

#endif
