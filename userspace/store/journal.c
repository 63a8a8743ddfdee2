/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal's life and everything that writes; journal_open.c and journal_read.c have the rest.
 */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "limits.h"
#include "store/journal_state.h"

/* ---- life --------------------------------------------------------------------------------------
 */

struct journal_file *journal_file_new(int fd, uint32_t log)
{
    struct journal_file *file = malloc(sizeof *file);
    if (!file) {
        close(fd);
        return NULL;
    }
    *file = (struct journal_file){.fd = fd, .references = 1, .log = log};
    return file;
}

struct journal_file *journal_file_ref(struct journal *journal)
{
    journal->file->references++;
    return journal->file;
}

void journal_file_unref(struct journal_file *file)
{
    if (!file || --file->references)
        return;
    close(file->fd);
    free(file);
}

static int is_on_memory(int fd, int *ret)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return -errno;
    *ret = fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
    return 0;
}

int journal_attach(int fd, struct span preface, uint32_t log, uint64_t end, struct journal **ret)
{
    struct journal_file *file = journal_file_new(fd, log);
    struct journal *journal = file ? calloc(1, sizeof *journal) : NULL;
    if (!journal) {
        journal_file_unref(file);
        return -ENOMEM;
    }
    journal->file = file;
    journal->preface = malloc(preface.length + 1);
    journal->preface_length = preface.length;
    journal->end = journal->batch = journal->durable = end;
    int r = journal->preface ? is_on_memory(fd, &journal->is_memory) : -ENOMEM;
    if (r < 0) {
        journal_close(journal);
        return r;
    }
    if (preface.length)
        memcpy(journal->preface, preface.data, preface.length);
    *ret = journal;
    return 0;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    journal_drop(journal);
    journal_file_unref(journal->file);
    free(journal->preface);
    free(journal);
}

/* ---- bytes to the file -------------------------------------------------------------------------
 */

/* What is left of COUNT pieces when N bytes of them are written. */
static int skip_written(struct iovec **pieces, int count, size_t n)
{
    for (; count && n >= (*pieces)->iov_len; count--, (*pieces)++)
        n -= (*pieces)->iov_len;
    if (count) {
        (*pieces)->iov_base = (char *)(*pieces)->iov_base + n;
        (*pieces)->iov_len -= n;
    }
    return count;
}

/* All COUNT pieces at OFFSET. A reader uses pread(2), so the position is ours. */
static int write_at(int fd, uint64_t offset, struct iovec *pieces, int count)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return -errno;
    while (count) {
        ssize_t n = writev(fd, pieces, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        count = skip_written(&pieces, count, (size_t)n);
    }
    return 0;
}

/* To END, a complete batch's. */
static int cut_back(struct journal *journal, uint64_t end)
{
    journal_drop(journal);
    if (journal->is_broken)
        return -EIO;
    if (ftruncate(journal->file->fd, (off_t)end) < 0) {
        journal->is_broken = 1;
        return -errno;
    }
    journal->end = journal->batch = end;
    if (journal->checkpoint > end)
        journal->checkpoint = 0;
    return 0;
}

/* After a write that failed with R. */
static int take_back(struct journal *journal, int r)
{
    cut_back(journal, journal->batch);
    return r;
}

static void end_batch(struct journal *journal)
{
    journal->batch = journal->end;
    if (journal->is_memory || journal->is_fresh)
        journal->durable = journal->end;
}

/* ---- creating ----------------------------------------------------------------------------------
 */

static int write_head(int fd, struct span preface, uint32_t *log)
{
    size_t size = format_head_size(preface.length);
    unsigned char *head = malloc(size);
    if (!head)
        return -ENOMEM;
    *log = format_write_head(preface, head);
    struct iovec piece = {.iov_base = head, .iov_len = size};
    int r = write_at(fd, 0, &piece, 1);
    free(head);
    return r;
}

int journal_create(int dir, const char *name, struct span preface, uint64_t next_sequence,
                   struct journal **ret, struct error *error)
{
    if (preface.length > LIMIT_PREFACE)
        return error_set(error, -EMSGSIZE, "%s: a preface has at most %u bytes", name,
                         LIMIT_PREFACE);
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(error, -errno, "cannot make %s", name);
    uint32_t log;
    struct journal *journal = NULL;
    int r = write_head(fd, preface, &log);
    if (r < 0)
        close(fd);
    else
        r = journal_attach(fd, preface, log, format_head_size(preface.length), &journal);
    if (r < 0) {
        unlinkat(dir, name, 0);
        return error_errno(error, r, "cannot make %s", name);
    }
    journal->is_fresh = 1;
    journal->next_sequence = next_sequence;
    *ret = journal;
    return 0;
}

/* ---- batches -----------------------------------------------------------------------------------
 */

uint64_t journal_next_sequence(const struct journal *journal)
{
    return journal->next_sequence > journal->last_sequence ? journal->next_sequence
                                                           : journal->last_sequence + 1;
}

static struct journal_pending *reserve(struct journal *journal, enum format_kind kind,
                                       struct span meta, size_t payload_length)
{
    size_t body = meta.length + payload_length;
    struct journal_pending *pending = malloc(sizeof *pending + FORMAT_FRAME + body);
    if (!pending)
        return NULL;
    *pending = (struct journal_pending){.header = {.body = (uint32_t)body,
                                                   .sequence = journal_next_sequence(journal),
                                                   .log = journal->file->log,
                                                   .meta = (uint16_t)meta.length,
                                                   .kind = (uint8_t)kind}};
    if (meta.length)
        memcpy(pending->data + FORMAT_FRAME, meta.data, meta.length);
    journal->next_sequence = pending->header.sequence + 1;
    if (journal->last)
        journal->last->next = pending;
    else
        journal->first = pending;
    journal->last = pending;
    journal->reserved += FORMAT_FRAME + body;
    return pending;
}

int journal_reserve(struct journal *journal, struct span meta, size_t payload_length,
                    unsigned char **payload, struct journal_place *place)
{
    if (meta.length > LIMIT_META || payload_length > LIMIT_RECORD)
        return -EMSGSIZE;
    uint64_t offset = journal->end + journal->reserved;
    struct journal_pending *pending = reserve(journal, FORMAT_RECORD, meta, payload_length);
    if (!pending)
        return -ENOMEM;
    *payload = pending->data + FORMAT_FRAME + meta.length;
    *place = (struct journal_place){offset, FORMAT_FRAME + pending->header.body};
    return 0;
}

void journal_drop(struct journal *journal)
{
    for (struct journal_pending *pending = journal->first, *next; pending; pending = next) {
        next = pending->next;
        free(pending);
    }
    journal->first = journal->last = NULL;
    journal->reserved = 0;
}

static void finish(const struct journal *journal, struct journal_pending *pending, uint64_t offset,
                   int is_last)
{
    struct format_frame *header = &pending->header;
    header->durable = journal->durable;
    header->flags =
        (uint8_t)((offset == journal->batch ? FORMAT_FIRST : 0) | (is_last ? FORMAT_LAST : 0));
    header->body_crc = crc32c_update(0, pending->data + FORMAT_FRAME, header->body);
    format_write_frame(header, offset, pending->data);
}

/* Append what is reserved, PIECES at a time. */
static int write_reserved(struct journal *journal, int ends)
{
    enum { PIECES = LIMIT_TARGETS };
    struct iovec pieces[PIECES];
    uint64_t at = journal->end, written = at;
    int count = 0, r = 0;
    for (struct journal_pending *p = journal->first; p && r == 0; p = p->next) {
        size_t size = FORMAT_FRAME + p->header.body;
        finish(journal, p, at, ends && !p->next);
        pieces[count++] = (struct iovec){.iov_base = p->data, .iov_len = size};
        at += size;
        if (count < PIECES && p->next)
            continue;
        r = write_at(journal->file->fd, written, pieces, count);
        written = at;
        count = 0;
    }
    return r;
}

int journal_write(struct journal *journal, int ends)
{
    if (!journal->first && !journal->is_broken)
        return -EINVAL;
    int r = journal->is_broken ? -EIO : write_reserved(journal, ends);
    if (r < 0)
        return take_back(journal, r);
    journal->end += journal->reserved;
    journal->last_sequence = journal->last->header.sequence;
    journal_drop(journal);
    if (ends)
        end_batch(journal);
    return 0;
}

int journal_abandon(struct journal *journal)
{
    return cut_back(journal, journal->batch);
}

int journal_undo(struct journal *journal)
{
    return cut_back(journal, journal->durable);
}

int journal_checkpoint(struct journal *journal, int64_t now_us)
{
    if (journal->is_broken)
        return -EIO;
    if (journal->first || journal->end != journal->batch)
        return -EBUSY;
    if (journal->checkpoint == journal->end)
        return 0;
    if (journal->durable != journal->end)
        return -EBUSY;
    struct journal_pending *pending = reserve(journal, FORMAT_CHECKPOINT, (struct span){NULL, 0},
                                              FORMAT_TIME + journal->preface_length);
    if (!pending)
        return -ENOMEM;
    unsigned char *payload = pending->data + FORMAT_FRAME;
    format_write_u64(payload, (uint64_t)now_us);
    memcpy(payload + FORMAT_TIME, journal->preface, journal->preface_length);
    int r = journal_write(journal, 1);
    if (r == 0)
        journal->checkpoint = journal->end;
    return r;
}

/* ---- durability --------------------------------------------------------------------------------
 */

int journal_is_memory(const struct journal *journal)
{
    return journal->is_memory;
}

uint64_t journal_end(const struct journal *journal)
{
    return journal->batch;
}

int journal_sync(struct journal *journal)
{
    return fdatasync(journal->file->fd) < 0 ? -errno : 0;
}

void journal_synced(struct journal *journal, uint64_t end)
{
    if (end > journal->batch)
        end = journal->batch;
    /* A fresh log's claim was about its publication; from here on it is about what was synced. */
    if ((journal->is_fresh && !journal->is_memory) || end > journal->durable)
        journal->durable = end;
    journal->is_fresh = 0;
}

/* ---- rewriting ---------------------------------------------------------------------------------
 */

int journal_copy(struct journal *to, const struct journal_file *from, struct journal_place at,
                 struct journal_place *place)
{
    char *data;
    struct format_frame header;
    if (to->is_broken)
        return -EIO;
    if (to->first || to->end != to->batch)
        return -EBUSY;
    int r = journal_read_whole(from, at, &data, &header);
    if (r < 0)
        return r;
    if (header.kind != FORMAT_RECORD || header.sequence <= to->last_sequence) {
        free(data);
        return -EINVAL;
    }
    header.durable = to->durable;
    header.log = to->file->log;
    header.flags = FORMAT_FIRST | FORMAT_LAST;
    format_write_frame(&header, to->end, (unsigned char *)data);
    struct iovec piece = {.iov_base = data, .iov_len = at.size};
    r = write_at(to->file->fd, to->end, &piece, 1);
    free(data);
    if (r < 0)
        return take_back(to, r);
    *place = (struct journal_place){to->end, at.size};
    to->end += at.size;
    to->last_sequence = header.sequence;
    end_batch(to);
    return 0;
}

int journal_publish(struct journal *journal, int dir, const char *from, const char *to)
{
    if (journal->is_broken)
        return -EIO;
    if (journal->checkpoint != journal->end)
        return -EINVAL;
    if (fsync(journal->file->fd) < 0)
        return -errno;
    if (renameat(dir, from, dir, to) < 0)
        return -errno;
    return fsync(dir) < 0 ? -ESTALE : 0;
}
