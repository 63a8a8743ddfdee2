/* SPDX-License-Identifier: BSD-2-Clause */
/* A state directory, looked at with no daemon and no key: what is there, what is damaged. */
#ifndef VSECM_CLI_EXAMINE_H
#define VSECM_CLI_EXAMINE_H

#include <stdbool.h>

struct cJSON;
struct error;

struct examine {
    int dir;  /* descriptors; -1: not open */
    int lock; /* held, so that no daemon starts meanwhile */
    bool is_running;
    bool is_healthy;
    bool has_log;
    struct cJSON *report; /* an object: strings, numbers, booleans, and arrays of them */
};

/*
 * Look at PATH. Nothing in it is changed. What is found is in *ret, also what is wrong; -errno with
 * *error when the directory itself or its log cannot be read. examine_done() either way.
 */
int examine_state(const char *path, struct examine *ret, struct error *error);

/*
 * Save the log into NEW_PATH, a directory that is made here, and say so in the report. 0 or -errno
 * with *error.
 */
int examine_salvage(struct examine *examine, const char *new_path, struct error *error);

void examine_done(struct examine *examine);

#endif
