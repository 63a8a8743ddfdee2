/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket that vsecm-sync comes to. Whoever connects is attested like any other caller; the one
 * that is let in is the link's other end, until a newer one comes.
 */
#ifndef VSECM_DAEMON_SYNC_DOOR_H
#define VSECM_DAEMON_SYNC_DOOR_H

struct attest;
struct error;
struct link;
struct loop;
struct place_roots;
struct service;
struct sync_door;

struct sync_door_options {
    struct loop *loop;
    struct attest *attest;
    const struct place_roots *roots;
    struct service *service; /* keeps the records */
    struct link *link;
    const char *dir; /* of the socket; made, 0755, when it is not there */
    unsigned uid;    /* of vsecm-sync */
};

/* All arguments outlive the result. 0 with *ret the caller's, or -errno with *error. */
int sync_door_new(const struct sync_door_options *options, struct sync_door **ret,
                  struct error *error);

/* The link stays. NULL is fine. */
void sync_door_free(struct sync_door *door);

#endif
