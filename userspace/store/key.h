/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key of a secret: namespace/workload, both DNS labels; or namespace/k8s.NAME, of what becomes
 * the Kubernetes Secret NAME. No workload's name has a dot, so nobody is who could read the latter.
 */
#ifndef VSECM_STORE_KEY_H
#define VSECM_STORE_KEY_H

#include "base/span.h"

struct writer;

/* The rule in words, to be put behind "must be ". */
#define KEY_RULE "NAMESPACE/WORKLOAD, both DNS labels (RFC 1123), or NAMESPACE/k8s:SECRET"

/* What is behind k8s:, likewise. The object that it is kept as has a name of 253 bytes at most. */
#define KEY_EXPORT_RULE \
    "a DNS subdomain (RFC 1123): labels of a-z, 0-9 and '-' joined by '.', at most 249 in all"

struct key_parts {
    struct span namespace, workload;
};

/* Non-zero when TEXT is a key. */
int key_is_good(struct span text);

/* Non-zero when KEY, a good one, is that of a Kubernetes Secret. */
int key_is_export(struct span key);

/* The name of that Secret; it points into KEY. */
struct span key_export_name(struct span key);

/* The two parts of a good key; they point into it. */
struct key_parts key_split(struct span key);

/* Non-zero when NAME may stand behind the slash. */
int key_is_name(struct span name);

/* Non-zero when NAME may, as people write it: k8s:NAME is meant to be k8s.NAME. */
int key_is_asked(struct span name);

/* Non-zero when NAME begins as that of a Kubernetes Secret, be it a good one or not. */
int key_asks_export(struct span name);

/* TEXT, NS/NAME as people write it, as keys have it. */
void key_unify(char *text);

/* NAME, which stands behind the slash of a key, as people write it. */
void key_write_name(struct writer *w, struct span name);

#endif
