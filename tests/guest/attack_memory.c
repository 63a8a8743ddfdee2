/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's memory as a whole: what the daemon keeps in its arena is in none of these. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attack.h"

#define CHUNK (1u << 20)
#define RAM (1ull << 30) /* of the guest */

/*
 * Whether TEXT is in the LENGTH bytes at OFFSET of FD. What cannot be read is passed over. The
 * needle is put together here, so that it is not found in this program itself.
 */
static bool search(int fd, off_t offset, unsigned long long length, const char *first,
                   const char *second)
{
    static char buffer[CHUNK];
    size_t one = strlen(first), two = strlen(second);

    for (unsigned long long at = 0; at < length; at += CHUNK) {
        ssize_t n = pread(fd, buffer, CHUNK, offset + (off_t)at);
        const char *found = buffer, *end = buffer + (n > 0 ? n : 0);
        while (found < end && (found = memmem(found, (size_t)(end - found), first, one))) {
            if (found + one + two <= end && !memcmp(found + one, second, two))
                return true;
            found++;
        }
    }
    return false;
}

/* The kernel's map of all memory is the longest loaded segment below the vmalloc area. */
static bool find_direct_map(int fd, Elf64_Phdr *ret)
{
    Elf64_Ehdr head;

    ret->p_filesz = 0;
    if (pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        return false;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr segment;
        off_t at = (off_t)(head.e_phoff + i * sizeof segment);
        if (pread(fd, &segment, sizeof segment, at) != (ssize_t)sizeof segment)
            return false;
        if (segment.p_type == PT_LOAD && segment.p_filesz <= RAM &&
            segment.p_filesz > ret->p_filesz)
            *ret = segment;
    }
    return ret->p_filesz > 0;
}

/* Positive control within: what lies in ordinary memory of a process must be found the same way. */
static int search_kcore(const struct attack_context *context)
{
    Elf64_Phdr map;
    int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? attack_absent("no /proc/kcore") : attack_errno("open");
    if (!find_direct_map(fd, &map))
        return attack_failed("no map of the memory");
    if (context->argument[0] == 'V')
        return search(fd, (off_t)map.p_offset, map.p_filesz, "only-in-the-mem", "ory-of-root-sh")
                   ? 0
                   : attack_failed("not found");
    if (!search(fd, (off_t)map.p_offset, map.p_filesz, "only-in-the-mem", "ory-of-root-pl"))
        return attack_failed("nothing is found this way");
    return search(fd, (off_t)map.p_offset, map.p_filesz, "the-ro", "ot-key-of-the-daemon")
               ? 0
               : -EACCES;
}

static int open_device(const struct attack_context *context)
{
    char byte;
    const char *path = context->argument;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? attack_absent("no %s", path) : attack_errno("open");
    /* Above what firmware and video need, which everybody may read. */
    return pread(fd, &byte, 1, 256 << 20) < 0 ? attack_errno("read") : 0;
}

static const struct attack table[] = {
    {"kcore-process",
     "the memory of a shielded process, by /proc/kcore",
     search_kcore,
     {OTHER, OPEN},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     "V"},
    {"dev-mem",
     "all memory, by /dev/mem",
     open_device,
     {OTHER, OTHER},
     {OTHER, OTHER},
     CONTROL_OFF,
     0,
     "/dev/mem"},
};

const struct attack_table attack_memory = {table, sizeof table / sizeof *table};
