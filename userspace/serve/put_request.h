/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The JSON bodies of what changes secrets: which keys, which value, from when until when, and on
 * what condition.
 */
#ifndef VSECM_SERVE_PUT_REQUEST_H
#define VSECM_SERVE_PUT_REQUEST_H

#include <stddef.h>

#include <stdint.h>

#include "base/span.h"
#include "limits.h"
#include "store/validity.h"

struct arena;
struct cJSON;
struct error;

/* What a body is read for: the members it may and must have. */
enum put_request_kind {
    PUT_REQUEST_PUT,      /* stores a value */
    PUT_REQUEST_DELETE,   /* names keys, and no more */
    PUT_REQUEST_ROLLBACK, /* names one key and a version */
};

struct put_request {
    struct cJSON *json; /* in the arena; what the spans below point into */
    char *decoded;      /* in the arena: the value, where it came in base64 or sealed */
    struct span value;
    struct span template; /* empty: none */
    struct span format;   /* empty: none */
    int is_sealed;        /* "encrypt": the value is an age file; without keys: is to become one */
    int adopts;           /* "adopt": of Kubernetes Secrets */
    int has_validity;     /* a notBefore or expires was given */
    struct validity validity;
    uint64_t if_version; /* CHANGE_ANY_VERSION when none was given */
    uint64_t version;    /* PUT_REQUEST_ROLLBACK */
    int is_transformed;  /* of a query: the value as its workload gets it */
    size_t key_count;
    struct span keys[LIMIT_TARGETS]; /* store/key.h, each once, checked */
    char key_text[LIMIT_TARGETS][LIMIT_KEY + 1];
};

/*
 * Read BODY,
 * {"workloads":[…],"namespaces":[…],"value":…,"encoding":"base64"?,"template":…?,"format":…?,"notBefore":…?,
 * "expires":…?,"ifVersion":…?,"encrypt":…?,"adopt":…?} for a put, at NOW_US, from which relative
 * times count. Each workload is meant in each namespace ("default" when none is named). A put with
 * "encrypt" may name none. On 0 *ret must be given to put_request_done(). Otherwise nothing must be
 * done, and it returns -EINVAL (400), -EFBIG (413) with *error for the caller, or -ENOSPC (507).
 */
int put_request_read(struct span body, enum put_request_kind kind, struct arena *arena,
                     int64_t now_us, struct put_request *ret, struct error *error);

/* Wipe and release. */
void put_request_done(struct arena *arena, struct put_request *request);

#endif
