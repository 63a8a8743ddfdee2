/* SPDX-License-Identifier: BSD-2-Clause */
/* The head of a probe's request: what is complete stays so when more comes, and has a path. */
#include "sync/probe.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size}, path = {"", 0}, less = {"", 0};
    int r = probe_read(bytes, &path);
    MUST(r == PROBE_MORE || r == PROBE_COMPLETE || (r <= -400 && r >= -505));
    if (r != PROBE_COMPLETE)
        return 0;
    MUST(path.length && path.data[0] == '/' && path.data >= bytes.data &&
         path.data + path.length <= bytes.data + size);
    MUST(!memchr(path.data, '?', path.length) && !memchr(path.data, ' ', path.length));
    for (size_t i = 0; i < size && i < 64; i++) {
        int shorter = probe_read((struct span){bytes.data, i}, &less);
        MUST(shorter == PROBE_MORE || (shorter == r && span_equal(less, path)));
    }
    return 0;
}
