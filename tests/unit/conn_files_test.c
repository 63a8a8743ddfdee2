/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection whose request brings descriptors, from its first byte to its end: whatever happens,
 * none is left. Who calls, and the route, are the test's (see unit.mk).
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/sock.h"
#include "limits.h"
#include "protocol.h"
#include "serve/audit.h"
#include "serve/reply.h"
#include "serve/route.h"
#include "serve/server.h"
#include "serve/service.h"
#include "serve/who.h"
#include "tests/unit/sends.h"
#include "tests/unit/stores.h"

struct attest;

static struct stores stores;
static struct service service;
static struct loop *loop;
static struct server *server;
static struct loop_timer timer;
static char text[4096];
static int client;
static unsigned before; /* descriptors, with one connection open */

/* What the handler was given last. */
static struct {
    unsigned calls;
    unsigned count;
    unsigned number[LIMIT_GUARD_FILES];
    char body[64];
    unsigned answered; /* calls before, whose client had its answer when the last one came */
} seen;

static int crowd[LIMIT_TURN_REPLIES + 1]; /* -1: nobody */

/* ---- what the test stands in for ---------------------------------------------------------------
 */

static void take(struct service *unused, struct call *call, struct reply *reply)
{
    (void)unused;
    seen.answered = 0;
    for (unsigned i = 0; i < sizeof crowd / sizeof crowd[0]; i++)
        seen.answered += poll(&(struct pollfd){.fd = crowd[i], .events = POLLIN}, 1, 0) == 1;
    seen.calls++;
    seen.count = call->file_count;
    snprintf(seen.body, sizeof seen.body, "%.*s", (int)call->body.length, call->body.data);
    for (unsigned i = 0; i < call->file_count; i++) {
        CHECK(fcntl(call->files[i], F_GETFD) & FD_CLOEXEC);
        seen.number[i] = sends_number_of(call->files[i]);
    }
    reply_json(reply, "{}");
}

static const struct route row = {.method = "POST",
                                 .path = PATH_GUARD,
                                 .access = ACCESS_ANYONE,
                                 .max_body = 64,
                                 .max_files = LIMIT_GUARD_FILES,
                                 .works_sealed = 1,
                                 .operation = "guard",
                                 .handle = take};

const struct route *__real_route_find(struct span method, struct span path, struct span *tail,
                                      char allowed[ROUTE_METHODS]);
const struct route *__wrap_route_find(struct span method, struct span path, struct span *tail,
                                      char allowed[ROUTE_METHODS]);
void __wrap_who_read(struct who *who, int accepted, enum door door, struct subject *ret);
void __wrap_who_release(struct who *who, struct subject *subject);
int __wrap_attest_watch(struct attest *attest, int listener);

const struct route *__wrap_route_find(struct span method, struct span path, struct span *tail,
                                      char allowed[ROUTE_METHODS])
{
    if (span_is(path, PATH_GUARD))
        return &row;
    return __real_route_find(method, path, tail, allowed);
}

void __wrap_who_read(struct who *who, int accepted, enum door door, struct subject *ret)
{
    static const struct place pod = {
        .kind = PLACE_POD, .pod_uid = "u", .container = "c", .path = "/k/u/c"};
    (void)who, (void)accepted;
    *ret = (struct subject){.door = door, .attested = 1, .tier = "lsm", .place = &pod};
}

void __wrap_who_release(struct who *who, struct subject *subject)
{
    (void)who, (void)subject;
}

int __wrap_attest_watch(struct attest *attest, int listener)
{
    (void)attest, (void)listener;
    return 0;
}

/* ---- the server
 * ---------------------------------------------------------------------------------- */

static void stop(struct loop_timer *unused)
{
    (void)unused;
    loop_stop(loop);
}

static void spin(uint64_t ms)
{
    timer.fire = stop;
    loop_set_timer(loop, &timer, ms);
    CHECK_EQ_INT(loop_run(loop), 0);
}

static int enter(void)
{
    int fd = sock_connect(scratch_path("s"));
    CHECK(fd >= 0);
    spin(1);
    return fd;
}

static void begin(void)
{
    static const struct server_options options = {.sentinel = PROTOCOL_SENTINEL,
                                                  .max_connections = 64,
                                                  .max_connections_per_pod = 16,
                                                  .header_ms = 5000,
                                                  .body_ms = 600,
                                                  .write_ms = 5000,
                                                  .idle_ms = 5000};
    struct audit_options audit = {.target = "none", .segment = 1 << 20, .keep = 4};
    struct error error = {""};
    stores_begin(&stores, 4 * ARENA_MIB, 100, 10);
    service = (struct service){.working = 1,
                               .sentinel = PROTOCOL_SENTINEL,
                               .arena = stores.arena,
                               .store = stores.store,
                               .keyring = stores.keyring};
    CHECK_EQ_INT(audit_open(&audit, &service.audit, &error), 0);
    CHECK_EQ_INT(service_init(&service), 0);
    CHECK_EQ_INT(loop_new(&loop), 0);
    CHECK_EQ_INT(server_new(loop, &service, NULL, NULL, &options, &server, &error), 0);
    int fd = sock_listen(scratch_path("s"), 0600, 16, &error);
    CHECK(fd >= 0);
    CHECK_EQ_INT(server_listen(server, DOOR_PUBLIC, fd), 0);
    memset(&seen, 0, sizeof seen);
    memset(crowd, -1, sizeof crowd);
    client = enter();
    before = sends_open_files();
}

static void end(void)
{
    close(client);
    server_free(server);
    loop_free(loop);
    service_done(&service);
    audit_close(service.audit);
    stores_end(&stores);
}

/* What the server has said by now. */
static const char *hear(int fd)
{
    spin(2);
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void check_hears(int fd, const char *part)
{
    if (!strstr(hear(fd), part))
        check_fail(__FILE__, __LINE__, "'%s' is not in: %s", part, text);
}

static int is_closed(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};
    spin(2);
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLHUP | POLLRDHUP));
}

static const char *head(unsigned length)
{
    static char line[256];
    snprintf(line, sizeof line,
             "POST " PATH_GUARD " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
             "Content-Length: %u\r\n\r\n",
             length);
    return line;
}

static void ask(int fd, unsigned length)
{
    sends_files(fd, head(length), 0);
    check_hears(fd, "100 Continue");
}

/* ---- tests
 * --------------------------------------------------------------------------------------- */

TEST(handled)
{
    begin();
    for (unsigned round = 0; round < 3; round++) {
        ask(client, 4);
        sends_files(client, "ab", 2);
        spin(2);
        CHECK_EQ_INT(seen.calls, round);
        CHECK_EQ_INT(sends_open_files(), before + 2);
        sends_files(client, "c", 0); /* both at once: the kernel does not hand them out together */
        sends_files(client, "d", 14);
        check_hears(client, " 200 ");
        CHECK_EQ_INT(seen.calls, round + 1);
        CHECK_EQ_INT(seen.count, 16);
        CHECK_STR(seen.body, "abcd");
        for (unsigned i = 0; i < seen.count; i++)
            CHECK_EQ_INT(seen.number[i], i < 2 ? i : i - 2);
        CHECK_EQ_INT(sends_open_files(), before);
    }
    end();
}

TEST(requests_that_bring_nothing)
{
    begin();
    ask(client, 2);
    sends_files(client, "ab", 0);
    check_hears(client, " 200 ");
    CHECK(seen.calls == 1 && seen.count == 0);
    sends_files(client, "GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n", 3);
    check_hears(client, " 200 ");
    CHECK_EQ_INT(sends_open_files(), before);
    end();
}

TEST(the_head_must_wait_for_its_body)
{
    char all[300];
    begin();
    sends_files(client, "POST " PATH_GUARD " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n", 1);
    check_hears(client, " 400 ");
    CHECK(strstr(text, "Expect: 100-continue") && is_closed(client));
    close(client);
    client = enter();
    snprintf(all, sizeof all, "%sa", head(2));
    sends_files(client, all, 1);
    check_hears(client, " 400 ");
    CHECK(strstr(text, "Expect: 100-continue") && is_closed(client));
    CHECK_EQ_INT(seen.calls, 0);
    CHECK_EQ_INT(sends_open_files(), before - 1);
    end();
}

TEST(too_many)
{
    begin();
    ask(client, 2);
    sends_files(client, "a", 10);
    sends_files(client, "b", 7);
    check_hears(client, " 400 ");
    CHECK(strstr(text, "at most 16") && is_closed(client));
    close(client);
    client = enter();
    ask(client, 2);
    sends_files(client, "a", 17);
    check_hears(client, " 400 ");
    CHECK(is_closed(client));
    CHECK_EQ_INT(seen.calls, 0);
    CHECK_EQ_INT(sends_open_files(), before - 1);
    end();
}

TEST(cut_off)
{
    begin();
    ask(client, 4);
    sends_files(client, "ab", 5);
    spin(2);
    CHECK_EQ_INT(sends_open_files(), before + 5);
    close(client);
    spin(2);
    CHECK_EQ_INT(sends_open_files(), before - 2);
    client = -1;
    end();
}

TEST(never_whole)
{
    begin();
    ask(client, 4);
    sends_files(client, "ab", 5);
    spin(1000);
    check_hears(client, " 408 ");
    CHECK(is_closed(client));
    CHECK_EQ_INT(sends_open_files(), before - 1);
    CHECK_EQ_INT(seen.calls, 0);
    end();
}

TEST(the_server_ends)
{
    begin();
    ask(client, 4);
    sends_files(client, "ab", 5);
    spin(2);
    CHECK_EQ_INT(sends_open_files(), before + 5);
    server_drain(server); /* what is under way may still come */
    CHECK_EQ_INT(sends_open_files(), before + 4);
    end();
}

/* However slowly they come, what a pod makes us hold has an end. */
TEST(many_at_once)
{
    int others[LIMIT_GUARD_BODIES_PER_POD + 1];
    begin();
    for (unsigned i = 0; i < LIMIT_GUARD_BODIES_PER_POD; i++)
        ask(others[i] = enter(), 4);
    sends_files(client, head(4), 0);
    check_hears(client, " 503 ");
    CHECK(strstr(text, "descriptors are under way") && is_closed(client));
    close(others[0]);
    client = (close(client), enter());
    ask(client, 4);
    sends_files(client, "abcd", 1);
    check_hears(client, " 200 ");
    for (unsigned i = 1; i < LIMIT_GUARD_BODIES_PER_POD; i++)
        close(others[i]);
    end();
}

/* All ask before the turn, and the first ones have their answers before the last one is read. */
TEST(answers_leave_within_a_turn)
{
    unsigned count = sizeof crowd / sizeof crowd[0];
    begin();
    for (unsigned i = 0; i < count; i++)
        crowd[i] = enter();
    for (unsigned i = 0; i < count; i++)
        sends_files(crowd[i],
                    "POST " PATH_GUARD " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 0);
    spin(2);
    CHECK_EQ_INT(seen.calls, count);
    CHECK_EQ_INT(seen.answered, LIMIT_TURN_REPLIES);
    for (unsigned i = 0; i < count; i++) {
        check_hears(crowd[i], " 200 ");
        close(crowd[i]);
    }
    end();
}

CHECK_MAIN
