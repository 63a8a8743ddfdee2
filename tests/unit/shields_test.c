/* SPDX-License-Identifier: BSD-2-Clause */
/* How many processes of a domain may have a shield. */
#include "serve/shields.h"

#include <errno.h>

#include "tests/unit/check.h"

static struct shields *shields;
static uint32_t gone; /* processes up to that pid have ended */

static int has(void *context, const struct vsecm_process *process)
{
    (void)context;
    return process->pid > gone;
}

static int add(uint64_t domain, uint32_t pid)
{
    const struct vsecm_process process = {.pid = pid, .start_boottime = pid};
    return shields_add(shields, domain, &process, has, NULL);
}

static void begin(size_t max, size_t part)
{
    gone = 0;
    shields = shields_new(max, part);
    CHECK(shields != NULL);
}

TEST(a_domain_has_its_part)
{
    begin(10, 2);
    CHECK_EQ_INT(add(7, 1), 0);
    CHECK_EQ_INT(add(7, 2), 0);
    CHECK_EQ_INT(add(7, 3), -EDQUOT);
    CHECK_EQ_INT(add(8, 3), 0);
    shields_free(shields);
}

TEST(who_has_one_may_ask_again)
{
    begin(10, 2);
    CHECK_EQ_INT(add(7, 1), 0);
    CHECK_EQ_INT(add(7, 1), 0);
    CHECK_EQ_INT(add(7, 2), 0);
    CHECK_EQ_INT(add(7, 1), 0);
    CHECK_EQ_INT(add(7, 3), -EDQUOT);
    shields_free(shields);
}

TEST(a_pid_that_comes_again_is_another_process)
{
    const struct vsecm_process again = {.pid = 1, .start_boottime = 5};
    begin(10, 1);
    CHECK_EQ_INT(add(7, 1), 0);
    CHECK_EQ_INT(shields_add(shields, 7, &again, has, NULL), -EDQUOT);
    shields_free(shields);
}

TEST(those_that_ended_make_room)
{
    begin(3, 2);
    CHECK_EQ_INT(add(7, 1), 0);
    CHECK_EQ_INT(add(7, 2), 0);
    CHECK_EQ_INT(add(8, 3), 0);
    CHECK_EQ_INT(add(9, 4), -ENOSPC);
    gone = 1;
    CHECK_EQ_INT(add(7, 5), 0);
    CHECK_EQ_INT(add(7, 6), -EDQUOT);
    CHECK_EQ_INT(add(9, 6), -ENOSPC);
    gone = 2;
    CHECK_EQ_INT(add(9, 6), 0);
    shields_free(shields);
}

TEST(none_is_fine)
{
    shields_free(NULL);
}

CHECK_MAIN
