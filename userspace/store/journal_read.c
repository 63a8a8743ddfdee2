/* SPDX-License-Identifier: BSD-2-Clause */
/* Single pieces of a log back: a frame by its place, the preface. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "store/journal_state.h"
#include "store/scan.h"

static int read_at(int fd, uint64_t offset, char *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = pread(fd, data + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EUCLEAN;
        done += (size_t)n;
    }
    return 0;
}

static int check(const struct journal_file *file, struct journal_place at, const char *data,
                 struct format_frame *header)
{
    int r = format_read_frame((const unsigned char *)data, at.offset, header);
    if (r < 0)
        return r;
    if (header->log != file->log || at.size != FORMAT_FRAME + header->body)
        return -EUCLEAN;
    return crc32c_update(0, data + FORMAT_FRAME, header->body) == header->body_crc ? 0 : -EUCLEAN;
}

int journal_read_whole(const struct journal_file *file, struct journal_place at, char **ret,
                       struct format_frame *header)
{
    if (at.size < FORMAT_FRAME || at.size > FORMAT_FRAME_MAX)
        return -EUCLEAN;
    char *data = malloc(at.size);
    if (!data)
        return -ENOMEM;
    int r = read_at(file->fd, at.offset, data, at.size);
    if (r == 0)
        r = check(file, at, data, header);
    if (r < 0) {
        free(data);
        return r;
    }
    *ret = data;
    return 0;
}

int journal_read(const struct journal_file *file, struct journal_place at, char **ret,
                 struct journal_frame *frame)
{
    struct format_frame header;
    int r = journal_read_whole(file, at, ret, &header);
    if (r < 0)
        return r;
    const char *body = *ret + FORMAT_FRAME;
    *frame = (struct journal_frame){
        .sequence = header.sequence,
        .meta = {body, header.meta},
        .payload = {body + header.meta, header.body - header.meta},
        .place = at,
    };
    return 0;
}

int journal_read_preface(int dir, const char *name, char **ret, size_t *length, struct error *error)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return error_errno(error, -errno, "%s", name);
    struct scan scan;
    struct span preface;
    int r = scan_begin(&scan, fd);
    if (r == 0)
        r = scan_head(&scan, &preface);
    char *copy = r == 0 ? malloc(preface.length + 1) : NULL;
    if (r == 0 && !copy)
        r = -ENOMEM;
    if (r == 0) {
        memcpy(copy, preface.data, preface.length);
        *ret = copy;
        *length = preface.length;
    } else {
        scan_explain(&scan, name, 0, r, error);
    }
    scan_end(&scan);
    close(fd);
    return r;
}
