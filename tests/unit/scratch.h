/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of a test's own, and the files in it. The next test begins with a new one. */
#ifndef VSECM_TESTS_UNIT_SCRATCH_H
#define VSECM_TESTS_UNIT_SCRATCH_H

#include <ftw.h>
#include <sys/stat.h>

#include "tests/unit/check.h"

static char scratch_directory[32];
static char scratch_paths[4][128];

static int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void scratch_remove(void)
{
    if (scratch_directory[0] && getpid() == check_state.pid)
        nftw(scratch_directory, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    scratch_directory[0] = '\0';
}

/* An empty directory in PARENT, a short path; what the last call gave is removed. */
static inline const char *scratch_new_in(const char *parent)
{
    static int registered;
    if (!registered++)
        atexit(scratch_remove);
    scratch_remove();
    snprintf(scratch_directory, sizeof scratch_directory, "%s/vsecm-test.XXXXXX", parent);
    CHECK(mkdtemp(scratch_directory) != NULL);
    return scratch_directory;
}

static inline const char *scratch_new(void)
{
    return scratch_new_in("/tmp");
}

/* NAME in that directory. The text of each call lives until the fourth after it. */
static inline const char *scratch_path(const char *name)
{
    static unsigned next;
    char *path = scratch_paths[next++ % 4];
    snprintf(path, sizeof scratch_paths[0], "%s/%s", scratch_directory, name);
    return path;
}

/* A file NAME with LENGTH bytes of TEXT. */
static inline const char *scratch_bytes(const char *name, const char *text, size_t length)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    CHECK(fwrite(text, 1, length, file) == length);
    CHECK(fclose(file) == 0);
    return path;
}

static inline const char *scratch_file(const char *name, const char *text)
{
    return scratch_bytes(name, text, strlen(text));
}

#endif
