/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guards of files and directories: whoever tries is root with every capability, in the cgroup of
 * another pod. Each denial has its control: the same by the owner, or before the guard.
 *
 *     kernel_guard_path_test PIN_DIR [TEST...]    root, with BPF LSM; this process is the core
 */
#include "vm/guard_node.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/un.h>

/* ---- files --------------------------------------------------------------------------------- */

static char secret_file[sizeof dir + 16], second_file[sizeof dir + 16];

static int open_it(void *context)
{
    return as_errno(open(context, O_RDONLY | O_CLOEXEC));
}

static int remove_it(void *context)
{
    return as_errno(unlink(context));
}

static int move_it(void *context)
{
    return as_errno(rename(context, second_file));
}

static int move_over_it(void *context)
{
    return as_errno(rename(second_file, context));
}

static int empty_it(void *context)
{
    return as_errno(truncate(context, 0));
}

static int change_its_mode(void *context)
{
    return as_errno(chmod(context, 0666));
}

static int change_its_owner(void *context)
{
    return as_errno(chown(context, 0, 0));
}

static void write_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    CHECK(fd >= 0 && write(fd, "hunter2", 7) == 7);
    close(fd);
}

TEST(a_secret_file_is_its_pods)
{
    struct vsecm_domain domain = domain_of(POD);
    snprintf(secret_file, sizeof secret_file, "%s/secret", dir);
    snprintf(second_file, sizeof second_file, "%s/second", dir);
    write_file(secret_file);
    CHECK_EQ_INT(in(OTHER, open_it, secret_file), 0);
    int fd = open(secret_file, O_RDWR | O_CLOEXEC);
    CHECK_EQ_INT(guard_file(attest, fd, &domain), 0);
    close(fd);
    CHECK_EQ_INT(in(SIDECAR, open_it, secret_file), 0);
    check_denied(open_it, secret_file, EACCES, VSECM_HOOK_OPEN, VSECM_WHY_FOREIGN);
    /* Where no kubelet is known, whoever is in no pod cleans up; afterwards the other pod is one.
     */
    CHECK_EQ_INT(guard_pod_root(attest, id_of(".")), 0);
    CHECK_EQ_INT(in(POD, change_its_mode, secret_file), 0);
    CHECK_EQ_INT(in(POD, change_its_owner, secret_file), 0);
    check_denied(empty_it, secret_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_FOREIGN);
    check_denied(change_its_mode, secret_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_FOREIGN);
    check_denied(change_its_owner, secret_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_FOREIGN);
    check_denied(remove_it, secret_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_FOREIGN);
    check_denied(move_it, secret_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_FOREIGN);
    write_file(second_file);
    check_denied(move_over_it, secret_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_FOREIGN);
    CHECK_EQ_INT(in(OTHER, remove_it, second_file), 0);
    CHECK_EQ_INT(in(SIDECAR, move_it, secret_file), 0);
    CHECK_EQ_INT(in("..", remove_it, second_file), 0);
}

/* ---- directories --------------------------------------------------------------------------- */

static char guarded[sizeof dir + 16], outside[sizeof dir + 16], socket_file[sizeof dir + 32];

static int bind_in_it(void *context)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s/fake", guarded);
    (void)context;
    return as_errno(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at));
}

static int make_in_it(void *context)
{
    char name[128];
    snprintf(name, sizeof name, "%s/new", guarded);
    (void)context;
    return as_errno(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int mkdir_in_it(void *context)
{
    char name[128];
    snprintf(name, sizeof name, "%s/newdir", guarded);
    (void)context;
    return as_errno(mkdir(name, 0700));
}

static int link_into_it(void *context)
{
    char name[128];
    snprintf(name, sizeof name, "%s/newlink", guarded);
    (void)context;
    return as_errno(link(outside, name));
}

static int symlink_in_it(void *context)
{
    char name[128];
    snprintf(name, sizeof name, "%s/newsymlink", guarded);
    (void)context;
    return as_errno(symlink("/", name));
}

static int remove_entry(void *context)
{
    (void)context;
    return as_errno(unlink(socket_file));
}

static int move_entry_out(void *context)
{
    (void)context;
    return as_errno(rename(socket_file, outside));
}

static int move_over_entry(void *context)
{
    (void)context;
    return as_errno(rename(outside, socket_file));
}

static int move_directory(void *context)
{
    char name[128];
    snprintf(name, sizeof name, "%s-away", guarded);
    (void)context;
    return as_errno(rename(guarded, name));
}

static int remove_directory(void *context)
{
    (void)context;
    return as_errno(rmdir(guarded));
}

static int mount_on_it(void *context)
{
    (void)context;
    return as_errno(mount("none", guarded, "tmpfs", 0, NULL));
}

static int bind_on_entry(void *context)
{
    (void)context;
    return as_errno(mount(outside, socket_file, NULL, MS_BIND | MS_PRIVATE, NULL));
}

static attempt *const changes[] = {
    bind_in_it,   make_in_it,     mkdir_in_it,     link_into_it,   symlink_in_it,
    remove_entry, move_entry_out, move_over_entry, move_directory, remove_directory,
};

TEST(only_the_daemon_changes_its_directory)
{
    snprintf(guarded, sizeof guarded, "%s/run", dir);
    snprintf(outside, sizeof outside, "%s/outside", dir);
    CHECK(mkdir(guarded, 0755) == 0);
    CHECK_EQ_INT(in(OTHER, bind_in_it, NULL), 0);
    snprintf(socket_file, sizeof socket_file, "%s/fake", guarded);
    CHECK_EQ_INT(in(OTHER, remove_entry, NULL), 0);
    snprintf(socket_file, sizeof socket_file, "%s/vsecm.sock", guarded);
    write_file(socket_file);
    write_file(outside);
    int fd = open(guarded, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_EQ_INT(guard_directory(attest, fd), 0);
    close(fd);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        check_denied(changes[i], NULL, EPERM, VSECM_HOOK_PATH, VSECM_WHY_CORE);
    check_denied(change_its_mode, guarded, EPERM, VSECM_HOOK_PATH, VSECM_WHY_CORE);
    check_denied(change_its_mode, socket_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_CORE);
    check_denied(change_its_owner, socket_file, EPERM, VSECM_HOOK_PATH, VSECM_WHY_CORE);
    check_denied(mount_on_it, NULL, EPERM, VSECM_HOOK_MOUNT, VSECM_WHY_CORE);
    check_denied(bind_on_entry, NULL, EPERM, VSECM_HOOK_MOUNT, VSECM_WHY_CORE);
    /* What it keeps from others it may do itself. */
    CHECK_EQ_INT(change_its_mode(socket_file), 0);
    CHECK_EQ_INT(symlink_in_it(NULL), 0);
    CHECK_EQ_INT(move_over_entry(NULL), 0);
    CHECK_EQ_INT(remove_entry(NULL), 0);
}

/* As a container runtime does it: elsewhere, then for reading only, then apart from the host's. */
static int mount_elsewhere(void *context)
{
    const char *elsewhere = context;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return EIO;
    if (mount(guarded, elsewhere, NULL, MS_BIND | MS_REC, NULL) < 0)
        return errno;
    if (mount(NULL, elsewhere, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
        return errno;
    return as_errno(mount(NULL, elsewhere, NULL, MS_REC | MS_PRIVATE, NULL));
}

TEST(its_directory_can_be_mounted_into_pods)
{
    char elsewhere[sizeof dir + 16];
    snprintf(elsewhere, sizeof elsewhere, "%s/pod", dir);
    CHECK(mkdir(elsewhere, 0755) == 0);
    CHECK_EQ_INT(in(OTHER, mount_elsewhere, elsewhere), 0);
}

int main(int count, char **words)
{
    return guard_node_run(count, words);
}
