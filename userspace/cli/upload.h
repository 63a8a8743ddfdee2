/* SPDX-License-Identifier: BSD-2-Clause */
/* A backup on its way to the daemon, a piece a request. */
#ifndef VSECM_CLI_UPLOAD_H
#define VSECM_CLI_UPLOAD_H

#include "cli/verb.h"
#include "limits.h"

#include <stddef.h>
#include <stdint.h>

struct upload {
    const struct arguments *arguments;
    enum verb_exit status; /* of the request that failed, and has been said */
    uint64_t sent;
    size_t used;
    unsigned char piece[LIMIT_PIECE];
};

/* Begin with nothing. ARGUMENTS say where the daemon is. */
void upload_begin(struct upload *upload, const struct arguments *arguments);

/* LENGTH bytes more: an age_sink (crypto/age_armor.h). 0, or -ECANCELED with the status set. */
int upload_write(void *upload, const void *data, size_t length);

/* Send what is left. The same. */
int upload_end(struct upload *upload);

#endif
