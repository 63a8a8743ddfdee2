/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that age 1.1.1 made, and what is in them. */
#ifndef VSECM_TESTS_UNIT_AGE_FILES_H
#define VSECM_TESTS_UNIT_AGE_FILES_H

#define AGE_FILES_PLAIN "hunter2 of the real age\n"
#define AGE_FILES_RECIPIENT "age1h7d6kqngqgz2l0vv3d3cg0jcwgvvzs4a6zeap67cr9hp5pkgqufqlrelaa"
#define AGE_FILES_IDENTITY \
    "AGE-SECRET-KEY-1LA7Q8ZC7D5F2UFAJNYGC5HR8UHYET9EJRWEFSZ84MU2SVKNPQN3SSKR6AU"

/* What age-keygen wrote. */
#define AGE_FILES_KEYGEN                                                                          \
    "# created: 2026-11-25T02:13:22Z\n# public key: " AGE_FILES_RECIPIENT "\n" AGE_FILES_IDENTITY \
    "\n"

/* age -r RECIPIENT: its header, its file key, the bytes behind the header. */
#define AGE_FILES_STANZA                                      \
    "-> X25519 zq7z3NktSKKF5A25fwiIhSp1djd51mt4Cwpw4wQoRg4\n" \
    "vdmPU7HzyV/OZslpSsaOwPeq4nzkbZ7Dub0V+vFYzXI\n"
#define AGE_FILES_MAC "--- cjAedPe8X793l6BRGGUsU+y6oEQMSSp2KIplt6JLbDQ\n"
#define AGE_FILES_HEADER "age-encryption.org/v1\n" AGE_FILES_STANZA AGE_FILES_MAC
#define AGE_FILES_KEY "\x13\x8c\x19\x9b\xf6\x62\xac\x0d\x64\x27\xf9\x1d\xbb\x7e\xee\x80"
#define AGE_FILES_PAYLOAD                                              \
    "\xf1\xba\xd4\xc1\x56\x4b\x1b\x5b\x51\x8b\x64\x84\x08\xbf\xf7\xbd" \
    "\x1b\x7f\x98\x6c\xf1\xaf\x97\x67\xe9\xad\xdf\xfe\x33\x56\x1b\x43" \
    "\xc5\x34\x43\x16\x50\x9f\x07\xa5\x19\x65\x3c\x22\x61\x30\x2c\xcc" \
    "\x53\xca\xcb\x6a\xa7\x47\x4f\x5e"

/* age -a -r RECIPIENT: the same text. */
#define AGE_FILES_ARMOURED                                               \
    "-----BEGIN AGE ENCRYPTED FILE-----\n"                               \
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA2THdCN2pNa2ROdittSmZL\n" \
    "d0hsU3ZmQ0lncmRmNkFtWXY3VXUwNzEyaVcwCjNxYWhEVjNPVzJWZVNrWkhVTGlY\n" \
    "UE5EVCtOWWJoYmJpV2F0MjVUdTF0UVUKLS0tIEF1WjVFUVozSnk4cDZjbTFkNHVa\n" \
    "QjZnSGdNMTdhYjgwLy9qTVZNOVdKdk0K2dfEP9AHbn8m/Us/JDi/1xoQM7385323\n" \
    "tMwh4VOuXyTzArFvQAwmCkORsZ5VrwcxOj5/mYjqX6Q=\n"                     \
    "-----END AGE ENCRYPTED FILE-----\n"

/* age -a -p: with a passphrase. */
#define AGE_FILES_SCRYPT_PLAIN "hunter2 behind a passphrase\n"
#define AGE_FILES_PASSPHRASE "correct horse"
#define AGE_FILES_SCRYPT                                                 \
    "-----BEGIN AGE ENCRYPTED FILE-----\n"                               \
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBWcEFod3pvbkVhWExQdU53\n" \
    "RkRwOEZRIDE4CklsaitNOHJJeXlQQnp3Q1l0SjBwanhCeHVkM0p0WWtGamR0WHVF\n" \
    "L1dnYzQKLS0tIFlzeDhmL2ZtcFdZVytWVmUzam0vL0d0Y2dVQS84ZUtieGFQU3lD\n" \
    "YnhCWDAKpWe6kZJBmRGO+ijz0aiYo0y0J4eCEtuynzTkIXXwfVu8V02vLvMRvB/G\n" \
    "d8gFWnxpQcy2Ozf2aCcGZdSS\n"                                         \
    "-----END AGE ENCRYPTED FILE-----\n"

#endif
