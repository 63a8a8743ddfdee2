/* SPDX-License-Identifier: BSD-2-Clause */
/* VSecMNodes as a node sees them that is in: who asks, what their tokens prove, who waits and why.
 */
#ifndef VSECM_CLUSTER_ROOT_ADMIT_H
#define VSECM_CLUSTER_ROOT_ADMIT_H

#include <stdint.h>

#include "base/span.h"
#include "cluster/admission.h"
#include "crypto/age_key.h"
#include "limits.h"

struct error;
struct root;
struct wire_message;
struct wrap;
struct wrap_nodes;

/* A VSecMNode. */
struct applicant {
    struct applicant *next;
    int is_listed; /* named since the list began */
    char name[LIMIT_DNS_SUBDOMAIN + 1];
    char version[LIMIT_WIRE_RV + 1];
    int has_recipient;
    struct age_recipient recipient;
    int has_asked;
    char *request; /* on the heap; NULL: none, or it has been looked at */
    size_t length;
    /* What the request said. */
    int is_opened, is_readable;
    char said_node[LIMIT_DNS_SUBDOMAIN + 1];
    struct age_recipient said_recipient;
    /* What the API server said of its token. */
    int is_reviewed, is_valid;
    char user[LIMIT_WIRE_TEXT + 1], node[LIMIT_DNS_SUBDOMAIN + 1];
    const char *noted; /* the reason that is in the audit trail */
    uint64_t due_ms;   /* not to be looked at before */
};

void root_admit_object(struct root *root, const struct wire_message *message);
void root_admit_gone(struct root *root, struct span name);
void root_admit_reset(struct root *root);
void root_admit_synced(struct root *root);

/* NULL when there is none. */
struct applicant *root_admit_find(const struct root *root, struct span name);

/* What is to be done about APPLICANT with KEY in force, which may be on its way. */
struct admission_verdict root_admit_judge(const struct root *root, const struct wrap *key,
                                          const struct applicant *applicant);

/*
 * What is approved must be what a person has looked at: who tells us of nodes could change it in
 * between. 0 when RECIPIENT is APPLICANT's or "", -EINVAL or -ESTALE with *error when it is not.
 */
int root_admit_compare(const struct applicant *applicant, const char *recipient,
                       struct error *error);

/* Have the next token looked at, and note who was refused. Non-zero when somebody can be let in. */
int root_admit_look(struct root *root);

/* Let everybody into NEXT who may be; ADMITTED are those. */
void root_admit_add(struct root *root, struct wrap *next, struct wrap_nodes *admitted);

void root_admit_done(struct root *root);

#endif
