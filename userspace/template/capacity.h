/* SPDX-License-Identifier: BSD-2-Clause */
/* How much room the lists of Go's encoding/json have, which a template can see through slice. */
#ifndef VSECM_TEMPLATE_CAPACITY_H
#define VSECM_TEMPLATE_CAPACITY_H

#include <stddef.h>

/*
 * cap() of the []any that json.Unmarshal makes of COUNT items, one append after another (Go 1.26,
 * amd64). Above 567296 items, more than a value of ours can have, COUNT itself.
 */
size_t capacity_of(size_t count);

#endif
