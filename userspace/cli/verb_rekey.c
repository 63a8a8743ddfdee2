/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/submit.h"
#include "cli/verb.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/root_key.h"
#include "cli/say.h"
#include "client/answer.h"
#include "client/exchange.h"
#include "limits.h"
#include "protocol.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_LIMIT 4096u

/* With no key the daemon makes one. */
static void write_body(struct writer *writer, const void *argument)
{
    const struct root_key *key = argument;
    writer_text(writer, "{");
    if (key) {
        writer_text(writer, "\"ageSecretKey\":");
        writer_json(writer, key->identity.data, key->identity.length);
    }
    writer_text(writer, "}");
}

/* In a cluster the key is made by and by. */
static bool is_begun(const struct exchange_answer *answer)
{
    static const char begun[] = "\"begun\":true";
    return memmem(answer->body, answer->head.length, begun, sizeof begun - 1) != NULL;
}

static enum verb_exit print(const struct exchange_answer *answer)
{
    char recipient[128];
    answer_text(answer->body, answer->head.length, "recipient", recipient, sizeof recipient);
    if (!recipient[0])
        return say_failure(VERB_REFUSED, "the answer has no recipient");
    if (is_begun(answer)) {
        printf("a new root key of the cluster is being made, in place of %s\n"
               "`vsecm node list -o json` shows both until everything is sealed anew\n",
               recipient);
        return VERB_OK;
    }
    printf("the store is sealed to %s now\n"
           "backups made before now still need the old key: keep it as long as them\n",
           recipient);
    return VERB_OK;
}

/* KEY may be NULL. */
static enum verb_exit rekey(const struct arguments *arguments, const struct root_key *key)
{
    const struct submit what = {
        .method = "POST",
        .target = PATH_REKEY,
        .limit = ANSWER_LIMIT,
        .write = write_body,
        .argument = key,
    };
    struct exchange_answer answer;
    enum verb_exit status = submit_body(arguments, &what, &answer);
    if (status)
        return status;
    status = print(&answer);
    exchange_clear(&answer);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct root_key key;
    if (arguments->operand_count)
        return say_failure(VERB_USAGE,
                           "rekey takes no key on the command line, where every process of the "
                           "machine can read it: give it by --from-file");
    if (!arguments->file)
        return rekey(arguments, NULL);
    if (root_key_read(arguments, &key, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    enum verb_exit status = rekey(arguments, &key);
    root_key_clear(&key);
    return status;
}

static const struct arguments_option *const options[] = {&arguments_key_file, NULL};

const struct verb verb_rekey = {
    .name = "rekey",
    .operands = "[--from-file FILE]",
    .summary = "Seal the store to another root key",
    .help = "The key is read as `vsecm unseal` reads it. Without --from-file the daemon makes one, "
            "if it\nis the daemon that keeps the root key. Backups made before still need the key "
            "before.\n",
    .options = options,
    .most = LIMIT_TARGETS,
    .run = run,
};
