/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for keys, and for waits, from the kernel. */
#ifndef VSECM_CRYPTO_RANDOM_H
#define VSECM_CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Find out what this processor is good at; before a system call filter comes. 0 or -EIO. */
int random_start(void);

/* Fill LENGTH bytes at RET. Ends the process where the kernel has none to give. */
void random_bytes(void *ret, size_t length);

/* A number below LIMIT, or 0 of none: for waits, so that many do not do the same at the same time.
 */
uint64_t random_below(uint64_t limit);

#endif
