/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/load_report.h"

#include "bench/json_out.h"

#include <inttypes.h>

static const struct {
    const char *name;
    double part;
} percentiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

#define PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))

static double throughput(const struct load_report *report)
{
    return (double)report->done * 1e9 / (double)report->elapsed_ns;
}

/* ---- for people ---------------------------------------------------------------------------- */

static void write_asked(FILE *out, const struct load_report *report)
{
    const struct results *machine = report->machine;

    fprintf(out, "%s, Linux %s, %s, load average %.2f\n", machine->started, machine->kernel,
            machine->processor, machine->load_average);
    fprintf(out, "workload %s, ", report->workload);
    if (report->value_bytes)
        fprintf(out, "%zu B, ", report->value_bytes);
    fprintf(out, "%u client%s, ", report->clients, report->clients == 1 ? "" : "s");
    if (report->rate > 0)
        fprintf(out, "%g/s asked", report->rate);
    else
        fprintf(out, "closed loop");
    fprintf(out, ", %g s\n", report->seconds);
    if (report->socket)
        fprintf(out, "server: at %s, not ours\n", report->socket);
    else if (machine->server_cpu < 0)
        fprintf(out, "server: ours; layout %s: any CPU\n", report->layout);
    else
        fprintf(out, "server: ours; layout %s: server on CPU %d, clients on CPU %d\n",
                report->layout, machine->server_cpu, machine->client_cpu);
}

static void write_times(FILE *out, const char *name, const struct hist *h)
{
    fprintf(out, "| %-24s |", name);
    for (size_t i = 0; i < PERCENTILES; i++)
        fprintf(out, " %10.1f |", (double)hist_percentile(h, percentiles[i].part) / 1e3);
    fprintf(out, " %10.1f |\n", (double)h->max / 1e3);
}

static void write_table(FILE *out, const struct load_report *report)
{
    fprintf(out, "\n| %-24s |", "microseconds");
    for (size_t i = 0; i < PERCENTILES; i++)
        fprintf(out, " %10s |", percentiles[i].name);
    fprintf(out,
            " %10s |\n|--------------------------|------------|------------|------------|----"
            "--------|------------|\n",
            "max");
    write_times(out, report->timed, report->latency);
    if (report->waited)
        write_times(out, "until it was sent", report->waited);
}

static void write_counts(FILE *out, const struct load_report *report)
{
    fprintf(out, "\nthroughput: %.1f/s", throughput(report));
    if (report->rate > 0)
        fprintf(out, " of %g/s asked (%.1f %%)", report->rate,
                100 * throughput(report) / report->rate);
    fprintf(out, "\n%" PRIu64 " done of %" PRIu64 ", %" PRIu64 " errors", report->done,
            report->asked, report->errors);
    if (report->first_error[0])
        fprintf(out, " (the first: %s)", report->first_error);
    if (report->unsent)
        fprintf(out, ", %" PRIu64 " not sent before the end (each counts as long as it had waited)",
                report->unsent);
    if (report->changes)
        fprintf(out, "; the value changed %" PRIu64 " times", report->changes);
    fprintf(out, "\n");
}

static void write_usage(FILE *out, const struct load_report *report)
{
    const struct usage *server = &report->server;
    double done = report->done ? (double)report->done : 1;

    if (report->socket) {
        fprintf(out, "server: not ours, no usage\n");
    } else {
        fprintf(out,
                "server: CPU %.1f ms (%.0f ns each), context switches %" PRIu64
                " voluntary, %" PRIu64 " involuntary, ",
                (double)server->cpu_ns / 1e6, (double)server->cpu_ns / done,
                server->voluntary_switches, server->involuntary_switches);
        if (server->instructions)
            fprintf(out, "instructions %.0f each\n", (double)server->instructions / done);
        else
            fprintf(out, "instructions: no counters on this machine\n");
    }
    fprintf(out,
            "clients: CPU %.1f ms (%.0f ns each), context switches %ld voluntary, %ld "
            "involuntary (with the warm-up)\n",
            (double)report->client_cpu_ns / 1e6, (double)report->client_cpu_ns / done,
            report->client_voluntary, report->client_involuntary);
}

void load_report_text(FILE *out, const struct load_report *report)
{
    write_asked(out, report);
    write_table(out, report);
    write_counts(out, report);
    write_usage(out, report);
}

/* ---- for programs -------------------------------------------------------------------------- */

static void json_times(FILE *out, const char *name, const struct hist *h)
{
    fprintf(out, "  \"%s\": {", name);
    for (size_t i = 0; i < PERCENTILES; i++)
        fprintf(out, "\"%s\": %" PRIu64 ", ", percentiles[i].name,
                hist_percentile(h, percentiles[i].part));
    fprintf(out, "\"max\": %" PRIu64 ", \"count\": %" PRIu64 "},\n", h->max, h->count);
}

static void json_asked(FILE *out, const struct load_report *report)
{
    const struct results *machine = report->machine;

    fprintf(out, "{\n  \"schema\": 1, \"started\": \"%s\", \"kernel\": ", machine->started);
    json_out_string(out, machine->kernel);
    fprintf(out, ", \"processor\": ");
    json_out_string(out, machine->processor);
    fprintf(out, ", \"load_average\": %.2f,\n  \"workload\": \"%s\", \"socket\": ",
            machine->load_average, report->workload);
    if (report->socket)
        json_out_string(out, report->socket);
    else
        fprintf(out, "null");
    fprintf(out, ", \"value_bytes\": %zu, \"clients\": %u, \"seconds\": %g, \"rate_asked\": ",
            report->value_bytes, report->clients, report->seconds);
    if (report->rate > 0)
        fprintf(out, "%.10g", report->rate);
    else
        fprintf(out, "null");
    fprintf(out, ",\n  \"layout\": \"%s\"", report->layout);
    if (machine->server_cpu >= 0)
        fprintf(out, ", \"server_cpu\": %d, \"client_cpu\": %d", machine->server_cpu,
                machine->client_cpu);
    fprintf(out, ",\n");
}

static void json_usage(FILE *out, const struct load_report *report)
{
    const struct usage *server = &report->server;

    if (report->socket) {
        fprintf(out, "  \"server\": null,\n");
    } else {
        fprintf(out,
                "  \"server\": {\"cpu_ns\": %" PRIu64 ", \"voluntary_switches\": %" PRIu64
                ", \"involuntary_switches\": %" PRIu64 ", \"instructions\": ",
                server->cpu_ns, server->voluntary_switches, server->involuntary_switches);
        if (server->instructions)
            fprintf(out, "%" PRIu64 "},\n", server->instructions);
        else
            fprintf(out, "null},\n"); /* no counters on this machine */
    }
    fprintf(out,
            "  \"client\": {\"cpu_ns\": %" PRIu64 ", \"voluntary_switches\": %ld, "
            "\"involuntary_switches\": %ld}\n}\n",
            report->client_cpu_ns, report->client_voluntary, report->client_involuntary);
}

void load_report_json(FILE *out, const struct load_report *report)
{
    json_asked(out, report);
    json_times(out, "latency_ns", report->latency);
    if (report->waited)
        json_times(out, "waited_ns", report->waited);
    fprintf(out,
            "  \"per_second\": %.1f, \"asked\": %" PRIu64 ", \"done\": %" PRIu64
            ", \"errors\": %" PRIu64 ", \"unsent\": %" PRIu64 ", \"changes\": %" PRIu64
            ", \"elapsed_ns\": %" PRIu64 ",\n  \"first_error\": ",
            throughput(report), report->asked, report->done, report->errors, report->unsent,
            report->changes, report->elapsed_ns);
    if (report->first_error[0])
        json_out_string(out, report->first_error);
    else
        fprintf(out, "null");
    fprintf(out, ",\n");
    json_usage(out, report);
}
