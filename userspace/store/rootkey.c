/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/rootkey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "limits.h"

struct rootkey {
    struct arena *arena;
    struct age_identity *identities; /* ROOTKEY_MAX in the arena */
    size_t count;
};

static struct rootkey *make(struct arena *arena)
{
    struct rootkey *key = calloc(1, sizeof *key);
    if (!key)
        return NULL;
    key->arena = arena;
    key->identities = arena_alloc(arena, ROOTKEY_MAX * sizeof *key->identities);
    if (!key->identities) {
        free(key);
        return NULL;
    }
    return key;
}

struct rootkey *rootkey_generate(struct arena *arena)
{
    struct rootkey *key = make(arena);
    if (!key)
        return NULL;
    age_key_generate(&key->identities[0]);
    key->count = 1;
    return key;
}

/* ---- reading ------------------------------------------------------------------------------- */

int rootkey_parse(struct arena *arena, struct span text, struct rootkey **ret, struct error *error)
{
    struct rootkey *key = make(arena);
    unsigned line = 0;
    if (!key)
        return error_set(error, -ENOSPC, "there is no secret memory left for the root key");
    int r = age_key_read_file(text, key->identities, ROOTKEY_MAX, &key->count, &line);
    if (r == 0) {
        *ret = key;
        return 0;
    }
    rootkey_free(key);
    if (r == -ENOENT)
        return error_set(error, -EINVAL, "there is no AGE-SECRET-KEY-1... in it");
    if (r == -E2BIG)
        return error_set(error, -EINVAL, "it has more than %u identities", ROOTKEY_MAX);
    return error_set(error, -EINVAL, "line %u is no age identity (AGE-SECRET-KEY-1...)", line);
}

/* Read FD to its end into DATA. The bytes, or -errno; -EFBIG when they do not fit. */
static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t used = 0;
    while (used < size) {
        ssize_t n = read(fd, data + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : (ssize_t)used;
        used += (size_t)n;
    }
    return -EFBIG;
}

int rootkey_read_fd(struct arena *arena, int fd, const char *what, struct rootkey **ret,
                    struct error *error)
{
    struct error why = {""};
    char *text = arena_alloc(arena, LIMIT_KEY_FILE);
    if (!text)
        return error_set(error, -ENOSPC, "there is no secret memory left for the root key");
    ssize_t n = read_all(fd, text, LIMIT_KEY_FILE);
    int r = n < 0 ? (int)n : rootkey_parse(arena, (struct span){text, (size_t)n}, ret, &why);
    arena_free(arena, text);
    if (n < 0)
        return error_errno(error, r, "the root key in %s cannot be read", what);
    return r < 0 ? error_set(error, r, "the root key in %s: %.200s", what, why.text) : 0;
}

static int check_file(int fd, const char *name, struct error *error)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_errno(error, -errno, "%s", name);
    if (!S_ISREG(st.st_mode))
        return error_set(error, -EINVAL, "%s: not a regular file", name);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return error_set(error, -EPERM, "%s belongs to uid %u; it must be root's", name, st.st_uid);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(error, -EPERM, "%s can be reached by others (mode %04o); it must be 0600",
                         name, st.st_mode & 07777u);
    return 0;
}

int rootkey_read(struct arena *arena, int dir, const char *name, struct rootkey **ret,
                 struct error *error)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_errno(error, -errno, "%s", name);
    int r = check_file(fd, name, error);
    if (r == 0)
        r = rootkey_read_fd(arena, fd, name, ret, error);
    close(fd);
    return r;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void write_identity(struct writer *w, const struct age_identity *identity, const char *what)
{
    char time[CLOCK_RFC3339], public[AGE_KEY_RECIPIENT_TEXT];
    clock_format_seconds(clock_wall_us(), time);
    age_key_write_recipient(&identity->recipient, public);
    writer_literal(w, "# ");
    writer_text(w, what);
    writer_literal(w, ": ");
    writer_text(w, time);
    writer_literal(w, "\n# public key: ");
    writer_text(w, public);
    writer_literal(w, "\n");
    /* Written in place: a copy on the stack would have to be wiped. */
    if (AGE_KEY_IDENTITY_TEXT > w->size - w->used)
        return;
    age_key_write_identity(identity, w->data + w->used);
    w->used += AGE_KEY_IDENTITY_TEXT - 1;
    w->needed = w->used;
    writer_literal(w, "\n");
}

static int write_whole(int dir, const char *name, struct span text)
{
    unlinkat(dir, name, 0); /* whatever was left there, its mode was its own */
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int r = 0;
    for (size_t done = 0; r == 0 && done < text.length;) {
        ssize_t n = write(fd, text.data + done, text.length - done);
        if (n < 0 && errno != EINTR)
            r = -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (close(fd) < 0 && r == 0)
        r = -errno;
    return r;
}

static int sync_directory(int dir, const char *name)
{
    char path[LIMIT_PATH];
    const char *slash = strrchr(name, '/');
    snprintf(path, sizeof path, "%.*s", slash ? (int)(slash - name + 1) : 1, slash ? name : ".");
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return r;
}

static int name_fresh(const char *name, char ret[LIMIT_PATH])
{
    return snprintf(ret, LIMIT_PATH, "%s.new", name) < (int)LIMIT_PATH ? 0 : -ENAMETOOLONG;
}

void rootkey_clean(int dir, const char *name)
{
    char fresh[LIMIT_PATH];
    if (name_fresh(name, fresh) == 0)
        unlinkat(dir, fresh, 0);
}

int rootkey_write(int dir, const char *name, struct arena *arena, const struct rootkey *key,
                  const struct rootkey *old)
{
    char fresh[LIMIT_PATH];
    if (name_fresh(name, fresh) < 0)
        return -ENAMETOOLONG;
    char *text = arena_alloc(arena, LIMIT_KEY_FILE);
    if (!text)
        return -ENOSPC;
    struct writer w = writer_on(text, LIMIT_KEY_FILE);
    write_identity(&w, &key->identities[0], "written");
    if (old)
        write_identity(&w, &old->identities[0], "being replaced");
    int r = write_whole(dir, fresh, (struct span){text, w.used});
    arena_free(arena, text);
    if (r == 0 && renameat(dir, fresh, dir, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(dir, fresh, 0);
    return r < 0 ? r : sync_directory(dir, name);
}

/* ---- the rest ------------------------------------------------------------------------------ */

const struct age_identity *rootkey_identities(const struct rootkey *key)
{
    return key->identities;
}

size_t rootkey_count(const struct rootkey *key)
{
    return key->count;
}

void rootkey_settle(struct rootkey *key, size_t which)
{
    if (which)
        key->identities[0] = key->identities[which];
    arena_wipe(&key->identities[1], (ROOTKEY_MAX - 1) * sizeof *key->identities);
    key->count = 1;
}

void rootkey_free(struct rootkey *key)
{
    if (!key)
        return;
    arena_free(key->arena, key->identities);
    free(key);
}
