/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the root key and the nodes, as JSON for people. */
#include <string.h>

#include "base/writer.h"
#include "cluster/root.h"
#include "cluster/root_admit.h"
#include "cluster/root_state.h"
#include "store/rootkey.h"

static void write_recipient(struct writer *w, const struct age_recipient *recipient)
{
    char text[AGE_KEY_RECIPIENT_TEXT] = "";
    if (recipient)
        age_key_write_recipient(recipient, text);
    writer_text(w, text);
}

static void write_waiting(struct writer *w, const struct root *root)
{
    const char *comma = "";
    writer_literal(w, ",\"waiting\":[");
    for (const struct applicant *a = root->applicants; root->held && a; a = a->next) {
        struct admission_verdict verdict = root_admit_judge(root, root->held, a);
        if (verdict.what == ADMISSION_NONE)
            continue;
        writer_text(w, comma);
        comma = ",";
        writer_literal(w, "{\"name\":");
        writer_json_unsafe(w, a->name, strlen(a->name));
        writer_literal(w, ",\"recipient\":\"");
        write_recipient(w, a->has_recipient ? &a->recipient : NULL);
        writer_literal(w, "\",\"why\":\"");
        writer_text(w, a->is_opened ? verdict.text : "its request has not been looked at yet");
        writer_literal(w, "\"}");
    }
    writer_literal(w, "]");
}

/* What both begin with. */
static void write_key(struct writer *w, const struct root *root)
{
    const struct wrap *held = root->held;
    writer_literal(w, "{\"node\":\"");
    writer_text(w, root->options.node);
    writer_literal(w, "\",\"nodeRecipient\":\"");
    write_recipient(w, &rootkey_identities(root->own)->recipient);
    writer_literal(w, "\",\"mode\":\"");
    writer_text(w, wrap_mode_name(root->options.mode));
    writer_literal(w, "\",\"recipient\":\"");
    write_recipient(w, root_recipient(root));
    writer_named_u64(w, "\",\"generation\":", held ? held->generation : 0);
    writer_named_u64(w, ",\"identities\":", held ? held->secret->identities : 0);
    writer_named_u64(w, ",\"recovery\":", held ? held->recoveries : 0);
    writer_text(w, root->has_copy ? ",\"copy\":true" : ",\"copy\":false");
}

/* And end with. */
static void write_state(struct writer *w, const struct root *root)
{
    const char *why = root_why(root);
    writer_literal(w, ",\"refused\":\"");
    writer_text(w, root->object.refused ? root->object.refused : "");
    writer_literal(w, "\",\"trouble\":");
    writer_json_unsafe(w, root->trouble, strlen(root->trouble));
    writer_literal(w, ",\"why\":");
    writer_json_unsafe(w, why, strlen(why));
    writer_literal(w, "}");
}

void root_write_nodes(struct writer *w, const struct root *root)
{
    const struct wrap *held = root->held;
    write_key(w, root);
    writer_literal(w, ",\"nodes\":[");
    for (size_t i = 0; held && i < held->nodes.count; i++) {
        writer_text(w, i ? ",{\"name\":\"" : "{\"name\":\"");
        writer_text(w, held->nodes.list[i].name);
        writer_literal(w, "\",\"recipient\":\"");
        write_recipient(w, &held->nodes.list[i].recipient);
        writer_literal(w, "\"}");
    }
    writer_literal(w, "]");
    write_waiting(w, root);
    write_state(w, root);
}

void root_write_status(struct writer *w, const struct root *root)
{
    const struct wrap *held = root->held;
    size_t waiting = 0;
    for (const struct applicant *a = root->applicants; held && a; a = a->next)
        waiting += root_admit_judge(root, held, a).what != ADMISSION_NONE;
    writer_literal(w, ",\"root\":");
    write_key(w, root);
    writer_named_u64(w, ",\"nodes\":", held ? held->nodes.count : 0);
    writer_named_u64(w, ",\"waiting\":", waiting);
    write_state(w, root);
}
