/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared pages as a daemon makes them, whole or wrong, and a daemon that hands them out. */
#ifndef VSECM_TESTS_UNIT_PAGES_H
#define VSECM_TESTS_UNIT_PAGES_H

#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include "page_abi.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define PAGE_SEALS (F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

struct test_page {
    int fd;
    size_t size;
    struct page_head *head; /* of the writer */
};

/* SEALS may lack some, and SIZE may be wrong. */
static inline struct test_page test_page_of(size_t size, int seals)
{
    struct test_page page = {.size = size};
    page.fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK(page.fd >= 0 && ftruncate(page.fd, (off_t)size) == 0);
    page.head = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, page.fd, 0);
    CHECK(page.head != MAP_FAILED);
    CHECK(!seals || fcntl(page.fd, F_ADD_SEALS, seals) == 0);
    *page.head = (struct page_head){
        .magic = PAGE_MAGIC,
        .capacity = (uint32_t)(size - PAGE_VALUE_AT),
        .keeper = (uint32_t)getpid(),
        .state = PAGE_ABSENT,
        .reason = PAGE_REASON_NO_SECRET,
        .expires_us = INT64_MAX,
    };
    return page;
}

static inline struct test_page test_page_new(size_t size)
{
    return test_page_of(size, PAGE_SEALS);
}

static inline void test_page_free(struct test_page *page)
{
    munmap(page->head, page->size);
    close(page->fd);
}

/* ---- the writer's side of the seqlock ------------------------------------------------------- */

static inline void test_page_begin(struct page_head *head)
{
    __atomic_store_n(&head->sequence, head->sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void test_page_end(struct page_head *head)
{
    __atomic_store_n(&head->sequence, head->sequence + 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &head->sequence, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static inline void test_page_fill(struct page_head *head, const void *value, size_t length)
{
    uint64_t *words = (uint64_t *)(void *)((char *)head + PAGE_VALUE_AT);
    for (size_t at = 0; at < length || at < head->length; at += 8) {
        uint64_t word = 0;
        if (at < length)
            memcpy(&word, (const char *)value + at, length - at < 8 ? length - at : 8);
        __atomic_store_n(&words[at / 8], word, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&head->length, (uint32_t)length, __ATOMIC_RELAXED);
}

static inline void test_page_put(struct page_head *head, uint64_t version, const char *value)
{
    test_page_begin(head);
    __atomic_store_n(&head->state, PAGE_VALUE, __ATOMIC_RELAXED);
    __atomic_store_n(&head->reason, PAGE_REASON_NONE, __ATOMIC_RELAXED);
    __atomic_store_n(&head->version, version, __ATOMIC_RELAXED);
    head->created_us = 1700000000000000;
    head->updated_us = 1700000000000000 + (int64_t)version * 1000000;
    test_page_fill(head, value, strlen(value));
    test_page_end(head);
}

static inline void test_page_say(struct page_head *head, enum page_state state,
                                 enum page_reason reason)
{
    test_page_begin(head);
    __atomic_store_n(&head->state, (uint32_t)state, __ATOMIC_RELAXED);
    __atomic_store_n(&head->reason, (uint32_t)reason, __ATOMIC_RELAXED);
    __atomic_store_n(&head->version, 0, __ATOMIC_RELAXED);
    head->expires_us = INT64_MAX;
    test_page_fill(head, NULL, 0);
    test_page_end(head);
}

static inline void test_page_die(struct page_head *head)
{
    __atomic_fetch_or(&head->keeper, PAGE_KEEPER_DIED, __ATOMIC_RELEASE);
}

/* ---- a daemon in a thread -------------------------------------------------------------------- */

static struct {
    pthread_t thread;
    int listener;
    char path[64];
    _Atomic(const char *) answer; /* instead of a page; NULL: a page */
    _Atomic int fd;               /* the page that whoever asks is given; -1: none comes */
    _Atomic int asked;            /* how often */
    _Atomic int connections[64];
} keeper;

static inline void keeper_answer(int connection)
{
    static const char granted[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
    const char *said = keeper.answer ? keeper.answer : granted;
    struct iovec part = {.iov_base = (void *)(uintptr_t)said, .iov_len = strlen(said)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int fd = keeper.fd;
    if (!keeper.answer && fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    sendmsg(connection, &message, MSG_NOSIGNAL);
}

static inline void *keeper_run(void *unused)
{
    char request[1024];
    int connection;
    (void)unused;
    while ((connection = accept4(keeper.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        ssize_t got = recv(connection, request, sizeof request - 1, 0);
        request[got > 0 ? got : 0] = '\0';
        keeper.connections[keeper.asked % 64] = connection;
        keeper.asked++; /* before the answer, at which the test goes on */
        if (strncmp(request, "GET /v1/page HTTP/1.1\r\n", 23) == 0)
            keeper_answer(connection);
    }
    return NULL;
}

static inline void keeper_listen(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", keeper.path);
    keeper.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(keeper.listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(keeper.listener, 8) == 0);
    CHECK(pthread_create(&keeper.thread, NULL, keeper_run, NULL) == 0);
}

/* Gives PAGE to whoever asks; NULL: to nobody. */
static inline void keeper_start(const struct test_page *page)
{
    snprintf(keeper.path, sizeof keeper.path, "%s/socket", scratch_new());
    keeper.answer = NULL;
    keeper.asked = 0;
    keeper.fd = page ? page->fd : -1;
    keeper_listen();
}

/* As a daemon that is gone: no socket, no connections. */
static inline void keeper_stop(void)
{
    shutdown(keeper.listener, SHUT_RDWR);
    pthread_join(keeper.thread, NULL);
    close(keeper.listener);
    for (int i = 0; i < keeper.asked && i < 64; i++) {
        close(keeper.connections[i]);
        keeper.connections[i] = -1;
    }
    unlink(keeper.path);
}

#endif
