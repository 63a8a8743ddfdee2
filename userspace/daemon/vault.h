/* SPDX-License-Identifier: BSD-2-Clause */
/* The store put together: secret memory, state directory, root key, log; and its upkeep. */
#ifndef VSECM_DAEMON_VAULT_H
#define VSECM_DAEMON_VAULT_H

#include "base/loop.h"
#include "daemon/state.h"

struct arena;
struct auto_backup;
struct config;
struct error;
struct keyring;
struct restore;
struct service;
struct store;
struct worker;
struct writer;

struct vault {
    const struct config *config;
    struct loop *loop;
    struct state state;
    struct arena *arena;
    struct worker *worker; /* NULL: there is no disk to wait for */
    struct store *store;
    struct keyring *keyring;
    struct restore *restore;
    struct auto_backup *auto_backup; /* NULL: none are made */
    struct loop_timer upkeep;
    int key_fd; /* a key that was brought; -1: none */
    char key_what[320];
    int can_write; /* the last upkeep found nothing wrong */
};

/* Make all parts, the store still sealed. 0 or -errno with *error; vault_close() either way. */
int vault_open(struct vault *vault, const struct config *config, struct loop *loop,
               struct error *error);

/*
 * Open the log with the root key, unless somebody is to bring it, and begin the upkeep. SERVICE
 * keeps the records of what the log held and was left out. 0 or -errno with *error.
 */
int vault_start(struct vault *vault, struct service *service, struct error *error);

/* The vault's part of the status: ,"store":{...}. */
void vault_write_status(struct writer *w, const struct vault *vault);

/* Ends what is under way, says in the log that it is whole, wipes, releases. */
void vault_close(struct vault *vault);

#endif
