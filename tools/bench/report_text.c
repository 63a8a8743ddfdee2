/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/report.h"

#include "bench/growth_report.h"
#include "bench/peers_report.h"
#include "bench/ratio.h"
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
            "`apart`: server on CPU %d, client on CPU %d. `" RATIO_UNTOLD "` in front of a figure: "
            "its rounds do not tell it\nto %.0f %%, take it for a hint.\n\n",
            results->started, results->kernel, results->processor, results->load_average,
            results->rounds, results->quick ? " (--quick: a quarter of the requests)" : "",
            results->server_cpu, results->server_cpu, results->client_cpu, 100 * RATIO_TOLD);
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
    fputc('\n', out);
    for (size_t i = 0; i < n; i++)
        if (!verdicts[i].met)
            fprintf(out, "- Missed: %s. %s.\n", verdicts[i].what, verdicts[i].why);
}

static void write_ratio(FILE *out, const struct ratio *ratio)
{
    char text[RATIO_TEXT];

    fprintf(out, " %-20s |", ratio_text(ratio, 3, text));
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
    const struct usage *used = &side->used;
    double requests = (double)side->requests;
    char instructions[24] = "-";

    if (used->instructions)
        snprintf(instructions, sizeof(instructions), "%.0f", (double)used->instructions / requests);
    fprintf(out,
            "| %-30s | %-6s | %-6s | %7.2f | %7.2f | %7.2f | %7.2f | %8.1f | %7.0f | %7.0f | %5.0f "
            "| %7s | %6.3f | %6.3f | %6" PRIu64 " | %5" PRIu64 " |\n",
            cell->title, results_layout_name(cell->layout), name, us(hist_percentile(h, 0.5)),
            us(hist_percentile(h, 0.9)), us(hist_percentile(h, 0.99)),
            us(hist_percentile(h, 0.999)), us(h->max), results_rate(side), results_cpu_ns(side),
            100.0 * results_system_share(used), instructions,
            (double)used->voluntary_switches / requests,
            (double)used->involuntary_switches / requests, used->minor_faults, used->major_faults);
}

static void write_sides(FILE *out, const struct results *results)
{
    bool is_counted = false;

    fprintf(out,
            "\n## All rounds together: microseconds, requests/s; of the server a request: CPU, "
            "instructions, context switches\n\n"
            "| %-30s | layout | server |     p50 |     p90 |     p99 |   p99.9 |      max |   "
            "req/s |  cpu ns | sys %% | instr   | volun. | invol. | minflt | majfl |\n"
            "|--------------------------------|--------|--------|---------|---------|---------|"
            "---------|----------|---------|---------|-------|---------|--------|--------|--------|"
            "-------|\n",
            "row");
    for (size_t i = 0; i < results->cells; i++) {
        write_side(out, &results->cell[i], "echo", &results->cell[i].echo);
        write_side(out, &results->cell[i], "vsecmd", &results->cell[i].vsecmd);
        is_counted |= results->cell[i].vsecmd.used.instructions > 0;
    }
    if (results->cells && !is_counted)
        fprintf(out, "\nInstructions: no counters on this machine.\n");
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

static void write_hooks(FILE *out, const struct hooks *hooks)
{
    if (!hooks->rounds)
        return;
    fprintf(out,
            "\n## What others on the node do: ns of processor time, and ratios to no daemon (95 %% "
            "interval)\n\n"
            "| %-24s | %9s | %9s | %-21s | %9s | %-21s |\n|%.26s|-----------|-----------|"
            "-----------------------|-----------|-----------------------|\n",
            "each time", "no daemon", "attest", "ratio", "guards", "ratio",
            "-----------------------------");
    for (enum hook_kind kind = 0; kind < HOOK_KINDS; kind++) {
        const struct hook_cell *cell = &hooks->cell[kind];
        fprintf(out, "| %-24s | %9.0f |", results_hook_name(kind), cell->ns[HOOK_NONE]);
        for (enum hook_side side = HOOK_ATTEST; side < HOOK_SIDES; side++)
            fprintf(out, " %9.0f | %5.3f (%5.3f..%5.3f)  |", cell->ns[side],
                    cell->ratio[side].median, cell->ratio[side].low, cell->ratio[side].high);
        fputc('\n', out);
    }
}

static void write_noisy_side(FILE *out, const struct hist *h)
{
    fprintf(out, " %7.1f | %7.1f | %8.1f |", us(hist_percentile(h, 0.5)),
            us(hist_percentile(h, 0.99)), us(h->max));
}

static void write_noisy(FILE *out, const struct results *results)
{
    const struct noisy *noisy = &results->noisy;

    if (!noisy->requests)
        return;
    fprintf(out,
            "\n## A pod that asks 1,000 times a second, beside one that floods: microseconds\n\n"
            "| %-26s | quiet50 |     p99 |      max | noisy50 |     p99 |      max | %-20s | "
            "flood/s  |\n"
            "|----------------------------|---------|---------|----------|---------|---------|"
            "----------|----------------------|----------|\n",
            "flood", "p99, noisy / quiet");
    for (enum flood_kind kind = 0; kind < FLOOD_KINDS; kind++) {
        const struct noisy_cell *cell = &noisy->cell[kind];
        fprintf(out, "| %-26s |", results_flood_title(kind));
        write_noisy_side(out, &cell->quiet);
        write_noisy_side(out, &cell->noisy);
        write_ratio(out, &cell->p99);
        fprintf(out, " %8.0f |\n", cell->rate.median);
    }
    fprintf(
        out,
        "\nFrom when a request was due. vsecmd on CPU %d (nice -20), both pods on CPU %d. The pod "
        "that is timed has\na real-time priority: what the pods take from each other on their CPU "
        "is "
        "not the daemon's doing. %u\nrequests a round, quiet and noisy in turn.\n",
        results->server_cpu, results->client_cpu, noisy->requests);
}

static void write_cost(FILE *out, const struct cost *cost)
{
    if (cost->missing.text[0])
        fprintf(out, "\nNot shown: what requests cost. %s.\n", cost->missing.text);
    if (!cost->rows)
        return;
    fprintf(out, "\n## What a request costs vsecmd, on any clock\n\n"
                 "| workload       | instructions | system calls |\n"
                 "|----------------|--------------|--------------|\n");
    for (size_t i = 0; i < cost->rows; i++)
        fprintf(out, "| %-14s | %12u | %12.2f |\n", cost->row[i].workload,
                cost->row[i].instructions, cost->row[i].calls);
    fprintf(out,
            "\nOn record, not of this run: `make check-cost` counts them (callgrind, strace) and "
            "fails when\ninstructions differ by more than 5 %%. Instructions are those of the "
            "daemon's own code, without the\nkernel's. Counted with %s.\n",
            cost->tools);
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
    write_hooks(out, &results->hooks);
    write_noisy(out, results);
    peers_report_text(out, results);
    growth_report_text(out, results);
    write_cost(out, &results->cost);
    if (results->render.no_go.text[0])
        fprintf(out, "\nNot measured: rendering against Go. %s.\n", results->render.no_go.text);
}
