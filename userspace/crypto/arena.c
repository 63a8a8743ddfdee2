/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/arena.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "crypto/region.h"
#include "crypto/runs.h"
#include "crypto/slab.h"

#ifdef __SANITIZE_ADDRESS__
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define poison(start, bytes) __asan_poison_memory_region(start, bytes)
#define unpoison(start, bytes) __asan_unpoison_memory_region(start, bytes)
#else
#define poison(start, bytes) ((void)(start), (void)(bytes))
#define unpoison(start, bytes) ((void)(start), (void)(bytes))
#endif

#define CANARY sizeof(uint64_t)

struct arena {
    struct region region;
    struct runs runs;
    struct slab *partial[SLAB_CLASSES]; /* slabs with a free block */
    uint64_t secret;
    size_t used, peak;
    uint64_t blocks, refusals;
};

struct block {
    unsigned char *start;
    size_t bytes;      /* canary included */
    uint32_t first;    /* page where its run begins */
    uint32_t index;    /* in its slab */
    struct slab *slab; /* NULL: a large one */
};

static _Noreturn void die(const char *message)
{
    ssize_t ignored = write(STDERR_FILENO, message, strlen(message));
    (void)ignored;
    abort();
}

void arena_wipe(void *memory, size_t length)
{
    explicit_bzero(memory, length);
}

/* ---- canaries ---------------------------------------------------------------------------- */

static uint64_t canary_of(const struct arena *arena, const struct block *block)
{
    return arena->secret ^ (uint64_t)(uintptr_t)block->start;
}

/* Under ASan a canary is poisoned, for everyone but these two. */
static __attribute__((no_sanitize("address"))) void set_canary(const struct arena *arena,
                                                               const struct block *block)
{
    *(uint64_t *)(void *)(block->start + block->bytes - CANARY) = canary_of(arena, block);
}

static __attribute__((no_sanitize("address"))) bool is_whole(const struct arena *arena,
                                                             const struct block *block)
{
    return *(uint64_t *)(void *)(block->start + block->bytes - CANARY) == canary_of(arena, block);
}

/* ---- blocks ------------------------------------------------------------------------------ */

static unsigned char *page_at(const struct arena *arena, uint32_t page)
{
    return arena->region.base + (size_t)page * arena->region.page;
}

static struct block slab_block(const struct arena *arena, struct slab *slab, uint32_t index)
{
    size_t bytes = slab_class_bytes(slab->class);
    return (struct block){page_at(arena, slab->first) + index * bytes, bytes, slab->first, index,
                          slab};
}

static struct block large_block(const struct arena *arena, uint32_t first)
{
    size_t bytes = (arena->runs.page[first].length - 1) * arena->region.page;
    return (struct block){.start = page_at(arena, first), .bytes = bytes, .first = first};
}

/* The block that POINTER is the start of. There must be one. */
static struct block locate(const struct arena *arena, const void *pointer)
{
    if (!arena_owns(arena, pointer))
        die("arena: a pointer from elsewhere\n");

    size_t offset = (size_t)((const unsigned char *)pointer - arena->region.base);
    uint32_t number = (uint32_t)(offset / arena->region.page);
    const struct page *page = &arena->runs.page[number];
    struct block block = {0};

    if (page->kind == PAGE_LARGE)
        block = large_block(arena, number);
    else if (page->kind == PAGE_SLAB) {
        size_t bytes = slab_class_bytes(page->slab->class);
        size_t index = (offset - page->slab->first * arena->region.page) / bytes;
        if (index < page->slab->count && slab_taken(page->slab, (uint32_t)index))
            block = slab_block(arena, page->slab, (uint32_t)index);
    }
    if (block.start != pointer)
        die("arena: a pointer to no block, or freed twice\n");
    return block;
}

/* Visit every block until VISIT returns false; false then. */
static bool each_block(const struct arena *arena,
                       bool (*visit)(const struct arena *arena, const struct block *block))
{
    bool going = true;
    for (uint32_t at = 0; at < arena->runs.pages && going; at += arena->runs.page[at].length) {
        const struct page *page = &arena->runs.page[at];
        struct block block = large_block(arena, at);
        if (page->kind == PAGE_LARGE)
            going = visit(arena, &block);
        for (uint32_t i = 0; page->kind == PAGE_SLAB && i < page->slab->count && going; i++) {
            block = slab_block(arena, page->slab, i);
            going = !slab_taken(page->slab, i) || visit(arena, &block);
        }
    }
    return going;
}

/* ---- runs and slabs ---------------------------------------------------------------------- */

static uint32_t take_run(struct arena *arena, uint32_t usable)
{
    uint32_t first = runs_take(&arena->runs, usable + 1);
    if (first == RUNS_NONE || !region_open(&arena->region, first, usable + 1))
        return first;
    runs_return(&arena->runs, first);
    return RUNS_NONE;
}

static void return_run(struct arena *arena, uint32_t first)
{
    region_close(&arena->region, first, arena->runs.page[first].length);
    runs_return(&arena->runs, first);
}

static void list_add(struct arena *arena, struct slab *slab)
{
    struct slab **head = &arena->partial[slab->class];
    slab->prev = NULL;
    slab->next = *head;
    if (*head)
        (*head)->prev = slab;
    *head = slab;
}

static void list_remove(struct arena *arena, struct slab *slab)
{
    if (slab->next)
        slab->next->prev = slab->prev;
    if (slab->prev)
        slab->prev->next = slab->next;
    else
        arena->partial[slab->class] = slab->next;
    slab->next = slab->prev = NULL;
}

static struct slab *add_slab(struct arena *arena, unsigned class)
{
    uint32_t pages = slab_class_pages(class, arena->region.page);
    uint32_t first = take_run(arena, pages);
    if (first == RUNS_NONE)
        return NULL;
    struct slab *slab = slab_new(class, first, pages, arena->region.page);
    if (!slab) {
        return_run(arena, first);
        return NULL;
    }
    for (uint32_t i = first; i < first + pages; i++) {
        arena->runs.page[i].kind = PAGE_SLAB;
        arena->runs.page[i].slab = slab;
    }
    poison(page_at(arena, first), pages * arena->region.page);
    list_add(arena, slab);
    return slab;
}

static void drop_slab(struct arena *arena, struct slab *slab)
{
    list_remove(arena, slab);
    return_run(arena, slab->first);
    free(slab);
}

/* Return the one empty slab that each class may keep. False when there was none. */
static bool trim(struct arena *arena)
{
    bool found = false;
    for (unsigned class = 0; class < SLAB_CLASSES; class ++)
        for (struct slab *slab = arena->partial[class], *next; slab; slab = next) {
            next = slab->next;
            if (!slab->taken) {
                drop_slab(arena, slab);
                found = true;
            }
        }
    return found;
}

/* ---- taking and giving back -------------------------------------------------------------- */

static struct block take_small(struct arena *arena, size_t bytes)
{
    unsigned class = slab_class(bytes);
    struct slab *slab = arena->partial[class];
    if (!slab)
        slab = add_slab(arena, class);
    if (!slab)
        return (struct block){0};

    struct block block = slab_block(arena, slab, slab_take(slab));
    if (slab->taken == slab->count)
        list_remove(arena, slab);
    return block;
}

static struct block take_large(struct arena *arena, size_t bytes)
{
    size_t page = arena->region.page;
    uint32_t first = take_run(arena, (uint32_t)((bytes + page - 1) / page));
    if (first == RUNS_NONE)
        return (struct block){0};
    arena->runs.page[first].kind = PAGE_LARGE;
    return large_block(arena, first);
}

static struct block take(struct arena *arena, size_t bytes)
{
    return bytes <= SLAB_BLOCK_MAX ? take_small(arena, bytes) : take_large(arena, bytes);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    bool fits = size < arena->region.pages * arena->region.page;
    struct block block = {0};
    if (!size)
        return NULL;
    if (fits)
        block = take(arena, size + CANARY);
    if (fits && !block.start && trim(arena))
        block = take(arena, size + CANARY);
    if (!block.start) {
        arena->refusals++;
        return NULL;
    }
    set_canary(arena, &block);
    unpoison(block.start, block.bytes - CANARY);
    poison(block.start + block.bytes - CANARY, CANARY);
    arena->blocks++;
    arena->used += block.bytes;
    if (arena->used > arena->peak)
        arena->peak = arena->used;
    return block.start;
}

static void free_small(struct arena *arena, const struct block *block)
{
    struct slab *slab = block->slab;
    arena_wipe(block->start, block->bytes);
    poison(block->start, block->bytes);
    if (slab->taken == slab->count)
        list_add(arena, slab);
    slab_put(slab, block->index);
    /* The last one of its class stays: one block that comes and goes must cost no system call. */
    if (!slab->taken && (slab->next || slab->prev))
        drop_slab(arena, slab);
}

void arena_free(struct arena *arena, void *pointer)
{
    if (!pointer)
        return;
    struct block block = locate(arena, pointer);
    if (!is_whole(arena, &block))
        die("arena: a damaged canary\n");

    unpoison(block.start, block.bytes);
    if (block.slab)
        free_small(arena, &block);
    else {
        region_wipe(&arena->region, block.first, (uint32_t)(block.bytes / arena->region.page));
        return_run(arena, block.first);
    }
    arena->blocks--;
    arena->used -= block.bytes;
}

size_t arena_usable(const struct arena *arena, const void *block)
{
    return locate(arena, block).bytes - CANARY;
}

int arena_owns(const struct arena *arena, const void *pointer)
{
    uintptr_t base = (uintptr_t)arena->region.base, address = (uintptr_t)pointer;
    return address >= base && address - base < arena->region.pages * arena->region.page;
}

const char *arena_backing_name(const struct arena *arena)
{
    return region_backing_name(&arena->region);
}

void arena_read_stats(const struct arena *arena, struct arena_stats *ret)
{
    *ret = (struct arena_stats){
        .size = arena->region.pages * arena->region.page,
        .used = arena->used,
        .peak = arena->peak,
        .resident = region_resident(&arena->region),
        .blocks = arena->blocks,
        .refusals = arena->refusals,
    };
}

int arena_check(const struct arena *arena)
{
    return each_block(arena, is_whole);
}

int arena_new(size_t size, enum arena_backing backing, struct arena **ret, struct error *error)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return error_set(error, -ENOMEM, "arena: no memory");

    int r = region_init(&arena->region, size, backing, error);
    if (r)
        goto out;
    r = runs_init(&arena->runs, arena->region.pages);
    if (r) {
        error_errno(error, r, "arena: page descriptors");
        goto out;
    }
    if (getrandom(&arena->secret, sizeof arena->secret, 0) != sizeof arena->secret) {
        r = error_errno(error, -EIO, "arena: getrandom");
        goto out;
    }
    *ret = arena;
    return 0;
out:
    arena_destroy(arena);
    return r;
}

static bool wipe_block(const struct arena *arena, const struct block *block)
{
    (void)arena;
    arena_wipe(block->start, block->bytes);
    return true;
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    unpoison(arena->region.base, arena->region.pages * arena->region.page);
    each_block(arena, wipe_block);
    for (uint32_t at = 0; at < arena->runs.pages; at += arena->runs.page[at].length)
        if (arena->runs.page[at].kind == PAGE_SLAB)
            free(arena->runs.page[at].slab);
    runs_fini(&arena->runs);
    region_fini(&arena->region);
    arena_wipe(arena, sizeof *arena);
    free(arena);
}
