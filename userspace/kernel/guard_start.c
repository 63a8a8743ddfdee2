/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/guard_start.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "kernel/guard_events.h"
#include "kernel/guard_label.h"
#include "kernel/guard_state.h"
#include "kernel/pins.h"

static const char *const map_names[GUARD_MAPS] = {
    [GUARD_OWNED] = "owned",
    [GUARD_DOMAINS] = "domains",
    [GUARD_CORES] = "cores",
    [GUARD_DENIALS] = "denials",
    [GUARD_EVENTS] = "events",
    [GUARD_BARRED] = "barred",
    [GUARD_DIRECTORIES] = "directories",
    [GUARD_DEVICES] = "devices",
    [GUARD_POD_ROOTS] = "pod_roots",
    [GUARD_SHIELDS] = "shields",
    [GUARD_ANCHOR] = "anchor",
    [GUARD_SELF] = "self",
    [GUARD_GATE] = "gate",
};

int guard_start_init(struct guards *guards, const struct attest_options *options)
{
    *guards = (struct guards){.wanted = options->guards, .lock = options->lock};
    for (size_t i = 0; i < GUARD_MAPS; i++)
        guards->map[i] = -1;
    for (size_t i = 0; i < GUARD_LINKS; i++)
        guards->link[i] = -1;
    error_set(&guards->missing, 0, "not in this tier: needs lsm");
    if (options->guards == ATTEST_GUARDS_NO || !options->pin_dir)
        return 0;
    guards->pin_dir = strdup(options->pin_dir);
    return guards->pin_dir ? 0 : -ENOMEM;
}

/* A daemon that is killed meanwhile leaves it closed for no longer than a start takes. */
#define GATE_NS UINT64_C(30000000000)

static int set_gate(int map, uint64_t until)
{
    const uint32_t zero = 0;
    return bpf_map_update_elem(map, &zero, &until, BPF_ANY);
}

int guard_start_close_gate(const struct bpf_object *object, struct error *error)
{
    int map = bpf_object__find_map_fd_by_name(object, map_names[GUARD_GATE]);
    int r = map < 0 ? 0 : set_gate(map, clock_boot_ns() + GATE_NS); /* there is none yet */
    return r < 0 ? error_errno(error, r, "cannot close the gate of the guards") : 0;
}

int guard_start_take(struct guards *guards, struct bpf_object *object, struct error *error)
{
    if (!guards->pin_dir)
        error_set(&guards->unpinned, 0, "pin_dir = none");
    int r = guards->pin_dir ? pins_open(guards->pin_dir, &guards->pins, &guards->unpinned)
                            : -EOPNOTSUPP;
    if (r == 0)
        r = pins_take(guards->pins, object, error);
    if (r == 0 || guards->pins)
        return r < 0 ? r : guard_start_close_gate(object, error);
    if (r != -EOPNOTSUPP || guards->wanted == ATTEST_GUARDS_REQUIRED)
        return error_set(error, r, "guards cannot be pinned: %s", guards->unpinned.text);
    return 0;
}

/* ---- beginning ----------------------------------------------------------------------------- */

static int keep_maps(struct guards *guards, const struct bpf_object *object)
{
    for (size_t i = 0; i < GUARD_MAPS; i++) {
        int fd = bpf_object__find_map_fd_by_name(object, map_names[i]);
        guards->map[i] = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (guards->map[i] < 0)
            return fd < 0 ? fd : -errno;
    }
    return 0;
}

/* What is pinned needs no descriptor of ours once it is; until then these hold it. */
static int keep_links(struct guards *guards, const struct bpf_object_skeleton *skeleton)
{
    struct pins_link links[GUARD_LINKS];
    size_t count = 0;
    if (skeleton->prog_cnt > GUARD_LINKS)
        return -E2BIG;
    for (int i = 0; i < skeleton->prog_cnt; i++) {
        const struct bpf_prog_skeleton *program = &skeleton->progs[i];
        if (!*program->link)
            continue; /* of a hook that this kernel has not */
        links[count] = (struct pins_link){program->name, bpf_link__fd(*program->link)};
        guards->link[count] = fcntl(links[count].fd, F_DUPFD_CLOEXEC, 0);
        if (guards->link[count++] < 0)
            return -errno;
    }
    return guards->pins ? pins_keep(guards->pins, *skeleton->obj, links, count) : 0;
}

static int be_core(const struct guards *guards)
{
    const uint32_t yes = 1;
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (pidfd < 0)
        return -errno;
    int r = bpf_map_update_elem(guards->map[GUARD_CORES], &pidfd, &yes, BPF_ANY);
    close(pidfd);
    return r;
}

/* The kernel notes which file it is; a heir, who is known by it already, leaves it as it is. */
static int drop_anchor(const struct guards *guards)
{
    const uint32_t zero = 0;
    struct vsecm_anchor anchor;
    int r = bpf_map_lookup_elem(guards->map[GUARD_ANCHOR], &zero, &anchor);
    if (r < 0 || anchor.is_set)
        return r;
    anchor.is_armed = 1;
    r = bpf_map_update_elem(guards->map[GUARD_ANCHOR], &zero, &anchor, BPF_ANY);
    if (r == 0 && flock(guards->lock, LOCK_EX | LOCK_NB) < 0)
        r = -errno;
    if (r == 0)
        r = bpf_map_lookup_elem(guards->map[GUARD_ANCHOR], &zero, &anchor);
    return r < 0 || anchor.is_set ? r : -EPROTO;
}

/* Who barred them, and until when, is not known any more. */
static void lift_bars(const struct guards *guards)
{
    uint64_t cgroup_id;
    while (bpf_map_get_next_key(guards->map[GUARD_BARRED], NULL, &cgroup_id) == 0)
        if (bpf_map_delete_elem(guards->map[GUARD_BARRED], &cgroup_id) < 0)
            break;
}

/* Where the pins are, nobody else removes or replaces one. */
static int guard_pins(const struct guards *guards)
{
    int dirs[2];
    if (!guards->pins)
        return 0;
    pins_directories(guards->pins, dirs);
    int r = guard_label_directory(guards, dirs[0]);
    return r < 0 ? r : guard_label_directory(guards, dirs[1]);
}

int guard_start_begin(struct guards *guards, const struct bpf_object_skeleton *skeleton,
                      struct error *error)
{
    int r = keep_maps(guards, *skeleton->obj);
    if (r == 0)
        r = keep_links(guards, skeleton);
    if (r < 0)
        return error_errno(error, r, "cannot keep the guards");
    r = be_core(guards);
    if (r < 0)
        return error_errno(error, r, "guards do not know this process");
    r = drop_anchor(guards);
    if (r < 0)
        return error_errno(error, r, "guards did not see the lock of the private directory");
    lift_bars(guards);
    r = guard_pins(guards);
    if (r == 0)
        r = guard_events_open(guards);
    if (r == 0)
        r = guard_label_self(guards, *skeleton->obj);
    return r < 0 ? error_errno(error, r, "cannot set up the guards") : 0;
}

/* ---- the end of it ------------------------------------------------------------------------- */

/*
 * The core is a task's storage, which a preempted look at another one's can hide on some kernels; a
 * shield is a hash map's entry.
 */
static int shield_core(const struct guards *guards, const struct vsecm_process *self)
{
    const uint32_t flags = VSECM_SHIELD_SELF;
    return bpf_map_update_elem(guards->map[GUARD_SHIELDS], self, &flags, BPF_ANY);
}

int guard_start_commit(struct guards *guards, const struct vsecm_process *self, struct error *error)
{
    if (guards->map[GUARD_OWNED] < 0)
        return 0; /* there are none */
    int r = shield_core(guards, self);
    if (r < 0)
        return error_errno(error, r, "the daemon has no shield");
    r = guards->pins ? pins_commit(guards->pins, error) : 0;
    pins_free(guards->pins);
    guards->pins = NULL;
    guards->is_on = r == 0;
    if (r == 0)
        r = set_gate(guards->map[GUARD_GATE], 0);
    return r;
}

void guard_start_close(struct guards *guards)
{
    pins_free(guards->pins);
    guards->pins = NULL;
    ring_buffer__free(guards->ring);
    guards->ring = NULL;
    for (size_t i = 0; i < GUARD_MAPS; i++)
        if (guards->map[i] >= 0)
            close(guards->map[i]);
    for (size_t i = 0; i < GUARD_LINKS; i++)
        if (guards->link[i] >= 0)
            close(guards->link[i]);
    free(guards->pin_dir);
}
