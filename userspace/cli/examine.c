/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/examine.h"

#include "base/error.h"
#include "limits.h"
#include "protocol.h"
#include "store/label.h"
#include "store/salvage.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Entries of one list; the numbers beside it count all. */
#define LISTED 100

static void add_number(cJSON *to, const char *name, uint64_t value)
{
    cJSON_AddNumberToObject(to, name, (double)value);
}

__attribute__((format(printf, 2, 3))) static void advise(struct examine *examine,
                                                         const char *format, ...)
{
    struct error line = {""};
    va_list args;
    va_start(args, format);
    vsnprintf(line.text, sizeof line.text, format, args);
    va_end(args);
    cJSON *list = cJSON_GetObjectItemCaseSensitive(examine->report, "advice");
    cJSON_AddItemToArray(list, cJSON_CreateString(line.text));
}

enum { OPERATIONS = RECORD_DELETE + 1 };

/* Which operation META tells of; OPERATIONS when it is no label, which is then not printed. */
static size_t operation_of(struct span meta)
{
    struct label label;
    return label_read(meta, &label) == 0 ? label.op : (size_t)OPERATIONS;
}

/* ---- the log -----------------------------------------------------------------------------------
 */

struct findings {
    uint64_t operations[OPERATIONS + 1];
    cJSON *damage, *lost;
};

static void note_damage(cJSON *list, const struct salvage_segment *segment)
{
    cJSON *range = cJSON_CreateObject();
    add_number(range, "offset", segment->offset);
    add_number(range, "bytes", segment->size);
    cJSON_AddItemToArray(list, range);
}

static void note_lost(cJSON *list, const struct salvage_segment *segment)
{
    char text[LIMIT_META + 1] = "a record whose metadata is no text";
    if (operation_of(segment->meta) < OPERATIONS)
        snprintf(text, sizeof text, "%.*s", (int)segment->meta.length, segment->meta.data);
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static int find(void *context, const struct salvage_segment *segment)
{
    struct findings *findings = context;
    if (segment->kind == SALVAGE_RECORD)
        findings->operations[operation_of(segment->meta)]++;
    if (segment->kind == SALVAGE_DAMAGE && cJSON_GetArraySize(findings->damage) < LISTED)
        note_damage(findings->damage, segment);
    if (segment->kind == SALVAGE_PARTIAL && cJSON_GetArraySize(findings->lost) < LISTED)
        note_lost(findings->lost, segment);
    return 0;
}

static void tell_log(struct examine *examine, const struct salvage_report *log,
                     const struct findings *findings)
{
    static const char *const heads[] = {
        [SALVAGE_HEAD_GOOD] = "good",
        [SALVAGE_HEAD_COPIED] = "damaged, but there is a copy of the preface",
        [SALVAGE_HEAD_LOST] = "lost",
    };
    cJSON *report = examine->report;
    cJSON_AddStringToObject(report, "head", heads[log->head]);
    add_number(report, "bytes", log->size);
    add_number(report, "records", log->records);
    for (size_t i = 0; i < OPERATIONS; i++)
        add_number(report, label_op_name((enum record_op)i), findings->operations[i]);
    add_number(report, "unreadableMetadata", findings->operations[OPERATIONS]);
    add_number(report, "checkpoints", log->checkpoints);
    add_number(report, "tailBytes", log->tail);
    add_number(report, "damagedRanges", log->damaged);
    add_number(report, "lostBytes", log->damaged_bytes + log->partial_bytes);
    add_number(report, "lostRecordsAtMost", log->missing + log->partial);
}

static void advise_on_log(struct examine *examine, const char *path,
                          const struct salvage_report *log)
{
    if (log->head == SALVAGE_HEAD_LOST)
        advise(examine,
               "restore %s from a backup: the preface is lost, and no record can be "
               "opened without it",
               path);
    else if (salvage_is_damaged(log))
        advise(examine,
               "stop the daemon, then `vsecm doctor --state %s --salvage NEWDIR` saves "
               "%llu records and loses at most %llu; or restore a backup",
               path, (unsigned long long)log->records,
               (unsigned long long)(log->missing + log->partial));
    if (log->tail && !examine->is_running)
        advise(examine,
               "nothing is to be done about the tail: the next start cuts %llu bytes "
               "that a crash left unfinished",
               (unsigned long long)log->tail);
    if (log->tail && examine->is_running)
        advise(examine, "the tail may be what the daemon is writing just now");
}

static int examine_log(struct examine *examine, const char *path, struct error *error)
{
    cJSON *report = examine->report;
    struct salvage_report log;
    struct findings findings = {.damage = cJSON_AddArrayToObject(report, "damage"),
                                .lost = cJSON_AddArrayToObject(report, "lost")};
    int r = salvage_inspect(examine->dir, PROTOCOL_STATE_LOG, find, &findings, &log, error);
    if (r < 0)
        return r;
    tell_log(examine, &log, &findings);
    advise_on_log(examine, path, &log);
    if (salvage_is_damaged(&log))
        examine->is_healthy = false;
    return 0;
}

/* ---- files -------------------------------------------------------------------------------------
 */

/* Say what file NAME is; whether it is there, and for nobody but its owner. */
static bool tell_file(struct examine *examine, const char *name, bool *is_there)
{
    struct stat st;
    char text[64] = "missing";
    *is_there = fstatat(examine->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    bool is_private = *is_there && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0;
    if (*is_there)
        snprintf(text, sizeof text, "%s, mode %04o",
                 S_ISREG(st.st_mode) ? "present" : "no regular file", st.st_mode & 07777u);
    cJSON_AddStringToObject(examine->report, name, text);
    return is_private;
}

/* Only where the daemon keeps the root key itself is it here (its option root_key). */
static void examine_key(struct examine *examine, const char *path)
{
    bool is_there, is_private = tell_file(examine, PROTOCOL_STATE_KEY, &is_there);
    if (is_there && !is_private) {
        examine->is_healthy = false;
        advise(examine, "chmod 600 %s/" PROTOCOL_STATE_KEY ": others than its owner have access",
               path);
    } else if (!is_there && examine->has_log) {
        advise(examine,
               "no " PROTOCOL_STATE_KEY " in %s: that is right where root_key is not auto; else "
               "put it back, for no record can be opened without it",
               path);
    }
}

static void examine_lock(struct examine *examine)
{
    examine->lock =
        openat(examine->dir, PROTOCOL_STATE_LOCK, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    examine->is_running =
        examine->lock >= 0 && flock(examine->lock, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    cJSON_AddBoolToObject(examine->report, "running", examine->is_running);
}

/* ---- together ----------------------------------------------------------------------------------
 */

int examine_state(const char *path, struct examine *ret, struct error *error)
{
    *ret = (struct examine){.dir = -1, .lock = -1, .is_healthy = true};
    ret->report = cJSON_CreateObject();
    cJSON_AddStringToObject(ret->report, "state", path);
    ret->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ret->dir < 0)
        return error_errno(error, -errno, "%s", path);
    cJSON *advice = cJSON_CreateArray();
    cJSON_AddItemToObject(ret->report, "advice", advice);
    examine_lock(ret);
    tell_file(ret, PROTOCOL_STATE_LOG, &ret->has_log);
    examine_key(ret, path);
    int r = 0;
    if (ret->has_log)
        r = examine_log(ret, path, error);
    else
        advise(ret, "there is no log: a daemon that starts here begins with an empty store");
    cJSON_AddBoolToObject(ret->report, "healthy", ret->is_healthy);
    /* What to do comes last. */
    cJSON_AddItemToObject(ret->report, "advice",
                          cJSON_DetachItemFromObjectCaseSensitive(ret->report, "advice"));
    return r;
}

static int salvage_into(struct examine *examine, const char *new_path, struct error *error)
{
    struct salvage_report log;
    if (mkdir(new_path, 0700) < 0)
        return error_errno(error, -errno, "cannot make %s", new_path);
    int to = open(new_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (to < 0)
        return error_errno(error, -errno, "%s", new_path);
    int r = salvage_copy(examine->dir, PROTOCOL_STATE_LOG, to, &log, error);
    close(to);
    if (r < 0) {
        rmdir(new_path);
        return r;
    }
    cJSON_AddStringToObject(examine->report, "salvagedInto", new_path);
    add_number(examine->report, "salvagedRecords", log.records);
    return 0;
}

int examine_salvage(struct examine *examine, const char *new_path, struct error *error)
{
    if (examine->is_running)
        return error_set(error, -EBUSY, "a daemon is running on this state: stop it first");
    if (!examine->has_log)
        return error_set(error, -ENOENT, "there is no " PROTOCOL_STATE_LOG " to save from");
    int r = salvage_into(examine, new_path, error);
    if (r == 0)
        advise(examine,
               "move " PROTOCOL_STATE_KEY " into %s, and %s to where the daemon looks for "
               "its state; keep the old directory until all is well",
               new_path, new_path);
    return r;
}

void examine_done(struct examine *examine)
{
    cJSON_Delete(examine->report);
    if (examine->lock >= 0)
        close(examine->lock);
    if (examine->dir >= 0)
        close(examine->dir);
}
