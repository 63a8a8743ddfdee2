/* SPDX-License-Identifier: BSD-2-Clause */
/* What the API server learns of root keys, node keys and values: nothing. */
#include "base/writer.h"
#include "crypto/age_whole.h"
#include "tests/unit/roots.h"

static struct error error;

/* Non-zero when LENGTH bytes of SECRET are in all that was ever written, as they are. */
static int is_written(const void *secret, size_t length)
{
    return memmem(clusters.log, clusters.log_used, secret, length) != NULL;
}

/* Part of SECRET in base64, for each place in a group of three at which it may begin. */
static int is_written_in_base64(const unsigned char *secret, size_t length)
{
    char text[256], padded[96] = "";
    for (size_t shift = 0; shift < 3; shift++) {
        struct writer w = writer_on(text, sizeof text);
        memcpy(padded + shift, secret, length);
        writer_base64(&w, padded, shift + length);
        if (is_written(text + 4, w.used - 8)) /* without what neighbours are in */
            return 1;
    }
    return 0;
}

static int is_written_in_hex(const unsigned char *secret, size_t length, const char *digits)
{
    char text[256];
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[secret[i] >> 4];
        text[2 * i + 1] = digits[secret[i] & 15];
    }
    return is_written(text, 2 * length);
}

static int is_known_to_the_api(const void *secret, size_t length)
{
    return is_written(secret, length) || is_written_in_base64(secret, length) ||
           is_written_in_hex(secret, length, "0123456789abcdef") ||
           is_written_in_hex(secret, length, "0123456789ABCDEF");
}

static int has_identity(const struct age_identity *identity)
{
    char text[AGE_KEY_IDENTITY_TEXT];
    age_key_write_identity(identity, text);
    return is_known_to_the_api(identity->scalar, sizeof identity->scalar) ||
           is_written(text + 16, 40); /* without its prefix and its sum */
}

static struct age_identity node_key_of(size_t index)
{
    struct rootkey *key;
    CHECK_EQ_INT(rootkey_read(clusters.arena, clusters.nodes[index].dir, "node.key", &key, &error),
                 0);
    struct age_identity identity = rootkey_identities(key)[0];
    rootkey_free(key);
    return identity;
}

/* The search finds what is there. */
static void check_search(void)
{
    struct age_identity planted;
    char text[AGE_KEY_IDENTITY_TEXT], padded[64] = "\x01";
    age_key_generate(&planted);
    CHECK(!has_identity(&planted));
    size_t used = clusters.log_used;
    age_key_write_identity(&planted, text);
    clusters_keep(span_of(text));
    CHECK(has_identity(&planted));
    clusters.log_used = used;
    struct writer w = writer_on(text, sizeof text);
    memcpy(padded + 1, planted.scalar, sizeof planted.scalar);
    writer_base64(&w, padded, 1 + sizeof planted.scalar);
    clusters_keep((struct span){text, w.used});
    CHECK(has_identity(&planted));
    clusters.log_used = used;
}

TEST(the_api_server_learns_nothing)
{
    static const char value[] = "correct horse battery staple";
    char *sealed;
    size_t length, count;
    roots_begin_with_one(ROOT_AUTO);
    clusters_start(1, ROOT_AUTO);
    CHECK(clusters_run(roots_two_know, 8000));
    CHECK(clusters_run(roots_request_is_gone, 5000));
    CHECK_EQ_INT(root_rekey(roots_of(1), "", &error), 0);
    CHECK(clusters_run(roots_both_have_two, 5000));
    CHECK_EQ_INT(age_whole_make(clusters.arena, span_of(value), root_recipient(roots_of(0)), 1,
                                &sealed, &length),
                 0);
    clusters_keep((struct span){sealed, length});
    free(sealed);
    check_search();
    const struct age_identity *keys = root_identities(roots_of(0), &count);
    CHECK_EQ_INT(count, 2);
    CHECK(!has_identity(&keys[0]) && !has_identity(&keys[1]));
    for (size_t i = 0; i < 2; i++) {
        struct age_identity own = node_key_of(i);
        CHECK(!has_identity(&own));
    }
    CHECK(!is_known_to_the_api(value, strlen(value)));
    CHECK(!is_known_to_the_api(CLUSTERS_USER, strlen(CLUSTERS_USER))); /* what tokens begin with */
    CHECK(is_written("node-1", 6));                                    /* names are for people */
    clusters_end();
}

CHECK_MAIN
