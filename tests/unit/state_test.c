/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "protocol.h"
#include "tests/unit/scratch.h"

#define TMPFS 0x01021994

static struct error error;

/* The name of a directory that is not there yet. */
static const char *fresh(void)
{
    error.text[0] = '\0';
    scratch_new();
    return scratch_path("state");
}

static void put_file(int dir, const char *name)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
}

static int is_tmpfs(int dir)
{
    struct statfs fs;
    CHECK(fstatfs(dir, &fs) == 0);
    return fs.f_type == TMPFS;
}

TEST(makes_a_private_directory_and_holds_its_lock)
{
    struct state state, second;
    struct stat st;
    const char *path = fresh();
    CHECK_EQ_INT(state_open(path, STATE_MOUNT_NO, &state, &error), 0);
    CHECK(fstat(state.dir, &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK(fstatat(state.dir, PROTOCOL_STATE_LOCK, &st, 0) == 0 && (st.st_mode & 07777) == 0600);
    CHECK_EQ_INT(state_open(path, STATE_MOUNT_NO, &second, &error), -EWOULDBLOCK);
    CHECK(strstr(error.text, path) && second.dir == -1 && second.lock == -1);
    state_close(&state);
    state_close(&state);
    CHECK_EQ_INT(state_open(path, STATE_MOUNT_NO, &state, &error), 0);
    state_close(&state);
}

TEST(says_what_it_is_worth)
{
    struct state state;
    CHECK_EQ_INT(state_open(fresh(), STATE_MOUNT_NO, &state, &error), 0);
    CHECK_EQ_INT(state.is_memory, is_tmpfs(state.dir));
    CHECK(strncmp(state.promise, state.is_memory ? "memory only (" : "on disk (", 9) == 0);
    CHECK(!strstr(state.promise, "unknown"));
    state_close(&state);
}

TEST(refuses_what_is_not_ours)
{
    struct state state;
    const char *path = fresh();
    scratch_file("state", "a file");
    CHECK(state_open(path, STATE_MOUNT_NO, &state, &error) < 0 && error.text[0]);
    CHECK(unlink(path) == 0 && symlink("/tmp", path) == 0);
    CHECK(state_open(path, STATE_MOUNT_NO, &state, &error) < 0);
    CHECK(unlink(path) == 0 && mkdir(path, 0700) == 0);
    if (geteuid() == 0) {
        CHECK(chown(path, 12345, 0) == 0);
        CHECK(state_open(path, STATE_MOUNT_NO, &state, &error) < 0);
        CHECK(chown(path, 0, 0) == 0);
    }
    CHECK_EQ_INT(state_open(path, STATE_MOUNT_NO, &state, &error), 0);
    state_close(&state);
}

/* ---- mounts, each in a namespace of its own ----------------------------------------------------
 */

static void in_a_namespace(void (*act)(void *path))
{
    const char *path = fresh();
    if (geteuid() != 0)
        CHECK_SKIP("needs root");
    CHECK_EQ_INT(check_child(act, (void *)path), 0);
}

static void own_mounts(const char *path)
{
    CHECK(unshare(CLONE_NEWNS) == 0);
    CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    (void)path;
}

static void on_a_tmpfs(const char *path)
{
    char parent[128];
    own_mounts(path);
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    CHECK(mount("parent", parent, "tmpfs", 0, "mode=0755") == 0);
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    CHECK(syscall(SYS_capset, &header, none) == 0);
}

static void mounts_once(void *argument)
{
    const char *path = argument;
    struct state state;
    struct stat st, below;
    struct statfs fs;
    own_mounts(path);
    CHECK_EQ_INT(state_open(path, STATE_MOUNT_YES, &state, &error), 0);
    CHECK(is_tmpfs(state.dir) && state.is_memory);
    CHECK(fstat(state.dir, &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK(fstatfs(state.dir, &fs) == 0);
    CHECK((fs.f_flags & (ST_NOSUID | ST_NODEV | ST_NOEXEC)) == (ST_NOSUID | ST_NODEV | ST_NOEXEC));
    CHECK_STR(state.promise,
              state.is_noswap ? "memory only (tmpfs, never swapped)" : "memory only (tmpfs)");
    put_file(state.dir, "kept");
    int noswap = mount("probe", "/mnt", "tmpfs", 0, "noswap") == 0;
    CHECK_EQ_INT(state.is_noswap, noswap);
    state_close(&state);
    /* A second start finds it as it was, whatever it was told. */
    for (enum state_mount how = STATE_MOUNT_NO; how <= STATE_MOUNT_YES; how++) {
        CHECK_EQ_INT(state_open(path, how, &state, &error), 0);
        CHECK(fstat(state.dir, &below) == 0 && below.st_dev == st.st_dev);
        CHECK(faccessat(state.dir, "kept", F_OK, 0) == 0);
        CHECK_EQ_INT(state.is_noswap, noswap);
        state_close(&state);
    }
}

TEST(yes_mounts_and_a_restart_keeps_it)
{
    in_a_namespace(mounts_once);
}

static void auto_on_tmpfs(void *argument)
{
    struct state state;
    struct stat parent, st;
    on_a_tmpfs(argument);
    CHECK(stat(scratch_directory, &parent) == 0);
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_AUTO, &state, &error), 0);
    CHECK(fstat(state.dir, &st) == 0 && st.st_dev != parent.st_dev);
    state_close(&state);
}

TEST(auto_mounts_where_there_is_a_tmpfs)
{
    in_a_namespace(auto_on_tmpfs);
}

static void auto_not_allowed(void *argument)
{
    struct state state;
    struct stat parent, st;
    on_a_tmpfs(argument);
    drop_capabilities();
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_YES, &state, &error), -EPERM);
    CHECK(strstr(error.text, "cannot mount"));
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_AUTO, &state, &error), 0);
    CHECK(stat(scratch_directory, &parent) == 0);
    CHECK(fstat(state.dir, &st) == 0 && st.st_dev == parent.st_dev);
    CHECK_STR(state.promise, "memory only (tmpfs)");
    state_close(&state);
}

TEST(auto_goes_on_where_it_may_not)
{
    in_a_namespace(auto_not_allowed);
}

static void auto_on_disk(void *argument)
{
    struct state state;
    own_mounts(argument);
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_AUTO, &state, &error), 0);
    if (state.is_memory) /* then /tmp is a tmpfs, and so is what was mounted */
        CHECK(strstr(state.promise, "memory only"));
    else
        CHECK(strncmp(state.promise, "on disk (", 9) == 0);
    state_close(&state);
}

TEST(auto_leaves_a_disk_alone)
{
    in_a_namespace(auto_on_disk);
}

static void hides_nothing(void *argument)
{
    struct state state;
    on_a_tmpfs(argument);
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_NO, &state, &error), 0);
    put_file(state.dir, PROTOCOL_STATE_LOG);
    state_close(&state);
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_YES, &state, &error), -EEXIST);
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_AUTO, &state, &error), 0);
    CHECK(faccessat(state.dir, PROTOCOL_STATE_LOG, F_OK, 0) == 0);
    CHECK(unlinkat(state.dir, PROTOCOL_STATE_LOG, 0) == 0);
    state_close(&state);
    CHECK_EQ_INT(state_open(argument, STATE_MOUNT_YES, &state, &error), 0);
    state_close(&state);
}

TEST(a_store_is_never_hidden)
{
    in_a_namespace(hides_nothing);
}

CHECK_MAIN
