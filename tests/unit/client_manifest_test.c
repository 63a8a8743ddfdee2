/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/manifest.h"

#include "base/writer.h"
#include "store/record.h"
#include "tests/unit/check.h"

static char text[4096];

static void write_it(const struct record *record, const char *sealed, bool allows_rollback)
{
    struct writer count = {0}, w = writer_on(text, sizeof text - 1);
    manifest_write(&w, record, span_of(sealed), allows_rollback);
    manifest_write(&count, record, span_of(sealed), allows_rollback);
    CHECK_EQ_INT(count.needed, w.used);
    text[w.used] = '\0';
}

/* Names that look like a number or a word of YAML are text. */
TEST(manifest)
{
    const struct record record = {.op = RECORD_PUT,
                                  .version = 1764000000,
                                  .created_us = INT64_C(1795551330123456),
                                  .updated_us = INT64_C(1795551330123457),
                                  .validity = {VALIDITY_NOW, INT64_C(1795551331000000)},
                                  .key = SPAN_LITERAL("1e3/null"),
                                  .value = SPAN_LITERAL("hunter2")};
    write_it(&record, "-----BEGIN\nAAAA\n-----END\n", true);
    CHECK_STR(text, "apiVersion: vsecm.com/v1\n"
                    "kind: VSecMSecret\n"
                    "metadata:\n"
                    "  name: \"null\"\n"
                    "  namespace: \"1e3\"\n"
                    "  annotations:\n"
                    "    vsecm.com/version: \"1764000000\"\n"
                    "    vsecm.com/created: \"2026-11-24T20:15:30.123456Z\"\n"
                    "    vsecm.com/updated: \"2026-11-24T20:15:30.123457Z\"\n"
                    "    vsecm.com/not-before: \"now\"\n"
                    "    vsecm.com/expires: \"2026-11-24T20:15:31.000000Z\"\n"
                    "spec:\n"
                    "  allowRollback: true\n"
                    "  sealed: |\n"
                    "    -----BEGIN\n"
                    "    AAAA\n"
                    "    -----END\n");
    write_it(&record, "x", false);
    CHECK(!strstr(text, "allowRollback") && strstr(text, "  sealed: |\n    x\n"));
    CHECK(!strstr(text, "hunter2"));
}

CHECK_MAIN
