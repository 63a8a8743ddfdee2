/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/region.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

#define EXTENT_SIZE (1024u * 1024u)
#define EXTENT_PAGES_MAX (EXTENT_SIZE / 4096u)

struct extent {
    uint32_t open; /* pages opened in it, guards included */
    bool mapped;   /* has secret pages; else it is only reserved */
};

static int map_at(void *where, size_t length, int flags, int fd)
{
    void *got = mmap(where, length, PROT_NONE, flags | MAP_FIXED, fd, 0);
    return got == MAP_FAILED ? -errno : 0;
}

/* Only addresses: whatever was mapped there is gone. */
static int reserve(void *where, size_t length)
{
    return map_at(where, length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

static int map_secret(void *where, size_t length)
{
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = ftruncate(fd, (off_t)length) ? -errno : map_at(where, length, MAP_SHARED, fd);
    close(fd);
    return r;
}

static int map_locked(void *where, size_t length)
{
    int r = map_at(where, length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (r)
        return r;
    return mlock2(where, length, MLOCK_ONFAULT) ? -errno : 0;
}

static const struct {
    const char *name;
    int (*map)(void *where, size_t length);
} backings[] = {
    [ARENA_MEMFD_SECRET] = {"memfd_secret", map_secret},
    [ARENA_MLOCK] = {"mlock", map_locked},
};

static int map_pages(enum arena_backing backing, void *where, size_t length)
{
    int r = backings[backing].map(where, length);
    if (!r && (madvise(where, length, MADV_DONTFORK) || madvise(where, length, MADV_DONTDUMP)))
        r = -errno;
    if (r)
        reserve(where, length);
    return r;
}

static unsigned char *at(const struct region *region, uint32_t page)
{
    return region->base + (size_t)page * region->page;
}

static uint32_t extent_end(const struct region *region, uint32_t extent)
{
    uint64_t end = ((uint64_t)extent + 1) * region->per_extent;
    return end < region->pages ? (uint32_t)end : region->pages;
}

static size_t extent_length(const struct region *region, uint32_t extent)
{
    return (size_t)(extent_end(region, extent) - extent * region->per_extent) * region->page;
}

static void extent_drop(struct region *region, uint32_t extent)
{
    struct extent *it = &region->extent[extent];
    if (!it->mapped || it->open)
        return;
    /* Refused only when the process has too many mappings: then it just stays. */
    it->mapped = reserve(at(region, extent * region->per_extent), extent_length(region, extent));
}

static int extent_need(struct region *region, uint32_t extent)
{
    struct extent *it = &region->extent[extent];
    if (it->mapped)
        return 0;
    int r = map_pages(region->backing, at(region, extent * region->per_extent),
                      extent_length(region, extent));
    it->mapped = !r;
    return r;
}

/* An extent became empty: it is the spare now, and the one before it goes. */
static void extent_empty(struct region *region, uint32_t extent)
{
    if (region->spare != extent)
        extent_drop(region, region->spare);
    region->spare = extent;
}

/* Count pages [first, end) as opened (SIGN 1) or closed (-1), extent by extent. */
static void account(struct region *region, uint32_t first, uint32_t end, int sign)
{
    while (first < end) {
        uint32_t extent = first / region->per_extent;
        uint32_t stop = extent_end(region, extent) < end ? extent_end(region, extent) : end;
        struct extent *it = &region->extent[extent];
        it->open += sign > 0 ? stop - first : -(stop - first);
        if (!it->open)
            extent_empty(region, extent);
        first = stop;
    }
}

int region_open(struct region *region, uint32_t first, uint32_t count)
{
    uint32_t from = first / region->per_extent, to = (first + count - 1) / region->per_extent;
    int r = 0;

    for (uint32_t extent = from; extent <= to && !r; extent++)
        r = extent_need(region, extent);
    if (!r && mprotect(at(region, first), (count - 1) * region->page, PROT_READ | PROT_WRITE))
        r = -errno;
    if (!r) {
        account(region, first, first + count, 1);
        return 0;
    }
    mprotect(at(region, first), (count - 1) * region->page, PROT_NONE);
    for (uint32_t extent = from; extent <= to; extent++)
        extent_drop(region, extent);
    return r;
}

void region_close(struct region *region, uint32_t first, uint32_t count)
{
    /* A page left open would be missing as a guard later. */
    if (mprotect(at(region, first), (count - 1) * region->page, PROT_NONE))
        abort();
    account(region, first, first + count, -1);
}

void region_wipe(struct region *region, uint32_t first, uint32_t count)
{
    unsigned char present[EXTENT_PAGES_MAX];

    for (uint32_t end = first + count; first < end; first += count) {
        count = end - first < EXTENT_PAGES_MAX ? end - first : EXTENT_PAGES_MAX;
        if (mincore(at(region, first), count * region->page, present))
            memset(present, 1, sizeof present);
        for (uint32_t i = 0; i < count; i++)
            if (present[i] & 1u)
                arena_wipe(at(region, first + i), region->page);
    }
}

size_t region_resident(const struct region *region)
{
    unsigned char present[EXTENT_PAGES_MAX];
    size_t pages = 0;

    for (uint32_t extent = 0; extent < region->extents; extent++) {
        size_t length = extent_length(region, extent);
        unsigned char *where = at(region, extent * region->per_extent);
        if (!region->extent[extent].mapped || mincore(where, length, present))
            continue;
        for (size_t i = 0; i < length / region->page; i++)
            pages += present[i] & 1u;
    }
    return pages * region->page;
}

const char *region_backing_name(const struct region *region)
{
    return backings[region->backing].name;
}

/* Map all of it once: no limit is left to be met when a secret needs the memory. */
static int prove(struct region *region, enum arena_backing backing, struct error *error)
{
    size_t length = (size_t)region->pages * region->page;
    struct rlimit limit = {0};
    int r = map_pages(backing, region->base, length);

    if (!r) {
        region->backing = backing;
        return reserve(region->base, length);
    }
    getrlimit(RLIMIT_MEMLOCK, &limit);
    error_add(error, "%s: %s%zu KiB cannot be locked (errno %d; RLIMIT_MEMLOCK is %llu KiB)",
              backings[backing].name,
              r == -ENOSYS ? "this kernel has none (boot parameter secretmem.enable=1?); " : "",
              length / 1024, -r, (unsigned long long)limit.rlim_cur / 1024);
    return r;
}

static int choose(struct region *region, enum arena_backing backing, struct error *error)
{
    if (backing != ARENA_AUTO)
        return prove(region, backing, error);
    return prove(region, ARENA_MEMFD_SECRET, error) ? prove(region, ARENA_MLOCK, error) : 0;
}

int region_init(struct region *region, size_t size, enum arena_backing backing, struct error *error)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = size / page + (size % page != 0);
    if (!pages || pages >= UINT32_MAX || page > EXTENT_SIZE)
        return error_set(error, -EINVAL, "arena: cannot be %zu bytes", size);

    void *start = mmap(NULL, (pages + 2) * page, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return error_errno(error, -errno, "arena: no addresses for %zu bytes", size);
    *region = (struct region){
        .base = (unsigned char *)start + page,
        .page = page,
        .pages = (uint32_t)pages,
        .per_extent = EXTENT_SIZE / (uint32_t)page,
    };
    region->extents = (region->pages + region->per_extent - 1) / region->per_extent;
    region->extent = calloc(region->extents, sizeof *region->extent);
    int r = region->extent ? choose(region, backing, error) : -ENOMEM;
    if (r)
        region_fini(region);
    return r;
}

void region_fini(struct region *region)
{
    if (region->base)
        munmap(region->base - region->page, ((size_t)region->pages + 2) * region->page);
    free(region->extent);
    *region = (struct region){0};
}
