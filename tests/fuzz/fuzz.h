/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzzer has: its entry, and an assertion that no build leaves out. */
#ifndef VSECM_TESTS_FUZZ_FUZZ_H
#define VSECM_TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(expression)                                                                   \
    do {                                                                                   \
        if (!(expression)) {                                                               \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #expression); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

#endif
