/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/fault/power.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define FILES 16
#define PIECE 64 /* bytes that are lost or kept together */
#define KEPT ".power-cut"

/* Raw calls: those of the C library are wrapped. */
static long raw_pwrite(int fd, const void *data, size_t length, off_t offset)
{
    return syscall(SYS_pwrite64, fd, data, length, offset);
}

static struct {
    int dir;
    struct {
        ino_t inode;
        int fd;      /* of our own */
        off_t clean; /* what is before it was synced; appending is all that is done to our files */
    } files[FILES];
    unsigned count;
    char renamed[64]; /* a name that is new since the directory was synced; the older is KEPT */
    int replaced;     /* there was an older one */
} notes;

void power_begin(int dir)
{
    memset(&notes, 0, sizeof notes);
    notes.dir = dir;
}

static int find(int fd, struct stat *st)
{
    if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))
        return -1;
    for (unsigned i = 0; i < notes.count; i++)
        if (notes.files[i].inode == st->st_ino)
            return (int)i;
    return (int)notes.count;
}

void power_note_write(int fd, off_t offset)
{
    struct stat st;
    int i = notes.dir > 0 ? find(fd, &st) : -1;
    if (i < 0)
        return;
    if (i == (int)notes.count) {
        CHECK(notes.count < FILES);
        notes.count++;
        notes.files[i].inode = st.st_ino;
        notes.files[i].fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 200);
        notes.files[i].clean = st.st_size;
    }
    if (offset < notes.files[i].clean)
        notes.files[i].clean = offset;
}

void power_note_sync(int fd)
{
    struct stat st;
    int i = notes.dir > 0 ? find(fd, &st) : -1;
    if (i >= 0 && i < (int)notes.count)
        notes.files[i].clean = st.st_size;
    if (i < 0 && notes.renamed[0]) {
        unlinkat(notes.dir, KEPT, 0);
        notes.renamed[0] = '\0';
    }
}

void power_note_rename(int dir, const char *to)
{
    if (notes.dir <= 0 || dir != notes.dir)
        return;
    unlinkat(dir, KEPT, 0);
    notes.replaced = linkat(dir, to, dir, KEPT, 0) == 0;
    snprintf(notes.renamed, sizeof notes.renamed, "%s", to);
}

static void lose_pieces(int fd, off_t from, off_t size)
{
    static const char zeros[PIECE];
    for (off_t at = from; at < size; at += PIECE)
        if (check_random(2))
            raw_pwrite(fd, zeros, size - at < PIECE ? (size_t)(size - at) : PIECE, at);
}

void power_cut(int partly)
{
    for (unsigned i = 0; i < notes.count; i++) {
        struct stat st;
        int fd = notes.files[i].fd;
        if (fstat(fd, &st) < 0 || st.st_size <= notes.files[i].clean)
            continue;
        if (partly)
            lose_pieces(fd, notes.files[i].clean, st.st_size);
        else
            syscall(SYS_ftruncate, fd, notes.files[i].clean);
    }
    if (notes.renamed[0] && (!partly || check_random(2))) {
        if (notes.replaced)
            syscall(SYS_renameat2, notes.dir, KEPT, notes.dir, notes.renamed, 0);
        else
            unlinkat(notes.dir, notes.renamed, 0);
    }
    unlinkat(notes.dir, KEPT, 0);
    notes.count = 0;
    notes.renamed[0] = '\0';
}
