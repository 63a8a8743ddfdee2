/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/unload.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/say.h"
#include "limits.h"
#include "node/pinned.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Why there may be no way to remove them. */
#define OTHER_LOCK                                                                             \
    "name the private directory of the vsecmd that pinned them with --private-dir; where its " \
    "lock file is gone for good, they end with the next boot"

/*
 * The guards take whoever holds this lock for the daemon, and let it unlink. The file is never made
 * here: one that is made anew is not the one they know.
 */
static int take_lock(const char *private_dir, struct error *error)
{
    char path[2 * LIMIT_PATH];
    snprintf(path, sizeof path, "%.*s/lock", LIMIT_PATH, private_dir);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return error_set(error, -ENOENT, "guards are pinned, but there is no %s: " OTHER_LOCK,
                         path);
    if (fd < 0)
        return error_errno(error, -errno, "%s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int r = -errno;
    close(fd);
    if (r != -EWOULDBLOCK)
        return error_errno(error, r, "%s", path);
    return error_set(error, r, "a vsecmd is running with private_dir = %s: stop it first",
                     private_dir);
}

static enum verb_exit tell(const struct arguments *arguments, const char *pin_dir,
                           const struct pinned *removed)
{
    if (arguments->json)
        printf("{\"removedLinks\":%u,\"removedMaps\":%u}\n", removed->links, removed->maps);
    else if (removed->links || removed->maps)
        printf("removed from %s: %u links, %u maps; nothing is guarded until vsecmd starts\n",
               pin_dir, removed->links, removed->maps);
    else
        printf("nothing is pinned in %s\n", pin_dir);
    return VERB_OK;
}

enum verb_exit unload_run(const struct arguments *arguments)
{
    const char *pin_dir = arguments->pin_dir ? arguments->pin_dir : PROTOCOL_PIN_DIR;
    const char *private_dir =
        arguments->private_dir ? arguments->private_dir : PROTOCOL_PRIVATE_DIR;
    struct error error = {""};
    struct pinned one, removed = {0};
    size_t count;
    int r = pinned_list(pin_dir, &one, 1, &count);
    if (r == -ENOENT || r == -ENOTSUP)
        return tell(arguments, pin_dir, &removed);
    if (r < 0)
        return say_failure(VERB_REFUSED, "%s: %s", pin_dir, strerror(-r));
    int lock = take_lock(private_dir, &error);
    if (lock < 0)
        return say_failure(VERB_REFUSED, "%s", error.text);
    r = pinned_remove(pin_dir, &removed, &error);
    close(lock);
    if (r == -EPERM || r == -EACCES)
        return say_failure(VERB_REFUSED, "%s; %u links and %u maps were removed; " OTHER_LOCK,
                           error.text, removed.links, removed.maps);
    if (r < 0)
        return say_failure(VERB_REFUSED, "%s; %u links and %u maps were removed", error.text,
                           removed.links, removed.maps);
    return tell(arguments, pin_dir, &removed);
}
