/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel_abi.h"
#include "limits.h"
#include "node/pinned.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct item {
    char name[PINNED_NAME]; /* of the file */
    int fd;                 /* -1: not kept yet */
    bool is_taken;          /* a map that is pinned already */
};

struct pins {
    int above, top, dir; /* what PIN_DIR is in, PIN_DIR, the directory of the ABI */
    bool made_top, made_dir;
    bool holds; /* programs were pinned when we came */
    char path[LIMIT_PATH];
    char top_name[NAME_MAX + 1], dir_name[12];
    struct item items[LIMIT_PINS];
    size_t count;
};

/* ---- directories --------------------------------------------------------------------------- */

/*
 * Open NAME in the directory AT, made if it is not there. Who else could write there could have
 * planted what is pinned, or plant it yet.
 */
static int open_directory(int at, const char *name, const char *path, bool *made,
                          struct error *error)
{
    struct stat st;
    *made = mkdirat(at, name, 0700) == 0;
    if (!*made && errno != EEXIST)
        return error_errno(error, -EOPNOTSUPP, "cannot make %s (%s)", path, strerror(errno));
    int fd = openat(at, name, OPEN_DIR | O_NOFOLLOW);
    if (fd < 0)
        return error_set(error, -EOPNOTSUPP, "cannot open %s: %s", path, strerror(errno));
    int r = 0;
    if (!pinned_is_bpffs(fd))
        r = error_set(error, -EOPNOTSUPP, "%s is not on a bpffs", path);
    else if (fstat(fd, &st) < 0 || st.st_uid != geteuid())
        r = error_set(error, -EOPNOTSUPP, "%s is not ours (uid %u): remove it", path, geteuid());
    else if ((st.st_mode & 0777) != 0700 && fchmod(fd, 0700) < 0)
        r = error_set(error, -EOPNOTSUPP, "cannot set the mode of %s: %s", path, strerror(errno));
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

/* The directory above PIN_DIR, which is never made: what is not mounted would be hidden by it. */
static int open_above(struct pins *pins, const char *pin_dir, struct error *error)
{
    char above[LIMIT_PATH], name[LIMIT_PATH];
    if (pin_dir[0] != '/' || strlen(pin_dir) >= sizeof above - sizeof pins->dir_name)
        return error_set(error, -EOPNOTSUPP, "pin_dir = '%.200s' must be an absolute directory",
                         pin_dir);
    memcpy(above, pin_dir, strlen(pin_dir) + 1);
    memcpy(name, pin_dir, strlen(pin_dir) + 1);
    if (snprintf(pins->top_name, sizeof pins->top_name, "%.*s", NAME_MAX, basename(name)) < 1)
        return error_set(error, -EOPNOTSUPP, "pin_dir");
    pins->above = open(dirname(above), OPEN_DIR);
    if (pins->above < 0)
        return error_set(error, -EOPNOTSUPP, "cannot open the directory above %s: %s", pin_dir,
                         strerror(errno));
    if (!pinned_is_bpffs(pins->above))
        return error_set(error, -EOPNOTSUPP,
                         "%s is not on a bpffs: mount -t bpf bpf %s, in a container the host's",
                         pin_dir, above);
    return 0;
}

static int open_all(struct pins *pins, const char *pin_dir, struct error *error)
{
    int r = open_above(pins, pin_dir, error);
    if (r < 0)
        return r;
    pins->top = open_directory(pins->above, pins->top_name, pin_dir, &pins->made_top, error);
    if (pins->top < 0)
        return pins->top;
    snprintf(pins->dir_name, sizeof pins->dir_name, "%u", VSECM_ABI_VERSION);
    snprintf(pins->path, sizeof pins->path, "%s/%s", pin_dir, pins->dir_name);
    pins->dir = open_directory(pins->top, pins->dir_name, pins->path, &pins->made_dir, error);
    if (pins->dir < 0)
        return pins->dir;
    if (flock(pins->dir, LOCK_EX | LOCK_NB) < 0)
        return error_set(error, -EBUSY, "another vsecmd is starting with pin_dir = %s", pin_dir);
    return 0;
}

typedef int visit(const struct pins *pins, const char *name, void *context);

/* Call EACH with what is pinned, until it returns non-zero. That, or -errno. */
static int for_each(const struct pins *pins, visit *each, void *context)
{
    int fd = openat(pins->dir, ".", OPEN_DIR);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (!list) {
        int r = -errno;
        if (fd >= 0)
            close(fd);
        return r;
    }
    const struct dirent *entry;
    int r = 0;
    while (r == 0 && (entry = readdir(list)))
        if (entry->d_name[0] != '.')
            r = each(pins, entry->d_name, context);
    closedir(list);
    return r;
}

static int is_program(const struct pins *pins, const char *name, void *unused)
{
    (void)pins, (void)unused;
    return pinned_is(name, PINNED_LINK) || pinned_is(name, PINNED_NEW);
}

int pins_open(const char *pin_dir, struct pins **ret, struct error *error)
{
    struct pins *pins = calloc(1, sizeof *pins);
    if (!pins)
        return error_set(error, -ENOMEM, "out of memory");
    pins->above = pins->top = pins->dir = -1;
    int r = open_all(pins, pin_dir, error);
    if (r == 0 && (r = for_each(pins, is_program, NULL)) < 0)
        error_errno(error, r, "%s", pins->path);
    if (r < 0) {
        pins_free(pins);
        return r;
    }
    pins->holds = r > 0;
    *ret = pins;
    return 0;
}

void pins_directories(const struct pins *pins, int ret[2])
{
    ret[0] = pins->top;
    ret[1] = pins->dir;
}

void pins_free(struct pins *pins)
{
    if (!pins)
        return;
    for (size_t i = 0; i < pins->count; i++)
        if (pins->items[i].fd >= 0)
            close(pins->items[i].fd);
    /* No directory with anything in it is removed by this. */
    if (pins->made_dir)
        unlinkat(pins->top, pins->dir_name, AT_REMOVEDIR);
    if (pins->made_top)
        unlinkat(pins->above, pins->top_name, AT_REMOVEDIR);
    const int fds[] = {pins->dir, pins->top, pins->above};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(pins);
}

/* ---- files --------------------------------------------------------------------------------- */

/*
 * bpf() takes paths only (descriptors since 6.5). This one leads through the directory that was
 * checked, whatever its own path has become.
 */
struct path {
    char text[32 + PINNED_NAME];
};

static struct path path_of(const struct pins *pins, const char *name)
{
    struct path path;
    snprintf(path.text, sizeof path.text, "/proc/self/fd/%d/%s", pins->dir, name);
    return path;
}

/* The item called PREFIX and NAME, made if there is none; NULL when there is no room for it. */
static struct item *item_of(struct pins *pins, const char *prefix, const char *name)
{
    char full[PINNED_NAME];
    if (snprintf(full, sizeof full, "%s%s", prefix, name) >= (int)sizeof full)
        return NULL;
    for (size_t i = 0; i < pins->count; i++)
        if (strcmp(pins->items[i].name, full) == 0)
            return &pins->items[i];
    if (pins->count == LIMIT_PINS)
        return NULL;
    struct item *item = &pins->items[pins->count++];
    memcpy(item->name, full, sizeof full);
    item->fd = -1;
    return item;
}

/* ---- taking over --------------------------------------------------------------------------- */

static int check_map(const struct pins *pins, const struct bpf_map *map, int fd,
                     struct error *error)
{
    struct bpf_map_info info = {0};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
        return error_errno(error, -errno, "%s/" PINNED_MAP "%s", pins->path, bpf_map__name(map));
    const struct {
        const char *what;
        uint32_t is, should;
    } parts[] = {
        {"type", info.type, bpf_map__type(map)},
        {"key size", info.key_size, bpf_map__key_size(map)},
        {"value size", info.value_size, bpf_map__value_size(map)},
        {"size", info.max_entries, bpf_map__max_entries(map)},
        {"flags", info.map_flags, bpf_map__map_flags(map)},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].is != parts[i].should)
            return error_set(error, -EINVAL,
                             "%s/" PINNED_MAP "%s is not ours: its %s is %u, not %u; `vsecm doctor "
                             "--unload` removes what is pinned",
                             pins->path, bpf_map__name(map), parts[i].what, parts[i].is,
                             parts[i].should);
    return 0;
}

static int take_map(struct pins *pins, struct bpf_map *map, struct error *error)
{
    struct item *item = item_of(pins, PINNED_MAP, bpf_map__name(map));
    if (!item)
        return error_set(error, -ENOSPC, "no room to pin map %s", bpf_map__name(map));
    int fd = pins->holds ? bpf_obj_get(path_of(pins, item->name).text) : -ENOENT;
    if (fd == -ENOENT)
        return 0;
    if (fd == -EPERM || fd == -EACCES)
        return error_set(error, -EPERM,
                         "what is pinned in %s belongs to a vsecmd with another private_dir (or "
                         "whose lock file was replaced): stop that one, then `vsecm doctor "
                         "--unload` with its --private-dir",
                         pins->path);
    if (fd < 0)
        return error_errno(error, fd, "%s/%s", pins->path, item->name);
    int r = check_map(pins, map, fd, error);
    if (r == 0 && (r = bpf_map__reuse_fd(map, fd)) < 0)
        error_errno(error, r, "%s/%s", pins->path, item->name);
    item->is_taken = r == 0;
    close(fd);
    return r;
}

int pins_take(struct pins *pins, struct bpf_object *object, struct error *error)
{
    struct bpf_map *map;
    int r = 0;
    bpf_object__for_each_map(map, object)
    {
        if (r == 0 && !bpf_map__is_internal(map))
            r = take_map(pins, map, error);
    }
    return r;
}

struct of_links {
    int (*each)(void *context, int link);
    void *context;
};

static int visit_link(const struct pins *pins, const char *name, void *context)
{
    const struct of_links *of = context;
    if (!is_program(pins, name, NULL))
        return 0;
    int link = bpf_obj_get(path_of(pins, name).text);
    if (link < 0)
        return link;
    int r = of->each(of->context, link);
    close(link);
    return r;
}

int pins_each_link(const struct pins *pins, int (*each)(void *context, int link), void *context)
{
    return for_each(pins, visit_link, &(struct of_links){each, context});
}

/* ---- pinning ------------------------------------------------------------------------------- */

static int keep(struct item *item, int fd)
{
    if (!item)
        return -ENOSPC;
    item->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return item->fd < 0 ? -errno : 0;
}

int pins_keep(struct pins *pins, const struct bpf_object *object, const struct pins_link *links,
              size_t count)
{
    const struct bpf_map *map;
    int r = 0;
    bpf_object__for_each_map(map, object)
    {
        if (r == 0 && !bpf_map__is_internal(map))
            r = keep(item_of(pins, PINNED_MAP, bpf_map__name(map)), bpf_map__fd(map));
    }
    for (size_t i = 0; r == 0 && i < count; i++)
        r = keep(item_of(pins, PINNED_LINK, links[i].name), links[i].fd);
    return r;
}

/* What is there is used by no program, or it would have been taken. */
static int pin_map(const struct pins *pins, const struct item *item)
{
    if (item->is_taken)
        return 0;
    if (unlinkat(pins->dir, item->name, 0) < 0 && errno != ENOENT)
        return -errno;
    return bpf_obj_pin(item->fd, path_of(pins, item->name).text);
}

/*
 * What a killed start left under the new name may be the only one of its kind: it is moved to the
 * right name before the new name is used again, and never just removed.
 */
static int pin_link(const struct pins *pins, const struct item *item)
{
    char fresh[PINNED_NAME];
    snprintf(fresh, sizeof fresh, PINNED_NEW "%s", item->name + strlen(PINNED_LINK));
    if (renameat(pins->dir, fresh, pins->dir, item->name) < 0 && errno != ENOENT)
        return -errno;
    int r = bpf_obj_pin(item->fd, path_of(pins, fresh).text);
    if (r < 0)
        return r;
    return renameat(pins->dir, fresh, pins->dir, item->name) < 0 ? -errno : 0;
}

static int remove_strange(const struct pins *pins, const char *name, void *unused)
{
    (void)unused;
    for (size_t i = 0; i < pins->count; i++)
        if (strcmp(pins->items[i].name, name) == 0)
            return 0;
    return unlinkat(pins->dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* A map that no program of ours has may still be that of a program that is removed before it. */
static int remove_strange_program(const struct pins *pins, const char *name, void *unused)
{
    return is_program(pins, name, unused) ? remove_strange(pins, name, unused) : 0;
}

static int pin_all(const struct pins *pins, const char *prefix,
                   int (*pin)(const struct pins *pins, const struct item *item),
                   struct error *error)
{
    for (size_t i = 0; i < pins->count; i++) {
        const struct item *item = &pins->items[i];
        int r = pinned_is(item->name, prefix) ? pin(pins, item) : 0;
        if (r < 0)
            return error_errno(error, r, "cannot pin %s/%s", pins->path, item->name);
    }
    return 0;
}

int pins_commit(struct pins *pins, struct error *error)
{
    /* Maps first: where a link is pinned, each map that its program uses is pinned too. */
    int r = pin_all(pins, PINNED_MAP, pin_map, error);
    if (r == 0)
        r = pin_all(pins, PINNED_LINK, pin_link, error);
    if (r < 0)
        return r;
    r = for_each(pins, remove_strange_program, NULL);
    if (r == 0)
        r = for_each(pins, remove_strange, NULL);
    return r < 0 ? error_errno(error, r, "%s", pins->path) : 0;
}
