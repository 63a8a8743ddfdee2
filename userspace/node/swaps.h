/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this node swaps to, and whether what is there can be read afterwards. */
#ifndef VSECM_NODE_SWAPS_H
#define VSECM_NODE_SWAPS_H

#include "node/node.h"

/* NODE_PRESENT when there is no swap but in memory and on dm-crypt. SEEN names what decided. */
enum node_state swaps_look(const struct node *node, char seen[NODE_SEEN]);

#endif
