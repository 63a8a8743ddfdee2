/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words both ends of the socket use: paths, header names, error codes. The protocol itself is
 * HTTP/1.1 (RFC 9112); docs/API.md has every request with an example.
 */
#ifndef VSECM_PROTOCOL_H
#define VSECM_PROTOCOL_H

#define PROTOCOL_PUBLIC_DIR "/run/vsecm"   /* what pods mount, read-only */
#define PROTOCOL_PRIVATE_DIR "/run/vsecmd" /* 0700, never mounted into a pod */
#define PROTOCOL_STATE_NAME "state"        /* of the state directory, in the private one */
#define PROTOCOL_SOCKET_NAME "vsecm.sock"
#define PROTOCOL_ADMIN_NAME "admin.sock"
#define PROTOCOL_SYNC_NAME "sync.sock" /* of the socket in sync_dir */
#define PROTOCOL_SOCKET PROTOCOL_PUBLIC_DIR "/" PROTOCOL_SOCKET_NAME
#define PROTOCOL_SHORT_SOCKET "/run/vsecm.sock" /* a link to it */
#define PROTOCOL_ADMIN_SOCKET PROTOCOL_PRIVATE_DIR "/" PROTOCOL_ADMIN_NAME

/* Of the pinned guards: below it a directory for each VSECM_ABI_VERSION. */
#define PROTOCOL_PIN_DIR "/sys/fs/bpf/vsecm"

/* In the state directory. */
#define PROTOCOL_STATE_LOG "records.log"                 /* docs/FORMAT.md */
#define PROTOCOL_STATE_NEW_LOG PROTOCOL_STATE_LOG ".new" /* one that is to take its place */
#define PROTOCOL_STATE_RESTORE "restore.part"            /* a backup on its way back, sealed */
#define PROTOCOL_STATE_KEY "root.key"                    /* what opens its preface */
#define PROTOCOL_CREDENTIAL "vsecm-root-key" /* the name of a service manager's credential */
#define PROTOCOL_STATE_LOCK "lock"           /* held by the daemon that runs */

#define PATH_WORKLOAD_SECRET "/workload/v1/secrets"
#define PATH_VALUE "/v1/value"
#define PATH_WATCH "/v1/watch"
#define PATH_PAGE "/v1/page"     /* include/page_abi.h */
#define PATH_SHIELD "/v1/shield" /* of the process that connected */
#define PATH_GUARD "/v1/guard"   /* of files whose descriptors come with the body (SCM_RIGHTS) */
#define PATH_WHOAMI "/v1/whoami"
#define PATH_RECIPIENT "/v1/recipient"
#define PATH_SENTINEL_SECRETS "/sentinel/v1/secrets"
#define PATH_KEYSTONE "/sentinel/v1/keystone"
#define PATH_KEYS "/sentinel/v1/keys"
#define PATH_STATUS "/v1/admin/status"
#define PATH_HISTORY "/v1/admin/history"
#define PATH_ADMIN_VALUE "/v1/admin/value"
#define PATH_ROLLBACK "/v1/admin/rollback"
#define PATH_REKEY "/v1/admin/rekey"
#define PATH_NODES "/v1/admin/nodes"
#define PATH_BACKUP "/v1/admin/backup"
#define PATH_RESTORE "/v1/admin/restore"
#define PATH_RESTORE_APPLY "/v1/admin/restore/apply"

/* The version's number; the entity tag is more than that (serve/reply.c says why) and opaque. */
#define HEADER_VERSION "VSecM-Version"

/* Times of a value whose body is the bare bytes and has no room for them. RFC 3339. */
#define HEADER_CREATED "VSecM-Created"
#define HEADER_UPDATED "VSecM-Updated"

/* Something the caller should know beside the answer; for people. */
#define HEADER_NOTICE "VSecM-Notice"

/* Events of a watch (docs/API.md): there is a value; there is none, with the reason in words. */
#define EVENT_SECRET "secret"
#define EVENT_ABSENT "absent"
#define REASON_NO_SECRET "no-secret" /* never stored, or deleted */
#define REASON_NOT_YET "not-yet"
#define REASON_EXPIRED "expired"

/* The "error" member of every body that is not a success; its "message" is for people. */
#define ERROR_BAD_REQUEST "bad_request"
#define ERROR_FORBIDDEN "forbidden"
#define ERROR_NOT_FOUND "not_found"
#define ERROR_RATE "too_many_requests"
#define ERROR_CONFLICT "conflict"
#define ERROR_METHOD "method_not_allowed"
#define ERROR_TIMEOUT "timeout"
#define ERROR_LENGTH "length_required"
#define ERROR_TOO_LARGE "too_large"
#define ERROR_UNSUPPORTED "not_implemented"
#define ERROR_UNAVAILABLE "unavailable"
#define ERROR_SEALED "sealed"
#define ERROR_FULL "out_of_space"
#define ERROR_INTERNAL "internal"

/* The workload whose pod holds the admin commands (option sentinel). */
#define PROTOCOL_SENTINEL "vsecm-system/vsecm-sentinel"
/* In its namespace: the workload whose secret says that the init commands have run. */
#define PROTOCOL_KEYSTONE "vsecm-keystone"
#define PROTOCOL_DEFAULT_NAMESPACE "default"

#endif
