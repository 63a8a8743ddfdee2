/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON bodies of /sentinel/v1/secrets: which keys, and for a put which value. */
#ifndef VSECM_SERVE_PUT_REQUEST_H
#define VSECM_SERVE_PUT_REQUEST_H

#include <stddef.h>

#include "base/span.h"
#include "limits.h"

struct arena;
struct cJSON;
struct error;

struct put_request {
    struct cJSON *json; /* in the arena; what the spans below point into */
    char *decoded;      /* in the arena: the value, where it came in base64 */
    struct span value;
    size_t key_count;
    struct span keys[LIMIT_TARGETS]; /* namespace/workload, each once, names checked */
    char key_text[LIMIT_TARGETS][LIMIT_KEY + 1];
};

/*
 * Read BODY: {"workloads":[…],"namespaces":[…],"value":…,"encoding":"base64"?}. Each workload is
 * meant in each namespace ("default" when none is named). WANTS_VALUE: a put, else a delete.
 * On 0 *ret must be given to put_request_done(). Otherwise nothing must be done, and it returns
 * -EINVAL (400), -EFBIG (413), -ENOTSUP (501) with *error for the caller, or -ENOSPC (507).
 */
int put_request_read(struct span body, int wants_value, struct arena *arena,
                     struct put_request *ret, struct error *error);

/* Wipe and release. */
void put_request_done(struct arena *arena, struct put_request *request);

#endif
