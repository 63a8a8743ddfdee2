/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every limit of the product: its value, its place and its reason. A limit that an operator may
 * change is the default of an option of the same name (daemon/config.c) and says so.
 */
/*
 * The C library's header has this name too, and the compiler's own reaches it by a search that ends
 * up here: so it is passed on, each time.
 */
#include_next <limits.h>

#ifndef VSECM_LIMITS_H
#define VSECM_LIMITS_H

/* ---- names ------------------------------------------------------------------------------- */
#define LIMIT_DNS_LABEL 63u      /* RFC 1123 label: a namespace, a workload */
#define LIMIT_DNS_SUBDOMAIN 253u /* RFC 1123 subdomain: a pod, a service account */
/* namespace/workload: the key of who reads its secret. */
#define LIMIT_OWN_KEY (LIMIT_DNS_LABEL * 2u + 1u)
/* Any key: behind the slash may stand k8s.NAME, as long as the name of an object may be. */
#define LIMIT_KEY (LIMIT_DNS_LABEL + 1u + LIMIT_DNS_SUBDOMAIN)
#define LIMIT_LABELS 64u /* labels of one pod that rules can match */
#define LIMIT_LABEL_KEY (LIMIT_DNS_SUBDOMAIN + 1u + 63u) /* prefix/name, as Kubernetes has it */
#define LIMIT_LABEL_VALUE 63u

/* ---- secrets ----------------------------------------------------------------------------- */
#define LIMIT_VALUE (1024u * 1024u) /* bytes of one value; as much as etcd takes in one object */
#define LIMIT_EXPORT LIMIT_VALUE    /* bytes of all values of a Kubernetes Secret: its limit */
#define LIMIT_SECRETS 100000u       /* keys in one daemon; the table is sized for it */
#define LIMIT_TARGETS 64u           /* keys that one put or delete may name */
#define LIMIT_VERSIONS 10u          /* option versions: of a key, the newest that are kept */
#define LIMIT_VERSIONS_MAX 100u     /* more would be a log of its own */
/* How far in the future a relative time may lie: a hundred years. */
#define LIMIT_VALIDITY_MS (UINT64_C(36525) * 86400000)
/*
 * Of the secret memory that changes must leave free, at most: one part of so many, in bytes.
 * Opening a log takes other room than the changes did that made it, and what was stored must open
 * again.
 */
#define LIMIT_SPARE_PART 16u
#define LIMIT_SPARE (1024u * 1024u)
#define LIMIT_ARENA_DEFAULT (64ul << 20) /* option arena_size */
#define LIMIT_ARENA_MIN (8ul << 20) /* a largest value: its request, answer and record at once */
#define LIMIT_ARENA_MAX (8ul << 30)

/* ---- the log ------------------------------------------------------------------------------- */
#define LIMIT_COMPACT (1024u * 1024u) /* bytes of waste in the log that are not worth a rewrite */
#define LIMIT_SLICE_NS 2000000u       /* of long work in one turn: readers wait no longer for it */
#define LIMIT_BACKUP_RECIPIENTS 13u   /* of one backup: as many as a request target has room for */
#define LIMIT_STAGE (1024u * 1024u)   /* bytes of a long change that are written at a time */
#define LIMIT_PIECE (1024u * 1024u)   /* of a backup that is brought back, in one request */
#define LIMIT_RETRY_US 60000000       /* until a rewrite that failed is tried again */

/* ---- between the core and vsecm-sync ------------------------------------------------------- */
#define LIMIT_WIRE_UID 36u     /* 8-4-4-4-12 */
#define LIMIT_WIRE_RV 64u      /* a resource version: opaque, in practice 20 digits */
#define LIMIT_WIRE_TEXT 1024u  /* a message for people, as long as struct error's */
#define LIMIT_WIRE_TOKEN 8192u /* a service account's token: about 1.2 KiB */
/* Labels that rules can match: as many as a pod may have here, each at its longest. */
#define LIMIT_WIRE_LABELS (LIMIT_LABELS * (LIMIT_LABEL_KEY + LIMIT_LABEL_VALUE + 2u))
#define LIMIT_WIRE_LIST (64u * 1024u)    /* ids of a pod's containers, names of nodes, metrics */
#define LIMIT_WIRE_REQUEST (32u * 1024u) /* a sealed request to be let in: a token and a key */
/*
 * One sealed version: armoured, it must leave room in an object of 1.5 MiB, which is what etcd
 * takes, for the versions before it.
 */
#define LIMIT_WIRE_SEALED (1000u * 1024u)
#define LIMIT_WIRE_EXPORT \
    (1400u * 1024u) /* a Secret of 1 MiB in base64, which is Kubernetes' limit */
#define LIMIT_WIRE_MESSAGE (2048u * 1024u)
#define LIMIT_LINK_ASKED \
    256u                     /* requests under way: a put of LIMIT_TARGETS, and fetches beside it */
#define LIMIT_LINK_MS 30000u /* until one is given up: vsecm-sync itself gives up before */
#define LIMIT_API_MS 20000u  /* of one request to the API server; a write mostly takes 10 */
#define LIMIT_API_CONNECT_MS \
    3500u                    /* TCP and TLS: a first packet lost is sent again after 1 s and 3 s */
#define LIMIT_API_DEAD_S 15u /* a connection whose other end has been silent to our probes */
#define LIMIT_API_PROBE_S 3u /* between two probes: it may be back, and not know us any more */
#define LIMIT_OBJECT_DEPTH \
    128u /* nesting of one of its objects: a pod has 15, with its managedFields */
#define LIMIT_API_STATUS (16u * 1024u) /* of an answer that says why not: they have 1 KiB */
#define LIMIT_TOKEN_MS 60000u /* until the token's file is read anew though it looks the same */
#define LIMIT_FETCHES \
    16u /* secrets that are fetched at once: each may be a largest one, in secret memory */
#define LIMIT_FETCH_MIN_MS 500u   /* until what could not be fetched is tried again, */
#define LIMIT_FETCH_MAX_MS 60000u /* doubled each time up to this */
#define LIMIT_TOUCHED_MS 2000u    /* in which the nodes look at an object that claims nothing new */
#define LIMIT_STATUS_MS 60000u    /* in which they look at one whose status alone is another */
#define LIMIT_TELL_MS 5000u       /* in which the nodes tell what became of it */
#define LIMIT_UNNEEDED_MS 60000u  /* for which a secret is kept that no pod may read any more */
#define LIMIT_RESEALS 4u          /* objects sealed anew at a time: readers come first */
/* Until an old root key is given up: every node has heard of the new one, or writes nothing. */
#define LIMIT_REKEY_MS 60000u
/* What is sealed to the root key now was so much ago found to be sealed to the newest; with the
 * LIMIT_SYNC_MS that a write may take, less than LIMIT_REKEY_MS: until then the old key opens. */
#define LIMIT_CONFIRMED_MS 20000u
#define LIMIT_CONFIRM_TICKS 20u   /* in which what was found to be newer must have come: 10 s */
#define LIMIT_CLUSTER_CHANGES 32u /* of administrators, under way: each holds its value */
#define LIMIT_CLUSTER_TRIES 5u    /* of one of them, when others change the same object */
#define LIMIT_TICK_MS 500u        /* between two looks at what is due, */
#define LIMIT_SWEEP_TICKS 10u     /* and at what is to be forgotten: so many of them */
#define LIMIT_PAGE_OBJECTS 250u   /* of a list in one answer: some 1.3 MB of pods, and passed on */
#define LIMIT_CONTINUE 4096u      /* where the next page begins: opaque, in practice 200 bytes */
/* A watch is ended by the server after a time between these, so that not all end together. */
#define LIMIT_WATCH_MIN_S 240u
#define LIMIT_WATCH_MAX_S 480u
#define LIMIT_WATCH_GRACE_S 30u /* and by us when the server does not */
/* Between two attempts: doubled each time, less a random part of up to a half. */
#define LIMIT_ATTEMPT_MIN_MS 250u
#define LIMIT_ATTEMPT_MAX_MS 4000u   /* a server that is back is noticed within 5 s */
#define LIMIT_ATTEMPT_ASKED_MS 5000u /* and no later because it asked for more time */
#define LIMIT_WATCH_LIVELY_MS 5000u  /* a watch that lasted so long has made up for failures */
#define LIMIT_WATCH_SHORT_MS 1000u   /* one that ended sooner, with nothing in it, has failed */
#define LIMIT_RELIST_MS 60000u       /* between two lists because of objects that are too large */
#define LIMIT_WIRE_QUEUE (8u * 1024u * 1024u) /* bytes on their way in one direction */

/* ---- Kubernetes Secrets that are made ------------------------------------------------------- */
#define LIMIT_EXPORTS_ASKED 4u      /* under way: each may be LIMIT_WIRE_EXPORT of secret memory */
#define LIMIT_EXPORT_RETRY_MS 1000u /* until one that failed is tried again, doubled each time */
#define LIMIT_EXPORT_RETRY_MAX_MS 300000u
#define LIMIT_EXPORT_DRIFT_MS 2000u     /* between two writes, where somebody else writes it, too */
#define LIMIT_EXPORT_FORGET_MS 3600000u /* of what was deleted, on nodes that do not write */
#define LIMIT_EXPORT_BEHIND_MS \
    10000u /* that a newer version is waited for which an object claims */
/* ---- the cluster's root key ---------------------------------------------------------------- */
/*
 * It is one age file, which wraps it for each node, for each recovery recipient and for its own
 * public half: together LIMIT_AGE_RECIPIENTS.
 */
#define LIMIT_NODES 240u
#define LIMIT_RECOVERY 14u
#define LIMIT_NODES_BARRED 64u /* removed by name: they come back only when a person says so */
#define LIMIT_NODES_SEEN \
    1024u /* VSecMNodes that are looked at: whoever may write them may write many */
#define LIMIT_ROOT_LINEAGE \
    64u /* root keys before this one, by which a node that was away knows it */
/* A request to be let in is made anew after this: a token in it is good for ten minutes. */
#define LIMIT_ADMISSION_MS 300000u
#define LIMIT_ADMISSION_RETRY_MS 30000u /* until what could not be looked at is tried again */
/* Until a change that another node came before is tried again, doubled each time. */
#define LIMIT_CONFLICT_MIN_MS 50u
#define LIMIT_CONFLICT_MAX_MS 5000u
/* ---- vsecm-sync ---------------------------------------------------------------------------- */
/* JSON of a VSecMSecret with its history: beside managed fields, below the 1.5 MiB of etcd. */
#define LIMIT_SYNC_OBJECT (1200u * 1024u)
#define LIMIT_SYNC_ANSWER (3072u * 1024u) /* of an object that is read whole: etcd's, escaped */
#define LIMIT_SYNC_ACTIVE 8u /* requests at the API server: each may hold an object three times */
#define LIMIT_SYNC_HELD (16u * 1024u * 1024u) /* bytes of requests that wait for their turn */
#define LIMIT_SYNC_MS 25000u        /* until a request is given up: before LIMIT_LINK_MS is over */
#define LIMIT_SYNC_EXPORTS 4096u    /* Secrets of ours that are watched for changes */
#define LIMIT_SYNC_HEALTH_MS 15000u /* a core that said nothing for so long is not alive */
#define LIMIT_FRONT_CONNECTIONS 32u /* probes and scrapes at once */
#define LIMIT_FRONT_REQUEST 4096u   /* bytes of one: a probe's has 150 */
#define LIMIT_FRONT_MS 5000u        /* of one, from its connection to its answer's last byte */

/* ---- age files --------------------------------------------------------------------------- */
#define LIMIT_AGE_KEY_FILE (64u * 1024u) /* of 64 identities, each with 900 bytes of remarks */
#define LIMIT_AGE_PASSPHRASE 4095u       /* bytes; a terminal's line is not longer */
#define LIMIT_AGE_RECIPIENTS 255u        /* of one file that is written: stanzas, but for a mark */
#define LIMIT_AGE_IDENTITIES 64u         /* tried on one file: somebody's keys, old ones too */
/* Of a header that is read. It has the memory to itself that a chunk of 64 KiB needs later on. */
#define LIMIT_AGE_HEADER (64u * 1024u)
#define LIMIT_AGE_STANZAS 256u /* in one header: each is a multiplication for every identity */
/* Work of a passphrase, as base-two logarithm. Written: 256 MiB and about a second. */
#define LIMIT_AGE_SCRYPT 18u
#define LIMIT_AGE_SCRYPT_READ 22u /* accepted from others: 4 GiB; age itself accepts no more */

/* ---- programs that get a secret (vsecm exec, sidecar) --------------------------------------- */
#define LIMIT_MEMBERS 4096u /* of one secret that become variables or files: names are compared */
#define LIMIT_VARIABLE 255u /* bytes of a variable's name, as of a file's */
#define LIMIT_ALLOWED 64u   /* --allow-name of one command line */

/* ---- templates ----------------------------------------------------------------------------- */
#define LIMIT_TEMPLATE \
    (64u * 1024u) /* bytes of one template; the longest in use are a few hundred */
#define LIMIT_TEMPLATE_OUTPUT LIMIT_VALUE /* what comes out is a value as well */
#define LIMIT_TEMPLATE_MEMORY \
    (16u << 20)                       /* of one transformation: value, tree, variables, output */
#define LIMIT_TEMPLATE_DEPTH 128u     /* nesting of templates that call each other, and of JSON */
#define LIMIT_TEMPLATE_NESTING 128u   /* blocks and parentheses within each other: the stack */
#define LIMIT_TEMPLATE_LEVELS 1024u   /* the same while it is executed, over all templates */
#define LIMIT_TEMPLATE_STEPS 1000000u /* nodes executed: some 50 ms */
#define LIMIT_TEMPLATE_NS 80000000u   /* and never more time than this, give or take 10 ms */
#define LIMIT_GEN_LENGTH 4096u        /* of one [ranges]{N}: more than any key or token has */

/* ---- requests ---------------------------------------------------------------------------- */
#define LIMIT_HEADER (8u * 1024u) /* request line and fields; what most servers take */
#define LIMIT_FIELDS 64u          /* header fields of one request */
#define LIMIT_TARGET 1024u        /* request target; the longest of ours is under 300 */
/*
 * A value of LIMIT_VALUE bytes in JSON: \u00XX makes six of one, and the names around it come on
 * top. Only an admin may send a body at all.
 */
#define LIMIT_BODY (6u * LIMIT_VALUE + 64u * 1024u)
#define LIMIT_KEYS (8u * 1024u) /* a body with a root key, or with one name and a version */
#define LIMIT_JSON_DEPTH 8u     /* our largest request nests two levels */
#define LIMIT_JSON_NUMBER 9007199254740992.0 /* 2^53: beyond it a double skips whole numbers */

/* ---- connections ------------------------------------------------------------------------- */
#define LIMIT_CONNECTIONS 4096u /* option max_connections */
/* Of max_connections, kept for administrators: pods must not shut them out. */
#define LIMIT_CONNECTIONS_RESERVE 4u
#define LIMIT_CONNECTIONS_PER_POD 256u    /* option max_connections_per_pod */
#define LIMIT_HELD_PER_POD (256u * 1024u) /* secret memory for one pod's unfinished requests */
#define LIMIT_LISTS 8u                    /* with values, on their way through one socket */
#define LIMIT_WAITING 512u                /* requests that wait for a pod to become known */
#define LIMIT_PIPELINE 32u                /* replies queued on one connection before it must read */
/* Unread bytes above which a socket is not closed at once: a dozen requests, each a message. */
#define LIMIT_CLOSE_BYTES 1024u
#define LIMIT_CLOSES 2u       /* of such sockets in a sweep, which is four times a second */
#define LIMIT_BACKLOG 1024u   /* listen() queue; somaxconn cuts it further */
#define LIMIT_GUARD_BODY 256u /* bytes of {"children":true} or {"files":16}, and blanks */
/*
 * Processes of one pod that have a shield of their own: sixteen pods can use up what there is of
 * them, VSECM_SHIELDS. What such a process forks is not counted.
 */
#define LIMIT_SHIELDS_PER_POD 256u
/* Descriptors that come with one request: a pod mostly has fewer files with secrets. */
#define LIMIT_GUARD_FILES 16u
/* Such requests whose body is on its way: what it has brought counts among our descriptors. */
#define LIMIT_GUARD_BODIES 64u
#define LIMIT_GUARD_BODIES_PER_POD 4u
/*
 * Served to one pod in one turn of the loop: requests, and bytes of their replies. The small share
 * is what a quiet pod waits for behind each busy one, some 10 us; the large one is for whoever is
 * alone, for whom fewer turns are less work.
 */
#define LIMIT_TURN_REQUESTS 64u
#define LIMIT_TURN_BYTES (256u * 1024u)
#define LIMIT_TURN_SHARED_REQUESTS 4u
#define LIMIT_TURN_SHARED_BYTES (32u * 1024u)
/*
 * Connections whose replies leave together, before others of the turn are read: whoever has its own
 * asks again meanwhile, and neither side falls asleep. One at a time would be no quicker.
 */
#define LIMIT_TURN_REPLIES 4u
/*
 * Taken from a pod's socket at a time. What is behind the pod's share waits in secret memory, and
 * LIMIT_CONNECTIONS_PER_POD times this is within LIMIT_HELD_PER_POD: so it always has room.
 */
#define LIMIT_RECEIVE 1024u
/*
 * Replies of one pod that were made and not taken: above it, its connections are not read. It is
 * what a pod that never reads can keep of the secret memory when its values change meanwhile.
 */
#define LIMIT_QUEUED_PER_POD (8u * 1024u * 1024u)
/*
 * Behind that the kernel keeps what was sent and not read, which is the daemon's account: 208 KiB
 * for a connection. So many connections of a pod have that, each further one this (the kernel
 * doubles it): some 10 MiB for a pod in all, not 60.
 */
#define LIMIT_WIDE_SOCKETS 16u
#define LIMIT_SOCKET_BYTES (8u * 1024u)

/* ---- floods ---------------------------------------------------------------------------------- */
/*
 * Option requests_per_second: of one pod, each connection counting as one more. A pod that asks for
 * its secret once for each request that it serves itself is below it; one that is at it all the
 * time takes some 5 % of a processor. Beside it, a burst of a tenth of a second's requests, at
 * least LIMIT_BURST_MIN: a pod that starts asks a few times.
 */
#define LIMIT_REQUESTS_PER_SECOND 10000u
#define LIMIT_REQUESTS_PER_SECOND_MAX 1000000000u
#define LIMIT_BURST_PART 10u
#define LIMIT_BURST_MIN 20u
/* That a pod above its rate is not read at least: one refusal in so long, however hard it tries. */
#define LIMIT_RATE_PAUSE_MS 25u
#define LIMIT_TALLY_MS 1000u /* between two records of what one pod was refused for its rate */
/*
 * A pod is barred from connecting when so many of its requests or connections were refused, less so
 * many for each second. Programs that try again do so up to ten times a second; a flood is barred
 * in a tenth of one.
 */
#define LIMIT_BAR_REFUSALS 1000u
#define LIMIT_BAR_FORGIVEN 50u
/* For so long at first, twice as long each time that it goes on soon after, and at most so long. */
#define LIMIT_BAR_MIN_MS 1000u
#define LIMIT_BAR_MAX_MS 60000u
#define LIMIT_BARS 1024u /* pods of which this is known: four times what a node has, mostly */

/* ---- time, in milliseconds, each the default of an option --------------------------------- */
#define LIMIT_HEADER_MS 5000u        /* from the first byte of a request to its empty line */
#define LIMIT_BODY_MS 30000u         /* from there to the body's last byte */
#define LIMIT_WRITE_MS 30000u        /* a reply that its reader takes no byte of */
#define LIMIT_IDLE_MS 300000u        /* a connection between requests */
#define LIMIT_IDENTITY_WAIT_MS 5000u /* a pod that is not known yet */
#define LIMIT_DRAIN_MS 5000u         /* requests under way when the daemon is told to stop */
#define LIMIT_CANARY_MS 60000u       /* between two proofs that attestation works */

/* ---- followers: watches and shared pages ----------------------------------------------------- */
#define LIMIT_HEARTBEAT_MS                                                 \
    15000u /* between two signs of life on a watch: below common time-outs \
            */
/*
 * Pages that are kept at once. The kernel looks at 2,048 when the daemon dies (ROBUST_LIST_LIMIT);
 * a node has 250 pods at most, mostly.
 */
#define LIMIT_PAGES 1024u
#define LIMIT_PAGE_MEMORY (64u << 20) /* bytes of all pages: locked memory beside the arena */
#define LIMIT_TURN_EVENT_BYTES (4u << 20)
#define LIMIT_TURN_EVENTS 256u /* sent in one turn: a rotation must not hold up readers */

/* ---- a client that follows its daemon ------------------------------------------------------ */
#define LIMIT_EVENT_LINE LIMIT_BODY /* bytes of one line: a largest value in JSON */
#define LIMIT_SILENCE_MS 35000      /* of a watch: two signs of life are missing, it is dead */
/* Between two attempts to connect, doubled each time, less a random part of up to a half. */
#define LIMIT_RECONNECT_MIN_MS 50
#define LIMIT_RECONNECT_MAX_MS 5000
/* Seconds of a Retry-After that a client believes: longer than any bar, shorter than an outage. */
#define LIMIT_RETRY_AFTER_S 3600u
#define LIMIT_WRITER_MS 10       /* that a reader waits for the writer of a page: a time slice */
#define LIMIT_MOVE_MS 500        /* that it waits for the page that takes the place of one */
#define LIMIT_PAGE_SLICE_MS 1000 /* until it looks whether the daemon lives, which wakes nobody */

/* ---- a client that tries again --------------------------------------------------------------- */
#define LIMIT_BACKOFF_MS 86400000u /* of one wait: a day */
#define LIMIT_BACKOFF_RETRIES 100000u

/* ---- audit ------------------------------------------------------------------------------- */
#define LIMIT_AUDIT_PATH 256u    /* bytes of a stranger's cgroup path that a record keeps */
#define LIMIT_AUDIT_RECORD 3072u /* bytes of one line: that path escaped sixfold, and the rest */
/*
 * Made ready and mapped at a time: room for the records of a largest put, and small beside the RSS
 * target. Whoever asks just then waits some 0.2 ms, which with half of this would be one request in
 * a thousand. In small pieces it is three times the work in all, and more than one in a hundred.
 */
#define LIMIT_AUDIT_WINDOW (512u * 1024u)
#define LIMIT_DENIALS 64u /* records a second of what guards denied: the ring keeps more */
#define LIMIT_AUDIT_SEGMENT (16u << 20) /* option audit_segment: bytes of one file */
#define LIMIT_AUDIT_KEEP 64u            /* option audit_keep: finished files kept */

/* ---- the record log (docs/FORMAT.md) ------------------------------------------------------- */
#define LIMIT_PREFACE (16u * 1024u) /* what opens a log: an age header for a hundred recipients */
#define LIMIT_META 512u             /* of one record: what it did to which key, in clear */
/* One sealed record: a largest value in base64 with all that is kept beside it, and the seal. */
#define LIMIT_RECORD (LIMIT_VALUE + LIMIT_VALUE / 2u + 64u * 1024u)
#define LIMIT_SCAN (256u * 1024u) /* read at a time, where no single record is longer */

/* ---- files that people write -------------------------------------------------------------- */
#define LIMIT_CONFIG_FILE (1024u * 1024u)
#define LIMIT_KEY_FILE 4096u     /* the root key: a few identities and comments */
#define LIMIT_PATH 512u          /* of a file of ours: directory and name */
#define LIMIT_HELPER (16u << 20) /* the static vsecm; it has a few hundred KiB */
#define LIMIT_IDENTITY_FILE (16u * 1024u * 1024u)
#define LIMIT_LINE 4096u
#define LIMIT_IDENTITIES 20000u /* pods, units and paths known to one node */
#define LIMIT_BINDINGS 4096u
#define LIMIT_INIT_FILE (1024u * 1024u) /* init commands: what a Kubernetes Secret holds */
#define LIMIT_KUBELET_ROOTS 8u
/* Maps and links of one version of the guards: some forty are. */
#define LIMIT_PINS 96u
#define LIMIT_PLACES 2048u /* cgroups whose parsed place is remembered */

#endif
