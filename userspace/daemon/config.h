/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's options: `name = value` lines in a file, or `-o name=value`. One table says for each
 * its name, kind, default and range; help, sample file and errors all come from it.
 */
#ifndef VSECM_DAEMON_CONFIG_H
#define VSECM_DAEMON_CONFIG_H

#include <stdint.h>
#include <stdio.h>

struct error;

#define CONFIG_FILE "/etc/vsecm/vsecmd.conf"
#define CONFIG_TEXT 256

/* Values as the table's kinds read them: texts are NUL-terminated, times are milliseconds. */
struct config {
    char socket_dir[CONFIG_TEXT];
    char private_dir[CONFIG_TEXT];
    char attest[CONFIG_TEXT];
    char guards[CONFIG_TEXT];
    char sender_check[CONFIG_TEXT];
    char pin_dir[CONFIG_TEXT];     /* or "none" */
    char cgroup_root[CONFIG_TEXT]; /* "": find it */
    char kubelet_roots[CONFIG_TEXT];
    char identities[CONFIG_TEXT];
    char bindings[CONFIG_TEXT]; /* "": none */
    char sentinel[CONFIG_TEXT];
    char arena_backing[CONFIG_TEXT];
    char audit[CONFIG_TEXT];
    char state_dir[CONFIG_TEXT]; /* "": PROTOCOL_STATE_NAME in private_dir */
    char state_mount[CONFIG_TEXT];
    char root_key[CONFIG_TEXT];
    char reveal[CONFIG_TEXT];
    char backup_dir[CONFIG_TEXT]; /* "": none */
    char helper[CONFIG_TEXT];
    char helper_dir[CONFIG_TEXT]; /* "none": nowhere */
    char cluster[CONFIG_TEXT];
    char node_name[CONFIG_TEXT]; /* "": none */
    char cluster_dir[CONFIG_TEXT];
    char sync_dir[CONFIG_TEXT];
    char recovery[CONFIG_TEXT]; /* "": none */
    char admission[CONFIG_TEXT];
    char admission_user[CONFIG_TEXT];
    char log_level[CONFIG_TEXT];
    uint64_t arena_size;
    uint64_t max_secrets;
    uint64_t versions;
    uint64_t backup_interval;
    uint64_t backup_keep;
    uint64_t max_connections;
    uint64_t max_connections_per_pod;
    uint64_t requests_per_second; /* 0: any number */
    uint64_t header_timeout;
    uint64_t body_timeout;
    uint64_t write_timeout;
    uint64_t idle_timeout;
    uint64_t identity_wait;
    uint64_t drain_timeout;
    uint64_t canary_interval;
    uint64_t audit_segment;
    uint64_t audit_keep;
    uint64_t audit_required;
    uint64_t sync_uid;
};

/* Every option at its default. */
void config_defaults(struct config *ret);

/*
 * Read the file at PATH over *CONFIG. 0, or -errno with *error naming file, line, option and what
 * is allowed; *config is then half changed and must not be used.
 */
int config_load(struct config *config, const char *path, struct error *error);

/* Set one option from "name=value". 0, or -EINVAL with *error. */
int config_set(struct config *config, const char *assignment, struct error *error);

/* The options with their defaults, as a file that config_load() reads; help texts are comments. */
void config_print(FILE *to);

#endif
