/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "limits.h"
#include "protocol.h"

enum kind {
    KIND_PATH, /* absolute, or empty where the default is */
    KIND_TEXT,
    KIND_CHOICE, /* one of the words in `allowed` */
    KIND_NUMBER,
    KIND_SIZE,
    KIND_TIME,
    KIND_SWITCH,
};

struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *initial; /* as it would be written in the file */
    uint64_t min, max;
    const char *allowed; /* KIND_CHOICE: words; KIND_TEXT: a description for people */
    const char *help;
};

#define AT(member) offsetof(struct config, member)
#define MINUTE_MS 60000u
#define DAY_MS (UINT64_C(24) * 60 * MINUTE_MS)

/* clang-format off */
static const struct option options[] = {
    {"socket_dir", KIND_PATH, AT(socket_dir), PROTOCOL_PUBLIC_DIR, 0, 0, NULL,
     "directory of the public socket; pods mount it read-only"},
    {"private_dir", KIND_PATH, AT(private_dir), PROTOCOL_PRIVATE_DIR, 0, 0, NULL,
     "directory of the private socket (mode 0700); never mount it into a pod"},
    {"attest", KIND_CHOICE, AT(attest), "auto", 0, 0, "auto lsm cgroup",
     "how callers are established; auto takes lsm where it really works, else cgroup"},
    {"guards", KIND_CHOICE, AT(guards), "auto", 0, 0, "no auto required",
     "what the kernel refuses to others, root included; auto: all that the tier and the node have"},
    {"pin_dir", KIND_TEXT, AT(pin_dir), PROTOCOL_PIN_DIR, 0, 0, "an absolute directory on a bpffs, or none",
     "where guards are pinned, so that they go on while no daemon runs"},
    {"sender_check", KIND_CHOICE, AT(sender_check), "no", 0, 0, "no auto yes",
     "refuse requests on a connection that another pod made; auto: in tier cgroup, where it can"},
    {"cgroup_root", KIND_PATH, AT(cgroup_root), "", 0, 0, NULL,
     "where cgroup2 is mounted; empty: found in /proc/self/mountinfo"},
    {"kubelet_roots", KIND_TEXT, AT(kubelet_roots), "/kubepods.slice /kubepods", 0, 0,
     "absolute cgroup paths, at most 8, split by blanks",
     "cgroups below which the kubelets of this node put their pods"},
    {"identities", KIND_PATH, AT(identities), "/etc/vsecm/identities", 0, 0, NULL,
     "file that says who is who; read again on SIGHUP"},
    {"bindings", KIND_PATH, AT(bindings), "", 0, 0, NULL,
     "file of rules that give pods other workload names than their service account's"},
    {"sentinel", KIND_TEXT, AT(sentinel), PROTOCOL_SENTINEL, 0, 0, "namespace/workload",
     "the workload that may administer secrets over the public socket"},
    {"arena_size", KIND_SIZE, AT(arena_size), "64M", LIMIT_ARENA_MIN, LIMIT_ARENA_MAX, NULL,
     "secret memory for all values and all requests under way"},
    {"arena_backing", KIND_CHOICE, AT(arena_backing), "auto", 0, 0, "auto memfd_secret mlock",
     "auto takes memfd_secret where the kernel has it, else mlock"},
    {"state_dir", KIND_PATH, AT(state_dir), "", 0, 0, NULL,
     "directory of the log; on a tmpfs gone at a reboot, on a disk not; empty: in private_dir"},
    {"state_mount", KIND_CHOICE, AT(state_mount), "auto", 0, 0, "auto yes no",
     "mount a tmpfs of its own on state_dir, never swapped; auto: where it lies on a tmpfs"},
    {"root_key", KIND_TEXT, AT(root_key), "auto", 0, 0,
     "auto, manual, credential, fd:N, or an absolute path",
     "auto: a file in state_dir, made at first; manual: sealed until `vsecm unseal`"},
    {"versions", KIND_NUMBER, AT(versions), "10", 1, LIMIT_VERSIONS_MAX, NULL,
     "versions of each secret that are kept, the newest included"},
    {"reveal", KIND_CHOICE, AT(reveal), "host", 0, 0, "no host all",
     "which administrators may read values; host: root at the private socket, not the Sentinel"},
    {"backup_dir", KIND_PATH, AT(backup_dir), "", 0, 0, NULL,
     "where automatic backups go, sealed; empty: none are made"},
    {"backup_interval", KIND_TIME, AT(backup_interval), "24h", 1000, 366u * DAY_MS, NULL,
     "between two automatic backups"},
    {"backup_keep", KIND_NUMBER, AT(backup_keep), "7", 1, 1000, NULL,
     "automatic backups that are kept, the newest"},
    {"max_secrets", KIND_NUMBER, AT(max_secrets), "100000", 1, LIMIT_SECRETS, NULL,
     "secrets kept at most"},
    {"max_connections", KIND_NUMBER, AT(max_connections), "4096", 8, LIMIT_CONNECTIONS, NULL,
     "connections at once in all"},
    {"max_connections_per_pod", KIND_NUMBER, AT(max_connections_per_pod), "256", 1,
     LIMIT_CONNECTIONS, NULL, "connections at once of one pod"},
    {"requests_per_second", KIND_NUMBER, AT(requests_per_second), "10000", 0,
     LIMIT_REQUESTS_PER_SECOND_MAX, NULL,
     "requests and connections of one pod in a second, after a burst; 0: any number"},
    {"header_timeout", KIND_TIME, AT(header_timeout), "5s", 100, 10 * MINUTE_MS, NULL,
     "for a request's head to arrive once it has begun"},
    {"body_timeout", KIND_TIME, AT(body_timeout), "30s", 100, 10 * MINUTE_MS, NULL,
     "for a request's body to arrive"},
    {"write_timeout", KIND_TIME, AT(write_timeout), "30s", 100, 10 * MINUTE_MS, NULL,
     "for a reader that takes nothing of its answer"},
    {"idle_timeout", KIND_TIME, AT(idle_timeout), "300s", 1000, DAY_MS, NULL,
     "for a connection between two requests"},
    {"identity_wait", KIND_TIME, AT(identity_wait), "5s", 0, 10 * MINUTE_MS, NULL,
     "that a request of a pod not known yet is held before it is refused"},
    {"drain_timeout", KIND_TIME, AT(drain_timeout), "5s", 0, 10 * MINUTE_MS, NULL,
     "for requests under way when the daemon is told to stop"},
    {"canary_interval", KIND_TIME, AT(canary_interval), "60s", 100, DAY_MS, NULL,
     "between two proofs that attestation works"},
    {"audit", KIND_TEXT, AT(audit), "/var/log/vsecm", 0, 0,
     "an absolute directory, stdout or none", "where the audit trail goes"},
    {"audit_segment", KIND_SIZE, AT(audit_segment), "16M", LIMIT_AUDIT_WINDOW, 1u << 30, NULL,
     "size at which a new audit file is begun"},
    {"audit_keep", KIND_NUMBER, AT(audit_keep), "64", 1, 1000000, NULL,
     "finished audit files that are kept"},
    {"audit_required", KIND_SWITCH, AT(audit_required), "yes", 0, 1, NULL,
     "refuse a request whose audit record cannot be kept"},
    {"helper", KIND_PATH, AT(helper), "/usr/local/lib/vsecm/vsecm", 0, 0, NULL,
     "the static vsecm, which is copied to helper_dir"},
    {"helper_dir", KIND_TEXT, AT(helper_dir), "/var/lib/vsecm/bin", 0, 0,
     "an absolute directory, or none",
     "where pods find it; they mount it read-only, and no image needs a vsecm of its own"},
    {"cluster", KIND_CHOICE, AT(cluster), "none", 0, 0, "none kubernetes",
     "where pods, bindings and secrets are known from, besides this node"},
    {"node_name", KIND_TEXT, AT(node_name), "", 0, 0, "a node's name, or nothing",
     "this node, as the cluster calls it; needed with cluster = kubernetes"},
    {"cluster_dir", KIND_PATH, AT(cluster_dir), "/var/lib/vsecm/node", 0, 0, NULL,
     "directory (mode 0700) on this node's disk: its key, copies of what the cluster said"},
    {"sync_dir", KIND_PATH, AT(sync_dir), "/run/vsecm-sync", 0, 0, NULL,
     "directory of the socket that vsecm-sync comes to; only its container mounts it"},
    {"sync_uid", KIND_NUMBER, AT(sync_uid), "65532", 1, UINT32_MAX - 1, NULL,
     "uid of vsecm-sync; nobody else is let in at its socket"},
    {"recovery", KIND_TEXT, AT(recovery), "", 0, 0, "age recipients split by blanks, or nothing",
     "who can open the cluster's root key when every node is lost"},
    {"admission", KIND_CHOICE, AT(admission), "auto", 0, 0, "auto approve manual",
     "how a node gets the cluster's root key: it proves which it is, a person approves, or brings it"},
    {"admission_user", KIND_TEXT, AT(admission_user), "system:serviceaccount:vsecm-system:vsecm-safe", 0, 0,
     "whom the API server has to call a node's token", "whose tokens prove which node somebody is"},
    {"log_level", KIND_CHOICE, AT(log_level), "info", 0, 0, "error warn info debug",
     "what is logged on stderr"},
};
/* clang-format on */

#define OPTIONS (sizeof options / sizeof options[0])

/* ---- reading ------------------------------------------------------------------------------- */

static int is_word_of(const char *words, struct span value)
{
    struct span rest = span_of(words), word;
    while (file_next_word(&rest, &word))
        if (span_equal(word, value))
            return 1;
    return 0;
}

static int read_text(const struct option *option, struct span value, char *to)
{
    if (option->kind == KIND_CHOICE && !is_word_of(option->allowed, value))
        return -EINVAL;
    if (option->kind == KIND_PATH && value.length && value.data[0] != '/')
        return -EINVAL;
    if (option->kind == KIND_PATH && !value.length && option->initial[0])
        return -EINVAL;
    return str_copy(to, CONFIG_TEXT, value);
}

static int read_number(const struct option *option, struct span value, uint64_t *to)
{
    uint64_t number = 0;
    int truth = 0;
    int r = -EINVAL;
    if (option->kind == KIND_NUMBER)
        r = str_u64(value, option->max, &number);
    else if (option->kind == KIND_SIZE)
        r = str_size(value, option->max, &number);
    else if (option->kind == KIND_TIME)
        r = str_duration_ms(value, option->max, &number);
    else if ((r = str_bool(value, &truth)) == 0)
        number = (uint64_t)truth;
    if (r == 0 && number < option->min)
        r = -ERANGE;
    if (r == 0)
        *to = number;
    return r;
}

static int is_text(const struct option *option)
{
    return option->kind == KIND_PATH || option->kind == KIND_TEXT || option->kind == KIND_CHOICE;
}

static int read_value(const struct option *option, struct span value, struct config *config)
{
    void *to = (char *)config + option->offset;
    return is_text(option) ? read_text(option, value, to) : read_number(option, value, to);
}

/* What OPTION takes, in words, into TEXT of SIZE bytes. */
static void describe(const struct option *option, char *text, size_t size)
{
    switch (option->kind) {
    case KIND_PATH:
        snprintf(text, size, "an absolute path of at most %d bytes", CONFIG_TEXT - 1);
        break;
    case KIND_TEXT: snprintf(text, size, "%s", option->allowed); break;
    case KIND_CHOICE: snprintf(text, size, "one of: %s", option->allowed); break;
    case KIND_NUMBER:
        snprintf(text, size, "a number from %" PRIu64 " to %" PRIu64, option->min, option->max);
        break;
    case KIND_SIZE:
        snprintf(text, size, "a size from %" PRIu64 "K to %" PRIu64 "K, with K, M or G behind it",
                 option->min / 1024, option->max / 1024);
        break;
    case KIND_TIME:
        snprintf(text, size,
                 "a time from %" PRIu64 "ms to %" PRIu64 "s, with ms, s, m, h or d behind it",
                 option->min, option->max / 1000);
        break;
    case KIND_SWITCH: snprintf(text, size, "yes or no"); break;
    }
}

static int set(struct config *config, struct span line, struct error *error)
{
    const char *equals = memchr(line.data, '=', line.length);
    if (!equals)
        return error_set(error, -EINVAL, "'%.*s' is no 'name = value'", (int)line.length,
                         line.data);
    size_t split = (size_t)(equals - line.data);
    struct span name = str_trim((struct span){line.data, split});
    struct span value = str_trim((struct span){equals + 1, line.length - split - 1});
    for (size_t i = 0; i < OPTIONS; i++) {
        if (!span_is(name, options[i].name))
            continue;
        if (read_value(&options[i], value, config) == 0)
            return 0;
        char allowed[256];
        describe(&options[i], allowed, sizeof allowed);
        return error_set(error, -EINVAL, "%s = '%.*s' is not allowed; it takes %s", options[i].name,
                         (int)value.length, value.data, allowed);
    }
    return error_set(error, -EINVAL, "there is no option '%.*s'; vsecmd --print-config lists them",
                     (int)name.length, name.data);
}

void config_defaults(struct config *ret)
{
    *ret = (struct config){0};
    for (size_t i = 0; i < OPTIONS; i++)
        if (read_value(&options[i], span_of(options[i].initial), ret) < 0)
            abort(); /* a mistake in the table; the unit test runs into it first */
}

int config_set(struct config *config, const char *assignment, struct error *error)
{
    return set(config, span_of(assignment), error);
}

int config_load(struct config *config, const char *path, struct error *error)
{
    char *text;
    size_t length;
    int r = file_read(path, LIMIT_CONFIG_FILE, &text, &length, error);
    if (r < 0)
        return r;
    struct file_lines lines = {.rest = {text, length}};
    struct span line;
    while (r == 0 && file_next_line(&lines, &line)) {
        struct error why = {""};
        r = set(config, line, &why);
        if (r < 0)
            error_set(error, r, "%s: line %u: %s", path, lines.number, why.text);
    }
    free(text);
    return r;
}

void config_print(FILE *to)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        char allowed[256];
        describe(&options[i], allowed, sizeof allowed);
        fprintf(to, "# %s\n# takes %s\n%s = %s\n\n", options[i].help, allowed, options[i].name,
                options[i].initial);
    }
}
