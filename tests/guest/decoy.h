/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What controls attack where there are no guards: objects pinned where the guards' are, and the
 * files of the daemon's directories, put back after an attack that took them.
 */
#ifndef VSECM_GUEST_DECOY_H
#define VSECM_GUEST_DECOY_H

#include <stdbool.h>

/* A map, a program and a link, pinned below WORLD_PINS: those that are not there. */
bool decoy_pin(void);

/* Remove them. */
void decoy_unpin(void);

/* A socket and a lock file in their places, with nobody behind them; what is not theirs goes. */
bool decoy_restore(void);

/* Only the last: what attacks have left in the daemon's directories, as far as no guard forbids. */
void decoy_sweep(void);

#endif
