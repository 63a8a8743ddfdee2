/* SPDX-License-Identifier: BSD-2-Clause */
/* `vsecm-sync --check`: asks the API server for each list once and says what it answers. */
#ifndef VSECM_SYNC_TRIAL_H
#define VSECM_SYNC_TRIAL_H

struct api;
struct loop;

/* A line on stdout for each. 0, or -EACCES when one was refused. */
int trial_run(struct loop *loop, struct api *api, const char *node);

#endif
