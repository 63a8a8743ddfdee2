/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer of the API server means to whoever asked: one of the codes of WIRE_RESULT. */
#ifndef VSECM_SYNC_VERDICT_H
#define VSECM_SYNC_VERDICT_H

#include "limits.h"

struct api_end;

/* The code of HTTP status STATUS; 0: there was no answer. */
const char *verdict_code(int status);

/*
 * Why, for people, as RET, cut to fit: what the API server's Status says; else what END says. With
 * IS_SECRET nothing is taken from the answer's body, which may repeat a part of what was sent.
 */
void verdict_reason(const struct api_end *end, int is_secret, char ret[LIMIT_WIRE_TEXT]);

#endif
