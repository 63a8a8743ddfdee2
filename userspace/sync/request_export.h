/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to write Kubernetes Secrets. Those that are there are never read, only their metadata.
 */
#ifndef VSECM_SYNC_REQUEST_EXPORT_H
#define VSECM_SYNC_REQUEST_EXPORT_H

#include "sync/requests_state.h"

struct cJSON;

requests_begin request_export_write;
requests_begin request_export_delete;

/* Non-zero when OBJECT, the metadata of a Secret, says that it is ours: by its label, and by an
 * annotation that names this very object. */
int request_export_is_ours(const struct cJSON *object);

#endif
