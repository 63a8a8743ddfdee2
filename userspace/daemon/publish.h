/* SPDX-License-Identifier: BSD-2-Clause */
/* The static vsecm that pods mount: copied at each start to where they find it. */
#ifndef VSECM_DAEMON_PUBLISH_H
#define VSECM_DAEMON_PUBLISH_H

struct error;

/* The name it gets. */
#define PUBLISH_NAME "vsecm"

/*
 * Copy the program FROM to DIRECTORY/vsecm, mode 0755, whole or not at all: whoever runs the old
 * one keeps it. The directory is made when it is not there, with the one above it. 0, or -errno
 * with *error set; refused is a program that others than root and our uid can write.
 */
int publish_helper(const char *from, const char *directory, struct error *error);

#endif
