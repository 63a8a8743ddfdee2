/* SPDX-License-Identifier: BSD-2-Clause */
/* The guards themselves: programs, maps and links, by id and by pin. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* Which it was, for whoever reads of a guard that failed. */
static void tell_name(int fd, int next)
{
    struct bpf_map_info map = {0};
    struct bpf_prog_info program = {0};
    bool is_map = next == BPF_MAP_GET_NEXT_ID;
    union bpf_attr attr = {.info = {.bpf_fd = (unsigned)fd,
                                    .info_len = is_map ? sizeof map : sizeof program,
                                    .info = is_map ? (uintptr_t)&map : (uintptr_t)&program}};

    if (next != BPF_LINK_GET_NEXT_ID && bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0)
        attack_refused("%s", is_map ? map.name : program.name);
}

/* A descriptor of any object of a kind: the guest has no others than the guards'. */
static int open_any(int next, int open_id)
{
    unsigned seen = 0, id = 0;

    for (;;) {
        union bpf_attr attr = {.start_id = id};
        if (bpf(next, &attr) < 0 && errno != ENOENT)
            return attack_errno("next");
        id = attr.next_id;
        if (!id)
            return seen ? -EPERM : attack_failed("there are none");
        attr = (union bpf_attr){.prog_id = id}; /* the same place for maps and links */
        int fd = bpf(open_id, &attr);
        if (fd >= 0)
            return tell_name(fd, next), 0;
        /* EAGAIN: while a daemon starts, nobody else gets any. */
        if (errno != ENOENT && errno != EAGAIN && !attack_is_denial(-errno))
            return attack_errno("by id");
        seen++;
    }
}

static int maps_by_id(const struct attack_context *context)
{
    (void)context;
    return open_any(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID);
}

static int programs_by_id(const struct attack_context *context)
{
    (void)context;
    return open_any(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID);
}

static int links_by_id(const struct attack_context *context)
{
    (void)context;
    return open_any(BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID);
}

/* The pins: PATH of the first below DIR for which TRY gives something other than "not of mine". */
static int for_pins(const char *dir, int (*try)(const char *path))
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    int word = ENOENT;

    if (!stream)
        return errno == ENOENT ? attack_absent("nothing is pinned") : attack_errno("opendir");
    while (word == ENOENT && (entry = readdir(stream))) {
        char path[PATH_MAX];
        struct stat status;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            word = for_pins(path, try);
        else
            word = try(path);
    }
    closedir(stream);
    return word;
}

static int all_pins(int (*try)(const char *path))
{
    int word = for_pins(WORLD_PINS, try);

    return word == ENOENT ? attack_absent("nothing of that kind is pinned") : word;
}

/* What is pinned at PATH, if the kernel lets it go; -1 and errno. */
static int open_pin(const char *path)
{
    union bpf_attr attr = {.pathname = (uintptr_t)path};

    return bpf(BPF_OBJ_GET, &attr);
}

static bool is_a(int fd, const char *kind)
{
    char path[64], link[64] = "";

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, link, sizeof link - 1) < 0)
        return false;
    return strstr(link, kind) != NULL;
}

static int take_map(const char *path)
{
    int fd = open_pin(path);

    if (fd < 0)
        return attack_errno("pin");
    return is_a(fd, "bpf-map") ? 0 : ENOENT;
}

static int take_link(const char *path, int *ret)
{
    int fd = open_pin(path);

    if (fd < 0 || (!is_a(fd, "bpf-link") && !is_a(fd, "bpf_link")))
        return ENOENT; /* a map: refused */
    *ret = fd;
    return 0;
}

/* Tracing links have neither: the kernel itself says no. */
static int detach(const char *path)
{
    int fd, word = take_link(path, &fd);

    if (word)
        return word;
    union bpf_attr attr = {.link_detach = {.link_fd = (unsigned)fd}};
    if (bpf(BPF_LINK_DETACH, &attr) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == EINVAL ? -EPERM : attack_errno("detach");
}

static int update(const char *path)
{
    int fd, word = take_link(path, &fd);

    if (word)
        return word;
    union bpf_attr attr = {.link_update = {.link_fd = (unsigned)fd, .new_prog_fd = (unsigned)fd}};
    if (bpf(BPF_LINK_UPDATE, &attr) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == EINVAL ? -EPERM : attack_errno("update");
}

static int remove_pin(const char *path)
{
    return unlink(path) < 0 ? attack_errno("unlink") : 0;
}

static int rename_pin(const char *path)
{
    char to[PATH_MAX + 8];

    snprintf(to, sizeof to, "%s-x", path);
    return rename(path, to) < 0 ? attack_errno("rename") : 0;
}

static int maps_by_pin(const struct attack_context *context)
{
    (void)context;
    return all_pins(take_map);
}

static int detach_links(const struct attack_context *context)
{
    (void)context;
    return all_pins(detach);
}

static int update_links(const struct attack_context *context)
{
    (void)context;
    return all_pins(update);
}

static int remove_pins(const struct attack_context *context)
{
    (void)context;
    return all_pins(remove_pin);
}

static int rename_pins(const struct attack_context *context)
{
    (void)context;
    return all_pins(rename_pin);
}

static int cover_pins(const struct attack_context *context)
{
    (void)context;
    if (mount("fake", WORLD_PINS, "tmpfs", 0, NULL) < 0)
        return errno == ENOENT ? attack_absent("nothing is pinned") : attack_errno("mount");
    return umount2(WORLD_PINS, MNT_DETACH);
}

static const struct attack table[] = {
    {"map-by-id",
     "the guards' maps",
     maps_by_id,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     RESTARTS,
     NULL},
    {"program-by-id",
     "the guards' programs",
     programs_by_id,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"link-by-id",
     "the guards' links",
     links_by_id,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"map-by-pin",
     "the guards' maps",
     maps_by_pin,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     NULL},
    {"link-detach",
     "the guards' links, by pin and BPF_LINK_DETACH",
     detach_links,
     {OTHER, OTHER},
     {OTHER, OTHER},
     CONTROL_OFF,
     0,
     NULL},
    {"link-update",
     "the guards' links, by pin and BPF_LINK_UPDATE",
     update_links,
     {OTHER, OTHER},
     {OTHER, OTHER},
     CONTROL_OFF,
     0,
     NULL},
    {"pin-unlink",
     "the guards' pins, removed",
     remove_pins,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     RESTARTS,
     NULL},
    {"pin-rename",
     "the guards' pins, renamed",
     rename_pins,
     {OTHER, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     RESTARTS,
     NULL},
    {"pin-dir-mount",
     "a tmpfs, mounted on the pins' directory",
     cover_pins,
     {US, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     RESTARTS,
     NULL},
};

const struct attack_table attack_bpf = {table, sizeof table / sizeof *table};
