/* SPDX-License-Identifier: BSD-2-Clause */
/* Standard input, through something that takes it in pieces, to standard output. */
#ifndef VSECM_CLI_STREAM_H
#define VSECM_CLI_STREAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define STREAM_PIECE 65536u

/* In locked memory: it holds plaintext. All zero before its first use. */
struct stream {
    struct error error; /* what failed first */
    bool has_written;   /* something has been written to standard output */
    bool is_ours;       /* standard input or output itself failed: the error names it */
    unsigned char piece[STREAM_PIECE];
};

/* Takes LENGTH bytes of standard input: 0, or -errno with STREAM's error set. */
typedef int stream_take(void *context, struct stream *stream, const void *data, size_t length);

/* Give all of standard input to TAKE. 0 or -errno with the error set. */
int stream_run(struct stream *stream, stream_take *take, void *context);

/* Write to standard output: an age_sink (crypto/age_armor.h) with the struct stream as context. */
int stream_write(void *stream, const void *data, size_t length);

#endif
