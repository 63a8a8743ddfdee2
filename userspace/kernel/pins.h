/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guards that outlive the daemon: their maps and links, pinned in a bpffs, and taken over by the
 * daemon that comes next with no instant in which a guard is missing.
 *
 *     pins_open()        find or make the directory; nothing that is pinned is touched
 *     pins_take()        an object that is opened and not loaded will use the maps that are pinned
 *     load, attach       from here on the old programs and the new ones both run
 *     pins_keep()        what is to be pinned
 *     the canary
 *     pins_commit()      the new links take the place of the old ones
 *
 * Whatever fails before pins_commit(), or is killed, leaves what was pinned as it was. Killed
 * within it, each program is still pinned, in its old form, its new one, or both; the next start
 * mends the rest. Links of tier `cgroup` are not for this: they only record, and while no daemon
 * runs there is nobody to record for.
 */
#ifndef VSECM_KERNEL_PINS_H
#define VSECM_KERNEL_PINS_H

#include <stddef.h>

struct bpf_object;
struct error;
struct pins;

/*
 * Open PIN_DIR, an absolute directory one level below which the directory of this ABI version is;
 * both are made (0700) where they are not there, the one above PIN_DIR must be. No other start
 * works with them until pins_free(). Returns 0; -EBUSY with *error while another start does; or
 * -EOPNOTSUPP with *error when nothing can be pinned there: no bpffs, or others could reach it.
 */
int pins_open(const char *pin_dir, struct pins **ret, struct error *error);

/* The directories in which only the daemon may change anything: PIN_DIR and the one of the ABI. */
void pins_directories(const struct pins *pins, int ret[2]);

/*
 * Have OBJECT, opened and not loaded, use the maps of its own that are pinned, all but libbpf's
 * (.rodata, .bss). What was pinned by a start that was killed before it pinned a link is passed
 * over: no program uses it. 0, or -errno with *error; -EPERM: a daemon with another private
 * directory has pinned them.
 */
int pins_take(struct pins *pins, struct bpf_object *object, struct error *error);

/* Call EACH with every link that is pinned, until it returns non-zero. That, or -errno. */
int pins_each_link(const struct pins *pins, int (*each)(void *context, int link), void *context);

struct pins_link {
    const char *name; /* of the program */
    int fd;
};

/* Keep copies of the maps of OBJECT, loaded now, and of LINKS, all of them. 0 or -errno. */
int pins_keep(struct pins *pins, const struct bpf_object *object, const struct pins_link *links,
              size_t count);

/*
 * Pin what was kept, and remove what else this ABI's directory has: programs that are gone from
 * this version. 0, or -errno with *error, and then each program is still pinned in one form or
 * another.
 */
int pins_commit(struct pins *pins, struct error *error);

/* Let go. Directories that were made for nothing are removed. NULL is fine. */
void pins_free(struct pins *pins);

#endif
