/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a Kubernetes Secret is not as it should be: vsecm-sync's reasons, and our own. */
#ifndef VSECM_CLUSTER_EXPORT_TROUBLE_H
#define VSECM_CLUSTER_EXPORT_TROUBLE_H

#include "base/span.h"

struct export_trouble {
    const char *code; /* one word */
    int is_final;     /* it stays so until the secret is changed; else it is to be tried again */
    int is_told;      /* somebody should see to it: an Event says so */
    const char *why;  /* for people */
};

/* That of CODE, a RESULT_CODE; what is not known is taken for "unreachable". Never NULL. */
const struct export_trouble *export_trouble_of(struct span code);

/* That of -errno. */
const struct export_trouble *export_trouble_here(int result);

#endif
