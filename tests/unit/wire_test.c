/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/wire.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "limits.h"
#include "tests/unit/check.h"

static char bytes[LIMIT_WIRE_MESSAGE];

/* A message of KIND whose fields are "0", "1", ... where a byte is allowed. */
static struct wire_message message_of(enum wire_kind kind)
{
    static const char digits[] = "0123456789";
    struct wire_message message = {.kind = kind, .number = 7};
    for (size_t i = 0; i < wire_fields(kind); i++)
        message.field[i] = (struct span){digits + i, 1};
    return message;
}

static size_t write_to_bytes(const struct wire_message *message)
{
    struct writer w = writer_on(bytes, sizeof bytes);
    wire_write(&w, message);
    CHECK(writer_ok(&w));
    CHECK_EQ_INT(w.used, wire_size(message));
    return w.used;
}

static enum wire_side side_of(enum wire_kind kind)
{
    return wire_says(WIRE_CORE, kind) ? WIRE_CORE : WIRE_SYNC;
}

TEST(every_kind_comes_back_as_it_was)
{
    for (enum wire_kind kind = WIRE_NONE + 1; kind < WIRE_KINDS; kind++) {
        struct wire_message message = message_of(kind), back;
        size_t length = write_to_bytes(&message), size;
        struct error error = {""};
        CHECK(wire_says(WIRE_CORE, kind) != wire_says(WIRE_SYNC, kind));
        CHECK(wire_fits(&message, NULL));
        CHECK_EQ_INT(wire_read((struct span){bytes, length}, side_of(kind), &back, &size, &error),
                     0);
        CHECK_EQ_INT(size, length);
        CHECK_EQ_INT(back.kind, kind);
        CHECK_EQ_INT(back.number, 7);
        for (size_t i = 0; i < wire_fields(kind); i++)
            CHECK(span_equal(back.field[i], message.field[i]));
    }
}

TEST(the_largest_of_each_kind_is_a_message)
{
    static char filler[LIMIT_WIRE_EXPORT];
    for (enum wire_kind kind = WIRE_NONE + 1; kind < WIRE_KINDS; kind++) {
        struct wire_message message = message_of(kind);
        for (size_t i = 0; i < wire_fields(kind); i++) {
            size_t most = sizeof filler;
            size_t which;
            do
                message.field[i] = (struct span){filler, most};
            while (!wire_fits(&message, &which) && most-- > 0);
        }
        CHECK(wire_size(&message) <= LIMIT_WIRE_MESSAGE);
    }
}

TEST(half_a_message_says_how_much_it_needs)
{
    struct wire_message message = message_of(WIRE_SEEN), back;
    size_t length = write_to_bytes(&message), size;
    struct error error = {""};
    for (size_t i = 0; i < length; i++) {
        CHECK_EQ_INT(wire_read((struct span){bytes, i}, WIRE_SYNC, &back, &size, &error), -EAGAIN);
        CHECK(size > i && size <= length);
    }
}

TEST(a_field_beyond_its_limit_is_refused_at_both_ends)
{
    static char filler[LIMIT_DNS_LABEL + 1];
    struct wire_message message = message_of(WIRE_GET), back;
    size_t which = 9, size;
    struct error error = {""};
    message.field[SECRET_NAMESPACE] = (struct span){filler, sizeof filler};
    CHECK(!wire_fits(&message, &which));
    CHECK_EQ_INT(which, SECRET_NAMESPACE);
    size_t length = write_to_bytes(&message);
    CHECK_EQ_INT(wire_read((struct span){bytes, length}, WIRE_CORE, &back, &size, &error), -EPROTO);
    CHECK_STR(error.text, "field 0 of get has 64 bytes: too many");
}

TEST(what_is_no_message)
{
    struct wire_message message = message_of(WIRE_GET), back;
    size_t size, length = write_to_bytes(&message);
    struct error error = {""};
    struct span whole = {bytes, length};
    CHECK_EQ_INT(wire_read(whole, WIRE_SYNC, &back, &size, &error), -EPROTO); /* not said there */
    uint32_t longer = (uint32_t)length + 1, huge = LIMIT_WIRE_MESSAGE + 1;
    memcpy(bytes, &longer, sizeof longer);
    CHECK_EQ_INT(wire_read((struct span){bytes, length + 1}, WIRE_CORE, &back, &size, &error),
                 -EPROTO);
    memcpy(bytes, &huge, sizeof huge);
    CHECK_EQ_INT(wire_read(whole, WIRE_CORE, &back, &size, &error), -EPROTO);
    message.field[0] = message.field[1] = SPAN_LITERAL("x");
    length = write_to_bytes(&message);
    bytes[6] = 3; /* fields */
    CHECK_EQ_INT(wire_read((struct span){bytes, length}, WIRE_CORE, &back, &size, &error), -EPROTO);
}

CHECK_MAIN
