/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a refusal of the API server: what is made of it is short, and one line. */
#include "sync/status.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, size_t size)
{
    MUST(strnlen(text, size) < size);
    for (; *text; text++)
        MUST((unsigned char)*text >= ' ' && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct status status;
    memset(&status, 0x7f, sizeof status);
    status_read((struct span){(const char *)data, size}, &status);
    check_text(status.reason, sizeof status.reason);
    check_text(status.message, sizeof status.message);
    MUST(status.code == 0 || (status.code >= 100 && status.code <= 599));
    char why[STATUS_MESSAGE + 16];
    status_describe(status.code, status.message, why, sizeof why);
    check_text(why, sizeof why);
    return 0;
}
