/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Horizontal bars, two a row: a bar for each layout, from the yardstick's 1 to the ratio of the
 * medians, on a logarithmic axis. What is quicker than the yardstick points to the left. Rows are
 * sorted, the quickest on top. Colours are for a light background and, by the viewer's wish, a
 * dark.
 */
#include "bench/peers_plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 960.0
#define LEFT 250.0
#define RIGHT 40.0
#define TOP 96.0
#define BOTTOM 46.0
#define ROW 36.0
#define BAR 12.0
#define MARGIN 0.62 /* decades beside the longest bar, for the figure at its end */
#define LINE 16.0

struct bars {
    const struct peers *peers;
    double low, high;                     /* log10 of the ratio at the left and right edge */
    size_t rows, left_out;                /* of each id one */
    size_t first[RESULTS_PEER_CELLS_MAX]; /* the first cell of each row, as sorted */
};

static const char *const style =
    "<style>"
    ".back{fill:#ffffff}.text{fill:#1f2328}.faint{fill:#57606a}.grid{stroke:#e4e7eb}"
    ".one{stroke:#57606a}.same{fill:#6e7781}.apart{fill:#b6bec8}.ours.same{fill:#1f6feb}"
    ".ours.apart{fill:#85b7ff}.title{font-size:16px;font-weight:600}.label{font-size:12.5px}"
    ".bold{font-weight:600}.tick{font-size:10.5px}"
    "@media (prefers-color-scheme:dark){.back{fill:#0d1117}.text{fill:#e6edf3}.faint{fill:#9198a1}"
    ".grid{stroke:#2a313c}.one{stroke:#9198a1}.same{fill:#9aa4b0}.apart{fill:#545d68}"
    ".ours.same{fill:#58a6ff}.ours.apart{fill:#1f5fb8}}"
    "</style>\n";

static void write_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else
            fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static double ratio_of_cell(const struct peer_cell *cell)
{
    return fmax(cell->ratio[METRIC_P50].median, 1e-3);
}

static double across(const struct bars *bars, double ratio)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (log10(ratio) - bars->low) / (bars->high - bars->low);
}

static bool is_first(const struct peers *peers, size_t cell)
{
    for (size_t i = 0; i < cell; i++)
        if (strcmp(peers->cell[i].id, peers->cell[cell].id) == 0)
            return false;
    return true;
}

/* Whether CELL is left out, and is the first row of its peer that is. */
static bool is_new_reason(const struct peers *peers, size_t cell)
{
    const char *why = peers->cell[cell].missing.text;
    return why[0] && (cell == 0 || strcmp(why, peers->cell[cell - 1].missing.text) != 0);
}

/* Put the row that begins at CELL where it belongs among those that are there. */
static void insert(struct bars *bars, size_t cell)
{
    const struct peer_cell *cells = bars->peers->cell;
    size_t at = bars->rows++;

    for (; at > 0 && ratio_of_cell(&cells[bars->first[at - 1]]) > ratio_of_cell(&cells[cell]); at--)
        bars->first[at] = bars->first[at - 1];
    bars->first[at] = cell;
}

static void arrange(struct bars *bars)
{
    bars->low = 0;
    bars->high = log10(2);
    for (size_t i = 0; i < bars->peers->cells; i++) {
        const struct peer_cell *cell = &bars->peers->cell[i];
        if (cell->missing.text[0]) {
            bars->left_out += is_new_reason(bars->peers, i);
            continue;
        }
        if (is_first(bars->peers, i))
            insert(bars, i);
        bars->low = fmin(bars->low, log10(ratio_of_cell(cell)));
        bars->high = fmax(bars->high, log10(ratio_of_cell(cell)));
    }
    if (bars->low < 0)
        bars->low -= MARGIN + 0.15;
    bars->high += MARGIN;
}

static void draw_axis(FILE *out, const struct bars *bars, double bottom)
{
    static const double marks[] = {1, 2, 5};

    for (double decade = 1e-3; decade < 1e7; decade *= 10) {
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
            double ratio = decade * marks[i], x = across(bars, ratio);
            bool is_one = fabs(ratio - 1) < 1e-6;
            if (x < LEFT - 0.5 || x > WIDTH - RIGHT + 0.5)
                continue;
            /* Over many decades only the tens have a line: more would be a fence. */
            if (i > 0 && bars->high - bars->low > 3)
                continue;
            fprintf(out,
                    "<line class=\"%s\" stroke-width=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
                    "y2=\"%.1f\"/><text class=\"tick faint\" text-anchor=\"middle\" x=\"%.1f\" "
                    "y=\"%.1f\">×%g</text>\n",
                    is_one ? "one" : "grid", is_one ? "1.5" : "1", x, TOP - 6, x, bottom, x,
                    bottom + 15, ratio);
        }
    }
    fprintf(
        out,
        "<text class=\"tick faint\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">raw echo</text>"
        "\n",
        across(bars, 1), TOP - 11);
}

static void draw_bar(FILE *out, const struct bars *bars, const struct peer_cell *cell, double y)
{
    double one = across(bars, 1), end = across(bars, ratio_of_cell(cell));
    bool is_left = end < one;
    double ns = (double)hist_percentile(&cell->peer.latency, 0.5);
    bool is_ms = ns >= 1e6;

    fprintf(out,
            "<rect class=\"%s%s\" rx=\"1.5\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
            "<text class=\"tick text\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">×%.3g · %.3g %s"
            "</text>\n",
            strncmp(cell->id, "vsecmd", 6) == 0 ? "ours " : "", results_layout_name(cell->layout),
            fmin(one, end), y, fmax(fabs(end - one), 1), BAR, is_left ? "end" : "start",
            is_left ? end - 5 : end + 5, y + BAR - 2.2, ratio_of_cell(cell),
            ns / (is_ms ? 1e6 : 1e3), is_ms ? "ms" : "µs");
}

static void draw_row(FILE *out, const struct bars *bars, size_t row)
{
    const struct peer_cell *first = &bars->peers->cell[bars->first[row]];
    double y = TOP + ROW * (double)row + 4;

    fprintf(out, "<text class=\"label text%s\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">",
            strncmp(first->id, "vsecmd", 6) == 0 ? " bold" : "", LEFT - 12, y + BAR + 4);
    write_text(out, first->title);
    fprintf(out, "</text>\n");
    for (size_t i = bars->first[row]; i < bars->peers->cells; i++) {
        const struct peer_cell *cell = &bars->peers->cell[i];
        if (strcmp(cell->id, first->id) == 0)
            draw_bar(out, bars, cell, y + (int)cell->layout * (BAR + 1));
    }
}

static void draw_left_out(FILE *out, const struct bars *bars, double y)
{
    for (size_t i = 0; i < bars->peers->cells; i++) {
        const struct peer_cell *cell = &bars->peers->cell[i];
        char why[160];
        if (!is_new_reason(bars->peers, i))
            continue;
        snprintf(why, sizeof(why), "%s: %.110s", cell->id, cell->missing.text);
        fprintf(out, "<text class=\"tick faint\" x=\"24\" y=\"%.1f\">left out: ", y);
        write_text(out, why);
        fprintf(out, "</text>\n");
        y += LINE;
    }
}

static void draw_key(FILE *out, double x, const char *classes, const char *text)
{
    fprintf(out,
            "<rect class=\"%s\" rx=\"1.5\" x=\"%.1f\" y=\"56\" width=\"22\" height=\"10\"/>"
            "<text class=\"tick text\" x=\"%.1f\" y=\"65\">%s</text>\n",
            classes, x, x + 28, text);
}

static void draw_head(FILE *out, const struct results *results, double height)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\" font-family=\"system-ui, sans-serif\">\n%s"
            "<rect class=\"back\" width=\"100%%\" height=\"100%%\" rx=\"6\"/>\n",
            WIDTH, height, WIDTH, height, style);
    fprintf(out,
            "<text class=\"title text\" x=\"24\" y=\"30\">Median latency of a value of %zu B, over "
            "that of a raw echo</text>\n"
            "<text class=\"tick faint\" x=\"24\" y=\"47\">a raw echo of the same reply size over a "
            "Unix socket, in the same rounds · %u rounds · logarithmic</text>\n",
            results->peers.cell[0].value_bytes, results->rounds);
    draw_key(out, 24, "ours same", "vsecmd");
    draw_key(out, 110, "same", "server and client on one CPU");
    draw_key(out, 320, "apart", "on two CPUs");
}

void peers_plot(FILE *out, const struct results *results)
{
    struct bars bars = {.peers = &results->peers};

    arrange(&bars);
    double bottom = TOP + ROW * (double)bars.rows;
    draw_head(out, results, bottom + BOTTOM + LINE * (double)bars.left_out);
    draw_axis(out, &bars, bottom);
    for (size_t row = 0; row < bars.rows; row++)
        draw_row(out, &bars, row);
    draw_left_out(out, &bars, bottom + BOTTOM - 8);
    fprintf(out, "</svg>\n");
}
