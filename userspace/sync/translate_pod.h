/* SPDX-License-Identifier: BSD-2-Clause */
/* Pods and bindings of the API, as messages to the core. */
#ifndef VSECM_SYNC_TRANSLATE_POD_H
#define VSECM_SYNC_TRANSLATE_POD_H

#include "limits.h"
#include "wire/wire.h"

struct cJSON;
struct error;

/* What a message points into besides the object; the caller's. */
struct translate_pod_room {
    char labels[LIMIT_WIRE_LABELS];
    char containers[LIMIT_WIRE_LIST];
};

/*
 * OBJECT is a v1 Pod: *ret is a WIRE_POD, which lives as long as OBJECT and ROOM. 0, or -EINVAL
 * with *error: it is none, or has what is beyond a limit.
 *
 * The uid is the one that its cgroup has: of a mirror pod, that of the static pod it stands for,
 * which its annotation kubernetes.io/config.mirror names.
 */
int translate_pod(const struct cJSON *object, struct translate_pod_room *room,
                  struct wire_message *ret, struct error *error);

/* Likewise, as WIRE_POD_GONE. */
int translate_pod_gone(const struct cJSON *object, struct wire_message *ret, struct error *error);

/* OBJECT is a VSecMBinding: *ret is a WIRE_BINDING, or with IS_GONE a WIRE_BINDING_GONE. */
int translate_pod_binding(const struct cJSON *object, int is_gone, struct translate_pod_room *room,
                          struct wire_message *ret, struct error *error);

#endif
