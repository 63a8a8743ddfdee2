/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests of probes and scrapes: GET, a path, no body. Everything else is refused. */
#ifndef VSECM_SYNC_PROBE_H
#define VSECM_SYNC_PROBE_H

#include "base/span.h"

#define PROBE_MORE 0     /* the head is not complete yet */
#define PROBE_COMPLETE 1 /* *path is what is asked for, without a query; it lies in BYTES */

/*
 * Read the head of an HTTP/1.1 request at the start of BYTES. The above, or the negated status of
 * the refusal: -400, -405, -413 (it has a body), -505.
 */
int probe_read(struct span bytes, struct span *path);

#endif
