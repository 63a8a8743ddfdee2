/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/cost.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COST_LINE 512
#define COST_TOOLS "# measured with: "

/* One line: a remark, or a workload and its numbers. */
static int take_line(char *line, struct cost *cost)
{
    struct cost_row *row = &cost->row[cost->rows];
    char rest;

    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, COST_TOOLS, strlen(COST_TOOLS)) == 0)
        snprintf(cost->tools, sizeof(cost->tools), "%.159s", line + strlen(COST_TOOLS));
    if (line[0] == '#' || line[0] == '\0')
        return 0;
    if (cost->rows == RESULTS_COSTS_MAX ||
        sscanf(line, "%23s %u %lf %c", row->workload, &row->instructions, &row->calls, &rest) != 3)
        return -EINVAL;
    cost->rows++;
    return 0;
}

static int read_lines(FILE *file, const char *path, struct cost *cost, struct error *error)
{
    char line[COST_LINE];

    for (unsigned number = 1; fgets(line, sizeof(line), file); number++)
        if (take_line(line, cost))
            return error_set(error, -EINVAL,
                             "%s:%u: must be a workload, its instructions and its system calls, "
                             "and at most %u such lines",
                             path, number, RESULTS_COSTS_MAX);
    return ferror(file) ? error_errno(error, -EIO, "%s", path) : 0;
}

int cost_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct cost *cost = &results->cost;
    FILE *file = fopen(stage->cost, "re");

    if (!file) {
        error_errno(&cost->missing, -errno, "%s", stage->cost);
        return 0;
    }
    int r = read_lines(file, stage->cost, cost, error);
    fclose(file);
    return r;
}
