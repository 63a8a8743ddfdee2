/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/page_reader.h"

#include "base/sock.h"
#include "bench/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_REQUEST "GET /v1/page HTTP/1.1\r\nHost: vsecm\r\n\r\n"

/* The descriptor that comes with the answer's first byte. */
static int take_descriptor(struct msghdr *message)
{
    int fd = -1;
    struct cmsghdr *control = CMSG_FIRSTHDR(message);

    if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(control), sizeof(fd));
    return fd;
}

/* The page's descriptor, or -errno with ERROR filled. */
static int ask(int fd, struct error *error)
{
    char answer[1024] = "";
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {.iov_base = answer, .iov_len = sizeof(answer) - 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};

    if (send(fd, PAGE_REQUEST, strlen(PAGE_REQUEST), MSG_NOSIGNAL) < 0)
        return error_errno(error, -errno, "send");
    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) < 0)
        return error_errno(error, -errno, "recvmsg");
    int page = take_descriptor(&message);
    if (page < 0)
        return error_set(error, -EBADMSG, "no page: %.300s", answer);
    return page;
}

static int map(struct page_reader *reader, int page, struct error *error)
{
    struct stat status;

    if (fstat(page, &status))
        return error_errno(error, -errno, "fstat");
    reader->size = (size_t)status.st_size;
    void *memory = mmap(NULL, reader->size, PROT_READ, MAP_SHARED | MAP_POPULATE, page, 0);
    if (memory == MAP_FAILED)
        return error_errno(error, -errno, "mmap");
    reader->head = memory;
    if (reader->head->magic != PAGE_MAGIC)
        return error_set(error, -EBADMSG, "what was mapped is no page");
    return 0;
}

int page_reader_open(const char *path, struct page_reader *ret, struct error *error)
{
    struct page_reader reader = {.fd = sock_connect(path)};

    if (reader.fd < 0)
        return error_errno(error, reader.fd, "cannot connect to %s", path);
    int page = ask(reader.fd, error);
    int r = page < 0 ? page : map(&reader, page, error);
    if (page >= 0)
        close(page);
    if (r)
        page_reader_close(&reader);
    else
        *ret = reader;
    return r;
}

void page_reader_close(struct page_reader *reader)
{
    if (reader->head)
        munmap((void *)(uintptr_t)reader->head, reader->size);
    if (reader->fd > 0)
        close(reader->fd);
    *reader = (struct page_reader){0};
}

/* By whole words, as they are written. */
static void copy_value(const struct page_head *head, struct page_copy *ret)
{
    const uint64_t *words = (const void *)((const char *)head + PAGE_VALUE_AT);
    size_t count = (ret->length + 7u) / 8;

    for (size_t i = 0; i < count; i++) {
        uint64_t word = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
        memcpy(ret->value + i * 8, &word, sizeof(word));
    }
}

int page_reader_copy_blindly(const struct page_head *head, struct page_copy *ret)
{
    ret->state = __atomic_load_n(&head->state, __ATOMIC_RELAXED);
    ret->length = __atomic_load_n(&head->length, __ATOMIC_RELAXED);
    if (ret->length > sizeof(ret->value))
        return -EMSGSIZE;
    copy_value(head, ret);
    return 0;
}

int page_reader_copy(const struct page_head *head, struct page_copy *ret)
{
    ret->sequence = __atomic_load_n(&head->sequence, __ATOMIC_ACQUIRE);
    if (ret->sequence & 1)
        return -EAGAIN;
    int r = page_reader_copy_blindly(head, ret);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&head->sequence, __ATOMIC_RELAXED) == ret->sequence ? r : -EAGAIN;
}
