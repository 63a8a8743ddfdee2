/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is attacked: a daemon with its sockets, a pod with a secret (the victim's), another workload
 * pod and a cgroup that is no pod's. Made by the guest's root, in the guest's namespaces, which
 * attackers share: as if their container had been given hostPID and the host's file system.
 */
#ifndef VSECM_GUEST_WORLD_H
#define VSECM_GUEST_WORLD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define WORLD_CGROUPS "/sys/fs/cgroup"
#define WORLD_POD "/kubepods/burstable/pod00000000-0000-4000-8000-"
/* Two containers of the victim's pod, one of the other pod, a cgroup of no pod. */
#define WORLD_VICTIM_POD WORLD_CGROUPS WORLD_POD "00000000000a"
#define WORLD_VICTIM WORLD_VICTIM_POD "/" WORLD_HEX "a1"
#define WORLD_OWNER WORLD_VICTIM_POD "/" WORLD_HEX "a2"
#define WORLD_OTHER_POD WORLD_CGROUPS WORLD_POD "00000000000b"
#define WORLD_OTHER WORLD_OTHER_POD "/" WORLD_HEX "b1"
#define WORLD_STRANGER WORLD_CGROUPS "/stranger"
#define WORLD_HEX "00000000000000000000000000000000000000000000000000000000000000"

#define WORLD_DIR "/run/vsecm"
#define WORLD_SOCKET WORLD_DIR "/vsecm.sock"
#define WORLD_PRIVATE "/run/vsecmd"
#define WORLD_ADMIN WORLD_PRIVATE "/admin.sock"
#define WORLD_LOCK WORLD_PRIVATE "/lock"
#define WORLD_BPFFS "/sys/fs/bpf"
#define WORLD_PINS WORLD_BPFFS "/vsecm"
#define WORLD_FILES "/run/pods"  /* the victim's tmpfs files: like an emptyDir in memory */
#define WORLD_FAKES "/run/fakes" /* where everybody may write, on the same tmpfs */
#define WORLD_HOSTS_FILE "/run/hosts-file"
#define WORLD_VALUE "the-value-of-the-victim"
#define WORLD_OTHER_VALUE "the-value-of-the-other"

#define WORLD_NOBODY 65534

enum who { WHO_NOBODY, WHO_ROOT, WHO_COUNT };

/* A process of the victim's pod; it runs until it is killed, and does what tests/guest/victim.h
 * has. */
struct victim {
    pid_t pid;
    int shield;          /* status of its POST /v1/shield, 0 when it did not ask */
    int guard;           /* status of its POST /v1/guard */
    int sock;            /* descriptor of its connection, in its own table */
    int page;            /* and of its page */
    int file;            /* and of its secret file */
    uintptr_t memory;    /* where MEMORY lies */
    char name[24];       /* of its files */
    char door[64];       /* socket at which it takes orders */
    char path[64];       /* its secret file */
    char in_memory[64];  /* what is only in its memory, */
    char in_environ[64]; /* only in its environment, */
    char in_file[64];    /* only in its file */
};

struct world {
    const char *daemon_program;
    bool guarded; /* guards = required; else no */
    pid_t daemon;
    struct victim plain[WHO_COUNT];    /* runs as nobody, as root */
    struct victim shielded[WHO_COUNT]; /* likewise, and asked for a shield */
};

/* Cgroups, directories, switches of the kernel: once. False: errno and a line on stdout say why. */
bool world_prepare(void);

/* Start daemon and victims, with guards or without. False: a line says why. */
bool world_start(struct world *world);

/* Other victims in the place of those that there are. */
bool world_renew_victims(struct world *world);

/* The daemon alone, beside victims that live on. */
bool world_start_daemon(struct world *world);

/* End victims and daemon, by SIGTERM; waits. */
void world_stop(struct world *world);

/* Whether the daemon answers, and whether every victim lives, too. */
bool world_answers(const struct world *world);
bool world_is_whole(const struct world *world);

/* The daemon anew, what attacks left in its directories swept away where no guard forbids it. */
bool world_restart(struct world *world);

/* Move the calling process into a cgroup, by its path. */
bool world_join(const char *cgroup);

/* Become WHO for good: nobody has no capability. */
bool world_become(enum who who);

#define WORLD_DENIALS 128
struct world_denials {
    unsigned count;
    struct {
        char name[48]; /* hook/why */
        unsigned long long number;
    } list[WORLD_DENIALS];
};

/* The daemon's counters of denials. False: it does not say. */
bool world_denials(struct world_denials *ret);

/* Of the counters that grew from BEFORE to AFTER the names, split by blanks; NULL when none did. */
const char *world_grown(const struct world_denials *before, const struct world_denials *after,
                        char *buffer, size_t size);

#endif
