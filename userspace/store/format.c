/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/format.h"

#include <errno.h>
#include <string.h>

#include "base/crc32c.h"

static const unsigned char magic[7] = {'V', 'S', 'E', 'C', 'L', 'O', 'G'};

/* No byte of it twice, so that a search is never misled by a mark's own end. */
const unsigned char format_mark[4] = {0xf7, 'V', 'r', 0x0a};

/* ---- numbers -----------------------------------------------------------------------------------
 */

static void write_number(unsigned char *ret, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        ret[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t read_number(const unsigned char *data, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)data[i] << 8 * i;
    return value;
}

void format_write_u64(unsigned char ret[8], uint64_t value)
{
    write_number(ret, value, 8);
}

/* ---- the head of the file ----------------------------------------------------------------------
 */

static void begin_head(size_t length, unsigned char ret[FORMAT_HEAD])
{
    memcpy(ret, magic, sizeof magic);
    ret[sizeof magic] = FORMAT_VERSION;
    write_number(ret + 8, length, 4);
}

uint32_t format_log_of(struct span preface)
{
    unsigned char begin[FORMAT_HEAD];
    begin_head(preface.length, begin);
    return crc32c_update(crc32c_update(0, begin, sizeof begin), preface.data, preface.length);
}

uint32_t format_write_head(struct span preface, unsigned char *ret)
{
    uint32_t log = format_log_of(preface);
    begin_head(preface.length, ret);
    if (preface.length)
        memcpy(ret + FORMAT_HEAD, preface.data, preface.length);
    write_number(ret + FORMAT_HEAD + preface.length, log, 4);
    return log;
}

int format_read_head(const unsigned char data[FORMAT_HEAD], size_t *length, unsigned *version)
{
    if (memcmp(data, magic, sizeof magic) != 0)
        return -EUCLEAN;
    *version = data[sizeof magic];
    if (*version != FORMAT_VERSION)
        return -EPROTONOSUPPORT;
    *length = read_number(data + 8, 4);
    return *length <= LIMIT_PREFACE ? 0 : -EUCLEAN;
}

int format_head_is_whole(const unsigned char *data, size_t length, uint32_t *log)
{
    *log = (uint32_t)read_number(data + FORMAT_HEAD + length, 4);
    return crc32c_update(0, data, FORMAT_HEAD + length) == *log;
}

/* ---- frames ------------------------------------------------------------------------------------
 */

/* Where the header's fields are. */
enum {
    AT_BODY = 4,
    AT_SEQUENCE = 8,
    AT_DURABLE = 16,
    AT_LOG = 24,
    AT_META = 28,
    AT_KIND = 30,
    AT_FLAGS = 31,
    AT_BODY_CRC = 32,
    AT_CRC = 36,
};

/* Of the offset too, which is not stored: a header that came to another place is none there. */
static uint32_t header_crc(const unsigned char *data, uint64_t offset)
{
    unsigned char place[8];
    write_number(place, offset, sizeof place);
    return crc32c_update(crc32c_update(0, place, sizeof place), data, AT_CRC);
}

void format_write_frame(const struct format_frame *frame, uint64_t offset,
                        unsigned char ret[FORMAT_FRAME])
{
    memcpy(ret, format_mark, sizeof format_mark);
    write_number(ret + AT_BODY, frame->body, 4);
    write_number(ret + AT_SEQUENCE, frame->sequence, 8);
    write_number(ret + AT_DURABLE, frame->durable, 8);
    write_number(ret + AT_LOG, frame->log, 4);
    write_number(ret + AT_META, frame->meta, 2);
    ret[AT_KIND] = frame->kind;
    ret[AT_FLAGS] = frame->flags;
    write_number(ret + AT_BODY_CRC, frame->body_crc, 4);
    write_number(ret + AT_CRC, header_crc(ret, offset), 4);
}

static int is_sound(const struct format_frame *frame, uint64_t offset)
{
    uint8_t alone = FORMAT_FIRST | FORMAT_LAST;
    if (frame->sequence == 0 || frame->sequence > FORMAT_SEQUENCE_MAX)
        return 0;
    if (frame->meta > LIMIT_META || frame->meta > frame->body || frame->durable > offset)
        return 0;
    if (frame->kind == FORMAT_CHECKPOINT)
        return frame->flags == alone && frame->meta == 0 && frame->body >= FORMAT_TIME &&
               frame->body <= FORMAT_TIME + LIMIT_PREFACE;
    return frame->kind == FORMAT_RECORD && (frame->flags | alone) == alone &&
           frame->body - frame->meta <= LIMIT_RECORD;
}

int format_read_frame(const unsigned char data[FORMAT_FRAME], uint64_t offset,
                      struct format_frame *ret)
{
    if (memcmp(data, format_mark, sizeof format_mark) != 0 ||
        read_number(data + AT_CRC, 4) != header_crc(data, offset))
        return -EUCLEAN;
    *ret = (struct format_frame){
        .body = (uint32_t)read_number(data + AT_BODY, 4),
        .sequence = read_number(data + AT_SEQUENCE, 8),
        .durable = read_number(data + AT_DURABLE, 8),
        .log = (uint32_t)read_number(data + AT_LOG, 4),
        .meta = (uint16_t)read_number(data + AT_META, 2),
        .kind = data[AT_KIND],
        .flags = data[AT_FLAGS],
        .body_crc = (uint32_t)read_number(data + AT_BODY_CRC, 4),
    };
    return is_sound(ret, offset) ? 0 : -EUCLEAN;
}
