/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "limits.h"

int scan_begin(struct scan *scan, int fd)
{
    struct stat st;
    *scan = (struct scan){.fd = fd};
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    scan->size = (uint64_t)st.st_size;
    return 0;
}

void scan_end(struct scan *scan)
{
    free(scan->buffer);
    scan->buffer = NULL;
}

int scan_explain(const struct scan *scan, const char *name, uint64_t offset, int r,
                 struct error *error)
{
    if (r == -EPROTONOSUPPORT)
        return error_set(error, r, "%s has format version %u; this program reads version %u", name,
                         scan->version, FORMAT_VERSION);
    if (r == -EUCLEAN)
        return error_set(error, r,
                         "%s is damaged at byte %llu, and nothing was changed: `vsecm doctor "
                         "--state DIR` says what is lost and saves the rest",
                         name, (unsigned long long)offset);
    return error_errno(error, r, "%s", name);
}

/* ---- the window --------------------------------------------------------------------------------
 */

static int grow(struct scan *scan, size_t length)
{
    if (length < LIMIT_SCAN)
        length = LIMIT_SCAN;
    if (length <= scan->capacity)
        return 0;
    scan->filled = 0;
    free(scan->buffer);
    scan->buffer = malloc(length);
    scan->capacity = scan->buffer ? length : 0;
    return scan->buffer ? 0 : -ENOMEM;
}

static int fill(struct scan *scan, uint64_t offset)
{
    scan->at = offset;
    scan->filled = 0;
    while (scan->filled < scan->capacity) {
        ssize_t n = pread(scan->fd, scan->buffer + scan->filled, scan->capacity - scan->filled,
                          (off_t)(offset + scan->filled));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        scan->filled += (size_t)n;
    }
    return 0;
}

/* LENGTH bytes at OFFSET, in one piece; -EUCLEAN when the file ends before. */
static int bytes_at(struct scan *scan, uint64_t offset, size_t length, const unsigned char **ret)
{
    if (offset > scan->size || length > scan->size - offset)
        return -EUCLEAN;
    uint64_t skip = offset - scan->at;
    if (offset < scan->at || skip > scan->filled || length > scan->filled - skip) {
        int r = grow(scan, length);
        if (r == 0)
            r = fill(scan, offset);
        if (r < 0)
            return r;
        if (scan->filled < length)
            return -EUCLEAN;
        skip = 0;
    }
    *ret = scan->buffer + skip;
    return 0;
}

/* ---- what is in it -----------------------------------------------------------------------------
 */

int scan_head(struct scan *scan, struct span *preface)
{
    const unsigned char *data;
    size_t length = 0;
    int r = bytes_at(scan, 0, FORMAT_HEAD, &data);
    if (r == 0)
        r = format_read_head(data, &length, &scan->version);
    if (r == 0)
        r = bytes_at(scan, 0, format_head_size(length), &data);
    if (r < 0)
        return r;
    if (!format_head_is_whole(data, length, &scan->log))
        return -EUCLEAN;
    scan->start = format_head_size(length);
    *preface = (struct span){(const char *)data + FORMAT_HEAD, length};
    return 0;
}

int scan_frame(struct scan *scan, uint64_t offset, struct scan_frame *ret)
{
    const unsigned char *data;
    int r = bytes_at(scan, offset, FORMAT_FRAME, &data);
    if (r == 0)
        r = format_read_frame(data, offset, &ret->header);
    if (r < 0)
        return r;
    const struct format_frame *header = &ret->header;
    if ((header->log != scan->log && !scan->any_log) || header->durable < scan->start)
        return -EUCLEAN;
    r = bytes_at(scan, offset, FORMAT_FRAME + header->body, &data);
    if (r < 0)
        return r;
    const char *body = (const char *)data + FORMAT_FRAME;
    if (crc32c_update(0, body, header->body) != header->body_crc)
        return -EUCLEAN;
    ret->offset = offset;
    ret->end = offset + FORMAT_FRAME + header->body;
    ret->meta = (struct span){body, header->meta};
    ret->payload = (struct span){body + header->meta, header->body - header->meta};
    return 0;
}

int scan_next(struct scan *scan, uint64_t offset, uint64_t batch, uint64_t last,
              struct scan_frame *ret)
{
    int r = scan_frame(scan, offset, ret);
    if (r < 0)
        return r;
    int is_first = (ret->header.flags & FORMAT_FIRST) != 0;
    return ret->header.sequence > last && is_first == (offset == batch) ? 0 : -EUCLEAN;
}

/* The next place at FROM or behind it that begins like a frame; -ENOENT. */
static int next_mark(struct scan *scan, uint64_t from, uint64_t *ret)
{
    while (from < scan->size && scan->size - from >= FORMAT_FRAME) {
        const unsigned char *data;
        int r = bytes_at(scan, from, FORMAT_FRAME, &data);
        if (r < 0)
            return r == -EUCLEAN ? -ENOENT : r;
        size_t left = scan->filled - (size_t)(from - scan->at);
        const unsigned char *mark = memmem(data, left, format_mark, sizeof format_mark);
        if (mark) {
            *ret = from + (uint64_t)(mark - data);
            return 0;
        }
        from += left - (sizeof format_mark - 1); /* the window may end within one */
    }
    return -ENOENT;
}

int scan_search(struct scan *scan, uint64_t from, struct scan_frame *ret)
{
    uint64_t at;
    int r;
    while ((r = next_mark(scan, from, &at)) == 0) {
        r = scan_frame(scan, at, ret);
        if (r != -EUCLEAN)
            return r;
        from = at + 1;
    }
    return r;
}

/*
 * A later frame that says so is the only witness. A tail that was never synced may have good frames
 * behind bad ones, but none of them can claim what was not durable yet.
 */
int scan_judge(struct scan *scan, uint64_t offset, uint64_t *last)
{
    struct scan_frame frame;
    int r;
    for (uint64_t at = offset + 1; (r = scan_search(scan, at, &frame)) == 0; at = frame.end) {
        if (frame.header.durable > offset)
            return -EUCLEAN;
        if (frame.header.sequence > *last)
            *last = frame.header.sequence;
    }
    return r == -ENOENT ? 0 : r;
}
