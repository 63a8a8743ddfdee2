/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's socket, its private directory, its pins: taken away, replaced, covered. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"
#include "client.h"

/* Where the attacker's own socket is: each user has one, on the file system of the daemon's. */
static const char *fake_path(void)
{
    return getuid() ? WORLD_FAKES "/nobody.sock" : WORLD_FAKES "/root.sock";
}

/* A listening socket at PATH. */
static int serve_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
        return -1;
    return fd;
}

static int remove_path(const struct attack_context *context)
{
    return unlink(context->argument) < 0 ? attack_errno("unlink") : 0;
}

/* The whole of it: remove the socket, serve in its place. */
static int replace_by_bind(const struct attack_context *context)
{
    (void)context;
    if (unlink(WORLD_SOCKET) < 0)
        return attack_errno("unlink");
    return serve_at(WORLD_SOCKET) < 0 ? attack_errno("bind") : 0;
}

static int rename_away(const struct attack_context *context)
{
    char to[256];

    snprintf(to, sizeof to, "%s.away", context->argument);
    return rename(context->argument, to) < 0 ? attack_errno("rename") : 0;
}

static int rename_out(const struct attack_context *context)
{
    return rename(context->argument, WORLD_FAKES "/away") < 0 ? attack_errno("rename") : 0;
}

static int rename_over(const struct attack_context *context)
{
    unlink(fake_path());
    if (serve_at(fake_path()) < 0)
        return attack_errno("bind");
    return rename(fake_path(), context->argument) < 0 ? attack_errno("rename") : 0;
}

static int exchange(const struct attack_context *context)
{
    unlink(fake_path());
    if (serve_at(fake_path()) < 0)
        return attack_errno("bind");
    return renameat2(AT_FDCWD, fake_path(), AT_FDCWD, context->argument, 2) < 0
               ? attack_errno("renameat2")
               : 0;
}

static int add_socket(const struct attack_context *context)
{
    return serve_at(context->argument) < 0 ? attack_errno("bind") : 0;
}

static int add_link(const struct attack_context *context)
{
    return symlink(fake_path(), context->argument) < 0 ? attack_errno("symlink") : 0;
}

static int add_hard_link(const struct attack_context *context)
{
    unlink(fake_path());
    if (serve_at(fake_path()) < 0)
        return attack_errno("bind");
    return link(fake_path(), context->argument) < 0 ? attack_errno("link") : 0;
}

static int add_file(const struct attack_context *context)
{
    return open(context->argument, O_CREAT | O_WRONLY | O_CLOEXEC, 0644) < 0 ? attack_errno("open")
                                                                             : 0;
}

static int add_directory(const struct attack_context *context)
{
    return mkdir(context->argument, 0755) < 0 ? attack_errno("mkdir") : 0;
}

static int add_node(const struct attack_context *context)
{
    return mknod(context->argument, S_IFIFO | 0644, 0) < 0 ? attack_errno("mknod") : 0;
}

/* A file without a name gets one. */
static int add_unnamed(const struct attack_context *context)
{
    char path[64];
    int fd = open("/run", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);

    if (fd < 0)
        return attack_errno("O_TMPFILE");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, path, AT_FDCWD, context->argument, AT_SYMLINK_FOLLOW) < 0
               ? attack_errno("linkat")
               : 0;
}

static int remove_directory(const struct attack_context *context)
{
    return rmdir(context->argument) < 0 ? attack_errno("rmdir") : 0;
}

/* What it is mounted on is tidied up: whatever was in effect is gone again. */
static int mount_file(const struct attack_context *context)
{
    unlink(fake_path());
    if (serve_at(fake_path()) < 0)
        return attack_errno("bind");
    if (mount(fake_path(), context->argument, NULL, MS_BIND, NULL) < 0)
        return attack_errno("mount");
    return umount2(context->argument, MNT_DETACH);
}

static int mount_directory(const struct attack_context *context)
{
    if (mount("fake", context->argument, "tmpfs", 0, NULL) < 0)
        return attack_errno("mount");
    return umount2(context->argument, MNT_DETACH);
}

static int move_mount_onto(const struct attack_context *context)
{
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (tree < 0)
        return attack_errno("open_tree");
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, context->argument, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return attack_errno("move_mount");
    return umount2(context->argument, MNT_DETACH);
}

/* By another way to the same directory. */
static int remove_through_bind(const struct attack_context *context)
{
    (void)context;
    if (mount(WORLD_DIR, "/mnt", NULL, MS_BIND, NULL) < 0)
        return attack_errno("bind mount");
    int word = unlink("/mnt/vsecm.sock") < 0 ? attack_errno("unlink") : 0;
    umount2("/mnt", MNT_DETACH);
    return word;
}

static int unmount(const struct attack_context *context)
{
    if (umount2(context->argument, MNT_DETACH) < 0)
        return attack_errno("umount");
    /* The guest's own mount must come back, for what follows. */
    return mount("bpf", context->argument, "bpf", 0, NULL) < 0 ? attack_failed("no bpffs") : 0;
}

/* The mount is moved away with all that is pinned in it. */
static int move_away(const struct attack_context *context)
{
    if (mount(WORLD_BPFFS, "/mnt", NULL, MS_MOVE, NULL) < 0)
        return attack_errno("move");
    (void)context;
    return mount("/mnt", WORLD_BPFFS, NULL, MS_MOVE, NULL) < 0 ? attack_failed("move back") : 0;
}

static int change_mode(const struct attack_context *context)
{
    if (chmod(context->argument, 0600) < 0)
        return attack_errno("chmod");
    return chmod(context->argument, 0666) < 0 ? attack_errno("chmod") : 0;
}

/*
 * Guards take whoever locks the daemon's file for the daemon. So lock it (it is locked already) and
 * then do what the daemon alone may do.
 */
static int lock_and(const struct attack_context *context, int fd)
{
    if (fd < 0)
        return attack_errno("open lock");
    flock(fd, LOCK_EX | LOCK_NB);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    fcntl(fd, F_OFD_SETLK, &whole);
    fcntl(fd, F_SETLK, &whole);
    return add_file(context);
}

static int pose_as_core(const struct attack_context *context)
{
    return lock_and(context, open(WORLD_LOCK, O_RDWR | O_CLOEXEC));
}

/* A lock file of the attacker's own making, of the same name. */
static int pose_by_fake(const struct attack_context *context)
{
    mkdir(WORLD_FAKES "/of-mine", 0700);
    return lock_and(context, open(WORLD_FAKES "/of-mine/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

#define NODE_ROOT(name, target, run, argument)                                         \
    {                                                                                  \
        name, target, run, {OTHER, US}, {OTHER, OPEN}, CONTROL_OFF, RESTARTS, argument \
    }

/* mount(2) asks the guards before it looks at capabilities. */
#define EARLY(name, target, run, argument)                                          \
    {                                                                               \
        name, target, run, {US, US}, {OTHER, OPEN}, CONTROL_OFF, RESTARTS, argument \
    }

static const struct attack table[] = {
    NODE_ROOT("socket-unlink", "the socket, removed", remove_path, WORLD_SOCKET),
    NODE_ROOT("socket-replace-bind", "the socket, replaced by another's", replace_by_bind, NULL),
    NODE_ROOT("socket-rename", "the socket, renamed", rename_away, WORLD_SOCKET),
    NODE_ROOT("socket-rename-out", "the socket, moved to another directory", rename_out,
              WORLD_SOCKET),
    NODE_ROOT("socket-rename-over", "the socket, replaced by rename()", rename_over, WORLD_SOCKET),
    NODE_ROOT("socket-exchange", "the socket, exchanged for another", exchange, WORLD_SOCKET),
    NODE_ROOT("socket-dir-bind", "a socket beside it", add_socket, WORLD_DIR "/new.sock"),
    NODE_ROOT("socket-dir-symlink", "a symbolic link beside it", add_link, WORLD_DIR "/link"),
    NODE_ROOT("socket-dir-hard-link", "a hard link beside it", add_hard_link, WORLD_DIR "/hard"),
    NODE_ROOT("socket-dir-create", "a file beside it", add_file, WORLD_DIR "/file"),
    NODE_ROOT("socket-dir-tmpfile", "a file beside it, by O_TMPFILE and linkat()", add_unnamed,
              WORLD_DIR "/unnamed"),
    NODE_ROOT("socket-dir-mkdir", "a directory beside it", add_directory, WORLD_DIR "/dir"),
    NODE_ROOT("socket-dir-mknod", "a fifo beside it", add_node, WORLD_DIR "/fifo"),
    NODE_ROOT("socket-dir-rename", "the socket's directory, renamed", rename_away, WORLD_DIR),
    {"socket-dir-rmdir",
     "the socket's directory, removed",
     remove_directory,
     {OTHER, US},
     {OTHER, ERROR},
     CONTROL_OFF,
     0,
     WORLD_DIR},
    EARLY("socket-mount", "another socket, mounted on it", mount_file, WORLD_SOCKET),
    EARLY("socket-dir-mount", "a tmpfs, mounted on its directory", mount_directory, WORLD_DIR),
    NODE_ROOT("socket-dir-move-mount", "another directory, by move_mount()", move_mount_onto,
              WORLD_DIR),
    {"socket-parent-mount",
     "a tmpfs, mounted on the directory above",
     mount_directory,
     {OTHER, OPEN},
     {OTHER, OPEN},
     CONTROL_OFF,
     RESTARTS,
     "/run"},
    NODE_ROOT("socket-unlink-bind", "the socket, removed by way of a bind mount",
              remove_through_bind, NULL),
    {"socket-chmod",
     "the mode of the socket",
     change_mode,
     {US, US},
     {OTHER, OPEN},
     CONTROL_OFF,
     0,
     WORLD_SOCKET},
    NODE_ROOT("lock-unlink", "the daemon's lock file, removed", remove_path, WORLD_LOCK),
    NODE_ROOT("lock-replace", "the daemon's lock file, replaced", rename_over, WORLD_LOCK),
    NODE_ROOT("lock-pose", "the daemon's rights, by locking its lock file", pose_as_core,
              WORLD_DIR "/posed"),
    NODE_ROOT("lock-fake", "the daemon's rights, by a lock file of its own", pose_by_fake,
              WORLD_DIR "/faked"),
    EARLY("private-dir-mount", "a tmpfs, mounted on the private directory", mount_directory,
          WORLD_PRIVATE),
    NODE_ROOT("private-dir-create", "a file in the private directory", add_file,
              WORLD_PRIVATE "/file"),
    NODE_ROOT("bpffs-umount", "the file system of the pins", unmount, WORLD_BPFFS),
    {"bpffs-move",
     "the file system of the pins, moved elsewhere",
     move_away,
     {OTHER, OPEN},
     {OTHER, OPEN},
     CONTROL_OFF,
     RESTARTS,
     NULL},
    {"bpffs-cover",
     "a tmpfs, mounted on the file system of the pins",
     mount_directory,
     {OTHER, OPEN},
     {OTHER, OPEN},
     CONTROL_OFF,
     RESTARTS,
     WORLD_BPFFS},
};

const struct attack_table attack_path = {table, sizeof table / sizeof *table};
