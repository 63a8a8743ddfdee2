/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests ask of the root keys of nodes 0, 1 and so on. */
#ifndef VSECM_TESTS_UNIT_ROOTS_H
#define VSECM_TESTS_UNIT_ROOTS_H

#include "cluster/root.h"
#include "cluster/wrap.h"
#include "crypto/age_key.h"
#include "tests/unit/clusters.h"

static struct error roots_error;

static inline struct root *roots_of(size_t index)
{
    return clusters.nodes[index].root;
}

static inline int roots_knows(size_t index)
{
    return roots_of(index) && root_recipient(roots_of(index)) != NULL;
}

static inline int roots_one_knows(void)
{
    return roots_knows(0);
}

static inline int roots_two_know(void)
{
    return roots_knows(0) && roots_knows(1);
}

static inline int roots_agree(size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!roots_knows(i) || memcmp(root_recipient(roots_of(i)), root_recipient(roots_of(0)),
                                      sizeof(struct age_recipient)) != 0)
            return 0;
    return 1;
}

static inline const char *roots_status_of(size_t index)
{
    static char text[200000];
    struct writer w = writer_on(text, sizeof text - 1);
    root_write_nodes(&w, roots_of(index));
    CHECK(writer_ok(&w));
    text[w.used] = '\0';
    return text;
}

static inline size_t roots_identities_of(size_t index)
{
    size_t count;
    root_identities(roots_of(index), &count);
    return count;
}

/* What is sealed in the cluster, roots_opened with what node INDEX roots_knows. */
static inline struct wrap *roots_opened(size_t index)
{
    struct wrap *wrap = NULL;
    size_t count;
    const struct age_identity *keys = root_identities(roots_of(index), &count);
    CHECK_EQ_INT(
        wrap_open(clusters.arena, keys, count, span_of(clusters.key.sealed), &wrap, &roots_error),
        0);
    return wrap;
}

static inline void roots_begin_with_one(enum root_mode mode)
{
    clusters_begin();
    clusters_start(0, mode);
    CHECK(clusters_run(roots_one_knows, 5000));
}

static inline int roots_both_have_two(void)
{
    return roots_two_know() && roots_identities_of(0) == 2 && roots_identities_of(1) == 2;
}

static inline int roots_request_is_gone(void)
{
    struct clusters_object *object = clusters_find(SPAN_LITERAL("node-1"), 0);
    return object && object->request[0] == '\0' && roots_knows(1);
}

#endif
