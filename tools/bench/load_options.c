/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/load_options.h"

#include "base/str.h"
#include "bench/drive.h"
#include "bench/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_MIN 16u
#define CROWD_VALUE_MAX 1024u /* an event must fit in what a follower reads at once */
#define RATE_MAX 10000000u
#define SECONDS_MAX 86400u

static const struct {
    const char *name, *timed, *title;
    bool is_crowd; /* who follow, and one who changes; else each asks for itself */
} works[LOAD_WORKS] = {
    [LOAD_GET] = {"get", "a GET", "GETs of one secret over connections that are kept", false},
    [LOAD_CONNECT] = {"connect-get", "connect to close", "a new connection for every GET", false},
    [LOAD_PUT] = {"put", "a put", "puts of one secret by administrators, log in memory", false},
    [LOAD_WATCH] = {"watch", "until the last has it", "changes, told to clients that watch", true},
    [LOAD_PAGE] = {"page", "until a client has it",
                   "changes, seen by clients in a shared page; 1 ms and more apart", true},
    [LOAD_ROTATE] = {"rotate", "a GET", "GETs while the secret changes ten times a second", false},
};

static const char *const places[LOAD_PLACES] = {"same", "apart", "none"};

static int set_workload(void *settings, const char *value, struct error *error)
{
    for (enum load_work work = 0; work < LOAD_WORKS; work++) {
        if (strcmp(works[work].name, value) == 0) {
            ((struct load_options *)settings)->work = work;
            return 0;
        }
    }
    return error_set(error, -EINVAL, "must be get, connect-get, put, watch, page or rotate");
}

/* "500", "500/s", "closed". */
static int set_rate(void *settings, const char *value, struct error *error)
{
    size_t length = strlen(value);
    uint64_t rate = 0;

    if (length > 2 && strcmp(value + length - 2, "/s") == 0)
        length -= 2;
    if (strcmp(value, "closed") != 0 &&
        (str_u64((struct span){value, length}, RATE_MAX, &rate) || rate == 0))
        return error_set(error, -EINVAL, "must be 1..%u a second, or \"closed\"", RATE_MAX);
    ((struct load_options *)settings)->rate = (double)rate;
    return 0;
}

static int set_clients(void *settings, const char *value, struct error *error)
{
    return options_number(value, DRIVE_CLIENTS_MAX, &((struct load_options *)settings)->clients,
                          error);
}

static int set_seconds(void *settings, const char *value, struct error *error)
{
    return options_number(value, SECONDS_MAX, &((struct load_options *)settings)->seconds, error);
}

static int set_value(void *settings, const char *value, struct error *error)
{
    uint64_t bytes;

    if (str_size(span_of(value), LOAD_OPTIONS_VALUE_MAX, &bytes) || bytes < VALUE_MIN)
        return error_set(error, -EINVAL, "must be %u..1M bytes", VALUE_MIN);
    ((struct load_options *)settings)->value_bytes = bytes;
    return 0;
}

static int set_layout(void *settings, const char *value, struct error *error)
{
    int place = str_index(places, LOAD_PLACES, value);

    if (place < 0)
        return error_set(error, -EINVAL, "must be same, apart or none");
    ((struct load_options *)settings)->place = place;
    return 0;
}

static int set_socket(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct load_options *)settings)->socket = value;
    return 0;
}

static int set_vsecmd(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct load_options *)settings)->daemon.program = value;
    return 0;
}

static int set_attest(void *settings, const char *value, struct error *error)
{
    (void)error;
    ((struct load_options *)settings)->daemon.attest = value;
    return 0;
}

static int set_json(void *settings, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    ((struct load_options *)settings)->json = true;
    return 0;
}

static int set_help(void *settings, const char *value, struct error *error)
{
    (void)settings;
    (void)value;
    (void)error;
    load_options_help();
    exit(0);
}

static const struct option options[] = {
    {"workload", "WHAT", "one of those below (get)", set_workload},
    {"rate", "N/s", "requests or changes a second, of all clients together (closed)", set_rate},
    {"clients", "N", "at once, 1..256 (1)", set_clients},
    {"value", "BYTES", "of the secret, 16..1M; of watch and page up to 1K (64)", set_value},
    {"layout", "WHERE", "server and clients on the same CPU, apart, or none: any (apart)",
     set_layout},
    {"seconds", "S", "how long (10)", set_seconds},
    {"socket", "PATH", "an existing daemon; get and connect-get; needs no root", set_socket},
    {"vsecmd", "PATH", "else the daemon to start (build/vsecmd)", set_vsecmd},
    {"attest", "MODE", "its option attest (auto)", set_attest},
    {"json", NULL, "the result as JSON", set_json},
    {"help", NULL, "this text", set_help},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

void load_options_help(void)
{
    printf("usage: vsecm-bench load [--OPTION[=VALUE]]...\n");
    options_print(options, OPTIONS);
    printf("\nworkloads:\n");
    for (enum load_work work = 0; work < LOAD_WORKS; work++)
        printf("  %-20s %s\n", works[work].name, works[work].title);
    printf("\nIn a closed loop a client's next request leaves when the last one is answered. At a "
           "rate, a request is\ntimed from when it was due, however long it waited for a client "
           "that was free.\n");
}

/* What does not go together. */
static int check(struct load_options *settings, struct error *error)
{
    bool is_crowd = works[settings->work].is_crowd;

    if (settings->socket && settings->work > LOAD_CONNECT)
        return error_set(error, -EINVAL,
                         "--workload=%s changes secrets: only in a daemon of our own, without "
                         "--socket",
                         works[settings->work].name);
    if (settings->socket && settings->value_bytes)
        return error_set(error, -EINVAL, "--value: with --socket the secret is what it is");
    if (settings->socket && settings->place >= 0 && settings->place != LOAD_NONE)
        return error_set(error, -EINVAL,
                         "--layout: with --socket the server is not ours to move; must be none");
    if (is_crowd && settings->value_bytes > CROWD_VALUE_MAX)
        return error_set(error, -EINVAL, "--value: of watch and page at most %u bytes",
                         CROWD_VALUE_MAX);
    if (!settings->socket && geteuid() != 0)
        return error_set(error, -EPERM,
                         "must be root, as vsecmd must, but with --socket=PATH of an existing one");
    if (!settings->value_bytes && !settings->socket)
        settings->value_bytes = 64;
    if (settings->place < 0)
        settings->place = settings->socket ? LOAD_NONE : LOAD_APART;
    return 0;
}

int load_options_take(char **arguments, struct load_options *ret, struct error *error)
{
    *ret = (struct load_options){.daemon = {.program = "build/vsecmd", .attest = "auto"},
                                 .place = -1,
                                 .clients = 1,
                                 .seconds = 10};
    int r = options_take(options, OPTIONS, ret, arguments, error);
    return r ? r : check(ret, error);
}

const char *load_options_name(enum load_work work)
{
    return works[work].name;
}

const char *load_options_timed(enum load_work work)
{
    return works[work].timed;
}

bool load_options_is_crowd(enum load_work work)
{
    return works[work].is_crowd;
}

const char *load_options_place(int place)
{
    return places[place];
}
