/* SPDX-License-Identifier: BSD-2-Clause */
/* A secret file on a tmpfs, whose directory everybody may write in. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"

static int read_at(const struct attack_context *context, const char *path, int flags)
{
    char text[128] = "";
    int fd = open(path, flags | O_CLOEXEC);

    if (fd < 0)
        return attack_errno("open");
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n < 0)
        return attack_errno("read");
    return strstr(text, context->plain->in_file) ? 0 : attack_failed("not the secret file");
}

static int read_it(const struct attack_context *context)
{
    return read_at(context, context->plain->path, O_RDONLY);
}

static int write_it(const struct attack_context *context)
{
    return read_at(context, context->plain->path, O_RDWR);
}

static int empty_by_open(const struct attack_context *context)
{
    return open(context->plain->path, O_WRONLY | O_TRUNC | O_CLOEXEC) < 0 ? attack_errno("open")
                                                                          : 0;
}

static int empty_by_path(const struct attack_context *context)
{
    return truncate(context->plain->path, 0) < 0 ? attack_errno("truncate") : 0;
}

static int reopen(const struct attack_context *context)
{
    char path[64];
    int fd = open(context->plain->path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return attack_errno("O_PATH");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return read_at(context, path, O_RDONLY);
}

static int by_root(const struct attack_context *context)
{
    char path[128];

    snprintf(path, sizeof path, "/proc/%d/root%s", context->plain->pid, context->plain->path);
    return read_at(context, path, O_RDONLY);
}

static int by_hard_link(const struct attack_context *context)
{
    char path[128];

    snprintf(path, sizeof path, "%s.link", context->plain->path);
    if (link(context->plain->path, path) < 0)
        return attack_errno("link");
    int word = read_at(context, path, O_RDONLY);
    unlink(path);
    return word;
}

static int rename_away(const struct attack_context *context)
{
    char path[128];

    snprintf(path, sizeof path, "%s.away", context->plain->path);
    if (rename(context->plain->path, path) < 0)
        return attack_errno("rename");
    return rename(path, context->plain->path) < 0 ? attack_errno("rename back") : 0;
}

/* A file of the attacker's own in its place. */
static int rename_over(const struct attack_context *context)
{
    char path[128];

    snprintf(path, sizeof path, "%s.fake", context->plain->path);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0)
        return attack_errno("open");
    close(fd);
    if (rename(path, context->plain->path) == 0)
        return 0;
    int word = attack_errno("rename");
    unlink(path);
    return word;
}

static int remove_it(const struct attack_context *context)
{
    return unlink(context->plain->path) < 0 ? attack_errno("unlink") : 0;
}

/* Its directory, mounted somewhere else: in a namespace of the attacker's own. */
static int by_bind_mount(const struct attack_context *context)
{
    char path[128];

    if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWNS | CLONE_NEWUSER) < 0)
        return attack_errno("unshare");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return attack_errno("private");
    if (mount(WORLD_FILES, "/mnt", NULL, MS_BIND | MS_REC, NULL) < 0)
        return attack_errno("bind");
    snprintf(path, sizeof path, "/mnt/%s", context->plain->name);
    return read_at(context, path, O_RDONLY);
}

static int by_handle(const struct attack_context *context)
{
    _Alignas(struct file_handle) char room[sizeof(struct file_handle) + MAX_HANDLE_SZ] = {0};
    struct file_handle *handle = (struct file_handle *)(void *)room;
    int mount_id, dir = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char text[128] = "";

    handle->handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(AT_FDCWD, context->plain->path, handle, &mount_id, 0) < 0)
        return attack_errno("name_to_handle_at");
    int fd = open_by_handle_at(dir, handle, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return attack_errno("open_by_handle_at");
    if (read(fd, text, sizeof text - 1) < 0)
        return attack_errno("read");
    return strstr(text, context->plain->in_file) ? 0 : attack_failed("not the secret file");
}

/* What the program that has it started with: its text, run instead of read. */
static int execute(const struct attack_context *context)
{
    char *none[] = {NULL};

    if (chmod(context->plain->path, 0777) < 0)
        return attack_errno("chmod");
    execve(context->plain->path, none, none);
    /* Past the guards: it is no program, and its owner may be writing it. */
    return errno == ENOEXEC || errno == ETXTBSY ? 0 : attack_errno("execve");
}

/* ---- by the daemon ------------------------------------------------------------------------------
 */

static int post_guard(int file)
{
    int fd = client_connect(WORLD_SOCKET);

    if (fd < 0)
        return errno = -fd, attack_errno("connect");
    int status = client_guard(fd, file);
    close(fd);
    if (status == 200)
        return 0;
    return status >= 400 ? attack_refused("%d", status) : attack_failed("status %d", status);
}

/* A file of the host's, which it may read: nobody else could open it any more. */
static int guard_hosts(const struct attack_context *context)
{
    int file = open(WORLD_HOSTS_FILE, O_RDONLY | O_CLOEXEC);

    (void)context;
    return file < 0 ? attack_errno("open") : post_guard(file);
}

/* A file on no tmpfs. */
static int guard_other_kind(const struct attack_context *context)
{
    int file = open("/proc/self/comm", O_RDWR | O_CLOEXEC);

    (void)context;
    return file < 0 ? attack_errno("open") : post_guard(file);
}

/* The victim's secret file, held from before. */
static int guard_anothers(const struct attack_context *context)
{
    return post_guard(context->heir.file);
}

/* Of the attacker's own: the action that the others are compared with. */
static int guard_own(const struct attack_context *context)
{
    int file = open("/tmp/own", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    (void)context;
    unlink("/tmp/own");
    return file < 0 ? attack_errno("open") : post_guard(file);
}

static int shield_others(const struct attack_context *context)
{
    char head[256], body[64], reply[1024];
    int fd = client_connect(WORLD_SOCKET);

    if (fd < 0)
        return errno = -fd, attack_errno("connect");
    snprintf(body, sizeof body, "{\"pid\":%d}", context->plain->pid);
    snprintf(head, sizeof head,
             "POST /v1/shield HTTP/1.1\r\nHost: vsecm\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    int status = client_ask(fd, head, reply, sizeof reply, NULL);
    close(fd);
    return status >= 400 ? attack_refused("%d", status) : status == 200 ? 0 : attack_failed("?");
}

static const struct attack table[] = {
    {"file-open", "a secret file, read", read_it, {US, US}, {OPEN, OPEN}, CONTROL_OFF, 0, NULL},
    {"file-open-owner", "the same", read_it, {US, US}, {OPEN, OPEN}, CONTROL_OWNER, 0, NULL},
    {"file-open-stranger",
     "the same, from a cgroup of no pod",
     read_it,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     FROM_STRANGER,
     NULL},
    {"file-open-write",
     "a secret file, opened for writing",
     write_it,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"file-open-truncate",
     "a secret file, emptied by open()",
     empty_by_open,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     BREAKS,
     NULL},
    {"file-truncate",
     "a secret file, emptied by truncate()",
     empty_by_path,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     BREAKS,
     NULL},
    {"file-o-path",
     "a secret file, by O_PATH and /proc/self/fd",
     reopen,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"file-proc-root",
     "a secret file, by /proc/PID/root",
     by_root,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"file-hard-link",
     "a secret file, by another name",
     by_hard_link,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"file-bind-mount",
     "a secret file, by a mount of its directory",
     by_bind_mount,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"file-handle",
     "a secret file, by open_by_handle_at()",
     by_handle,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"file-execute",
     "a secret file, executed",
     execute,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"file-rename",
     "a secret file, renamed",
     rename_away,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     BREAKS,
     NULL},
    {"file-replace",
     "a secret file, replaced by rename()",
     rename_over,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     BREAKS,
     NULL},
    {"file-unlink",
     "a secret file, removed",
     remove_it,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     BREAKS,
     NULL},
    {"guard-own-file",
     "a file of one's own, guarded: not an attack, it works",
     guard_own,
     {OPEN, OPEN},
     {US, US},
     CONTROL_OFF,
     0,
     NULL},
    {"guard-hosts-file",
     "a file of the host's, guarded for oneself",
     guard_hosts,
     {US, US},
     {US, US},
     CONTROL_OWNER,
     0,
     NULL},
    {"guard-no-tmpfs",
     "a file on no tmpfs, guarded",
     guard_other_kind,
     {US, US},
     {US, US},
     CONTROL_OWNER,
     0,
     NULL},
    {"guard-anothers-file",
     "another pod's secret file, guarded for oneself",
     guard_anothers,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OWNER,
     HEIR,
     NULL},
    {"shield-others-process",
     "another process, shielded against its own debugger",
     shield_others,
     {US, US},
     {US, US},
     CONTROL_OWNER,
     0,
     NULL},
};

const struct attack_table attack_file = {table, sizeof table / sizeof *table};
