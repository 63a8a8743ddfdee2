/* SPDX-License-Identifier: BSD-2-Clause */
/* A new state of an object, as it is sent to be written. */
#ifndef VSECM_CLUSTER_SECRETS_MESSAGE_H
#define VSECM_CLUSTER_SECRETS_MESSAGE_H

#include "base/clock.h"
#include "wire/wire.h"

struct record;

/* The message, and the texts that its fields point to. */
struct secrets_message {
    struct wire_message message;
    char keep[24], version[24];
    char created[CLOCK_RFC3339], updated[CLOCK_RFC3339];
    char not_before[CLOCK_RFC3339], expires[CLOCK_RFC3339];
};

/*
 * A WIRE_PUT of RECORD, which is SEALED, against RESOURCE_VERSION ("": to be created), with KEEP
 * older versions left. It points into the record's key and the other arguments.
 */
void secrets_message_put(struct secrets_message *ret, const struct record *record,
                         struct span resource_version, unsigned keep, struct span sealed);

#endif
