/* SPDX-License-Identifier: BSD-2-Clause */
/* The payload of the VSecMKey as JSON. It is secret: its text lies in the arena. */
#ifndef VSECM_CLUSTER_WRAP_JSON_H
#define VSECM_CLUSTER_WRAP_JSON_H

#include "base/span.h"

struct arena;
struct error;
struct wrap;
struct writer;

#define WRAP_JSON_BEGINNING "{\"v\":1,\"generation\":" /* of each payload */

/* It needs a byte more than it takes. */
void wrap_json_write(struct writer *w, const struct wrap *wrap);

/* 0 with *ret the caller's, -EINVAL with *error, -ENOSPC, -ENOMEM. */
int wrap_json_read(struct arena *arena, struct span payload, struct wrap **ret,
                   struct error *error);

#endif
