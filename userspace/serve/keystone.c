/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/keystone.h"

#include "base/writer.h"
#include "limits.h"
#include "protocol.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/key.h"

void keystone_get(struct service *service, struct call *call, struct reply *reply)
{
    (void)call;
    char key[LIMIT_KEY + 1], text[LIMIT_KEY + 64];
    struct writer k = writer_on(key, sizeof key), w = writer_on(text, sizeof text - 1);
    writer_span(&k, key_split(span_of(service->sentinel)).namespace);
    writer_literal(&k, "/" PROTOCOL_KEYSTONE);
    struct span name = {key, k.used};
    writer_literal(&w, "{\"status\":\"");
    const struct upstream upstream = service_upstream(service);
    writer_text(&w, upstream.version(upstream.self, name) ? "ready" : "pending");
    writer_literal(&w, "\",\"key\":\"");
    writer_span(&w, name);
    writer_literal(&w, "\"}\n");
    text[w.used] = '\0';
    reply_json(reply, text);
}
