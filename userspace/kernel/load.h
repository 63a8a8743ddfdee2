/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers for loading BPF objects: libbpf's words on a failure, and descriptors that outlive it. */
#ifndef VSECM_KERNEL_LOAD_H
#define VSECM_KERNEL_LOAD_H

#include <stddef.h>

struct bpf_map;
struct error;

/* Keep libbpf's warnings from now on instead of printing them. One load at a time per process. */
void load_begin(void);

/* Forget the warnings, silence libbpf and give the memory that loading took back to the system. */
void load_end(void);

/* Set *error to WHAT, the text of -CODE and the last of libbpf's warnings. Returns CODE. */
int load_failed(struct error *error, int code, const char *what);

/* A descriptor to be copied out of a skeleton before it is destroyed, and where its copy goes. */
struct load_kept {
    int from;
    int *to;
};

/* Copy N descriptors, close-on-exec. 0 or -errno; those copied by then are set. */
int load_keep(const struct load_kept *kept, size_t n);

#endif
