/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the VSecMKey that is known here is the newest. It is followed, but a node that was cut
 * off hears of what it missed some time after it can write again: what it sealed meanwhile to a key
 * that is gone nobody could open. So before something is sealed the API server itself is asked,
 * unless it was lately.
 */
#ifndef VSECM_CLUSTER_ROOT_CONFIRM_H
#define VSECM_CLUSTER_ROOT_CONFIRM_H

#include <stdint.h>

#include "base/span.h"

struct root;

/* Non-zero when it was found to be so in the last LIMIT_CONFIRMED_MS. */
int root_confirm_is_recent(const struct root *root);

/*
 * The API server, asked at ASKED_MS of clock_mono_ms(), has the VSecMKey in RESOURCE_VERSION, ""
 * for none. 0; -EAGAIN: another is known here, and that one comes by itself.
 */
int root_confirm(struct root *root, struct span resource_version, uint64_t asked_ms);

#endif
