/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/examine.h"

#include <cjson/cJSON.h>
#include <sys/file.h>

#include "protocol.h"
#include "tests/unit/journals.h"

static struct examine examine;
static struct error error;
static int dir;

static void append(struct journal *journal, const char *meta)
{
    unsigned char *payload;
    struct journal_place place;
    CHECK_EQ_INT(journal_reserve(journal, span_of(meta), 20, &payload, &place), 0);
    memset(payload, 'x', 20);
}

/* A state with a key and a log: three batches, the second of two records, and a checkpoint. */
static void begin(void)
{
    dir = journals_directory(JOURNALS_DISK);
    struct journal *journal = journals_new(dir, PROTOCOL_STATE_LOG);
    append(journal, "put shop/web 1 2026-11-24T21:02:11Z now never");
    CHECK_EQ_INT(journal_write(journal, 1), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    append(journal, "put shop/api 1 2026-11-24T21:02:12Z now never");
    append(journal, "put shop/\033[2J 1 2026-11-24T21:02:12Z now never");
    CHECK_EQ_INT(journal_write(journal, 1), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    append(journal, "delete shop/web 2 2026-11-24T21:02:13Z now never");
    CHECK_EQ_INT(journal_write(journal, 1), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    journal_close(journal);
    close(openat(dir, PROTOCOL_STATE_KEY, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void end(void)
{
    examine_done(&examine);
    close(dir);
}

static void look(void)
{
    CHECK_EQ_INT(examine_state(scratch_directory, &examine, &error), 0);
}

static double number(const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(examine.report, name);
    CHECK(cJSON_IsNumber(item));
    return item->valuedouble;
}

static const char *text(const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(examine.report, name));
}

static int advises(const char *words)
{
    const cJSON *line;
    cJSON_ArrayForEach(
        line, cJSON_GetObjectItemCaseSensitive(
                  examine.report, "advice")) if (strstr(line->valuestring, words)) return 1;
    return 0;
}

/* Change the byte at OFFSET behind the first place of WORDS in the log. */
static void damage(const char *words, size_t offset)
{
    size_t size;
    unsigned char *data = journals_image(dir, &size);
    unsigned char *at = memmem(data, size, words, strlen(words));
    CHECK(at != NULL);
    at[offset] ^= 1;
    journals_put_image(dir, data, size);
    free(data);
}

TEST(a_healthy_state)
{
    begin();
    look();
    CHECK(examine.is_healthy && !examine.is_running);
    CHECK_EQ_INT(number("records"), 4);
    CHECK_EQ_INT(number("put"), 2);
    CHECK_EQ_INT(number("delete"), 1);
    CHECK_EQ_INT(number("expire"), 0);
    CHECK_EQ_INT(number("unreadableMetadata"), 1);
    CHECK_EQ_INT(number("checkpoints"), 2);
    CHECK_STR(text("head"), "good");
    CHECK_STR(text(PROTOCOL_STATE_KEY), "present, mode 0600");
    CHECK_EQ_INT(cJSON_GetArraySize(cJSON_GetObjectItem(examine.report, "advice")), 0);
    end();
}

TEST(damage_is_told_and_saved_from)
{
    begin();
    damage("put shop/api", 40); /* of a batch of two: the other is lost with it */
    look();
    CHECK(!examine.is_healthy);
    CHECK_EQ_INT(number("records"), 2);
    CHECK_EQ_INT(number("damagedRanges"), 1);
    CHECK_EQ_INT(number("lostRecordsAtMost"), 2);
    CHECK(advises("--salvage"));
    char *all = cJSON_PrintUnformatted(examine.report);
    CHECK(strstr(all, "a record whose metadata is no text") && !strstr(all, "[2J"));
    cJSON_free(all);

    const char *to = scratch_path("saved");
    CHECK_EQ_INT(examine_salvage(&examine, to, &error), 0);
    CHECK_EQ_INT(number("salvagedRecords"), 2);
    CHECK(advises("move root.key"));
    CHECK_EQ_INT(examine_salvage(&examine, to, &error), -EEXIST);
    examine_done(&examine);
    CHECK_EQ_INT(examine_state(to, &examine, &error), 0);
    CHECK_EQ_INT(number("records"), 2);
    CHECK_EQ_INT(number("damagedRanges"), 0);
    CHECK(examine.is_healthy && advises("root_key is not auto")); /* the key is not there yet */
    end();
}

TEST(the_key_is_for_its_owner)
{
    begin();
    CHECK(fchmodat(dir, PROTOCOL_STATE_KEY, 0640, 0) == 0);
    look();
    CHECK(!examine.is_healthy && advises("chmod 600"));
    CHECK_STR(text(PROTOCOL_STATE_KEY), "present, mode 0640");
    examine_done(&examine);
    CHECK(unlinkat(dir, PROTOCOL_STATE_KEY, 0) == 0);
    look();
    CHECK(examine.is_healthy && advises("root_key is not auto"));
    CHECK_STR(text(PROTOCOL_STATE_KEY), "missing");
    end();
}

TEST(an_empty_state_is_healthy)
{
    begin();
    CHECK(unlinkat(dir, PROTOCOL_STATE_KEY, 0) == 0 && unlinkat(dir, PROTOCOL_STATE_LOG, 0) == 0);
    look();
    CHECK(examine.is_healthy && advises("empty store"));
    CHECK_EQ_INT(examine_salvage(&examine, scratch_path("saved"), &error), -ENOENT);
    end();
}

TEST(a_daemon_that_runs_is_seen)
{
    begin();
    int lock = openat(dir, PROTOCOL_STATE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(lock >= 0);
    look();
    CHECK(!examine.is_running);
    /* While it is looked at, no daemon starts. */
    CHECK(flock(lock, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
    examine_done(&examine);
    CHECK(flock(lock, LOCK_EX | LOCK_NB) == 0);
    look();
    CHECK(examine.is_running);
    CHECK_EQ_INT(examine_salvage(&examine, scratch_path("saved"), &error), -EBUSY);
    close(lock);
    end();
}

TEST(refusals)
{
    begin();
    CHECK_EQ_INT(examine_state(scratch_path("none"), &examine, &error), -ENOENT);
    CHECK(strstr(error.text, "none"));
    examine_done(&examine);
    damage("VSECLOG", 7);
    look(); /* a checkpoint tells that it is ours all the same */
    CHECK(!examine.is_healthy && strstr(text("head"), "copy"));
    end();
}

CHECK_MAIN
