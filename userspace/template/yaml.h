/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A value as YAML, byte for byte what gopkg.in/yaml.v3 (v3.0.1) makes by yaml.Marshal of what Go's
 * encoding/json decodes: keys in its own order, four columns a level, lists indented, no folding.
 */
#ifndef VSECM_TEMPLATE_YAML_H
#define VSECM_TEMPLATE_YAML_H

struct text;
struct value;

/*
 * Write VALUE, usually a map, which nests as little as LIMIT_TEMPLATE_DEPTH says; the last line
 * ends. Strings that are no UTF-8 become !!binary. 0, or the error of OUT; the pool of OUT is used.
 */
int yaml_write(struct text *out, const struct value *value);

#endif
