/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/status.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

/* TEXT, cut where a character begins, on one line. */
static void copy_text(const char *text, char *ret, size_t size)
{
    size_t length = strnlen(text, size - 1);
    while (length && text[length] && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    for (size_t i = 0; i < length; i++)
        ret[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    ret[length] = '\0';
}

static int is_word(const char *text)
{
    size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return text[letters] == '\0' && letters < STATUS_REASON;
}

void status_of(const struct cJSON *object, struct status *ret)
{
    *ret = (struct status){.code = 0};
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "kind"));
    if (!kind || strcmp(kind, "Status") != 0)
        return;
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(object, "code");
    if (cJSON_IsNumber(code) && code->valueint >= 100 && code->valueint <= 599)
        ret->code = code->valueint;
    const char *reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "reason"));
    if (reason && is_word(reason))
        copy_text(reason, ret->reason, sizeof ret->reason);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "message"));
    if (message)
        copy_text(message, ret->message, sizeof ret->message);
}

void status_read(struct span json, struct status *ret)
{
    cJSON *object = cJSON_ParseWithLength(json.data, json.length);
    status_of(object, ret);
    cJSON_Delete(object);
}

void status_describe(int code, const char *words, char *ret, size_t size)
{
    if (!words[0])
        words = code == 404 ? "there is no such path" : "it does not say why";
    snprintf(ret, size, "%d: %s", code, words);
}
