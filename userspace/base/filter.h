/* SPDX-License-Identifier: BSD-2-Clause */
/* A system call filter made of two tables; any call that neither has kills the process. */
#ifndef VSECM_BASE_FILTER_H
#define VSECM_BASE_FILTER_H

#include <stddef.h>
#include <stdint.h>

/* What an argument must be: one of the values, or without any bit of them. */
enum filter_test { FILTER_ONE_OF, FILTER_NO_BITS };

#define FILTER_OWN_PID UINT32_MAX /* as a value: stands for the process itself */
#define FILTER_VALUES 6u

/* A call that one argument decides on. */
struct filter_rule {
    uint32_t number;
    unsigned argument;
    enum filter_test test;
    unsigned count; /* of VALUES; 0 with FILTER_ONE_OF: always refused */
    uint32_t values[FILTER_VALUES];
    unsigned short error; /* what is refused fails with it; 0: it kills */
};

struct filter {
    const uint32_t *allowed; /* calls that may be made with any arguments */
    size_t allowed_count;
    const struct filter_rule *rules;
    size_t rule_count;
};

/*
 * Install FILTER, for good, in every thread. PR_SET_NO_NEW_PRIVS must be set. 0 or -errno: -ENOSYS
 * where the kernel lacks filters or the machine is one that tables were not made for; -E2BIG for
 * tables that are too long.
 */
int filter_install(const struct filter *filter);

#endif
