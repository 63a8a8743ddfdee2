/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/page_view.h"

#include "client/channel.h"
#include "client/locked.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without these, whoever else has the file could write to it, or take it away below us (SIGBUS). */
#define NEEDED_SEALS (F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

_Static_assert(PAGE_VALUE_AT % 8 == 0 && sizeof(struct page_head) % 8 == 0, "whole words");
_Static_assert(offsetof(struct page_head, sequence) / 64 == offsetof(struct page_head, keeper) / 64,
               "one cache line");

static int malformed(const char **wrong, const char *what)
{
    *wrong = what;
    return -EPROTO;
}

/* ---- mapping --------------------------------------------------------------------------------- */

static int check_file(int fd, size_t *size, const char **wrong)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0)
        return malformed(wrong, "is no memfd");
    if ((seals & NEEDED_SEALS) != NEEDED_SEALS)
        return malformed(wrong, "is not sealed");
    if (fstat(fd, &st) < 0)
        return -errno;
    long page_size = sysconf(_SC_PAGESIZE);
    if (st.st_size <= 0 || st.st_size % page_size ||
        st.st_size > (off_t)LIMIT_VALUE + PAGE_VALUE_AT + 2 * page_size)
        return malformed(wrong, "has a size that makes no sense");
    *size = (size_t)st.st_size;
    return 0;
}

static int check_head(const struct page_view *view, const char **wrong)
{
    const struct page_head *head = view->head;
    if (head->magic != PAGE_MAGIC)
        return malformed(wrong, "is no page of ours");
    if (head->capacity % 8 || head->capacity > view->size - PAGE_VALUE_AT)
        return malformed(wrong, "says it holds more than it can");
    return 0;
}

static int map_file(struct page_view *view, int fd)
{
    void *memory = mmap(NULL, view->size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (memory == MAP_FAILED)
        return -errno;
    mlock(memory, view->size); /* as far as the limit allows; the daemon holds it locked anyway */
    madvise(memory, view->size, MADV_DONTDUMP);
    view->head = memory;
    return 0;
}

int page_view_map(struct page_view *ret, int fd, const char **wrong)
{
    struct page_view view = {.head = NULL};
    *wrong = NULL;
    int r = check_file(fd, &view.size, wrong);
    if (!r)
        r = map_file(&view, fd);
    if (!r)
        r = check_head(&view, wrong);
    close(fd);
    if (r)
        page_view_unmap(&view);
    else
        *ret = view;
    return r;
}

void page_view_unmap(struct page_view *view)
{
    if (view->head)
        munmap((void *)(uintptr_t)view->head, view->size);
    *view = (struct page_view){.head = NULL};
}

/* ---- copying --------------------------------------------------------------------------------- */

/* By whole words, since the writer may be at them: a copy that is torn is thrown away. */
static void copy_words(void *to, const void *from, size_t bytes)
{
    const uint64_t *words = from;
    for (size_t i = 0; i < bytes / 8; i++) {
        uint64_t word = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
        memcpy((char *)to + i * 8, &word, 8);
    }
}

static size_t whole_words(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

/* Whether all that was copied since is of one time. */
static bool is_still(const struct page_head *head, uint32_t sequence)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&head->sequence, __ATOMIC_RELAXED) == sequence;
}

static int check_copy(const struct page_view *view, const struct page_head *head,
                      const char **wrong)
{
    if (head->state < PAGE_VALUE || head->state > PAGE_REVOKED)
        return malformed(wrong, "is in a state that makes no sense");
    if (head->state == PAGE_VALUE &&
        (head->length > view->size - PAGE_VALUE_AT || head->length > LIMIT_VALUE || !head->version))
        return malformed(wrong, "has a value that makes no sense");
    return 0;
}

static int make_room(struct page_copy *copy, size_t length)
{
    size_t room = whole_words(length) + 1;
    if (copy->room >= room)
        return 0;
    locked_free(copy->value, copy->room);
    copy->value = locked_alloc(room);
    copy->room = copy->value ? room : 0;
    return copy->value ? 0 : -ENOMEM;
}

/* Once. -EAGAIN: the writer was there. */
static int try_copy(const struct page_view *view, struct page_copy *copy, const char **wrong)
{
    const struct page_head *head = view->head;
    uint32_t sequence = page_view_sequence(head);
    if (sequence & 1)
        return -EAGAIN;
    copy_words(&copy->head, head, sizeof copy->head);
    if (!is_still(head, sequence))
        return -EAGAIN;
    copy->head.sequence = sequence;
    int r = check_copy(view, &copy->head, wrong);
    if (r || copy->head.state != PAGE_VALUE)
        return r;
    r = make_room(copy, copy->head.length);
    if (r)
        return r;
    copy_words(copy->value, (const char *)head + PAGE_VALUE_AT, whole_words(copy->head.length));
    copy->value[copy->head.length] = '\0';
    return is_still(head, sequence) ? 0 : -EAGAIN;
}

static void forget_value(struct page_copy *copy)
{
    locked_free(copy->value, copy->room);
    copy->value = NULL;
    copy->room = 0;
}

int page_view_copy(const struct page_view *view, struct page_copy *ret, const char **wrong)
{
    struct page_copy copy = {.value = NULL};
    *wrong = NULL;
    int r = try_copy(view, &copy, wrong);
    int64_t deadline = r == -EAGAIN ? channel_now() + LIMIT_WRITER_MS : 0;
    while (r == -EAGAIN && page_view_is_kept(view->head) && channel_now() < deadline) {
        sched_yield(); /* to the writer, if it waits for this processor */
        r = try_copy(view, &copy, wrong);
    }
    if (!r && copy.head.state != PAGE_VALUE)
        forget_value(&copy); /* of an attempt that failed */
    if (r)
        page_view_clear(&copy);
    else
        *ret = copy;
    return r;
}

void page_view_clear(struct page_copy *copy)
{
    forget_value(copy);
    *copy = (struct page_copy){.value = NULL};
}
