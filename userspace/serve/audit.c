/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sock.h"
#include "limits.h"

#define NAME_FORMAT "audit-%010" PRIu64 ".jsonl"
#define NAME_SIZE 48

struct audit {
    int directory; /* -1: to a stream */
    int stream;    /* -1: to files; or, with directory -1 as well, nowhere */
    size_t segment;
    unsigned keep;
    uint64_t number; /* of the file being written */
    uint64_t oldest; /* the oldest file that may still be there */
    int file;        /* -1: none yet */
    off_t base;      /* where in the file the window starts */
    char *window;    /* SIZE bytes, or NULL */
    size_t size;     /* to the end of what the file has ready, whether it is mapped or not */
    size_t used;     /* of the window */
    struct audit_stats stats;
};

static int file_name(uint64_t number, char ret[NAME_SIZE])
{
    return snprintf(ret, NAME_SIZE, NAME_FORMAT, number);
}

/* ---- recovery ------------------------------------------------------------------------------ */

/* Where the last whole line of FILE ends: lines have no NUL, what was preallocated has nothing
 * else. */
static int find_end(int file, off_t size, off_t *ret)
{
    char chunk[4096];
    off_t end = 0;
    for (off_t at = 0; at < size;) {
        ssize_t n = pread(file, chunk, sizeof chunk, at);
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        const char *zero = memchr(chunk, '\0', (size_t)n);
        size_t filled = zero ? (size_t)(zero - chunk) : (size_t)n;
        const char *newline = memrchr(chunk, '\n', filled);
        if (newline)
            end = at + (newline - chunk) + 1;
        if (zero)
            break;
        at += n;
    }
    *ret = end;
    return 0;
}

/* Cut what a killed daemon had preallocated or half written; an empty file goes altogether. */
static int recover(struct audit *audit, uint64_t number)
{
    char name[NAME_SIZE];
    file_name(number, name);
    int file = openat(audit->directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? 0 : -errno;
    struct stat st;
    off_t end = 0;
    int r = fstat(file, &st) < 0 ? -errno : find_end(file, st.st_size, &end);
    if (r == 0 && end < st.st_size && ftruncate(file, end) < 0)
        r = -errno;
    close(file);
    if (r == 0 && end == 0 && unlinkat(audit->directory, name, 0) < 0)
        r = -errno;
    return r;
}

static int find_numbers(struct audit *audit)
{
    int fd = openat(audit->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int r = -errno;
        if (fd >= 0)
            close(fd);
        return r;
    }
    audit->oldest = UINT64_MAX;
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint64_t number;
        char name[NAME_SIZE];
        if (sscanf(entry->d_name, "audit-%" SCNu64 ".jsonl", &number) != 1)
            continue;
        file_name(number, name);
        if (strcmp(name, entry->d_name) != 0)
            continue;
        audit->number = number > audit->number ? number : audit->number;
        audit->oldest = number < audit->oldest ? number : audit->oldest;
    }
    closedir(dir);
    if (audit->oldest == UINT64_MAX)
        audit->oldest = 1;
    return audit->number ? recover(audit, audit->number) : 0;
}

/* ---- files and windows --------------------------------------------------------------------- */

static void unmap_window(struct audit *audit)
{
    if (audit->window)
        munmap(audit->window, audit->size);
    audit->window = NULL;
}

static void finish_file(struct audit *audit)
{
    if (audit->file < 0)
        return;
    off_t end = audit->base + (off_t)audit->used;
    unmap_window(audit);
    /* Zeros at the end are cut by the next start as well, so a failure here loses nothing. */
    if (ftruncate(audit->file, end) < 0)
        audit->stats.failures++;
    close(audit->file);
    audit->file = -1;
    audit->base = 0;
    audit->size = audit->used = 0;
}

static void remove_old(struct audit *audit)
{
    char name[NAME_SIZE];
    for (; audit->oldest + audit->keep < audit->number; audit->oldest++) {
        file_name(audit->oldest, name);
        unlinkat(audit->directory, name, 0);
    }
}

static int begin_file(struct audit *audit)
{
    char name[NAME_SIZE];
    file_name(audit->number + 1, name);
    int file =
        openat(audit->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return -errno;
    audit->number++;
    audit->file = file;
    remove_old(audit);
    return 0;
}

/*
 * Give the next LIMIT_AUDIT_WINDOW bytes of the file, from AT on, their blocks and put their pages,
 * zeroed, into the page cache. Without its blocks a mapped write would meet the full disk as
 * SIGBUS; and a page that the kernel first has to find out to be empty costs several times as much
 * as one that was written. AT is a multiple of the window: the page cache takes what is written to
 * aligned places in large folios, and that is four times as quick as page by page.
 */
static int fill_window(const struct audit *audit, off_t at)
{
    static const char zeros[64 * 1024];
    _Static_assert(LIMIT_AUDIT_WINDOW % sizeof zeros == 0, "windows are written in whole pieces");
    off_t end = at + (off_t)LIMIT_AUDIT_WINDOW;
    int r = posix_fallocate(audit->file, at, LIMIT_AUDIT_WINDOW);
    if (r)
        return -r;
    while (at < end) {
        size_t piece = end - at < (off_t)sizeof zeros ? (size_t)(end - at) : sizeof zeros;
        ssize_t n = pwrite(audit->file, zeros, piece, at);
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        at += n;
    }
    return 0;
}

/*
 * Map the file from the page where the last line ends to the end of a window more. Mappings start
 * at pages, so what was ready but too short is mapped twice.
 */
static int map_window(struct audit *audit)
{
    off_t end = audit->base + (off_t)audit->used, ready = audit->base + (off_t)audit->size;
    off_t base = end & ~(off_t)4095;
    int r = fill_window(audit, ready);
    if (r < 0)
        return r;
    size_t size = (size_t)(ready - base) + LIMIT_AUDIT_WINDOW;
    char *window = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, audit->file, base);
    if (window == MAP_FAILED)
        return -errno;
    /* Page by page it would be requests that pay for the faults. Older kernels let them. */
    madvise(window, size, MADV_POPULATE_WRITE);
    unmap_window(audit);
    audit->window = window;
    audit->base = base;
    audit->size = size;
    audit->used = (size_t)(end - base);
    return 0;
}

/* A window with NEED bytes of room. */
static int make_room(struct audit *audit, size_t need)
{
    if (audit->window && audit->size - audit->used >= need)
        return 0;
    if (audit->file >= 0 && audit->base + (off_t)audit->used >= (off_t)audit->segment)
        finish_file(audit);
    int r = audit->file < 0 ? begin_file(audit) : 0;
    return r < 0 ? r : map_window(audit);
}

/* ---- the trail ----------------------------------------------------------------------------- */

int audit_reserve(struct audit *audit, size_t count)
{
    if (audit->directory < 0)
        return 0;
    int r = make_room(audit, count * LIMIT_AUDIT_RECORD);
    if (r < 0)
        audit->stats.failures++;
    return r;
}

static int append_stream(struct audit *audit, const char *line, size_t length)
{
    while (length) {
        ssize_t n = write(audit->stream, line, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        line += n;
        length -= (size_t)n;
    }
    return 0;
}

int audit_append(struct audit *audit, const char *line, size_t length)
{
    int r = 0;
    if (audit->directory >= 0) {
        r = make_room(audit, length);
        if (r == 0) {
            memcpy(audit->window + audit->used, line, length);
            audit->used += length;
        }
    } else if (audit->stream >= 0) {
        r = append_stream(audit, line, length);
    }
    if (r < 0)
        audit->stats.failures++;
    else
        audit->stats.records++;
    return r;
}

static int open_directory(struct audit *audit, const char *path, struct error *error)
{
    int r = sock_directory(path, 0700, error);
    if (r < 0)
        return r;
    audit->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (audit->directory < 0)
        return error_errno(error, -errno, "audit directory %s", path);
    r = find_numbers(audit);
    if (r == 0)
        r = make_room(audit, LIMIT_AUDIT_RECORD);
    return r < 0 ? error_errno(error, r, "audit directory %s", path) : 0;
}

int audit_open(const struct audit_options *options, struct audit **ret, struct error *error)
{
    struct audit *audit = calloc(1, sizeof *audit);
    if (!audit)
        return error_set(error, -ENOMEM, "out of memory");
    *audit = (struct audit){.directory = -1,
                            .stream = -1,
                            .file = -1,
                            .segment = options->segment,
                            .keep = options->keep};
    int r = 0;
    if (strcmp(options->target, "stdout") == 0)
        audit->stream = STDOUT_FILENO;
    else if (strcmp(options->target, "none") != 0)
        r = open_directory(audit, options->target, error);
    if (r < 0) {
        audit_close(audit);
        return r;
    }
    *ret = audit;
    return 0;
}

void audit_read_stats(const struct audit *audit, struct audit_stats *ret)
{
    *ret = audit->stats;
}

void audit_close(struct audit *audit)
{
    if (!audit)
        return;
    finish_file(audit);
    if (audit->directory >= 0)
        close(audit->directory);
    free(audit);
}
