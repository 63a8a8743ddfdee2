/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/arguments.h"

#include <string.h>

/* The longest directory whose files' names have room. */
#define LONGEST (LIMIT_PATH - 64)

static const char *take_node(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->node = true;
    return NULL;
}

static const char *take_unload(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->unload = true;
    return NULL;
}

static const char *take_directory(const char **ret, const char *value)
{
    *ret = value;
    return value[0] == '/' && strlen(value) <= LONGEST ? NULL : "must be an absolute directory";
}

static const char *take_pin_dir(struct arguments *arguments, const char *value)
{
    return take_directory(&arguments->pin_dir, value);
}

static const char *take_private_dir(struct arguments *arguments, const char *value)
{
    return take_directory(&arguments->private_dir, value);
}

const struct arguments_option arguments_doctor_node = {
    "node", 0, NULL, "look at this node; that is what is done without options", take_node,
};

const struct arguments_option arguments_doctor_unload = {
    "unload", 0, NULL, "remove the guards that vsecmd left behind", take_unload,
};

const struct arguments_option arguments_doctor_pin_dir = {
    "pin-dir", 0, "DIR", "where they are pinned: pin_dir of vsecmd", take_pin_dir,
};

const struct arguments_option arguments_doctor_private_dir = {
    "private-dir", 0, "DIR", "private_dir of the vsecmd that pinned them", take_private_dir,
};
