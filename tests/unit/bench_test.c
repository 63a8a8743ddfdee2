/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmark makes of what it measured: a wrong figure would be believed. */
#include "tests/unit/check.h"

#include "bench/child.h"
#include "bench/compare.h"
#include "bench/crowd.h"
#include "bench/family.h"
#include "bench/figures.h"
#include "bench/flood.h"
#include "bench/growth.h"
#include "bench/growth_report.h"
#include "bench/hist.h"
#include "bench/load_go.h"
#include "bench/pace.h"
#include "bench/page_reader.h"
#include "bench/peer_config.h"
#include "bench/peer_version.h"
#include "bench/peers.h"
#include "bench/peers_plot.h"
#include "bench/peers_report.h"
#include "bench/ratio.h"
#include "bench/torn.h"
#include "bench/turn.h"
#include "bench/verdict.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* Of the sign test: a table of any text book on ranks. */
TEST(the_middle_has_the_interval_of_the_sign_test)
{
    static const struct {
        unsigned n, low, high; /* ranks, from 1 */
    } known[] = {{1, 1, 1}, {3, 1, 3}, {5, 1, 5}, {6, 1, 6}, {9, 2, 8}, {15, 4, 12}, {31, 10, 22}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        double values[31];
        for (unsigned k = 0; k < known[i].n; k++)
            values[k] = known[i].n - k;
        struct ratio ratio = ratio_of(values, known[i].n);
        CHECK(ratio.low == known[i].low && ratio.high == known[i].high);
        CHECK(ratio.rounds == known[i].n && ratio.round[0] == known[i].n);
    }
}

TEST(a_ratio_is_told_when_its_rounds_agree)
{
    double close[] = {0.9, 1, 1.1}, far[] = {1, 1, 1.2}, one_off[] = {1, 1, 1, 1, 1, 1, 1, 1, 2};
    struct ratio told = ratio_of(close, 3), untold = ratio_of(far, 3),
                 mostly = ratio_of(one_off, 9);
    CHECK(ratio_is_told(&told, 0.15) && !ratio_is_told(&told, 0.05));
    CHECK(!ratio_is_told(&untold, 0.15) && ratio_is_told(&untold, 0.2));
    CHECK(ratio_is_told(&mostly, 0.15)); /* the interval leaves the last of nine out */
    char text[RATIO_TEXT];
    CHECK_STR(ratio_text(&told, 2, text), "1.00 (0.90..1.10)");
    CHECK_STR(ratio_text(&untold, 1, text), "~1.0 (1.0..1.2)");
}

/* Critical values of U at 5 %, two-sided, plus one; likewise. */
TEST(quotients_are_cut_as_mann_and_whitney_say)
{
    CHECK_EQ_INT(ratio_cut(3, 3), 0);
    CHECK_EQ_INT(ratio_cut(4, 4), 1);
    CHECK_EQ_INT(ratio_cut(5, 5), 3);
    CHECK_EQ_INT(ratio_cut(9, 9), 18);
    CHECK_EQ_INT(ratio_cut(9, 4), 5);
    CHECK_EQ_INT(ratio_cut(4, 9), 5);
    CHECK_EQ_INT(ratio_cut(20, 20), 128);
    /* Counted out and by a normal distribution it is nearly the same. */
    CHECK(labs((long)ratio_cut(100, 100) - (long)ratio_cut(100, 101)) < 100);
}

TEST(a_change_is_known_with_its_interval)
{
    const double before[] = {10, 11, 12, 13}, after[] = {20, 22, 24, 26};
    struct ratio_change change;
    CHECK_EQ_INT(ratio_compare(before, 4, after, 4, &change), 0);
    CHECK(change.is_known && fabs(change.low - 20.0 / 13) < 1e-9 && fabs(change.high - 2.6) < 1e-9);
    CHECK(change.factor > 1.99 && change.factor < 2.01);
    CHECK_EQ_INT(compare_judge(FIGURE_LOW, &change), COMPARE_REGRESSED);
    CHECK_EQ_INT(compare_judge(FIGURE_HIGH, &change), COMPARE_BETTER);
    CHECK_EQ_INT(compare_judge(FIGURE_NEITHER, &change), COMPARE_OTHER);
    CHECK_EQ_INT(ratio_compare(after, 4, before, 4, &change), 0);
    CHECK_EQ_INT(compare_judge(FIGURE_HIGH, &change), COMPARE_REGRESSED);
    CHECK_EQ_INT(ratio_compare(before, 4, before, 4, &change), 0);
    CHECK_EQ_INT(compare_judge(FIGURE_LOW, &change), COMPARE_SAME);
    CHECK_EQ_INT(ratio_compare(before, 3, after, 3, &change), 0);
    CHECK_EQ_INT(compare_judge(FIGURE_LOW, &change), COMPARE_TOO_FEW);
    change = (struct ratio_change){.factor = 1.04, .is_known = true, .low = 1.03, .high = 1.05};
    CHECK_EQ_INT(compare_judge(FIGURE_LOW, &change), COMPARE_WORSE);
    CHECK(fabs(compare_distance(1.25) - compare_distance(0.8)) < 1e-9);
}

TEST(figures_are_named_by_where_they_stand)
{
    static const char text[] =
        "{\"schema\": 1, \"kernel\": \"6.1\", \"quick\": true, \"rows\": [{\"id\": \"get-64\", "
        "\"layout\": \"same\", \"ratio\": {\"p50\": {\"median\": 2, \"rounds\": [1, 2, 3]}, "
        "\"throughput\": {\"median\": null, \"rounds\": [1, null]}}}], \"render\": {\"whole\": "
        "{\"ratio\": {\"median\": 2, \"rounds\": [2]}}}, \"curves\": [{\"x\": 1000, \"p50\": "
        "{\"median\": 2, \"rounds\": [2]}}]}";
    struct figures *figures = NULL;
    struct error error = {{0}};
    CHECK_EQ_INT(figures_parse("a", text, &figures, &error), 0);
    CHECK_EQ_INT(figures->count, 4);
    const struct figure *p50 = figures_find(figures, "get-64 same p50");
    CHECK(p50 && p50->rounds == 3 && p50->round[2] == 3 && p50->is_beside);
    const struct figure *rate = figures_find(figures, "get-64 same throughput");
    CHECK(rate && rate->rounds == 0 && rate->good == FIGURE_HIGH);
    CHECK(figures_find(figures, "render whole ratio") && figures_find(figures, "curves 1000 p50"));
    CHECK(figures->quick);
    CHECK_STR(figures->kernel, "6.1");
    free(figures);
}

TEST(what_is_no_results_json_is_refused_with_the_reason)
{
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"", "no JSON, from line 1 on"},
        {"{\"schema\": 1,\n\n\"rows\": [}", "no JSON, from line 3 on"},
        {"{\"schema\": 1} x", "no JSON"},
        {"[]", "no \"schema\": 1"},
        {"{\"schema\": 2}", "no \"schema\": 1"},
        {"{\"schema\": 1}", "no figure"},
        {"{\"schema\": 1, \"a\": {\"median\": 1}}", "a: no \"rounds\""},
        {"{\"schema\": 1, \"a\": {\"median\": 1, \"rounds\": []}}", "is empty"},
        {"{\"schema\": 1, \"a\": {\"median\": 1, \"rounds\": [\"1\"]}}", "must be numbers"},
        {"{\"schema\": 1, \"a\": {\"median\": 1, \"rounds\": [-1]}}", "must be numbers"},
        {"{\"schema\": 1, \"a\": {\"median\": 1, \"rounds\": [1e999]}}", "must be numbers"},
        {"{\"schema\": 1, \"a\": {\"median\": 1, \"rounds\": [1]}, \"a\": {\"median\": 1, "
         "\"rounds\": [1]}}",
         "twice"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct figures *figures = NULL;
        struct error error = {{0}};
        CHECK_EQ_INT(figures_parse("b.json", bad[i].text, &figures, &error), -EINVAL);
        CHECK(strncmp(error.text, "b.json: ", 8) == 0 && strstr(error.text, bad[i].reason));
    }
}

TEST(requests_are_due_at_their_rate_whatever_became_of_those_before)
{
    static struct hist hist;
    struct pace pace;
    uint64_t due = 0;
    pace_begin(&pace, 3, 1000, 2000000000);
    CHECK_EQ_INT(pace_all(&pace), 6);
    CHECK_EQ_INT(pace_next(&pace, 0), 1000);
    CHECK(!pace_take(&pace, 999, &due));
    CHECK(pace_take(&pace, 1000, &due) && due == 1000);
    CHECK(!pace_take(&pace, 333334332, &due));
    /* A second late, and it was due when it was due. */
    CHECK(pace_take(&pace, 1333335000, &due) && due == 333334333);
    CHECK(pace_take(&pace, 1333335000, &due) && due == 666667666);
    /* The other three never had their turn. */
    CHECK_EQ_INT(pace_give_up(&pace, 5000001000, 2, &hist), 3);
    CHECK_EQ_INT(hist.count, 6);
    CHECK_EQ_INT(hist.max, 4000000000);
    CHECK_EQ_INT(pace_next(&pace, 5000001000), PACE_FOREVER);
    /* No rounding adds up: the last of a million, a second less a millionth later. */
    pace_begin(&pace, 1000000, 0, 1000000000);
    CHECK_EQ_INT(pace_all(&pace), 1000000);
    pace.taken = 999999;
    CHECK_EQ_INT(pace_next(&pace, 0), 999999000);
}

TEST(in_a_closed_loop_the_next_is_due_at_once_until_the_end)
{
    struct pace pace;
    uint64_t due = 0;
    pace_begin(&pace, 0, 100, 50);
    CHECK(pace_take(&pace, 120, &due) && due == 120);
    CHECK(pace_take(&pace, 149, &due) && due == 149);
    CHECK(!pace_take(&pace, 150, &due));
    CHECK_EQ_INT(pace_next(&pace, 150), PACE_FOREVER);
    CHECK(!pace_wait(&pace, &due));
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

TEST(replies_are_counted_wherever_they_are_cut)
{
    static const char replies[] = "HTTP/1.1 200 OK\r\n\r\nHHTTP/1.HTTP/1.1 429 \r\n\r\nHTTP/1.1";
    for (size_t cut = 0; cut <= strlen(replies); cut++) {
        unsigned matched = 0;
        unsigned found = flood_replies(&matched, replies, cut);
        found += flood_replies(&matched, replies + cut, strlen(replies) - cut);
        CHECK_EQ_INT(found, 2);
    }
}

TEST(a_pod_is_judged_by_its_last_in_a_hundred_beside_each_flood)
{
    static struct results results;
    struct verdict verdicts[VERDICTS_MAX];
    results.noisy.requests = 1000;
    for (enum flood_kind kind = 0; kind < FLOOD_KINDS; kind++)
        results.noisy.cell[kind].p99.median = kind == FLOOD_UNREAD ? 3.3 : 2.9;
    CHECK_EQ_INT(verdict_all(&results, verdicts), FLOOD_KINDS);
    for (enum flood_kind kind = 0; kind < FLOOD_KINDS; kind++)
        CHECK(verdicts[kind].met == (kind != FLOOD_UNREAD));
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

TEST(each_curve_is_a_row_and_has_room_in_the_results)
{
    const char *row, *title = NULL;
    size_t n = 0;
    for (; (row = growth_row(n, &title)); n++) {
        CHECK(strncmp(row, "growth-", 7) == 0 && title);
        CHECK(strlen(row + 7) < sizeof((struct curve *)0)->id);
        CHECK(strlen(title) < sizeof((struct curve *)0)->title);
    }
    CHECK_EQ_INT(n, 5);
    CHECK(n <= RESULTS_CURVES_MAX);
}

TEST(a_point_has_two_thirds_of_the_rounds_and_enough_requests_for_a_p99)
{
    CHECK_EQ_INT(growth_rounds(1), 1);
    CHECK_EQ_INT(growth_rounds(3), 2);
    CHECK_EQ_INT(growth_rounds(7), 5);
    CHECK_EQ_INT(growth_rounds(10), 7);
    CHECK_EQ_INT(growth_requests(20000, 0), 20000);
    CHECK_EQ_INT(growth_requests(20000, 300), 20000);
    CHECK_EQ_INT(growth_requests(20000, 16384), 4096);
    CHECK_EQ_INT(growth_requests(20000, 1u << 20), 300);
    CHECK_EQ_INT(growth_requests(100, 1u << 20), 100);
}

TEST(an_axis_is_marked_by_1_2_5_and_holds_what_it_shows)
{
    char text[32];
    for (double value = 0.0013; value < 2e9; value *= 1.37) {
        double below = growth_plot_mark_below(value), above = growth_plot_mark_above(value);
        CHECK(below <= value && value <= above && above <= 2.5 * below + 1e-9);
    }
    CHECK(growth_plot_mark_below(7) == 5 && growth_plot_mark_above(7) == 10);
    CHECK(growth_plot_mark_below(20) == 20 && growth_plot_mark_above(20) == 20);
    CHECK_STR(growth_report_label(100000, "secrets", text), "100k");
    CHECK_STR(growth_report_label(500, "connections", text), "500");
    CHECK_STR(growth_report_label(65536, "bytes of value", text), "64 KiB");
    CHECK_STR(growth_report_label(1048576, "bytes of value", text), "1 MiB");
    CHECK_STR(growth_report_label(16, "bytes of value", text), "16 B");
}

/* Of two points, the second twice as slow and with twice the memory. */
static struct results *a_curve(void)
{
    static struct results results;
    struct curve *curve = &results.growth.curve[0];
    results.rounds = 9;
    results.growth.curves = 1;
    *curve = (struct curve){.id = "secrets",
                            .title = "warm GET",
                            .unit = "secrets",
                            .layout = LAYOUT_SAME,
                            .points = 2};
    for (unsigned i = 0; i < 2; i++)
        curve->point[i] = (struct curve_point){.x = i ? 1000 : 10,
                                               .p50_ns = i ? 30000 : 15000,
                                               .p99_ns = 90000,
                                               .echo_p50_ns = 12000,
                                               .p50 = {1.25, 1.2, 1.3, 1.2, 1.3, 1, {1.25}},
                                               .p99 = {1.5, 1, 2, 1, 2, 1, {1.5}},
                                               .requests_per_second = 50000,
                                               .rss_kib = i ? 8192 : 4096};
    return &results;
}

static const char *written(void (*report)(FILE *, const struct results *),
                           const struct results *results)
{
    static char text[16384];
    FILE *file = fmemopen(text, sizeof text, "w");
    text[0] = '\0'; /* of what writes nothing */
    report(file, results);
    fclose(file);
    return text;
}

TEST(a_curve_is_reported_point_by_point)
{
    struct results *results = a_curve();
    const char *text = written(growth_report_text, results);
    CHECK(strstr(text, "Rounds a point: 6"));
    CHECK(strstr(text,
                 "| 1k             |     30.00 |     90.00 |     12.00 | 1.25 (1.20..1.30)    | "
                 "~1.50 (1.00..2.00)   |"));
    text = written(growth_report_json, results);
    CHECK(strstr(text, "{\"x\": 1000, \"p50\": 30000, \"p99\": 90000, \"echo_p50\": 12000, "
                       "\"requests_per_second\": 50000.0, \"rss_kib\": 8192, "
                       "\"ratio\": {\"p50\": {\"median\": 1.25,"));
    text = written(growth_plot, results);
    CHECK(strstr(text, "4.0 to 8.0 MiB resident"));
    CHECK(strstr(text, "#8250df\" stroke-width"));
    results->growth.curve[0].point[1].rss_kib = 4097; /* which is no growth: a number says it */
    text = written(growth_plot, results);
    CHECK(!strstr(text, "#8250df\" stroke-width"));
    results->growth.curves = 0;
    CHECK_STR(written(growth_report_json, results), "");
}

TEST(a_configuration_is_filled_in_or_refused)
{
    const struct peer_config_name names[] = {{"PORT", "4711"}, {"DIR", "/x"}};
    struct error error = {{0}};
    char text[64];
    struct writer w = writer_on(text, sizeof text);
    CHECK_EQ_INT(peer_config_fill(span_of("p @PORT@;@DIR@/a @me@ a@b @"), names, 2, &w, &error), 0);
    CHECK_EQ_INT(w.used, strlen("p 4711;/x/a @me@ a@b @"));
    CHECK(memcmp(text, "p 4711;/x/a @me@ a@b @", w.used) == 0);
    w = writer_on(text, sizeof text);
    CHECK_EQ_INT(peer_config_fill(span_of("@PROT@"), names, 2, &w, &error), -EINVAL);
    CHECK_STR(error.text, "@PROT@ stands for nothing we know");
    w = writer_on(text, 3);
    CHECK_EQ_INT(peer_config_fill(span_of("@PORT@"), names, 2, &w, &error), -EMSGSIZE);
}

TEST(a_version_is_the_first_number_with_a_point)
{
    static const char *const cases[][2] = {
        {"Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0", "7.0.15"},
        {"memcached 1.6.18\n", "1.6.18"},
        {"nginx version: nginx/1.22.1\n", "1.22.1"},
        {"etcd Version: 3.5.17\nGit SHA: 507c0de\n", "3.5.17"},
        {"OpenBao v2.1.0 (1a2b3c), built 2024", "2.1.0"},
        {"build 12. of 2024, none.", ""},
        {"", ""},
    };
    char version[16];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        peer_version_of(cases[i][0], version, sizeof version);
        CHECK_STR(version, cases[i][1]);
    }
}

/* Says WORD three times, when it is its turn. */
static void say_in_turn(struct turn *turn, int to, char word)
{
    for (unsigned i = 0; i < 3; i++) {
        turn_take(turn);
        CHECK_EQ_INT(write(to, &word, 1), 1);
        turn_pass(turn);
    }
}

TEST(two_loads_ask_in_turn_and_one_that_is_left_alone_goes_on)
{
    struct turn pair[2];
    char said[8] = "";
    int status, ends[2];

    CHECK_EQ_INT(turn_make(pair), 0);
    CHECK_EQ_INT(pipe(ends), 0);
    pid_t second = fork();
    CHECK(second >= 0);
    if (second == 0) {
        pair[1].our_ns = 1ull << 40;
        say_in_turn(&pair[1], ends[1], 'b');
        _exit(pair[1].their_ns == 5 ? 0 : 1);
    }
    pair[0].our_ns = 5;
    say_in_turn(&pair[0], ends[1], 'a');
    CHECK(pair[0].their_ns == 1ull << 40);
    CHECK_EQ_INT(waitpid(second, &status, 0), second);
    CHECK_EQ_INT(status, 0);
    CHECK_EQ_INT(read(ends[0], said, sizeof said), 6);
    CHECK_STR(said, "ababab");
    for (unsigned i = 0; i < 2; i++) { /* the other has ended */
        turn_take(&pair[0]);
        turn_pass(&pair[0]);
    }
    CHECK(pair[0].is_ours);
    close(pair[0].ours);
    close(ends[0]);
    close(ends[1]);
}

TEST(a_peers_rows_fit_into_the_results_and_are_told_apart)
{
    static struct peer_cell cell;
    const char *ids[RESULTS_PEER_CELLS_MAX];
    size_t rows = 0;
    for (const struct peer *const *peer = peers_table; *peer; peer++) {
        CHECK((*peer)->row_count <= PEER_ROWS_MAX);
        for (size_t i = 0; i < (*peer)->row_count; i++) {
            const struct peer_row *row = &(*peer)->rows[i];
            CHECK(strlen(row->id) < sizeof cell.id && strlen(row->title) < sizeof cell.title);
            CHECK(strlen(row->limits) < sizeof cell.limits && row->limits[0]);
            for (size_t other = 0; other < rows; other++)
                CHECK(strcmp(ids[other], row->id) != 0);
            CHECK((rows + 1) * LAYOUTS <= RESULTS_PEER_CELLS_MAX);
            ids[rows++] = row->id;
        }
    }
    CHECK(rows >= 6);
}

static void a_cell(struct results *results, const char *id, const char *limits, const char *why)
{
    struct peer_cell *cell = &results->peers.cell[results->peers.cells++];
    snprintf(cell->id, sizeof cell->id, "%s", id);
    snprintf(cell->title, sizeof cell->title, "%s, & more", id);
    snprintf(cell->limits, sizeof cell->limits, "%s", limits);
    snprintf(cell->missing.text, sizeof cell->missing.text, "%s", why);
    if (*why)
        return;
    for (unsigned i = 0; i < 100; i++)
        hist_add(&cell->peer.latency, 20000);
    cell->peer.requests = 100;
    cell->peer.elapsed_ns = 2000000;
    for (enum metric metric = 0; metric < METRICS; metric++)
        cell->ratio[metric] = ratio_of((double[]){2, 4, 3}, 3);
}

TEST(what_was_left_out_is_said_and_why)
{
    static struct results results;
    a_cell(&results, "one", "first", "");
    a_cell(&results, "two", "second", "there is no two\nin $PATH");
    a_cell(&results, "two-50", "second", "there is no two\nin $PATH");
    a_cell(&results, "three", "first", "");
    const char *text = written(peers_report_text, &results);
    CHECK(strstr(text, "| one, & more [^1] ") && strstr(text, "| three, & more [^1] "));
    CHECK(strstr(text, "| two-50, & more [^2] ") && !strstr(text, "[^3]"));
    CHECK(strstr(text, "     20.00 |     20.00 |   50000 |"));
    CHECK(strstr(text, "| ~3.00 (2.00..4.00) "));
    CHECK(strstr(text, "\nLeft out: two, two-50: there is no two in $PATH\n"));
    CHECK(strstr(text, "\n[^1]: first\n[^2]: second\n"));
    text = written(peers_report_json, &results);
    CHECK(strstr(text, "\"left_out\": \"there is no two\\u000ain $PATH\"}"));
    text = written(peers_plot, &results);
    CHECK(strstr(text, "left out: two: there is no two in $PATH<") && !strstr(text, "two-50"));
    CHECK(strstr(text, ">one, &amp; more<") && strstr(text, "×3 · 20 µs<"));
}

/* A child that has a child; the write end of the pipe they both wait at. */
static pid_t a_family(int ends[2])
{
    char byte;
    CHECK_EQ_INT(pipe(ends), 0);
    pid_t pid = child_fork();
    if (pid)
        return pid;
    child_fork();
    close(ends[1]);
    _exit((int)read(ends[0], &byte, 1));
}

TEST(a_family_is_found_to_its_grandchildren)
{
    pid_t found[FAMILY_MAX];
    struct usage usage;
    int ends[2], count = 0;
    pid_t pid = a_family(ends);
    for (unsigned i = 0; i < 5000 && (count = family_find(pid, found)) < 2; i++)
        usleep(1000);
    CHECK_EQ_INT(count, 2);
    CHECK(found[0] == pid && found[1] != pid);
    CHECK(family_rss_kib(pid) > 0 && family_rss_kib(pid) >= usage_rss_kib(found[1]));
    CHECK_EQ_INT(family_usage(pid, &usage), 0);
    close(ends[1]);
    close(ends[0]);
    child_stop(pid, 1000);
    CHECK(family_usage(pid, &usage) < 0);
}

TEST(what_the_go_client_says_is_taken_whole)
{
    static struct load load;
    struct error error = {{0}};
    load.requests = 3;
    CHECK_EQ_INT(load_go_read(&load, "900\n100\n500\n300\nend\n", &error), 0);
    CHECK_EQ_INT(load.elapsed_ns, 900);
    CHECK_EQ_INT(load.latency.count, 3);
    CHECK_EQ_INT(load.latency.max, 500);
    CHECK_EQ_INT(hist_percentile(&load.latency, 0.5), 300);
}

TEST(what_the_go_client_does_not_say_is_no_figure)
{
    static const char *const bad[] = {
        "",                                  /* nothing at all */
        "0\n1\n2\nend\n",                    /* no time went by */
        "9\n1\nend\n",                       /* a request too few */
        "9\n1\n2\n3\nend\n",                 /* and one too many */
        "9\n1\n2\n",                         /* cut off */
        "9\n1\n2",                           /* within a number */
        "9\n1\n2\nend",                      /* within the last word */
        "9\n1\n-2\nend\n",                   /* a clock that went back */
        "9\n1\n\nend\n",                     /* an empty line */
        "9\n1\n+2\nend\n",                   /* no number as it writes them */
        "9\n1\n2 \nend\n",                   /* likewise */
        "9\n1\n1e3\nend\n",                  /* likewise */
        "9\n1\n99999999999999999999\nend\n", /* more than 64 bits */
        "9\n1\netcd: EOF\n",                 /* it failed */
        "9\n1\n2\nend\nend\n",               /* more than was asked for */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        static struct load load;
        struct error error = {{0}};
        load.requests = 2;
        CHECK_EQ_INT(load_go_read(&load, bad[i], &error), -EBADMSG);
        CHECK(strstr(error.text, LOAD_GO_PROGRAM));
    }
}

CHECK_MAIN
