/* SPDX-License-Identifier: BSD-2-Clause */
/* memcached over a Unix socket; the classic text protocol, which nearly every client speaks. */
#include "bench/peer.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMCACHED_GET "get secret\r\n"
#define MEMCACHED_FILE 4096u
#define MEMCACHED_WORDS 32u

/*
 * The words of TEXT as the arguments of a program, each with a NUL where the text had a blank: put
 * there when all has been read, since what comes behind a word is looked for from its end.
 */
static int split(char *text, size_t length, const char *ret[static MEMCACHED_WORDS + 1])
{
    struct file_lines lines = {.rest = {text, length}};
    struct span line, word[MEMCACHED_WORDS];
    size_t words = 0;

    while (file_next_line(&lines, &line))
        while (words < MEMCACHED_WORDS && file_next_word(&line, &word[words]))
            words++;
    if (words == MEMCACHED_WORDS)
        return -E2BIG;
    ret[0] = "memcached";
    for (size_t i = 0; i < words; i++) {
        text[(size_t)(word[i].data - text) + word[i].length] = '\0';
        ret[i + 1] = word[i].data;
    }
    ret[words + 1] = NULL;
    return 0;
}

static int start(struct peer_server *server, struct error *error)
{
    char config[PEER_PATH], *text = NULL;
    const char *arguments[MEMCACHED_WORDS + 1];
    size_t length;
    int r = peer_configure(server, config, error);

    if (r == 0)
        r = file_read(config, MEMCACHED_FILE, &text, &length, error);
    if (r)
        return r;
    r = split(text, length, arguments);
    if (r)
        error_set(error, r, "%s: %u words or more", config, MEMCACHED_WORDS);
    else
        r = peer_spawn(server, arguments[0], arguments, error);
    free(text);
    return r;
}

static int ready(struct peer_server *server, struct error *error)
{
    char reply[PEER_REPLY_MAX];
    size_t length;

    (void)error;
    return peer_ask(server, "version\r\n", "\r\n", reply, &length, NULL) ? -EAGAIN : 0;
}

static int prepare(struct peer_server *server, const struct peer_row *row, struct load *load,
                   char reply[static PEER_REPLY_MAX], size_t *length, struct error *error)
{
    char set[PEER_VALUE + 64];

    (void)row;
    snprintf(set, sizeof(set), "set secret 0 0 %u\r\n%.*s\r\n", PEER_VALUE, (int)PEER_VALUE,
             server->value);
    int r = peer_ask(server, set, "STORED\r\n", reply, length, error);
    if (r)
        return r;
    load->request = MEMCACHED_GET;
    load->request_length = strlen(MEMCACHED_GET);
    load->success = "VALUE ";
    return peer_ask(server, MEMCACHED_GET, "END\r\n", reply, length, error);
}

#define LIMITS                                                                                   \
    "As Redis: whoever reaches the socket has every value, and what does not fit is forgotten. " \
    "Its threads, of which it would have four, would share one processor here: it has one."

static const struct peer_row rows[] = {
    {"memcached", "memcached, Unix socket", load_one, load_one, 1, 500, 8000, LIMITS},
    {"memcached-connect", "memcached: connect, get, close", load_connect, load_connect, 1, 200,
     1200, LIMITS},
    {"memcached-50", "memcached: 50 clients", load_many, load_many, 50, 2000, 15000, LIMITS},
};

const struct peer peer_memcached = {
    .id = "memcached",
    .program = "memcached",
    .version = "--version",
    .config = "memcached.conf",
    .start = start,
    .ready = ready,
    .prepare = prepare,
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};
