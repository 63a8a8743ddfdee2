/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str.h"

#include <errno.h>
#include <string.h>

int str_u64(struct span text, uint64_t max, uint64_t *ret)
{
    if (text.length == 0)
        return -EINVAL;
    uint64_t value = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -EINVAL;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
            return -ERANGE;
    }
    if (value > max)
        return -ERANGE;
    *ret = value;
    return 0;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static int with_unit(struct span text, const struct unit *units, size_t count, uint64_t max,
                     uint64_t *ret)
{
    size_t digits = 0;
    while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    uint64_t value;
    int r = str_u64((struct span){text.data, digits}, UINT64_MAX, &value);
    if (r < 0)
        return r;
    struct span suffix = {text.data + digits, text.length - digits};
    for (size_t i = 0; i < count; i++) {
        if (!span_is(suffix, units[i].name))
            continue;
        if (__builtin_mul_overflow(value, units[i].factor, &value) || value > max)
            return -ERANGE;
        *ret = value;
        return 0;
    }
    return -EINVAL;
}

int str_size(struct span text, uint64_t max, uint64_t *ret)
{
    static const struct unit units[] = {{"", 1}, {"K", 1024}, {"M", 1u << 20}, {"G", 1u << 30}};
    return with_unit(text, units, 4, max, ret);
}

int str_duration_ms(struct span text, uint64_t max, uint64_t *ret)
{
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    if (span_is(text, "0")) {
        *ret = 0;
        return 0;
    }
    return with_unit(text, units, 5, max, ret);
}

int str_bool(struct span text, int *ret)
{
    static const char *const names[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};
    for (int value = 0; value < 2; value++)
        for (int i = 0; i < 3; i++)
            if (span_is(text, names[value][i])) {
                *ret = value;
                return 0;
            }
    return -EINVAL;
}

/* Bytes of the sequence that FIRST leads, and the bounds of its second byte; 0: leads nothing. */
static size_t utf8_lead(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef) {
        if (first == 0xe0)
            *low = 0xa0;
        if (first == 0xed)
            *high = 0x9f;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (first == 0xf0)
            *low = 0x90;
        if (first == 0xf4)
            *high = 0x8f;
        return 4;
    }
    return 0;
}

static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end)
{
    uint64_t eight;
    for (; (size_t)(end - at) >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        if (eight & UINT64_MAX / 0xff * 0x80)
            break;
    }
    while (at < end && *at < 0x80)
        at++;
    return at;
}

int str_is_utf8(const char *data, size_t length)
{
    const unsigned char *at = (const unsigned char *)data;
    const unsigned char *end = at + length;
    while ((at = skip_ascii(at, end)) < end) {
        unsigned char low, high;
        size_t need = utf8_lead(*at, &low, &high);
        if (need == 0 || need > (size_t)(end - at) || at[1] < low || at[1] > high)
            return 0;
        for (size_t i = 2; i < need; i++)
            if ((at[i] & 0xc0) != 0x80)
                return 0;
        at += need;
    }
    return 1;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int str_index(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return (int)i;
    return -EINVAL;
}

struct span str_trim(struct span text)
{
    while (text.length && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

int str_copy(char *ret, size_t size, struct span text)
{
    if (text.length >= size) {
        ret[0] = '\0';
        return -ENAMETOOLONG;
    }
    memcpy(ret, text.data, text.length);
    ret[text.length] = '\0';
    return 0;
}

struct span str_cut_line(struct span *rest)
{
    const char *end = memchr(rest->data, '\n', rest->length);
    struct span line = {rest->data, end ? (size_t)(end - rest->data) : rest->length};
    rest->data += line.length + (end != NULL);
    rest->length -= line.length + (end != NULL);
    if (line.length && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}
