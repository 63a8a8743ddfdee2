/* SPDX-License-Identifier: BSD-2-Clause */
/* All that is known of whoever is behind a connection. Plain data, filled in once, on accept. */
#ifndef VSECM_SERVE_SUBJECT_H
#define VSECM_SERVE_SUBJECT_H

#include "identity/place.h"
#include "kernel_abi.h"

struct identity;

enum door {
    DOOR_PUBLIC, /* the socket that pods mount */
    DOOR_ADMIN,  /* the private one of the host's root */
    DOOR_SYNC,   /* the one of vsecm-sync; no requests come in there */
};

struct subject {
    enum door door;
    int attested;     /* the kernel has a record of this caller; else nothing below holds */
    const char *tier; /* by which tier: "lsm" or "cgroup" */
    struct vsecm_caller caller;
    struct vsecm_domain domain; /* the cgroup that stands for its place: its pod's, its service's */
    const struct place *place;  /* never NULL; shared by all callers of a cgroup */
    struct identity *identity;  /* NULL: no workload that is known; a counted reference */
    int is_sentinel;            /* the identity is the one that may administer */
    int is_unseen; /* nobody is known there yet, for the list of pods was never complete */
};

#endif
