/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Record logs as somebody forges them who can write the file and has no key: whole frames, every
 * CRC right, at places and under labels that are not theirs.
 */
#ifndef VSECM_TESTS_UNIT_FORGES_H
#define VSECM_TESTS_UNIT_FORGES_H

#include <fcntl.h>

#include "base/crc32c.h"
#include "base/span.h"
#include "protocol.h"
#include "store/format.h"
#include "tests/unit/scratch.h"

#define FORGES_MOST 512

struct forges_frame {
    struct format_frame header;
    uint64_t offset;
    struct span meta, payload; /* in the image */
};

/* The log of the scratch directory in memory. */
struct forges {
    unsigned char *data;
    size_t size, start;
    uint32_t log;
    size_t count;
    struct forges_frame frames[FORGES_MOST];
};

static inline void forges_scan(struct forges *forges)
{
    unsigned version;
    size_t preface;
    CHECK_EQ_INT(format_read_head(forges->data, &preface, &version), 0);
    CHECK(format_head_is_whole(forges->data, preface, &forges->log));
    forges->start = (size_t)format_head_size(preface);
    forges->count = 0;
    for (size_t at = forges->start; at < forges->size;) {
        struct forges_frame *frame = &forges->frames[forges->count++];
        CHECK(forges->count < FORGES_MOST && forges->size - at >= FORMAT_FRAME);
        CHECK_EQ_INT(format_read_frame(forges->data + at, at, &frame->header), 0);
        const char *body = (const char *)forges->data + at + FORMAT_FRAME;
        frame->offset = at;
        frame->meta = (struct span){body, frame->header.meta};
        frame->payload =
            (struct span){body + frame->header.meta, frame->header.body - frame->header.meta};
        at += FORMAT_FRAME + frame->header.body;
    }
}

static inline void forges_read(struct forges *forges)
{
    FILE *file = fopen(scratch_path(PROTOCOL_STATE_LOG), "r");
    CHECK(file != NULL);
    forges->data = malloc(4u << 20);
    forges->size = fread(forges->data, 1, 3u << 20, file);
    fclose(file);
    forges_scan(forges);
}

/* The last frame whose label begins with LABEL. */
static inline const struct forges_frame *forges_find(const struct forges *forges, const char *label)
{
    size_t length = strlen(label);
    for (size_t i = forges->count; i-- > 0;)
        if (forges->frames[i].meta.length >= length &&
            memcmp(forges->frames[i].meta.data, label, length) == 0)
            return &forges->frames[i];
    check_fail(__FILE__, __LINE__, "no frame '%s'", label);
}

static inline uint64_t forges_last_sequence(const struct forges *forges)
{
    return forges->frames[forges->count - 1].header.sequence;
}

/* Append a frame that is right in every respect that needs no key; it is durable, too. */
static inline void forges_append(struct forges *forges, struct span meta, struct span payload,
                                 uint64_t sequence)
{
    struct format_frame header = {.body = (uint32_t)(meta.length + payload.length),
                                  .sequence = sequence,
                                  .durable = forges->size,
                                  .log = forges->log,
                                  .meta = (uint16_t)meta.length,
                                  .kind = FORMAT_RECORD,
                                  .flags = FORMAT_FIRST | FORMAT_LAST};
    unsigned char *at = forges->data + forges->size;
    memmove(at + FORMAT_FRAME, meta.data, meta.length);
    memmove(at + FORMAT_FRAME + meta.length, payload.data, payload.length);
    header.body_crc = crc32c_update(0, at + FORMAT_FRAME, header.body);
    format_write_frame(&header, forges->size, at);
    forges->size += FORMAT_FRAME + header.body;
}

/* The image to the file, and released. */
static inline void forges_write(struct forges *forges)
{
    scratch_bytes(PROTOCOL_STATE_LOG, (const char *)forges->data, forges->size);
    free(forges->data);
    forges->data = NULL;
}

#endif
