/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guards are made of, seen only inside kernel/. */
#ifndef VSECM_KERNEL_GUARD_STATE_H
#define VSECM_KERNEL_GUARD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kernel/attest.h"
#include "kernel_abi.h"

struct bpf_object;
struct pins;
struct ring_buffer;

#define GUARD_LINKS 32 /* programs of tier lsm, and some to come */

/* Maps that are written or read while the daemon runs, as bpf/ describes them. */
enum guard_map {
    GUARD_OWNED,
    GUARD_DOMAINS,
    GUARD_CORES,
    GUARD_DENIALS,
    GUARD_EVENTS,
    GUARD_BARRED,
    GUARD_DIRECTORIES,
    GUARD_DEVICES,
    GUARD_POD_ROOTS,
    GUARD_SHIELDS,
    GUARD_ANCHOR,
    GUARD_SELF,
    GUARD_GATE,
    GUARD_MAPS,
};

/* Descriptors are -1 while not open. */
struct guards {
    enum attest_guards wanted;
    char *pin_dir; /* NULL: not to be pinned */
    int lock;
    bool is_on;
    struct error missing;  /* why they are not on */
    struct error unpinned; /* why they are on and not pinned */
    struct error pathless; /* why lengths, modes and owners are not guarded */
    int map[GUARD_MAPS];
    int link[GUARD_LINKS];
    struct pins *pins; /* from the load to the commit */
    struct ring_buffer *ring;
    /* While events are read. */
    void (*tell)(void *context, const struct vsecm_denial *denial);
    void *context;
    size_t told, max;
};

#endif
