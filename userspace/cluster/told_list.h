/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list that vsecm-sync tells, and tells again whenever it begins anew: what is not named in one
 * that was complete is gone, and until then nothing is.
 */
#ifndef VSECM_CLUSTER_TOLD_LIST_H
#define VSECM_CLUSTER_TOLD_LIST_H

#include <stddef.h>

#include "base/span.h"

struct table;
struct told;

struct told_list {
    struct table *all; /* of struct told, by name */
    int is_listing;    /* between its begin and its end */
    int is_partial;    /* it began, and was not complete since */
    int was_complete;  /* once */
};

/* An empty list of at most MAX. 0 or -ENOMEM. */
int told_list_init(struct told_list *list, size_t max);

/* It begins, or begins again. */
void told_list_reset(struct told_list *list);

/*
 * FRESH, the list's from now on, takes the place of the one that has its name, whose identity it
 * keeps until it has one of its own. 1; 0: that one said the same; or -errno, and that one stays.
 */
int told_list_keep(struct told_list *list, struct told *fresh);

void told_list_remove(struct told_list *list, struct span name);

/* It is complete. 1; 0 when it had not begun; or -ENOMEM, and it is not. */
int told_list_end(struct told_list *list);

/* Whoever told it is gone: what of a list came, is part of one. */
void told_list_lose(struct told_list *list);

/* All of them, by name, for as long as none is added or removed; to be freed. NULL: out of memory.
 */
struct told **told_list_sorted(const struct told_list *list);

/* What was never set up is fine. */
void told_list_done(struct told_list *list);

#endif
