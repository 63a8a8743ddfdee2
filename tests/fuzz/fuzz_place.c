/* SPDX-License-Identifier: BSD-2-Clause */
/* A chain is a pod's if and only if its path matches these expressions, anchored at the root. */
#include <regex.h>

#include "identity/place.h"
#include "kernel_abi.h"
#include "tests/fuzz/fuzz.h"

#define HEX(n) "[0-9a-f]{" #n "}"
#define UID(sep) "(" HEX(8) sep HEX(4) sep HEX(4) sep HEX(4) sep HEX(12) "|" HEX(32) ")"
#define ID "((cri-containerd|crio|docker|libpod)-)?" HEX(64)
#define SLICE(qos) "kubepods" qos "-pod" UID("_") "\\.slice/" ID "\\.scope(/|$)"

static const char *const expressions[] = {
    "^/kubepods(/burstable|/besteffort)?/pod" UID("-") "/" ID "(/|$)",
    "^/kubepods\\.slice/" SLICE(""),
    "^/kubepods\\.slice/kubepods-burstable\\.slice/" SLICE("-burstable"),
    "^/kubepods\\.slice/kubepods-besteffort\\.slice/" SLICE("-besteffort"),
};

#define EXPRESSIONS (sizeof expressions / sizeof expressions[0])

static struct place_roots roots;
static regex_t compiled[EXPRESSIONS];

int LLVMFuzzerInitialize(int *count, char ***words);

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count, (void)words;
    MUST(place_parse_roots(SPAN_LITERAL("/kubepods.slice /kubepods"), &roots) == 0);
    for (size_t i = 0; i < EXPRESSIONS; i++)
        MUST(regcomp(&compiled[i], expressions[i], REG_EXTENDED | REG_NOSUB) == 0);
    return 0;
}

/* The names of TEXT between its slashes; *PATH is the chain as one text. */
static struct vsecm_chain chain_of(const char *text, char *path)
{
    struct vsecm_chain chain = {0};
    for (const char *at = text; *at; chain.depth++) {
        size_t length = strcspn(at, "/");
        if (length >= VSECM_CGROUP_NAME && chain.depth < VSECM_CHAIN_LEVELS)
            chain.truncated |= 1u << chain.depth;
        if (chain.depth < VSECM_CHAIN_LEVELS) {
            memcpy(chain.name[chain.depth], at,
                   length < VSECM_CGROUP_NAME ? length : VSECM_CGROUP_NAME - 1);
            *path++ = '/';
            memcpy(path, at, length);
            path += length;
        }
        at += length + (at[length] == '/');
    }
    return chain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    char *path = calloc(1, size + 2 * VSECM_CHAIN_LEVELS + 1);
    struct vsecm_chain chain = chain_of(text, path);
    struct place place;
    place_read(&chain, &roots, &place);
    int matches = 0;
    for (size_t i = 0; i < EXPRESSIONS; i++)
        matches |= regexec(&compiled[i], path, 0, NULL, 0) == 0;
    MUST((place.kind == PLACE_POD) == matches);
    MUST((place.kind == PLACE_POD) == (place.container[0] != '\0'));
    MUST((place.kind == PLACE_REFUSED) == (place.why != NULL));
    MUST(place.contained || place.kind == PLACE_HOST || place.kind == PLACE_UNIT);
    MUST(place.path[0] == '/' && strlen(place.path) < PLACE_PATH);
    free(text);
    free(path);
    return 0;
}
