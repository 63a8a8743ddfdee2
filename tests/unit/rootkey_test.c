/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/rootkey.h"

#include <errno.h>
#include <fcntl.h>

#include "limits.h"
#include "tests/unit/arenas.h"
#include "tests/unit/scratch.h"

static struct arena *arena;
static struct error error;
static int dir;

static void begin(void)
{
    arena = arenas_new(ARENA_MIB);
    dir = open(scratch_new(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir >= 0);
}

static void end(void)
{
    close(dir);
    rootkey_free(NULL);
    arenas_done(arena);
}

static struct rootkey *written(const char *name)
{
    struct rootkey *key = rootkey_generate(arena);
    CHECK(key != NULL);
    CHECK_EQ_INT(rootkey_write(dir, name, arena, key, NULL), 0);
    return key;
}

static int same(const struct age_identity *a, const struct age_identity *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static struct stat look(const char *name)
{
    struct stat st;
    CHECK(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
    return st;
}

static int is_there(const char *name)
{
    return faccessat(dir, name, F_OK, 0) == 0;
}

/* What rootkey_read() says of NAME; a key must not come with a refusal. */
static int read_key(const char *name)
{
    struct rootkey *key = NULL;
    error.text[0] = '\0';
    int r = rootkey_read(arena, dir, name, &key, &error);
    CHECK((r == 0) == (key != NULL) && (r == 0) == (error.text[0] == '\0'));
    rootkey_free(key);
    return r;
}

TEST(write_and_read)
{
    struct rootkey *back;
    begin();
    struct rootkey *key = written("root.key");
    CHECK_EQ_INT(look("root.key").st_mode, S_IFREG | 0600);
    CHECK(!is_there("root.key.new"));
    CHECK_EQ_INT(rootkey_read(arena, dir, "root.key", &back, &error), 0);
    CHECK_EQ_INT(rootkey_count(back), 1);
    CHECK(same(rootkey_identities(back), rootkey_identities(key)));
    rootkey_free(key);
    rootkey_free(back);
    end();
}

TEST(two_identities)
{
    struct rootkey *both;
    begin();
    struct rootkey *old = written("root.key"), *fresh = rootkey_generate(arena);
    CHECK_EQ_INT(rootkey_write(dir, "root.key", arena, fresh, old), 0);
    CHECK_EQ_INT(rootkey_read(arena, dir, "root.key", &both, &error), 0);
    CHECK_EQ_INT(rootkey_count(both), 2);
    CHECK(same(&rootkey_identities(both)[0], rootkey_identities(fresh)));
    CHECK(same(&rootkey_identities(both)[1], rootkey_identities(old)));
    rootkey_settle(both, 1);
    CHECK_EQ_INT(rootkey_count(both), 1);
    CHECK(same(rootkey_identities(both), rootkey_identities(old)));
    CHECK(arenas_is_wiped((const char *)&rootkey_identities(both)[1], sizeof(struct age_identity)));
    rootkey_free(old);
    rootkey_free(fresh);
    rootkey_free(both);
    end();
}

TEST(modes)
{
    static const mode_t bad[] = {0640, 0604, 0660, 0620, 0602, 0601, 0644, 0777};
    begin();
    rootkey_free(written("k"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(fchmodat(dir, "k", bad[i], 0) == 0);
        CHECK_EQ_INT(read_key("k"), -EPERM);
        CHECK(strstr(error.text, "must be 0600") != NULL);
    }
    CHECK(fchmodat(dir, "k", 0400, 0) == 0);
    CHECK_EQ_INT(read_key("k"), 0);
    CHECK(fchmodat(dir, "k", 0600, 0) == 0);
    CHECK_EQ_INT(read_key("k"), 0);
    end();
}

TEST(owners)
{
    begin();
    if (geteuid() != 0)
        CHECK_SKIP("needs root");
    rootkey_free(written("k"));
    CHECK(fchownat(dir, "k", 1000, 0, 0) == 0);
    CHECK_EQ_INT(read_key("k"), -EPERM);
    CHECK(strstr(error.text, "uid 1000") != NULL);
    CHECK(fchownat(dir, "k", 0, 0, 0) == 0);
    CHECK_EQ_INT(read_key("k"), 0);
    end();
}

TEST(what_is_no_file)
{
    begin();
    CHECK_EQ_INT(read_key("absent"), -ENOENT);
    CHECK(mkdirat(dir, "directory", 0700) == 0);
    CHECK_EQ_INT(read_key("directory"), -EINVAL);
    CHECK(mkfifoat(dir, "fifo", 0600) == 0);
    CHECK_EQ_INT(read_key("fifo"), -EINVAL); /* and does not wait for a writer */
    rootkey_free(written("k"));
    CHECK_EQ_INT(read_key("k"), 0);
    end();
}

static int read_text(const char *text, size_t length)
{
    scratch_bytes("k", text, length);
    CHECK(fchmodat(dir, "k", 0600, 0) == 0);
    return read_key("k");
}

TEST(garbage)
{
    char text[3 * LIMIT_KEY_FILE];
    char identity[AGE_KEY_IDENTITY_TEXT];
    begin();
    struct rootkey *key = rootkey_generate(arena);
    age_key_write_identity(rootkey_identities(key), identity);
    CHECK_EQ_INT(read_text("", 0), -EINVAL);
    CHECK(strstr(error.text, "there is no AGE-SECRET-KEY-1") != NULL);
    CHECK_EQ_INT(read_text("# a comment\n\n", 13), -EINVAL);
    int n = snprintf(text, sizeof text, "# mine\r\n\n%.73s\n", identity);
    CHECK_EQ_INT(read_text(text, (size_t)n), -EINVAL);
    CHECK(strstr(error.text, "line 3") && !strstr(error.text, identity + 20));
    n = snprintf(text, sizeof text, "%s\ngarbage\n", identity);
    CHECK_EQ_INT(read_text(text, (size_t)n), -EINVAL);
    CHECK(strstr(error.text, "line 2") != NULL);
    memset(text, '#', sizeof text);
    CHECK_EQ_INT(read_text(text, sizeof text), -EFBIG);
    CHECK_EQ_INT(read_text(text, LIMIT_KEY_FILE), -EFBIG);
    n = 0;
    for (unsigned i = 0; i < ROOTKEY_MAX; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s\n", identity);
    CHECK_EQ_INT(read_text(text, (size_t)n), 0);
    n += snprintf(text + n, sizeof text - (size_t)n, "%s\n", identity);
    CHECK_EQ_INT(read_text(text, (size_t)n), -EINVAL);
    CHECK(strstr(error.text, "more than 4") != NULL);
    CHECK_EQ_INT(read_text(identity, strlen(identity)), 0);
    rootkey_free(key);
    end();
}

TEST(descriptor)
{
    char identity[AGE_KEY_IDENTITY_TEXT];
    struct rootkey *back;
    int pipes[2];
    begin();
    struct rootkey *key = rootkey_generate(arena);
    age_key_write_identity(rootkey_identities(key), identity);
    CHECK(pipe(pipes) == 0);
    CHECK(write(pipes[1], identity, 40) == 40);
    CHECK(write(pipes[1], identity + 40, strlen(identity) - 40) > 0);
    close(pipes[1]);
    CHECK_EQ_INT(rootkey_read_fd(arena, pipes[0], "fd:3", &back, &error), 0);
    CHECK(same(rootkey_identities(back), rootkey_identities(key)));
    rootkey_free(back);
    CHECK_EQ_INT(rootkey_read_fd(arena, pipes[0], "fd:3", &back, &error), -EINVAL);
    CHECK(strstr(error.text, "the root key in fd:3") != NULL);
    close(pipes[0]);
    CHECK_EQ_INT(rootkey_read_fd(arena, pipes[0], "fd:3", &back, &error), -EBADF);
    rootkey_free(key);
    end();
}

/* A new file takes the old one's place whole; one that was begun and left does not matter. */
TEST(write_is_atomic)
{
    begin();
    rootkey_free(written("root.key"));
    ino_t first = look("root.key").st_ino;
    int held = openat(dir, "root.key", O_RDONLY | O_CLOEXEC);
    char before[512], after[512];
    ssize_t length = pread(held, before, sizeof before, 0);
    scratch_file("root.key.new", "left over");
    CHECK(fchmodat(dir, "root.key.new", 0666, 0) == 0);
    rootkey_free(written("root.key"));
    CHECK_EQ_INT(look("root.key").st_mode, S_IFREG | 0600);
    CHECK(look("root.key").st_ino != first && !is_there("root.key.new"));
    CHECK_EQ_INT(pread(held, after, sizeof after, 0), length);
    CHECK_MEM(after, before, (size_t)length);
    close(held);
    end();
}

TEST(write_that_cannot)
{
    char name[LIMIT_PATH + 8];
    begin();
    rootkey_free(written("root.key"));
    CHECK_EQ_INT(read_key("root.key"), 0);
    struct rootkey *key = rootkey_generate(arena);
    CHECK_EQ_INT(rootkey_write(dir, "absent/root.key", arena, key, NULL), -ENOENT);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK_EQ_INT(rootkey_write(dir, name, arena, key, NULL), -ENAMETOOLONG);
    CHECK(mkdirat(dir, "taken", 0700) == 0);
    CHECK_EQ_INT(rootkey_write(dir, "taken", arena, key, NULL), -EISDIR);
    CHECK(!is_there("taken.new"));
    CHECK(mkdirat(dir, "sub", 0700) == 0);
    CHECK_EQ_INT(rootkey_write(dir, "sub/root.key", arena, key, NULL), 0);
    CHECK_EQ_INT(read_key("sub/root.key"), 0);
    rootkey_free(key);
    end();
}

TEST(full_arena)
{
    struct rootkey *key;
    arena = arenas_new(256 * 1024);
    while (arena_alloc(arena, 16))
        ;
    CHECK(rootkey_generate(arena) == NULL);
    CHECK_EQ_INT(rootkey_parse(arena, SPAN_LITERAL("x"), &key, &error), -ENOSPC);
    CHECK_EQ_INT(rootkey_read_fd(arena, 0, "fd:0", &key, &error), -ENOSPC);
    arena_destroy(arena);
}

CHECK_MAIN
