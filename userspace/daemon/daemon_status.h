/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's own part of GET /v1/admin/status: attestation, connections, protections. */
#ifndef VSECM_DAEMON_DAEMON_STATUS_H
#define VSECM_DAEMON_DAEMON_STATUS_H

#include <stdint.h>

struct attest;
struct cluster;
struct registry;
struct sender;
struct server;
struct vault;
struct writer;

struct daemon_status {
    struct attest *attest;
    const struct sender *sender; /* whether senders are checked */
    struct server *server;
    const struct registry *const *registry; /* whichever is in force */
    const struct cluster *cluster;          /* NULL: none */
    const struct vault *vault;
    uint64_t started_ms;
    uint64_t canary_ms; /* of the last canary, whatever it found */
};

/* The daemon is started, its first canary was just seen. */
void daemon_status_begin(struct daemon_status *status);

/* A canary was tried. */
void daemon_status_canary(struct daemon_status *status);

/* Members of a JSON object, each with a comma before it. CONTEXT is the struct daemon_status. */
void daemon_status_write(struct writer *w, void *context);

#endif
