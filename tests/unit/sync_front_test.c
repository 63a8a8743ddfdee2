/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes: what is read of a request, which addresses are listened on. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/loop.h"
#include "limits.h"
#include "sync/address.h"
#include "sync/front.h"
#include "sync/probe.h"
#include "tests/unit/check.h"

static int reads(const char *text, const char *expected)
{
    struct span path = {"", 0};
    int r = probe_read(span_of(text), &path);
    if (r == PROBE_COMPLETE)
        CHECK(span_is(path, expected));
    return r;
}

TEST(what_probes_send)
{
    CHECK_EQ_INT(
        reads("GET /livez HTTP/1.1\r\nHost: 10.0.0.1:9464\r\nUser-Agent: kube-probe/1.36\r\n"
              "Accept: */*\r\nConnection: close\r\n\r\n",
              "/livez"),
        PROBE_COMPLETE);
    CHECK_EQ_INT(reads("GET /metrics?a=b HTTP/1.0\r\n\r\n", "/metrics"), PROBE_COMPLETE);
    CHECK_EQ_INT(reads("GET /livez HTTP/1.1\r\nHost: x\r\n", ""), PROBE_MORE);
    CHECK_EQ_INT(reads("", ""), PROBE_MORE);
}

TEST(anything_else_is_refused)
{
    CHECK_EQ_INT(reads("POST /livez HTTP/1.1\r\n\r\n", ""), -405);
    CHECK_EQ_INT(reads("GET /livez HTTP/2.0\r\n\r\n", ""), -505);
    CHECK_EQ_INT(reads("GET /livez\r\n\r\n", ""), -400);
    CHECK_EQ_INT(reads("\r\n\r\n", ""), -400);
    CHECK_EQ_INT(reads("GET livez HTTP/1.1\r\n\r\n", ""), -400);
    CHECK_EQ_INT(reads("GET /a b HTTP/1.1\r\n\r\n", ""), -400);
    CHECK_EQ_INT(reads("GET /livez HTTP/1.1\r\nContent-Length: 0\r\n\r\n", ""), -413);
    CHECK_EQ_INT(reads("GET /livez HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", ""), -413);
    CHECK_EQ_INT(reads("GET /livez HTTP/1.1\r\nno colon\r\n\r\n", ""), -400);
    CHECK_EQ_INT(reads("GET /livez HTTP/1.1\r\nHost : x\r\n\r\n", ""), -400);
    CHECK_EQ_INT(reads("GET /livez HTTP/1.1\r\n Host: x\r\n\r\n", ""), -400);
}

TEST(addresses)
{
    struct sockaddr_storage address;
    socklen_t size;
    struct error error;
    CHECK_EQ_INT(address_parse("10.0.0.1:9464", &address, &size, &error), 0);
    CHECK_EQ_INT(address.ss_family, AF_INET);
    CHECK_EQ_INT(ntohs(((struct sockaddr_in *)&address)->sin_port), 9464);
    CHECK_EQ_INT(address_parse("[::1]:80", &address, &size, &error), 0);
    CHECK_EQ_INT(address.ss_family, AF_INET6);
    CHECK_EQ_INT(address_parse(":80", &address, &size, &error), 0);
    CHECK_EQ_INT(address.ss_family, AF_INET6);
    CHECK_EQ_INT(address_parse("localhost:80", &address, &size, &error), -EINVAL);
    CHECK_EQ_INT(address_parse("10.0.0.1", &address, &size, &error), -EINVAL);
    CHECK_EQ_INT(address_parse("10.0.0.1:65536", &address, &size, &error), -EINVAL);
    CHECK_EQ_INT(address_parse("::1:80", &address, &size, &error), -EINVAL);
    CHECK_EQ_INT(address_parse("", &address, &size, &error), -EINVAL);
}

/* ---- connections -------------------------------------------------------------------------------
 */

static struct loop *loop;

static void on_bell(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static void run(uint64_t ms)
{
    struct loop_timer bell = {.fire = on_bell};
    loop_set_timer(loop, &bell, ms);
    CHECK_EQ_INT(loop_run(loop), 0);
}

static int call(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK_EQ_INT(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    run(2);
    return fd;
}

/* The first port that is free, from one that nobody else takes in between. */
static uint16_t begin(struct front **front)
{
    char address[32];
    struct error error = {""};
    CHECK_EQ_INT(loop_new(&loop), 0);
    for (unsigned port = 20000 + (unsigned)getpid() % 10000; port < 32000; port++) {
        snprintf(address, sizeof address, "127.0.0.1:%u", port);
        if (front_new(loop, address, NULL, front, &error) == 0)
            return (uint16_t)port;
    }
    check_fail(__FILE__, __LINE__, "no port: %s", error.text);
    return 0;
}

/* Whoever keeps all connections busy with nothing must not keep the kubelet away. */
TEST(who_asks_gets_an_answer_however_many_wait)
{
    struct front *front;
    int idle[LIMIT_FRONT_CONNECTIONS];
    char text[512] = "";
    uint16_t port = begin(&front);
    for (size_t i = 0; i < LIMIT_FRONT_CONNECTIONS; i++)
        idle[i] = call(port);
    int fd = call(port);
    CHECK_EQ_INT(send(fd, "GET /nothing HTTP/1.1\r\n\r\n", 25, MSG_NOSIGNAL), 25);
    run(20);
    CHECK(recv(fd, text, sizeof text - 1, MSG_DONTWAIT) > 0);
    CHECK(strstr(text, "404 Not Found") != NULL);
    CHECK_EQ_INT(recv(idle[0], text, 1, MSG_DONTWAIT), 0); /* who has waited longest went */
    CHECK(recv(idle[1], text, 1, MSG_DONTWAIT) < 0);
    close(fd);
    for (size_t i = 0; i < LIMIT_FRONT_CONNECTIONS; i++)
        close(idle[i]);
    front_free(front);
    loop_free(loop);
}

CHECK_MAIN
