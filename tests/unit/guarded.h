/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether memory is kept from swap and core dumps. */
#ifndef VSECM_TESTS_UNIT_GUARDED_H
#define VSECM_TESTS_UNIT_GUARDED_H

#include "tests/unit/check.h"

#include <sys/mman.h>

/* The kernel's flags of the mapping that holds ADDRESS, "" when there is none. */
static inline void guarded_read_flags(const void *address, char *flags, int size)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    CHECK(file != NULL);
    char line[512];
    int inside = 0;
    unsigned long start, end;
    flags[0] = '\0';
    while (!flags[0] && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            inside = (uintptr_t)address >= start && (uintptr_t)address < end;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, (size_t)size, "%.*s", size - 1, line + 8);
    }
    fclose(file);
}

/* Whether locking shows here at all: a sanitizer makes mlock() do nothing, a limit may refuse it.
 */
static inline int guarded_can_lock(void)
{
    char flags[256];
    void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    mlock(page, 1);
    guarded_read_flags(page, flags, sizeof flags);
    munmap(page, 1);
    return strstr(flags, " lo") != NULL;
}

static inline void guarded_check(const void *address, int locked)
{
    char flags[256];
    guarded_read_flags(address, flags, sizeof flags);
    CHECK(strstr(flags, " dd") != NULL); /* left out of core dumps */
    if (locked)
        CHECK(strstr(flags, " lo") != NULL);
}

#endif
