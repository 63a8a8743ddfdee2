/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/answer.h"

#include "client/members.h"

#include <string.h>

/* Member NAME of BODY, of several the last. False when BODY is no such object. */
static bool find_any(const char *body, size_t length, const char *name, struct member *ret)
{
    struct members members = members_of(body, length);
    struct member member;
    bool found = false;
    int r;
    while ((r = members_next(&members, &member)) > 0) {
        if (!members_equal(member.name, name))
            continue;
        found = true;
        *ret = member;
    }
    return found && r == 0;
}

/* The same where it is a string. */
static bool find(const char *body, size_t length, const char *name, struct members_text *ret)
{
    struct member member;
    if (!find_any(body, length, name, &member) || member.kind != '"')
        return false;
    *ret = member.value;
    return true;
}

bool answer_is(const char *body, size_t length, const char *name, const char *word)
{
    struct member member;
    return find_any(body, length, name, &member) && member.kind != '"' &&
           member.value.length == strlen(word) &&
           memcmp(member.value.data, word, member.value.length) == 0;
}

void answer_text(const char *body, size_t length, const char *name, char *text, size_t size)
{
    struct members_text found;
    text[0] = '\0';
    if (!find(body, length, name, &found))
        return;
    size_t used = members_decode_some(found, text, size - 1);
    text[used] = '\0';
    /* It goes to terminals, and may quote a name that somebody else chose. */
    for (char *c = text; c < text + used; c++)
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
bool answer_identity(const char *body, size_t length, vsecm_identity *ret)
{
    *ret = (vsecm_identity){.tier = ""};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct members_text found;
        char *field = (char *)ret + members[i].offset;
        if (!find(body, length, members[i].name, &found) ||
            members_decode(found, NULL) >= members[i].size)
            return false;
        members_decode_some(found, field, members[i].size - 1);
        if (strlen(field) != members_decode(found, NULL))
            return false;
    }
    return true;
}
