/* SPDX-License-Identifier: BSD-2-Clause */
/* Chains as real runtimes make them, and as somebody would make them to look like one. */
#include "identity/place.h"

#include <errno.h>

#include "kernel_abi.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define UID "11112222-3333-4444-5555-66667777abcd"
#define UID_ "11112222_3333_4444_5555_66667777abcd"
#define OTHER "99992222-3333-4444-5555-66667777abcd"
#define OTHER_ "99992222_3333_4444_5555_66667777abcd"
#define STATIC_UID "0123456789abcdef0123456789abcdef"
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

#define DEFAULT_ROOTS "/kubepods.slice /kubepods"

static struct vsecm_chain chain_of(const char *path)
{
    struct vsecm_chain chain = {0};
    for (const char *at = path + 1; *at; chain.depth++) {
        size_t length = strcspn(at, "/");
        int fits = length < VSECM_CGROUP_NAME;
        if (chain.depth < VSECM_CHAIN_LEVELS) {
            memcpy(chain.name[chain.depth], at, fits ? length : VSECM_CGROUP_NAME - 1);
            chain.truncated |= (vsecm_u32)!fits << chain.depth;
        }
        at += length + (at[length] == '/');
    }
    return chain;
}

static struct place read_with(const char *roots, const char *path)
{
    struct place_roots parsed;
    struct place place;
    struct vsecm_chain chain = chain_of(path);
    CHECK_EQ_INT(place_parse_roots(span_of(roots), &parsed), 0);
    memset(&place, 0xa5, sizeof place);
    place_read(&chain, &parsed, &place);
    return place;
}

/* ---- pods ---------------------------------------------------------------------------------- */

/* Whatever is below it belongs to one owner: the pod, the service, the foreign container. */
TEST(levels)
{
    static const struct {
        const char *path;
        unsigned level;
    } rows[] = {
        {"/", 0},
        {"/init.scope", 1},
        {"/system.slice/vsecmd.service", 2},
        {"/system.slice/vsecmd.service/inner/more", 2},
        {"/user.slice/user-1000.slice/session-3.scope", 3},
        {"/kubepods/pod4f2a6b10-9c1d-4e3f-8a5b-0d1e2f3a4b5c/"
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/below/that",
         2},
        {"/kubepods/burstable/pod4f2a6b10-9c1d-4e3f-8a5b-0d1e2f3a4b5c/"
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
         3},
        {"/kubepods/burstable/pod4f2a6b10-9c1d-4e3f-8a5b-0d1e2f3a4b5c/elsewhere", 3},
        {"/kubepods/burstable", 2},
        {"/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/x", 1},
        {"/a/docker-x.scope/y", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_EQ_INT(read_with("/kubepods.slice /kubepods", rows[i].path).level, rows[i].level);
    CHECK_EQ_INT(read_with("/kubepods.slice /kubepods", "/kubepods/burstable").root_level, 1);
    CHECK_EQ_INT(read_with("/a/b /kubepods", "/a/b/pod" UID "/x").root_level, 2);
    CHECK_EQ_INT(read_with("/kubepods.slice /kubepods", "/system.slice/a.service").root_level, 0);
}

static void check_pod(const char *roots, const char *path, const char *uid, const char *container)
{
    struct place place = read_with(roots, path);
    if (place.kind != PLACE_POD)
        check_fail(__FILE__, __LINE__, "%s is %s (%s)", path, place_kind_name(place.kind),
                   place.why ? place.why : "");
    CHECK_STR(place.pod_uid, uid);
    CHECK_STR(place.container, container);
    CHECK_STR(place.unit, "");
    CHECK(place.contained);
    CHECK(place.why == NULL);
}

TEST(pods)
{
    static const struct {
        const char *path;
        const char *uid;
    } rows[] = {
        /* systemd driver */
        {"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", UID},
        {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
         ".slice/cri-containerd-" ID ".scope",
         UID},
        {"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_ ".slice/crio-" ID
         ".scope",
         UID},
        {"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", UID},
        {"/kubepods.slice/kubepods-pod" UID_ ".slice/docker-" ID ".scope", UID},
        {"/kubepods.slice/kubepods-pod" UID_ ".slice/libpod-" ID ".scope", UID},
        {"/kubepods.slice/kubepods-pod" UID_ ".slice/" ID ".scope", UID},
        {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC_UID
         ".slice/cri-containerd-" ID ".scope",
         STATIC_UID},
        /* cgroupfs driver */
        {"/kubepods/pod" UID "/" ID, UID},
        {"/kubepods/burstable/pod" UID "/" ID, UID},
        {"/kubepods/besteffort/pod" UID "/" ID, UID},
        {"/kubepods/burstable/pod" UID "/crio-" ID, UID},
        {"/kubepods/besteffort/pod" STATIC_UID "/" ID, STATIC_UID},
        /* what the container made below itself does not matter, nor how it is called */
        {"/kubepods/pod" UID "/" ID "/child", UID},
        {"/kubepods/pod" UID "/" ID "/init.scope/a/b/c/d/e/f/g/h/i/j/k/l/m/n", UID},
        {"/kubepods/pod" UID "/" ID "/kubepods/pod" OTHER "/" ID, UID},
        {"/kubepods/pod" UID "/" ID "/system.slice/nginx.service", UID},
        {"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID
         ".scope/kubepods.slice/kubepods-pod" OTHER_ ".slice/cri-containerd-" ID ".scope",
         UID},
        {"/kubepods/pod" UID "/" ID "/" X50 X50 X50 "/a", UID},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_pod(DEFAULT_ROOTS, rows[i].path, rows[i].uid, ID);
}

TEST(pods_of_a_nested_kubelet)
{
    check_pod("/docker/" ID "/kubepods", "/docker/" ID "/kubepods/burstable/pod" UID "/" ID, UID,
              ID);
    check_pod("/kubelet/kubepods", "/kubelet/kubepods/pod" UID "/" ID, UID, ID);
    check_pod("/kubelet.slice/kubelet-kubepods.slice",
              "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
              "kubelet-kubepods-besteffort-pod" UID_ ".slice/cri-containerd-" ID ".scope",
              UID, ID);
    check_pod("/a/b/c/d", "/a/b/c/d/burstable/pod" UID "/" ID "/x/y/z/deeper/than/is/read", UID,
              ID);
    /* Several kubelets: each root is tried. */
    check_pod("/kubepods /two/kubepods.slice",
              "/two/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", UID, ID);
}

/* ---- what is under a kubelet's root and no container of a pod ------------------------------- */

static const char *const no_pod[] = {
    "/kubepods",
    "/kubepods/burstable",
    "/kubepods/guaranteed/pod" UID "/" ID,
    "/kubepods/burstable/burstable/pod" UID "/" ID,
    "/kubepods/burstable/besteffort/pod" UID "/" ID,
    "/kubepods/x/pod" UID "/" ID,
    "/kubepods/pod/" ID,
    "/kubepods/" UID "/" ID,
    "/kubepods/pod" UID_ "/" ID,
    "/kubepods/pod" UID "x/" ID,
    "/kubepods/pod" UID " /" ID,
    "/kubepods/pod1111222-23333-4444-5555-66667777abcd/" ID,
    "/kubepods/pod11112222-3333-4444-5555-66667777ABCD/" ID,
    "/kubepods/pod11112222-3333-4444-5555-66667777abcg/" ID,
    "/kubepods/pod11112222-3333-4444-5555-66667777abc/" ID,
    "/kubepods/pod11112222333344445555-66667777abcdef01/" ID,
    "/kubepods/pod0123456789abcdef0123456789abcde/" ID,
    "/kubepods/pod0123456789abcdef0123456789abcdef0/" ID,
    "/kubepods/kubepods-pod" UID_ ".slice/" ID,
    "/kubepods.slice",
    "/kubepods.slice/kubepods-burstable.slice",
    "/kubepods.slice/pod" UID "/" ID,
    "/kubepods.slice/kubepods-pod" UID ".slice/cri-containerd-" ID ".scope",
    "/kubepods.slice/kubepods-pod" UID_ "/cri-containerd-" ID ".scope",
    "/kubepods.slice/other-pod" UID_ ".slice/cri-containerd-" ID ".scope",
    /* the level and the pod's name must say the same */
    "/kubepods.slice/kubepods-burstable-pod" UID_ ".slice/cri-containerd-" ID ".scope",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID
    ".scope",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-besteffort-pod" UID_
    ".slice/cri-containerd-" ID ".scope",
    "/kubepods.slice/kubepods-guaranteed.slice/kubepods-guaranteed-pod" UID_
    ".slice/cri-containerd-" ID ".scope",
    "/kubepods.slice/burstable.slice/kubepods-burstable-pod" UID_ ".slice/cri-containerd-" ID
    ".scope",
    /* names that do not fit into the record name nobody */
    "/kubepods/" X50 X50 X50 "/pod" UID "/" ID,
    "/kubepods/pod" UID X50 X50 X50 "/" ID,
};

static const char *const no_container[] = {
    "/kubepods/pod" UID,
    "/kubepods/burstable/pod" UID "/init",
    "/kubepods/pod" UID "/" ID "0",
    "/kubepods/pod" UID "/0123456789abcdef",
    "/kubepods/pod" UID "/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    "/kubepods/pod" UID "/cri-containerd-" ID ".scope",
    "/kubepods/pod" UID "/crio-conmon-" ID,
    "/kubepods/pod" UID "/child/" ID,
    "/kubepods/pod" UID "/" ID X50 X50,
    "/kubepods.slice/kubepods-pod" UID_ ".slice",
    "/kubepods.slice/kubepods-pod" UID_ ".slice/" ID,
    "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope",
    "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID,
    "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-crio-" ID ".scope",
    "/kubepods.slice/kubepods-pod" UID_ ".slice/unknown-" ID ".scope",
    "/kubepods.slice/kubepods-pod" UID_ ".slice/" X50 X50 X50,
};

TEST(refused_under_a_kubelets_root)
{
    const char *const *const lists[] = {no_pod, no_container};
    const size_t counts[] = {COUNT(no_pod), COUNT(no_container)};
    const char *const why[] = {"under the kubelet's root, but in no pod",
                               "in a pod's cgroup, but in no container of it"};
    for (size_t list = 0; list < 2; list++)
        for (size_t i = 0; i < counts[list]; i++) {
            const char *path = lists[list][i];
            struct place place = read_with(DEFAULT_ROOTS, path);
            if (place.kind != PLACE_REFUSED || !place.contained || place.pod_uid[0] ||
                place.container[0])
                check_fail(__FILE__, __LINE__, "%s is %s of '%s' in '%s'", path,
                           place_kind_name(place.kind), place.container, place.pod_uid);
            CHECK_STR(place.why, why[list]);
        }
}

/* The chain ends in the middle of a pod: it was moved, or is being removed. */
TEST(chain_that_is_cut_at_every_level)
{
    static const char whole[] =
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
        ".slice/cri-containerd-" ID ".scope";
    struct place_roots roots;
    CHECK_EQ_INT(place_parse_roots(span_of(DEFAULT_ROOTS), &roots), 0);
    struct vsecm_chain chain = chain_of(whole);
    CHECK_EQ_INT(chain.depth, 4);
    for (unsigned depth = 0; depth <= 4; depth++) {
        struct place place;
        chain.depth = depth;
        place_read(&chain, &roots, &place);
        CHECK_EQ_INT(place.kind, depth == 4 ? PLACE_POD : depth == 0 ? PLACE_HOST : PLACE_REFUSED);
    }
}

/* A name that did not fit is no name, even if what is there of it would do. */
TEST(truncated_names_match_nothing)
{
    static const char whole[] = "/kubepods/burstable/pod" UID "/" ID "/below";
    struct place_roots roots;
    CHECK_EQ_INT(place_parse_roots(span_of(DEFAULT_ROOTS), &roots), 0);
    for (unsigned level = 0; level < 5; level++) {
        struct vsecm_chain chain = chain_of(whole);
        struct place place;
        chain.truncated = 1u << level;
        place_read(&chain, &roots, &place);
        CHECK_EQ_INT(place.kind, level == 4 ? PLACE_POD : PLACE_REFUSED);
        CHECK(place.contained);
    }
}

/* A name that fills its field has no NUL. */
TEST(name_without_an_end)
{
    struct place_roots roots;
    struct place place;
    struct vsecm_chain chain = {.depth = VSECM_CHAIN_LEVELS};
    CHECK_EQ_INT(place_parse_roots(span_of(DEFAULT_ROOTS), &roots), 0);
    memset(chain.name, 'f', sizeof chain.name);
    place_read(&chain, &roots, &place);
    CHECK(place.kind != PLACE_POD);
    CHECK(place.contained);
}

/* ---- everything else ----------------------------------------------------------------------- */

static const struct {
    const char *path;
    enum place_kind kind;
    int contained;
    const char *unit;
} others[] = {
    {"/", PLACE_HOST, 0, ""},
    {"/init.scope", PLACE_HOST, 0, ""},
    {"/ops/tool", PLACE_HOST, 0, ""},
    {"/user.slice/user-0.slice/session-1.scope", PLACE_HOST, 0, ""},
    {"/a/b/c/d/e/f/g/h/i/j", PLACE_HOST, 0, ""},
    {"/system.slice/nginx.service", PLACE_UNIT, 0, "nginx.service"},
    {"/system.slice/nginx.service/worker", PLACE_UNIT, 0, "nginx.service"},
    {"/system.slice/system-getty.slice/getty@tty1.service", PLACE_UNIT, 0, "getty@tty1.service"},
    {"/nginx.service", PLACE_UNIT, 0, "nginx.service"},
    {"/system.slice/nginx.service/other.service", PLACE_UNIT, 0, "nginx.service"},
    {"/system.slice", PLACE_HOST, 0, ""},
    {"/system.slice/.service", PLACE_HOST, 0, ""},
    {"/system.slice/x.scope/nginx.service", PLACE_HOST, 0, ""},
    {"/ops/nginx.service", PLACE_HOST, 0, ""},
    {"/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service", PLACE_UNIT, 0,
     "user@1000.service"},
    /* a pod's names where no kubelet put them */
    {"/user.slice/user-1000.slice/user@1000.service/kubepods/pod" UID "/" ID, PLACE_UNIT, 1,
     "user@1000.service"},
    {"/user.slice/user-1000.slice/user@1000.service/app.slice/pod" UID_, PLACE_UNIT, 1,
     "user@1000.service"},
    {"/system.slice/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
     PLACE_CONTAINER, 1, ""},
    {"/system.slice/kubelet.service/kubepods/pod" UID "/" ID, PLACE_UNIT, 1, "kubelet.service"},
    {"/docker/" ID, PLACE_CONTAINER, 1, ""},
    {"/docker/" ID "/kubepods/burstable/pod" UID "/" ID, PLACE_CONTAINER, 1, ""},
    {"/docker/" ID "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_
     ".slice/cri-containerd-" ID ".scope",
     PLACE_CONTAINER, 1, ""},
    {"/pod" UID "/" ID, PLACE_CONTAINER, 1, ""},
    {"/kubepodsx/pod" UID "/" ID, PLACE_CONTAINER, 1, ""},
    {"/xkubepods/burstable", PLACE_HOST, 0, ""},
    {"/Kubepods/burstable", PLACE_HOST, 0, ""},
    /* containers of every kind */
    {"/system.slice/docker-" ID ".scope", PLACE_CONTAINER, 1, ""},
    {"/machine.slice/libpod-" ID ".scope", PLACE_CONTAINER, 1, ""},
    {"/machine.slice/libpod-" ID ".scope/container", PLACE_CONTAINER, 1, ""},
    {"/machine.slice/machine-qemu.scope", PLACE_CONTAINER, 1, ""},
    {"/machine.slice/systemd-nspawn@box.service", PLACE_UNIT, 1, "systemd-nspawn@box.service"},
    {"/system.slice/crio-" ID ".scope", PLACE_CONTAINER, 1, ""},
    {"/system.slice/cri-containerd-x.scope", PLACE_CONTAINER, 1, ""},
    {"/lxc/web", PLACE_CONTAINER, 1, ""},
    {"/lxc.payload.web/init", PLACE_CONTAINER, 1, ""},
    {"/podman-123.scope", PLACE_CONTAINER, 1, ""},
    {"/ops/" ID, PLACE_CONTAINER, 1, ""},
    {"/ops/a" ID "b", PLACE_CONTAINER, 1, ""},
    {"/ops/x-pod" UID ".y", PLACE_CONTAINER, 1, ""},
    {"/ops/pod" STATIC_UID, PLACE_CONTAINER, 1, ""},
    {"/ops/podpod" UID, PLACE_CONTAINER, 1, ""},
    {"/ops/dockerfile", PLACE_HOST, 0, ""},
    {"/ops/podium", PLACE_HOST, 0, ""},
    /* not read whole: nobody is believed */
    {"/a/b/c/d/e/f/g/h/i/j/k", PLACE_REFUSED, 1, ""},
    {"/ops/" X50 X50 X50, PLACE_REFUSED, 1, ""},
    {"/" X50 X50 X50 "/nginx.service", PLACE_REFUSED, 1, ""},
    {"/system.slice/nginx.service/a/b/c/d/e/f/g/h/i/j", PLACE_UNIT, 1, "nginx.service"},
    {"/system.slice/nginx.service/" X50 X50 X50, PLACE_UNIT, 1, "nginx.service"},
};

TEST(places_that_are_no_pods)
{
    for (size_t i = 0; i < COUNT(others); i++) {
        struct place place = read_with(DEFAULT_ROOTS, others[i].path);
        if (place.kind != others[i].kind || (place.contained != 0) != others[i].contained ||
            strcmp(place.unit, others[i].unit) != 0 || place.pod_uid[0] || place.container[0])
            check_fail(__FILE__, __LINE__, "%s is %s, contained %d, unit '%s', pod '%s'",
                       others[i].path, place_kind_name(place.kind), place.contained, place.unit,
                       place.pod_uid);
        CHECK_EQ_INT(place.why != NULL, others[i].kind == PLACE_REFUSED);
    }
}

TEST(no_roots)
{
    struct place place = read_with("", "/kubepods/pod" UID "/" ID);
    CHECK_EQ_INT(place.kind, PLACE_CONTAINER);
}

TEST(root_must_match_to_its_end)
{
    static const char *const paths[] = {
        "/a/pod" UID "/" ID,
        "/ab/kubepods/pod" UID "/" ID,
        "/a/bc/kubepods/pod" UID "/" ID,
        "/x/a/b/kubepods/pod" UID "/" ID,
        "/b/a/kubepods/pod" UID "/" ID,
    };
    for (size_t i = 0; i < COUNT(paths); i++)
        CHECK_EQ_INT(read_with("/a/b", paths[i]).kind, PLACE_CONTAINER);
    CHECK_EQ_INT(read_with("/a/b", "/a/b/pod" UID "/" ID).kind, PLACE_POD);
}

/* ---- paths --------------------------------------------------------------------------------- */

TEST(paths)
{
    CHECK_STR(read_with("", "/").path, "/");
    CHECK_STR(read_with("", "/a").path, "/a");
    CHECK_STR(read_with("", "/a/b\"\n/c").path, "/a/b\"\n/c");
    CHECK_STR(read_with("", "/a/b/c/d/e/f/g/h/i/j/k/l").path, "/a/b/c/d/e/f/g/h/i/j");
}

TEST(path_is_cut_between_names)
{
    struct place place =
        read_with("", "/1" X50 X50 "/2" X50 X50 "/3" X50 X50 "/4" X50 X50 "/5" X50 X50 "/6");
    CHECK_EQ_INT(strlen(place.path), 5 * 102); /* one more byte, and the NUL: PLACE_PATH */
    place = read_with("", "/1" X50 X50 "/2" X50 X50 "/3" X50 X50 "/4" X50 X50 "/5" X50 X50 "yy");
    CHECK_EQ_INT(strlen(place.path), 4 * 102);
    CHECK_STR(place.path + 3 * 102, "/4" X50 X50);
}

/* ---- uids and roots ------------------------------------------------------------------------ */

TEST(uids)
{
    static const char *const bad[] = {"",
                                      "x",
                                      UID_,
                                      UID "0",
                                      "11112222-3333-4444-5555-66667777ABCD",
                                      "1111222233334444555566667777abc",
                                      "-------------------------"};
    char uid[PLACE_POD_UID];
    CHECK(place_parse_uid(span_of(UID), uid));
    CHECK_STR(uid, UID);
    CHECK(place_parse_uid(span_of(STATIC_UID), uid));
    CHECK_STR(uid, STATIC_UID);
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK(!place_parse_uid(span_of(bad[i]), uid));
}

TEST(roots)
{
    static const char *const bad[] = {
        "kubepods",      "/",
        "//a",           "/a/",
        "/a//b",         "/a/./b",
        "/..",           "/a/..",
        "/a b",          "/1 /2 /3 /4 /5 /6 /7 /8 /9",
        "/" X50 X50 X50, "/a/" X50 "/" X50 "/" X50 "/" X50 "/" X50 "/toolong",
    };
    struct place_roots roots;
    for (size_t i = 0; i < COUNT(bad); i++) {
        roots.count = 4711;
        if (place_parse_roots(span_of(bad[i]), &roots) != -EINVAL)
            check_fail(__FILE__, __LINE__, "'%s' is taken", bad[i]);
        CHECK_EQ_INT(roots.count, 4711);
    }
    CHECK_EQ_INT(place_parse_roots(span_of(" /a \t/b/c.slice "), &roots), 0);
    CHECK_EQ_INT(roots.count, 2);
    CHECK_STR(roots.root[0], "/a");
    CHECK_STR(roots.root[1], "/b/c.slice");
    CHECK_EQ_INT(place_parse_roots(span_of("/1 /2 /3 /4 /5 /6 /7 /8"), &roots), 0);
    CHECK_EQ_INT(roots.count, LIMIT_KUBELET_ROOTS);
}

CHECK_MAIN
