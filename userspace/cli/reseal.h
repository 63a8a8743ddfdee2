/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An age file on its way from one key to another, in bounded memory: each chunk is opened, verified
 * and sealed anew.
 */
#ifndef VSECM_CLI_RESEAL_H
#define VSECM_CLI_RESEAL_H

#include "crypto/age.h"

#include <stdbool.h>
#include <stddef.h>

struct age_recipient;
struct error;

/* Holds plaintext and keys: to be in locked memory, and wiped by whoever gives that back. */
struct reseal {
    struct age_reader reader;
    struct age_writer writer;
    bool has_begun;
    age_sink *sink;
    void *context;
    unsigned char file_key[AGE_FILE_KEY];
    size_t header_length;
    char header[AGE_HEADER_SIZE(1)];
};

/* First: to whom it will be sealed. 0, or -EINVAL with *error set. */
int reseal_to_recipient(struct reseal *reseal, const struct age_recipient *to, struct error *error);

/* Or with which passphrase; takes a second and much memory. 0, or -errno with *error set. */
int reseal_to_passphrase(struct reseal *reseal, struct span passphrase, struct error *error);

/*
 * Then: what it is opened with (see struct age_keys), and who gets the new file. SINK is called
 * once the first chunk has been verified, and not before.
 */
void reseal_begin(struct reseal *reseal, const struct age_keys *keys, age_sink *sink,
                  void *context);

/*
 * LENGTH bytes more of the old file, and its end. 0, or, with *error set, what age_reader_write()
 * and age_reader_end() return; or what the sink returned, which sets an error itself.
 */
int reseal_write(struct reseal *reseal, const void *data, size_t length, struct error *error);
int reseal_end(struct reseal *reseal, struct error *error);

#endif
