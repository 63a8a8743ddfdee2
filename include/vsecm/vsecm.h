/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libvsecm: a workload's way to its secret.
 *
 *     vsecm_client *client;
 *     vsecm_secret secret;
 *     if (vsecm_connect(NULL, &client) == VSECM_OK && vsecm_get(client, &secret) == VSECM_OK) {
 *         use(secret.data, secret.length);
 *         vsecm_secret_clear(&secret);
 *     }
 *     vsecm_close(client);
 *
 * There is nothing to log in with: the kernel tells the daemon which pod is calling. A client is
 * not thread-safe; use one per thread. Values are kept in locked memory that is left out of core
 * dumps, and wiped by vsecm_secret_clear().
 */
#ifndef VSECM_H
#define VSECM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VSECM_VERSION "0.1.0"
#define VSECM_DEFAULT_SOCKET "/run/vsecm.sock"

typedef struct vsecm_client vsecm_client;

typedef enum vsecm_result {
    VSECM_OK = 0,
    VSECM_NOT_FOUND = 1,   /* this workload has no secret, or not that member */
    VSECM_FORBIDDEN = 2,   /* the daemon knows no workload that this caller is */
    VSECM_UNAVAILABLE = 3, /* the daemon runs but cannot serve now; try again */
    VSECM_UNREACHABLE = 4, /* no daemon behind the socket, or it went away twice */
    VSECM_PROTOCOL = 5,    /* an answer that makes no sense; nothing of it was used */
    VSECM_NO_MEMORY = 6,
    VSECM_INVALID = 7, /* an argument is wrong */
} vsecm_result;

/* One secret, or one member of it. */
typedef struct vsecm_secret {
    void *data; /* `length` bytes, then a NUL that does not count; NULL when cleared */
    size_t length;
    uint64_t version; /* 1 for the first value stored, larger for each later one */
    char created[32]; /* RFC 3339, UTC: when the first version was stored */
    char updated[32]; /* RFC 3339, UTC: when this version was stored */
    void *internal[2];
} vsecm_secret;

/* Who the daemon says is calling. Strings are "" where they do not apply. */
typedef struct vsecm_identity {
    char tier[16]; /* how the caller was established: "lsm" or "cgroup" */
    char namespace_[64];
    char workload[64];
    char pod[254];
    char container[65];
    char service_account[254];
    char reason[512]; /* why the caller is no workload; "" when it is one */
} vsecm_identity;

/*
 * Make a client of the daemon at PATH; NULL means $VSECM_SOCKET, else VSECM_DEFAULT_SOCKET, else
 * /run/vsecm/vsecm.sock. On VSECM_OK *ret is the caller's, to be given to vsecm_close(); on
 * VSECM_UNREACHABLE errno says why. This and every call below returns within a minute.
 */
vsecm_result vsecm_connect(const char *path, vsecm_client **ret);

/*
 * The caller's secret. One round trip on the connection; a connection that the daemon closed
 * meanwhile is made anew once. On VSECM_OK *ret is the caller's, to be cleared; else untouched.
 */
vsecm_result vsecm_get(vsecm_client *client, vsecm_secret *ret);

/* One member of the caller's secret, which must be a JSON object: a string's text, or JSON. */
vsecm_result vsecm_get_member(vsecm_client *client, const char *member, vsecm_secret *ret);

/* Who the caller is to the daemon. A stranger is an answer too: VSECM_OK, with `reason` set. */
vsecm_result vsecm_whoami(vsecm_client *client, vsecm_identity *ret);

/* Wipe and release a secret. NULL and a cleared one are fine. */
void vsecm_secret_clear(vsecm_secret *secret);

/* A short English text for RESULT. */
const char *vsecm_strerror(vsecm_result result);

/* What exactly went wrong in the last call on CLIENT; "" when nothing did. Never a secret. */
const char *vsecm_message(const vsecm_client *client);

/* Close the connection and release everything. NULL is fine. */
void vsecm_close(vsecm_client *client);

#ifdef __cplusplus
}
#endif

#endif
