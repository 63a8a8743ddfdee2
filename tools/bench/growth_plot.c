/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of panels a curve. Left: latency, right: memory where it grows; both logarithmic, across
 * the same points, so that a straight slope is a power and a level line is as it should be.
 */
#include "bench/growth_report.h"

#include <math.h>
#include <string.h>

#define PANEL_WIDTH 430.0
#define PANEL_HEIGHT 190.0
#define GAP_X 90.0
#define GAP_Y 92.0
#define LEFT 72.0
#define TOP 100.0
#define INSET 14.0  /* of the first and last point from the panel's sides */
#define GROWS 1.1   /* memory that varies less is a number, not a panel */
#define CROWDED 2e3 /* a panel from X to so many X has room for the labels of 1, 10, 100 only */

#define ECHO_COLOUR "#8a8f98"
#define VSECMD_COLOUR "#1f6feb"
#define MEMORY_COLOUR "#8250df"

typedef double figure(const struct curve_point *point);

struct series {
    figure *of;
    const char *colour, *dash;
};

struct panel {
    const struct curve *curve;
    double x, y;      /* upper left corner */
    double low, high; /* figures at its lower and upper edge */
    const char *(*label)(double value, char ret[static 32]);
};

static double p50_of(const struct curve_point *point)
{
    return point->p50_ns;
}

static double p99_of(const struct curve_point *point)
{
    return point->p99_ns;
}

static double echo_of(const struct curve_point *point)
{
    return point->echo_p50_ns;
}

static double memory_of(const struct curve_point *point)
{
    return (double)point->rss_kib / 1024;
}

static const struct series latencies[] = {
    {echo_of, ECHO_COLOUR, ""},
    {p99_of, VSECMD_COLOUR, "4 3"},
    {p50_of, VSECMD_COLOUR, ""},
};
static const struct series memories[] = {{memory_of, MEMORY_COLOUR, ""}};

#define LATENCIES (sizeof(latencies) / sizeof(latencies[0]))
#define MEMORIES (sizeof(memories) / sizeof(memories[0]))

static const char *label_ns(double ns, char ret[static 32])
{
    if (ns >= 1e9)
        snprintf(ret, 32, "%g s", ns / 1e9);
    else
        snprintf(ret, 32, "%g %s", ns / (ns >= 1e6 ? 1e6 : 1e3), ns >= 1e6 ? "ms" : "µs");
    return ret;
}

static const char *label_mib(double mib, char ret[static 32])
{
    snprintf(ret, 32, "%g MiB", mib);
    return ret;
}

/* ---- scales -------------------------------------------------------------------------------- */

double growth_plot_mark_below(double value)
{
    static const double marks[] = {5, 2, 1};
    double decade = pow(10, floor(log10(value)));

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (decade * marks[i] <= value)
            return decade * marks[i];
    return decade;
}

double growth_plot_mark_above(double value)
{
    static const double marks[] = {1, 2, 5};
    double decade = pow(10, floor(log10(value)));

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (decade * marks[i] >= value)
            return decade * marks[i];
    return decade * 10;
}

static double across(const struct panel *panel, double x)
{
    const struct curve *curve = panel->curve;
    double first = curve->point[0].x, last = curve->point[curve->points - 1].x;
    double part = last > first ? log(x / first) / log(last / first) : 0.5;
    return panel->x + INSET + (PANEL_WIDTH - 2 * INSET) * part;
}

static double up(const struct panel *panel, double value)
{
    return panel->y + PANEL_HEIGHT * (1 - log(value / panel->low) / log(panel->high / panel->low));
}

static void extremes(const struct curve *curve, const struct series *series, size_t n, double *low,
                     double *high)
{
    *low = INFINITY;
    *high = 0;
    for (size_t i = 0; i < curve->points; i++) {
        for (size_t s = 0; s < n; s++) {
            double value = series[s].of(&curve->point[i]);
            *low = fmin(*low, value);
            *high = fmax(*high, value);
        }
    }
}

static void set_scale(struct panel *panel, const struct series *series, size_t n)
{
    double low, high;

    extremes(panel->curve, series, n, &low, &high);
    panel->low = growth_plot_mark_below(fmax(low, 1e-3));
    panel->high = growth_plot_mark_above(fmax(high, panel->low * 2));
}

/* ---- drawing ------------------------------------------------------------------------------- */

static bool is_decade(double mark)
{
    double decades = log10(mark);
    return fabs(decades - round(decades)) < 1e-6;
}

static void draw_levels(FILE *out, const struct panel *panel)
{
    bool is_crowded = panel->high / panel->low > CROWDED;
    char text[32];

    /* Just above a mark, for the next one is looked for from there. */
    for (double at = panel->low; at <= panel->high * 1.001;
         at = growth_plot_mark_above(at * 1.001)) {
        double y = up(panel, at);
        if (is_crowded && !is_decade(at))
            continue;
        fprintf(out,
                "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                "<text class=\"tick\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                panel->x, y, panel->x + PANEL_WIDTH, y, panel->x - 6, y + 3.5,
                panel->label(at, text));
    }
}

static void draw_points(FILE *out, const struct panel *panel)
{
    const struct curve *curve = panel->curve;
    char text[32];

    for (size_t i = 0; i < curve->points; i++) {
        double x = across(panel, curve->point[i].x);
        fprintf(out,
                "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
                x, panel->y, x, panel->y + PANEL_HEIGHT, x, panel->y + PANEL_HEIGHT + 14,
                growth_report_label(curve->point[i].x, curve->unit, text));
    }
    fprintf(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
            panel->x + PANEL_WIDTH / 2, panel->y + PANEL_HEIGHT + 29, curve->unit);
}

static void draw_series(FILE *out, const struct panel *panel, const struct series *series)
{
    const struct curve *curve = panel->curve;

    fprintf(out,
            "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\" "
            "points=\"",
            series->colour, series->dash);
    for (size_t i = 0; i < curve->points; i++)
        fprintf(out, "%.1f,%.1f ", across(panel, curve->point[i].x),
                up(panel, series->of(&curve->point[i])));
    fprintf(out, "\"/>\n");
    for (size_t i = 0; i < curve->points; i++)
        fprintf(out, "<circle r=\"2.5\" fill=\"%s\" cx=\"%.1f\" cy=\"%.1f\"/>\n", series->colour,
                across(panel, curve->point[i].x), up(panel, series->of(&curve->point[i])));
}

static void draw_panel(FILE *out, struct panel *panel, const struct series *series, size_t n)
{
    set_scale(panel, series, n);
    draw_levels(out, panel);
    draw_points(out, panel);
    for (size_t i = 0; i < n; i++)
        draw_series(out, panel, &series[i]);
}

static void draw_titles(FILE *out, const struct panel *panel, const char *what, const char *more)
{
    fprintf(out,
            "<text class=\"title\" x=\"%.1f\" y=\"%.1f\">%s</text>"
            "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
            panel->x, panel->y - 25, what, panel->x, panel->y - 9, more);
}

static void draw_curve(FILE *out, const struct curve *curve, unsigned line)
{
    const struct curve_point *first = &curve->point[0], *last = &curve->point[curve->points - 1];
    struct panel panel = {
        .curve = curve, .x = LEFT, .y = TOP + line * (PANEL_HEIGHT + GAP_Y), .label = label_ns};
    char title[160], more[160];
    double low, high;

    snprintf(title, sizeof(title), "%s, by %s · %s", curve->title, curve->unit,
             results_layout_name(curve->layout));
    snprintf(more, sizeof(more), "vsecmd / yardstick, p50: first point ×%.2f, last ×%.2f",
             first->p50.median, last->p50.median);
    draw_titles(out, &panel, title, more);
    draw_panel(out, &panel, latencies, LATENCIES);

    panel.x += PANEL_WIDTH + GAP_X;
    panel.label = label_mib;
    extremes(curve, memories, MEMORIES, &low, &high);
    snprintf(more, sizeof(more), "%.1f to %.1f MiB resident", low, high);
    draw_titles(out, &panel, "the daemon's memory", more);
    if (high > low * GROWS)
        draw_panel(out, &panel, memories, MEMORIES);
}

static void draw_key(FILE *out, double x, const char *colour, const char *dash, const char *text)
{
    fprintf(out,
            "<line x1=\"%.0f\" y1=\"44\" x2=\"%.0f\" y2=\"44\" stroke=\"%s\" stroke-width=\"2\" "
            "stroke-dasharray=\"%s\"/><text class=\"tick\" x=\"%.0f\" y=\"48\">%s</text>\n",
            x, x + 22, colour, dash, x + 28, text);
}

static void draw_head(FILE *out, double width, double height)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\" font-family=\"system-ui, sans-serif\">\n"
            "<style>.grid{stroke:#e4e7eb;stroke-width:1}.tick{font-size:10.5px;fill:#57606a}"
            ".title{font-size:12.5px;font-weight:600;fill:#1f2328}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
            "<text x=\"%.0f\" y=\"28\" font-size=\"16\" font-weight=\"600\" fill=\"#1f2328\">"
            "How latency and memory grow</text>\n",
            width, height, width, height, LEFT);
    draw_key(out, LEFT, VSECMD_COLOUR, "", "vsecmd, p50");
    draw_key(out, LEFT + 110, VSECMD_COLOUR, "4 3", "vsecmd, p99");
    draw_key(out, LEFT + 220, ECHO_COLOUR, "",
             "raw echo of the same reply (watchers: raw fan-out), p50");
}

void growth_plot(FILE *out, const struct results *results)
{
    const struct growth *growth = &results->growth;

    if (!growth->curves)
        return;
    draw_head(out, LEFT + 2 * PANEL_WIDTH + GAP_X + 32,
              TOP + (double)growth->curves * (PANEL_HEIGHT + GAP_Y) - GAP_Y + 48);
    for (size_t i = 0; i < growth->curves; i++)
        draw_curve(out, &growth->curve[i], (unsigned)i);
    fprintf(out, "</svg>\n");
}
