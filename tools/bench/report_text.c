/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/report.h"

#include "bench/verdict.h"

#include <inttypes.h>
#include <math.h>

static double us(uint64_t ns)
{
    return (double)ns / 1e3;
}

static void write_setting(FILE *out, const struct results *results)
{
    fprintf(out,
            "# vsecmd against a raw echo\n\n"
            "%s, Linux %s, %s. Load average before the run: %.2f.\n"
            "Rounds: %u, echo and vsecmd in turn%s. Layout `same`: server and client on CPU %d;\n"
            "`apart`: server on CPU %d, client on CPU %d.\n\n",
            results->started, results->kernel, results->processor, results->load_average,
            results->rounds, results->quick ? " (--quick: a quarter of the requests)" : "",
            results->server_cpu, results->server_cpu, results->client_cpu);
}

static void write_verdicts(FILE *out, const struct results *results)
{
    struct verdict verdicts[VERDICTS_MAX];
    size_t n = verdict_all(results, verdicts);

    fprintf(out,
            "## Targets\n\n| %-50s | %-13s | %-10s | %-20s |\n|-%.50s-|-%.13s-|-%.10s-|-%.20s-|\n",
            "what", "target", "measured", "verdict",
            "--------------------------------------------------",
            "--------------------------------------------------",
            "--------------------------------------------------",
            "--------------------------------------------------");
    for (size_t i = 0; i < n; i++) {
        const struct verdict *v = &verdicts[i];
        char target[32], measured[32], verdict[32];
        snprintf(target, sizeof(target), "%s %.2f %s", v->at_most ? "<=" : ">=", v->limit, v->unit);
        snprintf(measured, sizeof(measured), "%.3f %s", v->value, v->unit);
        snprintf(verdict, sizeof(verdict), v->met ? "met" : "MISSED by %.1f %%",
                 fabs(v->off_percent));
        fprintf(out, "| %-50s | %-13s | %-10s | %-20s |\n", v->what, target, measured, verdict);
    }
}

static void write_ratio(FILE *out, const struct ratio *ratio)
{
    fprintf(out, " %.3f (%.3f..%.3f) |", ratio->median, ratio->min, ratio->max);
}

static void write_ratios(FILE *out, const struct results *results)
{
    fprintf(out,
            "\n## vsecmd / echo: median over the rounds (least..greatest)\n\n"
            "| %-30s | %-6s | %-20s | %-20s | %-20s | reply B |\n"
            "|--------------------------------|--------|----------------------|"
            "----------------------|----------------------|---------|\n",
            "row", "layout", "p50", "p99", "throughput");
    for (size_t i = 0; i < results->cells; i++) {
        const struct cell *cell = &results->cell[i];
        fprintf(out, "| %-30s | %-6s |", cell->title, results_layout_name(cell->layout));
        for (enum metric metric = 0; metric < METRICS; metric++)
            write_ratio(out, &cell->ratio[metric]);
        fprintf(out, " %7zu |\n", cell->reply_bytes);
    }
}

static void write_side(FILE *out, const struct cell *cell, const char *name,
                       const struct side *side)
{
    const struct hist *h = &side->latency;

    fprintf(out,
            "| %-30s | %-6s | %-6s | %7.2f | %7.2f | %7.2f | %7.2f | %8.1f | %7.0f | %7.0f | %5.0f "
            "| %6" PRIu64 " | %5" PRIu64 " |\n",
            cell->title, results_layout_name(cell->layout), name, us(hist_percentile(h, 0.5)),
            us(hist_percentile(h, 0.9)), us(hist_percentile(h, 0.99)),
            us(hist_percentile(h, 0.999)), us(h->max), results_rate(side), results_cpu_ns(side),
            100.0 * results_system_share(&side->used), side->used.minor_faults,
            side->used.major_faults);
}

static void write_sides(FILE *out, const struct results *results)
{
    fprintf(out,
            "\n## All rounds together: microseconds, requests/s, server CPU a request\n\n"
            "| %-30s | layout | server |     p50 |     p90 |     p99 |   p99.9 |      max |   "
            "req/s |  cpu ns | sys %% | minflt | majfl |\n"
            "|--------------------------------|--------|--------|---------|---------|---------|"
            "---------|----------|---------|---------|-------|--------|-------|\n",
            "row");
    for (size_t i = 0; i < results->cells; i++) {
        write_side(out, &results->cell[i], "echo", &results->cell[i].echo);
        write_side(out, &results->cell[i], "vsecmd", &results->cell[i].vsecmd);
    }
}

static void write_memory(FILE *out, const struct memory *memory)
{
    if (!memory->secrets)
        return;
    fprintf(out,
            "\n## Memory: %u secrets of %zu B\n\n"
            "- ready %.1f ms after fork(); a put took %.1f us on average\n"
            "- resident: %ld KiB empty, %ld KiB with all secrets, %ld KiB after %" PRIu64 " reads\n"
            "- page faults during those reads: %" PRIu64 " minor, %" PRIu64 " major\n",
            memory->secrets, memory->value_bytes, memory->ready_ms, memory->put_us,
            memory->empty_kib, memory->full_kib, memory->loaded_kib, memory->requests,
            memory->used.minor_faults, memory->used.major_faults);
}

static void write_start(FILE *out, const struct start *start)
{
    if (!start->secrets)
        return;
    fprintf(out,
            "\n## Start with %u secrets of %zu B in the log\n\n"
            "- ready %.1f ms after fork() (%.1f..%.1f in %u starts)\n"
            "- resident then: %ld KiB\n",
            start->secrets, start->value_bytes, start->ready_ms.median, start->ready_ms.min,
            start->ready_ms.max, start->times, start->rss_kib);
}

static void write_render(FILE *out, const struct render *render)
{
    static const char *const meanings[RENDER_KINDS] = {"whole: both parsed each time, executed",
                                                       "execute: both parsed before"};

    if (!render->times)
        return;
    fprintf(out,
            "\n## Rendering %zu B of JSON, %u fields, by a template of %zu B: microseconds\n\n"
            "| %-38s | %-23s | %-23s | %-20s |\n"
            "|----------------------------------------|-------------------------|"
            "-------------------------|----------------------|\n",
            render->value_bytes, render->fields, render->template_bytes, "each time", "ours",
            "Go's text/template", "ours / Go's");
    for (enum render_kind kind = 0; kind < RENDER_KINDS; kind++) {
        const struct render_cell *cell = &render->cell[kind];
        fprintf(out, "| %-38s |", meanings[kind]);
        write_ratio(out, &cell->ours_us);
        write_ratio(out, &cell->go_us);
        write_ratio(out, &cell->ratio);
        fputc('\n', out);
    }
    fprintf(out,
            "\nBoth gave the same %zu bytes. Means of %u renderings a round, in turn, on one "
            "processor;\nours in the daemon's arena, wiped after each.\n",
            render->output_bytes, render->times);
}

static void write_follow_side(FILE *out, const char *layout, const char *name,
                              const struct follow_side *side)
{
    const struct hist *ack = &side->after_ack, *send = &side->after_send;

    fprintf(
        out, "| %-6s | %-7s | %7.1f | %7.1f | %8.1f | %7.1f | %7.1f | %8.1f | %9.1f | %5.0f |\n",
        layout, name, us(hist_percentile(ack, 0.5)), us(hist_percentile(ack, 0.99)), us(ack->max),
        us(hist_percentile(send, 0.5)), us(hist_percentile(send, 0.99)), us(send->max),
        us(side->used.cpu_ns / side->changes), 100.0 * results_system_share(&side->used));
}

static void write_follow(FILE *out, const struct follow *follow)
{
    if (!follow->cells)
        return;
    fprintf(out,
            "\n## %s: microseconds after a put of %zu B\n\n"
            "| layout | server  | ack p50 |     p99 |      max | put p50 |     p99 |      max | "
            "cpu a put | sys %% |\n"
            "|--------|---------|---------|---------|----------|---------|---------|----------|"
            "-----------|-------|\n",
            follow->title, follow->value_bytes);
    for (size_t i = 0; i < follow->cells; i++) {
        const struct follow_cell *cell = &follow->cell[i];
        const char *layout = results_layout_name(cell->layout);
        write_follow_side(out, layout, "fan-out", &cell->raw);
        write_follow_side(out, layout, "vsecmd", &cell->vsecmd);
    }
    fprintf(out, "\nFrom its acknowledgement (ack) and from its sending (put); %" PRIu64 " puts",
            follow->cell[0].vsecmd.changes);
    if (follow->event_bytes)
        fprintf(out, ", events of %zu B", follow->event_bytes);
    fprintf(out,
            ".\n\n| vsecmd / fan-out | ack p50              | ack p99              | put p50"
            "              |\n|------------------|----------------------|----------------------|"
            "----------------------|\n");
    for (size_t i = 0; i < follow->cells; i++) {
        const struct follow_cell *cell = &follow->cell[i];
        fprintf(out, "| %-16s |", results_layout_name(cell->layout));
        write_ratio(out, &cell->p50);
        write_ratio(out, &cell->p99);
        write_ratio(out, &cell->sent_p50);
        fputc('\n', out);
    }
}

static void write_page_read(FILE *out, const struct page_read *page_read)
{
    static const char *const meanings[PAGE_READ_KINDS] = {
        "vsecm_page_read(), 64 B", "vsecm_page_read(), 64 B that expire", "whole copy of 64 B",
        "whole copy of 1 KiB"};

    if (!page_read->times)
        return;
    fprintf(out, "\n## Reading a page: nanoseconds, means of %u reads\n\n", page_read->times);
    for (enum page_read_kind kind = 0; kind < PAGE_READ_KINDS; kind++)
        fprintf(out, "- %s: %.2f (%.2f..%.2f)\n", meanings[kind], page_read->ns[kind].median,
                page_read->ns[kind].min, page_read->ns[kind].max);
}

void report_text(FILE *out, const struct results *results)
{
    write_setting(out, results);
    write_verdicts(out, results);
    if (results->cells) {
        write_ratios(out, results);
        write_sides(out, results);
    }
    if (results->no_disk.text[0])
        fprintf(out, "\nSkipped: puts with the log on a disk. %s.\n", results->no_disk.text);
    write_memory(out, &results->memory);
    write_start(out, &results->start);
    write_render(out, &results->render);
    for (enum follow_kind kind = 0; kind < FOLLOW_KINDS; kind++)
        write_follow(out, &results->follow[kind]);
    write_page_read(out, &results->page_read);
    if (results->render.no_go.text[0])
        fprintf(out, "\nNot measured: rendering against Go. %s.\n", results->render.no_go.text);
}
