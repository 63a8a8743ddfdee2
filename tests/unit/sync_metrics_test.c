/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics: the text format, whatever the core's own end with. */
#include "sync/metrics.h"

#include "base/str.h"
#include "base/writer.h"
#include "tests/unit/check.h"

static char text[32768];

static struct span written(struct span core)
{
    struct metrics metrics = {.core_is_there = 1, .leads = 1, .queued = 7, .now_ms = 90000};
    metrics.core = core;
    metrics.requests.by_class[2] = 5;
    metrics.feeds[FEED_PODS].reflector.watches = 3;
    metrics.feeds[FEED_PODS].reflector.last_ms = 80000;
    metrics.feeds[FEED_KEY].passed_over = 2;
    metrics.feeds[FEED_KEY].reflector.oversized = 1;
    struct writer w = writer_on(text, sizeof text - 1);
    metrics_write(&w, &metrics);
    CHECK(writer_ok(&w));
    text[w.used] = '\0';
    return (struct span){text, w.used};
}

TEST(numbers)
{
    written((struct span){"", 0});
    CHECK(strstr(text, "\nvsecm_sync_core_up 1\n") != NULL);
    CHECK(strstr(text, "\nvsecm_sync_api_up 0\n") != NULL);
    CHECK(strstr(text, "\nvsecm_sync_queue_bytes 7\n") != NULL);
    CHECK(strstr(text, "\nvsecm_sync_requests_total{code=\"2xx\"} 5\n") != NULL);
    CHECK(strstr(text, "\nvsecm_sync_watch_restarts_total{list=\"pods\"} 2\n") != NULL);
    CHECK(strstr(text, "\nvsecm_sync_watch_restarts_total{list=\"key\"} 0\n") != NULL);
    CHECK(strstr(text, "\nvsecm_sync_passed_over_total{list=\"key\"} 3\n") != NULL);
    CHECK(strstr(text, "\nvsecm_sync_staleness_seconds{list=\"pods\"} 10\n") != NULL);
}

static struct span word(struct span line, size_t number)
{
    struct span rest = line, ret = {"", 0};
    for (size_t i = 0; i <= number; i++) {
        const char *end = memchr(rest.data, ' ', rest.length);
        ret = (struct span){rest.data, end ? (size_t)(end - rest.data) : rest.length};
        rest.data += ret.length + (end != NULL);
        rest.length -= ret.length + (end != NULL);
    }
    return ret;
}

/* Each name has its help, then its type, then all of its samples. */
TEST(the_format)
{
    struct span rest = written((struct span){"", 0}), name = {"", 0};
    unsigned samples = 0;
    while (rest.length) {
        struct span line = str_cut_line(&rest);
        if (line.data[0] == '#' && span_is(word(line, 1), "HELP")) {
            name = word(line, 2);
            line = str_cut_line(&rest);
            CHECK(span_is(word(line, 1), "TYPE") && span_equal(word(line, 2), name));
            CHECK(span_is(word(line, 3), "gauge") || span_is(word(line, 3), "counter"));
            continue;
        }
        uint64_t number;
        samples++;
        CHECK(name.length && line.length > name.length &&
              memcmp(line.data, name.data, name.length) == 0 &&
              strchr(" {", line.data[name.length]) != NULL);
        CHECK_EQ_INT(str_u64(word(line, 1), UINT64_MAX, &number), 0);
    }
    CHECK_EQ_INT(samples, 6 + 6 + 7 * FEED_KINDS);
}

TEST(the_cores_own_come_first_and_end_their_line)
{
    written(SPAN_LITERAL("vsecm_x 1"));
    CHECK(strncmp(text, "vsecm_x 1\n# HELP vsecm_sync_core_up ", 36) == 0);
}

CHECK_MAIN
