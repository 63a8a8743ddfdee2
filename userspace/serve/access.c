/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/access.h"

#include <stddef.h>
#include <string.h>

#include "serve/subject.h"

static struct decision deny(const char *reason, const char *message)
{
    return (struct decision){VERDICT_DENY, reason, message};
}

/* An obstacle has a reason; this one has none. */
static const struct decision no_obstacle = {VERDICT_DENY, NULL, NULL};

/* Why SUBJECT, a pod that nobody knows, has to wait. */
static struct decision unknown_pod(const struct subject *subject)
{
    if (subject->is_unseen)
        return (struct decision){VERDICT_WAIT, "unseen-cluster",
                                 "this pod is not known on this node, which has not seen the "
                                 "cluster yet: vsecm-sync has not told all pods and bindings"};
    return (struct decision){VERDICT_WAIT, "unknown-pod", "this pod is not known on this node"};
}

/* What keeps SUBJECT from being a workload. */
static struct decision workload_obstacle(const struct subject *subject)
{
    if (subject->identity)
        return no_obstacle;
    switch (subject->place->kind) {
    case PLACE_POD: return unknown_pod(subject);
    case PLACE_REFUSED: return deny("bad-cgroup", subject->place->why);
    case PLACE_CONTAINER:
        return deny("foreign-container", "its cgroup is a container's, but of no pod of this node");
    case PLACE_UNIT:
    case PLACE_HOST: break;
    }
    return deny("unknown-caller", "its cgroup is no pod's and in no identity of this node");
}

static struct decision admin_obstacle(const struct subject *subject)
{
    if (subject->door == DOOR_PUBLIC) {
        if (subject->is_sentinel)
            return no_obstacle;
        if (!subject->identity && subject->place->kind == PLACE_POD)
            return unknown_pod(subject);
        return deny("not-sentinel", "only the Sentinel workload may do this on this socket");
    }
    if (subject->caller.uid != 0)
        return deny("not-root", "only uid 0 of the host may use the private socket");
    /* A pod's root is uid 0 too: here it is the cgroup that tells the host's root apart. */
    if (subject->place->contained || subject->place->kind == PLACE_REFUSED)
        return deny("contained", "only the host's own root may use the private socket, and this "
                                 "caller's cgroup is, or may be, a container's");
    return no_obstacle;
}

int access_may_reveal(enum access_reveal reveal, const struct subject *subject)
{
    return reveal == ACCESS_REVEAL_ALL ||
           (reveal == ACCESS_REVEAL_HOST && subject->door == DOOR_ADMIN);
}

static const char *const reveal_names[] = {
    [ACCESS_REVEAL_NO] = "no", [ACCESS_REVEAL_HOST] = "host", [ACCESS_REVEAL_ALL] = "all"};

enum access_reveal access_reveal_named(const char *name)
{
    enum access_reveal reveal = ACCESS_REVEAL_ALL;
    while (reveal != ACCESS_REVEAL_NO && strcmp(reveal_names[reveal], name) != 0)
        reveal--;
    return reveal;
}

const char *access_reveal_name(enum access_reveal reveal)
{
    return reveal_names[reveal];
}

static struct decision judge(struct decision obstacle)
{
    if (obstacle.reason)
        return obstacle;
    return (struct decision){VERDICT_ALLOW, "ok", NULL};
}

struct decision access_decide(enum access access, const struct subject *subject, int working)
{
    struct decision obstacle = deny("not-allowed", "nobody may do this");
    if (access == ACCESS_ANYONE)
        obstacle = no_obstacle;
    else if (!working)
        return deny("canary", "the daemon's own test of attestation fails; nothing is served");
    else if (!subject->attested)
        return deny("unattested", "the kernel has no record of this connection; connect again");
    else if (subject->door == DOOR_SYNC)
        return deny("wrong-door", "no requests are answered at this socket");
    else if (access == ACCESS_WORKLOAD && subject->door != DOOR_PUBLIC)
        return deny("wrong-door", "a workload's secret is served at the public socket only");
    else if (access == ACCESS_WORKLOAD)
        obstacle = workload_obstacle(subject);
    else if (access == ACCESS_ADMIN)
        obstacle = admin_obstacle(subject);
    return judge(obstacle);
}

struct decision access_decide_sync(const struct subject *subject, const struct place *own,
                                   unsigned uid, int working)
{
    const struct place *place = subject->place;
    struct decision obstacle = no_obstacle;
    if (!working)
        return deny("canary", "the daemon's own test of attestation fails");
    if (subject->door != DOOR_SYNC)
        return deny("wrong-door", "vsecm-sync comes to a socket of its own");
    if (!subject->attested)
        return deny("unattested", "the kernel has no record of this connection; connect again");
    if (subject->caller.uid != uid)
        obstacle = deny("not-sync", "it is of another uid than vsecm-sync");
    else if (own->kind == PLACE_POD &&
             (place->kind != PLACE_POD || strcmp(place->pod_uid, own->pod_uid) != 0))
        obstacle = deny("foreign-pod", "it is not in the daemon's own pod");
    else if (own->kind != PLACE_POD && (place->contained || place->kind == PLACE_REFUSED))
        obstacle = deny("contained", "the daemon is in no pod, and this caller's cgroup is, or may "
                                     "be, a container's");
    return judge(obstacle);
}
