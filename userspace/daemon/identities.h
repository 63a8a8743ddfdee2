/* SPDX-License-Identifier: BSD-2-Clause */
/* The identity source that the configuration names, loaded: today the file and its bindings. */
#ifndef VSECM_DAEMON_IDENTITIES_H
#define VSECM_DAEMON_IDENTITIES_H

#include <stddef.h>

struct config;
struct error;
struct identities;
struct registry;

/* 0 with *ret the caller's, or -errno with *error. */
int identities_load(const struct config *config, struct identities **ret, struct error *error);

/* Lives as long as the identities. */
const struct registry *identities_registry(const struct identities *identities);

size_t identities_count(const struct identities *identities);

/* NULL is fine. */
void identities_free(struct identities *identities);

#endif
