/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/sealed_record.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_whole.h"
#include "crypto/arena.h"
#include "store/record.h"

static int seal(struct arena *arena, struct span text, const struct age_recipient *to, char **ret,
                size_t *length)
{
    struct age_whole_seal *work = arena_alloc(arena, sizeof *work);
    if (!work)
        return -ENOSPC;
    char *file = malloc(age_whole_size(text.length)); /* sealed: the heap may have it */
    int r = file ? age_whole_seal(work, text, to, file, length) : -ENOMEM;
    arena_free(arena, work);
    if (r < 0)
        free(file);
    else
        *ret = file;
    return r;
}

int sealed_record_write(struct arena *arena, const struct record *record,
                        const struct age_recipient *to, char **ret, size_t *length)
{
    struct writer count = {0};
    record_write(&count, record);
    char *text = arena_alloc(arena, count.needed);
    if (!text)
        return -ENOSPC;
    struct writer w = writer_on(text, count.needed);
    record_write(&w, record);
    int r = seal(arena, (struct span){text, w.used}, to, ret, length);
    arena_free(arena, text);
    return r;
}

/* A record of a log has a place in it; one of the cluster has none. */
static int is_version(const struct record *record)
{
    return record->op == RECORD_PUT && record->sequence == 0;
}

int sealed_record_read(struct arena *arena, struct span sealed,
                       const struct age_identity *identities, size_t count, struct record *ret)
{
    struct error error = {""};
    char *text;
    size_t length;
    int r = age_whole_open(arena, sealed, identities, count, &text, &length, NULL, &error);
    if (r < 0)
        return r == -ENOKEY || r == -ENOSPC ? r : -EBADMSG;
    r = record_read((struct span){text, length}, arena, ret, &error);
    arena_free(arena, text);
    if (r == 0 && !is_version(ret)) {
        record_done(arena, ret);
        r = -EINVAL;
    }
    return r == -EINVAL ? -EBADMSG : r;
}
