/* SPDX-License-Identifier: BSD-2-Clause */
/* vsecm-bench: what a secret from vsecmd costs, next to what the socket alone costs. */
#include "base/span.h"
#include "base/str.h"
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

#define ROUNDS 9u
#define ROUNDS_QUICK 3u
#define TORN_SECONDS_MAX 86400u
#define TORN_CHANGES_MAX 1000000000u /* a sequence number has 32 bits, and each takes two */

struct settings {
    struct suite_options suite;
    const char *out;
    uint64_t torn_seconds; /* 0: the rows are measured */
    uint64_t torn_changes;
};

struct option {
    const char *name, *value, *help;                          /* no value: a switch */
    int (*set)(struct settings *settings, const char *value); /* -EINVAL */
};

static int set_vsecmd(struct settings *settings, const char *value)
{
    settings->suite.daemon.program = value;
    return 0;
}

static int set_render_go(struct settings *settings, const char *value)
{
    settings->suite.render_go = value;
    return 0;
}

static int set_attest(struct settings *settings, const char *value)
{
    settings->suite.daemon.attest = value;
    return 0;
}

static int set_out(struct settings *settings, const char *value)
{
    settings->out = value;
    return 0;
}

static int set_only(struct settings *settings, const char *value)
{
    settings->suite.only = value;
    return suite_has_row(value) ? 0 : -EINVAL;
}

static int set_rounds(struct settings *settings, const char *value)
{
    uint64_t rounds;

    if (str_u64(span_of(value), SUITE_ROUNDS_MAX, &rounds) || rounds == 0)
        return -EINVAL;
    settings->suite.rounds = (unsigned)rounds;
    return 0;
}

static int set_quick(struct settings *settings, const char *value)
{
    (void)value;
    settings->suite.quick = true;
    return 0;
}

static int set_torn(struct settings *settings, const char *value)
{
    int r = str_u64(span_of(value), TORN_SECONDS_MAX, &settings->torn_seconds);
    return r || settings->torn_seconds == 0 ? -EINVAL : 0;
}

static int set_changes(struct settings *settings, const char *value)
{
    return str_u64(span_of(value), TORN_CHANGES_MAX, &settings->torn_changes);
}

static int set_help(struct settings *settings, const char *value);

static const struct option options[] = {
    {"vsecmd", "PATH", "the daemon to measure (build/vsecmd)", set_vsecmd},
    {"render-go", "PATH", "Go's side of the row render (build/render-go)", set_render_go},
    {"attest", "MODE", "its option attest (auto)", set_attest},
    {"out", "DIR", "where results.json, report.md and latency.svg go (build/bench)", set_out},
    {"only", "ROW", "one of: " SUITE_ROWS, set_only},
    {"rounds", "N", "pairs of measurements a row and layout (9)", set_rounds},
    {"quick", NULL, "3 rounds, a quarter of the requests", set_quick},
    {"torn", "SECONDS", "no rows: check that no copy of a page is torn", set_torn},
    {"changes", "N", "with --torn: go on until the page has changed so often", set_changes},
    {"help", NULL, "this text", set_help},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

static int set_help(struct settings *settings, const char *value)
{
    (void)settings;
    (void)value;
    printf("usage: vsecm-bench [--OPTION[=VALUE]]...\n");
    for (size_t i = 0; i < OPTIONS; i++)
        printf("  --%s%s%-*s %s\n", options[i].name, options[i].value ? "=" : "",
               14 - (int)strlen(options[i].name) - (options[i].value ? 1 : 0),
               options[i].value ? options[i].value : "", options[i].help);
    exit(0);
}

/* Take "--name" or "--name=value". -EINVAL for what is none of ours. */
static int take_argument(struct settings *settings, const char *argument)
{
    for (size_t i = 0; i < OPTIONS && strncmp(argument, "--", 2) == 0; i++) {
        size_t length = strlen(options[i].name);
        const char *rest = argument + 2 + length;

        if (strncmp(argument + 2, options[i].name, length) != 0)
            continue;
        if (!options[i].value && *rest == '\0')
            return options[i].set(settings, NULL);
        if (options[i].value && rest[0] == '=' && rest[1])
            return options[i].set(settings, rest + 1);
    }
    return -EINVAL;
}

static int take_arguments(struct settings *settings, char **arguments)
{
    for (; *arguments; arguments++) {
        if (take_argument(settings, *arguments)) {
            fprintf(stderr, "vsecm-bench: %s: no such option or value; see --help\n", *arguments);
            return -EINVAL;
        }
    }
    if (settings->suite.rounds == 0)
        settings->suite.rounds = settings->suite.quick ? ROUNDS_QUICK : ROUNDS;
    return 0;
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
                                              .seconds = (unsigned)settings->torn_seconds,
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
        .out = "build/bench",
    };

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
