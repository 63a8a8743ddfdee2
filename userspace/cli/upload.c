/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/upload.h"

#include "cli/call.h"
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_LIMIT 4096u

void upload_begin(struct upload *upload, const struct arguments *arguments)
{
    upload->arguments = arguments;
    upload->status = VERB_OK;
    upload->sent = 0;
    upload->used = 0;
}

static int send_piece(struct upload *upload)
{
    char target[sizeof PATH_RESTORE + 32];
    snprintf(target, sizeof target, PATH_RESTORE "?offset=%llu", (unsigned long long)upload->sent);
    const struct exchange_request request = {
        .method = "POST",
        .target = target,
        .body = upload->piece,
        .length = upload->used,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    upload->status = call_admin(upload->arguments, &request, &answer);
    if (upload->status)
        return -ECANCELED;
    exchange_clear(&answer);
    upload->sent += upload->used;
    upload->used = 0;
    return 0;
}

int upload_write(void *upload, const void *data, size_t length)
{
    struct upload *to = upload;
    for (const unsigned char *from = data; length;) {
        size_t room = sizeof to->piece - to->used, taken = length < room ? length : room;
        memcpy(to->piece + to->used, from, taken);
        to->used += taken;
        from += taken;
        length -= taken;
        if (to->used == sizeof to->piece && send_piece(to))
            return -ECANCELED;
    }
    return 0;
}

int upload_end(struct upload *upload)
{
    return upload->used ? send_piece(upload) : 0;
}
