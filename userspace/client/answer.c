/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/answer.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

void answer_text(const char *body, size_t length, const char *name, char *text, size_t size)
{
    text[0] = '\0';
    cJSON *json = cJSON_ParseWithLength(body, length);
    const char *member = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    if (member)
        snprintf(text, size, "%s", member);
    cJSON_Delete(json);
    /* It goes to terminals, and may quote a name that somebody else chose. */
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

#define MEMBER(json, field)                                                       \
    {                                                                             \
        json, offsetof(vsecm_identity, field), sizeof((vsecm_identity *)0)->field \
    }

static const struct {
    const char *name;
    size_t offset;
    size_t size;
} members[] = {
    MEMBER("tier", tier),           MEMBER("namespace", namespace_),
    MEMBER("workload", workload),   MEMBER("pod", pod),
    MEMBER("container", container), MEMBER("serviceAccount", service_account),
    MEMBER("reason", reason),
};

/* A name that does not fit is refused: half a name is another name. */
static bool read_members(const cJSON *json, vsecm_identity *ret)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *text =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, members[i].name));
        if (!text || strlen(text) >= members[i].size)
            return false;
        memcpy((char *)ret + members[i].offset, text, strlen(text) + 1);
    }
    return true;
}

bool answer_identity(const char *body, size_t length, vsecm_identity *ret)
{
    *ret = (vsecm_identity){.tier = ""};
    cJSON *json = cJSON_ParseWithLength(body, length);
    bool whole = read_members(json, ret);
    cJSON_Delete(json);
    return whole;
}
