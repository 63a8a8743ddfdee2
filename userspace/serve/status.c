/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/status.h"

#include <stdlib.h>

#include "base/writer.h"
#include "crypto/arena.h"
#include "protocol.h"
#include "serve/audit.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "store/store.h"

static void write_status(struct writer *w, const struct service *service)
{
    struct arena_stats arena;
    arena_read_stats(service->arena, &arena);
    struct audit_stats audit;
    audit_read_stats(service->audit, &audit);
    writer_text(w, service->working ? "{\"serving\":true" : "{\"serving\":false");
    writer_named_u64(w, ",\"secrets\":", store_count(service->store));
    writer_named_u64(w, ",\"requestsServed\":", service->served);
    writer_named_u64(w, ",\"requestsRefused\":", service->refused);
    writer_literal(w, ",\"arena\":{\"backing\":\"");
    writer_text(w, arena_backing_name(service->arena));
    writer_named_u64(w, "\",\"size\":", arena.size);
    writer_named_u64(w, ",\"used\":", arena.used);
    writer_named_u64(w, ",\"peak\":", arena.peak);
    writer_named_u64(w, ",\"blocks\":", arena.blocks);
    writer_named_u64(w, ",\"refusals\":", arena.refusals);
    writer_named_u64(w, "},\"audit\":{\"records\":", audit.records);
    writer_named_u64(w, ",\"failures\":", audit.failures);
    writer_literal(w, "}");
    if (service->status)
        service->status(w, service->status_context);
    writer_literal(w, "}\n");
}

void status_show(struct service *service, struct call *call, struct reply *reply)
{
    (void)call;
    struct writer count = {0};
    write_status(&count, service);
    /* Numbers may grow by a digit between the two passes. */
    size_t size = count.needed + 256;
    char *body = malloc(size);
    if (!body) {
        reply_error(reply, 500, ERROR_INTERNAL, "out of memory");
        return;
    }
    struct writer w = writer_on(body, size);
    write_status(&w, service);
    reply_heap(reply, REPLY_JSON, body, w.used);
}
