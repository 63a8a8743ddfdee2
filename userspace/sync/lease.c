/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/lease.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/writer.h"
#include "limits.h"
#include "sync/api.h"
#include "sync/election.h"
#include "sync/look.h"
#include "sync/names.h"
#include "sync/paths.h"

#define RETRY_MS 2000u /* after something went wrong */
#define LOOK_MS 50u    /* after a conflict */
#define CALL_MS 5000u  /* of one call: two must fit while we lead */
#define ANSWER (64u * 1024u)

struct lease {
    struct lease_options options;
    struct election election;
    struct loop_timer next;    /* the next look, or renewal */
    struct loop_timer give_up; /* when we must not lead any more */
    struct api_call *call;
    uint64_t begun_ms;
    int leads;
    int was_told;  /* that it does not work */
    int must_look; /* what we know of the record may be old */
    char acquired[CLOCK_RFC3339];
    void (*released)(void *context);
    void *released_context;
};

/* ---- leading -----------------------------------------------------------------------------------
 */

/* What the clock says is told, and the moment is kept at which it says something else. */
static void settle(struct lease *lease)
{
    uint64_t now = clock_mono_ms();
    int leads = election_leads(&lease->election, now);
    if (leads)
        loop_set_timer(lease->options.loop, &lease->give_up,
                       lease->election.renewed_ms + ELECTION_LEAD_MS - now);
    else
        loop_cancel_timer(lease->options.loop, &lease->give_up);
    if (leads == lease->leads)
        return;
    lease->leads = leads;
    lease->options.changed(lease->options.context, leads);
}

static void on_give_up(struct loop_timer *timer)
{
    settle((struct lease *)((char *)timer - offsetof(struct lease, give_up)));
}

/* Nodes that wait look at different times: up to a half later. */
static void again(struct lease *lease, uint64_t after_ms)
{
    uint64_t random = 0;
    if (!lease->leads && getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random)
        random %= after_ms / 2;
    loop_set_timer(lease->options.loop, &lease->next, after_ms + random);
}

static void note_end(struct lease *lease, const struct api_end *end)
{
    static const int usual[] = {200, 201, 404, 409};
    int is_usual = 0;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        is_usual |= end->status == usual[i];
    lease->call = NULL;
    if (!is_usual && !lease->was_told)
        lease->options.failed(lease->options.context, end->why);
    lease->was_told = !is_usual;
    if (end->status)
        lease->options.answered(lease->options.context);
}

/* ---- calls -------------------------------------------------------------------------------------
 */

static void call(struct lease *lease, const char *method, struct span name, struct span body,
                 api_done *done)
{
    char path[PATHS_SIZE];
    const struct api_request request = {.method = method,
                                        .path = path,
                                        .body = body,
                                        .max = ANSWER,
                                        .timeout_ms = CALL_MS,
                                        .done = done,
                                        .context = lease};
    lease->begun_ms = clock_mono_ms();
    if (paths_write(path, PATHS_LEASE, span_of(lease->options.namespace), name, "") < 0 ||
        api_call(lease->options.api, &request, &lease->call) < 0)
        again(lease, RETRY_MS);
}

static void on_written(void *context, const struct api_end *end)
{
    struct lease *lease = context;
    cJSON *object = NULL;
    note_end(lease, end);
    if (end->status == 200 || end->status == 201)
        object = cJSON_ParseWithLength(end->body.data, end->body.length);
    struct span version = look_text(object, LOOK("metadata", "resourceVersion"));
    if (version.length)
        election_won(&lease->election, version, lease->begun_ms, clock_mono_ms());
    /* Else somebody else wrote it, or we did: a look will tell, and the clock goes on meanwhile. */
    lease->must_look = version.length == 0;
    settle(lease);
    if (end->status == 409 || end->status == 404)
        loop_set_timer(lease->options.loop, &lease->next, LOOK_MS);
    else
        again(lease, version.length ? ELECTION_RENEW_MS : RETRY_MS);
    cJSON_Delete(object);
}

/* HOLDER: us, or nobody from now on. */
static void write_record(struct lease *lease, const char *holder, api_done *done)
{
    char body[1536], now[CLOCK_RFC3339];
    const struct election *election = &lease->election;
    struct writer w = writer_on(body, sizeof body);
    clock_format(clock_wall_us(), now);
    /* The record may name us from before: then it is acquired anew, as far as we know. */
    if (!election->is_us || !lease->acquired[0])
        memcpy(lease->acquired, now, sizeof now);
    writer_literal(&w,
                   "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{"
                   "\"name\":\"" NAMES_LEASE "\"");
    if (election->version[0]) {
        writer_literal(&w, ",\"resourceVersion\":");
        writer_json_unsafe(&w, election->version, strlen(election->version));
    }
    writer_literal(&w, "},\"spec\":{\"holderIdentity\":");
    writer_json_unsafe(&w, holder, strlen(holder));
    writer_named_u64(&w, ",\"leaseDurationSeconds\":", ELECTION_DURATION_MS / 1000);
    writer_named_u64(&w, ",\"leaseTransitions\":", election->transitions + !election->is_us);
    writer_literal(&w, ",\"acquireTime\":\"");
    writer_text(&w, lease->acquired);
    writer_literal(&w, "\",\"renewTime\":\"");
    writer_text(&w, now);
    writer_literal(&w, "\"}}");
    if (election->version[0])
        call(lease, "PUT", SPAN_LITERAL(NAMES_LEASE), (struct span){body, w.used}, done);
    else
        call(lease, "POST", (struct span){"", 0}, (struct span){body, w.used}, done);
}

static void read_record(struct lease *lease, const cJSON *object)
{
    uint64_t transitions = 0, seconds = 0;
    look_number(object, LOOK("spec", "leaseTransitions"), &transitions);
    look_number(object, LOOK("spec", "leaseDurationSeconds"), &seconds);
    election_see(&lease->election, look_text(object, LOOK("metadata", "resourceVersion")),
                 look_text(object, LOOK("spec", "holderIdentity")), transitions,
                 seconds < 3600 ? seconds * 1000 : 0, clock_mono_ms());
}

static void on_read(void *context, const struct api_end *end)
{
    struct lease *lease = context;
    cJSON *object = NULL;
    note_end(lease, end);
    if (end->status == 404)
        election_see_none(&lease->election);
    else if (end->status == 200)
        object = cJSON_ParseWithLength(end->body.data, end->body.length);
    if (object)
        read_record(lease, object);
    settle(lease);
    if (!object && end->status != 404)
        again(lease, RETRY_MS);
    else if (election_may_write(&lease->election, clock_mono_ms()))
        write_record(lease, lease->election.us, on_written);
    else
        again(lease, ELECTION_RENEW_MS);
    cJSON_Delete(object);
}

/* As long as we lead, the version that came back is the one there is: there is no need to look. */
static void on_next(struct loop_timer *timer)
{
    struct lease *lease = (struct lease *)((char *)timer - offsetof(struct lease, next));
    if (lease->leads && !lease->must_look)
        write_record(lease, lease->election.us, on_written);
    else
        call(lease, "GET", SPAN_LITERAL(NAMES_LEASE), (struct span){"", 0}, on_read);
}

/* ---- the end of our part -----------------------------------------------------------------------
 */

static void on_released(void *context, const struct api_end *end)
{
    struct lease *lease = context;
    (void)end;
    lease->call = NULL;
    lease->released(lease->released_context);
}

void lease_release(struct lease *lease, void (*done)(void *context), void *context)
{
    int led = lease->leads;
    lease->released = done;
    lease->released_context = context;
    loop_cancel_timer(lease->options.loop, &lease->next);
    loop_cancel_timer(lease->options.loop, &lease->give_up);
    api_cancel(lease->call);
    lease->call = NULL;
    if (!led) {
        done(context);
        return;
    }
    /* Before anybody else may begin. */
    lease->leads = 0;
    lease->options.changed(lease->options.context, 0);
    write_record(lease, "", on_released);
}

/* ---- the lease ---------------------------------------------------------------------------------
 */

int lease_leads(const struct lease *lease)
{
    return lease->leads;
}

struct lease *lease_new(const struct lease_options *options)
{
    struct lease *lease = calloc(1, sizeof *lease);
    if (!lease)
        return NULL;
    lease->options = *options;
    lease->next.fire = on_next;
    lease->give_up.fire = on_give_up;
    snprintf(lease->election.us, sizeof lease->election.us, "%s", options->identity);
    loop_set_timer(options->loop, &lease->next, 0);
    return lease;
}

void lease_free(struct lease *lease)
{
    if (!lease)
        return;
    api_cancel(lease->call);
    loop_cancel_timer(lease->options.loop, &lease->next);
    loop_cancel_timer(lease->options.loop, &lease->give_up);
    free(lease);
}
