/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list that is followed: all objects of one kind, first as a list, in pages, then by a watch that
 * goes on where the list ended; and the list again when the server has forgotten where that was
 * (410). One object is in memory at a time, whatever the server sends. A list that fails is gone on
 * with where it failed; then an object may be told twice.
 */
#ifndef VSECM_SYNC_REFLECTOR_H
#define VSECM_SYNC_REFLECTOR_H

#include <stddef.h>
#include <stdint.h>

struct api;
struct cJSON;
struct loop;
struct reflector;

/* Of each object its metadata alone. */
#define REFLECTOR_METADATA "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

struct reflector_options {
    struct loop *loop;
    struct api *api;
    const char *path;   /* "/api/v1/pods" */
    const char *query;  /* "fieldSelector=spec.nodeName%3Dn1", or "" */
    const char *accept; /* NULL: whole objects; or REFLECTOR_METADATA */
    /*
     * Bytes of one object. A larger one is passed over and counted, and so is one that nests too
     * deep; in a watch it makes the list be asked for again, for what was known of it is old.
     */
    size_t max_object;
    /* A list begins to come in: what is not an object of it until synced() is gone. */
    void (*reset)(void *context);
    /* An object is there, or changed. It lives until this returns. */
    void (*object)(void *context, const struct cJSON *object);
    /* It was deleted; its last state. */
    void (*gone)(void *context, const struct cJSON *object);
    void (*synced)(void *context);
    /* The API server answers (IS_UP, WHY is ""), or does not, and WHY. Only changes are told. */
    void (*state)(void *context, int is_up, const char *why);
    void *context;
};

struct reflector_stats {
    uint64_t lists, watches, events, errors, oversized;
    uint64_t last_ms; /* when something of the list last came, by clock_mono_ms(); 0: never */
};

/*
 * NULL: out of memory. The first list begins in the loop's next turn. The texts of OPTIONS are
 * copied. The reflector may be freed by any of its callbacks (its api may not).
 */
struct reflector *reflector_new(const struct reflector_options *options);

/* Ask again at once instead of at the end of a back-off: something says the server is back. */
void reflector_hurry(struct reflector *reflector);

void reflector_read_stats(const struct reflector *reflector, struct reflector_stats *ret);

/* Before its api is. NULL is fine. */
void reflector_free(struct reflector *reflector);

#endif
