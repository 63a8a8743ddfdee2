/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/event_stream.h"

#include "client/locked.h"
#include "limits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096u /* of a line: a page, and most have no more */

struct line {
    char *text; /* locked, `room` bytes */
    size_t length;
    size_t room;
};

struct event_stream {
    struct line line;                /* as far as it has come */
    struct line data;                /* the line that was the event's data */
    struct event_stream_event event; /* its data is in `data` */
    bool given;                      /* the event is the caller's until the next call */
    char id[64];
    char type[32];
    const char *wrong;
};

static void free_line(struct line *line)
{
    locked_free(line->text, line->room);
    *line = (struct line){.text = NULL};
}

/* Room for MORE bytes and a NUL. */
static int make_room(struct line *line, size_t more)
{
    size_t needed = line->length + more + 1;
    if (needed <= line->room)
        return 0;
    size_t room = line->room ? line->room : FIRST_ROOM;
    while (room < needed)
        room *= 2;
    char *text = locked_alloc(room);
    if (!text)
        return -ENOMEM;
    if (line->length)
        memcpy(text, line->text, line->length);
    locked_free(line->text, line->room);
    line->text = text;
    line->room = room;
    return 0;
}

static int malformed(struct event_stream *stream, const char *wrong)
{
    stream->wrong = wrong;
    return -EPROTO;
}

static int append(struct event_stream *stream, const char *bytes, size_t length)
{
    struct line *line = &stream->line;
    if (length > LIMIT_EVENT_LINE - line->length)
        return malformed(stream, "has too long a line");
    int r = make_room(line, length);
    if (r)
        return r;
    memcpy(line->text + line->length, bytes, length);
    line->length += length;
    return 0;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static int take_text(char *ret, size_t size, const char *value)
{
    size_t length = strlen(value);
    if (ret[0] || length >= size)
        return -EPROTO;
    memcpy(ret, value, length + 1);
    return 0;
}

static int take_id(struct event_stream *stream, char *value)
{
    int r = take_text(stream->id, sizeof stream->id, value);
    return r ? malformed(stream, "has an event with two ids or too long a one") : 0;
}

static int take_type(struct event_stream *stream, char *value)
{
    int r = take_text(stream->type, sizeof stream->type, value);
    return r ? malformed(stream, "has an event with two types or too long a one") : 0;
}

/* The line itself becomes the event's: what may be a megabyte is not copied. */
static int take_data(struct event_stream *stream, char *value)
{
    if (stream->data.text)
        return malformed(stream, "has an event with two lines of data");
    stream->data = stream->line;
    stream->event.data = value;
    stream->event.length = stream->line.length - (size_t)(value - stream->line.text);
    stream->line = (struct line){.text = NULL};
    return 0;
}

static const struct {
    const char *name;
    int (*take)(struct event_stream *stream, char *value);
} fields[] = {
    {"id", take_id},
    {"event", take_type},
    {"data", take_data},
};

/* A line that is not empty. Fields of other names are for others. */
static int take_line(struct event_stream *stream)
{
    char *text = stream->line.text;
    size_t name = strcspn(text, ":");
    char *value = text + name;
    if (*value == ':')
        value++;
    if (*value == ' ')
        value++;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strlen(fields[i].name) == name && memcmp(fields[i].name, text, name) == 0)
            return fields[i].take(stream, value);
    return 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool has_controls(const struct line *line)
{
    bool found = false;
    for (size_t i = 0; i < line->length; i++)
        found |= (unsigned char)line->text[i] < ' ' || line->text[i] == 0x7f;
    return found;
}

static void forget_event(struct event_stream *stream)
{
    free_line(&stream->data);
    stream->event = (struct event_stream_event){.data = NULL};
    stream->id[0] = stream->type[0] = '\0';
    stream->given = false;
}

/* An empty line ends an event; one without data is none. */
static void end_event(struct event_stream *stream)
{
    stream->given = stream->data.text != NULL;
    if (!stream->given)
        forget_event(stream);
    stream->event.id = stream->id;
    stream->event.type = stream->type;
}

static int end_line(struct event_stream *stream)
{
    struct line *line = &stream->line;
    if (line->length && line->text[line->length - 1] == '\r')
        line->length--;
    if (has_controls(line))
        return malformed(stream, "has a control character");
    int r = 0;
    if (line->length) {
        line->text[line->length] = '\0';
        r = take_line(stream);
    } else {
        end_event(stream);
    }
    line->length = 0;
    return r;
}

ssize_t event_stream_feed(struct event_stream *stream, const char *bytes, size_t length,
                          const struct event_stream_event **ret, const char **wrong)
{
    size_t taken = 0;
    int r = stream->wrong ? -EPROTO : 0;
    if (stream->given)
        forget_event(stream);
    while (!r && taken < length && !stream->given) {
        const char *rest = bytes + taken;
        const char *feed = memchr(rest, '\n', length - taken);
        size_t piece = feed ? (size_t)(feed - rest) : length - taken;
        r = append(stream, rest, piece);
        if (!r && feed)
            r = end_line(stream);
        taken += piece + (feed ? 1 : 0);
    }
    *ret = stream->given ? &stream->event : NULL;
    *wrong = stream->wrong;
    return r ? r : (ssize_t)taken;
}

void event_stream_reset(struct event_stream *stream)
{
    forget_event(stream);
    free_line(&stream->line);
    stream->wrong = NULL;
}

int event_stream_new(struct event_stream **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : -ENOMEM;
}

void event_stream_free(struct event_stream *stream)
{
    if (!stream)
        return;
    event_stream_reset(stream);
    free(stream);
}
