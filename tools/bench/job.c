/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/job.h"

#include "bench/child.h"
#include "bench/pin.h"
#include "bench/stop.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* How the child's outcome comes back. */
struct outcome {
    int code;
    struct error error;
};

void *job_alloc(size_t size)
{
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? NULL : shared;
}

void job_free(void *shared, size_t size)
{
    if (shared)
        munmap(shared, size);
}

static int work_in_child(job_work *work, void *shared, int cpu, const struct pod *pod,
                         struct error *error)
{
    int r = cpu == JOB_ANY_CPU ? 0 : pin_process(getpid(), cpu);

    if (r)
        return error_errno(error, r, "cannot use processor %d", cpu);
    if (pod && (r = pod_enter(pod)) != 0)
        return error_errno(error, r, "cannot enter the pod's cgroup");
    return work(shared, error);
}

static int outcome_of(int status, const struct outcome *outcome, struct error *error)
{
    if (stop_wanted())
        return error_set(error, -EINTR, "stopped");
    if (status < 0)
        return error_errno(error, status, "waitpid");
    if (!WIFEXITED(status))
        return error_set(error, -EPIPE, "the load process was killed by signal %d",
                         WTERMSIG(status));
    if (outcome->code)
        return error_set(error, outcome->code, "%s", outcome->error.text);
    return 0;
}

int job_start(struct job *ret, job_work *work, void *shared, int cpu, const struct pod *pod,
              struct error *error)
{
    struct outcome *outcome = job_alloc(sizeof(*outcome));

    *ret = (struct job){0};
    if (!outcome)
        return error_errno(error, -ENOMEM, "mmap");
    outcome->code = -EPIPE;
    pid_t pid = child_fork();
    if (pid == 0) {
        outcome->code = work_in_child(work, shared, cpu, pod, &outcome->error);
        _exit(0);
    }
    if (pid < 0) {
        job_free(outcome, sizeof(*outcome));
        return error_errno(error, (int)pid, "fork");
    }
    *ret = (struct job){pid, outcome};
    return 0;
}

int job_wait(struct job *job, struct error *error)
{
    if (!job->pid)
        return 0;
    int r = outcome_of(child_wait(job->pid), job->outcome, error);
    job_free(job->outcome, sizeof(*job->outcome));
    *job = (struct job){0};
    return r;
}

int job_run(job_work *work, void *shared, int cpu, const struct pod *pod, struct error *error)
{
    struct job job;
    int r = job_start(&job, work, shared, cpu, pod, error);
    return r ? r : job_wait(&job, error);
}
