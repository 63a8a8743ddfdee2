/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peer_pki.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define PKI_SECONDS 86400L
#define PKI_ALLOWANCE 3600L /* clocks of a virtual machine may be behind */

struct party {
    const char *name;  /* of its files, and in its certificate */
    const char *usage; /* X.509's extended key usage; NULL: it is the authority */
    long serial;
    EVP_PKEY *key;
    X509 *certificate;
};

static int add_extension(X509 *certificate, const X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, (X509 *)issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int good = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return good;
}

static int add_extensions(const struct party *party, const struct party *issuer)
{
    X509 *certificate = party->certificate;

    if (!party->usage)
        return add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") &&
               add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign");
    return add_extension(certificate, issuer->certificate, NID_basic_constraints,
                         "critical,CA:FALSE") &&
           add_extension(certificate, issuer->certificate, NID_key_usage,
                         "critical,digitalSignature") &&
           add_extension(certificate, issuer->certificate, NID_ext_key_usage, party->usage) &&
           add_extension(certificate, issuer->certificate, NID_subject_alt_name,
                         "IP:127.0.0.1,DNS:localhost");
}

/* Fill in PARTY's key and certificate, signed by ISSUER. */
static int issue(struct party *party, const struct party *issuer)
{
    party->key = EVP_EC_gen("P-256");
    X509 *certificate = party->certificate = X509_new();
    if (!party->key || !certificate)
        return 0;
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), party->serial) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -PKI_ALLOWANCE) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), PKI_SECONDS) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)party->name,
                                      -1, -1, 0) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate)) &&
           X509_set_pubkey(certificate, party->key) && add_extensions(party, issuer) &&
           X509_sign(certificate, issuer->key, EVP_sha256());
}

static int write_pem(const char *dir, const struct party *party, const char *suffix, int is_key)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s.%s", dir, party->name, suffix);
    FILE *file = fopen(path, "wxe");
    if (!file)
        return 0;
    int good = is_key ? PEM_write_PrivateKey(file, party->key, NULL, NULL, 0, NULL, NULL)
                      : PEM_write_X509(file, party->certificate);
    return fclose(file) == 0 && good;
}

int peer_pki_make(const char *dir, struct error *error)
{
    struct party party[] = {
        {.name = "ca", .serial = 1},
        {.name = "server", .usage = "serverAuth", .serial = 2},
        {.name = "client", .usage = "clientAuth", .serial = 3},
    };
    int good = 1;

    for (size_t i = 0; i < sizeof(party) / sizeof(party[0]) && good; i++)
        good = issue(&party[i], &party[0]) && write_pem(dir, &party[i], "pem", 0) &&
               (i == 0 || write_pem(dir, &party[i], "key", 1));
    for (size_t i = 0; i < sizeof(party) / sizeof(party[0]); i++) {
        X509_free(party[i].certificate);
        EVP_PKEY_free(party[i].key);
    }
    if (good)
        return 0;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return error_set(error, -EIO, "cannot make certificates in %s: %s", dir,
                     reason ? reason : "the files cannot be written");
}
