/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a template may run: steps, and time. */
#ifndef VSECM_TEMPLATE_BUDGET_H
#define VSECM_TEMPLATE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

struct budget {
    size_t left;       /* steps */
    size_t unobserved; /* of these, since the clock was looked at */
    uint64_t deadline; /* clock_mono_ns() */
};

/* LIMIT_TEMPLATE_STEPS and LIMIT_TEMPLATE_NS from now. */
struct budget budget_new(void);

/* STEPS are done. 0, or -ETIME when there are no more, or no time. */
int budget_spend(struct budget *budget, size_t steps);

#endif
