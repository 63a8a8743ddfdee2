/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/growth_report.h"

#include "bench/growth.h"
#include "bench/json_out.h"
#include "bench/ratio.h"

#include <string.h>

const char *growth_report_label(double value, const char *unit, char ret[static 32])
{
    bool is_bytes = strncmp(unit, "bytes", 5) == 0;
    double step = is_bytes ? 1024 : 1000;
    static const char *const bytes[] = {" B", " KiB", " MiB"}, *const numbers[] = {"", "k", "M"};
    unsigned power = 0;

    while (value >= step && power < 2) {
        value /= step;
        power++;
    }
    snprintf(ret, 32, "%g%s", value, (is_bytes ? bytes : numbers)[power]);
    return ret;
}

/* ---- tables -------------------------------------------------------------------------------- */

static void write_point(FILE *out, const struct curve *curve, const struct curve_point *point)
{
    char x[32], p50[RATIO_TEXT], p99[RATIO_TEXT];

    fprintf(out, "| %-14s | %9.2f | %9.2f | %9.2f | %-20s | %-20s | %8.0f | %8.1f |\n",
            growth_report_label(point->x, curve->unit, x), point->p50_ns / 1e3, point->p99_ns / 1e3,
            point->echo_p50_ns / 1e3, ratio_text(&point->p50, 2, p50),
            ratio_text(&point->p99, 2, p99), point->requests_per_second,
            (double)point->rss_kib / 1024);
}

static void write_curve(FILE *out, const struct curve *curve)
{
    fprintf(out,
            "\n### %s, by %s · %s\n\n"
            "| %-14s |  p50 (us) |       p99 |  echo p50 | vsecmd/echo p50      | p99"
            "                  |    req/s |  RSS MiB |\n"
            "|----------------|-----------|-----------|-----------|----------------------|"
            "----------------------|----------|----------|\n",
            curve->title, curve->unit, results_layout_name(curve->layout), curve->unit);
    for (size_t i = 0; i < curve->points; i++)
        write_point(out, curve, &curve->point[i]);
}

void growth_report_text(FILE *out, const struct results *results)
{
    const struct growth *growth = &results->growth;

    if (!growth->curves)
        return;
    fprintf(out,
            "\n## How it grows\n\n"
            "Rounds a point: %u, in turn with a fresh echo of the same reply (of watchers: a raw "
            "fan-out).\nPercentiles are of all rounds together, ratios the middle of the rounds "
            "(least..greatest).\nRSS is the daemon's with its connections open, the secret memory "
            "in it. With options of its own:\n`arena_size = 256M` for 100,000 secrets, "
            "`max_connections_per_pod = 4096` for 1,000 connections of one\npod (the default is "
            "256), `requests_per_second = 0`. From %u requests a point, long replies fewer.\n",
            growth_rounds(results->rounds), growth_requests(20000, 0) / (results->quick ? 4 : 1));
    for (size_t i = 0; i < growth->curves; i++)
        write_curve(out, &growth->curve[i]);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void write_json_curve(FILE *out, const struct curve *curve)
{
    fprintf(out,
            "{\"id\": \"%s\", \"title\": \"%s\", \"unit\": \"%s\", \"layout\": \"%s\", "
            "\"points\": [",
            curve->id, curve->title, curve->unit, results_layout_name(curve->layout));
    for (size_t i = 0; i < curve->points; i++) {
        const struct curve_point *point = &curve->point[i];
        fprintf(out,
                "%s\n      {\"x\": %.0f, \"p50\": %.0f, \"p99\": %.0f, \"echo_p50\": %.0f, "
                "\"requests_per_second\": %.1f, \"rss_kib\": %ld, \"ratio\": {",
                i ? "," : "", point->x, point->p50_ns, point->p99_ns, point->echo_p50_ns,
                point->requests_per_second, point->rss_kib);
        json_out_ratio(out, "p50", &point->p50, ", ");
        json_out_ratio(out, "p99", &point->p99, "}}");
    }
    fprintf(out, "]}");
}

void growth_report_json(FILE *out, const struct results *results)
{
    const struct growth *growth = &results->growth;

    if (!growth->curves)
        return;
    fprintf(out, "  \"growth\": {\"rounds\": %u, \"curves\": [", growth_rounds(results->rounds));
    for (size_t i = 0; i < growth->curves; i++) {
        fprintf(out, "%s\n    ", i ? "," : "");
        write_json_curve(out, &growth->curve[i]);
    }
    fprintf(out, "]},\n");
}
