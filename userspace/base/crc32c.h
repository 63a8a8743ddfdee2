/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C (Castagnoli), as iSCSI has it (RFC 3720, 12.1): finds damage, keeps nobody out. */
#ifndef VSECM_BASE_CRC32C_H
#define VSECM_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * The CRC of LENGTH bytes at DATA behind what CRC is of; 0 is the CRC of nothing. So a text in
 * pieces has the CRC of the whole: crc32c_update(crc32c_update(0, "ab", 2), "c", 1).
 */
uint32_t crc32c_update(uint32_t crc, const void *data, size_t length);

#endif
