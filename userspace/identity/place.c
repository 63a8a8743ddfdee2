/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/place.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "kernel_abi.h"

/* ---- names -------------------------------------------------------------------------------- */

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static size_t hex_run(struct span text, size_t from)
{
    size_t length = 0;
    while (from + length < text.length && is_hex(text.data[from + length]))
        length++;
    return length;
}

static int starts_with(struct span text, const char *prefix)
{
    size_t length = strlen(prefix);
    return text.length >= length && memcmp(text.data, prefix, length) == 0;
}

static int ends_with(struct span text, const char *suffix)
{
    size_t length = strlen(suffix);
    return text.length >= length && memcmp(text.data + text.length - length, suffix, length) == 0;
}

/* Take PREFIX off the front of *TEXT; 0 when it is not there. */
static int skip(struct span *text, struct span prefix)
{
    if (text->length < prefix.length || memcmp(text->data, prefix.data, prefix.length) != 0)
        return 0;
    text->data += prefix.length;
    text->length -= prefix.length;
    return 1;
}

static int skip_end(struct span *text, const char *suffix)
{
    if (!ends_with(*text, suffix))
        return 0;
    text->length -= strlen(suffix);
    return 1;
}

/*
 * A pod's uid: 8-4-4-4-12 hex digits, with SEPARATOR in place of the dashes, or the 32 digits of a
 * static pod's configuration hash. RET gets dashes whatever the separator.
 */
static int pod_uid(struct span text, char separator, char ret[PLACE_POD_UID])
{
    static const unsigned char dashes[] = {8, 13, 18, 23};
    if (text.length != 36 && text.length != 32)
        return 0;
    memcpy(ret, text.data, text.length);
    ret[text.length] = '\0';
    if (text.length == 36)
        for (size_t i = 0; i < sizeof dashes; i++) {
            if (ret[dashes[i]] != separator)
                return 0;
            ret[dashes[i]] = '-';
        }
    for (size_t i = 0, dash = 0; i < text.length; i++) {
        if (text.length == 36 && dash < sizeof dashes && i == dashes[dash])
            dash++;
        else if (!is_hex(ret[i]))
            return 0;
    }
    return 1;
}

/* ---- a pod under a kubelet's root --------------------------------------------------------- */

struct cursor {
    const struct vsecm_chain *chain;
    size_t at;    /* the next name */
    size_t count; /* names that were read */
};

/* The next name; empty at the end or when it was too long to be read whole. */
static struct span next_name(struct cursor *c)
{
    if (c->at >= c->count || (c->chain->truncated >> c->at & 1))
        return (struct span){"", 0};
    const char *name = c->chain->name[c->at++];
    return (struct span){name, strnlen(name, VSECM_CGROUP_NAME)};
}

static int container_id(struct span name, int systemd, char ret[PLACE_CONTAINER_ID])
{
    static const char *const runtimes[] = {"cri-containerd-", "crio-", "docker-", "libpod-"};
    if (systemd && !skip_end(&name, ".scope"))
        return 0;
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++)
        if (skip(&name, span_of(runtimes[i])))
            break;
    if (name.length != 64 || hex_run(name, 0) != 64)
        return 0;
    memcpy(ret, name.data, 64);
    ret[64] = '\0';
    return 1;
}

static const char *const qos_names[] = {"burstable", "besteffort"};

/* cgroupfs driver: [burstable|besteffort] / pod<uid> / <id> */
static const char *pod_by_cgroupfs(struct cursor *c, struct place *ret)
{
    struct span name = next_name(c);
    for (size_t i = 0; i < 2; i++)
        if (span_is(name, qos_names[i])) {
            name = next_name(c);
            break;
        }
    if (!skip(&name, SPAN_LITERAL("pod")) || !pod_uid(name, '-', ret->pod_uid))
        return "under the kubelet's root, but in no pod";
    ret->level = (unsigned)c->at;
    if (!container_id(next_name(c), 0, ret->container))
        return "in a pod's cgroup, but in no container of it";
    return NULL;
}

/*
 * systemd driver: the names repeat the way from the root, as slices do:
 * [<root>-<qos>.slice] / <root>[-<qos>]-pod<uid with _>.slice / <runtime>-<id>.scope
 */
static const char *pod_by_systemd(struct cursor *c, struct span root, struct place *ret)
{
    struct span name = next_name(c);
    struct span qos = {"", 0};
    for (size_t i = 0; i < 2; i++) {
        struct span rest = name;
        if (skip(&rest, root) && skip(&rest, SPAN_LITERAL("-")) && skip_end(&rest, ".slice") &&
            span_is(rest, qos_names[i])) {
            qos = rest;
            name = next_name(c);
            break;
        }
    }
    int ok = skip(&name, root) && skip(&name, SPAN_LITERAL("-"));
    if (ok && qos.length)
        ok = skip(&name, qos) && skip(&name, SPAN_LITERAL("-"));
    if (!ok || !skip(&name, SPAN_LITERAL("pod")) || !skip_end(&name, ".slice") ||
        !pod_uid(name, '_', ret->pod_uid))
        return "under the kubelet's root, but in no pod";
    ret->level = (unsigned)c->at;
    if (!container_id(next_name(c), 1, ret->container))
        return "in a pod's cgroup, but in no container of it";
    return NULL;
}

/* Non-zero when the chain is at or below ROOT; then *C stands behind it and *LAST is its end. */
static int below_root(struct cursor *c, const char *root, struct span *last)
{
    struct cursor start = *c;
    for (const char *at = root + 1;;) {
        struct span part = {at, strcspn(at, "/")};
        if (!span_equal(next_name(c), part)) {
            *c = start;
            return 0;
        }
        if (at[part.length] == '\0') {
            *last = part;
            return 1;
        }
        at += part.length + 1;
    }
}

static void read_pod(struct cursor *c, struct span root, struct place *ret)
{
    int systemd = skip_end(&root, ".slice");
    ret->why = systemd ? pod_by_systemd(c, root, ret) : pod_by_cgroupfs(c, ret);
    ret->kind = ret->why ? PLACE_REFUSED : PLACE_POD;
    ret->contained = 1;
    if (ret->level == 0)
        ret->level = (unsigned)c->count;
    if (!ret->why)
        return;
    ret->pod_uid[0] = '\0';
    ret->container[0] = '\0';
}

/* ---- everything else ---------------------------------------------------------------------- */

/* Wide on purpose: a false alarm costs an administrator a cgroup, a miss would make a pod one. */
static int looks_contained(struct span name)
{
    static const char *const prefixes[] = {"kubepods", "docker-", "libpod",  "crio-",
                                           "lxc",      "machine", "podman-", "cri-containerd"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (starts_with(name, prefixes[i]))
            return 1;
    if (span_is(name, "docker") || starts_with(name, "systemd-nspawn@"))
        return 1;
    for (size_t i = 0; i < name.length; i++) {
        size_t run = hex_run(name, i);
        if (run >= 64)
            return 1;
        struct span rest = {name.data + i, name.length - i};
        char uid[PLACE_POD_UID];
        if (skip(&rest, SPAN_LITERAL("pod"))) {
            rest.length = rest.length < 36 ? rest.length : 36;
            if (pod_uid(rest, '-', uid) || pod_uid(rest, '_', uid))
                return 1;
            rest.length = rest.length < 32 ? rest.length : 32;
            if (pod_uid(rest, '-', uid))
                return 1;
        }
    }
    return 0;
}

/* A systemd service: slices, then NAME.service. What it has below is its own affair. */
static int read_unit(struct cursor c, struct place *ret)
{
    struct span name = next_name(&c);
    while (ends_with(name, ".slice"))
        name = next_name(&c);
    ret->level = (unsigned)c.at;
    return ends_with(name, ".service") && name.length > strlen(".service") &&
           str_copy(ret->unit, sizeof ret->unit, name) == 0;
}

static void read_host(struct cursor c, struct place *ret)
{
    int whole = c.chain->depth <= VSECM_CHAIN_LEVELS && c.chain->truncated == 0;
    struct cursor all = c;
    ret->contained = !whole;
    while (all.at < all.count && !ret->contained)
        ret->contained = looks_contained(next_name(&all));
    if (read_unit(c, ret)) {
        ret->kind = PLACE_UNIT;
        return;
    }
    ret->level = (unsigned)(whole ? all.at : all.count);
    if (!whole) {
        ret->kind = PLACE_REFUSED;
        ret->why = "its cgroup is too deep, or a name in the chain is too long, to be read whole";
    } else {
        ret->kind = ret->contained ? PLACE_CONTAINER : PLACE_HOST;
    }
}

static void write_path(const struct cursor *c, char ret[PLACE_PATH])
{
    size_t used = 0;
    for (size_t i = 0; i < c->count; i++) {
        size_t length = strnlen(c->chain->name[i], VSECM_CGROUP_NAME);
        if (used + 1 + length >= PLACE_PATH)
            break;
        ret[used++] = '/';
        memcpy(ret + used, c->chain->name[i], length);
        used += length;
    }
    if (used == 0)
        ret[used++] = '/';
    ret[used] = '\0';
}

void place_read(const struct vsecm_chain *chain, const struct place_roots *roots, struct place *ret)
{
    *ret = (struct place){.kind = PLACE_REFUSED, .why = "not read", .contained = 1};
    struct cursor c = {.chain = chain};
    c.count = chain->depth < VSECM_CHAIN_LEVELS ? chain->depth : VSECM_CHAIN_LEVELS;
    write_path(&c, ret->path);
    for (size_t i = 0; i < roots->count; i++) {
        struct span last;
        if (below_root(&c, roots->root[i], &last)) {
            ret->root_level = (unsigned)c.at;
            read_pod(&c, last, ret);
            return;
        }
    }
    ret->why = NULL;
    read_host(c, ret);
}

int place_parse_uid(struct span text, char ret[PLACE_POD_UID])
{
    return pod_uid(text, '-', ret);
}

/* ---- configuration ------------------------------------------------------------------------ */

static int is_clean_path(const char *path)
{
    if (path[0] != '/' || path[1] == '\0')
        return 0;
    for (const char *at = path + 1;;) {
        struct span part = {at, strcspn(at, "/")};
        if (part.length == 0 || part.length >= VSECM_CGROUP_NAME || span_is(part, ".") ||
            span_is(part, ".."))
            return 0;
        if (at[part.length] == '\0')
            return 1;
        at += part.length + 1;
    }
}

int place_parse_roots(struct span text, struct place_roots *ret)
{
    struct place_roots roots = {0};
    struct span word;
    while (file_next_word(&text, &word)) {
        if (roots.count == LIMIT_KUBELET_ROOTS)
            return -EINVAL;
        char *root = roots.root[roots.count++];
        if (str_copy(root, sizeof roots.root[0], word) < 0 || !is_clean_path(root))
            return -EINVAL;
    }
    *ret = roots;
    return 0;
}

const char *place_kind_name(enum place_kind kind)
{
    static const char *const names[] = {
        [PLACE_REFUSED] = "refused",     [PLACE_HOST] = "host", [PLACE_UNIT] = "unit",
        [PLACE_CONTAINER] = "container", [PLACE_POD] = "pod",
    };
    return names[kind];
}
