/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/json_out.h"

#include "bench/ratio.h"

#include <math.h>

void json_out_string(FILE *out, const char *text)
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

/* What cannot be told, as the quotient of two times of which one is 0, is null. */
static void write_number(FILE *out, const char *before, double value)
{
    if (isfinite(value))
        fprintf(out, "%s%.6g", before, value);
    else
        fprintf(out, "%snull", before);
}

void json_out_ratio(FILE *out, const char *name, const struct ratio *figure, const char *end)
{
    fprintf(out, "\"%s\": {", name);
    write_number(out, "\"median\": ", figure->median);
    write_number(out, ", \"min\": ", figure->min);
    write_number(out, ", \"max\": ", figure->max);
    write_number(out, ", \"low\": ", figure->low);
    write_number(out, ", \"high\": ", figure->high);
    fprintf(out, ", \"told\": %s, \"rounds\": [",
            ratio_is_told(figure, RATIO_TOLD) ? "true" : "false");
    for (unsigned i = 0; i < figure->rounds; i++)
        write_number(out, i ? ", " : "", figure->round[i]);
    fprintf(out, "]}%s", end);
}
