/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/page.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "limits.h"
#include "store/store.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

_Static_assert(PAGE_KEEPER_DIED == FUTEX_OWNER_DIED, "what the kernel sets");
_Static_assert(sizeof(struct page_head) <= PAGE_VALUE_AT, "the head fits before the value");

/*
 * The kernel finds the word to mark at a fixed distance from each node of its list. The node lies
 * on a page of ours in front of the shared one: in it, readers would see our addresses.
 */
struct page {
    struct robust_list node; /* first: the list leads back here */
    struct page *previous;   /* NULL: the first */
    struct page_book *book;
    struct page_head *head; /* the next page in memory, shared */
    size_t size;            /* bytes shared */
    int is_resting;
    int fd;
};

struct page_book {
    struct robust_list_head list; /* what the kernel walks */
    struct robust_list_head *old; /* the C library's */
    size_t old_size;
    size_t page_size;
    struct page_stats stats, resting;
};

/* Files; a value may have PAGE_VALUE_AT bytes less. From one to the next in memory times four. */
static const size_t sizes[] = {4096, 16384, 65536, 262144, LIMIT_VALUE + 4096};

/* ---- the book ------------------------------------------------------------------------------ */

int page_book_new(struct page_book **ret)
{
    struct page_book *book = calloc(1, sizeof *book);
    if (!book)
        return -ENOMEM;
    book->page_size = (size_t)sysconf(_SC_PAGESIZE);
    book->list.list.next = &book->list.list;
    book->list.futex_offset = (long)(book->page_size + offsetof(struct page_head, keeper));
    if (syscall(SYS_get_robust_list, 0, &book->old, &book->old_size) < 0 ||
        syscall(SYS_set_robust_list, &book->list, sizeof book->list) < 0) {
        int r = -errno;
        free(book);
        return r;
    }
    *ret = book;
    return 0;
}

void page_book_read_stats(const struct page_book *book, struct page_stats *ret)
{
    *ret = book->stats;
}

void page_book_free(struct page_book *book)
{
    if (!book)
        return;
    syscall(SYS_set_robust_list, book->old, book->old_size);
    free(book);
}

/* ---- the seqlock --------------------------------------------------------------------------- */

static void begin(struct page_head *head)
{
    __atomic_store_n(&head->sequence, head->sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end(struct page_head *head)
{
    __atomic_store_n(&head->sequence, head->sequence + 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &head->sequence, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static uint64_t *words_of(struct page_head *head)
{
    return (uint64_t *)(void *)((char *)head + PAGE_VALUE_AT);
}

/* Readers may be at it: whole words, each of them old or new. */
static void write_value(struct page_head *head, const char *data, size_t length)
{
    uint64_t *words = words_of(head);
    size_t old = (head->length + 7u) / 8;
    size_t at = 0;
    for (; at * 8 < length; at++) {
        uint64_t word = 0;
        size_t rest = length - at * 8;
        memcpy(&word, data + at * 8, rest < 8 ? rest : 8);
        __atomic_store_n(&words[at], word, __ATOMIC_RELAXED);
    }
    for (; at < old; at++)
        __atomic_store_n(&words[at], 0, __ATOMIC_RELAXED);
    __atomic_store_n(&head->length, (uint32_t)length, __ATOMIC_RELAXED);
}

static void describe(struct page_head *head, enum page_state state, enum page_reason reason)
{
    __atomic_store_n(&head->state, (uint32_t)state, __ATOMIC_RELAXED);
    __atomic_store_n(&head->reason, (uint32_t)reason, __ATOMIC_RELAXED);
}

static void set_times(struct page_head *head, uint64_t version, int64_t created_us,
                      int64_t updated_us, int64_t expires_us)
{
    __atomic_store_n(&head->version, version, __ATOMIC_RELAXED);
    __atomic_store_n(&head->created_us, created_us, __ATOMIC_RELAXED);
    __atomic_store_n(&head->updated_us, updated_us, __ATOMIC_RELAXED);
    __atomic_store_n(&head->expires_us, expires_us, __ATOMIC_RELAXED);
}

void page_write(struct page *page, const struct store_version *version)
{
    struct page_head *head = page->head;
    begin(head);
    describe(head, PAGE_VALUE, PAGE_REASON_NONE);
    set_times(head, version->number, version->created_us, version->updated_us,
              version->validity.expires_us);
    write_value(head, version->value.data, version->value.length);
    end(head);
}

void page_wipe(struct page *page, enum page_state state, enum page_reason reason)
{
    struct page_head *head = page->head;
    begin(head);
    describe(head, state, reason);
    set_times(head, 0, 0, 0, INT64_MAX);
    write_value(head, NULL, 0);
    end(head);
}

/* ---- making and freeing -------------------------------------------------------------------- */

static int make_file(size_t size)
{
    int fd = memfd_create("vsecm-page", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("vsecm-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) == 0)
        return fd;
    int r = -errno;
    close(fd);
    return r;
}

/* Our own page for the node, and behind it the file, to be written by us and nobody after us. */
static int map(struct page_book *book, int fd, size_t size, struct page **ret)
{
    char *base = mmap(NULL, book->page_size + size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return -errno;
    char *shared = base + book->page_size;
    if (mmap(shared, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
        mlock(shared, size) < 0 || madvise(shared, size, MADV_DONTDUMP) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) <
            0) {
        int r = errno == ENOMEM ? -ENOSPC : -errno;
        munmap(base, book->page_size + size);
        return r;
    }
    struct page *page = (struct page *)(void *)base;
    *page = (struct page){
        .book = book, .head = (struct page_head *)(void *)shared, .size = size, .fd = fd};
    *ret = page;
    return 0;
}

static void count(struct page_stats *stats, const struct page *page, int sign)
{
    stats->pages += (unsigned)sign;
    stats->bytes += sign > 0 ? page->size : -page->size;
}

/* The kernel may walk the list at any instant: it is whole after each store. */
static void link_page(struct page *page)
{
    struct page_book *book = page->book;
    struct robust_list *first = book->list.list.next;
    page->node.next = first;
    if (first != &book->list.list)
        ((struct page *)(void *)first)->previous = page;
    __atomic_store_n(&book->list.list.next, &page->node, __ATOMIC_RELEASE);
    count(&book->stats, page, 1);
}

static void unlink_page(struct page *page)
{
    struct page_book *book = page->book;
    struct robust_list *next = page->node.next;
    struct robust_list *before = page->previous ? &page->previous->node : &book->list.list;
    __atomic_store_n(&before->next, next, __ATOMIC_RELEASE);
    if (next != &book->list.list)
        ((struct page *)(void *)next)->previous = page->previous;
    count(page->is_resting ? &book->resting : &book->stats, page, -1);
}

int page_new(struct page_book *book, size_t length, struct page **ret)
{
    size_t i = 0;
    while (i + 1 < sizeof sizes / sizeof sizes[0] && sizes[i] - PAGE_VALUE_AT < length)
        i++;
    size_t size = (sizes[i] + book->page_size - 1) / book->page_size * book->page_size;
    if (book->stats.pages + book->resting.pages >= LIMIT_PAGES ||
        book->stats.bytes + book->resting.bytes + size > LIMIT_PAGE_MEMORY)
        return -ENOSPC;
    int fd = make_file(size);
    if (fd < 0)
        return fd;
    struct page *page = NULL;
    int r = map(book, fd, size, &page);
    if (r < 0) {
        close(fd);
        return r;
    }
    *page->head = (struct page_head){.magic = PAGE_MAGIC,
                                     .capacity = (uint32_t)(size - PAGE_VALUE_AT),
                                     .keeper = (uint32_t)gettid(),
                                     .state = PAGE_ABSENT,
                                     .reason = PAGE_REASON_NO_SECRET,
                                     .expires_us = INT64_MAX};
    link_page(page);
    *ret = page;
    return 0;
}

int page_fd(const struct page *page)
{
    return page->fd;
}

size_t page_capacity(const struct page *page)
{
    return page->head->capacity;
}

static void disown(struct page_head *head)
{
    __atomic_store_n(&head->keeper, PAGE_KEEPER_DIED, __ATOMIC_RELEASE);
    syscall(SYS_futex, &head->sequence, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void page_rest(struct page *page)
{
    disown(page->head);
    count(&page->book->stats, page, -1);
    count(&page->book->resting, page, 1);
    page->is_resting = 1;
}

void page_wake(struct page *page)
{
    __atomic_store_n(&page->head->keeper, (uint32_t)gettid(), __ATOMIC_RELEASE);
    count(&page->book->resting, page, -1);
    count(&page->book->stats, page, 1);
    page->is_resting = 0;
}

/* Marked first: one that dies in between must leave no page that looks as if it were kept. */
void page_free(struct page *page)
{
    if (!page)
        return;
    struct page_book *book = page->book;
    disown(page->head);
    unlink_page(page);
    close(page->fd);
    munmap(page, book->page_size + page->size);
}
