/* SPDX-License-Identifier: BSD-2-Clause */
/* A forked server on a real socket that says exactly what a test wants said. */
#ifndef VSECM_TESTS_UNIT_FAKE_SERVER_H
#define VSECM_TESTS_UNIT_FAKE_SERVER_H

#include "tests/unit/check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What it says to one request. */
struct fake_step {
    /* The request must contain this, else the connection is closed; NULL: any. */
    const char *expect;
    const char *say;  /* NULL: nothing, until the client goes away */
    size_t split;     /* after this many bytes there is a pause; 0: none */
    int drip_ms;      /* a pause after each byte behind them; 0: none */
    const char *body; /* it asks for the body, which must be this */
    int files;        /* and come with so many descriptors, each of which gets a line in the log */
};

/* What it says on one connection, which is closed behind the last step. */
struct fake_script {
    struct fake_step steps[3];
    size_t count;
};

static struct {
    char directory[32];
    char path[64];
    char log[64]; /* for whom it waited ("pid N"), what it got ("PATH SIZE") */
    pid_t pid;
} fake;

static inline void fake_pause(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static inline int fake_send_bytes(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent < 0)
            return 0;
        data += sent;
        length -= (size_t)sent;
    }
    return 1;
}

/* Receive up to the empty line of a request. 0 when the client went away before. */
static inline int fake_receive_request(int fd, char *request, size_t size)
{
    size_t used = 0;
    do {
        ssize_t got = recv(fd, request + used, size - 1 - used, 0);
        if (got <= 0)
            return 0;
        used += (size_t)got;
        request[used] = '\0';
    } while (!strstr(request, "\r\n\r\n"));
    return 1;
}

static inline void fake_say(int fd, const struct fake_step *step)
{
    size_t length = strlen(step->say), at = step->split;
    if (at) {
        if (!fake_send_bytes(fd, step->say, at))
            return;
        fake_pause(1);
    }
    for (; step->drip_ms && at < length; at++) {
        if (!fake_send_bytes(fd, step->say + at, 1))
            return;
        fake_pause(step->drip_ms);
    }
    fake_send_bytes(fd, step->say + at, length - at);
}

static inline void fake_note(const char *text, long number)
{
    FILE *log = fopen(fake.log, "ae");
    if (!log)
        _exit(1);
    fprintf(log, "%s %ld\n", text, number);
    fclose(log);
}

static inline void fake_note_file(int fd)
{
    char link[32], path[256] = "";
    struct stat st;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0 || fstat(fd, &st) < 0 ||
        (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
        _exit(1);
    fake_note(path, (long)st.st_size);
    close(fd);
}

/* Receive the body with its descriptors, which must not be there before they are asked for. */
static inline int fake_take_files(int fd, const struct fake_step *step)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(32 * sizeof(int))];
    char body[256] = "";
    struct iovec part = {body, sizeof body - 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    fake_pause(20);
    static const char asks[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (recv(fd, body, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
        !fake_send_bytes(fd, asks, sizeof asks - 1) || recvmsg(fd, &message, 0) < 0 ||
        strcmp(body, step->body) != 0)
        return 0;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN((size_t)step->files * sizeof(int)))
        return 0;
    for (int i = 0; i < step->files; i++) {
        int file;
        memcpy(&file, CMSG_DATA(header) + (size_t)i * sizeof file, sizeof file);
        fake_note_file(file);
    }
    return 1;
}

static inline void fake_serve_connection(int fd, const struct fake_script *script)
{
    char request[4096];
    for (size_t i = 0; i < script->count; i++) {
        const struct fake_step *step = &script->steps[i];
        if (!fake_receive_request(fd, request, sizeof request))
            return;
        if (step->expect && !strstr(request, step->expect))
            return;
        if (step->files && !fake_take_files(fd, step))
            return;
        if (!step->say)
            fake_receive_request(fd, request, sizeof request);
        else
            fake_say(fd, step);
    }
}

static inline _Noreturn void fake_serve(int listener, const struct fake_script *scripts,
                                        size_t count)
{
    alarm(60); /* never outlive a test that hangs */
    for (size_t i = 0; i < count; i++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(1);
        struct ucred peer;
        socklen_t size = sizeof peer;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
            _exit(1);
        fake_note("pid", (long)peer.pid);
        fake_serve_connection(fd, &scripts[i]);
        close(fd);
    }
    _exit(0);
}

static inline void fake_stop(void)
{
    if (!fake.pid)
        return;
    kill(fake.pid, SIGKILL);
    waitpid(fake.pid, NULL, 0);
    unlink(fake.path);
    unlink(fake.log);
    rmdir(fake.directory);
    fake.pid = 0;
}

/* Start a server that goes through SCRIPTS, one per connection; the one before is stopped. */
static inline void fake_start(const struct fake_script *scripts, size_t count)
{
    static int registered;
    if (!registered++)
        atexit(fake_stop);
    fake_stop();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(fake.directory, sizeof fake.directory, "/tmp/vsecm-test-XXXXXX");
    CHECK(mkdtemp(fake.directory) != NULL);
    snprintf(fake.path, sizeof fake.path, "%s/socket", fake.directory);
    snprintf(fake.log, sizeof fake.log, "%s/log", fake.directory);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", fake.path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 8) == 0);
    fake.pid = fork();
    CHECK(fake.pid >= 0);
    if (!fake.pid)
        fake_serve(listener, scripts, count);
    close(listener);
}

#endif
