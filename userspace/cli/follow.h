/* SPDX-License-Identifier: BSD-2-Clause */
/* The caller's secret, followed beside other things that happen; each state of it comes once. */
#ifndef VSECM_CLI_FOLLOW_H
#define VSECM_CLI_FOLLOW_H

#include "cli/verb.h"
#include "vsecm/vsecm.h"

#include <stdint.h>

struct arguments;

struct follow {
    vsecm_watch *watch;
    const char *socket;
    char id[sizeof((vsecm_event *)0)->id]; /* of the last event; "": there was none */
    int64_t again_at;                      /* until then the daemon is left alone */
    vsecm_result result;                   /* why there was no event */
    char why[sizeof((vsecm_identity *)0)->reason];
};

/* Follow at --socket, else where libvsecm looks. VERB_OK, or another one that has been said. */
enum verb_exit follow_open(const struct arguments *arguments, struct follow *ret);

/*
 * Wait for something to happen at SIGNAL_FD or at the daemon, TIMEOUT_MS at most; negative: as long
 * as it takes. Returns as well when follow_next() has to be called to keep the connection alive.
 */
void follow_wait(const struct follow *follow, int signal_fd, int64_t timeout_ms);

/*
 * The next event, without waiting for it. True with *ret to be cleared; false when nothing is new,
 * or nothing can be known now, which is tried again.
 */
bool follow_next(struct follow *follow, vsecm_event *ret);

/*
 * Say that WHAT did not happen, why, and as whom the daemon was asked. Returns the exit status that
 * fits.
 */
enum verb_exit follow_explain(const struct follow *follow, const char *what);

void follow_close(struct follow *follow);

#endif
