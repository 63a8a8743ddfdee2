/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The armour of age files (age-encryption.org/v1, "ASCII armor"): strict PEM (RFC 7468, figure 3).
 * There is one armour for a file, but that blanks and newlines may stand before and behind it, the
 * last newline may be missing, and CRLF may end a line.
 */
#ifndef VSECM_CRYPTO_AGE_ARMOR_H
#define VSECM_CRYPTO_AGE_ARMOR_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Takes LENGTH bytes: 0, or -errno, which ends the work and is returned by whoever called. */
typedef int age_sink(void *context, const void *data, size_t length);

#define AGE_ARMOR_LINE 48u    /* bytes in a line */
#define AGE_ARMOR_COLUMNS 64u /* characters in a line */
#define AGE_ARMOR_LINES 64u   /* given to the sink at a time */

/* ---- writing --------------------------------------------------------------------------------- */

struct age_armor_writer {
    age_sink *sink;
    void *context;
    unsigned char line[AGE_ARMOR_LINE]; /* what does not fill a line yet */
    size_t held;
    char text[AGE_ARMOR_LINES * (AGE_ARMOR_COLUMNS + 1)]; /* lines on their way */
    size_t used;
};

void age_armor_writer_begin(struct age_armor_writer *writer, age_sink *sink, void *context);

/* Armour LENGTH bytes. An age_sink, with the struct age_armor_writer as context. */
int age_armor_writer_write(void *writer, const void *data, size_t length);

/* The last line. 0 or what the sink returned. */
int age_armor_writer_end(struct age_armor_writer *writer);

/* ---- reading --------------------------------------------------------------------------------- */

struct age_armor_reader {
    age_sink *sink;
    void *context;
    int state;
    size_t blanks;                    /* before the first line */
    char line[AGE_ARMOR_COLUMNS + 2]; /* with a CR, and one more that is too many */
    size_t used;
};

/* FIRST, a file's first byte, says that it is armoured, if it is an age file at all. */
bool age_armor_begins_with(unsigned char first);

/* SINK gets the bytes in the armour, a line at a time. */
void age_armor_reader_begin(struct age_armor_reader *reader, age_sink *sink, void *context);

/* 0, -EINVAL with *error set, or what the sink returned. */
int age_armor_reader_write(struct age_armor_reader *reader, const void *data, size_t length,
                           struct error *error);

/* 0, or -EINVAL with *error set when the armour was cut short, or what the sink returned. */
int age_armor_reader_end(struct age_armor_reader *reader, struct error *error);

#endif
