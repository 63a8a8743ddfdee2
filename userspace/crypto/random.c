/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/random.h"

#include <errno.h>
#include <sodium.h>

int random_start(void)
{
    return sodium_init() < 0 ? -EIO : 0;
}

void random_bytes(void *ret, size_t length)
{
    randombytes_buf(ret, length);
}

uint64_t random_below(uint64_t limit)
{
    uint64_t number;
    random_bytes(&number, sizeof number);
    return limit ? number % limit : 0;
}
