/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kubelet and Prometheus ask, over HTTP/1.1: /livez, /readyz, /metrics. One request a
 * connection, few connections, little time; nobody is authenticated, and nothing secret is told.
 */
#ifndef VSECM_SYNC_FRONT_H
#define VSECM_SYNC_FRONT_H

struct error;
struct front;
struct loop;
struct relay;

/*
 * Listen on ADDRESS, "10.0.0.1:9464", "[::1]:9464", or ":9464" for all addresses. RELAY is what is
 * told of, and outlives it. 0 with *ret the caller's, or -errno with *error.
 */
int front_new(struct loop *loop, const char *address, const struct relay *relay, struct front **ret,
              struct error *error);

/* NULL is fine. */
void front_free(struct front *front);

#endif
