/* SPDX-License-Identifier: BSD-2-Clause */
/* The proof that a tier works: we call ourselves, and the record must be ours in every field. */
#ifndef VSECM_KERNEL_CANARY_H
#define VSECM_KERNEL_CANARY_H

struct attest;
struct error;

/* 0, or -errno with *error: what attest_canary() promises. */
int canary_run(struct attest *attest, struct error *error);

#endif
