/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's log: one line a message on stderr, one write(2) a line. Only daemon/ and the
 * programs' main files log; libraries return errors. No secret is ever an argument (linted).
 */
#ifndef VSECM_BASE_LOG_H
#define VSECM_BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* What each line says it is from, a literal; "vsecmd" unless told otherwise. */
void log_set_name(const char *name);

/* Lines above LEVEL are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* The level named NAME ("error", "warn", "info", "debug"): 0, or -EINVAL. */
int log_parse_level(const char *name, enum log_level *ret);

/* A multi-line text becomes one line a line, each with time and level. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
