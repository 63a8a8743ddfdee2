/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/event.h"

#include "client/flat.h"
#include "client/locked.h"
#include "client/unbase64.h"
#include "limits.h"
#include "protocol.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static vsecm_result malformed(const char **wrong, const char *what)
{
    *wrong = what;
    return VSECM_PROTOCOL;
}

/* ---- a secret -------------------------------------------------------------------------------- */

enum { DATA, ENCODING, CREATED, UPDATED };

/* The number an id begins with: "2.0006610d38059031" is version 2. 0: there is none. */
static uint64_t version_of(const char *id)
{
    size_t digits = strspn(id, "0123456789");
    if (!digits || digits > 18 || id[digits] != '.')
        return 0;
    uint64_t version = 0;
    for (size_t i = 0; i < digits; i++)
        version = version * 10 + (uint64_t)(id[i] - '0');
    return version;
}

static bool copy_time(const struct flat_text *from, char (*ret)[32])
{
    if (!from->text || !from->length || from->length >= sizeof *ret ||
        strspn(from->text, "0123456789-:.+TZ") != from->length)
        return false;
    memcpy(*ret, from->text, from->length + 1);
    return true;
}

/* The value into memory of its own, which is no larger than it must be. */
static vsecm_result copy_value(const struct flat_text *texts, vsecm_secret *ret, const char **wrong)
{
    const struct flat_text *data = &texts[DATA], *encoding = &texts[ENCODING];
    bool coded = encoding->text != NULL;
    if (coded && strcmp(encoding->text, "base64") != 0)
        return malformed(wrong, "has a value in an unknown encoding");
    size_t most = coded ? data->length / 4 * 3 : data->length;
    if (most > LIMIT_VALUE + 2)
        return malformed(wrong, "has too large a value");
    char *value = locked_alloc(most + 1);
    if (!value)
        return VSECM_NO_MEMORY;
    ret->data = value;
    ret->length = most;
    ret->internal[0] = value;
    ret->internal[1] = (void *)(uintptr_t)(most + 1);
    if (!coded) {
        memcpy(value, data->text, most);
        return VSECM_OK;
    }
    ssize_t length = unbase64_read(data->text, data->length, value);
    if (length < 0)
        return malformed(wrong, "has a value that is no base64");
    ret->length = (size_t)length;
    return VSECM_OK;
}

static vsecm_result read_secret(const struct event_stream_event *from, vsecm_event *ret,
                                const char **wrong)
{
    struct flat_text texts[] = {
        [DATA] = {.name = "data"},
        [ENCODING] = {.name = "encoding"},
        [CREATED] = {.name = "created"},
        [UPDATED] = {.name = "updated"},
    };
    *wrong = flat_read(from->data, from->length, texts, COUNT(texts));
    if (*wrong)
        return VSECM_PROTOCOL;
    vsecm_secret *secret = &ret->secret;
    secret->version = version_of(from->id);
    if (!texts[DATA].text || !secret->version || !copy_time(&texts[CREATED], &secret->created) ||
        !copy_time(&texts[UPDATED], &secret->updated))
        return malformed(wrong, "has no value, version or times");
    return copy_value(texts, secret, wrong);
}

/* ---- an absence ------------------------------------------------------------------------------ */

static const struct {
    const char *reason;
    vsecm_absence absence;
} absences[] = {
    {REASON_NO_SECRET, VSECM_NO_SECRET},
    {REASON_NOT_YET, VSECM_NOT_YET},
    {REASON_EXPIRED, VSECM_HAS_EXPIRED},
};

/* It goes to terminals. */
static void copy_message(const struct flat_text *from, char *message, size_t size)
{
    snprintf(message, size, "%s", from->text ? from->text : "");
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

static vsecm_result read_absence(const struct event_stream_event *from, vsecm_event *ret,
                                 const char **wrong)
{
    struct flat_text texts[] = {{.name = "reason"}, {.name = "message"}};
    *wrong = flat_read(from->data, from->length, texts, COUNT(texts));
    if (*wrong)
        return VSECM_PROTOCOL;
    copy_message(&texts[1], ret->message, sizeof ret->message);
    for (size_t i = 0; texts[0].text && i < COUNT(absences); i++)
        if (strcmp(absences[i].reason, texts[0].text) == 0) {
            ret->absence = absences[i].absence;
            return VSECM_OK;
        }
    return malformed(wrong, "has an unknown reason");
}

static bool is_secret(const struct event_stream_event *event)
{
    return strcmp(event->type, EVENT_SECRET) == 0;
}

bool event_is_ours(const struct event_stream_event *event)
{
    return is_secret(event) || strcmp(event->type, EVENT_ABSENT) == 0;
}

vsecm_result event_read(const struct event_stream_event *from, vsecm_event *ret, const char **wrong)
{
    vsecm_event event = {.absence = VSECM_PRESENT};
    if (!from->id[0] || strlen(from->id) >= sizeof event.id)
        return malformed(wrong, "has no id that could be one");
    memcpy(event.id, from->id, strlen(from->id) + 1);
    vsecm_result result =
        is_secret(from) ? read_secret(from, &event, wrong) : read_absence(from, &event, wrong);
    if (result)
        vsecm_secret_clear(&event.secret);
    else
        *ret = event;
    return result;
}
