/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/report.h"

#include "bench/verdict.h"

#include <inttypes.h>

/* The machine's own names are the only text here that we did not write. */
static void write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c > 0x7e)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void write_machine(FILE *out, const struct results *results)
{
    fprintf(out, "  \"started\": \"%s\",\n  \"kernel\": ", results->started);
    write_string(out, results->kernel);
    fprintf(out, ",\n  \"processor\": ");
    write_string(out, results->processor);
    fprintf(out,
            ",\n  \"load_average\": %.2f,\n  \"server_cpu\": %d,\n  \"client_cpu_apart\": %d,\n"
            "  \"rounds\": %u,\n  \"quick\": %s,\n",
            results->load_average, results->server_cpu, results->client_cpu, results->rounds,
            results->quick ? "true" : "false");
}

static void write_side(FILE *out, const char *name, const struct side *side)
{
    const struct hist *h = &side->latency;

    fprintf(out,
            "      \"%s\": {\"requests\": %" PRIu64 ", \"p50\": %" PRIu64 ", \"p90\": %" PRIu64
            ", \"p99\": %" PRIu64 ", \"p99.9\": %" PRIu64 ", \"max\": %" PRIu64
            ", \"requests_per_second\": %.1f, \"server_cpu_ns_per_request\": %.1f, "
            "\"system_share\": %.3f, \"minor_faults\": %" PRIu64 ", \"major_faults\": %" PRIu64
            "},\n",
            name, side->requests, hist_percentile(h, 0.5), hist_percentile(h, 0.9),
            hist_percentile(h, 0.99), hist_percentile(h, 0.999), h->max, results_rate(side),
            results_cpu_ns(side), results_system_share(&side->used), side->used.minor_faults,
            side->used.major_faults);
}

static void write_cell(FILE *out, const struct cell *cell)
{
    fprintf(out,
            "    {\n      \"id\": \"%s\", \"title\": \"%s\", \"layout\": \"%s\",\n"
            "      \"value_bytes\": %zu, \"request_bytes\": %zu, \"reply_bytes\": %zu, "
            "\"connections\": %u,\n",
            cell->id, cell->title, results_layout_name(cell->layout), cell->value_bytes,
            cell->request_bytes, cell->reply_bytes, cell->connections);
    write_side(out, "echo", &cell->echo);
    write_side(out, "vsecmd", &cell->vsecmd);
    fprintf(out, "      \"ratio\": {");
    for (enum metric metric = 0; metric < METRICS; metric++) {
        const struct ratio *ratio = &cell->ratio[metric];
        fprintf(out, "%s\"%s\": {\"median\": %.4f, \"min\": %.4f, \"max\": %.4f}",
                metric ? ", " : "", results_metric_name(metric), ratio->median, ratio->min,
                ratio->max);
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
    fprintf(out,
            "  \"start\": {\"secrets\": %u, \"value_bytes\": %zu, \"times\": %u, \"ready_ms\": "
            "{\"median\": %.3f, \"min\": %.3f, \"max\": %.3f}, \"rss_kib\": %ld},\n",
            start->secrets, start->value_bytes, start->times, start->ready_ms.median,
            start->ready_ms.min, start->ready_ms.max, start->rss_kib);
}

static void write_figure(FILE *out, const char *name, const struct ratio *figure, const char *end)
{
    fprintf(out, "\"%s\": {\"median\": %.4f, \"min\": %.4f, \"max\": %.4f}%s", name, figure->median,
            figure->min, figure->max, end);
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
        write_figure(out, "ours_us", &render->cell[kind].ours_us, ", ");
        write_figure(out, "go_us", &render->cell[kind].go_us, ", ");
        write_figure(out, "ratio", &render->cell[kind].ratio, "}");
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
        write_figure(out, "p50", &cell->p50, ", ");
        write_figure(out, "p99", &cell->p99, ", ");
        write_figure(out, "after_send_p50", &cell->sent_p50, "}}");
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
        write_figure(out, results_page_read_name(kind), &page_read->ns[kind], "");
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
        write_string(out, no_disk->text);
    }
    if (no_go->text[0]) {
        fprintf(out, "%s\"render\": ", no_disk->text[0] ? ", " : "");
        write_string(out, no_go->text);
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
    write_verdicts(out, results);
    fprintf(out, "}\n");
}
