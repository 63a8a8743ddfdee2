/* SPDX-License-Identifier: BSD-2-Clause */
#include "node/node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "limits.h"
#include "protocol.h"

/* Newer than the C library's headers. */
#define PASSPIDFD 76 /* SO_PASSPIDFD */
#define INFO_CGROUP 4u
struct info {
    uint64_t mask, cgroup_id;
    uint32_t ids[12];
};
#define GET_INFO _IOWR(0xFF, 11, struct info)

static uint64_t effective_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capget, &header, data) < 0)
        return 0;
    return (uint64_t)data[1].effective << 32 | data[0].effective;
}

/* Close FD if it is one: 0, or -errno. */
static int done(int fd)
{
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static int try_memfd_secret(void)
{
    return done((int)syscall(SYS_memfd_secret, O_CLOEXEC));
}

/* A file system that is set up and never made. */
static int try_noswap(void)
{
    int fd = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = syscall(SYS_fsconfig, fd, FSCONFIG_SET_FLAG, "noswap", NULL, 0) < 0 ? -errno : 0;
    close(fd);
    return r;
}

static int try_pass_pidfd(void)
{
    const int yes = 1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = setsockopt(fd, SOL_SOCKET, PASSPIDFD, &yes, sizeof yes) < 0 ? -errno : 0;
    close(fd);
    return r;
}

static int try_pidfd_info(void)
{
    struct info info = {.mask = INFO_CGROUP};
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (fd < 0)
        return -errno;
    int r = ioctl(fd, GET_INFO, &info) < 0 ? -errno : info.mask & INFO_CGROUP ? 0 : -ENOTTY;
    close(fd);
    return r;
}

void node_look(struct node *ret)
{
    struct utsname name;
    *ret = (struct node){
        .root = "",
        .pin_dir = PROTOCOL_PIN_DIR,
        .private_dir = PROTOCOL_PRIVATE_DIR,
        .capabilities = effective_capabilities(),
    };
    getrlimit(RLIMIT_MEMLOCK, &ret->memlock);
    getrlimit(RLIMIT_NOFILE, &ret->descriptors);
    if (uname(&name) < 0)
        return;
    snprintf(ret->release, sizeof ret->release, "%s", name.release);
    if (sscanf(name.release, "%u.%u", &ret->major, &ret->minor) != 2)
        ret->major = ret->minor = 0;
}

void node_try(struct node *node)
{
    node->memfd_secret = try_memfd_secret();
    node->noswap = try_noswap();
    node->pass_pidfd = try_pass_pidfd();
    node->pidfd_info = try_pidfd_info();
}

int node_read(const struct node *node, const char *path, char *ret, size_t size)
{
    char full[2 * LIMIT_PATH];
    if (snprintf(full, sizeof full, "%s%s", node->root, path) >= (int)sizeof full)
        return -ENAMETOOLONG;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    ssize_t length = read(fd, ret, size - 1);
    int r = length < 0 ? -errno : 0;
    close(fd);
    if (r < 0)
        return r;
    if (length && ret[length - 1] == '\n')
        length--;
    ret[length] = '\0';
    return 0;
}
