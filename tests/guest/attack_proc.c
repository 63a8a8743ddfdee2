/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc has of a shielded process and of the daemon ("D" before the file's name). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

static const char *file_of(const struct attack_context *context, char *path, size_t size)
{
    bool is_daemon = context->argument[0] == 'D';
    const char *name = context->argument + is_daemon;
    pid_t pid = is_daemon ? context->world->daemon : context->shielded->pid;

    if (!strncmp(name, "task/", 5))
        snprintf(path, size, "/proc/%d/task/%d/%s", pid, pid, name + 5);
    else
        snprintf(path, size, "/proc/%d/%s", pid, name);
    return path;
}

static int open_file(const struct attack_context *context)
{
    char path[128];

    return open(file_of(context, path, sizeof path), O_RDONLY | O_CLOEXEC);
}

/* Any byte of it; of the environment, of the memory the right one. */
static int read_file(const struct attack_context *context)
{
    char text[1024] = "";
    bool is_memory = strstr(context->argument, "mem") != NULL;
    int fd = open_file(context);

    if (fd < 0)
        return errno == ENOENT ? attack_absent("no such file in /proc") : attack_errno("open");
    ssize_t n = is_memory && context->argument[0] != 'D'
                    ? pread(fd, text, sizeof text - 1, (off_t)context->shielded->memory)
                    : read(fd, text, sizeof text / 2); /* pagemap: whole words */
    if (context->argument[0] == 'D' && is_memory)
        return 0; /* it could open it; where to look is not known */
    if (n <= 0)
        return n < 0 ? attack_errno("read") : attack_failed("it is empty");
    if (is_memory)
        return strstr(text, context->shielded->in_memory) ? 0 : attack_failed("not its memory");
    if (strstr(context->argument, "environ") && context->argument[0] != 'D')
        return strstr(text, context->shielded->in_environ) ? 0 : attack_failed("not its own");
    return 0;
}

static int follow_link(const struct attack_context *context)
{
    char path[128], text[256];

    if (readlink(file_of(context, path, sizeof path), text, sizeof text) < 0)
        return attack_errno("readlink");
    return open(path, O_PATH | O_CLOEXEC) < 0 ? attack_errno("open") : 0;
}

/* Its page, opened anew by its name in /proc: the page itself belongs to the pod as well. */
static int reopen_page(const struct attack_context *context)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd/%d", context->shielded->pid, context->shielded->page);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? attack_errno("open") : attack_read_page(fd);
}

/* The same of a process that has no shield: then the page is all that is guarded. */
static int reopen_plain_page(const struct attack_context *context)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd/%d", context->plain->pid, context->plain->page);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? attack_errno("open") : attack_read_page(fd);
}

/* By the names of its mappings, which need no descriptor. */
static int open_mapping(const struct attack_context *context)
{
    char path[128], name[400];
    struct dirent *entry;
    DIR *dir = opendir(file_of(context, path, sizeof path));

    if (!dir)
        return errno == ENOENT ? attack_absent("no map_files") : attack_errno("opendir");
    while (errno = 0, (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
            return open(name, O_RDONLY | O_CLOEXEC) < 0 ? attack_errno("open") : 0;
        }
    if (errno)
        return attack_errno("readdir");
    return attack_failed("it has none");
}

/* A secret file by the root directory of the process that has it. */
static int by_root(const struct attack_context *context)
{
    char path[160];

    snprintf(path, sizeof path, "/proc/%d/root/proc/version", context->shielded->pid);
    return open(path, O_RDONLY | O_CLOEXEC) < 0 ? attack_errno("open") : 0;
}

#define SHIELDED(word, run, nobody, control)                                                       \
    {                                                                                              \
        "proc-" word, "of a shielded process", run, {nobody, US}, {control, OPEN}, CONTROL_OFF, 0, \
            word                                                                                   \
    }
#define DAEMON(word, run)                                                                      \
    {                                                                                          \
        "daemon-proc-" word, "of the daemon", run, {OTHER, US}, {OTHER, OPEN}, CONTROL_OFF, 0, \
            "D" word                                                                           \
    }

static const struct attack table[] = {
    SHIELDED("mem", read_file, US, OPEN),
    SHIELDED("environ", read_file, US, OPEN),
    SHIELDED("maps", read_file, US, OPEN),
    SHIELDED("smaps", read_file, US, OPEN),
    SHIELDED("auxv", read_file, US, OPEN),
    SHIELDED("pagemap", read_file, US, OPEN),
    SHIELDED("syscall", read_file, US, OPEN),
    SHIELDED("stack", read_file, OTHER, OTHER),
    SHIELDED("io", read_file, US, OPEN),
    SHIELDED("task/mem", read_file, US, OPEN),
    SHIELDED("task/environ", read_file, US, OPEN),
    SHIELDED("exe", follow_link, US, OPEN),
    SHIELDED("cwd", follow_link, US, OPEN),
    SHIELDED("ns/mnt", follow_link, US, OPEN),
    SHIELDED("map_files", open_mapping, US, OTHER),
    {"proc-root", "of a shielded process", by_root, {US, US}, {OPEN, OPEN}, CONTROL_OFF, 0, NULL},
    {"proc-fd-page",
     "the page of a shielded process, opened anew",
     reopen_page,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"proc-fd-page-plain",
     "the page of a process without a shield, opened anew",
     reopen_plain_page,
     {US, US},
     {OPEN, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    DAEMON("mem", read_file),
    DAEMON("environ", read_file),
    DAEMON("maps", read_file),
    DAEMON("auxv", read_file),
    DAEMON("syscall", read_file),
    DAEMON("stack", read_file),
    DAEMON("fd/3", follow_link),
    DAEMON("root", follow_link),
    DAEMON("exe", follow_link),
};

const struct attack_table attack_proc = {table, sizeof table / sizeof *table};
