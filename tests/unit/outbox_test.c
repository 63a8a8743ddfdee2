/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "crypto/secret.h"
#include "limits.h"
#include "serve/reply.h"
#include "store/store.h"
#include "tests/unit/stores.h"

static struct outbox outbox;
static struct outbox_pool pool;
static int fds[2]; /* ours, the reader's */

/* Everything that was sent, and everything that should be. */
struct bytes {
    char *data;
    size_t used;
};

static struct bytes sent, expected;

static void add(struct bytes *bytes, const char *data, size_t length)
{
    if (!length)
        return;
    bytes->data = realloc(bytes->data, bytes->used + length + 1);
    memcpy(bytes->data + bytes->used, data, length);
    bytes->used += length;
}

static void begin(int buffer)
{
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    CHECK(fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
    if (buffer)
        CHECK(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) == 0);
    sent.used = expected.used = 0;
}

static void end(void)
{
    CHECK(outbox.first == NULL && outbox.last == NULL && outbox.count == 0);
    outbox_free_pool(&pool);
    close(fds[0]);
    close(fds[1]);
}

/* Take at most MAX bytes from the socket; non-zero when there were some. */
static int receive(size_t max)
{
    char chunk[4096];
    ssize_t n = recv(fds[1], chunk, max < sizeof chunk ? max : sizeof chunk, 0);
    if (n > 0)
        add(&sent, chunk, (size_t)n);
    return n > 0;
}

static int transmit(void)
{
    int progress = 0;
    int r = outbox_send(&outbox, &pool, fds[0], &progress);
    CHECK(r < 0 || r == (outbox.first != NULL));
    return r;
}

static void note(const struct reply *reply)
{
    add(&expected, reply->text, reply->text_length);
    add(&expected, reply->part.data, reply->part.length);
}

/* Read and send until nothing is left. */
static void finish(void)
{
    while (outbox.first) {
        receive(4096);
        CHECK(transmit() >= 0);
    }
    while (receive(4096))
        ;
    CHECK_EQ_INT(sent.used, expected.used);
    CHECK_MEM(sent.data, expected.data, expected.used);
}

static void add_plain(unsigned number)
{
    char text[32];
    struct reply *reply = outbox_add(&outbox, &pool);
    snprintf(text, sizeof text, "reply %u", number);
    reply_plain(reply, 200, text);
    note(reply);
}

static void add_heap(unsigned number, size_t length)
{
    char *body = malloc(length);
    for (size_t i = 0; i < length; i++)
        body[i] = (char)(number + i);
    struct reply *reply = outbox_add(&outbox, &pool);
    reply_heap(reply, REPLY_JSON, body, length);
    note(reply);
}

TEST(all_at_once)
{
    begin(0);
    CHECK_EQ_INT(transmit(), 0);
    for (unsigned i = 0; i < 150; i++) { /* more than one system call takes, more than are kept */
        if (i % 3)
            add_plain(i);
        else
            add_heap(i, 100);
    }
    CHECK_EQ_INT(outbox.count, 150);
    CHECK_EQ_INT(transmit(), 0);
    finish();
    CHECK(pool.count > 0 && pool.count < 150);
    add_plain(1); /* in a reply that was used before */
    CHECK_EQ_INT(transmit(), 0);
    finish();
    end();
}

/* The reader takes a few bytes at a time, of a socket that holds few: every cut happens. */
TEST(slow_reader_gets_all_in_order)
{
    unsigned number = 0;
    begin(4608);
    for (unsigned round = 0; round < 200; round++) {
        for (size_t i = check_random(5); i; i--, number++) {
            if (number % 2)
                add_plain(number);
            else
                add_heap(number, 1 + check_random(6000));
        }
        CHECK(transmit() >= 0);
        while (outbox.first && check_random(4)) { /* else more is added behind what waits */
            receive(1 + check_random(3000));
            CHECK(transmit() >= 0);
        }
    }
    finish();
    end();
}

TEST(progress_is_what_was_taken)
{
    int progress = 0;
    begin(4608);
    add_heap(1, 100000);
    CHECK_EQ_INT(outbox_send(&outbox, &pool, fds[0], &progress), 1);
    CHECK_EQ_INT(progress, 1);
    progress = 0;
    CHECK_EQ_INT(outbox_send(&outbox, &pool, fds[0], &progress), 1);
    CHECK_EQ_INT(progress, 0);
    finish();
    end();
}

TEST(taking_back)
{
    begin(0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(outbox_add(&outbox, &pool) != NULL);
        outbox_take_back(&outbox, &pool);
        add_plain(i);
    }
    CHECK_EQ_INT(outbox.count, 3);
    CHECK_EQ_INT(transmit(), 0);
    finish();
    end();
}

TEST(secret_is_kept_until_it_has_left)
{
    enum { BIG = 200000 };
    static struct stores stores;
    stores_begin(&stores, ARENA_MIB, 1, 1);
    uint64_t before = arenas_blocks(stores.arena);
    char *value = malloc(BIG);
    memset(value, 'v', BIG);
    CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, BIG}, 1), 0);
    free(value);
    begin(4608);
    struct reply *reply = outbox_add(&outbox, &pool);
    reply_answer(reply, store_find(stores.store, span_of("a/b")));
    note(reply);
    CHECK_EQ_INT(transmit(), 1);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", 2), 0);
    CHECK_EQ_INT(arenas_blocks(stores.arena), before + 1);
    finish();
    CHECK_EQ_INT(arenas_blocks(stores.arena), before);
    end();
    stores_end(&stores);
}

TEST(reader_that_goes_away)
{
    begin(4608);
    add_heap(1, 100000);
    CHECK_EQ_INT(transmit(), 1);
    close(fds[1]);
    CHECK_EQ_INT(transmit(), -EPIPE);
    outbox_drop(&outbox, &pool);
    add_plain(2);
    CHECK_EQ_INT(transmit(), -EPIPE);
    outbox_drop(&outbox, &pool);
    end();
}

/* ---- bodies that are made while they leave --------------------------------------------------- */

static struct made {
    struct reply_source source; /* first */
    size_t pieces, piece;       /* to come, and of how many bytes each */
    size_t fails_at;            /* pieces left when it fails */
    unsigned next_calls, done_calls;
    char data[70000];
} made;

static int on_next(struct reply_source *source, struct span *piece)
{
    struct made *own = (struct made *)source;
    CHECK_EQ_INT(own->done_calls, 0);
    own->next_calls++;
    if (own->pieces == own->fails_at)
        return -EUCLEAN;
    memset(own->data, (int)('a' + own->pieces % 26), own->piece);
    *piece = (struct span){own->data, own->pieces ? own->piece : 0};
    own->pieces -= own->pieces > 0;
    if (piece->length)
        add(&expected, piece->data, piece->length);
    return 0;
}

static void on_done(struct reply_source *source)
{
    ((struct made *)source)->done_calls++;
}

static void add_stream(size_t pieces, size_t piece)
{
    made = (struct made){
        .source = {.next = on_next, .done = on_done}, .pieces = pieces, .piece = piece};
    made.fails_at = SIZE_MAX;
    struct reply *reply = outbox_add(&outbox, &pool);
    reply_stream(reply, REPLY_BYTES, pieces * piece, &made.source);
    add(&expected, reply->text, reply->text_length);
}

static int transmit_stream(void)
{
    int progress = 0;
    return outbox_send(&outbox, &pool, fds[0], &progress);
}

/* Everything, through a reader that takes at most MAX bytes between two sends. */
static void finish_stream(size_t max)
{
    while (outbox.first) {
        receive(1 + check_random(max));
        CHECK(transmit_stream() >= 0);
    }
    while (receive(4096))
        ;
    CHECK_EQ_INT(sent.used, expected.used);
    CHECK_MEM(sent.data, expected.data, expected.used);
}

TEST(stream_of_every_shape)
{
    static const struct {
        size_t pieces, piece;
    } rows[] = {{0, 1}, {1, 1}, {1, 70000}, {3, 4096}, {200, 7}, {20, 70000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int buffer = 0; buffer <= 4608; buffer += 4608) {
            begin(buffer);
            add_stream(rows[i].pieces, rows[i].piece);
            finish_stream(4096);
            CHECK_EQ_INT(made.done_calls, 1);
            CHECK_EQ_INT(made.next_calls, rows[i].pieces + 1);
            end();
        }
}

/* Replies in front of it leave with its head; those behind it wait for its end. */
TEST(replies_around_a_stream)
{
    for (int buffer = 0; buffer <= 4608; buffer += 4608) {
        begin(buffer);
        add_plain(1);
        add_heap(2, 3000);
        add_stream(5, 5000);
        struct bytes before = expected; /* what follows is expected behind what is made */
        expected = (struct bytes){NULL, 0};
        add_plain(3);
        add_heap(4, 10000);
        struct bytes behind = expected;
        expected = before;
        while (outbox.count > 2) {
            CHECK_EQ_INT(made.done_calls, 0);
            receive(4096);
            CHECK(transmit_stream() >= 0);
        }
        CHECK_EQ_INT(made.done_calls, 1);
        add(&expected, behind.data, behind.used);
        free(behind.data);
        finish_stream(4096);
        end();
    }
}

/* A socket that takes anything: after its share it lets others go first, and goes on later. */
TEST(stream_gives_way)
{
    enum { PIECE = 60000, PIECES = 20 };
    unsigned turns = 0;
    begin(4 * LIMIT_TURN_BYTES);
    add_stream(PIECES, PIECE);
    int r;
    do {
        size_t before = expected.used;
        r = transmit_stream();
        CHECK(r == 0 || r == OUTBOX_GIVES_WAY);
        CHECK((r == 0) == (outbox.first == NULL));
        /* The last piece of a turn is made already, and leaves with the next one. */
        CHECK(expected.used - before <= LIMIT_TURN_BYTES + 2 * PIECE);
        while (receive(4096))
            ;
        turns++;
    } while (r != 0);
    CHECK(turns >= PIECES * PIECE / (LIMIT_TURN_BYTES + 2 * PIECE));
    finish_stream(4096);
    end();
}

/* A piece that takes long to make is enough for a turn, however short it is. */
TEST(slow_stream_gives_way_after_each_piece)
{
    begin(4 * LIMIT_TURN_BYTES);
    add_stream(5, 10);
    made.source.is_slow = 1;
    for (unsigned i = 1; i <= 5; i++) {
        CHECK_EQ_INT(transmit_stream(), OUTBOX_GIVES_WAY);
        CHECK_EQ_INT(made.next_calls, i);
    }
    CHECK_EQ_INT(transmit_stream(), 0);
    finish_stream(4096);
    end();
}

TEST(answers_of_one_piece_do_not_give_way)
{
    begin(4 * LIMIT_TURN_BYTES);
    add_heap(1, LIMIT_TURN_BYTES + 100);
    add_heap(2, LIMIT_TURN_BYTES + 100);
    CHECK(transmit() >= 0);
    finish();
    end();
}

/* A source that fails ends the connection: what was sent is less than was promised. */
TEST(stream_that_fails)
{
    for (size_t at = 0; at <= 3; at++) {
        begin(0);
        add_stream(3, 1000);
        made.fails_at = at;
        add_plain(1);
        CHECK_EQ_INT(transmit_stream(), -EUCLEAN);
        CHECK_EQ_INT(made.done_calls, 0);
        outbox_drop(&outbox, &pool);
        CHECK_EQ_INT(made.done_calls, 1);
        end();
    }
}

TEST(reader_of_a_stream_that_goes_away)
{
    begin(4608);
    add_stream(100, 5000);
    CHECK_EQ_INT(transmit_stream(), 1);
    close(fds[1]);
    CHECK_EQ_INT(transmit_stream(), -EPIPE);
    CHECK(made.next_calls < 100);
    outbox_drop(&outbox, &pool);
    CHECK_EQ_INT(made.done_calls, 1);
    end();
}

/* ---- descriptors ----------------------------------------------------------------------------- */

/* Receive up to SIZE bytes into TEXT; the descriptor that came with them, or -1. */
static int receive_passed(char *text, size_t size, ssize_t *length)
{
    char control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec part = {text, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    *length = recvmsg(fds[1], &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header)
        return -1;
    CHECK(header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS);
    CHECK_EQ_INT(header->cmsg_len, CMSG_LEN(sizeof(int)));
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* A reply that passes on the reading end of a pipe with LETTER in it. */
static struct reply *add_passing(char letter)
{
    int ends[2];
    CHECK(pipe(ends) == 0 && write(ends[1], &letter, 1) == 1);
    close(ends[1]);
    struct reply *reply = outbox_add(&outbox, &pool);
    reply_plain(reply, 200, "here");
    reply->passes_fd = 1;
    reply->fd = ends[0];
    return reply;
}

TEST(each_descriptor_comes_with_its_own_reply)
{
    begin(0);
    add_plain(1);
    add_passing('a');
    add_passing('b');
    add_plain(2);
    CHECK_EQ_INT(transmit(), 0);
    char text[8192], letters[3] = "";
    size_t passed = 0;
    ssize_t length;
    for (int i = 0; i < 8; i++) {
        int fd = receive_passed(text, sizeof text, &length);
        if (length <= 0)
            break;
        if (fd < 0)
            continue;
        CHECK(passed < 2 && read(fd, &letters[passed++], 1) == 1);
        CHECK(length > 20 && memcmp(text, "HTTP/1.1 200 OK", 15) == 0);
        close(fd);
    }
    CHECK_STR(letters, "ab");
    end();
}

TEST(a_descriptor_is_passed_once_and_closed)
{
    begin(2048);
    struct reply *reply = add_passing('a');
    int ours = reply->fd;
    memset(reply->text + reply->text_length, 'x', sizeof reply->text - reply->text_length);
    reply->text_length = sizeof reply->text;
    for (int i = 0; i < 8; i++)
        add_plain((unsigned)i);
    int passed = 0;
    while (outbox.first) {
        transmit();
        char text[512];
        ssize_t length;
        for (int fd; (fd = receive_passed(text, sizeof text, &length)), length > 0;) {
            passed += fd >= 0;
            if (fd >= 0)
                close(fd);
        }
    }
    CHECK_EQ_INT(passed, 1);
    CHECK(fcntl(ours, F_GETFD) < 0 && errno == EBADF);
    ours = add_passing('b')->fd; /* one that never leaves is closed as well */
    outbox_drop(&outbox, &pool);
    CHECK(fcntl(ours, F_GETFD) < 0 && errno == EBADF);
    end();
}

CHECK_MAIN
