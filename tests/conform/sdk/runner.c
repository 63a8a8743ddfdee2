/* SPDX-License-Identifier: BSD-2-Clause */
/* runner SOCKET: does by libvsecm what it is asked to, line by line (run.py has the language). */
#include "vsecm/vsecm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const classes[] = {
    [VSECM_NOT_FOUND] = "not-found",     [VSECM_FORBIDDEN] = "forbidden",
    [VSECM_UNAVAILABLE] = "unavailable", [VSECM_UNREACHABLE] = "unreachable",
    [VSECM_PROTOCOL] = "protocol",       [VSECM_NO_MEMORY] = "no-memory",
    [VSECM_INVALID] = "invalid",         [VSECM_TIMEOUT] = "timeout",
    [VSECM_EXPIRED] = "expired",
};

static const char *path;
static vsecm_client *client;
static vsecm_watch *watch;
static vsecm_page *page;

static void fail(vsecm_result result)
{
    printf("error %s\n", classes[result]);
}

static vsecm_result connect_client(void)
{
    return client ? VSECM_OK : vsecm_connect(path, &client);
}

static void show(const vsecm_secret *secret)
{
    printf("value %llu %s %s ", (unsigned long long)secret->version, secret->created,
           secret->updated);
    for (size_t i = 0; i < secret->length; i++)
        printf("%02x", ((const unsigned char *)secret->data)[i]);
    putchar('\n');
}

static void give(vsecm_result result, vsecm_secret *secret)
{
    if (result) {
        fail(result);
        return;
    }
    show(secret);
    vsecm_secret_clear(secret);
}

static void ask_get(const char *argument)
{
    (void)argument;
    vsecm_secret secret;
    vsecm_result result = connect_client();
    give(result ? result : vsecm_get(client, &secret), &secret);
}

/* The name in hexadecimal, so that it may be any. */
static void ask_member(const char *argument)
{
    char name[1024] = "";
    unsigned byte;
    for (size_t i = 0; i + 1 < sizeof name && sscanf(argument + 2 * i, "%2x", &byte) == 1; i++)
        name[i] = (char)byte;
    vsecm_secret secret;
    vsecm_result result = connect_client();
    give(result ? result : vsecm_get_member(client, name, &secret), &secret);
}

static void ask_empty(const char *argument)
{
    (void)argument;
    ask_member("");
}

static const char *word(const char *text)
{
    return text[0] ? text : "-";
}

static void ask_whoami(const char *argument)
{
    (void)argument;
    vsecm_identity who;
    vsecm_result result = connect_client();
    if (!result)
        result = vsecm_whoami(client, &who);
    if (result)
        fail(result);
    else
        printf("who %s %s %s %s %s\n", word(who.namespace_), word(who.workload), word(who.pod),
               word(who.service_account), who.reason[0] ? "stranger" : "-");
}

static void tell(vsecm_result result, const char *success)
{
    if (result)
        fail(result);
    else
        puts(success);
}

static int milliseconds(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static void ask_watch(const char *argument)
{
    tell(vsecm_watch_open(path, argument[0] ? argument : NULL, &watch), "done");
}

static void ask_next(const char *argument)
{
    static const char *const reasons[] = {
        [VSECM_NO_SECRET] = "no-secret",
        [VSECM_NOT_YET] = "not-yet",
        [VSECM_HAS_EXPIRED] = "expired",
    };
    vsecm_event event;
    vsecm_result result = vsecm_watch_next(watch, milliseconds(argument), &event);
    if (result) {
        fail(result);
        return;
    }
    if (event.absence == VSECM_PRESENT) {
        printf("secret %s ", event.id);
        show(&event.secret);
    } else {
        printf("absent %s %s\n", event.id, reasons[event.absence]);
    }
    vsecm_event_clear(&event);
}

static void ask_page(const char *argument)
{
    (void)argument;
    tell(vsecm_page_open(path, &page), "done");
}

static void ask_read(const char *argument)
{
    (void)argument;
    const vsecm_secret *secret;
    vsecm_result result = vsecm_page_read(page, &secret);
    if (result)
        fail(result);
    else
        show(secret);
}

static void ask_wait(const char *argument)
{
    tell(vsecm_page_wait(page, milliseconds(argument)), "changed");
}

static void ask_stale(const char *argument)
{
    (void)argument;
    puts(vsecm_page_stale(page) ? "stale" : "kept");
}

static void close_all(void)
{
    vsecm_close(client);
    vsecm_watch_close(watch);
    vsecm_page_close(page);
    client = NULL;
    watch = NULL;
    page = NULL;
}

static void ask_close(const char *argument)
{
    (void)argument;
    close_all();
    puts("done");
}

static const struct {
    const char *name;
    void (*answer)(const char *argument);
} asks[] = {
    {"get", ask_get},     {"member", ask_member}, {"empty", ask_empty}, {"whoami", ask_whoami},
    {"watch", ask_watch}, {"next", ask_next},     {"page", ask_page},   {"read", ask_read},
    {"wait", ask_wait},   {"stale", ask_stale},   {"close", ask_close},
};

int main(int argc, char **argv)
{
    char line[4096];
    if (argc != 2)
        return 2;
    path = argv[1];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *argument = line + strcspn(line, " ");
        if (*argument)
            *argument++ = '\0';
        for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
            if (!strcmp(asks[i].name, line))
                asks[i].answer(argument);
        fflush(stdout);
    }
    close_all();
    return 0;
}
