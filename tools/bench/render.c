/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/render.h"

#include "bench/job.h"
#include "bench/progress.h"
#include "bench/ratio.h"
#include "bench/renderer.h"
#include "bench/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RENDER_TIMES 10000u

enum engine { OURS, GO, ENGINES };

static job_work *const engines[ENGINES] = {renderer_ours, renderer_go};
static const char *const engine_names[ENGINES] = {"ours", "Go's"};

static char *end_of(char text[static RENDERER_TEXT], size_t *room)
{
    size_t used = strlen(text);

    *room = RENDERER_TEXT - used;
    return text + used;
}

/* An object of RENDER_FIELDS strings, RENDER_VALUE bytes in all, and what names them anew. */
static void make_texts(struct renderer *renderer)
{
    static const char words[] = "correct horse battery staple, again and again";
    size_t room;

    for (unsigned i = 0; i < RENDER_FIELDS; i++) {
        const char *before = i ? "," : "{", *after = i + 1 < RENDER_FIELDS ? "" : "}";
        char *end = end_of(renderer->value, &room);
        size_t share = (RENDER_VALUE - (RENDERER_TEXT - room)) / (RENDER_FIELDS - i);
        int length = (int)(share - strlen(",\"field_00\":\"\"") - strlen(after));
        snprintf(end, room, "%s\"field_%02u\":\"%.*s\"%s", before, i, length, words, after);
        end = end_of(renderer->template, &room);
        snprintf(end, room, "%s\"FIELD_%02u\":\"{{.field_%02u}}\"%s", before, i, i, after);
    }
}

/* One measurement: its microseconds a rendering. */
static int measure(struct renderer *renderer, enum engine engine, int cpu, double *ret,
                   struct error *error)
{
    struct error why = {{0}};
    int r = job_run(engines[engine], renderer, cpu, NULL, &why);

    if (r)
        return error_set(error, r, "%s, %s, by %s engine: %s", RENDER_ROW,
                         results_render_name(renderer->kind), engine_names[engine], why.text);
    *ret = (double)renderer->elapsed_ns / renderer->times / 1e3;
    return 0;
}

static int run_round(struct renderer *renderer, int cpu, double us[static ENGINES],
                     struct error *error)
{
    static char output[RENDERER_TEXT];
    int r = measure(renderer, OURS, cpu, &us[OURS], error);

    if (r)
        return r;
    size_t length = renderer->length;
    memcpy(output, renderer->output, length);
    r = measure(renderer, GO, cpu, &us[GO], error);
    if (r == 0 && (renderer->length != length || memcmp(output, renderer->output, length) != 0))
        r = error_set(error, -EBADMSG, "%s: the outputs of the two engines differ", RENDER_ROW);
    return r;
}

static int run_kind(struct renderer *renderer, const struct stage *stage, struct render_cell *cell,
                    struct error *error)
{
    double us[ENGINES], all[ENGINES][SUITE_ROUNDS_MAX], ratios[SUITE_ROUNDS_MAX];

    for (unsigned round = 0; round < stage->rounds; round++) {
        progress_show("render, %s: round %u of %u", results_render_name(renderer->kind), round + 1,
                      stage->rounds);
        int r = run_round(renderer, stage->server_cpu, us, error);
        if (r)
            return r;
        for (enum engine engine = 0; engine < ENGINES; engine++)
            all[engine][round] = us[engine];
        ratios[round] = us[OURS] / us[GO];
    }
    cell->ours_us = ratio_of(all[OURS], stage->rounds);
    cell->go_us = ratio_of(all[GO], stage->rounds);
    cell->ratio = ratio_of(ratios, stage->rounds);
    return 0;
}

static int run_kinds(struct renderer *renderer, const struct stage *stage, struct render *render,
                     struct error *error)
{
    make_texts(renderer);
    renderer->program = stage->render_go;
    renderer->times = stage_requests(stage, RENDER_TIMES);
    for (enum render_kind kind = 0; kind < RENDER_KINDS; kind++) {
        renderer->kind = kind;
        int r = run_kind(renderer, stage, &render->cell[kind], error);
        if (r)
            return r;
    }
    render->times = renderer->times;
    render->fields = RENDER_FIELDS;
    render->value_bytes = strlen(renderer->value);
    render->template_bytes = strlen(renderer->template);
    render->output_bytes = renderer->length;
    return 0;
}

int render_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct render *render = &results->render;

    if (access(stage->render_go, X_OK)) {
        error_errno(&render->no_go, -errno, "%s, which needs a Go to be built", stage->render_go);
        return 0;
    }
    struct renderer *renderer = job_alloc(sizeof(*renderer));
    if (!renderer)
        return error_errno(error, -ENOMEM, "render");
    int r = run_kinds(renderer, stage, render, error);
    job_free(renderer, sizeof(*renderer));
    return r;
}
