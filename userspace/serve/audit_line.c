/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/audit_line.h"

#include <string.h>

#include "base/clock.h"
#include "base/writer.h"
#include "identity/identity.h"
#include "kernel/guard.h"
#include "limits.h"
#include "serve/subject.h"

static inline void text(struct writer *w, const char *name, const char *value)
{
    writer_text(w, name);
    writer_text(w, value);
    writer_literal(w, "\"");
}

/* What is empty is left out: records are many. */
static void known(struct writer *w, const char *name, const char *value)
{
    if (value && value[0])
        text(w, name, value);
}

static const char *const doors[] = {
    [DOOR_PUBLIC] = "public", [DOOR_ADMIN] = "admin", [DOOR_SYNC] = "sync"};

void audit_line_subject(struct writer *w, const struct subject *subject)
{
    const struct identity *identity = subject->identity;
    text(w, "\"tier\":\"", subject->attested ? subject->tier : "none");
    text(w, ",\"door\":\"", doors[subject->door]);
    if (identity) {
        text(w, ",\"namespace\":\"", identity->namespace);
        text(w, ",\"workload\":\"", identity->workload);
        known(w, ",\"pod\":\"", identity->pod);
    }
    if (!identity || !identity->pod) /* a name does; without one the uid says which pod it was */
        known(w, ",\"podUid\":\"", subject->place->pod_uid);
    known(w, ",\"container\":\"", subject->place->container);
    writer_named_u64(w, ",\"pid\":", subject->caller.pid);
    writer_named_u64(w, ",\"uid\":", subject->caller.uid);
    if (subject->place->kind == PLACE_POD)
        return;
    /* No pod: then only its cgroup says who it was, in names that it may have chosen itself. */
    size_t length = strnlen(subject->place->path, LIMIT_AUDIT_PATH);
    writer_literal(w, ",\"cgroup\":");
    writer_json_unsafe(w, subject->place->path, length);
}

static void write_event(struct writer *w, const struct audit_event *event)
{
    text(w, ",\"op\":\"", event->operation);
    writer_literal(w, ",\"key\":\"");
    writer_span(w, event->key);
    text(w, "\",\"outcome\":\"", event->outcome);
    text(w, ",\"reason\":\"", event->reason);
    if (event->count)
        writer_named_u64(w, ",\"count\":", event->count);
    writer_literal(w, "}\n");
}

static int is_remembered(const struct audit_memo *memo, const struct audit_event *event)
{
    return memo->length && memo->event.operation == event->operation &&
           memo->event.key.data == event->key.data && memo->event.key.length == event->key.length &&
           memo->event.outcome == event->outcome && memo->event.reason == event->reason &&
           memo->event.count == event->count;
}

static void remember(struct audit_memo *memo, const struct audit_event *event)
{
    struct writer w = writer_on(memo->text, sizeof memo->text);
    write_event(&w, event);
    memo->event = *event;
    memo->length = writer_ok(&w) ? w.used : 0;
}

static void write_time(struct writer *w, int64_t wall_us)
{
    char time[CLOCK_RFC3339];
    clock_format(wall_us, time);
    writer_literal(w, "{\"time\":\"");
    writer_bytes(w, time, CLOCK_RFC3339_LENGTH);
    writer_literal(w, "\",");
}

void audit_line_write(struct writer *w, int64_t wall_us, struct span subject,
                      const struct audit_event *event, struct audit_memo *memo)
{
    write_time(w, wall_us);
    writer_span(w, subject);
    if (memo && !is_remembered(memo, event))
        remember(memo, event);
    if (memo && memo->length)
        writer_bytes(w, memo->text, memo->length);
    else
        write_event(w, event);
}

/* ---- guards -------------------------------------------------------------------------------- */

/* Names that whoever it was may have chosen itself, or the number where no name is known. */
static void write_cgroup(struct writer *w, uint64_t id, const struct vsecm_chain *chain)
{
    char path[LIMIT_AUDIT_PATH];
    struct writer names = writer_on(path, sizeof path);
    if (!chain) {
        writer_named_u64(w, ",\"cgroupId\":", id);
        return;
    }
    for (size_t i = 0; i < chain->depth && i < VSECM_CHAIN_LEVELS; i++) {
        writer_literal(&names, "/");
        writer_bytes(&names, chain->name[i], strnlen(chain->name[i], VSECM_CGROUP_NAME));
    }
    writer_literal(w, ",\"cgroup\":");
    writer_json_unsafe(w, path, names.used);
}

void audit_line_denial(struct writer *w, int64_t wall_us, const struct vsecm_denial *denial,
                       const struct vsecm_chain *chain)
{
    write_time(w, wall_us);
    writer_literal(w, "\"tier\":\"lsm\",\"door\":\"none\"");
    writer_named_u64(w, ",\"pid\":", denial->pid);
    writer_named_u64(w, ",\"uid\":", denial->uid);
    write_cgroup(w, denial->cgroup_id, chain);
    writer_literal(w, ",\"command\":");
    writer_json_unsafe(w, denial->command, strnlen(denial->command, sizeof denial->command));
    text(w, ",\"hook\":\"", guard_hook_name(denial->hook));
    if (denial->target)
        writer_named_u64(w, ",\"target\":", denial->target);
    if (denial->object)
        writer_named_u64(w, ",\"object\":", denial->object);
    write_event(w, &(struct audit_event){.operation = "denied",
                                         .outcome = "deny",
                                         .reason = guard_why_name(denial->why)});
}

void audit_line_lost(struct writer *w, int64_t wall_us, uint64_t lost)
{
    write_time(w, wall_us);
    writer_literal(w, "\"tier\":\"lsm\",\"door\":\"none\"");
    writer_named_u64(w, ",\"lost\":", lost);
    write_event(w,
                &(struct audit_event){.operation = "denied", .outcome = "deny", .reason = "lost"});
}
