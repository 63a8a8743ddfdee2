/* SPDX-License-Identifier: BSD-2-Clause */
/* What all translations of objects into messages have in common. */
#ifndef VSECM_SYNC_TRANSLATE_H
#define VSECM_SYNC_TRANSLATE_H

struct error;
struct wire_message;

/* 0, or -EINVAL with *error when a field of MESSAGE is beyond its limit: nothing is ever cut. */
int translate_check(const struct wire_message *message, struct error *error);

#endif
