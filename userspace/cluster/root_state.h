/* SPDX-License-Identifier: BSD-2-Clause */
/* What the modules of the root key share. */
#ifndef VSECM_CLUSTER_ROOT_STATE_H
#define VSECM_CLUSTER_ROOT_STATE_H

#include <stdint.h>

#include "base/loop.h"
#include "base/span.h"
#include "cluster/admission.h"
#include "cluster/root.h"
#include "cluster/wrap.h"
#include "limits.h"

#define ROOT_NODE_KEY "node.key" /* the node's identity */
#define ROOT_COPY "root.age"     /* the wrapped key, as it was accepted last */
#define ROOT_TROUBLE 256

struct applicant;

/* The VSecMKey as the API server has it. */
struct root_object {
    int is_synced; /* the list was complete: that there is none means something */
    int is_there;
    int is_listed; /* named since the list began */
    char version[LIMIT_WIRE_RV + 1];
    char recipient[AGE_KEY_RECIPIENT_TEXT]; /* what stands in clear */
    char *sealed;                           /* on the heap */
    size_t length;
    int is_unjudged;     /* there was no memory to look at it */
    const char *refused; /* why it is not believed, one word; NULL: it is, or cannot be judged */
};

/* This node's VSecMNode, and what it asks for by it. */
struct root_self {
    int is_there;
    int is_listed;
    int has_request;
    int is_approved; /* what stands in clear: it is written back as it was */
    char version[LIMIT_WIRE_RV + 1];
    struct age_recipient recipient;
    int is_asking; /* a token or a write is under way */
    uint64_t asked_ms, due_ms;
    char asked_of[AGE_KEY_RECIPIENT_TEXT];
    unsigned conflicts;
};

/* What is to be changed in the VSecMKey at the next opportunity. */
struct root_wish {
    struct wrap_nodes approved; /* by a person, here */
    int rekeys;
    char leaving[LIMIT_DNS_SUBDOMAIN + 1]; /* "" for nobody */
    int settles;
};

/* A change of the VSecMKey that is on its way. */
struct root_change {
    struct wrap *next; /* NULL: none */
    char *sealed;
    size_t length;
    struct wrap_nodes admitted; /* for the audit trail */
    int creates, rekeys, settles;
    char leaving[LIMIT_DNS_SUBDOMAIN + 1];
    char base[LIMIT_WIRE_RV + 1]; /* the resource version that it is made from */
    int is_asked;                 /* its answer will come */
    int is_lost;                  /* that did not: it was done, or was not, or is to be yet */
    uint64_t due_ms;              /* not before */
    uint64_t gather_ms; /* until then those who may be let in wait for others; 0: nobody does */
    unsigned failures;  /* in a row */
};

struct root {
    struct root_options options;
    struct rootkey *own; /* the node's identity */
    struct wrap *held;   /* the key that is known; NULL: none */
    char *held_text;     /* sealed, as the API server had it; NULL: it never was there */
    size_t held_length;
    int has_copy;
    int is_out;            /* the cluster has a newer one that is not wrapped to this node */
    uint64_t confirmed_ms; /* when the VSecMKey that is known was last found to be the newest */
    struct root_object object;
    struct root_self self;
    struct root_wish wish;
    struct root_change change;
    struct applicant *applicants;
    size_t applicant_count;
    int nodes_synced;
    int is_leader;
    struct applicant *reviewed; /* whose token is being looked at; NULL: nobody's */
    int is_reviewing;
    struct loop_timer timer;
    int is_waking;
    char trouble[ROOT_TROUBLE]; /* what went wrong last, for people */
};

/* Look again what there is to do, in AFTER_MS at the latest. */
void root_wake(struct root *root, uint64_t after_ms);

/* Until the next attempt after *CONFLICTS of them, which becomes one more: longer each time, and
 * not the same for all nodes. */
uint64_t root_conflict_ms(unsigned *conflicts);

/* The WIRE_RESULT of what failed, in words. */
struct wire_message;
void root_note_trouble(struct root *root, const char *what, const struct wire_message *result);

void root_note(struct root *root, const char *what, const char *name, const char *outcome,
               const char *why);

#endif
