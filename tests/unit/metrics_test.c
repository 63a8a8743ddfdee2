/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/metrics.h"

#include "base/str.h"
#include "base/writer.h"
#include "limits.h"
#include "tests/unit/check.h"

static char text[LIMIT_WIRE_LIST];

static struct span write_all(const struct metrics *metrics)
{
    struct writer w = writer_on(text, sizeof text - 1);
    metrics_write(&w, metrics);
    CHECK(writer_ok(&w));
    text[w.used] = '\0';
    return (struct span){text, w.used};
}

static int is_in(const char *line)
{
    return strstr(text, line) != NULL;
}

TEST(each_number_has_its_line)
{
    const struct metrics metrics = {.ready = 1, .secrets = 42, .allowed = 7, .refused = 8};
    write_all(&metrics);
    CHECK(is_in("# HELP vsecm_ready Whether secrets are served.\n# TYPE vsecm_ready gauge\n"
                "vsecm_ready 1\n"));
    CHECK(is_in("\nvsecm_secrets 42\n"));
    CHECK(is_in("# TYPE vsecm_requests_total counter\nvsecm_requests_total{outcome=\"allow\"} 7\n"
                "vsecm_requests_total{outcome=\"deny\"} 8\n"));
    CHECK(is_in("\nvsecm_api_up 0\n"));
}

TEST(denials_that_there_were_have_lines)
{
    struct metrics metrics = {.guards.lost = 7};
    metrics.guards.denied[VSECM_HOOK_OPEN][VSECM_WHY_FOREIGN] = 3;
    write_all(&metrics);
    CHECK(is_in("\nvsecm_guard_denials_total{hook=\"open\",why=\"foreign\"} 3\n"));
    CHECK(!is_in("hook=\"mmap\""));
    CHECK(is_in("\nvsecm_guard_events_lost_total 7\n"));
}

/* A comment, or a name with a number; every field of the struct has one, and nothing has two. */
TEST(as_Prometheus_reads_it)
{
    struct metrics metrics;
    memset(&metrics, 0xff, sizeof metrics);
    struct span rest = write_all(&metrics);
    size_t numbers = 0, types = 0, helps = 0;
    while (rest.length) {
        struct span line = str_cut_line(&rest);
        if (line.length > 7 && memcmp(line.data, "# TYPE ", 7) == 0)
            types++;
        else if (line.length > 7 && memcmp(line.data, "# HELP ", 7) == 0)
            helps++;
        else {
            char largest[] = " 18446744073709551615";
            CHECK(line.length > sizeof largest && memcmp(line.data, "vsecm_", 6) == 0);
            CHECK_MEM(line.data + line.length - (sizeof largest - 1), largest, sizeof largest - 1);
            numbers++;
        }
    }
    CHECK_EQ_INT(numbers, sizeof metrics / sizeof(uint64_t));
    CHECK_EQ_INT(types, helps);
    /* Requests are two numbers of one name, denials one for each hook and reason. */
    CHECK_EQ_INT(types, numbers - 1 - (VSECM_HOOKS * VSECM_WHYS - 1));
    CHECK(strlen(text) < METRICS_TEXT);
}

CHECK_MAIN
