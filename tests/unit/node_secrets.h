/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node of a cluster for tests of secrets.h: a store, a link with the other end of sync_side.h,
 * and pods and a root key as the test says; whether that is the newest is asked and judged for
 * real. What decides who pods are and how keys come is not in it.
 */
#ifndef VSECM_TESTS_UNIT_NODE_SECRETS_H
#define VSECM_TESTS_UNIT_NODE_SECRETS_H

#include <errno.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/writer.h"
#include "cluster/pods.h"
#include "cluster/root_confirm.h"
#include "cluster/root_state.h"
#include "cluster/sealed_record.h"
#include "cluster/secrets.h"
#include "crypto/age_key.h"
#include "store/record.h"
#include "store/upstream.h"
#include "tests/unit/stores.h"
#include "tests/unit/sync_side.h"

#define T0 INT64_C(1795551330123456)

static struct stores stores;
static struct loop *loop;
static struct link *line;
static struct secrets *secrets;
static struct loop_timer look;

/* ---- the pods and the root key --------------------------------------------------------------- */

static struct root root; /* what root_confirm.c looks at */
static struct age_identity identities[2];
static size_t identity_count;
static int is_left_out;
static char needed[64]; /* a namespace: all its keys */

const struct age_recipient *root_recipient(const struct root *whose)
{
    (void)whose;
    return identity_count ? &identities[0].recipient : NULL;
}

const struct age_recipient *root_seals_to(const struct root *whose)
{
    return is_left_out ? NULL : root_recipient(whose);
}

const struct age_identity *root_identities(const struct root *whose, size_t *count)
{
    (void)whose;
    *count = identity_count;
    return identity_count ? identities : NULL;
}

const char *root_why(const struct root *whose)
{
    (void)whose;
    return "this node waits to be let in";
}

int pods_need(const struct pods *pods, struct span key)
{
    (void)pods;
    size_t length = strlen(needed);
    return key.length > length && memcmp(key.data, needed, length) == 0 && key.data[length] == '/';
}

int pods_are_synced(const struct pods *pods)
{
    (void)pods;
    return 1;
}

void pods_write_readers(struct writer *w, const struct pods *pods, struct span key)
{
    if (!pods_need(pods, key))
        return;
    writer_literal(w, "a/pod-of-");
    writer_span(w, key);
    writer_literal(w, "\n");
}

/* ---- what is told ---------------------------------------------------------------------------- */

static struct {
    unsigned settled;
    uint64_t ticket;
    int result;
    char why[ERROR_TEXT];
    unsigned refused;
    char reason[32];
    unsigned resealed;
    void (*take)(uint64_t ticket); /* called when a change has settled with 0 */
} heard;

static inline void on_settled(void *context, uint64_t first, uint64_t last, int result)
{
    (void)context;
    const struct upstream *upstream = secrets_upstream(secrets);
    CHECK_EQ_INT(first, last);
    heard.settled++;
    heard.ticket = first;
    heard.result = result;
    snprintf(heard.why, sizeof heard.why, "%s", upstream->why(upstream->self));
    if (result == 0 && heard.take)
        heard.take(first);
}

static inline void on_refused(void *context, struct span key, const char *reason)
{
    (void)context, (void)key;
    heard.refused++;
    snprintf(heard.reason, sizeof heard.reason, "%s", reason);
}

static inline void on_resealed(void *context)
{
    (void)context;
    heard.resealed++;
}

/* ---- time ------------------------------------------------------------------------------------ */

static int (*wanted)(void);
static uint64_t until_ms;

static inline void on_look(struct loop_timer *timer)
{
    if (wanted() || clock_mono_ms() >= until_ms)
        loop_stop(loop);
    else
        loop_set_timer(loop, timer, 1);
}

/* The clock of everything that is linked: it can be put forward. */
static uint64_t ahead_ms;
uint64_t __real_clock_mono_ms(void);
uint64_t __wrap_clock_mono_ms(void);

uint64_t __wrap_clock_mono_ms(void)
{
    return __real_clock_mono_ms() + ahead_ms;
}

/* In place of the C library's: the loop's alarm, by that clock. */
static int alarm_fd;

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
    struct itimerspec real = *when;
    alarm_fd = fd;
    uint64_t due_ms =
        (uint64_t)when->it_value.tv_sec * 1000 + (uint64_t)when->it_value.tv_nsec / 1000000;
    due_ms = due_ms > ahead_ms ? due_ms - ahead_ms : 1;
    real.it_value = (struct timespec){(time_t)(due_ms / 1000), (long)(due_ms % 1000) * 1000000};
    return (int)syscall(SYS_timerfd_settime, fd, flags, &real, old);
}

/* Put the clock forward, and let whatever is due by it be done. */
static inline void skip_ms(uint64_t ms)
{
    static const struct itimerspec now = {.it_value = {0, 1}};
    ahead_ms += ms;
    CHECK_EQ_INT(syscall(SYS_timerfd_settime, alarm_fd, 0, &now, NULL), 0);
}

/* Turn the loop until WANT holds. */
#define WAIT_FOR(want) CHECK(wait_for(want))

static inline int wait_ms(int (*want)(void), uint64_t ms)
{
    wanted = want;
    until_ms = clock_mono_ms() + ms;
    look.fire = on_look;
    loop_set_timer(loop, &look, 0);
    CHECK_EQ_INT(loop_run(loop), 0);
    loop_cancel_timer(loop, &look);
    return want();
}

static inline int wait_for(int (*want)(void))
{
    return wait_ms(want, 15000);
}

static inline int never(void)
{
    return 0;
}

static inline int on_turn(void *context)
{
    change_flush(stores.store);
    (void)context;
    return 0;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static inline void begin_secrets(void)
{
    const struct secrets_options options = {.loop = loop,
                                            .arena = stores.arena,
                                            .link = line,
                                            .store = stores.store,
                                            .root = &root,
                                            .versions = 3,
                                            .max = 50,
                                            .settled = on_settled,
                                            .resealed = on_resealed,
                                            .rekey_ms = 60000,
                                            .refused = on_refused};
    CHECK_EQ_INT(secrets_new(&options, &secrets), 0);
}

static inline int is_up(void)
{
    return link_is_up(line);
}

static inline void begin_with(int is_async)
{
    memset(&heard, 0, sizeof heard);
    identity_count = 2;
    age_key_generate(&identities[0]);
    age_key_generate(&identities[1]);
    snprintf(needed, sizeof needed, "a");
    root = (struct root){.object = {.is_there = 1, .version = "1"}};
    sync_side.key = "1";
    stores = (struct stores){.arena = arenas_new(12 * ARENA_MIB)};
    scratch_new();
    if (is_async) {
        stores_go_async(&stores);
        loop = stores.loop;
    } else {
        CHECK_EQ_INT(loop_new(&loop), 0);
    }
    CHECK_EQ_INT(stores_open(&stores, 50, 10, 1), 0);
    store_set_settled(stores.store, NULL, NULL);
    loop_set_turn(loop, on_turn, NULL);
    line = link_new(loop, stores.arena);
    begin_secrets();
}

static inline void begin(void)
{
    begin_with(0);
    sync_side_come(loop, line);
    sync_side_list();
    WAIT_FOR(is_up);
}

static inline void end(void)
{
    struct loop *own = stores.loop ? NULL : loop;
    secrets_free(secrets);
    sync_side_done();
    link_free(line);
    if (stores.loop) {
        change_finish(stores.store);
        stores_end_async(&stores);
    }
    loop_free(own);
    stores_end(&stores);
}

/* ---- objects --------------------------------------------------------------------------------- */

/* Version NUMBER of KEY as an object of NAME holds it, sealed to identity WHOM. */
static inline struct sync_side_object *put_object_as(const char *name, const char *key,
                                                     uint64_t number, const char *value,
                                                     const struct age_identity *whom)
{
    const struct record record = {.op = RECORD_PUT,
                                  .version = number,
                                  .created_us = T0,
                                  .updated_us = T0 + (int64_t)number,
                                  .validity = VALIDITY_ALWAYS,
                                  .key = span_of(key),
                                  .value = span_of(value)};
    char *sealed, version[24];
    size_t length;
    CHECK_EQ_INT(sealed_record_write(stores.arena, &record, &whom->recipient, &sealed, &length), 0);
    snprintf(version, sizeof version, "%llu", (unsigned long long)number);
    struct sync_side_object *ret = sync_side_set(name, version, (struct span){sealed, length});
    snprintf(ret->claims[1], sizeof ret->claims[1], "2026-11-24T20:15:30.123456Z");
    free(sealed);
    return ret;
}

static inline struct sync_side_object *put_object(const char *name, uint64_t number,
                                                  const char *value)
{
    return put_object_as(name, name, number, value, &identities[0]);
}

static inline int is_at(const char *key, const char *value, uint64_t number)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    return version && version->block && span_is(version->value, value) && version->number == number;
}

static inline int is_absent(const char *key)
{
    return !store_find(stores.store, span_of(key));
}

static inline int a1_is_one(void)
{
    return is_at("a/1", "one", 1);
}

static inline int a1_is_two(void)
{
    return is_at("a/1", "two", 2);
}

static inline int a1_is_absent(void)
{
    return is_absent("a/1");
}

static inline int was_refused(void)
{
    return heard.refused > 0;
}

static inline int has_settled(void)
{
    return heard.settled > 0;
}

static inline int was_told(void)
{
    return sync_side.statuses > 0;
}

#endif
