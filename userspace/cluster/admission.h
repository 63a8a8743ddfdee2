/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a node is let in. One pure function; `let in` is said in one place in it. */
#ifndef VSECM_CLUSTER_ADMISSION_H
#define VSECM_CLUSTER_ADMISSION_H

#include "base/span.h"

struct age_recipient;
struct plea;
struct wrap;

/* What is asked for, and must be said again when it is checked. */
#define ADMISSION_AUDIENCE "vsecm.com/admission"

enum admission {
    ADMISSION_REFUSE, /* what a forgotten answer is */
    ADMISSION_NONE,   /* it is in, or did not ask */
    ADMISSION_REVIEW, /* ask the API server whose token it is */
    ADMISSION_WAIT,   /* a person is to approve it */
    ADMISSION_LET_IN,
};

/* What the API server says of the token. */
struct admission_review {
    int is_known; /* it was asked */
    int is_valid;
    struct span user;
    struct span node; /* empty: the token names none */
};

struct admission_facts {
    struct span name;                      /* of the object */
    const struct age_recipient *recipient; /* that it names; NULL: none that is good */
    int has_asked;                         /* there is a request */
    const struct plea *plea;               /* the request; NULL: it cannot be opened */
    struct admission_review review;
    const char *user;       /* whose token it must be */
    const struct wrap *key; /* in force */
    int needs_approval;     /* in this cluster a person approves each node */
    int is_approved;        /* a person approved this name with this recipient */
};

struct admission_verdict {
    enum admission what;
    const char *reason; /* one word */
    const char *text;   /* for people */
};

struct admission_verdict admission_decide(const struct admission_facts *facts);

#endif
