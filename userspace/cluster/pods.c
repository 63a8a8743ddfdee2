/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/pods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/table.h"
#include "cluster/link.h"
#include "cluster/pods_file.h"
#include "cluster/readers.h"
#include "cluster/told.h"
#include "cluster/told_list.h"
#include "identity/binding.h"
#include "identity/fields.h"
#include "identity/identity.h"
#include "identity/registry.h"
#include "identity/source_static.h"
#include "limits.h"
#include "wire/wire.h"

#define BUILD_MS 5u    /* a burst of pods makes one registry */
#define RETRY_MS 1000u /* when there was no memory for one */
#define SAVE_MS 1000u  /* between two writings of the file */

struct pods {
    struct pods_options options;
    struct registry *fixed; /* of the identities file; NULL: none */
    struct told_list pods;
    struct told_list bindings;
    struct bindings *rules; /* of the bindings, sorted; they point into these */
    int rules_are_old;
    int all_are_stale; /* rules have changed */
    struct registry *registry;
    struct readers *readers;
    struct loop_timer build;
    int builds; /* build is set */
    struct loop_timer save;
    int saves; /* save is set */
    uint64_t saved_ms;
    uint32_t saved_crc;
    struct pods_stats stats;
};

/* ---- who is who --------------------------------------------------------------------------------
 */

/* By the rules before a list of them is complete, somebody would be taken for somebody else. */
static int rules_are_settled(const struct pods *pods)
{
    return pods->bindings.was_complete && !pods->bindings.is_partial;
}

static int is_seen(const struct pods *pods)
{
    return pods->pods.was_complete && pods->bindings.was_complete;
}

static int add_rules(struct bindings *rules, struct told **all, size_t count)
{
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++) {
        struct fields when;
        r = told_fields(all[i], &when, NULL);
        if (r == 0)
            r = binding_add(rules, all[i]->workload, &when, NULL);
    }
    return r;
}

static int make_rules(struct pods *pods)
{
    struct bindings *rules = NULL;
    struct told **all = told_list_sorted(&pods->bindings);
    int r = all ? binding_load(NULL, &rules, NULL) : -ENOMEM;
    if (r == 0)
        r = add_rules(rules, all, table_count(pods->bindings.all));
    free(all);
    if (r < 0) {
        binding_free(rules);
        return r;
    }
    binding_free(pods->rules);
    pods->rules = rules;
    pods->rules_are_old = 0;
    pods->all_are_stale = 1;
    return 0;
}

/* Who TOLD is by the rules in force: perhaps nobody. 0 or -ENOMEM. */
static int resolve(struct pods *pods, struct told *told)
{
    struct fields fields;
    struct identity *identity = NULL;
    if (told->is_bare || told_fields(told, &fields, NULL) < 0)
        return 0;
    struct span workload =
        pods->options.own ? binding_match(pods->options.own, &fields) : (struct span){"", 0};
    if (!workload.length)
        workload = binding_workload(pods->rules, &fields);
    int r = workload.length ? identity_of_fields(&fields, workload, &identity, NULL) : 0;
    if (r == -ENOMEM)
        return r;
    identity_unref(told->identity);
    told->identity = identity;
    told->is_stale = 0;
    return 0;
}

static int resolve_all(struct pods *pods)
{
    size_t at = 0;
    int r = 0;
    if (!rules_are_settled(pods))
        return 0;
    if (pods->rules_are_old)
        r = make_rules(pods);
    for (struct told *told; r == 0 && (told = table_next(pods->pods.all, &at));)
        if (told->is_stale || pods->all_are_stale)
            r = resolve(pods, told);
    if (r == 0)
        pods->all_are_stale = 0;
    return r;
}

/* ---- the registry ------------------------------------------------------------------------------
 */

static int add_fixed(struct registry *registry, const struct registry *fixed)
{
    size_t at = 0;
    int r = 0;
    enum registry_kind kind;
    struct span name;
    for (struct identity *one; r == 0 && fixed && (one = registry_next(fixed, &at, &kind, &name));)
        r = registry_add(registry, kind, name, one);
    return r;
}

static int add_pods(struct pods *pods, struct registry *registry)
{
    size_t at = 0;
    int r = 0;
    pods->stats.nobody = 0;
    for (struct told *told; r == 0 && (told = table_next(pods->pods.all, &at));) {
        if (told->identity)
            r = registry_add(registry, REGISTRY_POD, told->name, told->identity);
        else
            pods->stats.nobody++;
        pods->stats.nobody += r == -ENOSPC;
        if (r == -EEXIST || r == -ENOSPC) /* the node's own file names it; or there is no room */
            r = 0;
    }
    return r;
}

static int fill(struct pods *pods, struct registry *registry)
{
    int r = add_fixed(registry, pods->fixed);
    if (r == 0)
        r = add_pods(pods, registry);
    if (!is_seen(pods))
        registry_set_unseen(registry);
    return r;
}

/* Make a registry of what is known. 0; or -errno, and the one there is stays. TELLS: of it, too. */
static int rebuild(struct pods *pods, int tells)
{
    struct registry *old = pods->registry, *fresh = registry_new();
    struct readers *readers = NULL;
    int r = fresh ? resolve_all(pods) : -ENOMEM;
    if (r == 0)
        r = fill(pods, fresh);
    if (r == 0 && !(readers = readers_new(fresh)))
        r = -ENOMEM;
    if (r < 0) {
        registry_free(fresh);
        return r;
    }
    readers_free(pods->readers);
    pods->readers = readers;
    pods->registry = fresh;
    if (tells)
        pods->options.changed(pods->options.context, fresh);
    registry_free(old);
    return 0;
}

static void save_soon(struct pods *pods)
{
    uint64_t now = clock_mono_ms(), due = pods->saved_ms + SAVE_MS;
    if (!is_seen(pods) || pods->saves)
        return;
    pods->saves = 1;
    loop_set_timer(pods->options.loop, &pods->save, due > now ? due - now : 0);
}

static void on_save(struct loop_timer *timer)
{
    struct pods *pods = (struct pods *)((char *)timer - offsetof(struct pods, save));
    pods->saves = 0;
    pods->saved_ms = clock_mono_ms();
    pods->stats.save_error = pods_file_write(pods->options.dir, pods->pods.all, &pods->saved_crc);
    if (pods->stats.save_error < 0)
        save_soon(pods);
}

static void build_in(struct pods *pods, uint64_t ms)
{
    if (pods->builds)
        return;
    pods->builds = 1;
    loop_set_timer(pods->options.loop, &pods->build, ms);
}

static void on_build(struct loop_timer *timer)
{
    struct pods *pods = (struct pods *)((char *)timer - offsetof(struct pods, build));
    pods->builds = 0;
    if (rebuild(pods, 1) < 0)
        build_in(pods, RETRY_MS);
    else
        save_soon(pods);
}

/* ---- what is told ------------------------------------------------------------------------------
 */

static int is_over(struct span phase)
{
    return span_is(phase, "Succeeded") || span_is(phase, "Failed");
}

/* TOLD, or nothing when it broke a rule, has NAME from now on. Non-zero when that changes LIST. */
static int take(struct pods *pods, struct told_list *list, struct told *told, struct span name)
{
    int r = told ? told_list_keep(list, told) : -EINVAL;
    if (r >= 0)
        return r;
    pods->stats.left_out++;
    told_list_remove(list, name);
    return 1;
}

static void on_pod(void *context, const struct wire_message *message)
{
    struct pods *pods = context;
    struct told *told = NULL;
    struct span uid = message->field[POD_UID];
    if (is_over(message->field[POD_PHASE])) {
        told_list_remove(&pods->pods, uid);
    } else {
        told_pod(message, &told, NULL);
        if (!take(pods, &pods->pods, told, uid))
            return;
    }
    build_in(pods, BUILD_MS);
}

static void on_pod_gone(void *context, const struct wire_message *message)
{
    struct pods *pods = context;
    told_list_remove(&pods->pods, message->field[POD_UID]);
    build_in(pods, BUILD_MS);
}

/* The rules that there are point into what may be gone by now. */
static void change_rules(struct pods *pods)
{
    pods->rules_are_old = 1;
    build_in(pods, BUILD_MS);
}

static void on_binding(void *context, const struct wire_message *message)
{
    struct pods *pods = context;
    struct told *told = NULL;
    told_binding(message, &told, NULL);
    if (take(pods, &pods->bindings, told, message->field[BINDING_NAME]))
        change_rules(pods);
}

static void on_binding_gone(void *context, const struct wire_message *message)
{
    struct pods *pods = context;
    told_list_remove(&pods->bindings, message->field[BINDING_NAME]);
    change_rules(pods);
}

static struct told_list *list_named(struct pods *pods, struct span name)
{
    if (span_is(name, "pods"))
        return &pods->pods;
    return span_is(name, "bindings") ? &pods->bindings : NULL;
}

static void on_reset(void *context, const struct wire_message *message)
{
    struct told_list *list = list_named(context, message->field[LIST_WHAT]);
    if (list)
        told_list_reset(list);
}

static void on_synced(void *context, const struct wire_message *message)
{
    struct pods *pods = context;
    struct told_list *list = list_named(pods, message->field[LIST_WHAT]);
    if (!list || told_list_end(list) <= 0)
        return;
    if (list == &pods->bindings)
        change_rules(pods);
    else
        build_in(pods, BUILD_MS);
}

/* All stay: who is gone is told by the next list. */
static void on_lost(void *context, const struct wire_message *message)
{
    struct pods *pods = context;
    (void)message;
    told_list_lose(&pods->pods);
    told_list_lose(&pods->bindings);
}

static int observe(struct pods *pods)
{
    static const struct {
        enum wire_kind kind;
        link_observer *observer;
    } rows[] = {
        {WIRE_NONE, on_lost},
        {WIRE_RESET, on_reset},
        {WIRE_SYNCED, on_synced},
        {WIRE_POD, on_pod},
        {WIRE_POD_GONE, on_pod_gone},
        {WIRE_BINDING, on_binding},
        {WIRE_BINDING_GONE, on_binding_gone},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof rows / sizeof rows[0]; i++)
        r = link_observe(pods->options.link, rows[i].kind, rows[i].observer, pods);
    return r;
}

/* ---- beginning and end -------------------------------------------------------------------------
 */

static int read_fixed(const char *path, const struct bindings *own, struct registry **ret,
                      struct error *error)
{
    struct bindings *none = NULL;
    *ret = NULL;
    int r = own || !path[0] ? 0 : binding_load(NULL, &none, error);
    if (r == 0 && path[0])
        r = source_static_load(path, own ? own : none, ret, error);
    binding_free(none);
    if (r != -ENOENT)
        return r;
    error->text[0] = '\0';
    return 0;
}

/* The pods that the last daemon knew: bare, until they are told of. */
static int take_file(struct pods *pods, struct error *error)
{
    struct registry *registry = NULL;
    enum registry_kind kind;
    struct span name;
    size_t at = 0;
    int r = pods_file_read(pods->options.dir, &registry, error);
    if (r < 0) {
        if (r == -ENOENT)
            error->text[0] = '\0';
        return r == -ENOMEM ? r : 0;
    }
    for (struct identity *one; r == 0 && (one = registry_next(registry, &at, &kind, &name));) {
        struct told *told = told_bare(name, one);
        r = told ? told_list_keep(&pods->pods, told) : -ENOMEM;
        r = r < 0 ? r : 0;
    }
    registry_free(registry);
    return r;
}

static int begin(struct pods *pods, struct error *error)
{
    if (told_list_init(&pods->pods, LIMIT_IDENTITIES) < 0 ||
        told_list_init(&pods->bindings, LIMIT_BINDINGS) < 0)
        return error_set(error, -ENOMEM, "out of memory");
    int r = read_fixed(pods->options.identities, pods->options.own, &pods->fixed, error);
    if (r == 0)
        r = take_file(pods, error);
    if (r < 0)
        return r;
    r = observe(pods);
    if (r == 0)
        r = rebuild(pods, 0);
    return r < 0 ? error_errno(error, r, "cannot make the list of pods") : 0;
}

int pods_new(const struct pods_options *options, struct pods **ret, struct error *error)
{
    struct pods *pods = calloc(1, sizeof *pods);
    if (!pods)
        return error_set(error, -ENOMEM, "out of memory");
    pods->options = *options;
    pods->build.fire = on_build;
    pods->save.fire = on_save;
    int r = begin(pods, error);
    if (r < 0) {
        pods_free(pods);
        return r;
    }
    *ret = pods;
    return 0;
}

int pods_reload(struct pods *pods, const struct bindings *own, struct error *error)
{
    const struct bindings *old_own = pods->options.own;
    struct registry *old_fixed = pods->fixed, *fixed;
    int r = read_fixed(pods->options.identities, own, &fixed, error);
    if (r < 0)
        return r;
    pods->options.own = own;
    pods->fixed = fixed;
    pods->all_are_stale = 1;
    r = rebuild(pods, 1);
    if (r < 0) { /* who was looked up by the new rules is so again by the old ones */
        pods->options.own = old_own;
        pods->fixed = old_fixed;
        pods->all_are_stale = 1;
        registry_free(fixed);
        return error_errno(error, r, "cannot make the list of pods");
    }
    registry_free(old_fixed);
    save_soon(pods);
    return 0;
}

const struct registry *pods_registry(const struct pods *pods)
{
    return pods->registry;
}

int pods_are_synced(const struct pods *pods)
{
    return pods->pods.was_complete;
}

int pods_need(const struct pods *pods, struct span key)
{
    return readers_has(pods->readers, key);
}

void pods_write_readers(struct writer *w, const struct pods *pods, struct span key)
{
    readers_write(w, pods->readers, key);
}

size_t pods_count(const struct pods *pods)
{
    return table_count(pods->pods.all);
}

void pods_read_stats(const struct pods *pods, struct pods_stats *ret)
{
    *ret = pods->stats;
    ret->pods = table_count(pods->pods.all);
    ret->bindings = table_count(pods->bindings.all);
}

void pods_free(struct pods *pods)
{
    if (!pods)
        return;
    loop_cancel_timer(pods->options.loop, &pods->build);
    loop_cancel_timer(pods->options.loop, &pods->save);
    if (pods->saves)
        pods_file_write(pods->options.dir, pods->pods.all, &pods->saved_crc);
    readers_free(pods->readers);
    registry_free(pods->registry);
    registry_free(pods->fixed);
    binding_free(pods->rules);
    told_list_done(&pods->pods);
    told_list_done(&pods->bindings);
    free(pods);
}
