/* SPDX-License-Identifier: BSD-2-Clause */
/* The Status object in which the API server says why it did not do something. */
#ifndef VSECM_SYNC_STATUS_H
#define VSECM_SYNC_STATUS_H

#include <stddef.h>

#include "base/span.h"

struct cJSON;

#define STATUS_REASON 64
#define STATUS_MESSAGE 400

struct status {
    int code;                     /* as of HTTP; 0: it does not say */
    char reason[STATUS_REASON];   /* one word: "Forbidden"; or "" */
    char message[STATUS_MESSAGE]; /* for people, cut, no control characters; or "" */
};

/* Anything that is no Status reads as one that says nothing. */
void status_of(const struct cJSON *object, struct status *ret);
void status_read(struct span json, struct status *ret);

/* "403: WORDS", and something to the same end where there are no words. */
void status_describe(int code, const char *words, char *ret, size_t size);

#endif
