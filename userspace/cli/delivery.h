/* SPDX-License-Identifier: BSD-2-Clause */
/* How a program gets a secret: as variables, behind a descriptor, or in a file. */
#ifndef VSECM_CLI_DELIVERY_H
#define VSECM_CLI_DELIVERY_H

#include "cli/environ.h"
#include "cli/target_file.h"

#include <stdbool.h>
#include <stddef.h>

struct arguments_delivery;
struct child_plan;
struct error;
struct guard;

/* What to do with a program that runs when its secret has changed. */
enum delivery_change { DELIVERY_RESTART, DELIVERY_SIGNAL, DELIVERY_NOTHING };

struct delivery {
    const struct arguments_delivery *options;
    struct guard *guard; /* of files and descriptors; NULL: they are not guarded */
    enum delivery_change on_change;
    struct target_file file; /* directory -1: none */
    /* What the next start takes. */
    struct environ variables;
    int fd; /* -1: none */
};

/* Whether OPTIONS go together. 0 with *ret set, or -EINVAL with *error naming those that do not. */
int delivery_check(const struct arguments_delivery *options, enum delivery_change *ret,
                   struct error *error);

/*
 * 0 with *ret to be closed, or -errno with *error set; -EINVAL: the options are wrong. GUARD must
 * stay; it is used if the options say so.
 */
int delivery_open(const struct arguments_delivery *options, struct guard *guard,
                  struct delivery *ret, struct error *error);

/*
 * Make VALUE ready for the next start, or put it in the file. 0, or -errno with *error set: then
 * what was ready is so still, and what was in the file.
 */
int delivery_prepare(struct delivery *delivery, const char *value, size_t length,
                     struct error *error);

/*
 * What the next start is: COMMAND with what is ready, shielded if the options say so by the daemon
 * of SOCKET (NULL: where libvsecm looks). Valid until delivery_spent().
 */
struct child_plan delivery_plan(const struct delivery *delivery, const char *socket,
                                char *const *command);

/* It has been started, and has copied what it needs: wipe that. */
void delivery_spent(struct delivery *delivery);

/* There is no secret any more: remove the file. 0 or -errno with *error set. */
int delivery_withdraw(struct delivery *delivery, struct error *error);

/* Remove the file, wipe, release. */
void delivery_close(struct delivery *delivery);

#endif
