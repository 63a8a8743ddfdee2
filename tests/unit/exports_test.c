/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/exports.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "store/record.h"
#include "tests/unit/check.h"
#include "tests/unit/stores.h"
#include "wire/channel.h"

#define UID "4f2a6b10-9c1d-4e3f-8a5b-0d1e2f3a4b5c"

static struct stores stores;
static struct loop *loop;
static struct link *link_to;
static struct exports *exports;
static char trail[8192]; /* audit records: "OPERATION KEY OUTCOME REASON;" */
static int audit_fails;
static unsigned needs;

/* The vsecm-sync at the other end: what it was told, and what it answers. */
static struct {
    struct channel *channel;
    const char *code;        /* of every answer; NULL: none yet */
    uint64_t unanswered[16]; /* numbers */
    size_t unanswered_count;
    char heard[8192]; /* "KIND FIELD FIELD…;" */
} far;

/* ---- both ends ------------------------------------------------------------------------------- */

static void answer(uint64_t number, const char *code)
{
    struct wire_message result = {.kind = WIRE_RESULT, .number = number};
    result.field[RESULT_CODE] = span_of(code);
    result.field[RESULT_MESSAGE] = SPAN_LITERAL("hunter2 is no good");
    CHECK_EQ_INT(channel_send(far.channel, &result), 0);
}

static void on_heard(void *context, const struct wire_message *message)
{
    size_t used = strlen(far.heard);
    struct writer w = writer_on(far.heard + used, sizeof far.heard - used - 1);
    (void)context;
    if (message->kind == WIRE_WELCOME)
        return;
    writer_text(&w, wire_name(message->kind));
    for (size_t i = 0; i < wire_fields(message->kind); i++) {
        writer_literal(&w, " ");
        writer_span(&w, message->field[i]);
    }
    writer_literal(&w, ";");
    far.heard[used + w.used] = '\0';
    if (message->number && far.code)
        answer(message->number, far.code);
    else if (message->number && far.unanswered_count < 16)
        far.unanswered[far.unanswered_count++] = message->number;
}

static void on_closed(void *context, const char *why)
{
    (void)context, (void)why;
    channel_free(far.channel);
    far.channel = NULL;
}

static void on_stop(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static void turn(unsigned ms)
{
    struct loop_timer timer = {.fire = on_stop};
    loop_set_timer(loop, &timer, ms);
    CHECK_EQ_INT(loop_run(loop), 0);
}

/* What was heard in the meantime. */
static void check_heard(const char *expected)
{
    turn(20);
    CHECK_STR(far.heard, expected);
    far.heard[0] = '\0';
}

/* The same, but MS may pass. */
static void check_heard_within(unsigned ms, const char *expected)
{
    uint64_t end_ms = clock_mono_ms() + ms;
    while (!far.heard[0] && clock_mono_ms() < end_ms)
        turn(20);
    check_heard(expected);
}

#define FIELDS(...) ((struct span[WIRE_FIELDS]){__VA_ARGS__})
#define TEXT(text) SPAN_LITERAL(text)

static void say(enum wire_kind kind, const struct span *fields)
{
    struct wire_message message = {.kind = kind};
    memcpy(message.field, fields, sizeof message.field);
    CHECK_EQ_INT(channel_send(far.channel, &message), 0);
    turn(5);
}

static void see(const char *name, const char *version)
{
    say(WIRE_SEEN, FIELDS([SECRET_NAMESPACE] = TEXT("shop"), [SECRET_NAME] = span_of(name),
                          [SECRET_UID] = TEXT(UID), [SEEN_VERSION] = span_of(version)));
}

static void lead(const char *is_us)
{
    say(WIRE_LEADER, FIELDS(span_of(is_us)));
}

static void list(enum wire_kind kind)
{
    say(kind, FIELDS(TEXT("secrets")));
}

/* ---- the daemon's side ----------------------------------------------------------------------- */

static int on_record(void *context, const char *operation, struct span key, const char *outcome,
                     const char *reason)
{
    size_t used = strlen(trail);
    (void)context;
    snprintf(trail + used, sizeof trail - used, "%s %.*s %s %s;", operation, (int)key.length,
             key.data, outcome, reason);
    return audit_fails ? -EIO : 0;
}

static void on_needs(void *context)
{
    (void)context;
    needs++;
}

static void on_changed(void *context, struct span key)
{
    (void)context;
    exports_changed(exports, key);
}

static void connect_far(void)
{
    static const struct channel_options options = {
        .side = WIRE_SYNC, .message = on_heard, .closed = on_closed};
    int fds[2];
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    CHECK_EQ_INT(link_attach(link_to, fds[0]), 0);
    CHECK_EQ_INT(channel_new(loop, fds[1], &options, &far.channel), 0);
    say(WIRE_HELLO, FIELDS([HELLO_ABI] = TEXT(WIRE_ABI), [HELLO_NODE] = TEXT("node")));
}

static void begin(void)
{
    stores_begin(&stores, 32ul << 20, 100, 10);
    memset(&far, 0, sizeof far);
    far.code = "ok";
    trail[0] = '\0';
    audit_fails = 0;
    needs = 0;
    CHECK_EQ_INT(loop_new(&loop), 0);
    link_to = link_new(loop, stores.arena);
    CHECK(link_to != NULL);
    const struct exports_options options = {.loop = loop,
                                            .arena = stores.arena,
                                            .link = link_to,
                                            .store = stores.store,
                                            .max = 100,
                                            .needs_changed = on_needs,
                                            .record = on_record};
    CHECK_EQ_INT(exports_new(&options, &exports), 0);
    store_set_changed(stores.store, on_changed, NULL);
    connect_far();
}

static void end(void)
{
    store_set_changed(stores.store, NULL, NULL);
    link_free(link_to);
    exports_free(exports);
    channel_free(far.channel);
    loop_free(loop);
    stores_end(&stores);
}

static void put_more(const char *key, const char *value, struct validity validity, int adopts)
{
    struct span name = span_of(key);
    struct change_conflict conflict;
    uint64_t ticket;
    const struct change_put put = {.value = span_of(value),
                                   .validity = validity,
                                   .adopts = adopts,
                                   .if_version = CHANGE_ANY_VERSION};
    CHECK_EQ_INT(change_put(stores.store, &name, 1, &put, clock_wall_us(), &ticket, &conflict), 0);
}

static void put(const char *key, const char *value)
{
    put_more(key, value, VALIDITY_ALWAYS, 0);
}

/* Also seen in the cluster. */
static void put_and_see(const char *key, const char *value)
{
    put(key, value);
    see(key + strlen("shop/"), "1");
}

static void delete (const char *key)
{
    CHECK_EQ_INT(stores_delete(&stores, key, clock_wall_us()), 0);
}

static const char *status(void)
{
    static char text[4096];
    struct writer w = writer_on(text, sizeof text - 1);
    exports_write_status(&w, exports);
    text[w.used] = '\0';
    return text;
}

#define V1 "{\"VALUE\":\"djE=\"}"
#define V2 "{\"VALUE\":\"djI=\"}"

/* ---- tests ----------------------------------------------------------------------------------- */

/* Whoever does not lead writes nothing and needs nothing; whoever does, both, and all of it. */
TEST(leader)
{
    begin();
    put("shop/k8s.tls", "{\"tls.crt\":\"v1\"}");
    put("shop/web", "v1");
    see("k8s.tls", "1");
    check_heard("");
    CHECK(!exports_need(exports, SPAN_LITERAL("shop/k8s.tls")) && needs == 0);
    lead("1");
    check_heard("export shop tls  {\"tls.crt\":\"djE=\"};");
    CHECK(exports_need(exports, SPAN_LITERAL("shop/k8s.tls")) && needs == 1);
    CHECK(!exports_need(exports, SPAN_LITERAL("shop/web")));
    CHECK_STR(trail, "export shop/k8s.tls allow ok;");
    CHECK_STR(status(), ",\"exports\":{\"leader\":true,\"secrets\":1,\"pending\":0,\"failed\":[]}");
    lead("1");
    check_heard("");
    lead("");
    put("shop/k8s.tls", "v2");
    check_heard("");
    CHECK(!exports_need(exports, SPAN_LITERAL("shop/k8s.tls")) && needs == 2);
    lead("1");
    check_heard("export shop tls  " V2 ";");
    end();
}

TEST(changes)
{
    begin();
    lead("1");
    list(WIRE_RESET);
    list(WIRE_SYNCED);
    put("shop/k8s.tls", "v1");
    check_heard("");
    see("k8s.tls", "1"); /* what we have written ourselves */
    check_heard("export shop tls  " V1 ";");
    put_more("shop/k8s.tls", "v2", VALIDITY_ALWAYS, 1);
    see("k8s.tls", "2");
    see("k8s.tls", "2");
    put("shop/web", "v1");
    check_heard("export shop tls 1 " V2 ";");
    put("shop/k8s.other", "v1");
    see("k8s.other", "");
    see("k8s.other", ""); /* what vsecm seal makes may say no version */
    check_heard("export shop other  " V1 ";");
    say(WIRE_GONE, FIELDS(TEXT("shop"), TEXT("k8s.tls"), TEXT(UID)));
    say(WIRE_GONE, FIELDS(TEXT("shop"), TEXT("web"), TEXT(UID)));
    delete ("shop/k8s.tls");
    check_heard("export-delete shop tls;");
    CHECK(strstr(trail, "export-delete shop/k8s.tls allow ok;"));
    CHECK(strstr(status(), "\"secrets\":1,\"pending\":0"));
    end();
}

/* An older object of the name is not the one that is there. */
TEST(gone)
{
    begin();
    lead("1");
    put("shop/k8s.tls", "v1");
    see("k8s.tls", "1");
    check_heard("export shop tls  " V1 ";");
    say(WIRE_GONE, FIELDS(TEXT("shop"), TEXT("k8s.tls"), TEXT("another")));
    check_heard("");
    list(WIRE_RESET);
    check_heard("");
    list(WIRE_SYNCED); /* it is not in the list any more */
    check_heard("export-delete shop tls;");
    see("k8s.tls", "1"); /* made anew, and the version begins anew, too */
    check_heard("export shop tls  " V1 ";");
    end();
}

/* Before the list is complete, what is not in the store may only not have come yet. */
TEST(what_is_not_there_yet)
{
    begin();
    lead("1");
    say(WIRE_DRIFT, FIELDS(TEXT("shop"), TEXT("tls")));
    see("k8s.other", "1");
    check_heard("");
    list(WIRE_SYNCED); /* now it is known that nobody wants it; the other is being fetched */
    check_heard("export-delete shop tls;");
    put("shop/k8s.other", "v1");
    check_heard("export shop other  " V1 ";");
    end();
}

/* Not written over by what this node had before it heard of the newest. */
TEST(newer_on_its_way)
{
    begin();
    put("shop/k8s.tls", "v1");
    see("k8s.tls", "2");
    lead("1");
    check_heard("");
    CHECK(strstr(status(), "\"pending\":1"));
    put("shop/k8s.tls", "v2");
    check_heard("export shop tls  " V2 ";");
    end();
}

TEST(drift)
{
    begin();
    put_and_see("shop/k8s.tls", "v1");
    lead("1");
    check_heard("export shop tls  " V1 ";");
    say(WIRE_DRIFT, FIELDS(TEXT("shop"), TEXT("tls")));
    CHECK(strstr(trail, "export shop/k8s.tls error drift;"));
    check_heard_within(100, "event shop k8s.tls " UID " Warning ExportDrift the Secret was changed "
                            "or deleted by somebody else; it is written again;");
    check_heard_within(3500, "export shop tls  " V1 ";");
    end();
}

/* Said once, and left alone until somebody changes something. */
TEST(foreign)
{
    begin();
    far.code = "foreign";
    lead("1");
    see("k8s.tls", "1");
    put("shop/k8s.tls", "v1");
    check_heard("export shop tls  " V1 ";event shop k8s.tls " UID " Warning ExportFailed there is "
                "a Secret of that name that others made; put it with --adopt;");
    CHECK(strstr(status(), "\"failed\":[{\"key\":\"shop/k8s:tls\",\"why\":\"there is a Secret of"));
    CHECK(strstr(trail, "export shop/k8s.tls error foreign;"));
    CHECK(!strstr(status(), "hunter2"));
    say(WIRE_API, FIELDS(TEXT("1"), TEXT("")));
    check_heard_within(1700, "");
    far.code = "ok";
    put_more("shop/k8s.tls", "v2", VALIDITY_ALWAYS, 1);
    check_heard("export shop tls 1 " V2 ";");
    CHECK(strstr(status(), "\"failed\":[]"));
    far.code = "foreign"; /* what is not ours is not ours to delete */
    say(WIRE_GONE, FIELDS(TEXT("shop"), TEXT("k8s.tls"), TEXT(UID)));
    check_heard("export-delete shop tls;");
    CHECK(strstr(status(), "\"secrets\":0,\"pending\":0,\"failed\":[]"));
    end();
}

TEST(unreachable)
{
    begin();
    far.code = "unreachable";
    lead("1");
    put_and_see("shop/k8s.tls", "v1");
    check_heard("export shop tls  " V1 ";");
    CHECK(strstr(status(), "\"pending\":1,\"failed\":[{\"key\":\"shop/k8s:tls\""));
    check_heard_within(2500, "export shop tls  " V1 ";"); /* by itself */
    far.code = "ok";
    say(WIRE_API, FIELDS(TEXT("1"), TEXT(""))); /* at once */
    check_heard("export shop tls  " V1 ";");
    CHECK(strstr(status(), "\"pending\":0,\"failed\":[]"));
    end();
}

/* A vsecm-sync that dies in the midst of it leads no more; the next one gets everything. */
TEST(lost)
{
    begin();
    far.code = NULL;
    lead("1");
    put_and_see("shop/k8s.tls", "v1");
    check_heard("export shop tls  " V1 ";");
    channel_free(far.channel);
    far.channel = NULL;
    turn(20);
    CHECK(!exports_need(exports, SPAN_LITERAL("shop/k8s.tls")));
    far.code = "ok";
    connect_far();
    check_heard("");
    lead("1");
    check_heard("export shop tls  " V1 ";");
    end();
}

TEST(changed_while_it_is_written)
{
    begin();
    far.code = NULL;
    lead("1");
    put_and_see("shop/k8s.tls", "v1");
    check_heard("export shop tls  " V1 ";");
    put("shop/k8s.tls", "between");
    put("shop/k8s.tls", "v2");
    check_heard("");
    far.code = "ok";
    answer(far.unanswered[0], "ok");
    check_heard("export shop tls  " V2 ";");
    end();
}

TEST(so_many_at_once)
{
    begin();
    far.code = NULL;
    lead("1");
    for (unsigned i = 0; i < 10; i++) {
        char key[32];
        snprintf(key, sizeof key, "shop/k8s.s%u", i);
        put_and_see(key, "v1");
    }
    turn(20);
    CHECK_EQ_INT(far.unanswered_count, LIMIT_EXPORTS_ASKED);
    far.code = "ok";
    for (size_t i = 0; i < LIMIT_EXPORTS_ASKED; i++)
        answer(far.unanswered[i], "ok");
    turn(50);
    CHECK(strstr(far.heard, "export shop s9  "));
    CHECK(strstr(status(), "\"secrets\":10,\"pending\":0"));
    end();
}

TEST(times)
{
    int64_t now_us = clock_wall_us();
    begin();
    lead("1");
    list(WIRE_SYNCED);
    see("k8s.later", "1");
    put_more("shop/k8s.later", "v1", (struct validity){now_us + 400000, VALIDITY_NEVER}, 0);
    check_heard("");
    check_heard_within(2000, "export shop later  " V1 ";");
    CHECK(clock_wall_us() >= now_us + 400000);
    now_us = clock_wall_us();
    see("k8s.brief", "1");
    put_more("shop/k8s.brief", "v1", (struct validity){VALIDITY_NOW, now_us + 400000}, 0);
    check_heard("export shop brief  " V1 ";");
    check_heard_within(2000, "export-delete shop brief;");
    CHECK(clock_wall_us() >= now_us + 400000);
    end();
}

/* What Kubernetes would not take is not sent, and not tried again. */
TEST(no_secret)
{
    begin();
    lead("1");
    put_and_see("shop/k8s.tls", "{\"no key\":\"hunter2\"}");
    check_heard("event shop k8s.tls " UID " Warning ExportFailed the value has a member whose name "
                "no Kubernetes Secret takes;");
    check_heard_within(1700, "");
    CHECK(strstr(status(),
                 "\"pending\":0,\"failed\":[{\"key\":\"shop/k8s:tls\",\"why\":\"the value has"));
    CHECK_STR(trail, "export shop/k8s.tls error bad-name;");
    end();
}

/* Without a record nothing leaves. */
TEST(unrecorded)
{
    begin();
    lead("1");
    audit_fails = 1;
    put_and_see("shop/k8s.tls", "v1");
    check_heard("");
    audit_fails = 0;
    check_heard_within(2500, "export shop tls  " V1 ";");
    end();
}

CHECK_MAIN
