/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/restore_file.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/front.h"
#include "cli/identities.h"
#include "cli/passphrase.h"
#include "cli/recipients.h"
#include "cli/reseal.h"
#include "cli/say.h"
#include "cli/upload.h"
#include "cli/value.h"
#include "client/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* In locked memory. */
struct restore {
    const struct arguments *arguments;
    const char *name; /* of the file, for people */
    struct error error;
    struct front front;
    bool anew; /* it is not for the daemon to open: sealed anew here */
    struct upload upload;
    struct age_armor_reader armor;
    struct reseal reseal;
    struct identities identities;
    struct value phrase;
    size_t used;
    char piece[FRONT_SIZE];
};

/* ---- the file -------------------------------------------------------------------------------- */

static int open_file(struct restore *restore, const char *path)
{
    restore->name = strcmp(path, "-") == 0 ? "standard input" : path;
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? error_errno(&restore->error, -errno, "%s", restore->name) : fd;
}

/* Fill the piece, as far as the file goes. 0 or -errno with the error set. */
static int read_piece(struct restore *restore, int fd)
{
    restore->used = 0;
    while (restore->used < sizeof restore->piece) {
        ssize_t got =
            read(fd, restore->piece + restore->used, sizeof restore->piece - restore->used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(&restore->error, -errno, "%s", restore->name);
        if (!got)
            return 0;
        restore->used += (size_t)got;
    }
    return 0;
}

/* ---- on its way ------------------------------------------------------------------------------ */

static int take(struct restore *restore)
{
    if (restore->anew)
        return reseal_write(&restore->reseal, restore->piece, restore->used, &restore->error);
    if (restore->front.is_armored)
        return age_armor_reader_write(&restore->armor, restore->piece, restore->used,
                                      &restore->error);
    return upload_write(&restore->upload, restore->piece, restore->used);
}

static int take_end(struct restore *restore)
{
    int r = 0;
    if (restore->anew)
        r = reseal_end(&restore->reseal, &restore->error);
    else if (restore->front.is_armored)
        r = age_armor_reader_end(&restore->armor, &restore->error);
    return r ? r : upload_end(&restore->upload);
}

/* An age_ask. */
static int ask(void *context, struct span *ret, struct error *error)
{
    struct restore *restore = context;
    int r = passphrase_ask(&restore->phrase, error);
    if (!r)
        *ret = (struct span){restore->phrase.data, restore->phrase.length};
    return r;
}

/* What stands between the file and the daemon. */
static enum verb_exit begin(struct restore *restore)
{
    const struct age_keys keys = {
        .identities = restore->identities.keys,
        .count = restore->identities.count,
        .passphrase = {restore->phrase.data, restore->phrase.length},
        .ask = ask,
        .context = restore,
    };
    struct age_recipient recipient;
    upload_begin(&restore->upload, restore->arguments);
    age_armor_reader_begin(&restore->armor, upload_write, &restore->upload);
    restore->anew =
        restore->front.wants_passphrase || restore->identities.count || restore->phrase.length;
    if (!restore->anew)
        return VERB_OK;
    enum verb_exit status = recipients_ask(restore->arguments, call_admin, &recipient);
    if (status)
        return status;
    if (reseal_to_recipient(&restore->reseal, &recipient, &restore->error))
        return say_failure(VERB_REFUSED, "%s", restore->error.text);
    reseal_begin(&restore->reseal, &keys, upload_write, &restore->upload);
    return VERB_OK;
}

static enum verb_exit say_why(const struct restore *restore, int r)
{
    const char *hint = "";
    if (restore->upload.status)
        return restore->upload.status;
    if (r == -ENOKEY && !restore->front.wants_passphrase)
        hint = "; a backup that is sealed to this daemon needs no -i";
    return say_failure(VERB_REFUSED, "%s: %s%s", restore->name, restore->error.text, hint);
}

/* Send what FD has; the first piece of it has been read. */
static enum verb_exit send_file(struct restore *restore, int fd)
{
    enum verb_exit status = begin(restore);
    if (status)
        return status;
    while (restore->used) {
        int r = take(restore);
        if (r)
            return say_why(restore, r);
        if (read_piece(restore, fd))
            return say_failure(VERB_REFUSED, "%s", restore->error.text);
    }
    int r = take_end(restore);
    return r ? say_why(restore, r) : VERB_OK;
}

static enum verb_exit read_keys(struct restore *restore)
{
    const struct arguments *arguments = restore->arguments;
    int r = identities_read(arguments, &restore->identities, &restore->error);
    if (!r && arguments->passphrase_file)
        r = passphrase_read(arguments->passphrase_file, &restore->phrase, &restore->error);
    return r ? say_failure(VERB_REFUSED, "%s", restore->error.text) : VERB_OK;
}

static enum verb_exit send_backup(struct restore *restore)
{
    enum verb_exit status = read_keys(restore);
    if (status)
        return status;
    int fd = open_file(restore, restore->arguments->operands[0]);
    if (fd < 0 || read_piece(restore, fd)) {
        status = say_failure(VERB_REFUSED, "%s", restore->error.text);
    } else {
        const struct span text = {restore->piece, restore->used};
        int r = front_read(text, &restore->front, &restore->error);
        status =
            r ? say_failure(VERB_REFUSED, "%s is no backup: %s", restore->name, restore->error.text)
              : send_file(restore, fd);
    }
    if (fd >= 0)
        close(fd);
    return status;
}

enum verb_exit restore_file_send(const struct arguments *arguments)
{
    struct restore *restore = locked_alloc(sizeof *restore);
    if (!restore)
        return say_failure(VERB_REFUSED, "out of memory");
    restore->arguments = arguments;
    enum verb_exit status = send_backup(restore);
    value_clear(&restore->phrase);
    locked_free(restore, sizeof *restore);
    return status;
}
