/* SPDX-License-Identifier: BSD-2-Clause */
/* A file in memory, as a Secret that Kubernetes mounts: no server at all. */
#include "bench/peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static void path_of(const struct peer_server *server, char ret[static PEER_PATH])
{
    snprintf(ret, PEER_PATH, "%.40s/secret", server->dir);
}

static int start(struct peer_server *server, struct error *error)
{
    char path[PEER_PATH];

    path_of(server, path);
    FILE *file = fopen(path, "wxe");
    if (!file)
        return error_errno(error, -errno, "%s", path);
    int bad = fputs(server->value, file) < 0;
    return fclose(file) || bad ? error_set(error, -EIO, "cannot write %s", path) : 0;
}

static int ready(struct peer_server *server, struct error *error)
{
    (void)server;
    (void)error;
    return 0;
}

/* What is read is the value and nothing else; the yardstick is asked for as much. */
static int prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    (void)row;
    path_of(server, load->path);
    load->request = "GET";
    load->request_length = strlen(load->request);
    load->success = server->value;
    FILE *file = fopen(load->path, "re");
    if (!file)
        return error_errno(error, -errno, "%s", load->path);
    *length = fread(reply, 1, PEER_REPLY_MAX, file);
    fclose(file);
    return 0;
}

static int tell_version(const struct peer_server *server, char *ret, size_t size,
                        struct error *error)
{
    struct utsname name;

    (void)server;
    if (uname(&name))
        return error_errno(error, -errno, "uname");
    snprintf(ret, size, "Linux %.50s", name.release);
    return 0;
}

static const struct peer_row rows[] = {
    {"file", "tmpfs file: open, read, close", load_file, load_one, 1, 1000, 6000,
     "No server: the client reads it itself, so both layouts are one. Whoever may open the file "
     "has "
     "the value; nobody is asked who they are, nothing is noted, nothing expires. A Secret mounted "
     "by Kubernetes is read so, some minutes after its change."},
};

const struct peer peer_file = {
    .id = "file",
    .start = start,
    .ready = ready,
    .prepare = prepare,
    .tell_version = tell_version,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
