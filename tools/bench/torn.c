/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/torn.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/child.h"
#include "bench/http.h"
#include "bench/job.h"
#include "bench/page_reader.h"
#include "bench/pin.h"
#include "bench/probe.h"
#include "bench/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LETTERS 26u
#define SHORTEST 64u
#define LONGER_BY 37u /* each letter than the one before: no multiple of a word */
#define BLIND_EVERY 4u
#define UNDER_WAY 1u /* what the daemon reads in one turn is one change of the page */
#define SETTLE_MS 1000u

size_t torn_length(uint64_t number)
{
    return SHORTEST + LONGER_BY * (size_t)(number % LETTERS);
}

char torn_letter(uint64_t number)
{
    return (char)('a' + number % LETTERS);
}

bool torn_is_whole(const char *value, size_t length)
{
    if (length == 0 || value[0] < 'a' || value[0] > 'z')
        return false;
    return length == torn_length((uint64_t)(value[0] - 'a')) &&
           memcmp(value, value + 1, length - 1) == 0;
}

/* What the job is given and gives back. */
struct tearing {
    char path[108];
    int door; /* for the puts */
    int writer_cpu, reader_cpu;
    unsigned seconds;
    uint64_t least;
    struct {
        char *data;
        size_t length;
    } put[LETTERS];
    const char *reply; /* to each put */
    size_t reply_length;
    unsigned stop;
    struct torn torn;
};

/* ---- the readers --------------------------------------------------------------------------- */

static void read_blindly(const struct page_head *head, struct page_copy *copy,
                         struct torn_reader *reader)
{
    reader->blind_copies++;
    if (page_reader_copy_blindly(head, copy) || !torn_is_whole(copy->value, copy->length))
        reader->blind_torn++;
}

static void read_by_sequence(const struct page_head *head, struct page_copy *copy,
                             struct torn_reader *reader)
{
    int r = page_reader_copy(head, copy);

    if (r == -EAGAIN) {
        reader->again++;
        return;
    }
    reader->copies++;
    if (r || copy->state != PAGE_VALUE || !torn_is_whole(copy->value, copy->length))
        reader->torn++;
}

static int read_all(struct tearing *tearing, const struct page_head *head,
                    struct torn_reader *reader)
{
    static struct page_copy copy;

    if (pin_process(getpid(), tearing->reader_cpu))
        return 1;
    for (unsigned i = 0; !__atomic_load_n(&tearing->stop, __ATOMIC_RELAXED); i++) {
        if (i % BLIND_EVERY == 0)
            read_blindly(head, &copy, reader);
        read_by_sequence(head, &copy, reader);
    }
    return 0;
}

/* ---- the writer ---------------------------------------------------------------------------- */

static int send_put(const struct tearing *tearing, uint64_t number, struct error *error)
{
    size_t length = tearing->put[number % LETTERS].length, at = 0;
    const char *data = tearing->put[number % LETTERS].data;

    while (at < length) {
        ssize_t sent = send(tearing->door, data + at, length - at, MSG_NOSIGNAL);
        if (sent < 0)
            return error_errno(error, -errno, "send");
        at += (size_t)sent;
    }
    return 0;
}

/* What has come of the replies, all of which are the same; *at counts their bytes. */
static int take_replies(const struct tearing *tearing, uint64_t *at, struct error *error)
{
    char data[16384];
    ssize_t got = recv(tearing->door, data, sizeof(data), 0);

    if (got <= 0)
        return error_errno(error, got ? -errno : -EPIPE, "recv");
    for (ssize_t i = 0; i < got; i++, (*at)++)
        if (data[i] != tearing->reply[*at % tearing->reply_length])
            return error_set(error, -EBADMSG, "a put was refused: %.*s",
                             (int)(got > 300 ? 300 : got), data);
    return 0;
}

static uint64_t changes_of(const struct page_head *head)
{
    return __atomic_load_n(&head->sequence, __ATOMIC_RELAXED) / 2;
}

static int put_all(struct tearing *tearing, const struct page_head *head, struct error *error)
{
    uint64_t began = clock_mono_ns(), sent = 0, bytes = 0, before = changes_of(head);
    uint64_t until = began + tearing->seconds * 1000000000ull;
    bool goes_on = true;
    int r = 0;

    while (r == 0 && (goes_on || bytes < sent * tearing->reply_length)) {
        goes_on =
            goes_on && (clock_mono_ns() < until || changes_of(head) - before < tearing->least);
        if (goes_on && sent < bytes / tearing->reply_length + UNDER_WAY)
            r = send_put(tearing, sent++, error);
        else if (bytes < sent * tearing->reply_length)
            r = take_replies(tearing, &bytes, error);
    }
    tearing->torn.puts = sent;
    tearing->torn.elapsed_ns = clock_mono_ns() - began;
    return r;
}

/* What was acknowledged last must be what the page says before long. */
static int check_last(const struct page_head *head, uint64_t puts, struct error *error)
{
    static struct page_copy copy;

    for (unsigned i = 0; i < SETTLE_MS; i++) {
        if (page_reader_copy(head, &copy) == 0 && copy.length == torn_length(puts - 1) &&
            copy.value[0] == torn_letter(puts - 1))
            return 0;
        usleep(1000);
    }
    return error_set(error, -EBADMSG, "the page does not say what was put last");
}

/* ---- all together -------------------------------------------------------------------------- */

static int run_readers(struct tearing *tearing, const struct page_head *head, struct error *error)
{
    pid_t readers[TORN_READERS];
    unsigned started = 0;
    int r = 0;

    for (; started < TORN_READERS && r == 0; started++) {
        pid_t pid = child_fork();
        if (pid == 0)
            _exit(read_all(tearing, head, &tearing->torn.reader[started]));
        if (pid < 0)
            r = error_errno(error, (int)pid, "fork");
        readers[started] = pid;
    }
    if (r == 0)
        r = put_all(tearing, head, error);
    __atomic_store_n(&tearing->stop, 1, __ATOMIC_RELAXED);
    while (started-- > 0)
        if (readers[started] > 0 && child_wait(readers[started]) != 0 && r == 0)
            r = error_set(error, -EPIPE, "a reader died");
    return r ? r : check_last(head, tearing->torn.puts, error);
}

static int tear(void *shared, struct error *error)
{
    struct tearing *tearing = shared;
    struct page_reader page;
    int r = page_reader_open(tearing->path, &page, error);

    if (r)
        return r;
    uint64_t before = changes_of(page.head);
    r = run_readers(tearing, page.head, error);
    tearing->torn.changes = changes_of(page.head) - before;
    page_reader_close(&page);
    return r;
}

static char *make_put(uint64_t number, size_t *length)
{
    char value[SHORTEST + LONGER_BY * LETTERS] = "";

    memset(value, torn_letter(number), torn_length(number));
    return http_put_request(DAEMON_NAMESPACE, DAEMON_WORKLOAD, value, HTTP_NEVER, length);
}

static int make_puts(struct tearing *tearing)
{
    for (uint64_t number = 0; number < LETTERS; number++) {
        tearing->put[number].data = make_put(number, &tearing->put[number].length);
        if (!tearing->put[number].data)
            return -ENOMEM;
    }
    return 0;
}

/* The first value, and how a put is answered. */
static int put_first(struct tearing *tearing, const struct daemon *daemon, struct probe *probe,
                     struct error *error)
{
    size_t length = 0;
    char *put = make_put(LETTERS - 1, &length);
    int r =
        put ? probe_admin(probe, daemon, put, length, error) : error_errno(error, -ENOMEM, "put");

    free(put);
    tearing->reply = probe->reply.bytes;
    tearing->reply_length = probe->reply.length;
    return r;
}

static int run_daemon(const struct torn_options *options, const struct pod *pod,
                      struct tearing *tearing, struct probe *probe, struct error *error)
{
    struct daemon daemon = {0};
    int r = daemon_start(&daemon, options->daemon, pod, error);

    if (r == 0 && (r = pin_process(daemon.pid, tearing->writer_cpu)) != 0)
        error_errno(error, r, "cannot pin vsecmd");
    if (r == 0)
        r = put_first(tearing, &daemon, probe, error);
    if (r == 0) {
        progress_show("readers at a page for %u s", options->seconds);
        snprintf(tearing->path, sizeof(tearing->path), "%s", daemon.socket);
        tearing->door = sock_connect(daemon.admin);
        r = tearing->door < 0
                ? error_errno(error, tearing->door, "cannot connect to %s", daemon.admin)
                : job_run(tear, tearing, tearing->writer_cpu, pod, error);
        if (tearing->door >= 0)
            close(tearing->door);
    }
    if (r)
        daemon_ended(&daemon, error);
    daemon_stop(&daemon);
    progress_clear();
    return r;
}

int torn_run(const struct torn_options *options, struct torn *torn, struct error *error)
{
    struct pod pod = {0};
    struct tearing *tearing = job_alloc(sizeof(*tearing));
    struct probe *probe = job_alloc(sizeof(*probe));
    int r = tearing && probe ? make_puts(tearing) : -ENOMEM;

    if (r) {
        error_errno(error, r, "readers");
        goto out;
    }
    tearing->seconds = options->seconds;
    tearing->least = options->changes;
    r = pin_choose(&tearing->writer_cpu, &tearing->reader_cpu);
    if (r)
        error_errno(error, r, "cannot tell which processors may be used");
    else
        r = pod_make(&pod, error);
    if (r == 0)
        r = run_daemon(options, &pod, tearing, probe, error);
    pod_remove(&pod);
    *torn = tearing->torn;
out:
    for (size_t i = 0; tearing && i < LETTERS; i++)
        free(tearing->put[i].data);
    job_free(probe, sizeof(*probe));
    job_free(tearing, sizeof(*tearing));
    return r;
}

bool torn_report(FILE *out, const struct torn *torn)
{
    struct torn_reader all = {0};

    for (unsigned i = 0; i < TORN_READERS; i++) {
        all.copies += torn->reader[i].copies;
        all.torn += torn->reader[i].torn;
        all.again += torn->reader[i].again;
        all.blind_copies += torn->reader[i].blind_copies;
        all.blind_torn += torn->reader[i].blind_torn;
    }
    fprintf(out,
            "%.1f s, %" PRIu64 " puts, %" PRIu64 " changes of the page; %u readers:\n"
            "by the sequence: %" PRIu64 " copies, %" PRIu64 " torn; %" PRIu64
            " times the writer was there\n"
            "without it: %" PRIu64 " copies, %" PRIu64 " torn\n",
            (double)torn->elapsed_ns / 1e9, torn->puts, torn->changes, TORN_READERS, all.copies,
            all.torn, all.again, all.blind_copies, all.blind_torn);
    return all.copies > 0 && all.torn == 0 && all.blind_torn > 0;
}
