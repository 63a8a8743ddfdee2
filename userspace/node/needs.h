/* SPDX-License-Identifier: BSD-2-Clause */
/* What each tier of attestation needs from the node. */
#ifndef VSECM_NODE_NEEDS_H
#define VSECM_NODE_NEEDS_H

#include <stddef.h>

struct node_row;

/* The rows, *COUNT of them. Meeting all of a tier's is necessary, not sufficient: see the canary.
 */
const struct node_row *needs_rows(size_t *count);

#endif
