/* SPDX-License-Identifier: BSD-2-Clause */
/* A node, looked at for people: what a daemon needs and could make use of, and what it gets. */
#ifndef VSECM_CLI_SURVEY_H
#define VSECM_CLI_SURVEY_H

#include <stdbool.h>

struct cJSON;
struct node;

struct survey {
    struct cJSON *report; /* "rows", "tier", "why", "pinned", "daemon" */
    bool is_whole;        /* nothing is missing, and nothing not known */
    bool can_start;       /* at least one tier has what it needs */
};

/* Look at NODE; a daemon that runs there is asked at SOCKET. survey_done() afterwards. */
void survey_node(const struct node *node, const char *socket, struct survey *ret);

void survey_done(struct survey *survey);

#endif
