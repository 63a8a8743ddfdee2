/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/sealed_fd.h"

#include "base/error.h"
#include "cli/guard.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u /* Linux 6.3 */
#endif

static int make(void)
{
    static const char name[] = "vsecm-secret"; /* /proc/PID/fd shows it */
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, flags);
    return fd < 0 ? -errno : fd;
}

static int fill(int fd, const void *data, size_t length)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int r = output_write(fd, data, length);
    if (r)
        return r;
    return fcntl(fd, F_ADD_SEALS, seals) < 0 || lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

int sealed_fd_new(const void *data, size_t length, struct guard *guard, struct error *error)
{
    static const char what[] = "cannot keep the secret in memory behind a descriptor";
    int fd = make();
    if (fd < 0)
        return error_errno(error, fd, what);
    int r = guard ? guard_file(guard, fd, error) : 0;
    if (!r) {
        r = fill(fd, data, length);
        if (!r)
            return fd;
        error_errno(error, r, what);
    }
    close(fd);
    return r;
}
