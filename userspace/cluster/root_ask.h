/* SPDX-License-Identifier: BSD-2-Clause */
/* This node's own VSecMNode: it says who the node is, and asks to be let in while it is not. */
#ifndef VSECM_CLUSTER_ROOT_ASK_H
#define VSECM_CLUSTER_ROOT_ASK_H

struct root;
struct wire_message;

/* What is known of it; WIRE_NODE_GONE with GONE. */
void root_ask_object(struct root *root, const struct wire_message *message);
void root_ask_gone(struct root *root);

/* Ask to be let in, unless that was done and is still good. */
void root_ask_admission(struct root *root);

/* Let it say who the node is, and ask for nothing. */
void root_ask_nothing(struct root *root);

#endif
