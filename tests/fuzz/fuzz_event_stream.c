/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a stream of events: the same in one piece and in many, and what data says stays
 * inside of it. */
#include "client/event_stream.h"
#include "client/flat.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

/* What came out of a stream, as far as two runs must agree. */
struct outcome {
    size_t events;
    size_t bytes;
    size_t sum;
    const char *wrong;
};

static void check_flat(char *data, size_t length)
{
    struct flat_text texts[] = {{.name = "data"}, {.name = "created"}};
    if (flat_read(data, length, texts, 2))
        return;
    for (size_t i = 0; i < 2; i++)
        MUST(!texts[i].text || (texts[i].text > data && texts[i].text[texts[i].length] == '\0' &&
                                texts[i].text + texts[i].length < data + length));
}

static void add(struct outcome *outcome, const struct event_stream_event *event)
{
    outcome->events++;
    outcome->bytes += event->length + strlen(event->id) + strlen(event->type);
    for (size_t i = 0; i < event->length; i++)
        outcome->sum = outcome->sum * 31 + (unsigned char)event->data[i];
    MUST(event->data[event->length] == '\0' && strlen(event->data) == event->length);
    check_flat(event->data, event->length);
}

static struct outcome run(const char *bytes, size_t length, size_t size)
{
    struct outcome outcome = {.wrong = NULL};
    struct event_stream *stream;
    const struct event_stream_event *event;
    MUST(event_stream_new(&stream) == 0);
    for (size_t at = 0; at < length;) {
        size_t piece = length - at < size ? length - at : size;
        ssize_t n = event_stream_feed(stream, bytes + at, piece, &event, &outcome.wrong);
        MUST((n < 0) == (outcome.wrong != NULL) && n <= (ssize_t)piece);
        if (n < 0)
            break;
        MUST(n > 0);
        at += (size_t)n;
        if (event)
            add(&outcome, event);
    }
    event_stream_free(stream);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct outcome whole = run((const char *)data + 1, size - 1, size);
    struct outcome cut = run((const char *)data + 1, size - 1, data[0] % 61u + 1);
    MUST(whole.events == cut.events && whole.bytes == cut.bytes && whole.sum == cut.sum &&
         whole.wrong == cut.wrong);
    return 0;
}
