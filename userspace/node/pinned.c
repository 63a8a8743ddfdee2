/* SPDX-License-Identifier: BSD-2-Clause */
#include "node/pinned.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

bool pinned_is_bpffs(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

bool pinned_is(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Call EACH with the names in directory FD, which is closed, until it returns non-zero. */
static int for_each(int fd, int (*each)(void *context, int dir, const char *name), void *context)
{
    DIR *list = fdopendir(fd);
    if (!list) {
        int r = -errno;
        close(fd);
        return r;
    }
    const struct dirent *entry;
    int r = 0;
    while (r == 0 && (entry = readdir(list)))
        if (entry->d_name[0] != '.')
            r = each(context, dirfd(list), entry->d_name);
    closedir(list);
    return r;
}

/* PIN_DIR or one below it, on a bpffs. */
static int open_directory(int at, const char *name)
{
    int fd = openat(at, name, OPEN_DIR);
    if (fd < 0)
        return -errno;
    if (pinned_is_bpffs(fd))
        return fd;
    close(fd);
    return -ENOTSUP;
}

/* Whether NAME is an ABI's number. */
static bool is_version(const char *name, unsigned *ret)
{
    uint64_t number;
    if (str_u64(span_of(name), UINT32_MAX, &number) < 0)
        return false;
    *ret = (unsigned)number;
    return true;
}

/* ---- looking ------------------------------------------------------------------------------- */

static int count_one(void *context, int dir, const char *name)
{
    struct pinned *pinned = context;
    (void)dir;
    if (pinned_is(name, PINNED_MAP))
        pinned->maps++;
    else
        pinned->links++;
    return 0;
}

struct list {
    struct pinned *ret;
    size_t max, count;
};

static int list_one(void *context, int dir, const char *name)
{
    struct list *list = context;
    struct pinned pinned = {0};
    if (list->count == list->max || !is_version(name, &pinned.abi))
        return 0;
    int fd = open_directory(dir, name);
    int r = fd < 0 ? fd : for_each(fd, count_one, &pinned);
    if (r == 0)
        list->ret[list->count++] = pinned;
    return r;
}

int pinned_list(const char *pin_dir, struct pinned *ret, size_t max, size_t *count)
{
    struct list list = {ret, max, 0};
    int fd = open_directory(AT_FDCWD, pin_dir);
    int r = fd < 0 ? fd : for_each(fd, list_one, &list);
    if (r == 0)
        *count = list.count;
    return r;
}

/* ---- removing ------------------------------------------------------------------------------ */

static int remove_pin(int dir, const char *name, unsigned *count)
{
    if (unlinkat(dir, name, 0) < 0)
        return -errno;
    ++*count;
    return 0;
}

static int remove_link(void *context, int dir, const char *name)
{
    struct pinned *removed = context;
    bool is_link = pinned_is(name, PINNED_LINK) || pinned_is(name, PINNED_NEW);
    return is_link ? remove_pin(dir, name, &removed->links) : 0;
}

static int remove_map(void *context, int dir, const char *name)
{
    struct pinned *removed = context;
    return pinned_is(name, PINNED_MAP) ? remove_pin(dir, name, &removed->maps) : 0;
}

/* Programs go before their maps: killed in between, the next start finds maps of no use. */
static int remove_version(void *context, int top, const char *name)
{
    static int (*const passes[])(void *context, int dir, const char *name) = {remove_link,
                                                                              remove_map};
    unsigned abi;
    int r = 0;
    if (!is_version(name, &abi))
        return 0;
    for (size_t i = 0; r == 0 && i < sizeof passes / sizeof *passes; i++) {
        int fd = open_directory(top, name);
        r = fd < 0 ? fd : for_each(fd, passes[i], context);
    }
    return r == 0 && unlinkat(top, name, AT_REMOVEDIR) < 0 ? -errno : r;
}

int pinned_remove(const char *pin_dir, struct pinned *ret, struct error *error)
{
    *ret = (struct pinned){0};
    int fd = open_directory(AT_FDCWD, pin_dir);
    int r = fd < 0 ? fd : for_each(fd, remove_version, ret);
    if (r == 0 && rmdir(pin_dir) < 0)
        r = -errno;
    return r < 0 ? error_errno(error, r, "cannot remove what is pinned in %s", pin_dir) : 0;
}
