/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "store/validity.h"

/* A page, and who of one pod reads it. */
struct shared_page {
    struct shared_page *next; /* of its topic */
    struct page *page;
    unsigned readers; /* 0: it rests */
    int is_dead;
    uint64_t rests_since;
    char seen[EVENT_ID];
    size_t sharer_length;
    char sharer[];
};

struct topic {
    struct follow *first;
    struct shared_page *pages;
    size_t key_length;
    char key[];
};

struct follow_book {
    struct page_book *pages;
    struct table *topics; /* by key */
    struct follow *first_due, *last_due;
    int64_t expected_us, ticked_us;
    int is_postponed;
    int leaves_pages;
    uint64_t rests; /* pages that began to rest, ever */
    struct follow_stats stats;
};

static int drop_resting(struct follow_book *book, const struct topic *in_use);

/* ---- the book ------------------------------------------------------------------------------ */

int follow_book_new(size_t max, struct follow_book **ret)
{
    struct follow_book *book = calloc(1, sizeof *book);
    if (!book)
        return -ENOMEM;
    book->expected_us = VALIDITY_NEVER;
    book->topics = table_new(max);
    int r = book->topics ? page_book_new(&book->pages) : -ENOMEM;
    if (r < 0) {
        follow_book_free(book);
        return r;
    }
    *ret = book;
    return 0;
}

void follow_book_free(struct follow_book *book)
{
    if (!book)
        return;
    while (drop_resting(book, NULL))
        ;
    page_book_free(book->pages);
    table_free(book->topics);
    free(book);
}

void follow_book_read_stats(const struct follow_book *book, struct follow_stats *ret)
{
    *ret = book->stats;
    page_book_read_stats(book->pages, &ret->pages);
}

/* ---- topics -------------------------------------------------------------------------------- */

static struct span key_of(const struct topic *topic)
{
    return (struct span){topic->key, topic->key_length};
}

static struct topic *find_topic(struct follow_book *book, struct span key)
{
    struct topic *topic = table_find(book->topics, key);
    if (topic)
        return topic;
    topic = calloc(1, sizeof *topic + key.length);
    if (!topic)
        return NULL;
    memcpy(topic->key, key.data, key.length);
    topic->key_length = key.length;
    if (table_set(book->topics, key_of(topic), topic, NULL) == 0)
        return topic;
    free(topic);
    return NULL;
}

static void drop_unused(struct follow_book *book, struct topic *topic)
{
    if (topic->first || topic->pages)
        return;
    table_remove(book->topics, key_of(topic));
    free(topic);
}

static void join(struct follow *follow, struct topic *topic, enum follow_kind kind)
{
    follow->kind = kind;
    follow->topic = topic;
    follow->previous = NULL;
    follow->next = topic->first;
    if (follow->next)
        follow->next->previous = follow;
    topic->first = follow;
}

static void leave(struct follow *follow)
{
    if (follow->previous)
        follow->previous->next = follow->next;
    else
        follow->topic->first = follow->next;
    if (follow->next)
        follow->next->previous = follow->previous;
}

/* ---- who is due ---------------------------------------------------------------------------- */

void follow_make_due(struct follow_book *book, struct follow *follow)
{
    if (follow->is_due)
        return;
    follow->is_due = 1;
    follow->next_due = NULL;
    follow->previous_due = book->last_due;
    if (book->last_due)
        book->last_due->next_due = follow;
    else
        book->first_due = follow;
    book->last_due = follow;
}

static void take_from_due(struct follow_book *book, struct follow *follow)
{
    if (!follow->is_due)
        return;
    follow->is_due = 0;
    if (follow->previous_due)
        follow->previous_due->next_due = follow->next_due;
    else
        book->first_due = follow->next_due;
    if (follow->next_due)
        follow->next_due->previous_due = follow->previous_due;
    else
        book->last_due = follow->previous_due;
}

struct follow *follow_next_due(struct follow_book *book)
{
    struct follow *first = book->first_due;
    if (first)
        take_from_due(book, first);
    return first;
}

int follow_has_due(const struct follow_book *book)
{
    return book->first_due != NULL;
}

static void make_topic_due(struct follow_book *book, struct topic *topic)
{
    for (struct follow *follow = topic->first; follow; follow = follow->next)
        follow_make_due(book, follow);
}

void follow_changed(void *context, struct span key)
{
    struct follow_book *book = context;
    struct topic *topic = table_find(book->topics, key);
    if (topic)
        make_topic_due(book, topic);
}

void follow_all_due(struct follow_book *book)
{
    size_t at = 0;
    for (struct topic *topic; (topic = table_next(book->topics, &at));)
        make_topic_due(book, topic);
}

void follow_expect(struct follow_book *book, int64_t wall_us)
{
    if (wall_us < book->expected_us)
        book->expected_us = wall_us;
}

void follow_postpone(struct follow_book *book)
{
    book->is_postponed = 1;
}

/* Whoever is told says anew what is to be expected; all is when the clock was put back. */
void follow_tick(struct follow_book *book, int64_t wall_us)
{
    int is_back = wall_us < book->ticked_us;
    book->ticked_us = wall_us;
    if (!book->is_postponed && !is_back && wall_us < book->expected_us)
        return;
    book->is_postponed = 0;
    book->expected_us = VALIDITY_NEVER;
    follow_all_due(book);
}

/* ---- pages --------------------------------------------------------------------------------- */

static void discard(struct topic *topic, struct shared_page *shared)
{
    struct shared_page **at = &topic->pages;
    while (*at != shared)
        at = &(*at)->next;
    *at = shared->next;
    page_free(shared->page);
    free(shared);
}

/* Free what has rested longest, with its topic unless that is IN_USE. Zero: nothing rests. */
static int drop_resting(struct follow_book *book, const struct topic *in_use)
{
    struct topic *of = NULL;
    struct shared_page *oldest = NULL;
    size_t at = 0;
    for (struct topic *topic; book->topics && (topic = table_next(book->topics, &at));)
        for (struct shared_page *shared = topic->pages; shared; shared = shared->next)
            if (!shared->readers && (!oldest || shared->rests_since < oldest->rests_since)) {
                oldest = shared;
                of = topic;
            }
    if (!oldest)
        return 0;
    discard(of, oldest);
    if (of != in_use)
        drop_unused(book, of);
    return 1;
}

static struct shared_page *find_shared(const struct topic *topic, struct span sharer)
{
    for (struct shared_page *shared = topic->pages; shared; shared = shared->next)
        if (span_equal((struct span){shared->sharer, shared->sharer_length}, sharer) &&
            !shared->is_dead)
            return shared;
    return NULL;
}

static int make_shared(struct follow_book *book, struct topic *topic, struct span sharer,
                       size_t length, struct shared_page **ret)
{
    struct shared_page *shared = calloc(1, sizeof *shared + sharer.length);
    if (!shared)
        return -ENOMEM;
    int r = page_new(book->pages, length, &shared->page);
    while (r == -ENOSPC && drop_resting(book, topic))
        r = page_new(book->pages, length, &shared->page);
    if (r < 0) {
        free(shared);
        return r;
    }
    if (sharer.length)
        memcpy(shared->sharer, sharer.data, sharer.length);
    shared->sharer_length = sharer.length;
    shared->next = topic->pages;
    topic->pages = shared;
    *ret = shared;
    return 0;
}

static void kill_shared(struct shared_page *shared, enum page_state state)
{
    shared->is_dead = 1;
    page_wipe(shared->page, state, PAGE_REASON_NONE);
}

void follow_kill_page(struct follow *follow, enum page_state state)
{
    if (follow->kind == FOLLOW_PAGE && !follow->shared->is_dead)
        kill_shared(follow->shared, state);
}

/* It is too small by now, and not to be found again: whoever reads it is told so through it. */
static void outgrow(struct topic *topic, struct shared_page *shared)
{
    if (shared->readers)
        kill_shared(shared, PAGE_MOVED);
    else
        discard(topic, shared);
}

static void leave_shared(struct follow_book *book, struct follow *follow)
{
    struct shared_page *shared = follow->shared;
    if (--shared->readers)
        return;
    if (shared->is_dead || book->leaves_pages) {
        discard(follow->topic, shared);
        return;
    }
    page_wipe(shared->page, PAGE_MOVED, PAGE_REASON_NONE);
    page_rest(shared->page);
    shared->seen[0] = '\0';
    shared->rests_since = book->rests++;
}

struct page *follow_live_page(const struct follow *follow)
{
    return follow->shared->is_dead ? NULL : follow->shared->page;
}

void follow_leave_pages(struct follow_book *book)
{
    book->leaves_pages = 1;
}

/* ---- followers ----------------------------------------------------------------------------- */

int follow_watch(struct follow_book *book, struct follow *follow, struct span key,
                 struct span last_id)
{
    follow_end(book, follow);
    struct topic *topic = find_topic(book, key);
    if (!topic)
        return -ENOMEM;
    /* One that is too long to be an id of ours is none. */
    if (last_id.length && last_id.length < EVENT_ID)
        memcpy(follow->seen, last_id.data, last_id.length);
    join(follow, topic, FOLLOW_WATCH);
    book->stats.watches++;
    follow_make_due(book, follow);
    return 0;
}

int follow_page(struct follow_book *book, struct follow *follow, struct span key,
                struct span sharer, size_t length)
{
    follow_end(book, follow);
    struct topic *topic = find_topic(book, key);
    if (!topic)
        return -ENOMEM;
    struct shared_page *shared = find_shared(topic, sharer);
    int r = 0;
    if (shared && page_capacity(shared->page) < length) {
        outgrow(topic, shared);
        shared = NULL;
    }
    if (!shared)
        r = make_shared(book, topic, sharer, length, &shared);
    else if (!shared->readers)
        page_wake(shared->page);
    if (r < 0) {
        drop_unused(book, topic);
        return r;
    }
    shared->readers++;
    follow->shared = shared;
    join(follow, topic, FOLLOW_PAGE);
    book->stats.readers++;
    return 0;
}

char *follow_seen(struct follow *follow)
{
    return follow->kind == FOLLOW_PAGE ? follow->shared->seen : follow->seen;
}

void follow_end(struct follow_book *book, struct follow *follow)
{
    if (follow->kind == FOLLOW_NOTHING)
        return;
    take_from_due(book, follow);
    if (follow->kind == FOLLOW_PAGE) {
        book->stats.readers--;
        leave_shared(book, follow);
    } else {
        book->stats.watches--;
    }
    leave(follow);
    drop_unused(book, follow->topic);
    *follow = (struct follow){.kind = FOLLOW_NOTHING};
}
