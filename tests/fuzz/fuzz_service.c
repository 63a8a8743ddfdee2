/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole request by one of several callers, the first byte says by whom, and with its high bit
 * that the store is sealed. Whoever may not, gets no byte of a secret and changes nothing; an
 * answer is whole, and is one; and what the request left opens again as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "identity/identity.h"
#include "limits.h"
#include "protocol.h"
#include "serve/audit.h"
#include "serve/audit_line.h"
#include "serve/event.h"
#include "serve/follow.h"
#include "serve/http.h"
#include "serve/push.h"
#include "serve/put_request.h"
#include "serve/reply.h"
#include "serve/service.h"
#include "serve/subject.h"
#include "store/change.h"
#include "store/json.h"
#include "store/keyring.h"
#include "store/load.h"
#include "store/rootkey.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"

#define SECRET_A "the-secret-of-A-5f3a"
#define SECRET_B "the-secret-of-B-91c7"
#define ROOT_KEY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define MAX 100
#define VERSIONS 3

static struct service service = {
    .working = 1, .reveal = ACCESS_REVEAL_HOST, .sentinel = PROTOCOL_SENTINEL};
static char directory[] = "/dev/shm/vsecm-fuzz.XXXXXX";
static int dir;
static char log_image[8192]; /* of the log that every input begins with */
static size_t log_size;
static struct place pod = {.kind = PLACE_POD, .pod_uid = "u", .path = "/kubepods/podu/c"};
static struct place host = {.kind = PLACE_HOST, .path = "/"};
static struct place contained = {.kind = PLACE_CONTAINER, .path = "/docker/x\"\n", .contained = 1};

enum caller {
    CALLER_A,
    STRANGER,
    CONTAINER,
    UNATTESTED,
    POD_AT_ADMIN,
    USER,
    SENTINEL,
    ROOT,
    CALLERS
};

static struct subject subjects[CALLERS] = {
    [CALLER_A] = {.attested = 1, .place = &pod},
    [STRANGER] = {.attested = 1, .place = &pod},
    [CONTAINER] = {.attested = 1, .place = &contained},
    [UNATTESTED] = {.door = DOOR_ADMIN, .place = &host},
    [POD_AT_ADMIN] = {.attested = 1, .door = DOOR_ADMIN, .place = &contained},
    [USER] = {.attested = 1, .door = DOOR_ADMIN, .place = &host, .caller.uid = 1000},
    [SENTINEL] = {.attested = 1, .place = &pod, .is_sentinel = 1},
    [ROOT] = {.attested = 1, .door = DOOR_ADMIN, .place = &host},
};

int LLVMFuzzerInitialize(int *count, char ***words);

/* ---- the state directory --------------------------------------------------------------------- */

static void remove_files(void)
{
    static const char *const names[] = {PROTOCOL_STATE_LOG, PROTOCOL_STATE_NEW_LOG,
                                        PROTOCOL_STATE_KEY, PROTOCOL_STATE_KEY ".new"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlinkat(dir, names[i], 0);
}

static void remove_directory(void)
{
    remove_files();
    rmdir(directory);
}

static void write_file(const char *name, const char *data, size_t length)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUST(fd >= 0 && write(fd, data, length) == (ssize_t)length && close(fd) == 0);
}

static void open_store(enum keyring_kind kind)
{
    struct load_report report = {.refused = 0};
    const struct load_options load = {.now_us = 1};
    const struct store_options options = {
        .arena = service.arena, .max = MAX, .versions = VERSIONS, .dir = dir};
    const struct keyring_options key = {.kind = kind, .dir = dir, .name = PROTOCOL_STATE_KEY};
    service.store = store_new(&options);
    service.keyring = keyring_new(service.arena, service.store, &key);
    MUST(keyring_start(service.keyring, &load, &report, NULL) == 0);
    MUST(report.refused == 0 && report.journal.cut == 0);
}

static void close_store(void)
{
    struct arena_stats stats;
    keyring_free(service.keyring);
    store_free(service.store);
    arena_read_stats(service.arena, &stats);
    MUST(stats.blocks == 0);
}

static void put(struct span key, struct span value)
{
    struct change_conflict conflict;
    uint64_t ticket;
    const struct change_put put = {
        .value = value, .validity = VALIDITY_ALWAYS, .if_version = CHANGE_ANY_VERSION};
    MUST(change_put(service.store, &key, 1, &put, 1, &ticket, &conflict) == 0);
}

static void make_image(void)
{
    MUST(mkdtemp(directory) != NULL);
    atexit(remove_directory);
    dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    MUST(dir >= 0);
    write_file(PROTOCOL_STATE_KEY, ROOT_KEY "\n", sizeof ROOT_KEY);
    open_store(KEYRING_FILE);
    put(SPAN_LITERAL("ns/a"), SPAN_LITERAL("{\"k\":\"" SECRET_A "\"}"));
    put(SPAN_LITERAL("ns/b"), SPAN_LITERAL("{\"k\":\"" SECRET_B "\"}"));
    close_store();
    int fd = openat(dir, PROTOCOL_STATE_LOG, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, log_image, sizeof log_image);
    MUST(n > 0 && n < (ssize_t)sizeof log_image);
    log_size = (size_t)n;
    close(fd);
}

/* The same keys, versions and times. */
static void must_open_again(void)
{
    struct store_row *before, *after;
    size_t count, again;
    struct store *old = service.store;
    struct keyring *keyring = service.keyring;
    struct rootkey *key = NULL;
    MUST(store_list(old, &before, &count) == 0);
    int is_brought = faccessat(dir, PROTOCOL_STATE_KEY, F_OK, 0) < 0;
    if (is_brought) { /* manual: written down for this once */
        char text[AGE_KEY_IDENTITY_TEXT];
        age_key_write_identity(keyring_identity(keyring), text);
        MUST(rootkey_parse(service.arena, span_of(text), &key, NULL) == 0);
        MUST(rootkey_write(dir, PROTOCOL_STATE_KEY, service.arena, key, NULL) == 0);
        rootkey_free(key);
    }
    open_store(KEYRING_FILE);
    MUST(store_list(service.store, &after, &again) == 0 && again == count);
    for (size_t i = 0; i < count; i++)
        MUST(span_equal(before[i].key, after[i].key) && before[i].number == after[i].number &&
             before[i].created_us == after[i].created_us &&
             before[i].updated_us == after[i].updated_us &&
             before[i].validity.not_before_us == after[i].validity.not_before_us &&
             before[i].validity.expires_us == after[i].validity.expires_us);
    free(before);
    free(after);
    keyring_free(service.keyring);
    store_free(service.store);
    service.store = old;
    service.keyring = keyring;
}

static void fill_store(int is_sealed)
{
    remove_files();
    write_file(PROTOCOL_STATE_LOG, log_image, log_size);
    if (!is_sealed)
        write_file(PROTOCOL_STATE_KEY, ROOT_KEY "\n", sizeof ROOT_KEY);
    open_store(is_sealed ? KEYRING_MANUAL : KEYRING_FILE);
}

/* ---- requests -------------------------------------------------------------------------------- */

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count, (void)words;
    struct audit_options options = {.target = "none"};
    MUST(arena_new(8u << 20, ARENA_MLOCK, &service.arena, NULL) == 0);
    MUST(audit_open(&options, &service.audit, NULL) == 0 && service_init(&service) == 0);
    json_use(service.arena);
    for (size_t i = 0; i < CALLERS; i++)
        subjects[i].tier = "cgroup";
    struct identity *a = identity_new(0), *sentinel = identity_new(0);
    MUST(identity_set_names(a, SPAN_LITERAL("ns"), SPAN_LITERAL("a")) == 0);
    MUST(identity_set_names(sentinel, SPAN_LITERAL("ns"), SPAN_LITERAL("sentinel")) == 0);
    subjects[CALLER_A].identity = a;
    subjects[SENTINEL].identity = sentinel;
    make_image();
    return 0;
}

static int holds(struct span text, const char *secret)
{
    return memmem(text.data, text.length, secret, strlen(secret)) != NULL;
}

/* Content-Length is what follows the head; a 304 and an interim answer have no body. */
static void must_be_whole(struct span text)
{
    const char *end = memmem(text.data, text.length, "\r\n\r\n", 4);
    MUST(end && memcmp(text.data, "HTTP/1.1 ", 9) == 0);
    size_t head = (size_t)(end - text.data) + 4;
    const char *length = memmem(text.data, head, "\r\nContent-Length: ", 18);
    MUST(text.length - head == (length ? strtoul(length + 18, NULL, 10) : 0));
}

static void append(char **whole, size_t *length, struct span piece)
{
    *whole = realloc(*whole, *length + piece.length + 1);
    MUST(*whole);
    if (piece.length)
        memcpy(*whole + *length, piece.data, piece.length);
    *length += piece.length;
    (*whole)[*length] = '\0';
}

/*
 * An admin's own words may come back in an error, and the fuzzer guesses any word. Only the host's
 * root sees values; a sealed store shows none to anybody.
 */
static void check_reply(enum caller caller, int was_sealed, int reflects, const struct reply *reply)
{
    MUST(reply->status >= 200 && reply->status < 600 && reply->text_length <= REPLY_TEXT);
    size_t length = 0;
    char *whole = NULL;
    struct span piece = {reply->text, reply->text_length};
    append(&whole, &length, piece);
    append(&whole, &length, reply->part);
    while (reply->source && piece.length) {
        int r = reply->source->next(reply->source, &piece);
        MUST(r == 0 || r == -ENOSPC); /* the connection is closed early then */
        if (r < 0)
            break;
        append(&whole, &length, piece);
    }
    struct span text = {whole, length};
    if (piece.length == 0 || !reply->source)
        must_be_whole(text);
    int sees = !was_sealed && caller == ROOT;
    MUST(reflects || sees || !holds(text, SECRET_B)); /* nobody is B */
    MUST(reflects || sees || (!was_sealed && caller == CALLER_A) || !holds(text, SECRET_A));
    free(whole);
}

/* The event that a watch gets first; it may be seen by whom an answer may be seen. */
static void check_event(enum caller caller, struct call *call)
{
    static struct reply before, after;
    struct event event;
    enum push_result result = push_next(&service, call, &event);
    MUST(result == PUSH_EVENT || result == PUSH_NOTHING);
    if (result == PUSH_NOTHING)
        return;
    event_write(&event, SPAN_LITERAL("ns/a"), &before, &after);
    MUST(caller == CALLER_A || event.reason != PAGE_REASON_NONE);
    MUST(!before.part.length || !holds(before.part, SECRET_B));
    reply_done(&before);
    reply_done(&after);
}

static void ask(enum caller caller, const struct http_request *request, struct span body)
{
    char who[LIMIT_AUDIT_RECORD];
    struct pending pending = {0};
    struct follow follow = {0};
    int was_sealed = store_is_sealed(service.store);
    struct writer w = writer_on(who, sizeof who);
    audit_line_subject(&w, &subjects[caller]);
    struct call call = {.subject = &subjects[caller],
                        .audit_subject = {who, w.used},
                        .request = request,
                        .body = body,
                        .pending = &pending,
                        .follow = &follow};
    static struct reply reply;
    size_t max;
    enum service_result result = SERVICE_BODY;
    if (request->content_length)
        result = service_gate(&service, &call, &max, &reply);
    if (result == SERVICE_REPLIED)
        MUST(reply.status >= 400 && reply.closes);
    else if (request->content_length <= body.length)
        result = service_answer(&service, &call, &reply);
    MUST(result != SERVICE_WAITS && result != SERVICE_CHANGES);
    if (result == SERVICE_REPLIED)
        check_reply(caller, was_sealed, caller >= SENTINEL && body.length, &reply);
    MUST(!follow.kind || (caller == CALLER_A || caller == SENTINEL) && !was_sealed);
    if (follow.kind == FOLLOW_WATCH)
        check_event(caller, &call);
    follow_end(service.followers, &follow);
    reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request;
    const char *why;
    if (size == 0)
        return 0;
    enum caller caller = data[0] % CALLERS;
    const char *text = (const char *)data + 1;
    if (http_read(text, size - 1, &request, &why) != HTTP_COMPLETE)
        return 0;
    fill_store(data[0] & 0x80);
    struct span body = {text + request.head_length, size - 1 - request.head_length};
    if (body.length > request.content_length)
        body.length = (size_t)request.content_length;
    ask(caller, &request, body);
    if (caller < SENTINEL)
        MUST(store_is_sealed(service.store) == (data[0] >= 0x80));
    if (caller < SENTINEL && !store_is_sealed(service.store)) {
        const struct store_version *version = store_find(service.store, SPAN_LITERAL("ns/b"));
        MUST(store_count(service.store) == 2 && version && version->number == 1);
    }
    if (!store_is_sealed(service.store))
        must_open_again();
    close_store();
    return 0;
}
