/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/judgement.h"

#include "store/record.h"
#include "tests/unit/check.h"

TEST(each_case)
{
    static const struct {
        const char *key;
        uint64_t version, here;
        int is_same;
        uint64_t status;
        int allows;
        enum judgement judgement;
    } rows[] = {
        {"a/b", 1, 0, 0, 0, 0, JUDGEMENT_NEW},
        {"a/b", 2, 1, 0, 1, 0, JUDGEMENT_NEW},
        {"a/b", 9, 1, 0, 8, 0, JUDGEMENT_NEW},
        {"a/b", 2, 0, 0, 2, 0, JUDGEMENT_NEW}, /* this node is new */
        {"a/b", 2, 2, 1, 2, 0, JUDGEMENT_SAME},
        {"a/b", 2, 2, 1, 0, 1, JUDGEMENT_SAME},
        {"a/b", 2, 2, 1, 3, 0, JUDGEMENT_SAME},
        {"a/b", 2, 2, 0, 2, 0, JUDGEMENT_CONFLICT},
        {"a/b", 2, 2, 0, 2, 1, JUDGEMENT_NEW},
        {"a/b", 1, 2, 0, 2, 0, JUDGEMENT_ROLLBACK},
        {"a/b", 1, 2, 0, 0, 0, JUDGEMENT_ROLLBACK},
        {"a/b", 1, 0, 0, 2, 0, JUDGEMENT_ROLLBACK},
        {"a/b", 1, 2, 0, 2, 1, JUDGEMENT_NEW},
        {"a/c", 3, 2, 0, 2, 0, JUDGEMENT_MOVED},
        {"a/c", 2, 2, 1, 2, 0, JUDGEMENT_MOVED},
        {"a/c", 3, 2, 0, 2, 1, JUDGEMENT_MOVED},
        {"a/bb", 1, 0, 0, 0, 1, JUDGEMENT_MOVED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct record record = {.key = span_of(rows[i].key), .version = rows[i].version};
        const struct judgement_known known = {.key = SPAN_LITERAL("a/b"),
                                              .version = rows[i].here,
                                              .is_same = rows[i].is_same,
                                              .status_version = rows[i].status,
                                              .allows_rollback = rows[i].allows};
        if (judgement_of(&record, &known) != rows[i].judgement)
            check_fail(__FILE__, __LINE__, "row %zu", i);
    }
    CHECK(judgement_word(JUDGEMENT_NEW) == NULL && judgement_word(JUDGEMENT_SAME) == NULL);
    CHECK_STR(judgement_word(JUDGEMENT_MOVED), "moved");
    CHECK_STR(judgement_word(JUDGEMENT_ROLLBACK), "rollback");
    CHECK_STR(judgement_word(JUDGEMENT_CONFLICT), "conflict");
}

CHECK_MAIN
