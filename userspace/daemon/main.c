/* SPDX-License-Identifier: BSD-2-Clause */
/* vsecmd: reads its options, hardens itself, serves. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/monitor.h"
#include "crypto/random.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/harden.h"
#include "vsecm/vsecm.h"

enum {
    EXIT_REFUSED = 1, /* it could not start, or stopped by an error */
    EXIT_USAGE = 2,
};

static const char usage[] =
    "usage: vsecmd [--config FILE] [-o NAME=VALUE]...\n"
    "\n"
    "Keeps secrets in locked memory and hands each pod its own.\n"
    "\n"
    "  -c, --config FILE   read options from FILE; without this, from\n"
    "                      " CONFIG_FILE " if there is one\n"
    "  -o NAME=VALUE       set one option, after the file\n"
    "      --print-config  all options with their defaults, as such a file\n"
    "      --check-config  read the options, say whether they are good\n"
    "      --version       print the version\n"
    "  -h, --help          this text\n";

enum action {
    ACTION_SERVE,
    ACTION_CHECK,
    ACTION_DONE,
    ACTION_USAGE,
};

struct arguments {
    const char *file; /* NULL: not given */
    int overrides;    /* of -o */
    char **override;
};

static enum action read_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
        {"print-config", no_argument, NULL, 'p'}, {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
    };
    enum action action = ACTION_SERVE;
    for (int c; (c = getopt_long(argc, argv, "c:o:h", longs, NULL)) != -1;) {
        switch (c) {
        case 'c': ret->file = optarg; break;
        case 'o': ret->override[ret->overrides++] = optarg; break;
        case 'k': action = ACTION_CHECK; break;
        case 'h': fputs(usage, stdout); return ACTION_DONE;
        case 'p': config_print(stdout); return ACTION_DONE;
        case 'v': puts("vsecmd " VSECM_VERSION); return ACTION_DONE;
        default: return ACTION_USAGE;
        }
    }
    if (optind == argc)
        return action;
    fprintf(stderr, "vsecmd: '%s' is not an option\n", argv[optind]);
    return ACTION_USAGE;
}

static int read_config(const struct arguments *arguments, struct config *ret, struct error *error)
{
    config_defaults(ret);
    int r = 0;
    if (arguments->file)
        r = config_load(ret, arguments->file, error);
    else if (access(CONFIG_FILE, F_OK) == 0) /* without one the defaults hold */
        r = config_load(ret, CONFIG_FILE, error);
    for (int i = 0; r == 0 && i < arguments->overrides; i++)
        r = config_set(ret, arguments->override[i], error);
    return r;
}

static int serve(const struct config *config, struct error *error)
{
    struct daemon *daemon = NULL;
    enum log_level level = LOG_LEVEL_INFO;
    log_parse_level(config->log_level, &level);
    log_set_level(level);
    int r = hash_seed();
    if (r == 0)
        r = random_start();
    if (r < 0)
        return error_errno(error, r, "no random numbers");
    r = daemon_start(config, &daemon, error);
    if (r < 0)
        return r;
    r = daemon_run(daemon);
    if (r < 0)
        error_errno(error, r, "the event loop failed");
    daemon_stop(daemon);
    return r;
}

/* Locked memory is not inherited over fork(): a child hardens itself anew. */
static _Noreturn void serve_to_end(void *context)
{
    struct error error = {""};
    int r = harden_early(&error);
    if (r == 0)
        r = serve(context, &error);
    if (r < 0)
        log_error("%s", error.text);
    exit(r < 0 ? EXIT_REFUSED : EXIT_SUCCESS);
}

/*
 * Nobody may look into the process that serves, and the way into a container, for a probe or for a
 * person, is by /proc of its first process. So that one stays outside: it holds nothing.
 */
static int serve_as(pid_t self, struct config *config)
{
    const struct monitor_options options = {
        .work = serve_to_end, .context = config, .ends_with_work = 1, .passes_hangup = 1};
    if (self != 1)
        serve_to_end(config);
    return monitor_run(&options);
}

int main(int argc, char **argv)
{
    static struct config config;
    struct error error = {""};
    struct arguments arguments = {0};
    if (harden_early(&error) < 0) {
        log_error("%s", error.text);
        return EXIT_REFUSED;
    }
    arguments.override = calloc((size_t)argc, sizeof *arguments.override);
    if (!arguments.override)
        return EXIT_REFUSED;
    enum action action = read_arguments(argc, argv, &arguments);
    if (action == ACTION_USAGE)
        fputs(usage, stderr);
    if (action == ACTION_DONE || action == ACTION_USAGE) {
        free(arguments.override);
        return action == ACTION_DONE ? EXIT_SUCCESS : EXIT_USAGE;
    }
    int r = read_config(&arguments, &config, &error);
    free(arguments.override);
    if (r < 0) {
        log_error("%s", error.text);
        return EXIT_USAGE;
    }
    return action == ACTION_SERVE ? serve_as(getpid(), &config) : EXIT_SUCCESS;
}
