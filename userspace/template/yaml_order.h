/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which yaml.v3 writes the keys of a map: letters last, and digits by the number that
 * they write, so that a2 comes before a10.
 */
#ifndef VSECM_TEMPLATE_YAML_ORDER_H
#define VSECM_TEMPLATE_YAML_ORDER_H

#include "base/span.h"

/* Below 0, 0 or above, as A comes before B, is B, or comes behind it. */
int yaml_order(struct span a, struct span b);

#endif
