/* SPDX-License-Identifier: BSD-2-Clause */
/* What to answer when a change was not made. */
#ifndef VSECM_SERVE_OUTCOME_H
#define VSECM_SERVE_OUTCOME_H

struct call;
struct change_conflict;
struct error;
struct reply;
struct service;

/* RESULT (negative) of change_put() and its like; CONFLICT is looked at for -ESTALE only. */
void outcome_refuse(struct call *call, int result, const struct change_conflict *conflict,
                    struct reply *reply);

/* The same of what the upstream said, which may have more to say. */
void outcome_refuse_change(const struct service *service, struct call *call, int result,
                           const struct change_conflict *conflict, struct reply *reply);

/* In a cluster this daemon does not do that; INSTEAD says what to do. */
void outcome_refuse_cluster(struct call *call, const char *instead, struct reply *reply);

/* RESULT (negative) of reading a body, and WHY for the caller. */
void outcome_refuse_body(struct call *call, int result, const struct error *why,
                         struct reply *reply);

#endif
