/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the daemon says in JSON, as far as it is no secret: errors, names, identities.
 */
#ifndef VSECM_CLIENT_ANSWER_H
#define VSECM_CLIENT_ANSWER_H

#include "vsecm/vsecm.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Copy member NAME of BODY, an object, to TEXT (SIZE bytes, NUL included), cut to fit and with no
 * control characters; "" when there is no such text.
 */
void answer_text(const char *body, size_t length, const char *name, char *text, size_t size);

/* Whether member NAME of BODY, an object, is WORD: true, or a number. */
bool answer_is(const char *body, size_t length, const char *name, const char *word);

/* Read an identity. False when BODY is none; then *ret means nothing. */
bool answer_identity(const char *body, size_t length, vsecm_identity *ret);

#endif
