/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is pinned below a pin directory: in a directory for each VSECM_ABI_VERSION, named by its
 * number, the maps and the links of the guards. No dots: bpffs keeps those for itself.
 */
#ifndef VSECM_NODE_PINNED_H
#define VSECM_NODE_PINNED_H

#include <stdbool.h>
#include <stddef.h>

struct error;

#define PINNED_MAP "map_"   /* and the map's name */
#define PINNED_LINK "link_" /* and the program's: while this is there, the program runs */
#define PINNED_NEW "new_"   /* a link that is about to take the place of the one of its name */
#define PINNED_NAME 64      /* bytes of the longest of these names, with its NUL */

/* Whether the file system of descriptor FD is a bpffs. */
bool pinned_is_bpffs(int fd);

/* Whether NAME begins with PREFIX. */
bool pinned_is(const char *name, const char *prefix);

struct pinned {
    unsigned abi; /* VSECM_ABI_VERSION of who pinned them */
    unsigned links, maps;
};

/*
 * What is pinned below PIN_DIR: at most MAX of *RET, *COUNT of them. 0, or -errno: -ENOENT when
 * there is no such directory, -ENOTSUP when it is on no bpffs.
 */
int pinned_list(const char *pin_dir, struct pinned *ret, size_t max, size_t *count);

/*
 * Remove everything below PIN_DIR, and it. *RET counts what was removed, also in a failure. The
 * caller holds the lock of the daemon that pinned it, or the guards that are removed refuse:
 * -EPERM or -EACCES. 0, or -errno with *error.
 */
int pinned_remove(const char *pin_dir, struct pinned *ret, struct error *error);

#endif
