/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/budget.h"

#include <errno.h>

#include "base/clock.h"
#include "limits.h"

#define OBSERVE 256u /* steps between two looks at the clock */

struct budget budget_new(void)
{
    return (struct budget){.left = LIMIT_TEMPLATE_STEPS,
                           .deadline = clock_mono_ns() + LIMIT_TEMPLATE_NS};
}

int budget_spend(struct budget *budget, size_t steps)
{
    if (steps > budget->left)
        return -ETIME;
    budget->left -= steps;
    budget->unobserved += steps;
    if (budget->unobserved < OBSERVE)
        return 0;
    budget->unobserved = 0;
    return clock_mono_ns() > budget->deadline ? -ETIME : 0;
}
