/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flat JSON object (RFC 8259), decoded where it stands: a text is never longer than it was
 * written, so a secret gets no second place in memory. It knows no more than what the daemon says
 * in an event: a member that is an object or a list is refused.
 */
#ifndef VSECM_CLIENT_FLAT_H
#define VSECM_CLIENT_FLAT_H

#include <stddef.h>

struct flat_text {
    const char *name;
    char *text; /* in the JSON, a NUL behind it; NULL: there is no such member, or it is no text */
    size_t length;
};

/*
 * Find the COUNT members that TEXTS names in JSON, LENGTH bytes that are changed; what they are set
 * to points into it. Returns NULL, or what is wrong as a constant text that follows "the event".
 */
const char *flat_read(char *json, size_t length, struct flat_text *texts, size_t count);

#endif
