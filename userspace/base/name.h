/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of namespaces, workloads, pods and service accounts: the rules of RFC 1123 as Kubernetes
 * applies them. A name that passes needs no escaping in JSON, in a path or in a log.
 */
#ifndef VSECM_BASE_NAME_H
#define VSECM_BASE_NAME_H

#include "base/span.h"

/* The rule in words, to be put behind "must be ". */
#define NAME_LABEL_RULE \
    "a DNS label (RFC 1123): 1 to 63 of a-z, 0-9 and '-', first and last a letter or a digit"
#define NAME_SUBDOMAIN_RULE \
    "a DNS subdomain (RFC 1123): labels of a-z, 0-9 and '-' joined by '.', at most 253 in all"

/* Non-zero when TEXT is such a name. */
int name_is_label(struct span text);
int name_is_subdomain(struct span text);

#endif
