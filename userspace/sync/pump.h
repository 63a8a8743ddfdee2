/* SPDX-License-Identifier: BSD-2-Clause */
/* Transfers of libcurl in the loop: its sockets are sources there, its time-out is a timer. */
#ifndef VSECM_SYNC_PUMP_H
#define VSECM_SYNC_PUMP_H

#include <curl/curl.h>

struct loop;
struct pump;

/* EASY is over. Called from the loop, never from within libcurl: it may be taken out or put in. */
typedef void pump_done(void *context, CURL *easy, CURLcode result);

/* NULL: out of memory. */
struct pump *pump_new(struct loop *loop, pump_done *done, void *context);

/* Begin the transfer EASY, which stays the caller's. Not from a callback of libcurl. 0 or -EIO. */
int pump_add(struct pump *pump, CURL *easy);

/* End it, whether it is over or not. Not from a callback of libcurl. */
void pump_remove(struct pump *pump, CURL *easy);

/* All transfers must be out. NULL is fine. */
void pump_free(struct pump *pump);

#endif
