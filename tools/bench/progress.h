/* SPDX-License-Identifier: BSD-2-Clause */
/* One line on a terminal that says what is under way; nothing where stderr is no terminal. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

/* Put the line in place of the last one. */
void progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Take it away. */
void progress_clear(void);

#endif
