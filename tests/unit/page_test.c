/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared page, from its writer's side and as a reader in another process sees it. */
#include "store/page.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limits.h"
#include "store/store.h"
#include "tests/unit/check.h"

#define WRITES 300000

static struct store_version version_of(const char *value, size_t length, uint64_t number)
{
    return (struct store_version){.number = number,
                                  .created_us = 11,
                                  .updated_us = (int64_t)number + 100,
                                  .validity = VALIDITY_ALWAYS,
                                  .value = {value, length}};
}

static struct page_book *new_book(void)
{
    struct page_book *book;
    CHECK_EQ_INT(page_book_new(&book), 0);
    return book;
}

static struct page *new_page(struct page_book *book, size_t length)
{
    struct page *page;
    CHECK_EQ_INT(page_new(book, length, &page), 0);
    return page;
}

static const struct page_head *map_page(const struct page *page)
{
    struct stat file;
    CHECK_EQ_INT(fstat(page_fd(page), &file), 0);
    void *memory = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, page_fd(page), 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

static const char *value_of(const struct page_head *head)
{
    return (const char *)head + PAGE_VALUE_AT;
}

static int is_zero(const struct page_head *head, size_t from)
{
    for (size_t i = from; i < head->capacity; i++)
        if (value_of(head)[i])
            return 0;
    return 1;
}

TEST(says_what_was_written)
{
    struct page_book *book = new_book();
    struct page *page = new_page(book, 0);
    const struct page_head *head = map_page(page);
    CHECK(head->magic == PAGE_MAGIC && head->state == PAGE_ABSENT);
    CHECK_EQ_INT(head->reason, PAGE_REASON_NO_SECRET);
    CHECK_EQ_INT(head->keeper, gettid());
    CHECK_EQ_INT(head->capacity, page_capacity(page));

    static const char *const values[] = {"hunter2", "a longer value than that", "x", "12345678"};
    for (unsigned i = 0; i < 4; i++) {
        struct store_version version = version_of(values[i], strlen(values[i]), i + 1);
        page_write(page, &version);
        CHECK(head->state == PAGE_VALUE && head->reason == PAGE_REASON_NONE);
        CHECK_EQ_INT(head->version, i + 1);
        CHECK(head->created_us == 11 && head->updated_us == i + 101);
        CHECK(head->expires_us == INT64_MAX && head->sequence == 2 * (i + 1));
        CHECK_EQ_INT(head->length, strlen(values[i]));
        CHECK_MEM(value_of(head), values[i], head->length);
        CHECK(is_zero(head, head->length));
    }
    page_wipe(page, PAGE_ABSENT, PAGE_REASON_EXPIRED);
    CHECK(head->state == PAGE_ABSENT && head->reason == PAGE_REASON_EXPIRED);
    CHECK(head->length == 0 && head->version == 0 && is_zero(head, 0));
    page_free(page);
    CHECK_EQ_INT(head->keeper, PAGE_KEEPER_DIED);
    page_book_free(book);
}

TEST(nobody_else_writes)
{
    struct page_book *book = new_book();
    struct page *page = new_page(book, 100);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", page_fd(page));
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd(page), 0) == MAP_FAILED);
    CHECK(write(page_fd(page), "x", 1) < 0 && errno == EPERM);
    CHECK(ftruncate(page_fd(page), 0) < 0 && errno == EPERM);
    CHECK(ftruncate(page_fd(page), 1 << 20) < 0 && errno == EPERM);
    int again = open(path, O_RDWR | O_CLOEXEC);
    CHECK(again < 0 ||
          mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) == MAP_FAILED);
    if (again >= 0)
        close(again);
    const void *readable = mmap(NULL, 4096, PROT_READ, MAP_SHARED, page_fd(page), 0);
    CHECK(readable != MAP_FAILED); /* the control */
    page_free(page);
    page_book_free(book);
}

TEST(has_room_for_every_size)
{
    struct page_book *book = new_book();
    static const size_t lengths[] = {0, 1, 3968, 3969, 16256, 16257, 65408, 262016, LIMIT_VALUE};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct page *page = new_page(book, lengths[i]);
        CHECK(page_capacity(page) >= lengths[i] && page_capacity(page) % 8 == 0);
        CHECK(page_capacity(page) <= 4 * lengths[i] + 4096);
        page_free(page);
    }
    page_book_free(book);
}

TEST(ends_at_its_limits)
{
    struct page_book *book = new_book();
    struct page_stats stats;
    static struct page *pages[LIMIT_PAGES];
    struct page *surplus;
    unsigned count = 0;
    while (count < LIMIT_PAGES && page_new(book, LIMIT_VALUE, &pages[count]) == 0)
        count++;
    page_book_read_stats(book, &stats);
    CHECK(count > 50 && stats.pages == count && stats.bytes <= LIMIT_PAGE_MEMORY);
    CHECK_EQ_INT(page_new(book, LIMIT_VALUE, &surplus), -ENOSPC);
    /* From the middle, the ends, all: the list stays whole. */
    page_free(pages[count / 2]);
    pages[count / 2] = new_page(book, LIMIT_VALUE);
    for (unsigned i = 0; i < count; i++)
        page_free(pages[i]);
    for (count = 0; count < LIMIT_PAGES; count++)
        pages[count] = new_page(book, 1);
    CHECK_EQ_INT(page_new(book, 1, &surplus), -ENOSPC);
    for (unsigned i = LIMIT_PAGES; i-- > 0;)
        page_free(pages[i]);
    page_book_read_stats(book, &stats);
    CHECK(stats.pages == 0 && stats.bytes == 0);
    page_book_free(book);
    page_free(NULL);
    page_book_free(NULL);
}

/* A child keeps COUNT pages and passes on their descriptors by being forked from us: it dies. */
TEST(the_kernel_marks_the_pages_of_the_dead)
{
    static struct page **shared;
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int ready[2];
    CHECK(shared != MAP_FAILED && pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct page_book *book = new_book();
        struct page *pages[5];
        for (int i = 0; i < 5; i++)
            pages[i] = new_page(book, 100);
        page_free(pages[2]);
        page_free(pages[4]);
        struct store_version version = version_of("stays", 5, 1);
        page_write(pages[0], &version);
        int fds[3] = {page_fd(pages[0]), page_fd(pages[1]), page_fd(pages[3])};
        if (write(ready[1], fds, sizeof fds) != sizeof fds)
            _exit(1);
        for (;;)
            pause();
    }
    int fds[3];
    CHECK_EQ_INT(read(ready[0], fds, sizeof fds), sizeof fds);
    const struct page_head *heads[3];
    for (int i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/fd/%d", child, fds[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0);
        heads[i] = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        CHECK(heads[i] != MAP_FAILED);
        close(fd);
        CHECK_EQ_INT(heads[i]->keeper, child);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ_INT(heads[i]->keeper, PAGE_KEEPER_DIED);
    CHECK_MEM(value_of(heads[0]), "stays", 5);
    close(ready[0]);
    close(ready[1]);
}

/*
 * A copy by the rules of page_abi.h, or carelessly without looking at the sequence. All bytes of a
 * value are one letter, and its length goes with the letter.
 */
static int is_torn(const struct page_head *head, int is_careless)
{
    uint64_t copy[64];
    const uint64_t *words = (const uint64_t *)(const void *)value_of(head);
    uint32_t before, after, length;
    do {
        before = __atomic_load_n(&head->sequence, __ATOMIC_ACQUIRE);
        length = __atomic_load_n(&head->length, __ATOMIC_RELAXED);
        for (size_t i = 0; i < 64; i++)
            copy[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        after = __atomic_load_n(&head->sequence, __ATOMIC_RELAXED);
    } while (!is_careless && (before != after || before % 2));
    const char *bytes = (const char *)copy;
    if (!length)
        return 0;
    for (size_t i = 0; i < sizeof copy; i++)
        if (bytes[i] != (i < length ? bytes[0] : 0))
            return 1;
    return length != 64u + (unsigned char)bytes[0];
}

/* Write the page until READER has ended: it ends when it saw half a value, or when it is revoked.
 */
static int torn_status(struct page *page, pid_t reader, unsigned writes)
{
    char value[512];
    int status;
    for (unsigned i = 0; i < writes; i++) {
        size_t letter = 'a' + i % 26;
        memset(value, (int)letter, sizeof value);
        struct store_version version = version_of(value, 64 + letter, i + 1);
        page_write(page, &version);
        if (i % 64 == 0 && waitpid(reader, &status, WNOHANG) == reader)
            return status;
    }
    page_wipe(page, PAGE_REVOKED, PAGE_REASON_NONE);
    waitpid(reader, &status, 0);
    return status;
}

/* Non-zero when a reader saw half a value while we wrote, WRITES times at most. */
static int is_seen_torn(int is_careless, unsigned writes)
{
    struct page_book *book = new_book();
    struct page *page = new_page(book, 512);
    const struct page_head *head = map_page(page);
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t reader = fork();
    if (reader == 0) {
        int torn = write(ready[1], "", 1) != 1;
        while (!torn && __atomic_load_n(&head->state, __ATOMIC_ACQUIRE) != PAGE_REVOKED)
            torn = is_torn(head, is_careless);
        _exit(torn);
    }
    CHECK_EQ_INT(read(ready[0], &byte, 1), 1); /* nothing is written before it looks */
    close(ready[0]);
    close(ready[1]);
    int status = torn_status(page, reader, writes);
    page_free(page);
    page_book_free(book);
    return status;
}

/*
 * Without the sequence a reader sees half a value sooner or later, on one busy processor only when
 * the writer happens to lose it within a write: so the control writes for as long as that takes.
 */
TEST(no_reader_sees_half_a_value)
{
    CHECK_EQ_INT(is_seen_torn(0, WRITES), 0);
    CHECK(is_seen_torn(1, 10000u * WRITES));
}

CHECK_MAIN
