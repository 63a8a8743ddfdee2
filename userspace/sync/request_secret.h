/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about VSecMSecrets. */
#ifndef VSECM_SYNC_REQUEST_SECRET_H
#define VSECM_SYNC_REQUEST_SECRET_H

#include "sync/requests_state.h"

requests_begin request_secret_get;
requests_begin request_secret_put;
requests_begin request_secret_delete;
requests_begin request_secret_status;
requests_begin request_secret_history;

#endif
