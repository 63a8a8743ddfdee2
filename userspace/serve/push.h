/* SPDX-License-Identifier: BSD-2-Clause */
/* What a follower gets: decided, put on record and told anew for each change. */
#ifndef VSECM_SERVE_PUSH_H
#define VSECM_SERVE_PUSH_H

struct call;
struct event;
struct reply;
struct service;

/* GET /v1/watch: the head of a stream; its first event is due. */
void push_watch(struct service *service, struct call *call, struct reply *reply);

/* GET /v1/page: a page that says what is now. */
void push_page(struct service *service, struct call *call, struct reply *reply);

enum push_result {
    PUSH_NOTHING, /* it knows all there is, or has it in its page now */
    PUSH_EVENT,   /* *ret is to be sent */
    PUSH_LATER,   /* it may not be told now; it is due again before long */
    PUSH_OVER,    /* it is no longer who may: cut it */
};

/* See to call->follow, which was due. CALL needs no request. */
enum push_result push_next(struct service *service, struct call *call, struct event *ret);

#endif
