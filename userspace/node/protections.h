/* SPDX-License-Identifier: BSD-2-Clause */
/* What a daemon runs without, and what it protects against where it is there. */
#ifndef VSECM_NODE_PROTECTIONS_H
#define VSECM_NODE_PROTECTIONS_H

#include <stddef.h>

struct node_row;

/* The rows, *COUNT of them. */
const struct node_row *protections_rows(size_t *count);

#endif
