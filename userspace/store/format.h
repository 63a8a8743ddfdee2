/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of the record log, as docs/FORMAT.md has them: pure functions, no file in sight. */
#ifndef VSECM_STORE_FORMAT_H
#define VSECM_STORE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "limits.h"

/* ---- the head of the file ----------------------------------------------------------------------
 */

#define FORMAT_VERSION 1u
#define FORMAT_HEAD 12u /* bytes before the preface; 4 of CRC follow it */

/* Of the whole head with a preface of LENGTH bytes: where the first frame is. */
static inline uint64_t format_head_size(size_t length)
{
    return FORMAT_HEAD + length + 4u;
}

/*
 * Write the head with PREFACE (at most LIMIT_PREFACE bytes) to RET of format_head_size() bytes. Its
 * CRC is returned: the log's number, which every frame of the log carries.
 */
uint32_t format_write_head(struct span preface, unsigned char *ret);

/*
 * The length of the preface, from the first FORMAT_HEAD bytes. 0, -EPROTONOSUPPORT (*version is not
 * FORMAT_VERSION) or -EUCLEAN.
 */
int format_read_head(const unsigned char data[FORMAT_HEAD], size_t *length, unsigned *version);

/* Whether the head at DATA with a preface of LENGTH bytes is whole; *log is the log's number. */
int format_head_is_whole(const unsigned char *data, size_t length, uint32_t *log);

/* The number of a log that begins with PREFACE. */
uint32_t format_log_of(struct span preface);

/* ---- frames ------------------------------------------------------------------------------------
 */

#define FORMAT_FRAME 40u /* bytes of a frame's header */
#define FORMAT_FRAME_MAX (FORMAT_FRAME + LIMIT_META + LIMIT_RECORD)
#define FORMAT_SEQUENCE_MAX INT64_MAX /* they begin at 1; so adding one never wraps */
#define FORMAT_TIME 8u                /* a checkpoint's payload: its time, then the preface */

extern const unsigned char format_mark[4]; /* what every frame begins with */

enum format_kind { FORMAT_RECORD = 1, FORMAT_CHECKPOINT = 2 };

#define FORMAT_FIRST 1u /* flags: of its batch */
#define FORMAT_LAST 2u

struct format_frame {
    uint32_t body; /* bytes of meta and payload */
    uint64_t sequence;
    uint64_t durable; /* everything below this offset was durable when the frame was written */
    uint32_t log;
    uint16_t meta; /* bytes of the body's first part */
    uint8_t kind;
    uint8_t flags;
    uint32_t body_crc;
};

/* The header of FRAME, which is to stand at OFFSET of its file. */
void format_write_frame(const struct format_frame *frame, uint64_t offset,
                        unsigned char ret[FORMAT_FRAME]);

/* The header at OFFSET of a file: 0, or -EUCLEAN when it is none or was made for another place. */
int format_read_frame(const unsigned char data[FORMAT_FRAME], uint64_t offset,
                      struct format_frame *ret);

/* Little-endian numbers. */
void format_write_u64(unsigned char ret[8], uint64_t value);

#endif
