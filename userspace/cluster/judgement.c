/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/judgement.h"

#include <stddef.h>

#include "store/record.h"

enum judgement judgement_of(const struct record *record, const struct judgement_known *known)
{
    if (!span_equal(record->key, known->key))
        return JUDGEMENT_MOVED;
    if (record->version == known->version && known->is_same)
        return JUDGEMENT_SAME;
    if (known->allows_rollback)
        return JUDGEMENT_NEW;
    if (record->version < known->version || record->version < known->status_version)
        return JUDGEMENT_ROLLBACK;
    return record->version == known->version ? JUDGEMENT_CONFLICT : JUDGEMENT_NEW;
}

const char *judgement_word(enum judgement judgement)
{
    static const char *const words[] = {[JUDGEMENT_NEW] = NULL,
                                        [JUDGEMENT_SAME] = NULL,
                                        [JUDGEMENT_MOVED] = "moved",
                                        [JUDGEMENT_ROLLBACK] = "rollback",
                                        [JUDGEMENT_CONFLICT] = "conflict"};
    return words[judgement];
}
