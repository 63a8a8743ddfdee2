/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/look.h"

#include <cjson/cJSON.h>
#include <errno.h>

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

const cJSON *look_at(const cJSON *object, const char *const *path)
{
    while (object && *path)
        object = cJSON_GetObjectItemCaseSensitive(object, *path++);
    return object;
}

struct span look_text(const cJSON *object, const char *const *path)
{
    const cJSON *item = look_at(object, path);
    return cJSON_IsString(item) && item->valuestring ? span_of(item->valuestring)
                                                     : (struct span){"", 0};
}

int look_true(const cJSON *object, const char *const *path)
{
    return cJSON_IsTrue(look_at(object, path));
}

int look_number(const cJSON *object, const char *const *path, uint64_t *ret)
{
    const cJSON *item = look_at(object, path);
    if (!item || cJSON_IsNull(item))
        return -ENOENT;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= WHOLE_MAX))
        return -ERANGE;
    uint64_t number = (uint64_t)item->valuedouble;
    if ((double)number < item->valuedouble)
        return -ERANGE;
    *ret = number;
    return 0;
}
