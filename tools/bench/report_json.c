/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/report.h"

#include "bench/growth_report.h"
#include "bench/json_out.h"
#include "bench/json_side.h"
#include "bench/peers_report.h"
#include "bench/verdict.h"

#include <inttypes.h>

static void write_machine(FILE *out, const struct results *results)
{
    fprintf(out, "  \"started\": \"%s\",\n  \"kernel\": ", results->started);
    json_out_string(out, results->kernel);
    fprintf(out, ",\n  \"processor\": ");
    json_out_string(out, results->processor);
    fprintf(out,
            ",\n  \"load_average\": %.2f,\n  \"server_cpu\": %d,\n  \"client_cpu_apart\": %d,\n"
            "  \"rounds\": %u,\n  \"quick\": %s,\n",
            results->load_average, results->server_cpu, results->client_cpu, results->rounds,
            results->quick ? "true" : "false");
}

static void write_cell(FILE *out, const struct cell *cell)
{
    fprintf(out,
            "    {\n      \"id\": \"%s\", \"title\": \"%s\", \"layout\": \"%s\",\n"
            "      \"value_bytes\": %zu, \"request_bytes\": %zu, \"reply_bytes\": %zu, "
            "\"connections\": %u,\n",
            cell->id, cell->title, results_layout_name(cell->layout), cell->value_bytes,
            cell->request_bytes, cell->reply_bytes, cell->connections);
    json_side(out, "echo", &cell->echo);
    json_side(out, "vsecmd", &cell->vsecmd);
    fprintf(out, "      \"ratio\": {");
    for (enum metric metric = 0; metric < METRICS; metric++) {
        fprintf(out, "%s\n        ", metric ? "," : "");
        json_out_ratio(out, results_metric_name(metric), &cell->ratio[metric], "");
    }
    fprintf(out, "}\n    }");
}

static void write_memory(FILE *out, const struct memory *memory)
{
    if (!memory->secrets)
        return;
    fprintf(out,
            "  \"memory\": {\"secrets\": %u, \"value_bytes\": %zu, \"ready_ms\": %.2f, "
            "\"put_us\": %.2f, \"rss_empty_kib\": %ld, \"rss_full_kib\": %ld, "
            "\"rss_loaded_kib\": %ld, \"requests\": %" PRIu64 ", \"minor_faults\": %" PRIu64
            ", \"major_faults\": %" PRIu64 "},\n",
            memory->secrets, memory->value_bytes, memory->ready_ms, memory->put_us,
            memory->empty_kib, memory->full_kib, memory->loaded_kib, memory->requests,
            memory->used.minor_faults, memory->used.major_faults);
}

static void write_start(FILE *out, const struct start *start)
{
    if (!start->secrets)
        return;
    fprintf(out, "  \"start\": {\"secrets\": %u, \"value_bytes\": %zu, \"times\": %u, ",
            start->secrets, start->value_bytes, start->times);
    json_out_ratio(out, "ready_ms", &start->ready_ms, ", ");
    fprintf(out, "\"rss_kib\": %ld},\n", start->rss_kib);
}

static void write_render(FILE *out, const struct render *render)
{
    if (!render->times)
        return;
    fprintf(out,
            "  \"render\": {\"value_bytes\": %zu, \"fields\": %u, \"template_bytes\": %zu, "
            "\"output_bytes\": %zu, \"times\": %u",
            render->value_bytes, render->fields, render->template_bytes, render->output_bytes,
            render->times);
    for (enum render_kind kind = 0; kind < RENDER_KINDS; kind++) {
        fprintf(out, ",\n    \"%s\": {", results_render_name(kind));
        json_out_ratio(out, "ours_us", &render->cell[kind].ours_us, ", ");
        json_out_ratio(out, "go_us", &render->cell[kind].go_us, ", ");
        json_out_ratio(out, "ratio", &render->cell[kind].ratio, "}");
    }
    fprintf(out, "},\n");
}

static void write_times(FILE *out, const char *name, const struct hist *h)
{
    fprintf(out,
            "\"%s\": {\"p50\": %" PRIu64 ", \"p90\": %" PRIu64 ", \"p99\": %" PRIu64
            ", \"max\": %" PRIu64 "}, ",
            name, hist_percentile(h, 0.5), hist_percentile(h, 0.9), hist_percentile(h, 0.99),
            h->max);
}

static void write_follow_side(FILE *out, const char *name, const struct follow_side *side)
{
    fprintf(out, "      \"%s\": {", name);
    write_times(out, "after_ack", &side->after_ack);
    write_times(out, "after_send", &side->after_send);
    fprintf(out, "\"changes\": %" PRIu64 ", \"server_cpu_ns_per_change\": %" PRIu64 "},\n",
            side->changes, side->used.cpu_ns / side->changes);
}

static void write_follow(FILE *out, const struct follow *follow)
{
    if (!follow->cells)
        return;
    fprintf(out,
            "  \"%s\": {\"followers\": %u, \"value_bytes\": %zu, \"event_bytes\": %zu, "
            "\"layouts\": [",
            follow->id, follow->followers, follow->value_bytes, follow->event_bytes);
    for (size_t i = 0; i < follow->cells; i++) {
        const struct follow_cell *cell = &follow->cell[i];
        fprintf(out, "%s\n    {\"layout\": \"%s\",\n", i ? "," : "",
                results_layout_name(cell->layout));
        write_follow_side(out, "raw", &cell->raw);
        write_follow_side(out, "vsecmd", &cell->vsecmd);
        fprintf(out, "      \"ratio\": {");
        json_out_ratio(out, "p50", &cell->p50, ", ");
        json_out_ratio(out, "p99", &cell->p99, ", ");
        json_out_ratio(out, "after_send_p50", &cell->sent_p50, "}}");
    }
    fprintf(out, "]},\n");
}

static void write_page_read(FILE *out, const struct page_read *page_read)
{
    if (!page_read->times)
        return;
    fprintf(out, "  \"page-read\": {\"times\": %u", page_read->times);
    for (enum page_read_kind kind = 0; kind < PAGE_READ_KINDS; kind++) {
        fprintf(out, ", ");
        json_out_ratio(out, results_page_read_name(kind), &page_read->ns[kind], "");
    }
    fprintf(out, "},\n");
}

static void write_hooks(FILE *out, const struct hooks *hooks)
{
    static const char *const sides[HOOK_SIDES] = {"none", "attest", "guards"};

    if (!hooks->rounds)
        return;
    fprintf(out, "  \"hooks\": [");
    for (enum hook_kind kind = 0; kind < HOOK_KINDS; kind++) {
        const struct hook_cell *cell = &hooks->cell[kind];
        fprintf(out, "%s\n    {\"what\": \"%s\", \"none\": {\"ns\": %.1f}", kind ? "," : "",
                results_hook_name(kind), cell->ns[HOOK_NONE]);
        for (enum hook_side side = HOOK_ATTEST; side < HOOK_SIDES; side++) {
            fprintf(out, ",\n      \"%s\": {\"ns\": %.1f, ", sides[side], cell->ns[side]);
            json_out_ratio(out, "ratio", &cell->ratio[side], "}");
        }
        fprintf(out, "}");
    }
    fprintf(out, "],\n");
}

static void write_noisy_side(FILE *out, const char *name, const struct hist *h)
{
    fprintf(out, "\"%s\": {\"p50\": %" PRIu64 ", \"p99\": %" PRIu64 ", \"max\": %" PRIu64 "}, ",
            name, hist_percentile(h, 0.5), hist_percentile(h, 0.99), h->max);
}

static void write_noisy(FILE *out, const struct noisy *noisy)
{
    if (!noisy->requests)
        return;
    fprintf(out, "  \"noisy\": {\"requests\": %u", noisy->requests);
    for (enum flood_kind kind = 0; kind < FLOOD_KINDS; kind++) {
        const struct noisy_cell *cell = &noisy->cell[kind];
        fprintf(out, ",\n    \"%s\": {", results_flood_name(kind));
        write_noisy_side(out, "quiet", &cell->quiet);
        write_noisy_side(out, "noisy", &cell->noisy);
        json_out_ratio(out, "p50_ratio", &cell->p50, ", ");
        json_out_ratio(out, "p99_ratio", &cell->p99, ", ");
        json_out_ratio(out, "flood_per_second", &cell->rate, "}");
    }
    fprintf(out, "},\n");
}

static void write_cost(FILE *out, const struct cost *cost)
{
    if (!cost->rows)
        return;
    fprintf(out, "  \"cost\": {\"tools\": ");
    json_out_string(out, cost->tools);
    for (size_t i = 0; i < cost->rows; i++) {
        fprintf(out, ",\n    ");
        json_out_string(out, cost->row[i].workload);
        fprintf(out, ": {\"instructions\": %u, \"system_calls\": %.2f}", cost->row[i].instructions,
                cost->row[i].calls);
    }
    fprintf(out, "},\n");
}

static void write_skipped(FILE *out, const struct results *results)
{
    const struct error *no_disk = &results->no_disk, *no_go = &results->render.no_go;

    if (!no_disk->text[0] && !no_go->text[0])
        return;
    fprintf(out, "  \"skipped\": {");
    if (no_disk->text[0]) {
        fprintf(out, "\"on disk\": ");
        json_out_string(out, no_disk->text);
    }
    if (no_go->text[0]) {
        fprintf(out, "%s\"render\": ", no_disk->text[0] ? ", " : "");
        json_out_string(out, no_go->text);
    }
    fprintf(out, "},\n");
}

static void write_verdicts(FILE *out, const struct results *results)
{
    struct verdict verdicts[VERDICTS_MAX];
    size_t n = verdict_all(results, verdicts);

    fprintf(out, "  \"targets\": [\n");
    for (size_t i = 0; i < n; i++) {
        const struct verdict *v = &verdicts[i];
        fprintf(out,
                "    {\"what\": \"%s\", \"unit\": \"%s\", \"%s\": %.2f, \"value\": %.4f, "
                "\"met\": %s, \"off_percent\": %.2f}%s\n",
                v->what, v->unit, v->at_most ? "at_most" : "at_least", v->limit, v->value,
                v->met ? "true" : "false", v->off_percent, i + 1 < n ? "," : "");
    }
    fprintf(out, "  ]\n");
}

void report_json(FILE *out, const struct results *results)
{
    fprintf(out, "{\n  \"schema\": 1,\n");
    write_machine(out, results);
    fprintf(out, "  \"rows\": [\n");
    for (size_t i = 0; i < results->cells; i++) {
        write_cell(out, &results->cell[i]);
        fprintf(out, "%s\n", i + 1 < results->cells ? "," : "");
    }
    fprintf(out, "  ],\n");
    write_skipped(out, results);
    write_memory(out, &results->memory);
    write_start(out, &results->start);
    write_render(out, &results->render);
    for (enum follow_kind kind = 0; kind < FOLLOW_KINDS; kind++)
        write_follow(out, &results->follow[kind]);
    write_page_read(out, &results->page_read);
    write_hooks(out, &results->hooks);
    write_noisy(out, &results->noisy);
    peers_report_json(out, results);
    growth_report_json(out, results);
    write_cost(out, &results->cost);
    write_verdicts(out, results);
    fprintf(out, "}\n");
}
