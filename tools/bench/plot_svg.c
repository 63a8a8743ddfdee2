/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small multiples: one panel a row and layout, the rows below one another, the layouts side by
 * side. Across: percentiles, each further 9 taking the same room. Up: latency, logarithmic, the
 * same scale in all panels of a row, so that its layouts can be compared.
 */
#include "bench/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_WIDTH 400.0
#define PANEL_HEIGHT 190.0
#define GAP_X 70.0
#define GAP_Y 76.0
#define LEFT 64.0
#define TOP 92.0
#define NINES 4.0      /* the axis ends at 99.99 % */
#define TENTH 0.045757 /* nines of 10 %: what is quicker leaves the panel, not worth its height */
#define STEPS 160

#define ECHO_COLOUR "#8a8f98"
#define VSECMD_COLOUR "#1f6feb"

struct panel {
    double x, y;      /* upper left corner */
    double low, high; /* log10 of ns at its lower and upper edge */
};

static double across(const struct panel *panel, double nines)
{
    return panel->x + PANEL_WIDTH * nines / NINES;
}

static double up(const struct panel *panel, double ns)
{
    double part = (log10(ns) - panel->low) / (panel->high - panel->low);
    return panel->y + PANEL_HEIGHT * (1.0 - fmin(fmax(part, 0.0), 1.0));
}

static double at_nines(const struct hist *hist, double nines)
{
    double ns = (double)hist_percentile(hist, 1.0 - pow(10.0, -nines));
    return ns > 1.0 ? ns : 1.0;
}

static void widen(struct panel *panel, const struct side *side)
{
    panel->low = fmin(panel->low, log10(at_nines(&side->latency, TENTH)));
    panel->high = fmax(panel->high, log10(at_nines(&side->latency, NINES)));
}

/* The scale that all cells with this one's id share, with a little air at both ends. */
static void set_scale(struct panel *panel, const struct results *results, const char *id)
{
    panel->low = INFINITY;
    panel->high = -INFINITY;
    for (size_t i = 0; i < results->cells; i++) {
        if (strcmp(results->cell[i].id, id) != 0)
            continue;
        widen(panel, &results->cell[i].echo);
        widen(panel, &results->cell[i].vsecmd);
    }
    panel->low -= 0.05;
    panel->high += 0.05;
}

static void draw_latency_grid(FILE *out, const struct panel *panel)
{
    static const double marks[] = {1, 2, 5};

    for (double decade = 1e2; decade < 1e10; decade *= 10) {
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
            double ns = decade * marks[i];
            if (log10(ns) < panel->low || log10(ns) > panel->high)
                continue;
            bool ms = ns >= 1e6;
            fprintf(out,
                    "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                    "<text class=\"tick\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%g %s</text>\n",
                    panel->x, up(panel, ns), panel->x + PANEL_WIDTH, up(panel, ns), panel->x - 6,
                    up(panel, ns) + 3.5, ns / (ms ? 1e6 : 1e3), ms ? "ms" : "µs");
        }
    }
}

static void draw_percentile_grid(FILE *out, const struct panel *panel)
{
    static const struct {
        double nines;
        const char *label;
    } marks[] = {{0, "0"}, {0.30103, "50"}, {1, "90"}, {2, "99"}, {3, "99.9"}, {4, "99.99 %"}};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        double x = across(panel, marks[i].nines);
        fprintf(out,
                "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                x, panel->y, x, panel->y + PANEL_HEIGHT, x, panel->y + PANEL_HEIGHT + 14,
                marks[i].label);
    }
}

static void draw_curve(FILE *out, const struct panel *panel, const struct side *side,
                       const char *colour)
{
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (int i = 0; i <= STEPS; i++) {
        double nines = NINES * i / STEPS;
        fprintf(out, "%.1f,%.1f ", across(panel, nines),
                up(panel, at_nines(&side->latency, nines)));
    }
    fprintf(out, "\"/>\n");
}

static void draw_panel(FILE *out, const struct panel *panel, const struct cell *cell)
{
    fprintf(out,
            "<text class=\"title\" x=\"%.1f\" y=\"%.1f\">%s · %s</text>"
            "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">vsecmd / echo: p50 ×%.2f, p99 "
            "×%.2f, throughput ×%.2f</text>\n",
            panel->x, panel->y - 25, cell->title, results_layout_name(cell->layout), panel->x,
            panel->y - 9, cell->ratio[METRIC_P50].median, cell->ratio[METRIC_P99].median,
            cell->ratio[METRIC_RATE].median);
    draw_latency_grid(out, panel);
    draw_percentile_grid(out, panel);
    draw_curve(out, panel, &cell->echo, ECHO_COLOUR);
    draw_curve(out, panel, &cell->vsecmd, VSECMD_COLOUR);
}

static void draw_head(FILE *out, const struct results *results, double width, double height)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\" font-family=\"system-ui, sans-serif\">\n"
            "<style>.grid{stroke:#e4e7eb;stroke-width:1}.tick{font-size:10.5px;fill:#57606a}"
            ".title{font-size:12.5px;font-weight:600;fill:#1f2328}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
            width, height, width, height);
    fprintf(out,
            "<text x=\"%.0f\" y=\"28\" font-size=\"16\" font-weight=\"600\" fill=\"#1f2328\">"
            "Latency by percentile: vsecmd and a raw echo</text>\n"
            "<line x1=\"%.0f\" y1=\"44\" x2=\"%.0f\" y2=\"44\" stroke=\"" VSECMD_COLOUR
            "\" stroke-width=\"2\"/><text class=\"tick\" x=\"%.0f\" y=\"48\">vsecmd</text>\n"
            "<line x1=\"%.0f\" y1=\"44\" x2=\"%.0f\" y2=\"44\" stroke=\"" ECHO_COLOUR
            "\" stroke-width=\"2\"/><text class=\"tick\" x=\"%.0f\" y=\"48\">raw echo, same "
            "request and reply size · %u rounds</text>\n",
            LEFT, LEFT, LEFT + 22, LEFT + 28, LEFT + 84, LEFT + 106, LEFT + 112, results->rounds);
}

void plot_svg(FILE *out, const struct results *results)
{
    unsigned line = 0;
    unsigned lines = 0;

    for (size_t i = 0; i < results->cells; i++)
        lines += results->cell[i].layout == LAYOUT_SAME;
    draw_head(out, results, LEFT + (int)LAYOUTS * (PANEL_WIDTH + GAP_X) - GAP_X + 32,
              TOP + lines * (PANEL_HEIGHT + GAP_Y) - GAP_Y + 34);
    for (size_t i = 0; i < results->cells; i++) {
        const struct cell *cell = &results->cell[i];
        if (i > 0 && cell->layout == LAYOUT_SAME)
            line++;
        struct panel panel = {
            .x = LEFT + (int)cell->layout * (PANEL_WIDTH + GAP_X),
            .y = TOP + line * (PANEL_HEIGHT + GAP_Y),
        };
        set_scale(&panel, results, cell->id);
        draw_panel(out, &panel, cell);
    }
    fprintf(out, "</svg>\n");
}
