/* SPDX-License-Identifier: BSD-2-Clause */
/* Where objects are in the API. A name that is none gives no path: nothing needs to be escaped. */
#ifndef VSECM_SYNC_PATHS_H
#define VSECM_SYNC_PATHS_H

#include "base/span.h"

#define PATHS_SIZE 768u /* bytes of the longest, with its NUL */

#define PATHS_PODS "/api/v1/pods"
#define PATHS_ALL_SECRETS "/api/v1/secrets" /* Kubernetes' own */
#define PATHS_VSECM "/apis/vsecm.com/v1/"
#define PATHS_REVIEWS "/apis/authentication.k8s.io/v1/tokenreviews"

enum paths_kind {
    PATHS_VSECMSECRET,
    PATHS_VSECMNODE, /* of these two no namespace is looked at */
    PATHS_VSECMKEY,
    PATHS_SECRET,
    PATHS_EVENT,
    PATHS_LEASE,
};

/*
 * The path of object NAME, or with an empty NAME that of all of its namespace, to which new ones
 * are posted; with SUB ("/status" or "") behind it. 0, or -EINVAL when a name is none.
 */
int paths_write(char ret[PATHS_SIZE], enum paths_kind kind, struct span namespace, struct span name,
                const char *sub);

#endif
