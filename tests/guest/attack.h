/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An attack: what somebody in another pod's cgroup does, and what must come of it. It runs in a
 * process of its own, which has joined the cgroup and become nobody, or is root with everything
 * that root can do. It returns 0 when it got what it was after, -EPERM or -EACCES when the kernel
 * said no, or a word of attack_*(). Anything else is a defect of the attack, never a success.
 */
#ifndef VSECM_GUEST_ATTACK_H
#define VSECM_GUEST_ATTACK_H

#include "world.h"

enum outcome {
    UNTRIED, /* nothing is known, which is never as expected */
    US,      /* denied by us: a counter of the guards grew, or the daemon itself refused */
    OTHER,   /* denied by something else: rights, capabilities, the kernel's own rules */
    OPEN,    /* it worked */
    ERROR,   /* it could not be carried out */
    ABSENT,  /* this kernel has not got what it needs */
};

enum control {
    CONTROL_OFF,   /* the same with guards = no */
    CONTROL_OWNER, /* the same from another container of the victim's own pod */
};

/* How the process comes to be. */
#define FROM_STRANGER 1u /* in a cgroup of no pod */
#define HEIR 2u          /* it was in the victim's pod, and keeps what it had opened there */
#define BREAKS 4u        /* when it works, the world must be made anew */
#define RESTARTS 8u      /* likewise the daemon; victims are not asked for any more */

struct attack_inheritance {
    int sock, page, file;
    const char *mapping; /* the page, mapped while it was in the victim's pod */
};

struct attack_context {
    const struct world *world;
    enum who who;
    const struct victim *plain; /* of the victim's processes the ones of the same user */
    const struct victim *shielded;
    const char *argument;
    const char *place; /* the attacker's own cgroup */
    struct attack_inheritance heir;
};

struct attack {
    const char *name, *target;
    int (*run)(const struct attack_context *context);
    enum outcome expected[WHO_COUNT]; /* with guards: as nobody, as root */
    enum outcome without[WHO_COUNT];  /* in its control */
    enum control control;
    unsigned flags;
    const char *argument;
};

struct attack_table {
    const struct attack *attacks;
    size_t count;
};

/* Each module's. */
extern const struct attack_table attack_connect, attack_descriptor, attack_trace, attack_proc,
    attack_path, attack_bpf, attack_file, attack_uring, attack_memory;

/* What an attacker's process says, in memory that it shares with whoever sent it. */
struct attack_verdict {
    int result;
    bool has_ended;
    char text[160];
};
extern struct attack_verdict *attack_verdict;

enum attack_word { ATTACK_REFUSED = 1, ATTACK_FAILED, ATTACK_ABSENT };

/* Whether what an attack returned means that the kernel said no. */
bool attack_is_denial(int result);

/* Words that are no -errno. The text is for people and shows up beside the outcome. */
int attack_refused(const char *format, ...) __attribute__((format(printf, 1, 2)));
int attack_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
int attack_absent(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What came of the last errno: it, where it means a refusal, else a failure of WHAT. */
int attack_errno(const char *what);

/* Whether the connection FD gives the victim's value: 0, or a word. Closes FD. */
int attack_read_value(int fd);

/* Whether PAGE gives it. */
int attack_read_page(int page);

#endif
