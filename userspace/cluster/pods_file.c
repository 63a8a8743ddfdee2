/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/pods_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "base/table.h"
#include "base/writer.h"
#include "cluster/told.h"
#include "identity/binding.h"
#include "identity/identity.h"
#include "identity/source_static.h"
#include "limits.h"

#define TEMPORARY PODS_FILE ".new"
#define HEAD "# Pods of this node, as the cluster had them last. Written by vsecmd; do not edit.\n"
#define TAIL "# crc32c " /* and eight hex digits, of all before this line */
#define TAIL_LENGTH (sizeof TAIL - 1 + 8 + 1)

/* ---- writing -----------------------------------------------------------------------------------
 */

static void write_field(struct writer *w, const char *name, const char *value)
{
    if (!value)
        return;
    writer_text(w, name);
    writer_text(w, value);
}

static void write_pod(struct writer *w, const struct told *told)
{
    const struct identity *identity = told->identity;
    writer_literal(w, "pod ");
    writer_span(w, told->name);
    write_field(w, " namespace=", identity->namespace);
    write_field(w, " workload=", identity->workload);
    write_field(w, " pod=", identity->pod);
    write_field(w, " service-account=", identity->service_account);
    writer_literal(w, "\n");
}

static void write_text(struct writer *w, const struct table *pods)
{
    size_t at = 0;
    writer_literal(w, HEAD);
    for (const struct told *told; (told = table_next(pods, &at));)
        if (told->identity)
            write_pod(w, told);
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

/* Not synced: after a power cut it may be the old one, or torn, which its checksum finds. */
static int replace(int dir, const char *data, size_t length)
{
    int fd = openat(dir, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, data, length);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && renameat(dir, TEMPORARY, dir, PODS_FILE) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir, TEMPORARY, 0);
    return r;
}

int pods_file_write(int dir, const struct table *pods, uint32_t *crc)
{
    struct writer count = {0};
    write_text(&count, pods);
    if (count.needed + TAIL_LENGTH > LIMIT_IDENTITY_FILE)
        return -EFBIG;
    size_t size = count.needed + TAIL_LENGTH + 1;
    char *data = malloc(size);
    if (!data)
        return -ENOMEM;
    struct writer w = writer_on(data, size);
    write_text(&w, pods);
    uint32_t fresh = crc32c_update(0, data, w.used);
    snprintf(data + w.used, size - w.used, TAIL "%08x\n", fresh);
    int r = fresh == *crc ? 0 : replace(dir, data, w.used + TAIL_LENGTH);
    free(data);
    if (r == 0)
        *crc = fresh;
    return r;
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static int is_whole(const char *data, size_t length)
{
    char tail[TAIL_LENGTH + 1];
    if (length < TAIL_LENGTH)
        return 0;
    size_t front = length - TAIL_LENGTH;
    snprintf(tail, sizeof tail, TAIL "%08x\n", crc32c_update(0, data, front));
    return memcmp(data + front, tail, TAIL_LENGTH) == 0;
}

int pods_file_read(int dir, struct registry **ret, struct error *error)
{
    char path[64];
    char *text = NULL;
    size_t length;
    struct bindings *none = NULL;
    snprintf(path, sizeof path, "/proc/self/fd/%d/" PODS_FILE, dir);
    int r = file_read(path, LIMIT_IDENTITY_FILE, &text, &length, error);
    if (r == 0 && !is_whole(text, length))
        r = error_set(error, -EBADMSG, "the file of pods is torn or was changed");
    if (r == 0)
        r = binding_load(NULL, &none, error);
    if (r == 0)
        r = source_static_read((struct span){text, length}, PODS_FILE, none, ret, error);
    binding_free(none);
    free(text);
    return r;
}
