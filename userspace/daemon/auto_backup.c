/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/auto_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sock.h"
#include "base/span.h"
#include "base/worker.h"
#include "base/writer.h"
#include "limits.h"
#include "store/backup.h"
#include "store/keyring.h"
#include "store/store.h"

#define PREFIX "vsecm-"
#define SUFFIX ".age"
#define UNFINISHED "unfinished" /* the one under way; a daemon that was killed leaves it */
#define RETRY_MS 60000u         /* after one that failed */
#define BUSY_MS 20u             /* while the worker syncs something else */

struct auto_backup {
    struct auto_backup_options options;
    struct loop_timer timer;
    int dir;
    int fd;                /* of the one under way; -1: none */
    struct backup *backup; /* likewise, until all of it is written */
    int is_syncing;
    char name[64];
    int64_t last_us; /* when the newest was finished; 0: there is none */
    uint64_t made, failures;
};

/* ---- what is there --------------------------------------------------------------------------- */

/* Exactly as begin() writes it: what people call vsecm-before-the-move.age is theirs to remove. */
static int is_ours(const char *name)
{
    char own[sizeof((struct auto_backup *)NULL)->name], time[CLOCK_RFC3339];
    size_t length = strlen(name), around = sizeof PREFIX + sizeof SUFFIX - 2;
    int64_t us;
    if (length <= around ||
        clock_parse((struct span){name + sizeof PREFIX - 1, length - around}, &us) < 0)
        return 0;
    clock_format(us, time);
    snprintf(own, sizeof own, PREFIX "%s" SUFFIX, time);
    return strcmp(own, name) == 0;
}

static int only_ours(const struct dirent *entry)
{
    return is_ours(entry->d_name);
}

/* Names of ours, oldest first: the time in them sorts. The count, or -errno. */
static int list(const struct auto_backup *backup, struct dirent ***ret)
{
    int n = scandirat(backup->dir, ".", ret, only_ours, alphasort);
    return n < 0 ? -errno : n;
}

static void free_list(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0)
        free(entries);
}

/* Never the one just made: a clock that was ahead once has left names that sort behind it. */
static void prune(const struct auto_backup *backup)
{
    struct dirent **entries;
    int count = list(backup, &entries), surplus = count - (int)backup->options.keep;
    for (int i = 0; i < count && surplus > 0; i++)
        if (strcmp(entries[i]->d_name, backup->name) != 0) {
            unlinkat(backup->dir, entries[i]->d_name, 0);
            surplus--;
        }
    free_list(entries, count);
}

static int64_t newest_us(const struct auto_backup *backup)
{
    struct dirent **entries;
    struct stat st;
    int64_t newest = 0;
    int count = list(backup, &entries);
    if (count > 0 &&
        fstatat(backup->dir, entries[count - 1]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        newest = (int64_t)st.st_mtim.tv_sec * 1000000;
    free_list(entries, count);
    return newest;
}

/* ---- making one ------------------------------------------------------------------------------ */

static void drop(struct auto_backup *backup)
{
    backup_free(backup->backup);
    backup->backup = NULL;
    if (backup->fd >= 0)
        close(backup->fd);
    backup->fd = -1;
    backup->is_syncing = 0;
}

static void finish(struct auto_backup *backup, int r)
{
    drop(backup);
    if (r < 0) {
        unlinkat(backup->dir, UNFINISHED, 0);
        log_error("the backup into %s failed: %s; it is tried again in a minute",
                  backup->options.path, strerror(-r));
        backup->failures++;
    } else {
        backup->made++;
        backup->last_us = clock_wall_us();
        prune(backup);
    }
    loop_set_timer(backup->options.loop, &backup->timer,
                   r < 0 ? RETRY_MS : backup->options.interval_ms);
}

/* Named after the moment of which it is. */
static int begin(struct auto_backup *backup)
{
    const struct auto_backup_options *options = &backup->options;
    char time[CLOCK_RFC3339];
    int64_t now = clock_wall_us();
    clock_format(now, time);
    snprintf(backup->name, sizeof backup->name, PREFIX "%s" SUFFIX, time);
    backup->fd = openat(backup->dir, UNFINISHED,
                        O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (backup->fd < 0)
        return -errno;
    return backup_new(options->store, keyring_recipient(options->keyring), 1, now, &backup->backup);
}

static int write_all(int fd, struct span piece)
{
    for (size_t done = 0; done < piece.length;) {
        ssize_t n = write(fd, piece.data + done, piece.length - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* As much as fits a slice. 1: there is more, 0: all is written, or -errno. */
static int write_slice(struct auto_backup *backup)
{
    uint64_t until = clock_mono_ns() + LIMIT_SLICE_NS;
    struct span piece = {NULL, 1};
    int r = 0;
    while (r == 0 && piece.length) {
        if (clock_mono_ns() >= until)
            return 1;
        r = backup_next(backup->backup, &piece);
        if (r == 0)
            r = write_all(backup->fd, piece);
    }
    return r;
}

static int publish_job(void *context)
{
    struct auto_backup *backup = context;
    if (fsync(backup->fd) < 0 || renameat(backup->dir, UNFINISHED, backup->dir, backup->name) < 0 ||
        fsync(backup->dir) < 0)
        return -errno;
    return 0;
}

static void published(void *context, int r)
{
    finish(context, r);
}

static void publish(struct auto_backup *backup)
{
    backup_free(backup->backup);
    backup->backup = NULL;
    backup->is_syncing = 1;
    int r = worker_run(backup->options.worker, publish_job, backup, published, backup);
    if (r == -EBUSY)
        loop_set_timer(backup->options.loop, &backup->timer, BUSY_MS);
    else if (r < 0)
        finish(backup, r);
}

static void on_time(struct loop_timer *timer)
{
    struct auto_backup *backup =
        (struct auto_backup *)((char *)timer - offsetof(struct auto_backup, timer));
    int r = 0;
    if (backup->is_syncing) {
        publish(backup);
        return;
    }
    if (!backup->backup && store_is_sealed(backup->options.store)) {
        loop_set_timer(backup->options.loop, timer, RETRY_MS);
        return;
    }
    if (!backup->backup)
        r = begin(backup);
    if (r == 0)
        r = write_slice(backup);
    if (r > 0)
        loop_set_timer(backup->options.loop, timer, 0);
    else if (r < 0)
        finish(backup, r);
    else
        publish(backup);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static uint64_t first_ms(const struct auto_backup *backup)
{
    int64_t age_ms = (clock_wall_us() - backup->last_us) / 1000;
    int64_t interval = (int64_t)backup->options.interval_ms;
    if (!backup->last_us || age_ms < 0 || age_ms >= interval)
        return 1000; /* whoever just started has better things to do */
    return (uint64_t)(interval - age_ms);
}

int auto_backup_new(const struct auto_backup_options *options, struct auto_backup **ret,
                    struct error *error)
{
    int r = sock_directory(options->path, 0700, error);
    if (r < 0)
        return r;
    struct auto_backup *backup = calloc(1, sizeof *backup);
    if (!backup)
        return error_set(error, -ENOMEM, "out of memory");
    *backup = (struct auto_backup){.options = *options, .timer.fire = on_time, .fd = -1};
    backup->dir = open(options->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (backup->dir < 0) {
        r = error_errno(error, -errno, "%s", options->path);
        free(backup);
        return r;
    }
    backup->last_us = newest_us(backup);
    loop_set_timer(options->loop, &backup->timer, first_ms(backup));
    *ret = backup;
    return 0;
}

void auto_backup_write_status(struct writer *w, const struct auto_backup *backup)
{
    char time[CLOCK_RFC3339] = "never";
    if (!backup)
        return;
    if (backup->last_us)
        clock_format_seconds(backup->last_us, time);
    writer_literal(w, ",\"backup\":{\"last\":\"");
    writer_text(w, time);
    writer_named_u64(w, "\",\"made\":", backup->made);
    writer_named_u64(w, ",\"failures\":", backup->failures);
    writer_literal(w, "}");
}

void auto_backup_free(struct auto_backup *backup)
{
    if (!backup)
        return;
    loop_cancel_timer(backup->options.loop, &backup->timer);
    drop(backup);
    close(backup->dir);
    free(backup);
}
