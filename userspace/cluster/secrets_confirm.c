/* SPDX-License-Identifier: BSD-2-Clause */
/* The root key that something is to be sealed to is compared with the API server's first. */
#include <errno.h>

#include "base/clock.h"
#include "cluster/root_confirm.h"
#include "cluster/secrets_job.h"

/* The newer one is on its way to here. */
static int wait_for_newer(struct job *job)
{
    if (++job->waits >= LIMIT_CONFIRM_TICKS)
        return secrets_job_fail(job, -EBUSY,
                                "the cluster's VSecMKey was changed, and this node has not seen "
                                "the change yet");
    job->is_stuck = 1;
    return -EINPROGRESS;
}

static void on_key(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    struct job *job = who;
    struct span code = answer->field[RESULT_CODE], version = answer->field[RESULT_RESOURCE_VERSION];
    if (!job)
        return;
    int r = 0;
    if (!span_is(code, "ok") && !span_is(code, "missing"))
        r = secrets_job_fail_result(job, answer);
    else if (root_confirm(secrets->options.root, version, job->asked_ms) < 0)
        r = wait_for_newer(job);
    else
        job->step = secrets_put_send;
    secrets_job_advance(job, r);
}

int secrets_confirm(struct job *job)
{
    struct wire_message get = {.kind = WIRE_KEY_GET};
    job->asked_ms = clock_mono_ms();
    return secrets_job_asked(job, secrets_state_ask(job->secrets, &get, on_key, job));
}
