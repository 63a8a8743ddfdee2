/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/figures.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (16u * 1024u * 1024u)
#define DEPTH_MAX 12u
#define SCHEMA 1.0

/* ---- a figure ------------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), most = strlen(end);
    return length >= most && strcmp(text + length - most, end) == 0;
}

static enum figure_good good_of(const char *name)
{
    /* What another program did, and how much was asked of ours, is no merit of it. */
    if (strcmp(name, "go_us") == 0 || strcmp(name, "flood_per_second") == 0)
        return FIGURE_NEITHER;
    if (strcmp(name, "throughput") == 0 || ends_with(name, "per_second"))
        return FIGURE_HIGH;
    return FIGURE_LOW;
}

static int take_rounds(const cJSON *rounds, struct figure *figure, struct error *error)
{
    const cJSON *value;
    bool is_known = true;
    unsigned n = 0;

    cJSON_ArrayForEach(value, rounds)
    {
        if (n == RESULTS_ROUNDS_MAX)
            return error_set(error, -EINVAL, "%s: more than %u rounds", figure->name,
                             RESULTS_ROUNDS_MAX);
        if (!cJSON_IsNull(value) &&
            (!cJSON_IsNumber(value) || !isfinite(value->valuedouble) || value->valuedouble < 0))
            return error_set(error, -EINVAL, "%s: \"rounds\" must be numbers, none below 0",
                             figure->name);
        is_known = is_known && cJSON_IsNumber(value) && value->valuedouble > 0;
        figure->round[n++] = value->valuedouble;
    }
    if (n == 0)
        return error_set(error, -EINVAL, "%s: \"rounds\" is empty", figure->name);
    figure->rounds = is_known ? n : 0;
    return 0;
}

static int take_figure(struct figures *figures, const cJSON *object, const char *path,
                       bool is_beside, struct error *error)
{
    const cJSON *rounds = cJSON_GetObjectItemCaseSensitive(object, "rounds");
    struct figure *figure = &figures->figure[figures->count];

    if (!cJSON_IsArray(rounds))
        return error_set(error, -EINVAL,
                         "%s: no \"rounds\": an older vsecm-bench wrote this; measure it anew",
                         path);
    if (figures->count == FIGURES_MAX)
        return error_set(error, -EINVAL, "more than %u figures", FIGURES_MAX);
    if (figures_find(figures, path))
        return error_set(error, -EINVAL, "%s is there twice", path);
    *figure = (struct figure){.good = good_of(object->string), .is_beside = is_beside};
    snprintf(figure->name, sizeof(figure->name), "%s", path);
    int r = take_rounds(rounds, figure, error);
    figures->count += r == 0;
    return r;
}

/* ---- where they stand ---------------------------------------------------------------------- */

static void add_word(char *path, size_t size, const char *word)
{
    size_t used = strlen(path);
    snprintf(path + used, size - used, "%s%s", used ? " " : "", word);
}

/* What an element of a list says that it is; its number where it says nothing. */
static void add_element(char *path, size_t size, const cJSON *element, unsigned number)
{
    static const char *const members[] = {"id", "what", "layout"};
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(element, "x");
    size_t before = strlen(path);
    char text[32];

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(element, members[i]);
        if (cJSON_IsString(member))
            add_word(path, size, member->valuestring);
    }
    if (strlen(path) > before)
        return;
    snprintf(text, sizeof(text), "%.10g", cJSON_IsNumber(x) ? x->valuedouble : number);
    add_word(path, size, text);
}

/* Names that say nothing beside what is in them. */
static bool is_plain(const char *name)
{
    return strcmp(name, "rows") == 0 || strcmp(name, "layouts") == 0 || strcmp(name, "ratio") == 0;
}

static int walk(struct figures *figures, const cJSON *json, const char *path, unsigned depth,
                struct error *error)
{
    bool is_list = cJSON_IsArray(json),
         is_ratio = json->string && strcmp(json->string, "ratio") == 0;
    const cJSON *item;
    unsigned number = 0;

    if (depth == DEPTH_MAX)
        return error_set(error, -EINVAL, "%s: more than %u levels", path, DEPTH_MAX);
    cJSON_ArrayForEach(item, json)
    {
        char inner[128];
        int r = 0;

        snprintf(inner, sizeof(inner), "%s", path);
        bool is_figure = cJSON_IsObject(item) && cJSON_HasObjectItem(item, "median");
        if (is_list)
            add_element(inner, sizeof(inner), item, number++);
        else if (is_figure || !is_plain(item->string))
            add_word(inner, sizeof(inner), item->string);
        if (is_figure && !is_list)
            r = take_figure(figures, item, inner, is_ratio, error);
        else if (cJSON_IsObject(item) || cJSON_IsArray(item))
            r = walk(figures, item, inner, depth + 1, error);
        if (r)
            return r;
    }
    return 0;
}

/* ---- a file -------------------------------------------------------------------------------- */

static void take_text(const cJSON *json, const char *name, char *ret, size_t size)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    snprintf(ret, size, "%s", cJSON_IsString(member) ? member->valuestring : "unknown");
}

static int take_all(struct figures *figures, const cJSON *json, struct error *error)
{
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(json, "schema");

    if (!cJSON_IsNumber(schema) || schema->valuedouble < SCHEMA || schema->valuedouble > SCHEMA)
        return error_set(error, -EINVAL,
                         "no \"schema\": %.0f: this is no results.json of vsecm-bench", SCHEMA);
    take_text(json, "started", figures->started, sizeof(figures->started));
    take_text(json, "kernel", figures->kernel, sizeof(figures->kernel));
    take_text(json, "processor", figures->processor, sizeof(figures->processor));
    figures->quick = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "quick"));
    int r = walk(figures, json, "", 0, error);
    if (r == 0 && figures->count == 0)
        r = error_set(error, -EINVAL, "there is no figure in it");
    return r;
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;

    for (; text < at && *text; text++)
        line += *text == '\n';
    return line;
}

int figures_parse(const char *name, const char *text, struct figures **ret, struct error *error)
{
    const char *end = text;
    cJSON *json = cJSON_ParseWithOpts(text, &end, 1);
    struct figures *figures = calloc(1, sizeof(*figures));
    struct error why = {{0}};
    int r;

    if (!figures)
        r = error_errno(&why, -ENOMEM, "figures");
    else if (!json)
        r = error_set(&why, -EINVAL, "no JSON, from line %u on", line_of(text, end));
    else
        r = take_all(figures, json, &why);
    cJSON_Delete(json);
    if (r) {
        free(figures);
        return error_set(error, r, "%s: %s", name, why.text);
    }
    *ret = figures;
    return 0;
}

/* Not file_read(): results decide nothing, so they may be anybody's. */
int figures_read(const char *path, struct figures **ret, struct error *error)
{
    char *text = malloc(FILE_MAX + 1);
    FILE *file = fopen(path, "re");
    int r = file && text ? 0 : error_errno(error, file ? -ENOMEM : -errno, "%s", path);

    if (r == 0) {
        size_t length = fread(text, 1, FILE_MAX + 1, file);
        if (ferror(file))
            r = error_errno(error, -errno, "%s", path);
        else if (length > FILE_MAX)
            r = error_set(error, -EINVAL, "%s: more than %u bytes", path, FILE_MAX);
        else
            text[length] = '\0';
    }
    if (file)
        fclose(file);
    if (r == 0)
        r = figures_parse(path, text, ret, error);
    free(text);
    return r;
}

const struct figure *figures_find(const struct figures *figures, const char *name)
{
    for (size_t i = 0; i < figures->count; i++)
        if (strcmp(figures->figure[i].name, name) == 0)
            return &figures->figure[i];
    return NULL;
}
