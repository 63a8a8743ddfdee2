/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The members of a JSON object (RFC 8259), one after the other, read where they stand: of a secret
 * nothing is copied but what the caller decodes.
 */
#ifndef VSECM_CLIENT_MEMBERS_H
#define VSECM_CLIENT_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MEMBERS_SHOWN 64

struct members {
    const char *at, *end;
    bool begun;
};

/* Bytes of the text that is read. */
struct members_text {
    const char *data;
    size_t length;
};

struct member {
    struct members_text name;  /* encoded, without its quotes */
    struct members_text value; /* a string encoded, without its quotes; else JSON as it stands */
    char kind;                 /* the value's first byte: '"' is a string, '{' an object */
};

/* Read TEXT, which must stay until the last member has been used. */
struct members members_of(const char *text, size_t length);

/*
 * The next member: 1 with *ret set, 0 behind the last one, -EINVAL where TEXT is no object, nested
 * beyond LIMIT_TEMPLATE_DEPTH or followed by anything but blanks. Only whoever reads up to the 0
 * knows that it is one.
 */
int members_next(struct members *members, struct member *ret);

/*
 * Write what the encoded STRING says to RET, which has room for as many bytes as STRING has, or
 * NULL to count. Returns how many; half of a surrogate pair becomes U+FFFD. A NUL may be in it.
 */
size_t members_decode(struct members_text string, char *ret);

/* The same of as much as fits in SIZE bytes of RET. */
size_t members_decode_some(struct members_text string, char *ret, size_t size);

/* An encoded NAME for people: cut, and with no control characters. RET. */
const char *members_show(struct members_text name, char ret[MEMBERS_SHOWN]);

/* What the encoded STRING says is TEXT. */
bool members_equal(struct members_text string, const char *text);

#endif
