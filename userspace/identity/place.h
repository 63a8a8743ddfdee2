/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where on the node a caller runs, read from the names of its cgroup chain.
 *
 * The chain is matched from the root down and anchored there: a configured kubelet root, then at
 * most one QoS level, then the pod, then the container. The shallowest match decides; names below
 * it were chosen by whoever owns that cgroup and mean nothing. A pod's name anywhere else is never
 * that pod.
 */
#ifndef VSECM_IDENTITY_PLACE_H
#define VSECM_IDENTITY_PLACE_H

#include <stddef.h>

#include "base/span.h"
#include "limits.h"

struct vsecm_chain;

enum place_kind {
    PLACE_REFUSED,   /* the chain cannot be trusted; place.why says what is wrong */
    PLACE_HOST,      /* of the node itself, and no systemd service */
    PLACE_UNIT,      /* in a systemd service of the node */
    PLACE_CONTAINER, /* in something that looks like a container or a pod, but is no pod of ours */
    PLACE_POD,       /* in a container of a pod */
};

#define PLACE_POD_UID 37      /* 8-4-4-4-12 hex digits, or 32 for a static pod, and a NUL */
#define PLACE_CONTAINER_ID 65 /* 64 hex digits and a NUL */
#define PLACE_UNIT_NAME 128   /* as long as a cgroup's name may be here */
#define PLACE_PATH 512        /* of the chain, cut between two names when it is longer */

struct place {
    enum place_kind kind;
    char pod_uid[PLACE_POD_UID];
    char container[PLACE_CONTAINER_ID];
    char unit[PLACE_UNIT_NAME];
    char path[PLACE_PATH]; /* "/a/b/c"; its names are chosen by anybody: escape them in output */
    /*
     * How many names of the chain lead to the cgroup that stands for all of it: the pod's, the
     * service's, the first that looks like a container's; else the whole chain. 0 is the root.
     */
    unsigned level;
    unsigned root_level; /* the same to the kubelet's root that it is below; 0: it is below none */
    int contained;       /* some name of the chain looks like a container's, at any level */
    const char *why;     /* static text, for PLACE_REFUSED; else NULL */
};

/* The roots under which kubelets of this node put their pods. */
struct place_roots {
    size_t count;
    char root[LIMIT_KUBELET_ROOTS][256]; /* "/kubepods.slice": absolute, no slash at the end */
};

/* Read a list of roots split by blanks. 0, or -EINVAL when one is no clean absolute path. */
int place_parse_roots(struct span text, struct place_roots *ret);

/* Where CHAIN is. A pure function; never fails, for "nowhere good" is PLACE_REFUSED. */
void place_read(const struct vsecm_chain *chain, const struct place_roots *roots,
                struct place *ret);

/* Non-zero when TEXT is a pod's uid as the API has it (dashes, or 32 digits); then it is in RET. */
int place_parse_uid(struct span text, char ret[PLACE_POD_UID]);

/* The kind as people and the API name it: "pod", "unit", "host", "container", "refused". */
const char *place_kind_name(enum place_kind kind);

#endif
