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
    VSECM_INVALID = 7,      /* an argument is wrong */
    VSECM_TIMEOUT = 8,      /* nothing happened in the time that was given */
    VSECM_EXPIRED = 9,      /* the value's time is over */
    VSECM_TOO_MANY = 10,    /* too many requests of this pod: not before vsecm_retry_after() */
    VSECM_UNSUPPORTED = 11, /* the daemon has no such protection on this node */
    VSECM_CONFLICT = 12,    /* it is another workload's already */
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

/* ---- guards ---------------------------------------------------------------------------------- */

/*
 * Shield the calling process, before it has the secret: until it ends no other process, root's
 * neither, may trace it or read its memory, its environment or its descriptors. An execve() keeps
 * that; with CHILDREN not 0 so does whatever the process forks from then on. Nor is a core file of
 * it written: its limit of these (RLIMIT_CORE) becomes 1, for good. Not for process 1 of a
 * container: what enters the container, such as `kubectl exec`, goes by way of it.
 * VSECM_UNSUPPORTED on a node without guards: then nothing is shielded, and vsecm_message() says
 * why.
 */
vsecm_result vsecm_shield(vsecm_client *client, int children);

#define VSECM_GUARD_MAX 16 /* files at once */

/*
 * Let nobody but the caller's pod open, map or be given the files behind FDS, COUNT of them: files
 * on a tmpfs or of memfd_create(), open for writing, and best still empty. FDS stay the caller's.
 * VSECM_OK: all are guarded, as long as they exist. VSECM_UNSUPPORTED as for vsecm_shield();
 * VSECM_CONFLICT: one is guarded for another workload; VSECM_INVALID: one is no such file.
 */
vsecm_result vsecm_guard(vsecm_client *client, const int *fds, size_t count);

/*
 * After VSECM_TOO_MANY: the seconds in which another call on CLIENT would be refused as well, at
 * least 1. Else 0.
 */
unsigned vsecm_retry_after(const vsecm_client *client);

/* Wipe and release a secret. NULL and a cleared one are fine. */
void vsecm_secret_clear(vsecm_secret *secret);

/* ---- being told of changes ------------------------------------------------------------------- */

typedef struct vsecm_watch vsecm_watch;

/* Why there is no secret, in an event without one. */
typedef enum vsecm_absence {
    VSECM_PRESENT = 0,
    VSECM_NO_SECRET = 1, /* never stored, or deleted */
    VSECM_NOT_YET = 2,   /* it is not valid yet */
    VSECM_HAS_EXPIRED = 3,
} vsecm_absence;

/* What the caller's secret is now. */
typedef struct vsecm_event {
    char id[64];           /* the same for the same state, also across restarts of the daemon */
    vsecm_absence absence; /* VSECM_PRESENT: `secret` holds it */
    vsecm_secret secret;   /* to be cleared */
    char message[256];     /* with an absence: in words */
} vsecm_event;

/*
 * Watch the caller's secret at the daemon of PATH (as for vsecm_connect()). No daemon need be there
 * yet. LAST_ID is the id of the event that the caller knows already, so that it does not come
 * again; NULL: none. On VSECM_OK *ret is to be given to vsecm_watch_close().
 */
vsecm_result vsecm_watch_open(const char *path, const char *last_id, vsecm_watch **ret);

/*
 * Wait for the next event, TIMEOUT_MS milliseconds at most; negative: for ever. The first comes at
 * once. A daemon that goes away is waited for and connected to again; what changed meanwhile is one
 * event, and if nothing did there is none. On VSECM_OK *ret is to be cleared by
 * vsecm_event_clear(). VSECM_TIMEOUT; VSECM_FORBIDDEN: the caller is no workload, and
 * vsecm_watch_message() says why; VSECM_PROTOCOL, also when the daemon is too old to know watches;
 * VSECM_NO_MEMORY. After each of them calling again tries again, though not at once.
 */
vsecm_result vsecm_watch_next(vsecm_watch *watch, int timeout_ms, vsecm_event *ret);

/*
 * A descriptor that polls readable when vsecm_watch_next() with a time-out of 0 may have something;
 * it stays the same. For event loops, which must also call that at least every 30 s.
 */
int vsecm_watch_fd(const vsecm_watch *watch);

/* Non-zero while a daemon is connected: what was got last is then the newest there is. */
int vsecm_watch_connected(const vsecm_watch *watch);

/* What went wrong last; "" when nothing did. Never a secret. */
const char *vsecm_watch_message(const vsecm_watch *watch);

void vsecm_event_clear(vsecm_event *event); /* NULL and a cleared one are fine */
void vsecm_watch_close(vsecm_watch *watch); /* NULL is fine */

/* ---- the shared page ------------------------------------------------------------------------- */

typedef struct vsecm_page vsecm_page;

/*
 * The caller's secret in memory that the daemon keeps current. A handle is for one thread; a
 * process may have several; a child of fork() may go on with its parent's, by a connection of its
 * own. Errors as vsecm_get() has them, with errno as vsecm_connect() has it; that there is no
 * secret yet is none.
 */
vsecm_result vsecm_page_open(const char *path, vsecm_page **ret);

/*
 * The newest value, without a system call unless something has happened: then it is copied anew,
 * once, into locked memory. *ret belongs to PAGE and is valid until the next call on it. When the
 * daemon has gone, the last value is given while its time lasts, and a new daemon is asked as soon
 * as there is one. VSECM_NOT_FOUND, VSECM_EXPIRED, VSECM_FORBIDDEN (revoked: the caller is no
 * longer who it was), VSECM_UNAVAILABLE.
 */
vsecm_result vsecm_page_read(vsecm_page *page, const vsecm_secret **ret);

/*
 * Wait until vsecm_page_read() would give something else than it did last, TIMEOUT_MS milliseconds
 * at most; negative: for ever. VSECM_OK or VSECM_TIMEOUT.
 */
vsecm_result vsecm_page_wait(vsecm_page *page, int timeout_ms);

/* Non-zero while no daemon keeps the page current: what is read may be out of date. */
int vsecm_page_stale(const vsecm_page *page);

const char *vsecm_page_message(const vsecm_page *page);
void vsecm_page_close(vsecm_page *page); /* wipes; NULL is fine */

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
