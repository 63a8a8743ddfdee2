/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors of the victim's, by every way from one process to another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"
#include "inject.h"
#include "victim.h"

static int read_file(const struct attack_context *context, int file)
{
    char text[128] = "";

    if (pread(file, text, sizeof text - 1, 0) < 0)
        return attack_errno("read");
    return strstr(text, context->plain->in_file) ? 0 : attack_failed("not the secret file");
}

/* What FD gives, by the letter for which it was lent. */
static int use(const struct attack_context *context, char letter, int fd)
{
    if (letter == VICTIM_LEND_PAGE || letter == VICTIM_ADD_PAGE)
        return attack_read_page(fd);
    return letter == VICTIM_LEND_FILE ? read_file(context, fd) : attack_read_value(fd);
}

static int borrow(const struct attack_context *context, int flags)
{
    char letter = context->argument[0];
    int door = victim_ask(context->plain, letter, -1);

    if (door < 0)
        return errno = -door, attack_failed("door: %s", strerror(-door));
    int fd = client_take(door, flags, NULL);
    if (fd < 0)
        return errno = -fd, attack_errno("recvmsg");
    return use(context, letter, fd);
}

static int lent(const struct attack_context *context)
{
    return borrow(context, 0);
}

static int peeked(const struct attack_context *context)
{
    return borrow(context, MSG_PEEK);
}

/* Its own connection for the victim, which would then speak in the attacker's name. */
static int planted(const struct attack_context *context)
{
    char answer = 0;
    int mine = client_connect(WORLD_SOCKET);
    int door = victim_ask(context->plain, VICTIM_TAKE, -1);

    if (mine < 0 || door < 0)
        return attack_failed("no connection");
    if (client_pass(door, 'x', mine) < 0)
        return attack_errno("sendmsg");
    client_take(door, 0, &answer);
    if (answer == 'y')
        return 0;
    return answer == 'n' ? -EACCES : attack_failed("no answer");
}

static int get_descriptor(pid_t pid, int number)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0);

    if (process < 0)
        return -errno;
    int fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    int error = errno;
    close(process);
    return fd < 0 ? -error : fd;
}

static int fetch(const struct attack_context *context, const struct victim *victim)
{
    char letter = context->argument[0];
    int number = victim->sock;

    if (letter == VICTIM_LEND_PAGE)
        number = victim->page;
    if (letter == VICTIM_LEND_FILE)
        number = victim->file;
    int fd = get_descriptor(victim->pid, number);
    return fd < 0 ? (errno = -fd, attack_errno("pidfd_getfd")) : use(context, letter, fd);
}

static int fetched(const struct attack_context *context)
{
    return fetch(context, context->plain);
}

static int fetched_shielded(const struct attack_context *context)
{
    return fetch(context, context->shielded);
}

/* Any descriptor of the daemon's. */
static int fetched_daemon(const struct attack_context *context)
{
    int error = EBADF;

    for (int number = 0; number < 32; number++) {
        int fd = get_descriptor(context->world->daemon, number);
        if (fd >= 0)
            return 0;
        if (fd != -EBADF)
            error = -fd;
    }
    return errno = error, attack_errno("pidfd_getfd");
}

/* An accomplice in the victim's pod supervises the attacker's system calls. */
static int injected(const struct attack_context *context)
{
    int listener = inject_listen();

    if (listener < 0)
        return errno = -listener, attack_errno("seccomp");
    int door = victim_ask(context->plain, context->argument[0], listener);
    if (door < 0)
        return attack_failed("door: %s", strerror(-door));
    long fd = syscall(SYS_getppid);
    return fd < 0 ? attack_errno("addfd") : use(context, context->argument[0], (int)fd);
}

/* ---- what is kept over a move to another cgroup ------------------------------------------------
 */

static int heir_asks(const struct attack_context *context)
{
    return attack_read_value(context->heir.sock);
}

static int heir_looks(const struct attack_context *context)
{
    return memmem(context->heir.mapping, 4096, WORLD_VALUE, strlen(WORLD_VALUE))
               ? 0
               : attack_failed("the page has not the value");
}

static int heir_maps_page(const struct attack_context *context)
{
    return attack_read_page(context->heir.page);
}

static int heir_maps_file(const struct attack_context *context)
{
    void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, context->heir.file, 0);

    return map == MAP_FAILED ? attack_errno("mmap") : 0;
}

static int heir_reads_file(const struct attack_context *context)
{
    return read_file(context, context->heir.file);
}

static int reopen(int fd)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC) < 0 ? attack_errno("open") : 0;
}

static int heir_reopens_page(const struct attack_context *context)
{
    return reopen(context->heir.page);
}

static int heir_reopens_file(const struct attack_context *context)
{
    return reopen(context->heir.file);
}

static const struct attack table[] = {
    {"scm-rights-socket",
     "the victim's connection, passed by an accomplice",
     lent,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "S"},
    {"scm-rights-page",
     "the victim's page, passed by an accomplice",
     lent,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "P"},
    {"scm-rights-file",
     "the victim's secret file, passed by an accomplice",
     lent,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "F"},
    {"scm-rights-peek",
     "the victim's connection, received with MSG_PEEK",
     peeked,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "S"},
    {"scm-rights-planted",
     "the attacker's connection, passed to the victim",
     planted,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"pidfd-getfd-socket",
     "the victim's connection",
     fetched,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "S"},
    {"pidfd-getfd-page", "the victim's page", fetched, {US, US}, {OPEN, OPEN}, CONTROL_OFF, 0, "P"},
    {"pidfd-getfd-file",
     "the victim's secret file",
     fetched,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "F"},
    {"pidfd-getfd-shielded",
     "the connection of a shielded process",
     fetched_shielded,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "S"},
    {"pidfd-getfd-daemon",
     "any descriptor of the daemon",
     fetched_daemon,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"seccomp-addfd-socket",
     "the victim's connection, put in by seccomp",
     injected,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "s"},
    {"seccomp-addfd-page",
     "the victim's page, put in by seccomp",
     injected,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     "p"},
    {"inherited-socket",
     "the victim's connection, kept by a process that root moved",
     heir_asks,
     {OPEN, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     HEIR,
     NULL},
    {"inherited-mapping",
     "the victim's page, mapped before root moved the process",
     heir_looks,
     {OPEN, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     HEIR,
     NULL},
    {"inherited-page-mmap",
     "the victim's page, mapped after the move",
     heir_maps_page,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     HEIR,
     NULL},
    {"inherited-page-reopen",
     "the victim's page, by /proc/self/fd",
     heir_reopens_page,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     HEIR,
     NULL},
    {"inherited-file-mmap",
     "the victim's secret file, mapped after the move",
     heir_maps_file,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     HEIR,
     NULL},
    {"inherited-file-read",
     "the victim's secret file, read by a descriptor from before the move",
     heir_reads_file,
     {OPEN, OPEN},
     {OPEN, OPEN},
     CONTROL_OFF,
     HEIR,
     NULL},
    {"inherited-file-reopen",
     "the victim's secret file, by /proc/self/fd",
     heir_reopens_file,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     HEIR,
     NULL},
};

const struct attack_table attack_descriptor = {table, sizeof table / sizeof *table};
