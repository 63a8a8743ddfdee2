/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

int scratch_take_output(const char *dir)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/log", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ? -errno : 0;
}

void scratch_add_log(const char *dir, const char *who, struct error *error)
{
    char path[128], text[600] = "";

    snprintf(path, sizeof(path), "%s/log", dir);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fseek(file, -(long)(sizeof(text) - 1), SEEK_END))
            rewind(file);
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
    }
    error_add(error, "%s said: %s", who, text[0] ? text : "nothing");
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void scratch_remove(char *dir)
{
    if (dir[0])
        nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    dir[0] = '\0';
}
