/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who follows which secret: connections that are told of each change of their own key, by events
 * (a watch) or in a shared page. Only the book-keeping: who is to be told, and what each was told
 * last. What is told, and whether it may be, is serve/push.h's.
 *
 * All connections of one pod that follow a key share one page. It rests when the last of them has
 * ended, and is the pod's again when it asks again: the memory of a page is not free before its
 * readers let go of it, so whoever asked over and over would else take as much as he likes.
 */
#ifndef VSECM_SERVE_FOLLOW_H
#define VSECM_SERVE_FOLLOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "serve/event.h"
#include "store/page.h"

struct follow_book;
struct shared_page;
struct topic;

enum follow_kind {
    FOLLOW_NOTHING,
    FOLLOW_WATCH,
    FOLLOW_PAGE,
};

/* One follower, embedded in its connection. All zero: it follows nothing. */
struct follow {
    enum follow_kind kind;
    struct topic *topic;
    struct follow *next, *previous; /* of its topic */
    struct follow *next_due, *previous_due;
    int is_due;
    struct shared_page *shared; /* of a page */
    char seen[EVENT_ID];        /* of a watch: the event it was told last; "": none */
};

struct follow_stats {
    unsigned watches;
    unsigned readers; /* connections that keep a page */
    struct page_stats pages;
};

/* For at most MAX followers. 0 with *ret the caller's, or -errno. */
int follow_book_new(size_t max, struct follow_book **ret);

/* All followers must have ended. NULL is fine. */
void follow_book_free(struct follow_book *book);

void follow_book_read_stats(const struct follow_book *book, struct follow_stats *ret);

/*
 * FOLLOW watches KEY from now on and has seen the event LAST_ID (may be empty). It is due at once.
 * 0 or -ENOMEM.
 */
int follow_watch(struct follow_book *book, struct follow *follow, struct span key,
                 struct span last_id);

/*
 * FOLLOW reads KEY in a page from now on, shared with whoever has the same SHARER; what it followed
 * before has ended. The page has room for LENGTH bytes: one that has not is moved. 0, -ENOSPC (no
 * room for a page) or -errno.
 */
int follow_page(struct follow_book *book, struct follow *follow, struct span key,
                struct span sharer, size_t length);

/* The page of a FOLLOW_PAGE. NULL when it is dead: its reader has to ask for another. */
struct page *follow_live_page(const struct follow *follow);

/* What FOLLOW was told last, to be compared and set; EVENT_ID bytes. */
char *follow_seen(struct follow *follow);

/* The page is dead for STATE: wiped, never written again. */
void follow_kill_page(struct follow *follow, enum page_state state);

/* It follows nothing any more; a page that nobody reads any more is wiped and rests. */
void follow_end(struct follow_book *book, struct follow *follow);

/* From now on pages that end keep what they say, for a daemon that comes after this one. */
void follow_leave_pages(struct follow_book *book);

/* KEY is changing: its followers are due. The book as context: store_set_changed(). */
void follow_changed(void *book, struct span key);

/* By itself some state becomes another at WALL_US: then all are due. */
void follow_expect(struct follow_book *book, int64_t wall_us);

/* Somebody who was due could not be told: all are due again at the next follow_tick(). */
void follow_postpone(struct follow_book *book);

/*
 * See to what was expected or postponed, or to all when the clock was put back; called every so
 * often.
 */
void follow_tick(struct follow_book *book, int64_t wall_us);

void follow_all_due(struct follow_book *book);
void follow_make_due(struct follow_book *book, struct follow *follow);

/* Whoever has been due longest, who is not any more; NULL: nobody is. */
struct follow *follow_next_due(struct follow_book *book);

/* Non-zero while somebody is due. */
int follow_has_due(const struct follow_book *book);

#endif
