/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "tests/unit/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

/* What is wrong on purpose here must reach the arena, not ASan. */
#define UNCHECKED __attribute__((no_sanitize("address")))

#define MIB (1024u * 1024u)

static const enum arena_backing both[] = {ARENA_MEMFD_SECRET, ARENA_MLOCK};

static struct arena *make(size_t size, enum arena_backing backing)
{
    struct error error = {0};
    struct arena *arena = NULL;
    int r = arena_new(size, backing, &arena, &error);
    if (r && backing == ARENA_MEMFD_SECRET)
        CHECK_SKIP("%.100s", error.text);
    CHECK_EQ_INT(r, 0);
    return arena;
}

static struct arena_stats stats_of(const struct arena *arena)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    return stats;
}

static bool is_zero(const void *memory, size_t length)
{
    const unsigned char *bytes = memory;
    while (length && !*bytes)
        bytes++, length--;
    return !length;
}

/* ---- giving out and taking back ------------------------------------------------------------- */

TEST(every_size_is_aligned_zeroed_and_wastes_little)
{
    struct arena *arena = make(8 * MIB, ARENA_AUTO);
    for (size_t size = 1; size < 70000; size += size < 2000 ? 1 : 61) {
        unsigned char *block = arena_alloc(arena, size);
        CHECK(block != NULL);
        CHECK_EQ_INT((uintptr_t)block % 16, 0);
        CHECK(arena_owns(arena, block));
        size_t usable = arena_usable(arena, block);
        CHECK(usable >= size);
        CHECK(usable <= (size + 8) * 5 / 4 + 16);
        CHECK(is_zero(block, usable));
        memset(block, 0xa5, usable);
        CHECK(arena_check(arena));
        arena_free(arena, block);
    }
    CHECK_EQ_INT(stats_of(arena).blocks, 0);
    CHECK_EQ_INT(stats_of(arena).used, 0);
    arena_destroy(arena);
}

TEST(nothing_and_too_much)
{
    struct arena *arena = make(MIB, ARENA_AUTO);
    CHECK(arena_alloc(arena, 0) == NULL);
    CHECK_EQ_INT(stats_of(arena).refusals, 0);
    CHECK(arena_alloc(arena, MIB) == NULL);
    CHECK(arena_alloc(arena, SIZE_MAX) == NULL);
    CHECK(arena_alloc(arena, SIZE_MAX - 7) == NULL);
    CHECK_EQ_INT(stats_of(arena).refusals, 3);
    CHECK(!arena_owns(arena, NULL));
    CHECK(!arena_owns(arena, &arena));
    arena_free(arena, NULL);
    arena_destroy(arena);
    arena_destroy(NULL);

    struct error error = {0};
    CHECK_EQ_INT(arena_new(0, ARENA_AUTO, &arena, &error), -EINVAL);
    CHECK(error.text[0] != '\0');
}

static size_t fill(struct arena *arena, size_t size)
{
    size_t count = 0;
    void **last = NULL;
    for (void **block; (block = arena_alloc(arena, size)); last = block, count++)
        *block = last;
    while (last) {
        void **next = *last;
        arena_free(arena, last);
        last = next;
    }
    return count;
}

TEST(full_refuses_and_all_freed_is_all_available)
{
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(4 * MIB, both[i]);
        static const size_t sizes[] = {16, 1000, 1300, 16000, 20000, 3 * MIB, 8};
        size_t first[7];
        for (size_t round = 0; round < 3; round++)
            for (size_t n = 0; n < 7; n++) {
                size_t count = fill(arena, sizes[n]);
                if (!round)
                    first[n] = count;
                CHECK_EQ_INT(count, first[n]);
                CHECK(count * sizes[n] > (sizes[n] > 100 ? 4 * MIB * 6 / 10 : MIB));
            }
        CHECK_EQ_INT(stats_of(arena).refusals, 21);
        CHECK_EQ_INT(stats_of(arena).used, 0);
        CHECK(stats_of(arena).peak > 3 * MIB);
        arena_destroy(arena);
    }
}

TEST(ten_thousand_secrets_fit_in_little_more_than_their_size)
{
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(64 * MIB, both[i]);
        static void *blocks[10000];
        size_t size = 1024 + 256 - 8;
        for (size_t n = 0; n < 10000; n++) {
            blocks[n] = arena_alloc(arena, size);
            memset(blocks[n], 1, size);
        }
        struct arena_stats stats = stats_of(arena);
        printf("# %s: 10,000 blocks of %zu: used %zu KiB, resident %zu KiB\n",
               arena_backing_name(arena), size, stats.used / 1024, stats.resident / 1024);
        CHECK_EQ_INT(stats.blocks, 10000);
        CHECK(stats.used >= 10000 * size);
        CHECK(stats.resident >= stats.used);
        CHECK(stats.resident < 10000 * size * 103 / 100);
        for (size_t n = 0; n < 10000; n++)
            arena_free(arena, blocks[n]);
        stats = stats_of(arena);
        CHECK_EQ_INT(stats.used, 0);
        CHECK(stats.resident <= 3 * MIB); /* the slab that is kept, across two extents, a spare */
        arena_destroy(arena);
    }
}

TEST(a_large_buffer_is_resident_only_where_it_was_written)
{
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(16 * MIB, both[i]);
        unsigned char *block = arena_alloc(arena, 6 * MIB);
        memset(block, 1, 100000);
        CHECK(stats_of(arena).resident < 150000);
        arena_free(arena, block);
        CHECK(stats_of(arena).resident < 150000);
        block = arena_alloc(arena, 6 * MIB);
        CHECK(is_zero(block, 200000));
        arena_free(arena, block);
        arena_destroy(arena);
    }
}

/* ---- against a model ------------------------------------------------------------------------- */

struct model {
    unsigned char *block;
    size_t size;
    unsigned char fill;
};

static void check_contents(const struct model *entry)
{
    for (size_t i = 0; i<entry->size; i += entry->size> 4096 ? 97 : 1)
        if (entry->block[i] != entry->fill)
            CHECK_EQ_INT(entry->block[i], entry->fill);
    CHECK_EQ_INT(entry->block[entry->size - 1], entry->fill);
}

static size_t random_size(void)
{
    static const size_t limits[] = {64, 300, 1400, 1400, 5000, 20000, 70000, 400000};
    return 1 + check_random(limits[check_random(check_random(40) ? 6 : 8)]);
}

static void stress(struct arena *arena, size_t operations)
{
    static struct model models[2048];
    size_t blocks = 0, refused = 0;

    memset(models, 0, sizeof models);
    for (size_t n = 0; n < operations; n++) {
        struct model *entry = &models[check_random(2048)];
        if (entry->block) {
            check_contents(entry);
            arena_free(arena, entry->block);
            *entry = (struct model){0};
            blocks--;
        } else {
            entry->size = random_size();
            entry->fill = (unsigned char)(1 + check_random(255));
            entry->block = arena_alloc(arena, entry->size);
            refused += !entry->block;
            blocks += entry->block != NULL;
            if (entry->block) {
                CHECK(is_zero(entry->block, entry->size));
                memset(entry->block, entry->fill, entry->size);
            }
        }
        if (n % 1000 == 0) {
            CHECK_EQ_INT(stats_of(arena).blocks, blocks);
            CHECK(arena_check(arena));
        }
    }
    for (size_t n = 0; n < 2048; n++)
        if (models[n].block) {
            check_contents(&models[n]);
            arena_free(arena, models[n].block);
        }
    CHECK_EQ_INT(stats_of(arena).refusals, refused);
    CHECK_EQ_INT(stats_of(arena).used, 0);
    CHECK(fill(arena, 7 * MIB) == 1);
}

TEST(random_operations_agree_with_a_model)
{
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(8 * MIB, both[i]);
        stress(arena, 100000);
        arena_destroy(arena);
    }
}

/* ---- wiping ------------------------------------------------------------------------------------
 */

static UNCHECKED bool peek_is_zero(const volatile unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return false;
    return true;
}

TEST(free_wipes)
{
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(4 * MIB, both[i]);
        void *neighbour = arena_alloc(arena, 1000); /* keeps the slab mapped */
        unsigned char *block = arena_alloc(arena, 1000);
        size_t usable = arena_usable(arena, block);
        memset(block, 0x5a, usable);
        CHECK(!peek_is_zero(block, usable));
        arena_free(arena, block);
        CHECK(peek_is_zero(block, usable + 8));

        /* A large block's pages are closed; the next block of that size gets the same ones. */
        unsigned char *large = arena_alloc(arena, 50000);
        memset(large, 0x5a, 50000);
        arena_free(arena, large);
        unsigned char *again = arena_alloc(arena, 50000);
        CHECK(again == large);
        CHECK(is_zero(again, 50000));
        arena_free(arena, again);
        arena_free(arena, neighbour);
        arena_destroy(arena);
    }
}

TEST(wipe)
{
    unsigned char bytes[100];
    memset(bytes, 1, sizeof bytes);
    arena_wipe(bytes + 1, 98);
    CHECK(bytes[0] == 1 && bytes[99] == 1);
    CHECK(is_zero(bytes + 1, 98));
}

/* ---- misuse ends the process ---------------------------------------------------------------- */

struct victim {
    struct arena *arena;
    unsigned char *block;
    const char *message; /* on stderr */
    void (*misuse)(struct victim *victim);
};

static UNCHECKED void flip(volatile unsigned char *byte)
{
    *byte ^= 1;
}

static void overrun(struct victim *victim)
{
    flip(victim->block + arena_usable(victim->arena, victim->block));
    CHECK(!arena_check(victim->arena));
    arena_free(victim->arena, victim->block);
}

static void free_twice(struct victim *victim)
{
    arena_free(victim->arena, victim->block);
    arena_free(victim->arena, victim->block);
}

static void free_inside(struct victim *victim)
{
    arena_free(victim->arena, victim->block + 16);
}

static void free_foreign(struct victim *victim)
{
    arena_free(victim->arena, victim);
}

static void use_freed(struct victim *victim)
{
    arena_free(victim->arena, victim->block);
    arena_usable(victim->arena, victim->block);
}

static void in_child(void *argument)
{
    struct victim *victim = argument;
    struct error error;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    /* Made here: a child has no part in its parent's arena. */
    CHECK(arena_new(4 * MIB, ARENA_AUTO, &victim->arena, &error) == 0);
    size_t size = (size_t)(uintptr_t)victim->block;
    CHECK(arena_alloc(victim->arena, size) != NULL);
    victim->block = arena_alloc(victim->arena, size);
    victim->misuse(victim);
}

/* What the child wrote to stderr, into TEXT. */
static int run_with_stderr(struct victim *victim, char *text, size_t size)
{
    int saved = dup(STDERR_FILENO), fd = memfd_create("stderr", MFD_CLOEXEC);
    CHECK(saved >= 0 && fd >= 0);
    dup2(fd, STDERR_FILENO);
    int status = check_child(in_child, victim);
    dup2(saved, STDERR_FILENO);
    ssize_t got = pread(fd, text, size - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    close(fd);
    close(saved);
    return status;
}

TEST(misuse_aborts)
{
    static const struct {
        void (*misuse)(struct victim *victim);
        const char *message;
    } cases[] = {
        {overrun, "arena: a damaged canary\n"},
        {free_twice, "arena: a pointer to no block, or freed twice\n"},
        {free_inside, "arena: a pointer to no block, or freed twice\n"},
        {use_freed, "arena: a pointer to no block, or freed twice\n"},
        {free_foreign, "arena: a pointer from elsewhere\n"},
    };
    static const size_t sizes[] = {100, 1000, 100000};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t n = 0; n < 3; n++) {
            char text[256];
            struct victim victim = {.block = (unsigned char *)(uintptr_t)sizes[n],
                                    .misuse = cases[i].misuse};
            int status = run_with_stderr(&victim, text, sizeof text);
            CHECK_STR(text, cases[i].message);
            CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        }
}

static UNCHECKED void touch(struct victim *victim)
{
    signal(SIGSEGV, SIG_DFL); /* ASan has its own handler */
    *(volatile unsigned char *)victim->block = 1;
}

static void touch_guard(struct victim *victim)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usable = arena_usable(victim->arena, victim->block);
    unsigned char *end = victim->block + usable + 8;
    /* A small block lies somewhere in its slab: the guard is the first page that faults. */
    unsigned char present;
    end += (page - (uintptr_t)end % page) % page;
    for (size_t i = 0; i < 64 && usable < page && !mincore(end, page, &present) && present; i++)
        end += page;
    victim->block = end;
    touch(victim);
}

static void touch_before_region(struct victim *victim)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *at = victim->block - (uintptr_t)victim->block % page;
    while (arena_owns(victim->arena, at))
        at -= page;
    victim->block = at;
    touch(victim);
}

static void touch_freed_large(struct victim *victim)
{
    arena_free(victim->arena, victim->block);
    touch(victim);
}

static void touch_own(struct victim *victim)
{
    touch(victim);
}

static int victim_signal(size_t size, void (*misuse)(struct victim *victim))
{
    struct victim victim = {.block = (unsigned char *)(uintptr_t)size, .misuse = misuse};
    int status = check_child(in_child, &victim);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(guards_fault)
{
    CHECK_EQ_INT(victim_signal(100000, touch_own), 0);
    CHECK_EQ_INT(victim_signal(100000, touch_guard), SIGSEGV);
    CHECK_EQ_INT(victim_signal(100000, touch_freed_large), SIGSEGV);
    CHECK_EQ_INT(victim_signal(1000, touch_own), 0);
    CHECK_EQ_INT(victim_signal(1000, touch_before_region), SIGSEGV);
}

/* A whole slab of blocks, then one step past its last byte. */
static void overrun_slab(struct victim *victim)
{
    unsigned char *highest = victim->block, *block;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    while ((block = arena_alloc(victim->arena, 1016)) && block > highest && block - highest < 2048)
        highest = block;
    uintptr_t end = (uintptr_t)highest + 1024;
    victim->block = highest + 1024 + (page - end % page) % page;
    touch(victim);
}

TEST(a_slab_ends_in_a_guard)
{
    CHECK_EQ_INT(victim_signal(1016, overrun_slab), SIGSEGV);
}

/* ---- who else can read it ------------------------------------------------------------------- */

static ssize_t read_own_memory(const void *address, void *into, size_t length)
{
    int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t got = pread(fd, into, length, (off_t)(uintptr_t)address);
    close(fd);
    return got;
}

TEST(proc_mem_reads_no_secret_memory)
{
    char into[16], *heap = strdup("on the heap 123");
    CHECK_EQ_INT(read_own_memory(heap, into, 16), 16);
    CHECK_MEM(into, heap, 16);
    free(heap);

    struct arena *arena = make(MIB, ARENA_MEMFD_SECRET);
    CHECK_STR(arena_backing_name(arena), "memfd_secret");
    char *block = arena_alloc(arena, 16);
    memcpy(block, "in the arena 12", 16);
    CHECK_EQ_INT(read_own_memory(block, into, 16), -1);
    arena_destroy(arena);
}

static UNCHECKED void touch_parents(void *block)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL);
    _exit(*(volatile unsigned char *)block == 0x5a ? 7 : 8);
}

TEST(a_forked_child_has_no_part_in_it)
{
    unsigned char control = 0x5a;
    CHECK_EQ_INT(WEXITSTATUS(check_child(touch_parents, &control)), 7);
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(MIB, both[i]);
        unsigned char *block = arena_alloc(arena, 100);
        *block = 0x5a;
        int status = check_child(touch_parents, block);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        arena_destroy(arena);
    }
}

/* The lines of /proc/self/smaps from the mapping of ADDRESS to its VmFlags. */
static void read_flags(const void *address, char *flags, size_t size)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    char line[256];
    bool inside = false;
    flags[0] = '\0';
    while (file && fgets(line, sizeof line, file)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        else if (inside && !strncmp(line, "VmFlags:", 8))
            snprintf(flags, size, "%s", line + 8);
    }
    if (file)
        fclose(file);
}

TEST(pages_are_locked_and_left_out_of_dumps)
{
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(MIB, both[i]);
        char flags[256];
        read_flags(arena_alloc(arena, 10), flags, sizeof flags);
        CHECK(strstr(flags, " lo") != NULL);
        CHECK(strstr(flags, " dd") != NULL);
        CHECK(strstr(flags, " dc") != NULL);
        CHECK(strstr(flags, " ex") == NULL);
        arena_destroy(arena);
    }
}

TEST(send_goes_straight_from_it)
{
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = make(4 * MIB, both[i]);
        int pair[2];
        char into[5000];
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        char *block = arena_alloc(arena, sizeof into);
        for (size_t n = 0; n < sizeof into; n++)
            block[n] = (char)(n * 7);
        CHECK_EQ_INT(send(pair[0], block, sizeof into, MSG_NOSIGNAL), sizeof into);
        CHECK_EQ_INT(recv(pair[1], into, sizeof into, MSG_WAITALL), sizeof into);
        CHECK_MEM(into, block, sizeof into);
        CHECK_EQ_INT(send(pair[1], into, sizeof into, MSG_NOSIGNAL), sizeof into);
        memset(block, 0, sizeof into);
        CHECK_EQ_INT(recv(pair[0], block, sizeof into, MSG_WAITALL), sizeof into);
        CHECK_MEM(block, into, sizeof into);
        close(pair[0]);
        close(pair[1]);
        arena_destroy(arena);
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void without_the_right_to_lock(void *argument)
{
    (void)argument;
    struct rlimit limit = {2 * MIB, 2 * MIB};
    struct arena *arena = NULL;
    struct error error = {0};
    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    CHECK(syscall(SYS_setresuid, 65534, 65534, 65534) == 0);
    CHECK(arena_new(16 * MIB, ARENA_AUTO, &arena, &error) < 0);
    CHECK(strstr(error.text, "mlock: ") != NULL);
    CHECK(strstr(error.text, "RLIMIT_MEMLOCK is 2048 KiB") != NULL);
    CHECK(arena_new(MIB, ARENA_MLOCK, &arena, &error) == 0);
    void *block = arena_alloc(arena, 100000);
    CHECK(block != NULL);
    arena_free(arena, block);
    arena_destroy(arena);
}

TEST(what_cannot_be_locked_is_refused_at_the_start)
{
    if (geteuid())
        CHECK_SKIP("needs root");
    CHECK_EQ_INT(check_child(without_the_right_to_lock, NULL), 0);
}

CHECK_MAIN
