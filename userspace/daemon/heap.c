/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * free() and realloc() of this program, for every library in it too: what is freed is wiped. No
 * plaintext belongs on the heap; this is for what a library may put there unasked. M_PERTURB would
 * not do: glibc passes over it for blocks up to 1,032 bytes, which go to the thread's cache, and it
 * makes calloc() touch all of a large table.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/build.h"

#if !BUILD_SANITIZED

void __libc_free(void *memory);

void free(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    __libc_free(memory);
}

void *realloc(void *memory, size_t size)
{
    size_t usable = malloc_usable_size(memory);
    if (memory && !size) {
        free(memory);
        return NULL;
    }
    if (size <= usable && size >= usable / 2)
        return memory;
    void *moved = malloc(size);
    if (moved && memory) {
        memcpy(moved, memory, usable < size ? usable : size);
        free(memory);
    }
    return moved;
}

#endif
