/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sock.h"
#include "protocol.h"

#define FS_NAME 24

static int open_directory(const char *path, int *ret, struct error *error)
{
    *ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return *ret < 0 ? error_errno(error, -errno, "%s", path) : 0;
}

/* ---- mounting ----------------------------------------------------------------------------------
 */

static int is_mount_point(int dir)
{
    struct statx st;
    if (statx(dir, "", AT_EMPTY_PATH, 0, &st) < 0)
        return -errno;
    return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static int is_on_tmpfs(int dir)
{
    struct statfs fs;
    return fstatfs(dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

static int has_state(int dir)
{
    return faccessat(dir, PROTOCOL_STATE_LOG, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
           faccessat(dir, PROTOCOL_STATE_KEY, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int mount_tmpfs(const char *path)
{
    static const char *const options[] = {"mode=0700,noswap", "mode=0700"};
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (mount("vsecm", path, "tmpfs", flags, options[i]) == 0)
            return 0;
        if (errno != EINVAL)
            return -errno;
    }
    return -EINVAL;
}

/* Mount on PATH, which was opened as DIR, if MOUNT and what is there say so. */
static int mount_on(const char *path, int dir, enum state_mount mount, struct error *error)
{
    int r = is_mount_point(dir);
    if (r < 0)
        return error_errno(error, r, "%s", path);
    if (r > 0 || (mount == STATE_MOUNT_AUTO && (!is_on_tmpfs(dir) || has_state(dir))))
        return 0;
    if (has_state(dir))
        return error_set(error, -EEXIST,
                         "%s has a store in it that a mount would hide: move it away, or let "
                         "nothing be mounted",
                         path);
    r = mount_tmpfs(path);
    if (r == 0 || (mount == STATE_MOUNT_AUTO && (r == -EPERM || r == -EACCES)))
        return 0;
    return error_errno(error, r, "cannot mount a tmpfs on %s", path);
}

/* One process at a time, so that no second mount hides the first. */
static int mount_once(const char *path, enum state_mount mount, struct error *error)
{
    int below, top;
    int r = mount == STATE_MOUNT_NO ? 0 : open_directory(path, &below, error);
    if (r < 0 || mount == STATE_MOUNT_NO)
        return r;
    if (flock(below, LOCK_EX) < 0) {
        r = error_errno(error, -errno, "%s", path);
    } else {
        r = open_directory(path, &top, error); /* what is there now, after the wait */
        if (r == 0) {
            r = mount_on(path, top, mount, error);
            close(top);
        }
    }
    close(below);
    return r;
}

/* ---- what it is worth --------------------------------------------------------------------------
 */

static int has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ',') && strchr(",\n ", at[length]))
            return 1;
    return 0;
}

/* A line of mountinfo, proc_pid_mountinfo(5): NAME and is_noswap, if it is about mount ID. */
static int read_mount(const char *line, uint64_t id, char name[FS_NAME], int *is_noswap)
{
    const char *type = strstr(line, " - ");
    if (strtoull(line, NULL, 10) != id || !type)
        return 0;
    type += strlen(" - ");
    size_t length = strcspn(type, " ");
    snprintf(name, FS_NAME, "%.*s", (int)length, type);
    const char *source = type + length + (type[length] == ' ');
    const char *options = source + strcspn(source, " ");
    *is_noswap = has_word(options + (*options == ' '), "noswap");
    return 1;
}

static void find_mount(int dir, char name[FS_NAME], int *is_noswap)
{
    struct statx st;
    char *line = NULL;
    size_t size = 0;
    snprintf(name, FS_NAME, "unknown");
    *is_noswap = 0;
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (!file)
        return;
    if (statx(dir, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0)
        while (getline(&line, &size, file) > 0)
            if (read_mount(line, st.stx_mnt_id, name, is_noswap))
                break;
    free(line);
    fclose(file);
}

static int assess(struct state *state, const char *path, struct error *error)
{
    struct statfs fs;
    char name[FS_NAME];
    if (fstatfs(state->dir, &fs) < 0)
        return error_errno(error, -errno, "%s", path);
    find_mount(state->dir, name, &state->is_noswap);
    state->is_memory = fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
    state->is_noswap = (state->is_memory && state->is_noswap) || fs.f_type == RAMFS_MAGIC;
    snprintf(state->promise, sizeof state->promise, "%s (%s%s)",
             state->is_memory ? "memory only" : "on disk", name,
             state->is_noswap ? ", never swapped" : "");
    return 0;
}

/* ---- together ----------------------------------------------------------------------------------
 */

static int take_lock(struct state *state, const char *path, struct error *error)
{
    state->lock = openat(state->dir, PROTOCOL_STATE_LOCK,
                         O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (state->lock < 0)
        return error_errno(error, -errno, "%s/" PROTOCOL_STATE_LOCK, path);
    if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return error_set(error, -EWOULDBLOCK,
                         "another vsecmd is running with the state in %s; it was left alone", path);
    return error_errno(error, -errno, "%s/" PROTOCOL_STATE_LOCK, path);
}

int state_open(const char *path, enum state_mount mount, struct state *ret, struct error *error)
{
    struct state state = {.dir = -1, .lock = -1};
    int r = sock_directory(path, 0700, error);
    if (r == 0)
        r = mount_once(path, mount, error);
    if (r == 0) /* again: it may be another directory now */
        r = sock_directory(path, 0700, error);
    if (r == 0)
        r = open_directory(path, &state.dir, error);
    if (r == 0)
        r = take_lock(&state, path, error);
    if (r == 0)
        r = assess(&state, path, error);
    if (r < 0)
        state_close(&state);
    *ret = state;
    return r;
}

void state_close(struct state *state)
{
    if (state->lock >= 0)
        close(state->lock);
    if (state->dir >= 0)
        close(state->dir);
    state->lock = state->dir = -1;
}
