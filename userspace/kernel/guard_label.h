/* SPDX-License-Identifier: BSD-2-Clause */
/* What guards know their own by. */
#ifndef VSECM_KERNEL_GUARD_LABEL_H
#define VSECM_KERNEL_GUARD_LABEL_H

struct bpf_object;
struct guards;

/* Only the core changes anything in DIR; a bpffs that it is on is not unmounted. 0 or -errno. */
int guard_label_directory(const struct guards *guards, int dir);

/*
 * Nobody but the core gets a descriptor of the maps and programs of OBJECT, which is loaded, or of
 * the links that are kept, nor of what is pinned yet of the daemon before. All else is forgotten.
 * 0 or -errno.
 */
int guard_label_self(const struct guards *guards, const struct bpf_object *object);

#endif
