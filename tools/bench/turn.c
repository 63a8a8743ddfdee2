/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/turn.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int turn_make(struct turn pair[static 2])
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return -errno;
    pair[0] = (struct turn){.ours = ends[0], .theirs = ends[1], .is_ours = true};
    pair[1] = (struct turn){.ours = ends[1], .theirs = ends[0]};
    return 0;
}

void turn_close(struct turn pair[static 2])
{
    close(pair[0].ours);
    close(pair[1].ours);
}

/* While we hold the partner's end ourselves we would not see it close. */
static void let_go(struct turn *turn)
{
    if (turn->theirs >= 0)
        close(turn->theirs);
    turn->theirs = -1;
}

void turn_take(struct turn *turn)
{
    uint64_t word;

    if (!turn || turn->is_ours)
        return;
    let_go(turn);
    ssize_t got;
    while ((got = recv(turn->ours, &word, sizeof(word), 0)) < 0 && errno == EINTR)
        ;
    if (got == (ssize_t)sizeof(word))
        turn->their_ns = word;
    turn->is_ours = true;
}

void turn_pass(struct turn *turn)
{
    if (!turn)
        return;
    let_go(turn);
    turn->is_ours = send(turn->ours, &turn->our_ns, sizeof(turn->our_ns), MSG_NOSIGNAL) < 0;
}
