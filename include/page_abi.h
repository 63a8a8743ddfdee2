/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared page: a value in memory that the daemon writes and a workload reads without asking.
 *
 * GET /v1/page answers with a descriptor (SCM_RIGHTS, with the first byte of the answer): a memfd
 * whose size is a whole number of memory pages, sealed so that its receiver can map it for reading
 * only (F_SEAL_FUTURE_WRITE, GROW, SHRINK, SEAL). It belongs to the connection it came by: as long
 * as that is open the daemon keeps the page current. Numbers are in the machine's own byte order.
 *
 * Reading is a seqlock. `sequence` is odd while the daemon writes. A reader loads it (acquire),
 * copies what it wants, and has a whole copy if a load after the copying (acquire fence before)
 * gives the same even number. It never writes. Whoever waits for a change waits on `sequence` as a
 * futex (FUTEX_WAIT, not private), which works on a mapping for reading.
 *
 * `keeper` is the thread id of the daemon while it keeps the page. When that thread ends, however
 * it ends, the kernel sets PAGE_KEEPER_DIED in it (set_robust_list(2)): so a reader sees that its
 * page is no longer kept without a system call. The value stays; a reader then asks a new daemon.
 *
 * A reader holds back a value whose `expires_us` has passed, whether the daemon lives or not.
 */
#ifndef VSECM_PAGE_ABI_H
#define VSECM_PAGE_ABI_H

#include <stdint.h>

#define PAGE_MAGIC 0x3147504d43455356ull /* "VSECMPG1" in little-endian order */
#define PAGE_KEEPER_DIED 0x40000000u     /* FUTEX_OWNER_DIED of linux/futex.h */

enum page_state {
    PAGE_VALUE = 1,   /* there is a value, and it may be read until expires_us */
    PAGE_ABSENT = 2,  /* there is none now; `reason` says why. The page goes on to be kept */
    PAGE_MOVED = 3,   /* the value has outgrown this page: ask for another. This one is dead */
    PAGE_REVOKED = 4, /* the reader is no longer who it was: this page is dead */
};

/* Why there is no value. */
enum page_reason {
    PAGE_REASON_NONE = 0,
    PAGE_REASON_NO_SECRET = 1, /* never stored, or deleted */
    PAGE_REASON_NOT_YET = 2,   /* its notBefore has not come */
    PAGE_REASON_EXPIRED = 3,
    PAGE_REASON_WITHHELD = 4, /* attestation does not work, or no audit record could be kept */
};

/* At offset 0; the value begins at PAGE_VALUE_AT. Whatever is not the value's is zero. */
struct page_head {
    uint64_t magic;
    uint32_t capacity; /* bytes of a value that the page can hold; a multiple of 8 */
    uint32_t keeper;
    uint32_t sequence;
    uint32_t state;
    uint32_t reason;
    uint32_t length;    /* bytes of the value */
    uint64_t version;   /* 1 for the first value of a key; 0: none */
    int64_t created_us; /* UTC, microseconds since 1970: when the key was first stored */
    int64_t updated_us; /* when this value was stored */
    int64_t expires_us; /* CLOCK_REALTIME; INT64_MAX: never */
};

#define PAGE_VALUE_AT 128u

#endif
