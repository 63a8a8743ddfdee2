/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/protect.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "kernel/guard.h"
#include "limits.h"
#include "protocol.h"
#include "serve/outcome.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "serve/shields.h"
#include "serve/subject.h"
#include "store/json.h"

/* ---- bodies ---------------------------------------------------------------------------------- */

/*
 * TEXT is an object of which the only member is NAME, or nothing at all. *ret is the member, NULL
 * without one; it lives as long as *json, which is the caller's.
 */
static int read_only_member(struct span text, const char *name, cJSON **json, const cJSON **ret,
                            struct error *error)
{
    const char *why;
    *json = NULL;
    *ret = NULL;
    int r = text.length ? json_read(text, json, &why) : 0;
    if (r == -EINVAL)
        return error_set(error, r, "the body cannot be read: %s", why);
    if (r < 0 || !*json)
        return r;
    if (!cJSON_IsObject(*json))
        return error_set(error, -EINVAL, "the body must be a JSON object");
    *ret = (*json)->child;
    if (*ret && (strcmp((*ret)->string, name) != 0 || (*ret)->next))
        return error_set(error, -EINVAL, "the body may have the member '%s', once, and no other",
                         name);
    return 0;
}

static int read_children(struct span text, bool *ret, struct error *error)
{
    cJSON *json;
    const cJSON *member;
    int r = read_only_member(text, "children", &json, &member, error);
    if (r == 0 && member && !cJSON_IsBool(member))
        r = error_set(error, -EINVAL, "'children' must be true or false");
    *ret = r == 0 && member && cJSON_IsTrue(member);
    cJSON_Delete(json);
    return r;
}

static int read_count(struct span text, unsigned *ret, struct error *error)
{
    cJSON *json;
    const cJSON *member;
    int r = read_only_member(text, "files", &json, &member, error);
    double count = r == 0 && member && cJSON_IsNumber(member) ? member->valuedouble : 0;
    bool is_count = count >= 1 && count <= LIMIT_GUARD_FILES && count == (unsigned)count;
    if (r == 0 && !is_count)
        r = error_set(error, -EINVAL, "'files' must be how many descriptors come along, 1 to %u",
                      LIMIT_GUARD_FILES);
    *ret = r == 0 ? (unsigned)count : 0;
    cJSON_Delete(json);
    return r;
}

/* ---- answers --------------------------------------------------------------------------------- */

static const char *why_unguarded(const struct service *service)
{
    const char *name, *state;
    bool has_row = service->attest && guard_summary(service->attest, 0, &name, &state);
    return has_row ? state : "there are none";
}

/* WHAT cannot be had, for R, which is below 0. */
static void refuse(const struct service *service, struct call *call, const char *what, int r,
                   struct reply *reply)
{
    if (r == -EOPNOTSUPP) {
        call->reason = "no-guards";
        reply_error(reply, 501, ERROR_UNSUPPORTED, "%s: this node has no guards (%s)", what,
                    why_unguarded(service));
    } else if (r == -EBUSY) {
        call->reason = "owned";
        reply_error(reply, 409, ERROR_CONFLICT, "%s: it is another pod's already", what);
    } else if (r == -EDQUOT) {
        call->reason = "pods-shields";
        reply_error(reply, 507, ERROR_FULL,
                    "%s: %u processes of this pod have one, and no pod more", what,
                    LIMIT_SHIELDS_PER_POD);
    } else if (r == -ENOSPC || r == -ENOMEM) {
        call->reason = "guards-full";
        reply_error(reply, 507, ERROR_FULL, "%s: %s", what, strerror(-r));
    } else {
        call->reason = "guards";
        reply_error(reply, 500, ERROR_INTERNAL, "%s: %s", what, strerror(-r));
    }
}

/* ---- a shield -------------------------------------------------------------------------------- */

static int has_shield(void *context, const struct vsecm_process *process)
{
    return guard_has_shield(context, process);
}

static int shield(struct service *service, const struct subject *subject, uint32_t flags)
{
    const struct vsecm_process process = {.pid = subject->caller.pid,
                                          .start_boottime = subject->caller.start_boottime};
    int r = shields_add(service->shields, subject->domain.cgroup_id, &process, has_shield,
                        service->attest);
    return r < 0 ? r : guard_shield(service->attest, &process, flags);
}

void protect_shield(struct service *service, struct call *call, struct reply *reply)
{
    struct error why = {""};
    bool children;
    int r = read_children(call->body, &children, &why);
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    r = shield(service, call->subject, VSECM_SHIELD_SELF | (children ? VSECM_SHIELD_CHILDREN : 0));
    if (r < 0)
        refuse(service, call, "a shield", r, reply);
    else
        reply_json(reply, "{\"shielded\":true}\n");
}

/* ---- files ----------------------------------------------------------------------------------- */

int protect_check(int fd, struct error *why)
{
    struct stat st;
    struct statfs fs;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
        return error_set(why, -EINVAL, "it cannot be looked at: %s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(why, -EINVAL, "it must be a regular file");
    if (fs.f_type != TMPFS_MAGIC)
        return error_set(why, -EINVAL, "it must be in memory, on a tmpfs or a memfd");
    if (flags & O_PATH || (flags & O_ACCMODE) == O_RDONLY)
        return error_set(why, -EINVAL, "it must be open for writing");
    return 0;
}

static int check_files(const struct call *call, unsigned count, struct error *error)
{
    if (call->file_count != count)
        return error_set(error, -EINVAL, "%u descriptors came along, and the body says %u",
                         call->file_count, count);
    for (unsigned i = 0; i < count; i++) {
        struct error why = {""};
        if (protect_check(call->files[i], &why) < 0)
            return error_set(error, -EINVAL, "descriptor %u: %s", i, why.text);
    }
    return 0;
}

void protect_files(struct service *service, struct call *call, struct reply *reply)
{
    struct error why = {""};
    char text[64];
    unsigned count = 0;
    int r = read_count(call->body, &count, &why);
    if (r == 0)
        r = check_files(call, count, &why);
    if (r == 0 && !call->subject->domain.cgroup_id)
        r = error_set(&why, -EINVAL, "the caller is in no cgroup that files could be kept in");
    if (r < 0) {
        outcome_refuse_body(call, r, &why, reply);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        r = guard_file(service->attest, call->files[i], &call->subject->domain);
        if (r == 0)
            continue;
        snprintf(text, sizeof text, "descriptor %u", i);
        refuse(service, call, text, r, reply);
        return;
    }
    snprintf(text, sizeof text, "{\"guarded\":%u}\n", count);
    reply_json(reply, text);
}
