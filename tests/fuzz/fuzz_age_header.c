/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers of strangers: measured, opened, and never longer or more open than they may be. The key
 * that the corpus is sealed to is checked in, so good headers are found too. */
#include <errno.h>
#include <sodium/utils.h>

#include "base/error.h"
#include "crypto/age_header.h"
#include "crypto/age_key.h"
#include "limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/age_files.h"

#define LOG_N 2u /* as much work as there is time for */

static struct age_identity identity;

static void open_both(struct span header)
{
    unsigned char key[AGE_FILE_KEY];
    struct error error = {""};
    int wants = age_header_wants_passphrase(header);
    int r = age_header_open(header, &identity, 1, key, &error);
    MUST(r == 0 || r == -EINVAL || r == -ENOKEY || r == -EBADMSG);
    MUST((r < 0) == (error.text[0] != '\0'));
    MUST(r == 0 || sodium_is_zero(key, sizeof key));
    MUST(!wants || r == -ENOKEY);
    error.text[0] = '\0';
    r = age_header_open_passphrase(header, span_of(AGE_FILES_PASSPHRASE), LOG_N, key, &error);
    MUST(r == 0 || r == -EINVAL || r == -ENOKEY || r == -EBADMSG);
    MUST((r < 0) == (error.text[0] != '\0'));
    MUST(r == 0 || sodium_is_zero(key, sizeof key));
    MUST(wants || r < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {""};
    struct span text = {(const char *)data, size};
    size_t length = 0, shorter = 0;
    if (sodium_is_zero(identity.scalar, sizeof identity.scalar))
        MUST(age_key_read_identity(span_of(AGE_FILES_IDENTITY), &identity) == 0);
    int r = age_header_measure(text, &length, &error);
    MUST(r == 0 || r == -EAGAIN || r == -EINVAL || r == -EMSGSIZE);
    MUST((r == -EINVAL || r == -EMSGSIZE) == (error.text[0] != '\0'));
    if (r)
        return 0;
    MUST(length <= size && length <= LIMIT_AGE_HEADER && data[length - 1] == '\n');
    for (size_t cut = 0; cut < length; cut += 1 + length / 16)
        MUST(age_header_measure((struct span){text.data, cut}, &shorter, NULL) == -EAGAIN);
    open_both((struct span){text.data, length});
    return 0;
}
