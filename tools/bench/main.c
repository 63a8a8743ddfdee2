/* SPDX-License-Identifier: BSD-2-Clause */
/* vsecm-bench: what a secret from vsecmd costs, next to what the socket alone costs. */
#include "base/span.h"
#include "base/str.h"
#include "bench/compare.h"
#include "bench/growth_report.h"
#include "bench/load_command.h"
#include "bench/load_options.h"
#include "bench/options.h"
#include "bench/peers_plot.h"
#include "bench/report.h"
#include "bench/stop.h"
#include "bench/suite.h"
#include "bench/torn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 7u
#define ROUNDS_QUICK 3u
#define TORN_SECONDS_MAX 86400u
#define TORN_CHANGES_MAX 1000000000u /* a sequence number has 32 bits, and each takes two */

struct settings {
    struct suite_options suite;
    const char *out;
    unsigned torn_seconds; /* 0: the rows are measured */
    uint64_t torn_changes;
};

static int set_vsecmd(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct settings *)settings)->suite.daemon.program = value;
    return 0;
}

static int set_render_go(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct settings *)settings)->suite.render_go = value;
    return 0;
}

static int set_cost(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct settings *)settings)->suite.cost = value;
    return 0;
}

static int set_peers(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct settings *)settings)->suite.peers_dir = value;
    return 0;
}

static int set_attest(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct settings *)settings)->suite.daemon.attest = value;
    return 0;
}

static int set_out(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct settings *)settings)->out = value;
    return 0;
}

static int set_only(void *settings, const char *value, struct error *error)
{
    char known[ERROR_TEXT / 2] = "";
    const char *id, *title;
    size_t length = 0;

    for (size_t i = 0; (id = suite_row(i, &title)); i++) {
        if (strcmp(id, value) == 0) {
            ((struct settings *)settings)->suite.only = id;
            return 0;
        }
        length +=
            (size_t)snprintf(known + length, sizeof(known) - length, "%s%s", i ? ", " : "", id);
        if (length >= sizeof(known))
            length = sizeof(known) - 1;
    }
    return error_set(error, -EINVAL, "no such row; there are: %s", known);
}

static int set_rounds(void *settings, const char *value, struct error *error)
{
    return options_number(value, SUITE_ROUNDS_MAX, &((struct settings *)settings)->suite.rounds,
                          error);
}

static int set_quick(void *settings, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    ((struct settings *)settings)->suite.quick = true;
    return 0;
}

static int set_torn(void *settings, const char *value, struct error *error)
{
    return options_number(value, TORN_SECONDS_MAX, &((struct settings *)settings)->torn_seconds,
                          error);
}

static int set_changes(void *settings, const char *value, struct error *error)
{
    if (str_u64(span_of(value), TORN_CHANGES_MAX, &((struct settings *)settings)->torn_changes))
        return error_set(error, -EINVAL, "must be 0..%u", TORN_CHANGES_MAX);
    return 0;
}

static int set_help(void *settings, const char *value, struct error *error);

static const struct option options[] = {
    {"vsecmd", "PATH", "the daemon to measure (build/vsecmd)", set_vsecmd},
    {"render-go", "PATH", "Go's side of the row render (build/render-go)", set_render_go},
    {"cost", "PATH", "what requests cost, on record (tests/cost/expected.txt)", set_cost},
    {"peers", "DIR", "the configurations of peers (tools/bench/peers)", set_peers},
    {"attest", "MODE", "its option attest (auto)", set_attest},
    {"out", "DIR", "where results.json, report.md and the plots go (build/bench)", set_out},
    {"only", "ROW", "one of those below", set_only},
    {"rounds", "N", "pairs of measurements a row and layout (7)", set_rounds},
    {"quick", NULL, "3 rounds, a quarter of the requests", set_quick},
    {"torn", "SECONDS", "no rows: check that no copy of a page is torn", set_torn},
    {"changes", "N", "with --torn: go on until the page has changed so often", set_changes},
    {"help", NULL, "this text", set_help},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

static int set_help(void *settings, const char *value, struct error *error)
{
    const char *id, *title;

    (void)settings;
    (void)value;
    (void)error;
    printf("usage: vsecm-bench [--OPTION[=VALUE]]...\n"
           "       vsecm-bench load [--OPTION[=VALUE]]...\n"
           "       vsecm-bench --compare A.json B.json\n"
           "       vsecm-bench --compare A.json... --against B.json...\n\n");
    options_print(options, OPTIONS);
    printf("\nrows:\n");
    for (size_t i = 0; (id = suite_row(i, &title)); i++)
        printf("  %-20s %s\n", id, title);
    printf("\n--compare: of each figure of a results.json how many times as much it is in B, with "
           "its interval\nat 95 %%. With --agree=PERCENT: which ratios differ by more than that. "
           "The exit status is 0, 1 when\nsomething is worse by more than 5 %% and beyond its "
           "interval, or does not agree, 2 for bad input.\n\n");
    load_options_help();
    exit(0);
}

static int take_arguments(struct settings *settings, char **arguments)
{
    struct error error = {{0}};
    int r = options_take(options, OPTIONS, settings, arguments, &error);

    if (r)
        fprintf(stderr, "vsecm-bench: %s\n", error.text);
    if (settings->suite.rounds == 0)
        settings->suite.rounds = settings->suite.quick ? ROUNDS_QUICK : ROUNDS;
    return r;
}

static int write_report(const char *dir, const char *name,
                        void (*report)(FILE *, const struct results *),
                        const struct results *results)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "we");
    if (file) {
        report(file, results);
        bool bad = ferror(file) != 0;
        if (fclose(file) == 0 && !bad)
            return 0;
    }
    fprintf(stderr, "vsecm-bench: cannot write %s: %s\n", path, strerror(errno));
    return -EIO;
}

static int write_reports(const char *dir, const struct results *results)
{
    int r;

    if (mkdir(dir, 0755) && errno != EEXIST) {
        fprintf(stderr, "vsecm-bench: %s: %s\n", dir, strerror(errno));
        return -EIO;
    }
    r = write_report(dir, "results.json", report_json, results);
    if (r == 0)
        r = write_report(dir, "report.md", report_text, results);
    if (r == 0 && results->cells)
        r = write_report(dir, "latency.svg", plot_svg, results);
    if (r == 0 && results->growth.curves)
        r = write_report(dir, "growth.svg", growth_plot, results);
    if (r == 0 && results->peers.cells)
        r = write_report(dir, "peers.svg", peers_plot, results);
    return r;
}

static int say(int r, const struct error *error)
{
    if (r)
        fprintf(stderr, "vsecm-bench: %s\n", error->text[0] ? error->text : strerror(-r));
    return r;
}

static int check_torn(const struct settings *settings)
{
    const struct torn_options torn_options = {.daemon = &settings->suite.daemon,
                                              .seconds = settings->torn_seconds,
                                              .changes = settings->torn_changes};
    struct torn torn = {0};
    struct error error = {{0}};
    int r = say(torn_run(&torn_options, &torn, &error), &error);

    return r == 0 && torn_report(stdout, &torn) ? 0 : -EBADMSG;
}

static int measure_rows(const struct settings *settings)
{
    struct results *results = calloc(1, sizeof(*results));
    struct error error = {{0}};
    int r = say(results ? suite_run(&settings->suite, results, &error) : -ENOMEM, &error);

    if (r == 0) {
        report_text(stdout, results);
        r = write_reports(settings->out, results);
    }
    free(results);
    return r;
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .suite.daemon = {.program = "build/vsecmd", .attest = "auto"},
        .suite.render_go = "build/render-go",
        .suite.cost = "tests/cost/expected.txt",
        .suite.peers_dir = "tools/bench/peers",
        .out = "build/bench",
    };

    if (argc > 1 && strcmp(argv[1], "load") == 0)
        return load_command_run(argv + 2);
    if (argc > 1 && strcmp(argv[1], "--compare") == 0)
        return compare_command(argv + 2);
    if (argc < 1 || take_arguments(&settings, argv + 1))
        return 2;
    if (geteuid() != 0) {
        fprintf(stderr, "vsecm-bench: must be root, as vsecmd must\n");
        return 2;
    }
    int r = say(stop_install(), &(struct error){{0}});
    if (r == 0)
        r = settings.torn_seconds ? check_torn(&settings) : measure_rows(&settings);
    return r ? 1 : 0;
}
