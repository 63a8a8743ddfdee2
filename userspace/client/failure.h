/* SPDX-License-Identifier: BSD-2-Clause */
/* What a failure is to the caller of the library. */
#ifndef VSECM_CLIENT_FAILURE_H
#define VSECM_CLIENT_FAILURE_H

#include "client/head.h"
#include "vsecm/vsecm.h"

/* Of an operation on the socket that returned R, a negative errno. */
vsecm_result failure_of_errno(int r);

/*
 * Of an answer that is not the one that was asked for: HEAD, and its whole BODY. What the daemon
 * says about it goes to MESSAGE (SIZE bytes, NUL included), cut to fit.
 */
vsecm_result failure_of_answer(const struct head *head, const char *body, char *message,
                               size_t size);

#endif
