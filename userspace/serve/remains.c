/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/remains.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits.h"

struct remain {
    int fd;
    void *owner;
    struct remain *next;
};

int remains_take(struct remains *remains, int fd, void *owner)
{
    int unread = 0;
    struct remain *remain = NULL;
    if (ioctl(fd, FIONREAD, &unread) == 0 && unread > (int)LIMIT_CLOSE_BYTES)
        remain = malloc(sizeof *remain);
    if (!remain) {
        close(fd);
        return 0;
    }
    shutdown(fd, SHUT_RDWR);
    *remain = (struct remain){.fd = fd, .owner = owner};
    if (remains->last)
        remains->last->next = remain;
    else
        remains->first = remain;
    remains->last = remain;
    return 1;
}

int remains_close(struct remains *remains, void **owner)
{
    struct remain *oldest = remains->first;
    if (!oldest)
        return 0;
    remains->first = oldest->next;
    if (!remains->first)
        remains->last = NULL;
    *owner = oldest->owner;
    close(oldest->fd);
    free(oldest);
    return 1;
}
