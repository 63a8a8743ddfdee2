/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_armor.h"

#include <errno.h>
#include <sodium/utils.h>
#include <string.h>

#include "base/error.h"
#include "base/span.h"
#include "crypto/age_base64.h"

#define FIRST "-----BEGIN AGE ENCRYPTED FILE-----"
#define LAST "-----END AGE ENCRYPTED FILE-----"
#define BLANKS 1024u /* before the first line; what goes on longer is no age file */
#define VARIANT sodium_base64_VARIANT_ORIGINAL

/* ---- writing --------------------------------------------------------------------------------- */

static int flush(struct age_armor_writer *writer)
{
    size_t used = writer->used;
    writer->used = 0;
    return used ? writer->sink(writer->context, writer->text, used) : 0;
}

/* A line of TEXT, which has AGE_ARMOR_COLUMNS characters at most. */
static int put_line(struct age_armor_writer *writer, struct span text)
{
    int r = 0;
    if (writer->used + text.length + 1 > sizeof writer->text)
        r = flush(writer);
    memcpy(writer->text + writer->used, text.data, text.length);
    writer->text[writer->used + text.length] = '\n';
    writer->used += text.length + 1;
    return r;
}

static int put_bytes(struct age_armor_writer *writer, const unsigned char *bytes, size_t length)
{
    char text[AGE_ARMOR_COLUMNS + 1];
    sodium_bin2base64(text, sizeof text, bytes, length, VARIANT);
    return put_line(writer, span_of(text));
}

void age_armor_writer_begin(struct age_armor_writer *writer, age_sink *sink, void *context)
{
    writer->sink = sink;
    writer->context = context;
    writer->held = writer->used = 0;
    put_line(writer, SPAN_LITERAL(FIRST));
}

int age_armor_writer_write(void *writer, const void *data, size_t length)
{
    struct age_armor_writer *to = writer;
    const unsigned char *from = data;
    int r = 0;
    while (length && !r) {
        size_t room = sizeof to->line - to->held, taken = length < room ? length : room;
        memcpy(to->line + to->held, from, taken);
        to->held += taken;
        from += taken;
        length -= taken;
        if (to->held == sizeof to->line) {
            r = put_bytes(to, to->line, to->held);
            to->held = 0;
        }
    }
    return r;
}

int age_armor_writer_end(struct age_armor_writer *writer)
{
    int r = writer->held ? put_bytes(writer, writer->line, writer->held) : 0;
    if (!r)
        r = put_line(writer, SPAN_LITERAL(LAST));
    writer->held = 0;
    return r ? r : flush(writer);
}

/* ---- reading --------------------------------------------------------------------------------- */

enum {
    BEFORE,  /* blanks, then the first line */
    INSIDE,  /* lines of bytes */
    CLOSING, /* a line was not full: only the last line may follow */
    BEHIND,  /* blanks */
};

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool age_armor_begins_with(unsigned char first)
{
    return first == FIRST[0] || is_blank(first);
}

void age_armor_reader_begin(struct age_armor_reader *reader, age_sink *sink, void *context)
{
    *reader = (struct age_armor_reader){.sink = sink, .context = context, .state = BEFORE};
}

static int take_bytes(struct age_armor_reader *reader, struct span line, struct error *error)
{
    unsigned char bytes[AGE_ARMOR_LINE];
    size_t length = 0;
    if (reader->state == CLOSING)
        return error_set(error, -EINVAL, "the armour goes on behind a line that is not full");
    if (!line.length || line.length > AGE_ARMOR_COLUMNS ||
        age_base64_read_padded(line, bytes, sizeof bytes, &length))
        return error_set(error, -EINVAL,
                         "a line of the armour is not 1 to %u columns of canonical base64",
                         AGE_ARMOR_COLUMNS);
    if (length < sizeof bytes)
        reader->state = CLOSING;
    return reader->sink(reader->context, bytes, length);
}

static int take_line(struct age_armor_reader *reader, struct error *error)
{
    struct span line = {reader->line, reader->used};
    reader->used = 0;
    if (line.length && line.data[line.length - 1] == '\r')
        line.length--;
    if (reader->state == BEFORE) {
        reader->state = INSIDE;
        return span_is(line, FIRST) ? 0
                                    : error_set(error, -EINVAL, "it does not begin with %s", FIRST);
    }
    if (!span_is(line, LAST))
        return take_bytes(reader, line, error);
    reader->state = BEHIND;
    return 0;
}

/* One character outside of any line. */
static int take_blank(struct age_armor_reader *reader, unsigned char c, struct error *error)
{
    if (reader->state == BEHIND && !is_blank(c))
        return error_set(error, -EINVAL, "something follows the armour");
    if (reader->state == BEFORE && ++reader->blanks > BLANKS)
        return error_set(error, -EINVAL, "more than %u blanks stand before the armour", BLANKS);
    return 0;
}

static bool is_outside(const struct age_armor_reader *reader, unsigned char c)
{
    return reader->state == BEHIND || (reader->state == BEFORE && !reader->used && is_blank(c));
}

int age_armor_reader_write(struct age_armor_reader *reader, const void *data, size_t length,
                           struct error *error)
{
    int r = 0;
    for (const unsigned char *c = data; length-- && !r; c++) {
        if (is_outside(reader, *c)) {
            r = take_blank(reader, *c, error);
        } else if (*c == '\n') {
            r = take_line(reader, error);
        } else if (reader->used == sizeof reader->line) {
            r = error_set(error, -EINVAL, "a line of the armour is longer than %u columns",
                          AGE_ARMOR_COLUMNS);
        } else {
            reader->line[reader->used++] = (char)*c;
        }
    }
    return r;
}

int age_armor_reader_end(struct age_armor_reader *reader, struct error *error)
{
    bool may_end = reader->state == INSIDE || reader->state == CLOSING;
    int r = may_end && reader->used ? take_line(reader, error) : 0;
    if (r)
        return r;
    if (reader->state != BEHIND)
        return error_set(error, -EINVAL, "the armour is cut short");
    return 0;
}
