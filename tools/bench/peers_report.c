/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peers_report.h"

#include "bench/json_out.h"
#include "bench/json_side.h"
#include "bench/ratio.h"

#include <stdbool.h>
#include <string.h>

static bool is_left_out(const struct peer_cell *cell)
{
    return cell->missing.text[0] != '\0';
}

/* The number of a cell's note: the same words are one note. */
static size_t note_of(const struct peers *peers, size_t cell)
{
    size_t notes = 0;

    for (size_t i = 0; i <= cell; i++) {
        size_t first = 0;
        while (strcmp(peers->cell[first].limits, peers->cell[i].limits) != 0)
            first++;
        if (first == i)
            notes++;
        if (i == cell)
            return first == i ? notes : note_of(peers, first);
    }
    return notes;
}

static bool is_first_of_note(const struct peers *peers, size_t cell)
{
    for (size_t i = 0; i < cell; i++)
        if (strcmp(peers->cell[i].limits, peers->cell[cell].limits) == 0)
            return false;
    return true;
}

static double us(const struct hist *hist, double p)
{
    return (double)hist_percentile(hist, p) / 1e3;
}

static void write_figures(FILE *out, const struct peer_cell *cell)
{
    const struct ratio *p50 = &cell->ratio[METRIC_P50];
    const struct ratio *p99 = &cell->ratio[METRIC_P99], *rate = &cell->ratio[METRIC_RATE];
    char rss[16] = "-", ratio[RATIO_TEXT];

    if (cell->rss_kib)
        snprintf(rss, sizeof(rss), "%.1f", (double)cell->rss_kib / 1024.0);
    fprintf(out, " %-6s | %9.2f | %9.2f | %7.0f | %7s | %-24s | %1s%9.2f | %1s%11.3f |",
            results_layout_name(cell->layout), us(&cell->peer.latency, 0.5),
            us(&cell->peer.latency, 0.99), results_rate(&cell->peer), rss,
            ratio_text(p50, 2, ratio), ratio_mark(p99), p99->median, ratio_mark(rate),
            rate->median);
}

static void write_row(FILE *out, const struct peers *peers, size_t i)
{
    const struct peer_cell *cell = &peers->cell[i];
    char title[80];

    snprintf(title, sizeof(title), "%s [^%zu]", cell->title, note_of(peers, i));
    fprintf(out, "| %-38s |", title);
    if (is_left_out(cell))
        fprintf(out, " left out: see below | | | | | | | |");
    else
        write_figures(out, cell);
    fprintf(out, " %-22s | %-14s |\n", cell->version[0] ? cell->version : "-",
            cell->config[0] ? cell->config : "-");
}

/* A reason is of several lines where it quotes a log. */
static void write_line(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc(*text == '\n' ? ' ' : *text, out);
    fputc('\n', out);
}

/* Whether CELL is left out for the reason of the one before: the rows of one peer. */
static bool is_likewise(const struct peers *peers, size_t cell)
{
    return cell > 0 && is_left_out(&peers->cell[cell]) &&
           strcmp(peers->cell[cell].missing.text, peers->cell[cell - 1].missing.text) == 0;
}

static void write_left_out(FILE *out, const struct peers *peers)
{
    for (size_t i = 0; i < peers->cells; i++) {
        if (!is_left_out(&peers->cell[i]) || is_likewise(peers, i))
            continue;
        fprintf(out, "\nLeft out: %s", peers->cell[i].id);
        for (size_t next = i + 1; next < peers->cells && is_likewise(peers, next); next++)
            fprintf(out, ", %s", peers->cell[next].id);
        fprintf(out, ": ");
        write_line(out, peers->cell[i].missing.text);
    }
}

void peers_report_text(FILE *out, const struct results *results)
{
    const struct peers *peers = &results->peers;

    if (!peers->cells)
        return;
    fprintf(
        out,
        "\n## What people would use instead: a value of %zu B, microseconds\n\n"
        "| %-38s | layout |       p50 |       p99 |   req/s | RSS MiB | p50 / echo               | "
        "p99 / echo | req/s / echo | version                | configuration  |\n"
        "|----------------------------------------|--------|-----------|-----------|---------|"
        "---------|--------------------------|------------|--------------|------------------------|"
        "----------------|\n",
        peers->cell[0].value_bytes, "peer");
    for (size_t i = 0; i < peers->cells; i++)
        write_row(out, peers, i);
    fprintf(out,
            "\nEach beside a raw echo over a Unix socket, of replies as long as its own, asked in "
            "the same way\n(kept, or a connection each time) in the same rounds: the last columns "
            "are the middle of the rounds.\nRSS: of all its processes. Configurations: below "
            "tools/bench/peers.\n");
    write_left_out(out, peers);
    fputc('\n', out);
    for (size_t i = 0; i < peers->cells; i++)
        if (is_first_of_note(peers, i))
            fprintf(out, "[^%zu]: %s\n", note_of(peers, i), peers->cell[i].limits);
}

static void write_string(FILE *out, const char *name, const char *text)
{
    fprintf(out, "\"%s\": ", name);
    json_out_string(out, text);
    fprintf(out, ", ");
}

static void write_cell(FILE *out, const struct peer_cell *cell)
{
    fprintf(out, "    {");
    write_string(out, "id", cell->id);
    write_string(out, "title", cell->title);
    write_string(out, "version", cell->version);
    write_string(out, "config", cell->config);
    write_string(out, "limits", cell->limits);
    fprintf(out, "\"value_bytes\": %zu, \"connections\": %u,\n      ", cell->value_bytes,
            cell->connections);
    if (is_left_out(cell)) {
        fprintf(out, "\"left_out\": ");
        json_out_string(out, cell->missing.text);
        fputc('}', out);
        return;
    }
    fprintf(out, "\"layout\": \"%s\", \"reply_bytes\": %zu, \"rss_kib\": %ld,\n",
            results_layout_name(cell->layout), cell->reply_bytes, cell->rss_kib);
    json_side(out, "echo", &cell->echo);
    json_side(out, "peer", &cell->peer);
    fprintf(out, "      \"ratio\": {");
    for (enum metric metric = 0; metric < METRICS; metric++) {
        fprintf(out, "%s\n        ", metric ? "," : "");
        json_out_ratio(out, results_metric_name(metric), &cell->ratio[metric], "");
    }
    fprintf(out, "}}");
}

void peers_report_json(FILE *out, const struct results *results)
{
    if (!results->peers.cells)
        return;
    fprintf(out, "  \"peers\": [\n");
    for (size_t i = 0; i < results->peers.cells; i++) {
        write_cell(out, &results->peers.cell[i]);
        fprintf(out, "%s\n", i + 1 < results->peers.cells ? "," : "");
    }
    fprintf(out, "  ],\n");
}
