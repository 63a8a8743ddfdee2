/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared pages as their reader maps and copies them. */
#include "tests/unit/check.h"
#include "tests/unit/pages.h"

#include "client/page_view.h"
#include "limits.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#define PATIENCE_S 60 /* for a hundred versions: a sanitizer on a busy processor is slow */

/* ---- mapping --------------------------------------------------------------------------------- */

static const char *refusal(struct test_page *page)
{
    struct page_view view = {.head = NULL};
    const char *wrong = NULL;
    int fd = dup(page->fd);
    CHECK_EQ_INT(page_view_map(&view, fd, &wrong), -EPROTO);
    CHECK(!view.head);
    CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
    test_page_free(page);
    return wrong;
}

static struct page_view view_of(const struct test_page *page)
{
    struct page_view view = {.head = NULL};
    const char *wrong = NULL;
    CHECK_EQ_INT(page_view_map(&view, dup(page->fd), &wrong), 0);
    return view;
}

TEST(a_page_without_its_seals_is_refused)
{
    static const int needed[] = {F_SEAL_FUTURE_WRITE, F_SEAL_GROW, F_SEAL_SHRINK};
    for (size_t i = 0; i < 3; i++) {
        struct test_page page = test_page_of(4096, PAGE_SEALS & ~needed[i]);
        CHECK_STR(refusal(&page), "is not sealed");
    }
    struct test_page page = test_page_of(4096, 0);
    CHECK_STR(refusal(&page), "is not sealed");
}

TEST(what_is_no_page_is_refused)
{
    struct test_page page = test_page_new(4096);
    page.head->magic++;
    CHECK_STR(refusal(&page), "is no page of ours");
    page = test_page_new(4096 + 512);
    CHECK_STR(refusal(&page), "has a size that makes no sense");
    page = test_page_new(LIMIT_VALUE + 4 * 4096);
    CHECK_STR(refusal(&page), "has a size that makes no sense");
    page = test_page_new(4096);
    page.head->capacity += 8;
    CHECK_STR(refusal(&page), "says it holds more than it can");
    page = test_page_new(4096);
    page.head->capacity -= 4;
    CHECK_STR(refusal(&page), "says it holds more than it can");
    page = test_page_new(4096);
    close(page.fd);
    page.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_STR(refusal(&page), "is no memfd");
    const char *wrong = NULL;
    struct page_view view;
    page = test_page_of(4096, 0);
    CHECK(ftruncate(page.fd, 0) == 0 && fcntl(page.fd, F_ADD_SEALS, PAGE_SEALS) == 0);
    CHECK_EQ_INT(page_view_map(&view, page.fd, &wrong), -EPROTO);
    CHECK_STR(wrong, "has a size that makes no sense");
}

TEST(a_mapping_can_only_be_read_and_is_not_dumped)
{
    struct test_page page = test_page_new(4096);
    struct page_view view = view_of(&page);
    char line[256], flags[256] = "";
    int inside = 0;
    unsigned long start, end;
    FILE *file = fopen("/proc/self/smaps", "r");
    CHECK(file != NULL);
    while (!flags[0] && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            inside = start == (uintptr_t)view.head;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, sizeof flags, "%s", line + 8);
    }
    fclose(file);
    CHECK(strstr(flags, " rd") && !strstr(flags, " wr") && !strstr(flags, " mw"));
    CHECK(strstr(flags, " dd"));
    CHECK(mprotect((void *)(uintptr_t)view.head, view.size, PROT_READ | PROT_WRITE) < 0);
    page_view_unmap(&view);
    page_view_unmap(&view);
    test_page_free(&page);
}

/* ---- copying --------------------------------------------------------------------------------- */

TEST(a_value_is_copied_with_all_that_is_said_of_it)
{
    struct test_page page = test_page_new(4096);
    struct page_view view = view_of(&page);
    struct page_copy copy;
    const char *wrong;
    CHECK_EQ_INT(page_view_copy(&view, &copy, &wrong), 0);
    CHECK_EQ_INT(copy.head.state, PAGE_ABSENT);
    CHECK(!copy.value);
    test_page_put(page.head, 7, "hunter2");
    CHECK_EQ_INT(page_view_copy(&view, &copy, &wrong), 0);
    CHECK_EQ_INT(copy.head.state, PAGE_VALUE);
    CHECK_EQ_INT(copy.head.version, 7);
    CHECK_EQ_INT(copy.head.length, 7);
    CHECK_EQ_INT(copy.head.sequence, 2);
    CHECK_STR(copy.value, "hunter2");
    page_view_clear(&copy);
    page_view_clear(&copy);
    page_view_unmap(&view);
    test_page_free(&page);
}

static void check_copy_refused(struct test_page *page, const char *expected)
{
    struct page_view view = view_of(page);
    struct page_copy copy;
    const char *wrong = NULL;
    CHECK_EQ_INT(page_view_copy(&view, &copy, &wrong), -EPROTO);
    CHECK_STR(wrong, expected);
    page_view_unmap(&view);
    test_page_free(page);
}

TEST(a_head_that_lies_is_refused)
{
    struct test_page page = test_page_new(4096);
    test_page_put(page.head, 1, "x");
    page.head->length = 4096 - PAGE_VALUE_AT + 1;
    check_copy_refused(&page, "has a value that makes no sense");
    page = test_page_new(LIMIT_VALUE + 4096);
    test_page_put(page.head, 1, "x");
    page.head->length = LIMIT_VALUE + 1;
    check_copy_refused(&page, "has a value that makes no sense");
    page = test_page_new(4096);
    test_page_put(page.head, 0, "x");
    check_copy_refused(&page, "has a value that makes no sense");
    page = test_page_new(4096);
    page.head->state = 0;
    check_copy_refused(&page, "is in a state that makes no sense");
    page = test_page_new(4096);
    page.head->state = 5;
    check_copy_refused(&page, "is in a state that makes no sense");
}

TEST(a_writer_that_stopped_half_way_is_not_waited_for)
{
    struct test_page page = test_page_new(4096);
    struct page_view view = view_of(&page);
    struct page_copy copy;
    const char *wrong;
    test_page_begin(page.head);
    CHECK_EQ_INT(page_view_copy(&view, &copy, &wrong), -EAGAIN);
    test_page_die(page.head);
    CHECK_EQ_INT(page_view_copy(&view, &copy, &wrong), -EAGAIN);
    page_view_unmap(&view);
    test_page_free(&page);
}

/* ---- torn copies ----------------------------------------------------------------------------- */

static atomic_int stop_writing;

/* Values of one letter each, of ever other lengths. */
static void *write_often(void *argument)
{
    struct page_head *head = argument;
    static char value[32768];
    for (uint64_t version = 1; !stop_writing; version++) {
        size_t length = 1 + (size_t)(version * 7919 % (sizeof value - 1));
        memset(value, (int)('a' + version % 26), length);
        value[length] = '\0';
        test_page_put(head, version, value);
        if (version % 64 == 0)
            sched_yield();
    }
    return NULL;
}

static void check_whole(const struct page_copy *copy)
{
    uint64_t version = copy->head.version;
    CHECK_EQ_INT(copy->head.length, 1 + version * 7919 % 32767);
    CHECK_EQ_INT(copy->head.updated_us, 1700000000000000 + (int64_t)version * 1000000);
    for (size_t i = 0; i < copy->head.length; i++)
        if (copy->value[i] != (char)('a' + version % 26))
            CHECK_EQ_INT(i, -1);
    CHECK_EQ_INT(copy->value[copy->head.length], 0);
}

TEST(no_copy_is_ever_torn)
{
    struct test_page page = test_page_new(65536);
    struct page_view view = view_of(&page);
    pthread_t thread;
    uint64_t last = 0;
    int copies = 0, versions = 0;
    stop_writing = 0;
    test_page_put(page.head, 1, "a");
    page.head->length = 0;
    CHECK(pthread_create(&thread, NULL, write_often, page.head) == 0);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        struct page_copy copy;
        const char *wrong;
        int r = page_view_copy(&view, &copy, &wrong);
        CHECK(r == 0 || r == -EAGAIN);
        if (r == 0 && copy.head.length) {
            check_whole(&copy);
            CHECK(copy.head.version >= last);
            versions += copy.head.version > last;
            last = copy.head.version;
            copies++;
        }
        page_view_clear(&copy);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - start.tv_sec < (versions > 100 ? 2 : PATIENCE_S));
    stop_writing = 1;
    pthread_join(thread, NULL);
    printf("# %d copies of %d versions\n", copies, versions);
    CHECK(versions > 100);
    page_view_unmap(&view);
    test_page_free(&page);
}

/* ---- the death of a keeper ------------------------------------------------------------------- */

/* As a daemon keeps its pages: the node in memory of its own, at a fixed distance of the word. */
static _Noreturn void keep(int fd, int ready)
{
    const size_t page_size = 4096;
    char *base =
        mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct page_head *head =
        mmap(base + page_size, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
    struct robust_list *node = (struct robust_list *)(void *)base;
    static struct robust_list_head list;
    list.list.next = node;
    node->next = &list.list;
    list.futex_offset = (long)(page_size + offsetof(struct page_head, keeper));
    *head = (struct page_head){.magic = PAGE_MAGIC,
                               .capacity = 4096 - PAGE_VALUE_AT,
                               .expires_us = INT64_MAX,
                               .keeper = (uint32_t)gettid()};
    fcntl(fd, F_ADD_SEALS, PAGE_SEALS);
    test_page_put(head, 3, "last words");
    syscall(SYS_set_robust_list, &list, sizeof list);
    if (write(ready, "x", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

TEST(a_keeper_that_is_killed_leaves_its_mark_and_its_value)
{
    int ready[2], fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    char byte;
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0 && pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (!pid)
        keep(fd, ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    struct page_view view;
    struct page_copy copy;
    const char *wrong = NULL;
    CHECK_EQ_INT(page_view_map(&view, fd, &wrong), 0);
    CHECK(page_view_is_kept(view.head));
    CHECK_EQ_INT(view.head->keeper, pid);
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
    CHECK(!page_view_is_kept(view.head));
    CHECK_EQ_INT(page_view_copy(&view, &copy, &wrong), 0);
    CHECK_STR(copy.value, "last words");
    page_view_clear(&copy);
    page_view_unmap(&view);
    close(ready[0]);
    close(ready[1]);
}

CHECK_MAIN
