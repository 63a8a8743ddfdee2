/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/election.h"

#include "base/str.h"

void election_see(struct election *election, struct span version, struct span holder,
                  uint64_t transitions, uint64_t duration_ms, uint64_t now_ms)
{
    if (!span_is(version, election->version))
        election->changed_ms = now_ms;
    str_copy(election->version, sizeof election->version, version);
    election->is_us = span_is(holder, election->us);
    election->is_free = holder.length == 0;
    election->transitions = transitions;
    /* Never shorter than ours: a record without one must not be taken at once. */
    election->duration_ms = duration_ms > ELECTION_DURATION_MS ? duration_ms : ELECTION_DURATION_MS;
    if (!election->is_us)
        election->renewed_ms = 0;
}

void election_see_none(struct election *election)
{
    election->version[0] = '\0';
    election->transitions = 0;
    election->is_us = 0;
    election->is_free = 1;
    election->renewed_ms = 0;
}

void election_won(struct election *election, struct span version, uint64_t begun_ms,
                  uint64_t now_ms)
{
    if (!election->is_us)
        election->transitions++;
    str_copy(election->version, sizeof election->version, version);
    election->is_us = 1;
    election->is_free = 0;
    election->changed_ms = now_ms;
    election->duration_ms = ELECTION_DURATION_MS;
    election->renewed_ms = begun_ms;
}

int election_may_write(const struct election *election, uint64_t now_ms)
{
    return election->is_us || election->is_free ||
           (election->version[0] && now_ms >= election->changed_ms + election->duration_ms);
}

int election_leads(const struct election *election, uint64_t now_ms)
{
    return election->is_us && election->renewed_ms &&
           now_ms < election->renewed_ms + ELECTION_LEAD_MS;
}
