/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two processes that work in turn. What a busy machine takes from one it takes from the other as
 * well, when a turn is shorter than what keeps the machine busy.
 */
#ifndef BENCH_TURN_H
#define BENCH_TURN_H

#include <stdbool.h>
#include <stdint.h>

/* One of the two. */
struct turn {
    int ours, theirs;  /* ends of a pair of sockets */
    bool is_ours;      /* the turn, now */
    uint64_t our_ns;   /* how long we shall need in all, as we guess; told with each turn we pass */
    uint64_t their_ns; /* what the other has told */
};

/* Make both; the first of PAIR begins. 0 or -errno. */
int turn_make(struct turn pair[static 2]);

/* Close what turn_make() opened, where the two were forked. */
void turn_close(struct turn pair[static 2]);

/*
 * In one of the two processes: wait until it is our turn, and give it away. Whose partner has ended
 * has every turn. NULL: there is no partner.
 */
void turn_take(struct turn *turn);
void turn_pass(struct turn *turn);

#endif
