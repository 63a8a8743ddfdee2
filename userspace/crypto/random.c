/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/random.h"

#include <sodium.h>

void random_bytes(void *ret, size_t length)
{
    randombytes_buf(ret, length);
}
