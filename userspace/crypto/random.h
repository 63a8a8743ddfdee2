/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for keys, from the kernel. */
#ifndef VSECM_CRYPTO_RANDOM_H
#define VSECM_CRYPTO_RANDOM_H

#include <stddef.h>

/* Fill LENGTH bytes at RET. Ends the process where the kernel has none to give. */
void random_bytes(void *ret, size_t length);

#endif
