/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_reader SOCKET: a reader of a shared page, by the library. It does what the lines of standard
 * input say, and answers each with a line:
 *
 *     read        the result and whether the page is stale, then the version and the value
 *     wait MS     the result
 *     count MS    reads for so long: how many values were seen, and how many were torn; a value is
 *                 a number, a colon, and letters that this number chooses
 *     fork        as read, by a child
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vsecm/vsecm.h"

static void say_read(vsecm_page *page)
{
    const vsecm_secret *secret = NULL;
    vsecm_result result = vsecm_page_read(page, &secret);
    printf("%d %d", (int)result, vsecm_page_stale(page));
    if (secret)
        printf(" %llu %s %s", (unsigned long long)secret->version, secret->updated,
               (const char *)secret->data);
    putchar('\n');
    fflush(stdout);
}

static void say_read_of_child(vsecm_page *page)
{
    pid_t pid = fork();
    if (!pid) {
        say_read(page);
        vsecm_page_close(page);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int is_torn(const vsecm_secret *secret)
{
    const char *data = secret->data, *colon = memchr(data, ':', secret->length);
    if (!colon)
        return 1;
    char letter = (char)('a' + strtoul(data, NULL, 10) % 26);
    for (const char *c = colon + 1; c < data + secret->length; c++)
        if (*c != letter)
            return 1;
    return 0;
}

static void count(vsecm_page *page, double ms)
{
    unsigned long long last = 0;
    int values = 0, torn = 0;
    for (double end = now() + ms; now() < end;) {
        const vsecm_secret *secret = NULL;
        if (vsecm_page_read(page, &secret) || secret->version == last)
            continue;
        last = secret->version;
        values++;
        torn += is_torn(secret);
    }
    printf("%d %d\n", values, torn);
}

int main(int argument_count, char **arguments)
{
    char line[64];
    vsecm_page *page = NULL;
    vsecm_result result = vsecm_page_open(argument_count > 1 ? arguments[1] : NULL, &page);
    printf("%d\n", (int)result);
    fflush(stdout);
    while (!result && fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "wait ", 5) == 0)
            printf("%d\n", (int)vsecm_page_wait(page, (int)strtol(line + 5, NULL, 10)));
        else if (strncmp(line, "count ", 6) == 0)
            count(page, strtod(line + 6, NULL));
        else if (strcmp(line, "fork\n") == 0)
            say_read_of_child(page);
        else
            say_read(page);
        fflush(stdout);
    }
    vsecm_page_close(page);
    return 0;
}
