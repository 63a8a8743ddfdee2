/* SPDX-License-Identifier: BSD-2-Clause */
/* The request targets of a list and of its watch. */
#ifndef VSECM_SYNC_LIST_PATH_H
#define VSECM_SYNC_LIST_PATH_H

struct list_path {
    const char *path;  /* "/api/v1/pods" */
    const char *query; /* encoded already; "" */
};

/* A page of at most LIMIT objects: the first, or the one that NEXT leads to. NULL: out of memory;
 * else to be freed. */
char *list_path_page(const struct list_path *list, unsigned limit, const char *next);

/* What happened since VERSION, for SECONDS. As above. */
char *list_path_watch(const struct list_path *list, const char *version, unsigned seconds);

#endif
