/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/identities.h"
#include "cli/output.h"
#include "cli/say.h"
#include "client/locked.h"
#include "crypto/age_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In locked memory. */
struct made {
    struct age_identity identity;
    char key[AGE_KEY_IDENTITY_TEXT];
    char file[256]; /* what is written */
    size_t length;
    char recipient[AGE_KEY_RECIPIENT_TEXT + 1]; /* with a newline */
};

/* A file of one identity as age-keygen writes it. */
static void make(struct made *made)
{
    char now[CLOCK_RFC3339];
    struct writer w = writer_on(made->file, sizeof made->file);
    age_key_generate(&made->identity);
    age_key_write_identity(&made->identity, made->key);
    age_key_write_recipient(&made->identity.recipient, made->recipient);
    made->recipient[AGE_KEY_RECIPIENT_TEXT - 1] = '\n';
    clock_format_seconds(clock_wall_us(), now);
    writer_text(&w, "# created: ");
    writer_text(&w, now);
    writer_text(&w, "\n# public key: ");
    writer_text(&w, made->recipient);
    writer_text(&w, made->key);
    writer_text(&w, "\n");
    made->length = w.used;
}

static int write_out(int fd, const struct made *made)
{
    int r = fchmod(fd, S_IRUSR | S_IWUSR) < 0 ? -errno : 0;
    if (!r)
        r = output_write(fd, made->file, made->length);
    if (!r && fsync(fd) < 0)
        r = -errno;
    return r;
}

/* A file that is there is somebody's key: it is left alone. */
static enum verb_exit write_file(const char *path, const struct made *made)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == EEXIST)
        return say_failure(VERB_REFUSED, "%s is there already, and a key is never written over",
                           path);
    if (fd < 0)
        return say_failure(VERB_REFUSED, "%s: %s", path, strerror(errno));
    int r = write_out(fd, made);
    if (close(fd) < 0 && !r)
        r = -errno;
    if (r) {
        unlink(path);
        return say_failure(VERB_REFUSED, "%s: %s", path, strerror(-r));
    }
    return output_bytes(made->recipient, strlen(made->recipient));
}

static enum verb_exit generate(const char *path)
{
    struct made *made = locked_alloc(sizeof *made);
    if (!made)
        return say_failure(VERB_REFUSED, "out of memory");
    make(made);
    enum verb_exit status = path ? write_file(path, made) : output_bytes(made->file, made->length);
    locked_free(made, sizeof *made);
    return status;
}

static enum verb_exit print_recipients(const struct identities *identities)
{
    enum verb_exit status = VERB_OK;
    for (size_t i = 0; i < identities->count && !status; i++) {
        char text[AGE_KEY_RECIPIENT_TEXT];
        age_key_write_recipient(&identities->keys[i].recipient, text);
        text[sizeof text - 1] = '\n';
        status = output_bytes(text, sizeof text);
    }
    return status;
}

static enum verb_exit show_public(void)
{
    struct error error = {""};
    struct identities *identities = locked_alloc(sizeof *identities);
    if (!identities)
        return say_failure(VERB_REFUSED, "out of memory");
    enum verb_exit status = identities_read_input(identities, &error)
                                ? say_failure(VERB_REFUSED, "%s", error.text)
                                : print_recipients(identities);
    locked_free(identities, sizeof *identities);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    if (arguments->public && arguments->to_file)
        return say_failure(VERB_USAGE, "--public writes no key; leave out --to-file");
    return arguments->public ? show_public() : generate(arguments->to_file);
}

static const struct arguments_option *const options[] = {
    &arguments_to_file,
    &arguments_public,
    NULL,
};

const struct verb verb_keygen = {
    .name = "keygen",
    .operands = "[--to-file FILE | --public]",
    .summary = "Make a key pair for sealed files",
    .help = "Prints the secret key (AGE-SECRET-KEY-1...) with its recipient (age1...) in a remark, "
            "as\n"
            "age-keygen does. With --to-file only the recipient is printed. With --public the keys "
            "of\n"
            "standard input are read, and nothing is made.\n",
    .options = options,
    .run = run,
};
