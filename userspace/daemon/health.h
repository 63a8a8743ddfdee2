/* SPDX-License-Identifier: BSD-2-Clause */
/* What probes and metrics of a node are told, by way of vsecm-sync: every few seconds. */
#ifndef VSECM_DAEMON_HEALTH_H
#define VSECM_DAEMON_HEALTH_H

struct daemon_status;
struct health;
struct link;
struct loop;
struct pods;
struct service;

/* Where it is known from; all of it outlives the result. */
struct health_options {
    struct loop *loop;
    struct link *link;
    const struct pods *pods;
    const struct service *service;
    const struct daemon_status *status;
};

/* NULL: out of memory. */
struct health *health_new(const struct health_options *options);

/* Tell it now, too. */
void health_tell(struct health *health);

/* NULL is fine. */
void health_free(struct health *health);

#endif
