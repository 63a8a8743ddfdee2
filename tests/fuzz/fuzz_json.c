/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON of strangers in a small arena: nothing is left behind, whatever the text. The first line of
 * the input is a member's name, the rest is the text. */
#include <cjson/cJSON.h>
#include <errno.h>

#include "base/error.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "serve/put_request.h"
#include "store/json.h"
#include "store/key.h"
#include "tests/fuzz/fuzz.h"

static struct arena *arena;

static void must_be_empty(void)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    MUST(stats.blocks == 0);
}

static void read_text(struct span text)
{
    struct cJSON *json = NULL;
    const char *why = NULL;
    int r = json_read(text, &json, &why);
    MUST(r == 0 || r == -EINVAL || r == -ENOSPC);
    MUST((r == 0) == (json != NULL) && (r == -EINVAL) == (why != NULL));
    cJSON_Delete(json);
    must_be_empty();
}

static void read_member(struct span text, struct span name)
{
    struct secret *member = NULL;
    int r = json_member(text, name, arena, &member);
    MUST(r == 0 || r == -ENOENT || r == -EINVAL || r == -ENOSPC);
    MUST((r == 0) == (member != NULL));
    secret_unref(member);
    must_be_empty();
}

static void read_request(struct span text, int wants_value)
{
    static struct put_request request;
    struct error error = {""};
    int r = put_request_read(text, wants_value ? PUT_REQUEST_PUT : PUT_REQUEST_DELETE, arena, 1,
                             &request, &error);
    MUST(r == -ENOSPC || (r < 0) == (error.text[0] != '\0'));
    MUST(r < 0 || (request.key_count >= 1 && request.key_count <= LIMIT_TARGETS));
    for (size_t i = 0; r == 0 && i < request.key_count; i++) {
        struct span key = request.keys[i];
        MUST(key_is_good(key) && (!request.adopts || key_is_export(key)));
    }
    if (r == 0 && wants_value)
        MUST(request.value.length >= 1 && request.value.length <= LIMIT_VALUE &&
             arena_owns(arena, request.value.data));
    if (r == 0)
        put_request_done(arena, &request);
    must_be_empty();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!arena) {
        MUST(arena_new(256 * 1024, ARENA_MLOCK, &arena, NULL) == 0);
        json_use(arena);
    }
    const char *text = (const char *)data;
    const char *line = size ? memchr(text, '\n', size) : NULL;
    size_t split = line ? (size_t)(line - text) : 0, start = line ? split + 1 : 0;
    struct span rest = {text + start, size - start};
    read_text(rest);
    read_member(rest, (struct span){text, split});
    read_request(rest, 1);
    read_request(rest, 0);
    return 0;
}
