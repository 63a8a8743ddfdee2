/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program leaves behind when a call of it fails, when it dies, or when the power is cut, at
 * every instant there is. A program of tests is one file fault_NAME.c with a table of scenarios:
 *
 *     static void prepare(int dir)           the state before, in an empty directory
 *     static int act(int dir)                the change; 0 or -errno, as its caller is told
 *     static enum fault_state look(int dir)  opens what is there: before, after, or CHECK fails
 *
 *     const struct fault_scenario fault_scenarios[] = {{"put", prepare, act, look}, {0}};
 *
 * For each kind of fault and n = 1, 2, ... until nothing fails any more: the directory is emptied
 * and prepared; in act() the n-th call of the kind fails; look() then says what is there. The state
 * must be before or after, and after when act() said 0. That a fault was hit at all, and that both
 * states were seen, is checked too. Each of the three is a process of its own, so act() begins by
 * opening what prepare() made; a CHECK() that fails in one is a failure of the run.
 *
 * The calls are those of our own code (by the linker's --wrap, see fault.mk), not those inside of
 * libraries; a call that is new to the code under test is added there and in fault.c. Faults come
 * only within act(); fault_pause() ends them there, for what act() does to clean up or to look
 * around.
 */
#ifndef VSECM_TESTS_FAULT_FAULT_H
#define VSECM_TESTS_FAULT_FAULT_H

enum fault_state { FAULT_BEFORE, FAULT_AFTER };

struct fault_scenario {
    const char *name;
    void (*prepare)(int dir);
    int (*act)(int dir);
    enum fault_state (*look)(int dir);
};

extern const struct fault_scenario fault_scenarios[]; /* the last has no name */

/* No fault from here on, in this run of act(). */
void fault_pause(void);

#endif
