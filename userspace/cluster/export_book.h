/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys NAMESPACE/k8s.NAME of the cluster, and what has become of each as a Kubernetes Secret;
 * those that are to be looked at wait in a queue. No value is in it: some 150 bytes a key.
 */
#ifndef VSECM_CLUSTER_EXPORT_BOOK_H
#define VSECM_CLUSTER_EXPORT_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "limits.h"

struct export_book;
struct writer;

struct export_row {
    void *context;           /* whose book it is in */
    struct export_row *next; /* in the queue */
    const char *why;         /* it is not as it should be, in words; NULL: it is */
    uint64_t retry_ms;       /* to be looked at then, by clock_mono_ms(); 0: not by itself */
    int64_t wake_us;         /* likewise, by clock_wall_us(): its value becomes valid, or is over */
    uint64_t behind_ms;  /* since when the store was seen to have an older version; 0: it has not */
    uint64_t written_ms; /* when it was last sent */
    uint64_t written;    /* the version that was last sent; 0: none was */
    uint64_t version;    /* that its object claims; 0: not known */
    unsigned failures;   /* in a row */
    char uid[LIMIT_WIRE_UID + 1]; /* of its object; "": not known */
    uint8_t is_there;             /* there is an object of this key */
    uint8_t is_gone;              /* there was one */
    uint8_t is_listed;            /* it was in the list that is going on */
    uint8_t is_queued;
    uint8_t is_asked;   /* what was sent is not answered yet */
    uint8_t is_removal; /* and is that the Secret be deleted */
    uint8_t is_removed; /* there was none, or it was deleted */
    uint8_t is_again;   /* something changed meanwhile */
    uint16_t key_length;
    char key[];
};

static inline struct span export_book_key(const struct export_row *row)
{
    return (struct span){row->key, row->key_length};
}

/* For MAX keys, each with CONTEXT. NULL: out of memory. */
struct export_book *export_book_new(size_t max, void *context);

/* The row of KEY, made when there is none; NULL: it is no key of this kind, or there is no room. */
struct export_row *export_book_row(struct export_book *book, struct span key);

/* The same of the Secret NAME in NAMESPACE. */
struct export_row *export_book_secret(struct export_book *book, struct span namespace,
                                      struct span name);

/* Non-zero when the object NAME stands for a Kubernetes Secret. */
int export_book_is_object(struct span name);

/* The same of the object NAME in NAMESPACE. */
struct export_row *export_book_object(struct export_book *book, struct span namespace,
                                      struct span name);

/* Walk: as table_next(). */
struct export_row *export_book_next(const struct export_book *book, size_t *at);

/* Put ROW at the end of the queue, if it is not in it. */
void export_book_push(struct export_book *book, struct export_row *row);

/* The first of the queue, taken out of it; NULL: it is empty. */
struct export_row *export_book_pop(struct export_book *book);

/*
 * Forget a row of what is gone, whose retry_ms has come; one a call. It is kept until then: the
 * leader may fail before it has deleted the Secret, and its store forgets the key later.
 */
void export_book_forget(struct export_book *book, int is_leader, uint64_t now_ms);

/* ,"secrets":…,"pending":…,"failed":[{"key":…,"why":…}], of these 20 at most. */
void export_book_write(struct writer *w, const struct export_book *book);

/* NULL is fine. */
void export_book_free(struct export_book *book);

#endif
