/* SPDX-License-Identifier: BSD-2-Clause */
/* A passphrase, from a file or from somebody at the terminal. */
#ifndef VSECM_CLI_PASSPHRASE_H
#define VSECM_CLI_PASSPHRASE_H

struct error;
struct value;

/* What FILE says, without one newline at its end. 0 with *ret to be cleared, or -errno. */
int passphrase_read(const char *file, struct value *ret, struct error *error);

/* Ask for the passphrase of a file. 0 with *ret to be cleared, or -errno with *error set. */
int passphrase_ask(struct value *ret, struct error *error);

/* Ask for a new one, twice. The same. */
int passphrase_ask_new(struct value *ret, struct error *error);

#endif
