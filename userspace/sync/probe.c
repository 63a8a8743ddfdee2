/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/probe.h"

#include <strings.h>

#include "base/str.h"

static int is_path(struct span path)
{
    for (size_t i = 0; i < path.length; i++)
        if (path.data[i] <= ' ' || path.data[i] >= 0x7f)
            return 0;
    return path.length && path.data[0] == '/';
}

/* "GET /livez HTTP/1.1" */
static int read_first(struct span line, struct span *path)
{
    static const char method[] = "GET ";
    static const char versions[][10] = {" HTTP/1.1", " HTTP/1.0"};
    size_t front = sizeof method - 1, back = sizeof versions[0] - 1;
    if (line.length <= front || memcmp(line.data, method, front) != 0)
        return memchr(line.data, ' ', line.length) ? -405 : -400;
    if (line.length <= front + back)
        return -400;
    const char *version = line.data + line.length - back;
    if (memcmp(version, versions[0], back) != 0 && memcmp(version, versions[1], back) != 0)
        return -505;
    *path = (struct span){line.data + front, line.length - front - back};
    if (!is_path(*path))
        return -400;
    const char *query = memchr(path->data, '?', path->length);
    if (query)
        path->length = (size_t)(query - path->data);
    return PROBE_COMPLETE;
}

static int is_named(struct span line, const char *name)
{
    size_t length = strlen(name);
    return line.length > length && line.data[length] == ':' &&
           strncasecmp(line.data, name, length) == 0;
}

/* A field has a name and a colon, and no field announces a body, not even an empty one. */
static int check_field(struct span line)
{
    const char *colon = memchr(line.data, ':', line.length);
    if (!colon || colon == line.data || memchr(line.data, '\0', line.length))
        return -400;
    for (const char *at = line.data; at < colon; at++)
        if (*at <= ' ' || *at >= 0x7f)
            return -400;
    return is_named(line, "content-length") || is_named(line, "transfer-encoding") ? -413 : 0;
}

int probe_read(struct span bytes, struct span *path)
{
    const char *end = memmem(bytes.data, bytes.length, "\r\n\r\n", 4);
    if (!end)
        return PROBE_MORE;
    struct span rest = {bytes.data, (size_t)(end - bytes.data) + 2};
    int r = read_first(str_cut_line(&rest), path);
    while (r == PROBE_COMPLETE && rest.length) {
        int refused = check_field(str_cut_line(&rest));
        if (refused)
            return refused;
    }
    return r;
}
