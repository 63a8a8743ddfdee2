/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/body.h"

#include "base/str.h"
#include "base/writer.h"
#include "sync/names.h"

/* ---- pieces ------------------------------------------------------------------------------------
 */

static void text(struct writer *w, const char *name, struct span value)
{
    writer_text(w, name);
    writer_json_unsafe(w, value.data, value.length);
}

/* FIELD, decimal text, as a number; NAME stands before it. Nothing when it is none. */
static void number(struct writer *w, const char *name, struct span field)
{
    uint64_t value;
    if (str_u64(field, UINT64_MAX, &value) == 0)
        writer_named_u64(w, name, value);
}

/* The lines of FIELD as an array of texts. */
static void lines(struct writer *w, const char *name, struct span field)
{
    const char *comma = "";
    writer_text(w, name);
    writer_literal(w, "[");
    while (field.length) {
        struct span line = str_cut_line(&field);
        if (!line.length)
            continue;
        text(w, comma, line);
        comma = ",";
    }
    writer_literal(w, "]");
}

/* ,"metadata":{"name":…,"resourceVersion":… without its end */
static void begin_metadata(struct writer *w, struct span namespace, struct span name,
                           struct span resource_version)
{
    text(w, "\"metadata\":{\"name\":", name);
    if (namespace.length)
        text(w, ",\"namespace\":", namespace);
    if (resource_version.length)
        text(w, ",\"resourceVersion\":", resource_version);
}

static void begin_vsecm(struct writer *w, const char *kind)
{
    writer_literal(w, "{\"apiVersion\":\"" NAMES_API "\",\"kind\":\"");
    writer_text(w, kind);
    writer_literal(w, "\",");
}

/* ---- VSecMSecrets ------------------------------------------------------------------------------
 */

void body_secret(struct writer *w, const struct wire_message *message,
                 const struct body_context *context)
{
    static const struct {
        const char *name;
        unsigned field;
    } claims[] = {
        {"\"" NAMES_VERSION "\":", SEEN_VERSION}, {"\"" NAMES_CREATED "\":", SEEN_CREATED},
        {"\"" NAMES_UPDATED "\":", SEEN_UPDATED}, {"\"" NAMES_NOT_BEFORE "\":", SEEN_NOT_BEFORE},
        {"\"" NAMES_EXPIRES "\":", SEEN_EXPIRES},
    };
    const char *comma = "";
    (void)context;
    begin_vsecm(w, "VSecMSecret");
    begin_metadata(w, message->field[SECRET_NAMESPACE], message->field[SECRET_NAME],
                   (struct span){"", 0});
    writer_literal(w, ",\"annotations\":{");
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        if (!message->field[claims[i].field].length)
            continue;
        writer_text(w, comma);
        text(w, claims[i].name, message->field[claims[i].field]);
        comma = ",";
    }
    text(w, "}},\"spec\":{\"sealed\":", message->field[PUT_SEALED]);
    writer_literal(w, "}}");
}

/* A list of readers for each node: a merge patch leaves those of the others as they are. */
void body_status(struct writer *w, const struct wire_message *message,
                 const struct body_context *context)
{
    struct span readers = message->field[STATUS_READERS];
    struct span updated = message->field[STATUS_UPDATED], error = message->field[STATUS_ERROR];
    writer_literal(w, "{\"status\":{");
    if (updated.length)
        text(w, "\"updated\":", updated);
    else
        writer_literal(w, "\"updated\":null");
    number(w, ",\"version\":", message->field[STATUS_VERSION]);
    number(w, ",\"observedGeneration\":", message->field[STATUS_GENERATION]);
    if (error.length)
        text(w, ",\"error\":", error);
    else
        writer_literal(w, ",\"error\":null");
    text(w, ",\"readers\":{", span_of(context->node));
    if (readers.length)
        lines(w, ":", readers);
    else
        writer_literal(w, ":null");
    writer_literal(w, "}}}");
}

/* ---- nodes and the key -------------------------------------------------------------------------
 */

/* In a patch, what is empty now must be taken away. */
static void optional(struct writer *w, const char *name, struct span value, int is_patch)
{
    if (value.length) {
        text(w, name, value);
    } else if (is_patch) {
        writer_text(w, name);
        writer_literal(w, "null");
    }
}

void body_node(struct writer *w, const struct wire_message *message,
               const struct body_context *context)
{
    struct span version = message->field[NODE_RESOURCE_VERSION];
    (void)context;
    begin_vsecm(w, "VSecMNode");
    begin_metadata(w, (struct span){"", 0}, message->field[NODE_NAME], version);
    text(w, "},\"spec\":{\"recipient\":", message->field[NODE_RECIPIENT]);
    optional(w, ",\"request\":", message->field[NODE_REQUEST], version.length != 0);
    writer_text(w, message->field[NODE_APPROVED].length ? ",\"approved\":true"
                                                        : ",\"approved\":false");
    writer_literal(w, "}}");
}

void body_key(struct writer *w, const struct wire_message *message,
              const struct body_context *context)
{
    (void)context;
    begin_vsecm(w, "VSecMKey");
    begin_metadata(w, (struct span){"", 0}, SPAN_LITERAL(NAMES_KEY),
                   message->field[KEY_RESOURCE_VERSION]);
    text(w, "},\"spec\":{\"recipient\":", message->field[KEY_RECIPIENT]);
    text(w, ",\"sealed\":", message->field[KEY_SEALED]);
    lines(w, ",\"nodes\":", message->field[KEY_NODES]);
    writer_literal(w, "}}");
}

/* ---- what is posted ----------------------------------------------------------------------------
 */

/* Of an object that has no namespace, events are in the one named "default". */
void body_event(struct writer *w, const struct wire_message *message,
                const struct body_context *context)
{
    struct span namespace = message->field[EVENT_NAMESPACE];
    struct span node = span_of(context->node), now = span_of(context->now);
    writer_literal(w, "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{"
                      "\"generateName\":\"vsecm-\",\"namespace\":");
    text(w, "", namespace.length ? namespace : SPAN_LITERAL("default"));
    writer_literal(w, "},\"involvedObject\":{\"apiVersion\":\"" NAMES_API "\",\"kind\":");
    writer_text(w, namespace.length ? "\"VSecMSecret\"" : "\"VSecMNode\"");
    if (namespace.length)
        text(w, ",\"namespace\":", namespace);
    text(w, ",\"name\":", message->field[EVENT_NAME]);
    if (message->field[EVENT_UID].length)
        text(w, ",\"uid\":", message->field[EVENT_UID]);
    text(w, "},\"type\":", message->field[EVENT_TYPE]);
    text(w, ",\"reason\":", message->field[EVENT_REASON]);
    text(w, ",\"message\":", message->field[EVENT_MESSAGE]);
    text(w, ",\"firstTimestamp\":", now);
    text(w, ",\"lastTimestamp\":", now);
    text(w, ",\"count\":1,\"source\":{\"component\":\"vsecm\",\"host\":", node);
    text(w, "},\"reportingComponent\":\"vsecm.com/vsecm\",\"reportingInstance\":", node);
    writer_literal(w, "}");
}

void body_review(struct writer *w, const struct wire_message *message,
                 const struct body_context *context)
{
    (void)context;
    writer_literal(w, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\",");
    text(w, "\"spec\":{\"token\":", message->field[TOKEN_TEXT]);
    text(w, ",\"audiences\":[", message->field[TOKEN_AUDIENCE]);
    writer_literal(w, "]}}");
}

/* The owner names the object itself: a copy of it in another place is not ours. */
void body_export(struct writer *w, const struct wire_message *message,
                 const struct body_context *context)
{
    struct span namespace = message->field[EXPORT_NAMESPACE], name = message->field[EXPORT_NAME];
    writer_literal(w, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"type\":\"Opaque\",");
    begin_metadata(w, namespace, name, context->resource_version);
    writer_literal(w, ",\"labels\":{\"" NAMES_MANAGED_BY "\":\"" NAMES_MANAGER
                      "\"},\"annotations\":{\"" NAMES_OWNER "\":\"");
    writer_span(w, namespace); /* names, which need no escaping */
    writer_literal(w, "/");
    writer_span(w, name);
    writer_literal(w, "\"}},\"data\":");
    writer_span(w, message->field[EXPORT_DATA]);
    writer_literal(w, "}");
}

void body_delete(struct writer *w, struct span uid, struct span resource_version)
{
    const char *comma = "";
    writer_literal(w, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"preconditions\":{");
    if (uid.length) {
        text(w, "\"uid\":", uid);
        comma = ",";
    }
    if (resource_version.length) {
        writer_text(w, comma);
        text(w, "\"resourceVersion\":", resource_version);
    }
    writer_literal(w, "}}");
}
