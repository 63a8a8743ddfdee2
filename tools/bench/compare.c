/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/compare.h"

#include "base/span.h"
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PERCENT_MAX 1000u
#define VALUES_MAX (COMPARE_FILES_MAX * RESULTS_ROUNDS_MAX)

/* ---- one figure ---------------------------------------------------------------------------- */

enum compare_verdict compare_judge(enum figure_good good, const struct ratio_change *change)
{
    if (!change->is_known)
        return COMPARE_TOO_FEW;
    if (change->low <= 1 && change->high >= 1)
        return COMPARE_SAME;
    if (good == FIGURE_NEITHER)
        return COMPARE_OTHER;
    double worse = good == FIGURE_LOW ? change->factor : 1 / change->factor;
    if (worse < 1)
        return COMPARE_BETTER;
    return worse > 1 + COMPARE_REGRESSION ? COMPARE_REGRESSED : COMPARE_WORSE;
}

double compare_distance(double factor)
{
    return fmax(factor, 1 / factor) - 1;
}

/* The values of a group: rounds, or what those of each file come to. */
struct values {
    size_t count;
    double median;
    double value[VALUES_MAX];
};

static void gather(const struct compare_group *group, const char *name, bool by_file,
                   struct values *ret)
{
    static double all[VALUES_MAX];

    ret->count = 0;
    for (unsigned i = 0; i < group->files; i++) {
        const struct figure *figure = figures_find(group->figures[i], name);
        if (!figure || figure->rounds == 0)
            continue;
        memcpy(all, figure->round, figure->rounds * sizeof(*all));
        if (by_file) {
            ret->value[ret->count++] = ratio_of(all, figure->rounds).median;
            continue;
        }
        memcpy(ret->value + ret->count, all, figure->rounds * sizeof(*all));
        ret->count += figure->rounds;
    }
    memcpy(all, ret->value, ret->count * sizeof(*all));
    ret->median = ret->count ? ratio_median(all, ret->count) : 0;
}

/* What both groups have of NAME. */
struct pair {
    struct values before, after;
    struct ratio_change change;
};

/* 1 when both have it, 0 when not; -errno. */
static int pair_up(const struct compare_group groups[static 2], const char *name, struct pair *ret,
                   struct error *error)
{
    bool by_file = groups[0].files >= COMPARE_BY_FILE && groups[1].files >= COMPARE_BY_FILE;

    gather(&groups[0], name, by_file, &ret->before);
    gather(&groups[1], name, by_file, &ret->after);
    if (ret->before.count == 0 || ret->after.count == 0)
        return 0;
    int r = ratio_compare(ret->before.value, ret->before.count, ret->after.value, ret->after.count,
                          &ret->change);
    return r ? error_errno(error, r, "%s", name) : 1;
}

/* ---- all of them --------------------------------------------------------------------------- */

/* What a walk over all figures comes to. */
struct tally {
    unsigned verdict[COMPARE_VERDICTS];
    unsigned compared, left_out;
    unsigned apart, untold; /* with --agree, how many are */
};

static void show_change(const char *name, const struct pair *pair, enum compare_verdict verdict)
{
    static const char *const words[COMPARE_VERDICTS] = {
        "no difference shown", "better",  "worse, by no more than 5 %",
        "REGRESSION",          "another", "too few rounds to tell"};
    const struct ratio_change *change = &pair->change;
    char interval[32] = "-";

    if (change->is_known)
        snprintf(interval, sizeof(interval), "%.3f..%.3f", change->low, change->high);
    printf("| %-40s | %10.4g | %10.4g | %6.3f | %-14s | %-26s |\n", name, pair->before.median,
           pair->after.median, change->factor, interval, words[verdict]);
}

static int compare_one(const struct compare_group groups[static 2], const struct figure *figure,
                       struct tally *tally, struct error *error)
{
    static struct pair pair;
    int r = pair_up(groups, figure->name, &pair, error);

    if (r <= 0) {
        tally->left_out += r == 0;
        if (r == 0)
            printf("| %-40s | not in both, or not told in every round |\n", figure->name);
        return r;
    }
    enum compare_verdict verdict = compare_judge(figure->good, &pair.change);
    tally->compared++;
    tally->verdict[verdict]++;
    show_change(figure->name, &pair, verdict);
    return 0;
}

/* Whether in each file that has it the rounds tell the figure to PART of it. */
static bool is_told(const struct compare_group *group, const char *name, double part)
{
    for (unsigned i = 0; i < group->files; i++) {
        const struct figure *figure = figures_find(group->figures[i], name);
        double rounds[RESULTS_ROUNDS_MAX];
        if (!figure || figure->rounds == 0)
            continue;
        memcpy(rounds, figure->round, figure->rounds * sizeof(*rounds));
        struct ratio ratio = ratio_of(rounds, figure->rounds);
        if (!ratio_is_told(&ratio, part))
            return false;
    }
    return true;
}

static int agree_one(const struct compare_group groups[static 2], const struct figure *figure,
                     double most, struct tally *tally, struct error *error)
{
    static struct pair pair;
    int r = figure->is_beside ? pair_up(groups, figure->name, &pair, error) : 0;

    if (r <= 0) {
        tally->left_out += figure->is_beside && r == 0;
        if (figure->is_beside && r == 0)
            printf("%s: not in both, or not told in every round\n", figure->name);
        return r;
    }
    if (!is_told(&groups[0], figure->name, most) || !is_told(&groups[1], figure->name, most)) {
        tally->untold++;
        return 0;
    }
    double factor = pair.after.median / pair.before.median;
    tally->compared++;
    if (compare_distance(factor) <= most)
        return 0;
    tally->apart++;
    printf("%s: %.4g and %.4g: %.3f times as much\n", figure->name, pair.before.median,
           pair.after.median, factor);
    return 0;
}

/* Every figure once, in the order of the first file that has it. MOST < 0: compare. */
static int walk(const struct compare_group groups[static 2], double most, struct tally *tally,
                struct error *error)
{
    const struct figures *seen[2 * COMPARE_FILES_MAX];
    unsigned files = 0;
    int r = 0;

    for (unsigned g = 0; g < 2; g++)
        for (unsigned f = 0; f < groups[g].files; f++)
            seen[files++] = groups[g].figures[f];
    for (unsigned f = 0; f < files; f++) {
        for (size_t i = 0; i < seen[f]->count && r == 0; i++) {
            const struct figure *figure = &seen[f]->figure[i];
            bool is_known = false;
            for (unsigned earlier = 0; earlier < f && !is_known; earlier++)
                is_known = figures_find(seen[earlier], figure->name);
            if (!is_known)
                r = most < 0 ? compare_one(groups, figure, tally, error)
                             : agree_one(groups, figure, most, tally, error);
        }
    }
    return r;
}

static void show_groups(const struct compare_group groups[static 2])
{
    const struct figures *first = groups[0].figures[0];

    for (unsigned g = 0; g < 2; g++) {
        for (unsigned f = 0; f < groups[g].files; f++) {
            const struct figures *figures = groups[g].figures[f];
            printf("%c: %s: %s, Linux %s, %s%s\n", 'A' + (int)g, groups[g].path[f],
                   figures->started, figures->kernel, figures->processor,
                   figures->quick ? ", --quick" : "");
            if (strcmp(figures->kernel, first->kernel) != 0 ||
                strcmp(figures->processor, first->processor) != 0 || figures->quick != first->quick)
                printf("   beware: not taken as the first was\n");
        }
    }
}

static int compare_all(const struct compare_group groups[static 2], struct error *error)
{
    bool by_file = groups[0].files >= COMPARE_BY_FILE && groups[1].files >= COMPARE_BY_FILE;
    struct tally tally = {0};

    printf(
        "\n| %-40s | %10s | %10s | %6s | %-14s | %-26s |\n|-%.40s-|-%.10s-|-%.10s-|-%.6s-|-%.14s-"
        "|-%.26s-|\n",
        "figure", "A", "B", "B / A", "95 %", "verdict", "----------------------------------------",
        "----------", "----------", "------", "--------------", "--------------------------");
    int r = walk(groups, -1, &tally, error);
    if (r)
        return r;
    if (tally.compared == tally.verdict[COMPARE_TOO_FEW])
        return error_set(error, -EINVAL, "%s",
                         tally.compared ? "too few rounds to tell anything: 4 of each are needed"
                                        : "the groups have no figure in common");
    printf(
        "\nA and B are middles over all %s; B / A is the middle of all quotients of one of B and "
        "one of A,\nwith its interval from the ranks alone (Mann and Whitney). Of %u figures that "
        "are the same, %.1f would be\noutside of theirs by chance.\n",
        by_file ? "files" : "rounds", tally.compared, 0.05 * tally.compared);
    printf("%u compared: %u regressed (beyond the interval, and by more than 5 %%), %u worse, "
           "%u better, %u show no difference, %u cannot be told; %u left out\n",
           tally.compared, tally.verdict[COMPARE_REGRESSED], tally.verdict[COMPARE_WORSE],
           tally.verdict[COMPARE_BETTER],
           tally.verdict[COMPARE_SAME] + tally.verdict[COMPARE_OTHER],
           tally.verdict[COMPARE_TOO_FEW], tally.left_out);
    return tally.verdict[COMPARE_REGRESSED] > 0;
}

static int agree_all(const struct compare_group groups[static 2], double most, struct error *error)
{
    struct tally tally = {0};
    int r = walk(groups, most, &tally, error);

    if (r)
        return r;
    if (tally.compared + tally.untold == 0)
        return error_set(error, -EINVAL, "the groups have no ratio in common");
    printf("%u of %u ratios agree to +-%.0f %%", tally.compared - tally.apart, tally.compared,
           100 * most);
    if (tally.untold)
        printf("; of %u the rounds do not tell them to that", tally.untold);
    putchar('\n');
    return tally.apart > 0 || tally.left_out > 0;
}

/* ---- the command line ---------------------------------------------------------------------- */

struct request {
    struct compare_group group[2];
    double most; /* < 0: compare */
};

static int take_file(struct compare_group *group, const char *path, struct error *error)
{
    if (strncmp(path, "--", 2) == 0)
        return error_set(error, -EINVAL, "%s: no such option; see --help", path);
    if (group->files == COMPARE_FILES_MAX)
        return error_set(error, -EINVAL, "more than %u files in a group", COMPARE_FILES_MAX);
    group->path[group->files++] = path;
    return 0;
}

static int take_agree(struct request *request, const char *value, struct error *error)
{
    uint64_t percent;

    if (str_u64(span_of(value), PERCENT_MAX, &percent))
        return error_set(error, -EINVAL, "--agree=%s: must be a percentage, 0..%u", value,
                         PERCENT_MAX);
    request->most = (double)percent / 100;
    return 0;
}

static int take_arguments(char **arguments, struct request *request, struct error *error)
{
    static const char agree[] = "--agree=";
    bool is_split = false;
    int r = 0;

    for (; *arguments && r == 0; arguments++) {
        if (strncmp(*arguments, agree, strlen(agree)) == 0) {
            r = take_agree(request, *arguments + strlen(agree), error);
        } else if (strcmp(*arguments, "--against") == 0) {
            r = is_split ? error_set(error, -EINVAL, "--against is there twice") : 0;
            is_split = true;
        } else {
            /* Of two files without more ado, one is each group. */
            r = take_file(&request->group[is_split], *arguments, error);
        }
    }
    if (r == 0 && !is_split && request->group[0].files == 2) {
        r = take_file(&request->group[1], request->group[0].path[1], error);
        request->group[0].files = 1;
    }
    if (r == 0 && (request->group[0].files == 0 || request->group[1].files == 0))
        r = error_set(error, -EINVAL,
                      "--compare takes two files, or some, --against, and some others");
    return r;
}

static int read_all(struct request *request, struct error *error)
{
    int r = 0;

    for (unsigned g = 0; g < 2; g++) {
        struct compare_group *group = &request->group[g];
        for (unsigned f = 0; f < group->files && r == 0; f++)
            r = figures_read(group->path[f], &group->figures[f], error);
    }
    return r;
}

int compare_command(char **arguments)
{
    struct request request = {.most = -1};
    struct error error = {{0}};
    int r = take_arguments(arguments, &request, &error);

    if (r == 0)
        r = read_all(&request, &error);
    if (r == 0) {
        show_groups(request.group);
        r = request.most < 0 ? compare_all(request.group, &error)
                             : agree_all(request.group, request.most, &error);
    }
    for (unsigned g = 0; g < 2; g++)
        for (unsigned f = 0; f < request.group[g].files; f++)
            free(request.group[g].figures[f]);
    if (r < 0)
        fprintf(stderr, "vsecm-bench: %s\n", error.text);
    return r < 0 ? 2 : r;
}
