/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/follow.h"

#include <errno.h>
#include <sys/mman.h>

#include "limits.h"
#include "store/validity.h"
#include "tests/unit/check.h"

static const struct span web = {"app/web", 7}, db = {"app/db", 6}, none = {NULL, 0};
static const struct span pod_a = {"a", 1}, pod_b = {"b", 1};

static struct follow_book *new_book(void)
{
    struct follow_book *book;
    CHECK_EQ_INT(follow_book_new(1000, &book), 0);
    return book;
}

static unsigned drain(struct follow_book *book)
{
    unsigned count = 0;
    while (follow_next_due(book))
        count++;
    return count;
}

TEST(who_follows_a_key_is_due_when_it_changes)
{
    struct follow_book *book = new_book();
    struct follow a = {0}, b = {0}, c = {0};
    CHECK_EQ_INT(follow_watch(book, &a, web, none), 0);
    CHECK_EQ_INT(follow_watch(book, &b, web, none), 0);
    CHECK_EQ_INT(follow_watch(book, &c, db, none), 0);
    CHECK_EQ_INT(drain(book), 3); /* each is told what is, at once */
    follow_changed(book, web);
    follow_changed(book, web);
    CHECK(follow_has_due(book));
    struct follow *first = follow_next_due(book), *second = follow_next_due(book);
    CHECK((first == &a && second == &b) || (first == &b && second == &a));
    CHECK(!follow_next_due(book) && !follow_has_due(book));
    follow_changed(book, (struct span){"app/other", 9});
    CHECK(!follow_has_due(book));

    follow_all_due(book);
    follow_end(book, &b); /* from the midst of those who are due */
    CHECK_EQ_INT(drain(book), 2);
    follow_end(book, &a);
    follow_end(book, &a);
    follow_changed(book, web);
    CHECK(!follow_has_due(book));
    follow_end(book, &c);
    follow_book_free(book);
}

TEST(an_id_that_is_too_long_is_none)
{
    struct follow_book *book = new_book();
    struct follow follow = {0};
    char text[EVENT_ID + 1];
    memset(text, 'x', sizeof text);
    CHECK_EQ_INT(follow_watch(book, &follow, web, (struct span){text, EVENT_ID - 1}), 0);
    CHECK_EQ_INT(strlen(follow_seen(&follow)), EVENT_ID - 1);
    CHECK_EQ_INT(follow_watch(book, &follow, web, (struct span){text, EVENT_ID}), 0);
    CHECK_STR(follow_seen(&follow), "");
    follow_end(book, &follow);
    follow_book_free(book);
}

TEST(times_come)
{
    struct follow_book *book = new_book();
    struct follow follow = {0};
    CHECK_EQ_INT(follow_watch(book, &follow, web, none), 0);
    drain(book);
    follow_expect(book, 2000);
    follow_expect(book, 1000);
    follow_expect(book, VALIDITY_NEVER);
    follow_tick(book, 999);
    CHECK(!follow_has_due(book));
    follow_tick(book, 1000);
    CHECK_EQ_INT(drain(book), 1);
    follow_tick(book, 3000); /* whoever was told has not said anything anew */
    CHECK(!follow_has_due(book));
    follow_postpone(book);
    follow_tick(book, 3000);
    CHECK_EQ_INT(drain(book), 1);
    follow_tick(book, INT64_MAX - 1);
    CHECK(!follow_has_due(book)); /* nothing was expected */
    follow_tick(book, 3000);
    CHECK_EQ_INT(drain(book), 1); /* the clock was put back */
    follow_end(book, &follow);
    follow_book_free(book);
}

TEST(a_pod_shares_a_page)
{
    struct follow_book *book = new_book();
    struct follow a = {0}, b = {0}, other = {0}, elsewhere = {0};
    struct follow_stats stats;
    CHECK_EQ_INT(follow_page(book, &a, web, pod_a, 10), 0);
    CHECK_EQ_INT(follow_page(book, &b, web, pod_a, 10), 0);
    CHECK_EQ_INT(follow_page(book, &other, web, pod_b, 10), 0);
    CHECK_EQ_INT(follow_page(book, &elsewhere, db, pod_a, 10), 0);
    CHECK(follow_live_page(&a) == follow_live_page(&b));
    CHECK(follow_live_page(&a) != follow_live_page(&other));
    CHECK(follow_live_page(&a) != follow_live_page(&elsewhere));
    CHECK(follow_seen(&a) == follow_seen(&b) && follow_seen(&a) != follow_seen(&other));
    follow_book_read_stats(book, &stats);
    CHECK(stats.readers == 4 && stats.pages.pages == 3 && stats.watches == 0);

    follow_kill_page(&a, PAGE_MOVED);
    CHECK(!follow_live_page(&a) && !follow_live_page(&b) && follow_live_page(&other));
    CHECK_EQ_INT(follow_page(book, &a, web, pod_a, 10), 0); /* a new one; b keeps the dead one */
    CHECK(follow_live_page(&a) && !follow_live_page(&b));
    follow_end(book, &a);
    follow_end(book, &b);
    follow_end(book, &other);
    follow_end(book, &elsewhere);
    follow_book_read_stats(book, &stats);
    CHECK(stats.readers == 0 && stats.pages.pages == 0);
    follow_book_free(book);
}

/* What a reader sees of its page after the last connection that kept it has ended. */
static uint32_t state_left(int leaves)
{
    struct follow_book *book = new_book();
    struct follow follow = {0};
    CHECK_EQ_INT(follow_page(book, &follow, web, pod_a, 10), 0);
    const struct page_head *head =
        mmap(NULL, 4096, PROT_READ, MAP_SHARED, page_fd(follow_live_page(&follow)), 0);
    CHECK(head != MAP_FAILED);
    if (leaves)
        follow_leave_pages(book);
    follow_end(book, &follow);
    CHECK_EQ_INT(head->keeper, PAGE_KEEPER_DIED);
    follow_book_free(book);
    return head->state;
}

TEST(a_page_ends_wiped_but_for_the_next_daemon)
{
    CHECK_EQ_INT(state_left(0), PAGE_MOVED);
    CHECK_EQ_INT(state_left(1), PAGE_ABSENT);
}

static struct span pod_named(unsigned number)
{
    static unsigned named;
    named = number;
    return (struct span){(const char *)&named, sizeof named};
}

TEST(pages_end_at_their_limit)
{
    struct follow_book *book = new_book();
    static struct follow follows[200];
    int r = 0;
    unsigned count = 0;
    /* As many pods as pages of a megabyte there is room for. */
    for (; count < 200; count++) {
        r = follow_page(book, &follows[count], web, pod_named(count), LIMIT_VALUE);
        if (r < 0)
            break;
    }
    CHECK(r == -ENOSPC && count > 50);
    CHECK(follows[count].kind == FOLLOW_NOTHING);
    CHECK_EQ_INT(follow_page(book, &follows[count], web, pod_named(0), LIMIT_VALUE),
                 0); /* shared */
    for (unsigned i = 0; i <= count; i++)
        follow_end(book, &follows[i]);
    follow_book_free(book);
}

TEST(a_pod_that_asks_again_has_its_page_again)
{
    struct follow_book *book = new_book();
    struct follow follow = {0}, other = {0};
    struct follow_stats stats;
    CHECK_EQ_INT(follow_page(book, &follow, web, pod_a, 10), 0);
    const struct page *first = follow_live_page(&follow);
    snprintf(follow_seen(&follow), EVENT_ID, "told");
    follow_end(book, &follow);
    follow_book_read_stats(book, &stats);
    CHECK(stats.pages.pages == 0 && stats.pages.bytes == 0);
    CHECK_EQ_INT(follow_page(book, &other, web, pod_b, 10), 0);
    CHECK(follow_live_page(&other) != first); /* never another pod's */
    CHECK_EQ_INT(follow_page(book, &follow, web, pod_a, 10), 0);
    CHECK(follow_live_page(&follow) == first);
    CHECK_STR(follow_seen(&follow), ""); /* it says nothing yet */
    follow_end(book, &follow);
    follow_end(book, &other);
    follow_book_free(book);
}

TEST(what_rests_gives_way)
{
    struct follow_book *book = new_book();
    struct follow follow = {0}, kept = {0};
    struct follow_stats stats;
    CHECK_EQ_INT(follow_page(book, &kept, db, pod_named(0), LIMIT_VALUE), 0);
    for (unsigned i = 0; i < 200; i++) /* of one key, and the key that is asked for */
        CHECK_EQ_INT(follow_page(book, &follow, web, pod_named(i), LIMIT_VALUE), 0);
    follow_end(book, &follow);
    for (unsigned i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "app/k%u", i);
        CHECK_EQ_INT(follow_page(book, &follow, span_of(key), pod_named(0), LIMIT_VALUE), 0);
    }
    CHECK(follow_live_page(&kept) != NULL);
    follow_book_read_stats(book, &stats);
    CHECK(stats.pages.pages == 2 && stats.readers == 2);
    follow_end(book, &follow);
    follow_end(book, &kept);
    follow_book_free(book);
}

/* One that rests is dropped, one that is read is dead and stays until its readers leave. */
TEST(a_page_that_is_too_small_is_not_shared_any_more)
{
    struct follow_book *book = new_book();
    struct follow first = {0}, second = {0};
    struct follow_stats stats;
    CHECK_EQ_INT(follow_page(book, &first, web, pod_a, 10), 0);
    follow_end(book, &first);
    CHECK_EQ_INT(follow_page(book, &first, web, pod_a, 5000), 0);
    CHECK(page_capacity(follow_live_page(&first)) >= 5000);
    follow_book_read_stats(book, &stats);
    CHECK_EQ_INT(stats.pages.pages, 1);
    CHECK_EQ_INT(follow_page(book, &second, web, pod_a, 50000), 0);
    CHECK(!follow_live_page(&first) && page_capacity(follow_live_page(&second)) >= 50000);
    follow_end(book, &first);
    follow_book_read_stats(book, &stats);
    CHECK_EQ_INT(stats.pages.pages, 1);
    follow_end(book, &second);
    follow_book_free(book);
}

CHECK_MAIN
