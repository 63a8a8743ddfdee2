/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages between the core and vsecm-sync: what is read is written back to the same bytes. */
#include "base/error.h"
#include "base/writer.h"
#include "tests/fuzz/fuzz.h"
#include "wire/wire.h"

static void check(struct span bytes, enum wire_side side)
{
    static char again[1 << 16];
    struct wire_message message;
    struct error error;
    size_t size = 0;
    while (wire_read(bytes, side, &message, &size, &error) == 0) {
        MUST(size <= bytes.length && size == wire_size(&message));
        MUST(wire_fits(&message, NULL));
        struct writer w = writer_on(again, sizeof again);
        wire_write(&w, &message);
        MUST(!writer_ok(&w) || memcmp(again, bytes.data, size) == 0);
        bytes.data += size;
        bytes.length -= size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    check(bytes, WIRE_CORE);
    check(bytes, WIRE_SYNC);
    return 0;
}
