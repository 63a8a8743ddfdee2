/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request of the command line: finds the socket, asks, and says what went wrong and what to do
 * about it.
 */
#ifndef VSECM_CLI_CALL_H
#define VSECM_CLI_CALL_H

#include "cli/verb.h"
#include "client/exchange.h"

/* As whom to ask: one of those below. */
typedef enum verb_exit call_as(const struct arguments *arguments,
                               const struct exchange_request *request, struct exchange_answer *ret);

/*
 * Send REQUEST as an administrator: to --socket, $VSECM_ADMIN_SOCKET, the admin socket when there
 * is one, else the public one, as in the Sentinel's pod. On VERB_OK *ret is a success, to be given
 * to exchange_clear(); any other exit status has been said and leaves *ret with nothing but, where
 * the daemon refused, the head of its answer: else its status is 0. A sink of the request says
 * itself why it refuses a piece. A notice of the daemon has been said.
 */
enum verb_exit call_admin(const struct arguments *arguments, const struct exchange_request *request,
                          struct exchange_answer *ret);

/*
 * The same as anybody: to --socket, $VSECM_SOCKET, the admin socket when we may use it, else the
 * public one.
 */
enum verb_exit call_anybody(const struct arguments *arguments,
                            const struct exchange_request *request, struct exchange_answer *ret);

/* The same as a workload: to --socket, $VSECM_SOCKET, or the public socket. */
enum verb_exit call_workload(const struct arguments *arguments,
                             const struct exchange_request *request, struct exchange_answer *ret);

#endif
