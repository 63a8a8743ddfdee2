/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/name.h"
#include "sync/address.h"
#include "vsecm/vsecm.h"

#define URL 300u
#define MOUNTED "/var/run/secrets/kubernetes.io/serviceaccount"

static const char usage[] =
    "usage: vsecm-sync [OPTION]...\n"
    "\n"
    "Stands between vsecmd and the API server of Kubernetes.\n"
    "\n"
    "      --socket PATH           of vsecmd; /run/vsecm-sync/sync.sock\n"
    "      --api URL               of the API server; without it, from\n"
    "                              KUBERNETES_SERVICE_HOST and _PORT\n"
    "      --token FILE            proves to it who we are;\n"
    "                              " MOUNTED "/token\n"
    "      --ca FILE               certificates that may have signed its own;\n"
    "                              " MOUNTED "/ca.crt\n"
    "      --cert FILE             a certificate of our own instead of a token\n"
    "      --key FILE              its key\n"
    "      --admission-token FILE  proves to other nodes which node we are\n"
    "      --node NAME             of this node; without it, from NODE_NAME\n"
    "      --namespace NAME        of VSecM; vsecm-system\n"
    "      --listen ADDRESS:PORT   answer /livez, /readyz, /metrics there\n"
    "      --log-level LEVEL       error, warn, info or debug; info\n"
    "      --check                 ask for everything once, say what is refused\n"
    "      --version               print the version\n"
    "  -h, --help                  this text\n";

/* What an option sets is a member of the options, at this offset. */
#define TEXT(name, member)                                                         \
    {                                                                              \
        name, required_argument, NULL, 256 + (int)offsetof(struct options, member) \
    }

static const struct option longs[] = {
    TEXT("socket", socket),
    TEXT("api", api),
    TEXT("token", token),
    TEXT("ca", ca),
    TEXT("cert", cert),
    TEXT("key", key),
    TEXT("admission-token", admission_token),
    TEXT("node", node),
    TEXT("namespace", namespace),
    TEXT("listen", listen),
    {"log-level", required_argument, NULL, 'l'},
    {"check", no_argument, NULL, 'k'},
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* In a pod the API server's address is in the environment. An address of IPv6 has brackets. */
static const char *api_of_environment(void)
{
    static char url[URL];
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    if (!host || !*host)
        return NULL;
    int is_v6 = strchr(host, ':') != NULL;
    int n = snprintf(url, sizeof url, "https://%s%s%s:%s", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
                     port && *port ? port : "443");
    return n > 0 && (size_t)n < sizeof url ? url : NULL;
}

static int check_url(const char *url, struct error *error)
{
    size_t length = strlen(url);
    if (strncmp(url, "https://", 8) != 0 || length < 9 || length >= URL)
        return error_set(error, -EINVAL, "--api: '%s' does not begin with https://", url);
    if (url[length - 1] == '/')
        return error_set(error, -EINVAL, "--api: '%s' must not end with a slash", url);
    return 0;
}

static int check(const struct options *options, struct error *error)
{
    struct sockaddr_storage address;
    socklen_t size;
    if (!options->api)
        return error_set(error, -EINVAL,
                         "there is no --api, and no KUBERNETES_SERVICE_HOST in the environment");
    if (!options->node || !name_is_subdomain(span_of(options->node)))
        return error_set(error, -EINVAL, "--node (or NODE_NAME) must be " NAME_SUBDOMAIN_RULE);
    if (!name_is_label(span_of(options->namespace)))
        return error_set(error, -EINVAL, "--namespace must be " NAME_LABEL_RULE);
    if (!options->cert != !options->key)
        return error_set(error, -EINVAL, "--cert and --key belong together");
    if (options->listen && address_parse(options->listen, &address, &size, error) < 0)
        return -EINVAL;
    return check_url(options->api, error);
}

/* An empty argument is as none: what a manifest passes on may be empty. */
static void set_text(struct options *options, int which, char *text)
{
    const char *value = *text ? text : NULL;
    memcpy((char *)options + (which - 256), &value, sizeof value);
}

enum options_action options_read(int argc, char **argv, struct options *ret, struct error *error)
{
    enum options_action action = OPTIONS_RUN;
    *ret = (struct options){.socket = "/run/vsecm-sync/sync.sock",
                            .api = api_of_environment(),
                            .ca = MOUNTED "/ca.crt",
                            .node = getenv("NODE_NAME"),
                            .namespace = "vsecm-system",
                            .log_level = LOG_LEVEL_INFO};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return OPTIONS_DONE;
        }
        if (c == 'v') {
            puts("vsecm-sync " VSECM_VERSION);
            return OPTIONS_DONE;
        }
        if (c == 'k')
            action = OPTIONS_CHECK;
        else if (c == 'l' && log_parse_level(optarg, &ret->log_level) < 0)
            c = '?';
        else if (c >= 256)
            set_text(ret, c, optarg);
        if (c == '?') {
            error_set(error, -EINVAL, "'%s' is not understood; see --help", argv[optind - 1]);
            return OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        error_set(error, -EINVAL, "'%s' is not an option", argv[optind]);
        return OPTIONS_WRONG;
    }
    if (!ret->token && !ret->cert)
        ret->token = MOUNTED "/token";
    if (!ret->socket)
        ret->socket = "";
    if (!ret->namespace)
        ret->namespace = "";
    return check(ret, error) < 0 ? OPTIONS_WRONG : action;
}
