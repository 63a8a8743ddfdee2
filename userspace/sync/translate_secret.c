/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/translate_secret.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/error.h"
#include "base/name.h"
#include "base/writer.h"
#include "sync/look.h"
#include "sync/names.h"
#include "sync/translate.h"

/* ---- numbers ------------------------------------------------------------------------------------
 */

static struct span digits(char *room, size_t size, uint64_t number)
{
    struct writer w = writer_on(room, size);
    writer_u64(&w, number);
    return (struct span){room, w.used};
}

/* A number, as text; a text of digits is one too. Empty when there is none. */
static int number_text(const cJSON *object, const char *const *path, char *room, size_t size,
                       struct span *ret, struct error *error)
{
    uint64_t number;
    *ret = look_text(object, path);
    if (ret->length)
        return 0;
    int r = look_number(object, path, &number);
    if (r == -ERANGE && !cJSON_IsString(look_at(object, path)))
        return error_set(error, -EINVAL, "it has a number that is none, or is above 2^53");
    if (r == 0)
        *ret = digits(room, size, number);
    return 0;
}

/* ---- metadata ----------------------------------------------------------------------------------
 */

static int identify(const cJSON *object, struct wire_message *ret, struct error *error)
{
    ret->field[SECRET_NAMESPACE] = look_text(object, LOOK("metadata", "namespace"));
    ret->field[SECRET_NAME] = look_text(object, LOOK("metadata", "name"));
    ret->field[SECRET_UID] = look_text(object, LOOK("metadata", "uid"));
    if (!name_is_label(ret->field[SECRET_NAMESPACE]))
        return error_set(error, -EINVAL, "it has no namespace");
    if (!name_is_subdomain(ret->field[SECRET_NAME]))
        return error_set(error, -EINVAL, "it has no name");
    return 0;
}

static struct span annotation(const cJSON *object, const char *name)
{
    return look_text(object, LOOK("metadata", "annotations", name));
}

int translate_secret_seen(const cJSON *object, struct translate_secret_room *room,
                          struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_SEEN};
    int r = identify(object, ret, error);
    if (r < 0)
        return r;
    if (number_text(object, LOOK("metadata", "generation"), room->generation,
                    sizeof room->generation, &ret->field[SEEN_GENERATION], error) < 0)
        ret->field[SEEN_GENERATION].length = 0;
    ret->field[SECRET_RESOURCE_VERSION] = look_text(object, LOOK("metadata", "resourceVersion"));
    ret->field[SEEN_VERSION] = annotation(object, NAMES_VERSION);
    ret->field[SEEN_CREATED] = annotation(object, NAMES_CREATED);
    ret->field[SEEN_UPDATED] = annotation(object, NAMES_UPDATED);
    ret->field[SEEN_NOT_BEFORE] = annotation(object, NAMES_NOT_BEFORE);
    ret->field[SEEN_EXPIRES] = annotation(object, NAMES_EXPIRES);
    if (translate_check(ret, error) == 0)
        return 0;
    for (unsigned i = SEEN_VERSION; i <= SEEN_GENERATION; i++)
        ret->field[i].length = 0;
    r = translate_check(ret, error);
    return r ? r : error_set(error, 1, "its annotations are too long, and not looked at");
}

int translate_secret_gone(const cJSON *object, struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_GONE};
    int r = identify(object, ret, error);
    return r < 0 ? r : translate_check(ret, error);
}

/* ---- whole objects -----------------------------------------------------------------------------
 */

int translate_secret_whole(const cJSON *object, struct translate_secret_room *room,
                           struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_SECRET};
    int r = identify(object, ret, error);
    if (r == 0)
        r = number_text(object, LOOK("metadata", "generation"), room->generation,
                        sizeof room->generation, &ret->field[WHOLE_GENERATION], error);
    if (r == 0)
        r = number_text(object, LOOK("status", "version"), room->version, sizeof room->version,
                        &ret->field[WHOLE_STATUS_VERSION], error);
    if (r < 0)
        return r;
    ret->field[SECRET_RESOURCE_VERSION] = look_text(object, LOOK("metadata", "resourceVersion"));
    ret->field[WHOLE_SEALED] = look_text(object, LOOK("spec", "sealed"));
    if (look_true(object, LOOK("spec", "allowRollback")))
        ret->field[WHOLE_ALLOW_ROLLBACK] = SPAN_LITERAL("1");
    ret->field[WHOLE_STATUS_ERROR] = look_text(object, LOOK("status", "error"));
    return translate_check(ret, error);
}

/* ---- versions ----------------------------------------------------------------------------------
 */

int translate_secret_newest(const cJSON *object, struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_VERSION};
    ret->field[VERSION_NUMBER] = annotation(object, NAMES_VERSION);
    ret->field[VERSION_UPDATED] = annotation(object, NAMES_UPDATED);
    ret->field[VERSION_SEALED] = look_text(object, LOOK("spec", "sealed"));
    if (!ret->field[VERSION_SEALED].length)
        return error_set(error, -ENOENT, "it has no spec.sealed");
    if (translate_check(ret, error) == 0)
        return 0;
    /* As when it is seen: these are only claims. */
    ret->field[VERSION_NUMBER].length = ret->field[VERSION_UPDATED].length = 0;
    return translate_check(ret, error);
}

int translate_secret_row(const cJSON *row, struct translate_secret_room *room,
                         struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_VERSION};
    int r = number_text(row, LOOK("version"), room->version, sizeof room->version,
                        &ret->field[VERSION_NUMBER], error);
    if (r < 0)
        return r;
    ret->field[VERSION_UPDATED] = look_text(row, LOOK("updated"));
    ret->field[VERSION_SEALED] = look_text(row, LOOK("sealed"));
    if (!ret->field[VERSION_SEALED].length)
        return error_set(error, -EINVAL, "a row of its history has no sealed value");
    return translate_check(ret, error);
}
