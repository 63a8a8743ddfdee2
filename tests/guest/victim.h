/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The victim's process, and the accomplice it can be made to be: whoever connects to its door and
 * sends a letter is obeyed, for a real attacker may have taken over a program of the victim's pod.
 */
#ifndef VSECM_GUEST_VICTIM_H
#define VSECM_GUEST_VICTIM_H

#include "world.h"

/* Letters at the door. Each is answered with a byte, and a descriptor where one is meant. */
#define VICTIM_LEND_SOCKET 'S' /* pass the connection on */
#define VICTIM_LEND_PAGE 'P'
#define VICTIM_LEND_FILE 'F'
#define VICTIM_TAKE 'T' /* receive what the next byte brings: 'y' got it, 'n' did not */
#define VICTIM_ADD_SOCKET                                                  \
    's' /* put it into a process, by the seccomp listener that comes along \
         */
#define VICTIM_ADD_PAGE 'p'
#define VICTIM_SPAWN 'N' /* fork a process that sleeps; its pid as 4 bytes after the answer */
#define VICTIM_RING 'R'  /* hand the connection to the ring of the caller, see below */
#define VICTIM_HOLD 'H'  /* make a ring of one's own that holds the connection; its number */

/* Start one, ready with everything, into *RET; SHIELDED asks for a shield. False: a line says why.
 */
bool victim_start(enum who who, bool shielded, struct victim *ret);

/* End it; what it was is zero. */
void victim_stop(struct victim *victim);

/* main() of the process itself: ARGUMENTS are its name, its user (0 nobody) and whether shielded.
 */
int victim_main(char **arguments);

/* Knock: connect to the door and send LETTER with FILE (-1: none). A socket, or -errno. */
int victim_ask(const struct victim *victim, char letter, int file);

#endif
