/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/target_dir.h"

#include "base/error.h"
#include "client/locked.h"
#include "client/members.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DATA "..data"         /* leads to the directory of the version that counts */
#define DATA_NEW "..data_new" /* on its way there */
#define THROUGH DATA "/"
#define VERSION_SIZE 48

int target_dir_open(const char *path, const struct target_file_kind *kind, bool skip_bad,
                    struct target_dir *ret, struct error *error)
{
    int fd = target_file_directory(path, kind->allow_disk, error);
    if (fd < 0)
        return fd;
    *ret = (struct target_dir){.directory = fd, .kind = *kind, .skip_bad = skip_bad};
    return 0;
}

void target_dir_close(struct target_dir *dir)
{
    if (dir->directory >= 0)
        close(dir->directory);
    dir->directory = -1;
}

/* ---- what is there --------------------------------------------------------------------------- */

typedef void each(int directory, const char *name, void *argument);

/* Call USE for every name in DIRECTORY. */
static void for_each(int directory, each *use, void *argument)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (!entries) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(entries)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            use(directory, entry->d_name, argument);
    closedir(entries);
}

static void remove_file(int directory, const char *name, void *argument)
{
    (void)argument;
    unlinkat(directory, name, 0);
}

static void remove_version(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    for_each(fd, remove_file, NULL);
    close(fd);
    unlinkat(directory, name, AT_REMOVEDIR);
}

/* NAME is a link of ours, "NAME -> ..data/NAME". */
static bool is_ours(int directory, const char *name)
{
    char leads[sizeof THROUGH + NAME_MAX];
    ssize_t length = readlinkat(directory, name, leads, sizeof leads - 1);
    if (length < (ssize_t)sizeof THROUGH)
        return false;
    leads[length] = '\0';
    return memcmp(leads, THROUGH, sizeof THROUGH - 1) == 0 &&
           strcmp(leads + sizeof THROUGH - 1, name) == 0;
}

/* Remove NAME if it is a link of ours that leads nowhere. */
static void remove_dangling(int directory, const char *name, void *argument)
{
    char path[sizeof THROUGH + NAME_MAX];
    struct stat st;
    (void)argument;
    if (!is_ours(directory, name))
        return;
    snprintf(path, sizeof path, THROUGH "%.*s", NAME_MAX, name);
    if (fstatat(directory, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        unlinkat(directory, name, 0);
}

/* Remove what no longer counts: other versions than KEPT, and links to what that has not. */
static void tidy(int directory, const char *name, void *argument)
{
    const char *kept = argument;
    if (strncmp(name, "..v", 3) != 0)
        remove_dangling(directory, name, NULL);
    else if (!kept || strcmp(name, kept) != 0)
        remove_version(directory, name);
}

/* ---- a new version --------------------------------------------------------------------------- */

static bool is_file_name(const char *name, size_t length)
{
    return length && length <= NAME_MAX && !memchr(name, '/', length) &&
           !memchr(name, '\0', length) && strcmp(name, ".") != 0 && strncmp(name, "..", 2) != 0;
}

/* The name of MEMBER's file; false when it cannot be one. */
static bool file_name(const struct member *member, char ret[NAME_MAX + 1])
{
    if (member->name.length > NAME_MAX)
        return false;
    size_t length = members_decode(member->name, ret);
    ret[length] = '\0';
    return is_file_name(ret, length);
}

static int write_text(int version, const char *name, const struct target_file_kind *kind,
                      const struct member *member, struct error *error)
{
    size_t size = member->value.length + 1;
    char *text = locked_alloc(size);
    if (!text)
        return error_errno(error, -ENOMEM, "%s", name);
    size_t length = members_decode(member->value, text);
    int r = target_file_create(version, name, name, kind, text, length, error);
    locked_free(text, size);
    return r;
}

static int write_member(const struct target_dir *dir, int version, const struct member *member,
                        struct error *error)
{
    char name[NAME_MAX + 1], text[MEMBERS_SHOWN];
    if (!file_name(member, name)) {
        if (dir->skip_bad)
            return 0;
        return error_set(error, -EINVAL,
                         "the member \"%s\" cannot be a file: a name has 1 to %d bytes, no / in "
                         "it and no .. in front; --skip-bad-names leaves it out",
                         members_show(member->name, text), NAME_MAX);
    }
    unlinkat(version, name, 0); /* of one name the last counts */
    if (member->kind == '"')
        return write_text(version, name, &dir->kind, member, error);
    return target_file_create(version, name, name, &dir->kind, member->value.data,
                              member->value.length, error);
}

static int write_members(const struct target_dir *dir, int version, const char *value,
                         size_t length, struct error *error)
{
    struct members members = members_of(value, length);
    struct member member;
    unsigned count = 0;
    int r;
    while ((r = members_next(&members, &member)) > 0) {
        if (++count > LIMIT_MEMBERS)
            return error_set(error, -EINVAL, "the secret has more than %u members", LIMIT_MEMBERS);
        r = write_member(dir, version, &member, error);
        if (r)
            return r;
    }
    return r ? error_set(error, r,
                         "the secret is no JSON object, so it has no members; --file "
                         "takes anything")
             : 0;
}

/* A directory that nobody else has made. Its descriptor, or -errno with *error set. */
static int make_version(const struct target_dir *dir, char name[VERSION_SIZE], struct error *error)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(name, VERSION_SIZE, "..v%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
    if (mkdirat(dir->directory, name, 0755) < 0)
        return error_errno(error, -errno, "cannot make a directory for the members");
    /* No link: whoever else may write here could have put one in its place, to anywhere. */
    int fd = openat(dir->directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* Whatever the umask: the files' own modes say who reads them. */
    if (fd < 0 || fchmod(fd, 0755) < 0) {
        int r = error_errno(error, -errno, "cannot make a directory for the members");
        if (fd >= 0)
            close(fd);
        unlinkat(dir->directory, name, AT_REMOVEDIR);
        return r;
    }
    return fd;
}

/* From now on NAME counts. */
static int switch_to(const struct target_dir *dir, const char *name, struct error *error)
{
    unlinkat(dir->directory, DATA_NEW, 0);
    if (symlinkat(name, dir->directory, DATA_NEW) < 0 ||
        renameat(dir->directory, DATA_NEW, dir->directory, DATA) < 0)
        return error_errno(error, -errno, DATA);
    return 0;
}

struct linking {
    int directory;
    int error; /* of the first that failed */
    char name[NAME_MAX + 1];
};

/* The link to a file of a version; it leads nowhere until that version counts. */
static void link_one(int version, const char *name, void *argument)
{
    struct linking *linking = argument;
    char leads[sizeof THROUGH + NAME_MAX];
    (void)version;
    snprintf(leads, sizeof leads, THROUGH "%.*s", NAME_MAX, name);
    if (linking->error || is_ours(linking->directory, name) ||
        symlinkat(leads, linking->directory, name) == 0)
        return;
    linking->error = -errno;
    snprintf(linking->name, sizeof linking->name, "%s", name);
}

/* Let the files of VERSION, called NAME, be those that count. */
static int publish(const struct target_dir *dir, int version, const char *name, struct error *error)
{
    struct linking linking = {.directory = dir->directory};
    for_each(version, link_one, &linking);
    if (linking.error == -EEXIST)
        return error_set(error, -EEXIST, "%s is there and is not ours; remove it", linking.name);
    if (linking.error)
        return error_errno(error, linking.error, "%s", linking.name);
    return switch_to(dir, name, error);
}

int target_dir_write(const struct target_dir *dir, const char *value, size_t length,
                     struct error *error)
{
    char name[VERSION_SIZE];
    int version = make_version(dir, name, error);
    if (version < 0)
        return version;
    int r = write_members(dir, version, value, length, error);
    if (!r)
        r = publish(dir, version, name, error);
    close(version);
    if (r)
        remove_version(dir->directory, name);
    for_each(dir->directory, r ? remove_dangling : tidy, name);
    return r;
}

int target_dir_remove(const struct target_dir *dir, struct error *error)
{
    if (unlinkat(dir->directory, DATA, 0) < 0 && errno != ENOENT)
        return error_errno(error, -errno, DATA);
    for_each(dir->directory, tidy, NULL);
    return 0;
}
