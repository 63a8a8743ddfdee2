/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets' side of the daemon: accepts connections and keeps their limits and their times. */
#ifndef VSECM_SERVE_SERVER_H
#define VSECM_SERVE_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "serve/subject.h"

struct attest;
struct error;
struct follow_book;
struct loop;
struct place_roots;
struct registry;
struct server;
struct service;

struct server_options {
    const char *sentinel; /* key of the workload that may administer */
    unsigned max_connections;
    unsigned max_connections_per_pod;
    int checks_sender; /* of each piece of a request; it was proven that it can (kernel/sender.h) */
    uint64_t requests_per_second; /* of one pod; 0: any number */
    /*
     * The pod of WHO (audit_line_subject() of somebody in it, so escaped) is barred from connecting
     * for SECONDS. For the log; NULL: nobody is told.
     */
    void (*barred)(void *context, const char *who, uint64_t seconds);
    void *barred_context;
    /* milliseconds */
    uint64_t header_ms, body_ms, write_ms, idle_ms, identity_wait_ms, drain_ms;
};

struct server_stats {
    unsigned connections;
    unsigned waiting; /* for their pod to become known */
    uint64_t accepted;
    uint64_t over_limit; /* connections refused because there were too many */
    uint64_t timed_out;
    uint64_t rate_limited; /* requests and connections answered 429 */
    uint64_t bars;         /* times that a pod was barred from connecting */
    size_t barred;         /* pods that are, at present */
};

/* All arguments outlive the server. 0 with *ret the caller's, or -ENOMEM / -ENOSPC with *error. */
int server_new(struct loop *loop, struct service *service, struct attest *attest,
               const struct place_roots *roots, const struct server_options *options,
               struct server **ret, struct error *error);

/* Serve at FD, a non-blocking listening socket, which the server owns from now on. 0 or -errno. */
int server_listen(struct server *server, enum door door, int fd);

/*
 * The identities changed: requests that wait are looked at again, and connections of whoever is
 * not who it was are cut. REGISTRY stays the caller's and must live until the next call.
 */
void server_set_registry(struct server *server, const struct registry *registry);

/* A secret has come to this node: whoever waits for one is looked at again at the end of the turn.
 */
void server_look_again(struct server *server);

/* Tell SERVER (the context) that changes have settled: store_options.settled. */
void server_settled(void *server, uint64_t first, uint64_t last, int result);

/* Take no more connections, let requests under way end, then stop the loop. */
void server_drain(struct server *server);

/* For their numbers. */
const struct follow_book *server_followers(const struct server *server);

void server_read_stats(const struct server *server, struct server_stats *ret);

/* Closes everything. NULL is fine. */
void server_free(struct server *server);

#endif
