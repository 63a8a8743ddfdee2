/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/revise.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/writer.h"
#include "limits.h"
#include "sync/look.h"
#include "sync/names.h"

#define WHOLE_MAX 9007199254740992u /* 2^53 */
#define ROW_ROOM 128u               /* of a row's JSON beside its value */

static const struct annotation {
    const char *name;
    unsigned field;
} annotations[] = {
    {NAMES_VERSION, SEEN_VERSION}, {NAMES_CREATED, SEEN_CREATED},
    {NAMES_UPDATED, SEEN_UPDATED}, {NAMES_NOT_BEFORE, SEEN_NOT_BEFORE},
    {NAMES_EXPIRES, SEEN_EXPIRES},
};

static cJSON *text_item(struct span text)
{
    char *copy = malloc(text.length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    cJSON *item = cJSON_CreateString(copy);
    free(copy);
    return item;
}

/* ITEM, which may be NULL for out of memory, takes the place of member NAME. */
static int set_member(cJSON *object, const char *name, cJSON *item)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    if (item && cJSON_AddItemToObject(object, name, item))
        return 0;
    cJSON_Delete(item);
    return -ENOMEM;
}

/* Member NAME, an object, which is made when there is none. NULL: out of memory, or no object. */
static cJSON *make_member(cJSON *object, const char *name)
{
    cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (cJSON_IsObject(member))
        return member;
    if (member && !cJSON_IsNull(member))
        return NULL;
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    return cJSON_AddObjectToObject(object, name);
}

/* ---- history -----------------------------------------------------------------------------------
 */

/*
 * The schema wants a number and a time. Who wrote the object by hand may have left out both, or
 * written anything: then it is the generation, and when the object was made. What is inside the
 * value is what counts.
 */
static cJSON *row_of(const cJSON *object, const char *sealed)
{
    uint64_t number = 1;
    int64_t when;
    struct span updated = look_text(object, LOOK("metadata", "annotations", NAMES_UPDATED));
    struct span claimed = look_text(object, LOOK("metadata", "annotations", NAMES_VERSION));
    if (str_u64(claimed, WHOLE_MAX, &number) < 0 || !number)
        look_number(object, LOOK("metadata", "generation"), &number);
    if (clock_parse(updated, &when) < 0)
        updated = look_text(object, LOOK("metadata", "creationTimestamp"));
    cJSON *row = cJSON_CreateObject();
    if (row && cJSON_AddNumberToObject(row, "version", (double)(number ? number : 1)) &&
        set_member(row, "updated", text_item(updated)) == 0 &&
        set_member(row, "sealed", cJSON_CreateString(sealed)) == 0)
        return row;
    cJSON_Delete(row);
    return NULL;
}

static size_t json_size(struct span text)
{
    struct writer w = writer_on(NULL, 0);
    writer_json(&w, text.data, text.length);
    return w.needed;
}

/* Rows beyond KEEP go, and those that do not fit into an object beside SEALED. */
static void trim(cJSON *history, uint64_t keep, struct span sealed)
{
    size_t size = json_size(sealed);
    uint64_t count = 0;
    cJSON *next;
    for (cJSON *row = history->child; row; row = next) {
        next = row->next;
        size += ROW_ROOM + json_size(look_text(row, LOOK("sealed")));
        if (++count > keep || size > LIMIT_SYNC_OBJECT)
            cJSON_Delete(cJSON_DetachItemViaPointer(history, row));
    }
}

static int keep_old(cJSON *object, cJSON *spec, const struct wire_message *put)
{
    uint64_t keep = 0;
    struct span sealed = look_text(spec, LOOK("sealed"));
    cJSON *history = cJSON_GetObjectItemCaseSensitive(spec, "history");
    str_u64(put->field[PUT_KEEP], UINT32_MAX, &keep);
    if (!cJSON_IsArray(history)) {
        cJSON_DeleteItemFromObjectCaseSensitive(spec, "history");
        history = cJSON_AddArrayToObject(spec, "history");
    }
    if (!history)
        return -ENOMEM;
    /* The same once more is no other version. */
    if (sealed.length && !span_equal(sealed, put->field[PUT_SEALED])) {
        cJSON *row = row_of(object, sealed.data);
        if (!row)
            return -ENOMEM;
        if (!cJSON_InsertItemInArray(history, 0, row)) {
            cJSON_Delete(row);
            return -ENOMEM;
        }
    }
    trim(history, keep, put->field[PUT_SEALED]);
    if (!history->child)
        cJSON_DeleteItemFromObjectCaseSensitive(spec, "history");
    return 0;
}

/* ---- the object --------------------------------------------------------------------------------
 */

static int annotate(cJSON *metadata, const struct wire_message *put)
{
    cJSON *member = make_member(metadata, "annotations");
    if (!member)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++) {
        struct span text = put->field[annotations[i].field];
        if (!text.length)
            cJSON_DeleteItemFromObjectCaseSensitive(member, annotations[i].name);
        else if (set_member(member, annotations[i].name, text_item(text)) < 0)
            return -ENOMEM;
    }
    return 0;
}

int revise_secret(cJSON *object, const struct wire_message *put, struct error *error)
{
    cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
    cJSON *spec = cJSON_GetObjectItemCaseSensitive(object, "spec");
    if (!cJSON_IsObject(metadata) || !cJSON_IsObject(spec))
        return error_set(error, -EINVAL, "the object has no metadata or no spec");
    int r = keep_old(object, spec, put);
    if (r == 0)
        r = annotate(metadata, put);
    if (r == 0)
        r = set_member(spec, "sealed", text_item(put->field[PUT_SEALED]));
    cJSON_DeleteItemFromObjectCaseSensitive(spec, "allowRollback");
    return r < 0 ? error_set(error, r, "out of memory") : 0;
}
