/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/page_read.h"

#include "base/clock.h"
#include "bench/http.h"
#include "bench/job.h"
#include "bench/page_reader.h"
#include "bench/progress.h"
#include "bench/ratio.h"
#include "bench/suite.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_READ_TIMES 4000000u
#define PAGE_READ_WARMUP 20u /* of the timed reads, one in so many goes before */

/* What is read, and by what. */
struct reading {
    char path[108], value[PROBE_VALUE_MAX + 1];
    unsigned times;
    uint64_t elapsed_ns;
};

/* All that was read has been, as far as the compiler knows. */
static inline void use(const void *data)
{
    __asm__ volatile("" : : "r"(data) : "memory");
}

static int read_often(vsecm_page *page, unsigned times)
{
    const vsecm_secret *secret = NULL;
    int bad = 0;

    for (unsigned i = 0; i < times; i++) {
        bad |= (int)vsecm_page_read(page, &secret);
        use(secret);
    }
    return bad;
}

static int read_by_library(void *shared, struct error *error)
{
    struct reading *reading = shared;
    const vsecm_secret *secret = NULL;
    vsecm_page *page = NULL;
    vsecm_result result = vsecm_page_open(reading->path, &page);

    if (result != VSECM_OK)
        return error_set(error, -EIO, "vsecm_page_open: %s", vsecm_strerror(result));
    int bad = read_often(page, reading->times / PAGE_READ_WARMUP);
    uint64_t began = clock_mono_ns();
    bad |= read_often(page, reading->times);
    reading->elapsed_ns = clock_mono_ns() - began;
    if (bad || vsecm_page_read(page, &secret) != VSECM_OK ||
        secret->length != strlen(reading->value) ||
        memcmp(secret->data, reading->value, secret->length) != 0)
        bad = error_set(error, -EBADMSG, "a read failed: %s", vsecm_page_message(page));
    vsecm_page_close(page);
    return bad;
}

static int copy_often(const struct page_head *head, struct page_copy *copy, unsigned times)
{
    int bad = 0;

    for (unsigned i = 0; i < times; i++) {
        bad |= page_reader_copy(head, copy);
        use(copy);
    }
    return bad;
}

static int read_by_hand(void *shared, struct error *error)
{
    static struct page_copy copy;
    struct reading *reading = shared;
    struct page_reader reader;
    int r = page_reader_open(reading->path, &reader, error);

    if (r)
        return r;
    int bad = copy_often(reader.head, &copy, reading->times / PAGE_READ_WARMUP);
    uint64_t began = clock_mono_ns();
    bad |= copy_often(reader.head, &copy, reading->times);
    reading->elapsed_ns = clock_mono_ns() - began;
    if (bad || copy.length != strlen(reading->value) ||
        memcmp(copy.value, reading->value, copy.length) != 0)
        r = error_set(error, -EBADMSG, "a copy is not what was stored");
    page_reader_close(&reader);
    return r;
}

static const struct kind {
    job_work *work;
    size_t value_bytes;
    const char *expires;
} kinds[PAGE_READ_KINDS] = {
    [PAGE_READ_PLAIN] = {read_by_library, 64, HTTP_NEVER},
    [PAGE_READ_EXPIRES] = {read_by_library, 64, "+12h"},
    [PAGE_READ_COPY_64] = {read_by_hand, 64, HTTP_NEVER},
    [PAGE_READ_COPY_1K] = {read_by_hand, 1024, HTTP_NEVER},
};

static int store(const struct kind *kind, const struct daemon *daemon, struct probe *probe,
                 struct error *error)
{
    size_t length = 0;

    probe_make_value(probe->value, kind->value_bytes, (unsigned)kind->value_bytes);
    char *request =
        http_put_request(DAEMON_NAMESPACE, DAEMON_WORKLOAD, probe->value, kind->expires, &length);
    int r = request ? probe_admin(probe, daemon, request, length, error)
                    : error_errno(error, -ENOMEM, "put");
    free(request);
    return r;
}

static int run_rounds(const struct stage *stage, enum page_read_kind kind, struct reading *reading,
                      struct ratio *ret, struct error *error)
{
    double ns[SUITE_ROUNDS_MAX];

    for (unsigned round = 0; round < stage->rounds; round++) {
        progress_show("page-read, %s: round %u of %u", results_page_read_name(kind), round + 1,
                      stage->rounds);
        struct error why = {{0}};
        int r = job_run(kinds[kind].work, reading, stage->client_cpu, stage->pod, &why);
        if (r)
            return error_set(error, r, "%s, %s: %s", PAGE_READ_ROW, results_page_read_name(kind),
                             why.text);
        ns[round] = (double)reading->elapsed_ns / reading->times;
    }
    *ret = ratio_of(ns, stage->rounds);
    return 0;
}

static int run_kinds(const struct stage *stage, const struct daemon *daemon,
                     struct reading *reading, struct page_read *page_read, struct error *error)
{
    struct probe *probe = stage->probe;

    snprintf(reading->path, sizeof(reading->path), "%s", daemon->socket);
    reading->times = stage_requests(stage, PAGE_READ_TIMES);
    for (enum page_read_kind kind = 0; kind < PAGE_READ_KINDS; kind++) {
        int r = store(&kinds[kind], daemon, probe, error);
        memcpy(reading->value, probe->value, sizeof(reading->value));
        if (r == 0)
            r = run_rounds(stage, kind, reading, &page_read->ns[kind], error);
        if (r)
            return r;
    }
    page_read->times = reading->times;
    return 0;
}

int page_read_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct daemon daemon = {0};
    struct reading *reading = job_alloc(sizeof(*reading));

    if (!reading)
        return error_errno(error, -ENOMEM, "page-read");
    int r = daemon_start(&daemon, stage->daemon, stage->pod, error);
    if (r == 0) {
        r = run_kinds(stage, &daemon, reading, &results->page_read, error);
        if (r)
            daemon_ended(&daemon, error);
    }
    daemon_stop(&daemon);
    job_free(reading, sizeof(*reading));
    return r;
}
