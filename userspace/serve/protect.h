/* SPDX-License-Identifier: BSD-2-Clause */
/* What a workload asks the kernel's guards for: a shield for itself, guards for its secret files.
 */
#ifndef VSECM_SERVE_PROTECT_H
#define VSECM_SERVE_PROTECT_H

struct call;
struct error;
struct reply;
struct service;

void protect_shield(struct service *service, struct call *call, struct reply *reply);
void protect_files(struct service *service, struct call *call, struct reply *reply);

/*
 * Whether the file behind FD can be guarded: regular, in memory, and open for writing, so that
 * nobody guards what he may only read. 0, or -EINVAL with *why naming what it should be.
 */
int protect_check(int fd, struct error *why);

#endif
