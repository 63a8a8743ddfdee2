/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes: what is read of a request, which addresses are listened on. */
#include <errno.h>
#include <netinet/in.h>

#include "base/error.h"
#include "sync/address.h"
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

CHECK_MAIN
