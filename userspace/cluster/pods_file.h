/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pods of this node as a file, for the daemon's next start: the grammar of the identities file,
 * with each pod's workload as it was resolved, and a checksum at the end. A file that was torn
 * would name other workloads, so it is worth nothing.
 */
#ifndef VSECM_CLUSTER_PODS_FILE_H
#define VSECM_CLUSTER_PODS_FILE_H

#include <stdint.h>

struct error;
struct registry;
struct table;

#define PODS_FILE "pods"

/*
 * Write those of PODS (struct told) that are somebody to the file in directory DIR, which has the
 * old text or the new one at any time. Nothing is written when *crc is that of the new text; else
 * it becomes so. 0 or -errno.
 */
int pods_file_write(int dir, const struct table *pods, uint32_t *crc);

/* What was written last: 0 with *ret the caller's, -ENOENT, or -errno with *error. */
int pods_file_read(int dir, struct registry **ret, struct error *error);

#endif
