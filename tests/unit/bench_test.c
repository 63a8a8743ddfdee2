/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark makes of what it measured: a wrong figure would be believed. */
#include "tests/unit/check.h"

#include "bench/crowd.h"
#include "bench/hist.h"
#include "bench/page_reader.h"
#include "bench/ratio.h"
#include "bench/torn.h"
#include "bench/verdict.h"

#include <errno.h>

TEST(percentiles_are_off_by_less_than_a_thousandth)
{
    static struct hist hist, other;
    for (uint64_t ns = 1; ns <= 1000000; ns += 1)
        hist_add(ns % 2 ? &hist : &other, ns);
    hist_merge(&hist, &other);
    CHECK_EQ_INT(hist.count, 1000000);
    CHECK_EQ_INT(hist_percentile(&hist, 1.0), 1000000);
    uint64_t p50 = hist_percentile(&hist, 0.50), p99 = hist_percentile(&hist, 0.99);
    CHECK(p50 >= 500000 && p50 <= 500500);
    CHECK(p99 >= 990000 && p99 <= 990990);
    hist_reset(&hist);
    CHECK_EQ_INT(hist_percentile(&hist, 0.99), 0);
}

TEST(a_ratio_is_the_middle_and_the_extremes)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 2, 3};
    struct ratio ratio = ratio_of(odd, 3);
    CHECK(ratio.median == 2 && ratio.min == 1 && ratio.max == 3);
    CHECK(ratio_of(even, 4).median == 2.5);
}

TEST(what_came_before_the_acknowledgement_counts_as_nothing)
{
    static struct crowd crowd;
    crowd_note(&crowd, 100, 300, 250);
    CHECK_EQ_INT(crowd.load.latency.max, 0);
    CHECK_EQ_INT(crowd.after_send.max, 150);
    crowd_note(&crowd, 100, 300, 1300);
    CHECK_EQ_INT(crowd.load.latency.max, 1000);
    CHECK_EQ_INT(crowd.after_send.max, 1200);
    CHECK_EQ_INT(crowd.load.latency.count, 2);
}

TEST(followers_are_judged_by_the_last_in_a_hundred)
{
    static struct results results;
    struct verdict verdicts[VERDICTS_MAX];
    struct follow *follow = &results.follow[FOLLOW_PAGE];
    follow->title = "a page";
    follow->cells = 1;
    for (unsigned i = 0; i < 100; i++)
        hist_add(&follow->cell[0].vsecmd.after_ack, i < 99 ? 900000 : 5000000);
    CHECK_EQ_INT(verdict_all(&results, verdicts), 1);
    CHECK(verdicts[0].met && verdicts[0].value >= 0.9 && verdicts[0].value < 0.901);
    hist_add(&follow->cell[0].vsecmd.after_ack, 5000000);
    CHECK_EQ_INT(verdict_all(&results, verdicts), 1);
    CHECK(!verdicts[0].met);
    CHECK_STR(verdicts[0].what, "a page, same: p99");
    results.page_read.times = 1;
    results.page_read.ns[PAGE_READ_PLAIN].median = 5.5;
    CHECK_EQ_INT(verdict_all(&results, verdicts), 2);
    CHECK(!verdicts[1].met && verdicts[1].off_percent > 9.9 && verdicts[1].off_percent < 10.1);
}

/* A page in memory of ours, as large as the smallest there is. */
static struct page_head *a_page(uint32_t sequence, const char *value, size_t length)
{
    static _Alignas(8) char memory[4096];
    struct page_head *head = (struct page_head *)(void *)memory;
    memset(memory, 0, sizeof memory);
    *head =
        (struct page_head){.sequence = sequence, .state = PAGE_VALUE, .length = (uint32_t)length};
    memcpy(memory + PAGE_VALUE_AT, value, length);
    return head;
}

TEST(a_copy_is_whole_or_is_none)
{
    static struct page_copy copy;
    struct page_head *head = a_page(4, "seventeen letters", 17);
    CHECK_EQ_INT(page_reader_copy(head, &copy), 0);
    CHECK_EQ_INT(copy.sequence, 4);
    CHECK_EQ_INT(copy.length, 17);
    CHECK(memcmp(copy.value, "seventeen letters", 17) == 0);
    CHECK_EQ_INT(page_reader_copy(a_page(5, "half", 4), &copy), -EAGAIN);
    CHECK_EQ_INT(page_reader_copy_blindly(a_page(5, "half", 4), &copy), 0);
    head->length = PAGE_READER_ROOM + 1;
    CHECK_EQ_INT(page_reader_copy_blindly(head, &copy), -EMSGSIZE);
}

TEST(a_torn_value_is_told_from_a_whole_one)
{
    char value[2048];
    for (uint64_t number = 0; number < 60; number++) {
        size_t length = torn_length(number);
        memset(value, torn_letter(number), sizeof value);
        CHECK(torn_is_whole(value, length));
        CHECK(!torn_is_whole(value, length - 1));
        CHECK(!torn_is_whole(value, torn_length(number + 1)));
        value[length - 1] = torn_letter(number + 1);
        CHECK(!torn_is_whole(value, length));
        value[length - 1] = '\0';
        CHECK(!torn_is_whole(value, length));
    }
    CHECK(!torn_is_whole(value, 0));
    memset(value, '~', sizeof value);
    CHECK(!torn_is_whole(value, torn_length(0)));
}

TEST(the_check_needs_copies_and_its_proof)
{
    FILE *out = fopen("/dev/null", "w");
    struct torn torn = {.reader = {{.copies = 10, .blind_copies = 5, .blind_torn = 1}}};
    CHECK(torn_report(out, &torn));
    torn.reader[1].torn = 1;
    CHECK(!torn_report(out, &torn));
    torn.reader[1].torn = 0;
    torn.reader[0].blind_torn = 0;
    CHECK(!torn_report(out, &torn));
    torn.reader[1].blind_torn = 1;
    torn.reader[0].copies = 0;
    CHECK(!torn_report(out, &torn));
    fclose(out);
}

CHECK_MAIN
