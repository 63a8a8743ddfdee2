/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/yaml_time.h"

static int digit_at(struct span text, size_t at)
{
    return at < text.length && text.data[at] >= '0' && text.data[at] <= '9';
}

static int number_at(struct span text, size_t at, size_t digits)
{
    int number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text.data[at + i] - '0');
    return number;
}

static void skip(struct span *text, size_t length)
{
    *text = (struct span){text->data + length, text->length - length};
}

/* A number of one or two digits between LEAST and MOST, taken off. Non-zero when it was there. */
static int take_number(struct span *text, int least, int most, int *ret)
{
    if (!digit_at(*text, 0))
        return 0;
    size_t digits = digit_at(*text, 1) ? 2 : 1;
    *ret = number_at(*text, 0, digits);
    skip(text, digits);
    return *ret >= least && *ret <= most;
}

static int take_byte(struct span *text, char byte)
{
    if (!text->length || text->data[0] != byte)
        return 0;
    skip(text, 1);
    return 1;
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

static int take_date(struct span *text)
{
    int month, day;
    for (size_t i = 0; i < 4; i++)
        if (!digit_at(*text, i))
            return 0;
    int year = number_at(*text, 0, 4);
    skip(text, 4);
    return take_byte(text, '-') && take_number(text, 1, 12, &month) && take_byte(text, '-') &&
           take_number(text, 1, 31, &day) && day <= days_in(month, year);
}

static int take_clock(struct span *text)
{
    int number;
    if (!take_number(text, 0, 23, &number) || !take_byte(text, ':') ||
        !take_number(text, 0, 59, &number) || !take_byte(text, ':') ||
        !take_number(text, 0, 59, &number))
        return 0;
    if (text->length >= 2 && (text->data[0] == '.' || text->data[0] == ',') && digit_at(*text, 1))
        for (skip(text, 1); digit_at(*text, 0);)
            skip(text, 1);
    return 1;
}

/* Z, or an offset; Go lets it be 24 hours and 60 minutes. */
static int is_zone(struct span text)
{
    if (span_is(text, "Z"))
        return 1;
    return text.length == 6 && (text.data[0] == '+' || text.data[0] == '-') && digit_at(text, 1) &&
           digit_at(text, 2) && text.data[3] == ':' && digit_at(text, 4) && digit_at(text, 5) &&
           number_at(text, 1, 2) <= 24 && number_at(text, 4, 2) <= 60;
}

int yaml_time(struct span text)
{
    if (!take_date(&text))
        return 0;
    if (!text.length)
        return 1;
    if (take_byte(&text, 'T') || take_byte(&text, 't'))
        return take_clock(&text) && is_zone(text);
    if (!take_byte(&text, ' '))
        return 0;
    while (take_byte(&text, ' '))
        ;
    return take_clock(&text) && text.length == 0;
}
