/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/name.h"

#include "limits.h"

static int is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int is_part(struct span text)
{
    if (!text.length || !is_alphanumeric(text.data[0]) ||
        !is_alphanumeric(text.data[text.length - 1]))
        return 0;
    for (size_t i = 0; i < text.length; i++)
        if (!is_alphanumeric(text.data[i]) && text.data[i] != '-')
            return 0;
    return 1;
}

int name_is_label(struct span text)
{
    return text.length <= LIMIT_DNS_LABEL && is_part(text);
}

int name_is_subdomain(struct span text)
{
    if (text.length > LIMIT_DNS_SUBDOMAIN)
        return 0;
    for (;;) {
        const char *dot = memchr(text.data, '.', text.length);
        struct span part = {text.data, dot ? (size_t)(dot - text.data) : text.length};
        if (!is_part(part))
            return 0;
        if (!dot)
            return 1;
        text.data += part.length + 1;
        text.length -= part.length + 1;
    }
}
