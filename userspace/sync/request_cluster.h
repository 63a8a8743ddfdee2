/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about nodes, the key of the cluster, tokens and events. */
#ifndef VSECM_SYNC_REQUEST_CLUSTER_H
#define VSECM_SYNC_REQUEST_CLUSTER_H

#include "sync/requests_state.h"

requests_begin request_cluster_event;
requests_begin request_cluster_node_put;
requests_begin request_cluster_node_delete;
requests_begin request_cluster_key_put;
requests_begin request_cluster_key_get;
requests_begin request_cluster_token;
requests_begin request_cluster_review;

#endif
