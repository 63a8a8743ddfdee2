/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/percent.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           strchr("-._~", c);
}

int percent_encode(const char *prefix, const char *name, char *ret, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = strlen(prefix);
    if (used >= size)
        return -ENAMETOOLONG;
    memcpy(ret, prefix, used);
    for (; *name; name++) {
        if (used + 3 >= size)
            return -ENAMETOOLONG;
        if (is_unreserved(*name)) {
            ret[used++] = *name;
            continue;
        }
        ret[used++] = '%';
        ret[used++] = digits[(unsigned char)*name >> 4];
        ret[used++] = digits[(unsigned char)*name & 15];
    }
    ret[used] = '\0';
    return 0;
}
