/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of docs/RECOVERY.md for a cluster, as they stand there, with age and jq. */
#include <fcntl.h>

#include "base/writer.h"
#include "cluster/wrap.h"
#include "crypto/age_whole.h"
#include "store/record.h"
#include "tests/unit/arenas.h"
#include "tests/unit/scratch.h"

#define T0 INT64_C(1795551330123456)

static struct arena *arena;
static char page[64 * 1024], objects[64 * 1024], said[64 * 1024];

static size_t read_file(const char *path, char *ret, size_t size)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    size_t length = fread(ret, 1, size - 1, file);
    ret[length] = '\0';
    fclose(file);
    return length;
}

/* Run COMMAND in the scratch directory; what it says is in SAID. */
static void run(const char *command)
{
    char line[8192];
    snprintf(line, sizeof line, "cd %s && bash -euo pipefail ./command > said 2>&1",
             scratch_directory);
    scratch_file("command", command);
    int status = system(line);
    read_file(scratch_path("said"), said, sizeof said);
    if (status)
        check_fail(__FILE__, __LINE__, "%s: %s", command, said);
}

/* The indented block of the page that has WORDS in it, to be freed. */
static char *command_with(const char *words)
{
    const char *at = strstr(page, words);
    CHECK(at != NULL);
    while (at > page && !(at[-1] == '\n' && at[-2] == '\n'))
        at--;
    const char *end = strstr(at, "\n\n");
    CHECK(end != NULL && strncmp(at, "    ", 4) == 0);
    return strndup(at, (size_t)(end - at));
}

static void run_one_with(const char *words)
{
    char *command = command_with(words);
    run(command);
    free(command);
}

/* ---- objects --------------------------------------------------------------------------------- */

static void add_object(struct writer *w, const char *kind, const char *namespace, const char *name,
                       const char *sealed)
{
    writer_text(w, w->used ? "," : "{\"kind\":\"List\",\"items\":[");
    writer_literal(w, "{\"apiVersion\":\"vsecm.com/v1\",\"kind\":\"");
    writer_text(w, kind);
    writer_literal(w, "\",\"metadata\":{\"namespace\":\"");
    writer_text(w, namespace);
    writer_literal(w, "\",\"name\":\"");
    writer_text(w, name);
    writer_literal(w, "\"},\"spec\":{\"sealed\":");
    writer_json(w, sealed, strlen(sealed));
    writer_literal(w, "}}");
}

static void add_secret(struct writer *w, const struct age_recipient *root, const char *name,
                       struct span value)
{
    char key[64], text[4096], *sealed;
    size_t length;
    snprintf(key, sizeof key, "shop/%s", name);
    const struct record record = {.op = RECORD_PUT,
                                  .key = span_of(key),
                                  .version = 7,
                                  .created_us = T0,
                                  .updated_us = T0,
                                  .value = value};
    struct writer payload = writer_on(text, sizeof text);
    record_write(&payload, &record);
    CHECK_EQ_INT(
        age_whole_make(arena, (struct span){text, payload.used}, root, 1, &sealed, &length), 0);
    add_object(w, "VSecMSecret", "shop", name, sealed);
    free(sealed);
}

static void write_recovery_key(const struct age_identity *identity)
{
    char text[AGE_KEY_IDENTITY_TEXT];
    age_key_write_identity(identity, text);
    scratch_file("recovery.key", text);
}

/* A cluster in the middle of a rekey: one secret is sealed to the old key, one to the new. */
static void write_cluster(void)
{
    struct age_identity recovery, node, root;
    struct age_recipient old;
    char *sealed;
    size_t length;
    age_key_generate(&recovery);
    age_key_generate(&node);
    age_key_generate(&root);
    write_recovery_key(&recovery);
    struct wrap *wrap = wrap_new(arena, &root, 1);
    wrap->generation = 9;
    wrap_put(&wrap->nodes, SPAN_LITERAL("node-1"), &node.recipient);
    wrap->recovery[wrap->recoveries++] = recovery.recipient;
    old = root.recipient;
    CHECK_EQ_INT(wrap_renew(wrap), 0);
    CHECK_EQ_INT(wrap_seal(wrap, &sealed, &length), 0);
    struct writer w = writer_on(objects, sizeof objects - 1);
    add_object(&w, "VSecMKey", "", "root", sealed);
    add_secret(&w, &old, "web", SPAN_LITERAL("hunter2"));
    add_secret(&w, &wrap->secret->identity[0].recipient, "db", SPAN_LITERAL("\x01\x02\x03"));
    writer_literal(&w, "]}");
    CHECK(writer_ok(&w));
    scratch_bytes("cluster.json", objects, w.used);
    free(sealed);
    wrap_free(wrap);
}

TEST(the_recovery_key_opens_everything)
{
    if (system("age --version > /dev/null 2>&1 && jq --version > /dev/null 2>&1") != 0)
        CHECK_SKIP("age and jq are not installed");
    if (!read_file("docs/RECOVERY.md", page, sizeof page))
        CHECK_SKIP("docs/RECOVERY.md is not here: it is not run from the tree");
    arena = arenas_new(4 * ARENA_MIB);
    scratch_new();
    write_cluster();
    run_one_with("> root.txt");
    run_one_with("metadata.name == \"web\"");
    CHECK_STR(said, "hunter2\n");
    run_one_with("while read -r sealed");
    CHECK(strstr(said, "\"workload\":\"web\",\"version\":7") != NULL);
    CHECK(strstr(said, "\"value\":\"hunter2\"}\n") != NULL);
    CHECK(strstr(said, "\"workload\":\"db\"") != NULL);
    run("test $(wc -l < root.txt) = 2 && head -n 1 root.txt | grep -q ^AGE-SECRET-KEY-1");
    arenas_done(arena);
}

CHECK_MAIN
