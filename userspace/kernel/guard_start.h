/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How guards come to be, in the order of these functions: take over what is pinned, load (the
 * tier's own affair), begin, see the canary, commit.
 */
#ifndef VSECM_KERNEL_GUARD_START_H
#define VSECM_KERNEL_GUARD_START_H

struct attest_options;
struct bpf_object;
struct bpf_object_skeleton;
struct error;
struct guards;
struct vsecm_process;

/* All descriptors closed; WANTED, PIN_DIR and LOCK are as the options have them. 0 or -ENOMEM. */
int guard_start_init(struct guards *guards, const struct attest_options *options);

/*
 * OBJECT is opened and not loaded: have it use the maps that are pinned. 0, or -errno with *error.
 * Where nothing can be pinned that is an error only if it is required.
 */
int guard_start_take(struct guards *guards, struct bpf_object *object, struct error *error);

/*
 * Nobody gets programs, maps or links by number from here to the commit. For what is taken over it
 * has been done; for OBJECT, loaded and not attached yet, it is done here. 0, or -errno with
 * *error.
 */
int guard_start_close_gate(const struct bpf_object *object, struct error *error);

/*
 * SKELETON is loaded and attached: keep what is needed, be the core, remember by which file the
 * next daemon is known. 0, or -errno with *error.
 */
int guard_start_begin(struct guards *guards, const struct bpf_object_skeleton *skeleton,
                      struct error *error);

/* They work, and saw us as SELF: pin them. 0, or -errno with *error. */
int guard_start_commit(struct guards *guards, const struct vsecm_process *self,
                       struct error *error);

/* Whatever has been opened by then is closed; what is pinned stays. */
void guard_start_close(struct guards *guards);

#endif
