/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to the request of a link, as it comes in: its header, and with it a body that is
 * short. The buffer, which is locked, then serves for what comes behind an endless header.
 */
#ifndef VSECM_CLIENT_RESPONSE_H
#define VSECM_CLIENT_RESPONSE_H

#include "client/head.h"
#include "client/link.h"

#include <stddef.h>

struct response {
    char *buffer; /* LIMIT_HEADER bytes */
    size_t used;  /* bytes that came and are not wiped */
    size_t body;  /* where the body begins; 0: the header is not whole */
    struct head head;
    const char *wrong; /* after -EPROTO: what is, a constant text that follows "the answer" */
};

int response_open(struct response *ret); /* 0 or -ENOMEM */

/*
 * Receive more of it; FD as link_receive() has it. Returns 1: it is whole, but for the body of an
 * endless one, of which the first bytes may be here; 0: more must come; -EPROTO, or what the link
 * said.
 */
int response_receive(struct response *response, struct link *link, int *fd);

void response_reset(struct response *response); /* wipes: another is to come */
void response_close(struct response *response); /* one that is all zero is fine */

#endif
