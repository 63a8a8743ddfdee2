/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/secrets_message.h"

#include "base/writer.h"
#include "cluster/secrets_state.h"
#include "store/record.h"

static struct span moment(int64_t us, char ret[CLOCK_RFC3339])
{
    struct writer w = writer_on(ret, CLOCK_RFC3339);
    validity_write(&w, us, 0);
    return (struct span){ret, w.used};
}

static struct span number(uint64_t value, char ret[24])
{
    struct writer w = writer_on(ret, 24);
    writer_u64(&w, value);
    return (struct span){ret, w.used};
}

static struct span instant(int64_t us, char ret[CLOCK_RFC3339])
{
    clock_format(us, ret);
    return span_of(ret);
}

void secrets_message_put(struct secrets_message *ret, const struct record *record,
                         struct span resource_version, unsigned keep, struct span sealed)
{
    struct wire_message *put = &ret->message;
    *put = (struct wire_message){.kind = WIRE_PUT};
    secrets_state_name(put, record->key);
    put->field[PUT_KEEP] = number(keep, ret->keep);
    put->field[SECRET_RESOURCE_VERSION] = resource_version;
    put->field[SEEN_VERSION] = number(record->version, ret->version);
    put->field[SEEN_CREATED] = instant(record->created_us, ret->created);
    put->field[SEEN_UPDATED] = instant(record->updated_us, ret->updated);
    put->field[SEEN_NOT_BEFORE] = moment(record->validity.not_before_us, ret->not_before);
    put->field[SEEN_EXPIRES] = moment(record->validity.expires_us, ret->expires);
    put->field[PUT_SEALED] = sealed;
}
