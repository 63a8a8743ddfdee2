/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of vsecm-sync. */
#ifndef VSECM_SYNC_OPTIONS_H
#define VSECM_SYNC_OPTIONS_H

#include "base/log.h"

struct error;

struct options {
    const char *socket;
    const char *api;
    const char *token; /* NULL: none */
    const char *ca;
    const char *cert; /* NULL: none */
    const char *key;
    const char *admission_token; /* NULL: none */
    const char *node;
    const char *listen; /* NULL: nobody is answered */
    const char *namespace;
    enum log_level log_level;
};

enum options_action { OPTIONS_RUN, OPTIONS_CHECK, OPTIONS_DONE, OPTIONS_WRONG };

/*
 * Read ARGC and ARGV, and for what they lack the environment. Of OPTIONS_DONE, help or the version
 * was printed; of OPTIONS_WRONG, *error says what is wrong. The texts live as long as ARGV and the
 * environment; that of the API server is static.
 */
enum options_action options_read(int argc, char **argv, struct options *ret, struct error *error);

#endif
