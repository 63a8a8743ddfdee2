/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of an age file (age-encryption.org/v1, "Header"): the file key, wrapped for recipients
 * or with a passphrase, and a MAC over it all. A file key is secret: it belongs in locked memory.
 */
#ifndef VSECM_CRYPTO_AGE_HEADER_H
#define VSECM_CRYPTO_AGE_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct age_identity;
struct age_recipient;
struct error;

#define AGE_FILE_KEY 16

/* Bytes of a header to COUNT recipients: version and MAC, and a stanza for each. */
#define AGE_HEADER_SIZE(count) (70u + 98u * (count))
/* Bytes that hold any header with a passphrase. */
#define AGE_HEADER_PASSPHRASE_SIZE 150u

/*
 * What stands beside the recipients, in clear, and cannot be changed without the file key: one
 * word. Other implementations pass over it.
 */
#define AGE_MARK 127u                  /* bytes of the word, printable ASCII without blanks */
#define AGE_MARK_SIZE (13u + AGE_MARK) /* what it adds to a header, at most */

/* A new random file key. */
void age_header_new_key(unsigned char ret[AGE_FILE_KEY]);

/*
 * Write a header that wraps FILE_KEY for the COUNT recipients TO into RET of SIZE bytes, no NUL. 0
 * with *LENGTH, -ENOSPC below AGE_HEADER_SIZE(COUNT), or -EINVAL when COUNT is 0 or above
 * LIMIT_AGE_RECIPIENTS or a recipient is a point of low order.
 */
int age_header_write(const struct age_recipient *to, size_t count,
                     const unsigned char file_key[AGE_FILE_KEY], char *ret, size_t size,
                     size_t *length);

/* The same with a mark; SIZE must have room for AGE_MARK_SIZE more. -EINVAL when MARK is none. */
int age_header_write_marked(const struct age_recipient *to, size_t count, struct span mark,
                            const unsigned char file_key[AGE_FILE_KEY], char *ret, size_t size,
                            size_t *length);

/*
 * The mark of HEADER, exactly one, which age_header_open() has opened, in RET; "" when it has none.
 */
void age_header_read_mark(struct span header, char ret[AGE_MARK + 1]);

/*
 * The same as age_header_write() with a passphrase, by scrypt (RFC 7914) with N = 2^LOG_N, which
 * takes 1 KiB << LOG_N of memory. 0, -ENOSPC, -ENOMEM, or -EINVAL when LOG_N is not in 1 to
 * LIMIT_AGE_SCRYPT_READ or the passphrase is empty.
 */
int age_header_write_passphrase(struct span passphrase, unsigned log_n,
                                const unsigned char file_key[AGE_FILE_KEY], char *ret, size_t size,
                                size_t *length);

/*
 * How many bytes of DATA, from its front, are the header, up to and with the newline of its MAC. 0
 * with *LENGTH, -EAGAIN when it does not end in DATA, -EINVAL with *error set when it is no age v1
 * header, -EMSGSIZE above LIMIT_AGE_HEADER or LIMIT_AGE_STANZAS. No key is needed, and nothing is
 * said of the MAC.
 */
int age_header_measure(struct span data, size_t *length, struct error *error);

/* HEADER, which age_header_measure() has measured, asks for a passphrase. */
bool age_header_wants_passphrase(struct span header);

/*
 * Open HEADER, exactly one, with one of the COUNT identities. 0 with the file key in RET, else RET
 * is zeroed and *error set: -EINVAL (malformed), -EMSGSIZE, -ENOKEY (it is for none of them),
 * -EBADMSG (the MAC is wrong).
 */
int age_header_open(struct span header, const struct age_identity *identities, size_t count,
                    unsigned char ret[AGE_FILE_KEY], struct error *error);

/*
 * The same with a passphrase. -EINVAL also when it asks for more work than 2^MAX_LOG_N, -ENOKEY
 * when the passphrase is wrong or the header has none, -ENOMEM.
 */
int age_header_open_passphrase(struct span header, struct span passphrase, unsigned max_log_n,
                               unsigned char ret[AGE_FILE_KEY], struct error *error);

#endif
