/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The environment of a program that gets a secret: what we have ourselves, and in place of any
 * variable of the same name the secret's. Built in locked memory, for execve() to copy.
 */
#ifndef VSECM_CLI_ENVIRON_H
#define VSECM_CLI_ENVIRON_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct environ_rules {
    const char *prefix; /* in front of every member's name; "" for none */
    const char *whole;  /* the value as it is becomes this variable; NULL: its members do */
    const char *const
        *allowed; /* names that decide what code runs, and that may be set all the same */
    size_t allowed_count;
    bool skip_bad; /* leave out members whose names cannot be variables */
};

struct environ {
    char **variables; /* NULL at the end, as execve() takes them; NULL once cleared */
    size_t size;      /* bytes of locked memory there, with the texts */
    size_t skipped;   /* members that were left out */
};

/* NAME is a variable's name: letters, digits and '_', with no digit first. */
bool environ_is_name(const char *name, size_t length);

/*
 * Whether a variable NAME makes a loader, a shell or an interpreter run other code or look for it
 * elsewhere: such a one is not taken from a secret without being allowed.
 */
bool environ_is_dangerous(const char *name);

/*
 * BASE (NULL at the end) with VALUE: each member of an object as PREFIX and its name, a string as
 * its text, anything else as the JSON that was stored; of members of one name the last counts.
 * Returns 0 with *ret to be cleared; -EINVAL with *error naming the member and the rule, or that it
 * is no object; -ENOMEM.
 */
int environ_build(const struct environ_rules *rules, char *const *base, const char *value,
                  size_t length, struct environ *ret, struct error *error);

/* BASE with NAME=NUMBER instead of any of that name. 0 with *ret to be cleared, or -ENOMEM. */
int environ_with_number(char *const *base, const char *name, int number, struct environ *ret);

/* Wipe and release. A cleared one is fine. */
void environ_clear(struct environ *block);

#endif
