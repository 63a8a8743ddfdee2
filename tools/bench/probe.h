/* SPDX-License-Identifier: BSD-2-Clause */
/* The untimed pass: a secret is stored and comes back, and what exactly came back. */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/http.h"

#include <stddef.h>

#define PROBE_VALUE_MAX 4096u

/* In memory of job_alloc(), since a process in the pod fills it. */
struct probe {
    char path[108];                  /* the daemon's socket */
    char value[PROBE_VALUE_MAX + 1]; /* what the reply must hold */
    struct http_reply reply;         /* the whole reply as the daemon sends it */
};

/* VALUE_BYTES of plain text and a NUL behind them into RET; another text for another SEED. */
void probe_make_value(char *ret, size_t value_bytes, unsigned seed);

/*
 * Store a value of VALUE_BYTES for the pod's workload, fetch it from within POD and check it.
 * -EBADMSG when something else came back; -errno. ERROR filled.
 */
int probe_prepare(struct probe *probe, const struct daemon *daemon, size_t value_bytes,
                  const struct pod *pod, struct error *error);

/*
 * Send REQUEST of LENGTH bytes, which must succeed, to the administrators' socket; its reply is in
 * PROBE. -errno with ERROR filled.
 */
int probe_admin(struct probe *probe, const struct daemon *daemon, const char *request,
                size_t length, struct error *error);

/* The latter part of probe_prepare() alone: fetch and check what PROBE->value says. */
int probe_verify(struct probe *probe, const struct daemon *daemon, const struct pod *pod,
                 struct error *error);

#endif
