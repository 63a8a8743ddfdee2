/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers that are lists, as tables. To standard output. */
#ifndef VSECM_CLI_LISTING_H
#define VSECM_CLI_LISTING_H

#include "cli/verb.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;
struct exchange_answer;

/* A column of a table: a member of each row. */
struct listing_column {
    const char *title;
    const char *member;
    const char *usual; /* the column is left out when all rows say this; NULL: never */
};

/* Print ROWS, an array of objects, as a table of COUNT columns. */
void listing_table(const struct cJSON *rows, const struct listing_column *columns, size_t count);

/*
 * Print member NAME of an answer's body, an array of objects, as such a table; with AS_JSON the
 * body as it came. VERB_OK, or VERB_REFUSED, said, when it has none.
 */
enum verb_exit listing_print(const struct exchange_answer *answer, const char *name,
                             const struct listing_column *columns, size_t count, bool as_json);

#endif
