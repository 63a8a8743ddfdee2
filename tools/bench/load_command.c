/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/load_command.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/crowd.h"
#include "bench/daemon.h"
#include "bench/drive.h"
#include "bench/http.h"
#include "bench/job.h"
#include "bench/load_options.h"
#include "bench/load_report.h"
#include "bench/pin.h"
#include "bench/stop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WARMUP 5u /* changes */

/* What the job is given, and gives back; in memory of job_alloc(). */
struct trial {
    const struct load_options *settings;
    struct drive drive;
    struct crowd crowd;
    uint64_t unsent; /* of a crowd */
    struct rusage self, children;
    const char *value; /* which the answer to a GET must hold; NULL: whatever there is */
};

/* ---- in the job ---------------------------------------------------------------------------- */

/* The secret comes, and is the one that was stored. */
static int check_value(const struct trial *trial, struct error *error)
{
    size_t max = 2 * LOAD_OPTIONS_VALUE_MAX, got, head;
    char *bytes = malloc(max + 1);
    int fd = sock_connect(trial->drive.path);
    int r;

    if (!bytes)
        r = error_errno(error, -ENOMEM, "reply");
    else if (fd < 0)
        r = error_errno(error, fd, "cannot connect to %s", trial->drive.path);
    else
        r = http_exchange_in(fd, HTTP_GET_SECRET, strlen(HTTP_GET_SECRET), bytes, max, &got, &head,
                             error);
    if (r == 0 && trial->value && !strstr(bytes + head, trial->value))
        r = error_set(error, -EBADMSG, "the reply does not hold the value that was stored");
    if (fd >= 0)
        close(fd);
    free(bytes);
    return r;
}

static int work(void *shared, struct error *error)
{
    struct trial *trial = shared;
    enum load_work workload = trial->settings->work;
    int r = 0;

    if (workload != LOAD_PUT)
        r = check_value(trial, error);
    if (r == 0 && !load_options_is_crowd(workload))
        r = drive_run(&trial->drive, error);
    else if (r == 0)
        r = (workload == LOAD_WATCH ? crowd_watch : crowd_page)(&trial->crowd, error);
    if (r == 0 && load_options_is_crowd(workload))
        trial->unsent = pace_give_up(&trial->crowd.pace, clock_mono_ns(),
                                     workload == LOAD_PAGE ? trial->settings->clients : 1,
                                     &trial->crowd.after_send);
    getrusage(RUSAGE_SELF, &trial->self);
    getrusage(RUSAGE_CHILDREN, &trial->children);
    return r;
}

/* ---- what it is run against ---------------------------------------------------------------- */

struct puts {
    char *value[2], *request[2];
    size_t length[2];
};

static int make_puts(const struct load_options *settings, struct puts *puts)
{
    for (unsigned i = 0; i < 2; i++) {
        puts->value[i] = malloc(settings->value_bytes + 1);
        if (!puts->value[i])
            return -ENOMEM;
        memset(puts->value[i], 'a' + (int)i, settings->value_bytes);
        puts->value[i][settings->value_bytes] = '\0';
        puts->request[i] = http_put_request(DAEMON_NAMESPACE, DAEMON_WORKLOAD, puts->value[i],
                                            HTTP_NEVER, &puts->length[i]);
        if (!puts->request[i])
            return -ENOMEM;
    }
    return 0;
}

static void free_puts(struct puts *puts)
{
    for (unsigned i = 0; i < 2; i++) {
        free(puts->value[i]);
        free(puts->request[i]);
    }
}

static void aim_drive(struct trial *trial, const char *path, pid_t server)
{
    const struct load_options *settings = trial->settings;
    struct drive *drive = &trial->drive;

    snprintf(drive->path, sizeof(drive->path), "%s", path);
    drive->server = server;
    drive->connects = settings->work == LOAD_CONNECT;
    drive->request = HTTP_GET_SECRET;
    drive->request_length = strlen(HTTP_GET_SECRET);
    drive->clients = settings->clients;
    drive->rate = settings->rate;
    drive->duration_ns = settings->seconds * 1000000000ull;
}

/* Everything that changes the secret: who, and by what. */
static int aim_changes(struct trial *trial, const struct daemon *daemon, const struct puts *puts,
                       int door, struct error *error)
{
    static struct http_reply reply;
    const struct load_options *settings = trial->settings;
    struct crowd *crowd = &trial->crowd;

    /* The first put of all; what answers it is as long as what answers each. */
    int r = http_exchange(door, puts->request[0], puts->length[0], &reply, error);
    if (r)
        return r;
    trial->value = puts->value[0];
    if (settings->work == LOAD_PUT) {
        snprintf(trial->drive.path, sizeof(trial->drive.path), "%s", daemon->admin);
        trial->drive.request = puts->request[1];
        trial->drive.request_length = puts->length[1];
    }
    for (unsigned i = 0; i < 2; i++) {
        trial->drive.put[i] = puts->request[1 - i];
        trial->drive.put_length[i] = puts->length[1 - i];
    }
    trial->drive.door = settings->work == LOAD_ROTATE ? door : 0;
    snprintf(crowd->load.path, sizeof(crowd->load.path), "%s", daemon->socket);
    crowd->load.server = daemon->pid;
    crowd->load.request = puts->request[1];
    crowd->load.request_length = puts->length[1];
    crowd->load.reply_length = reply.length;
    crowd->load.warmup = WARMUP;
    crowd->load.requests = CROWD_PACED;
    crowd->followers = settings->clients;
    crowd->door = door;
    crowd->pace =
        (struct pace){.rate = settings->rate, .end_ns = settings->seconds * 1000000000ull};
    return 0;
}

static int run_at(struct trial *trial, const struct daemon *daemon, const struct pod *pod,
                  const struct results *machine, struct error *error)
{
    bool is_pinned = trial->settings->place != LOAD_NONE;
    int door = sock_connect(daemon->admin);
    struct puts puts = {0};
    int r = make_puts(trial->settings, &puts);

    if (r)
        error_errno(error, r, "puts");
    else if (door < 0)
        r = error_errno(error, door, "cannot connect to %s", daemon->admin);
    else if (is_pinned && (r = pin_process(daemon->pid, machine->server_cpu)) != 0)
        error_errno(error, r, "cannot pin vsecmd");
    if (r == 0) {
        aim_drive(trial, daemon->socket, daemon->pid);
        r = aim_changes(trial, daemon, &puts, door, error);
    }
    if (r == 0)
        r = job_run(work, trial, is_pinned ? machine->client_cpu : JOB_ANY_CPU,
                    trial->settings->work == LOAD_PUT ? NULL : pod, error);
    if (door >= 0)
        close(door);
    free_puts(&puts);
    return r;
}

/* With a daemon of our own, in a pod of our own. */
static int run_ours(struct trial *trial, const struct results *machine, struct error *error)
{
    struct daemon daemon = {0};
    struct pod pod = {0};
    int r = stop_install();

    if (r)
        return error_errno(error, r, "signals");
    r = pod_make(&pod, error);
    if (r == 0)
        r = daemon_start(&daemon, &trial->settings->daemon, &pod, error);
    if (r == 0) {
        r = run_at(trial, &daemon, &pod, machine, error);
        if (r)
            daemon_ended(&daemon, error);
    }
    daemon_stop(&daemon);
    pod_remove(&pod);
    return r;
}

static int run_theirs(struct trial *trial, struct error *error)
{
    if (strlen(trial->settings->socket) >= sizeof(trial->drive.path))
        return error_set(error, -ENAMETOOLONG, "--socket: a path of %zu bytes or more",
                         sizeof(trial->drive.path));
    aim_drive(trial, trial->settings->socket, 0);
    return job_run(work, trial, JOB_ANY_CPU, NULL, error);
}

/* ---- all together -------------------------------------------------------------------------- */

static uint64_t cpu_ns(const struct rusage *usage)
{
    return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000u;
}

static void take_counts(const struct trial *trial, struct load_report *report)
{
    const struct drive *drive = &trial->drive;
    const struct crowd *crowd = &trial->crowd;

    if (!load_options_is_crowd(trial->settings->work)) {
        report->latency = &drive->latency;
        report->waited = &drive->waited;
        report->asked = drive->asked;
        report->done = drive->done;
        report->errors = drive->errors;
        report->unsent = drive->unsent;
        report->changes = drive->changes;
        report->elapsed_ns = drive->elapsed_ns;
        report->first_error = drive->first.text;
        report->server = drive->used;
        return;
    }
    report->latency = &crowd->after_send;
    report->done = report->changes = crowd->changes;
    report->unsent = trial->unsent;
    report->asked = report->done + report->unsent;
    report->elapsed_ns = crowd->load.elapsed_ns;
    report->server = crowd->load.used;
}

static void report_on(const struct trial *trial, const struct results *machine)
{
    const struct load_options *settings = trial->settings;
    struct load_report report = {
        .workload = load_options_name(settings->work),
        .timed = load_options_timed(settings->work),
        .layout = load_options_place(settings->place),
        .socket = settings->socket,
        .value_bytes = settings->value_bytes,
        .clients = settings->clients,
        .rate = settings->rate,
        .seconds = settings->seconds,
        .machine = machine,
        .first_error = "",
        .client_cpu_ns = cpu_ns(&trial->self) + cpu_ns(&trial->children),
        .client_voluntary = trial->self.ru_nvcsw + trial->children.ru_nvcsw,
        .client_involuntary = trial->self.ru_nivcsw + trial->children.ru_nivcsw,
    };

    take_counts(trial, &report);
    (settings->json ? load_report_json : load_report_text)(stdout, &report);
}

static int run(const struct load_options *settings, struct error *error)
{
    struct results *machine = calloc(1, sizeof(*machine));
    struct trial *trial = job_alloc(sizeof(*trial));
    int r = machine && trial ? 0 : error_errno(error, -ENOMEM, "load");

    if (r == 0) {
        trial->settings = settings;
        results_describe_machine(machine);
        machine->server_cpu = machine->client_cpu = -1;
        if (settings->place != LOAD_NONE)
            r = pin_choose(&machine->server_cpu, &machine->client_cpu);
        if (r)
            error_errno(error, r, "cannot tell which processors may be used");
    }
    if (r == 0 && settings->place == LOAD_SAME)
        machine->client_cpu = machine->server_cpu;
    if (r == 0 && settings->place == LOAD_APART && machine->client_cpu == machine->server_cpu)
        r = error_set(error, -EINVAL, "--layout=apart needs two CPUs: use same or none");
    if (r == 0)
        r = settings->socket ? run_theirs(trial, error) : run_ours(trial, machine, error);
    if (r == 0)
        report_on(trial, machine);
    job_free(trial, sizeof(*trial));
    free(machine);
    return r;
}

int load_command_run(char **arguments)
{
    struct load_options settings;
    struct error error = {{0}};
    int r = load_options_take(arguments, &settings, &error);
    int status = 2;

    if (r == 0) {
        r = run(&settings, &error);
        status = r ? 1 : 0;
    }
    if (r)
        fprintf(stderr, "vsecm-bench: %s\n", error.text);
    return status;
}
