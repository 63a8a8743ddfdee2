/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/guard_label.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel/guard_state.h"
#include "kernel/pins.h"
#include "node/pinned.h"

/* A device as the kernel counts it: stat() has the same two numbers in another form. */
static uint32_t device_of(const struct stat *st)
{
    return (uint32_t)(major(st->st_dev) << 20 | minor(st->st_dev));
}

int guard_label_directory(const struct guards *guards, int dir)
{
    const uint32_t yes = 1;
    struct stat st;
    int r = bpf_map_update_elem(guards->map[GUARD_DIRECTORIES], &dir, &yes, BPF_ANY);
    if (r < 0 || !pinned_is_bpffs(dir))
        return r;
    if (fstat(dir, &st) < 0)
        return -errno;
    const uint32_t device = device_of(&st);
    return bpf_map_update_elem(guards->map[GUARD_DEVICES], &device, &yes, BPF_ANY);
}

/* ---- what is ours -------------------------------------------------------------------------- */

/*
 * By the program of its object that stands first: what was loaded together has the same number, and
 * is known by it when only a part of it is still pinned. A number of the kernel's alone would not
 * do: who may ask what it stands for needs CAP_SYS_ADMIN, which a daemon in a pod has not.
 */
struct thing {
    struct vsecm_self self;
    uint32_t object;
};

struct own {
    struct thing list[VSECM_SELF];
    size_t count;
    int map;         /* what daemons before this one left */
    uint32_t object; /* of what is added */
};

static bool has(const struct own *own, const struct vsecm_self *self)
{
    for (size_t i = 0; i < own->count; i++)
        if (memcmp(&own->list[i].self, self, sizeof *self) == 0)
            return true;
    return false;
}

/* What is there already, shared by a later object, stays the later one's. */
static int add(struct own *own, uint32_t kind, uint32_t id)
{
    const struct vsecm_self self = {.kind = kind, .id = id};
    if (has(own, &self))
        return 0;
    if (own->count == VSECM_SELF)
        return -E2BIG;
    own->list[own->count++] = (struct thing){self, own->object};
    return 0;
}

static int add_map(struct own *own, const struct bpf_map *map)
{
    struct bpf_map_info info = {0};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) < 0)
        return -errno;
    return add(own, VSECM_SELF_MAP, info.id);
}

static int add_program(struct own *own, const struct bpf_program *program)
{
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) < 0)
        return -errno;
    if (!own->object)
        own->object = info.id;
    return add(own, VSECM_SELF_PROGRAM, info.id);
}

static int add_link(struct own *own, int fd)
{
    struct bpf_link_info info = {0};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
        return -errno;
    return add(own, VSECM_SELF_LINK, info.id);
}

/* Programs first: they give all of it its number. */
static int collect(struct own *own, const struct guards *guards, const struct bpf_object *object)
{
    struct bpf_program *program;
    struct bpf_map *map;
    int r = 0;
    bpf_object__for_each_program(program, object)
    {
        if (r == 0 && bpf_program__fd(program) >= 0)
            r = add_program(own, program);
    }
    bpf_object__for_each_map(map, object)
    {
        if (r == 0 && bpf_map__fd(map) >= 0)
            r = add_map(own, map);
    }
    for (size_t i = 0; r == 0 && i < GUARD_LINKS; i++)
        if (guards->link[i] >= 0)
            r = add_link(own, guards->link[i]);
    return r;
}

/* Also those that are not pinned themselves: constants that were made with the program. */
static int add_maps_of(struct own *own, uint32_t object)
{
    struct vsecm_self key, last;
    uint32_t of;
    int r = 0;
    for (int next = bpf_map_get_next_key(own->map, NULL, &key); r == 0 && next == 0;
         next = bpf_map_get_next_key(own->map, &last, &key)) {
        last = key;
        if (key.kind == VSECM_SELF_MAP && bpf_map_lookup_elem(own->map, &key, &of) == 0 &&
            of == object)
            r = add(own, key.kind, key.id);
    }
    return r;
}

/* While it is pinned it guards: a start that ends before its own are pinned must leave it as it is.
 */
static int add_pinned(void *context, int fd)
{
    struct own *own = context;
    struct bpf_link_info info = {0};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
        return -errno;
    const struct vsecm_self program = {.kind = VSECM_SELF_PROGRAM, .id = info.prog_id};
    const uint32_t before = own->object; /* links of one object follow one another, mostly */
    if (bpf_map_lookup_elem(own->map, &program, &own->object) < 0)
        return -errno; /* it was there before the link was pinned */
    int r = add(own, VSECM_SELF_LINK, info.id);
    if (r == 0)
        r = add(own, program.kind, program.id);
    return r < 0 || own->object == before ? r : add_maps_of(own, own->object);
}

/* Numbers of what is gone are given to others in time. */
static void forget_strange(const struct own *own)
{
    struct vsecm_self key, last, gone[VSECM_SELF];
    size_t count = 0;
    for (int r = bpf_map_get_next_key(own->map, NULL, &key); r == 0;
         r = bpf_map_get_next_key(own->map, &last, &key)) {
        last = key;
        if (!has(own, &key) && count < VSECM_SELF)
            gone[count++] = key;
    }
    for (size_t i = 0; i < count; i++)
        bpf_map_delete_elem(own->map, &gone[i]);
}

/*
 * The strange ones go first: starts that were killed may have left any number of them, and a map
 * that is full would keep every daemon from starting.
 */
int guard_label_self(const struct guards *guards, const struct bpf_object *object)
{
    struct own own = {.count = 0, .map = guards->map[GUARD_SELF]};
    int r = collect(&own, guards, object);
    if (r == 0 && guards->pins)
        r = pins_each_link(guards->pins, add_pinned, &own);
    if (r == 0)
        forget_strange(&own);
    for (size_t i = 0; r == 0 && i < own.count; i++)
        r = bpf_map_update_elem(own.map, &own.list[i].self, &own.list[i].object, BPF_ANY);
    return r;
}
