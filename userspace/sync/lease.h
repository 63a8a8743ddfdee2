/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One node at a time leads: it holds the Lease vsecm-writer (coordination.k8s.io/v1), which it
 * renews. When that does not work for ten seconds it stops leading by itself, before anybody else
 * may begin.
 */
#ifndef VSECM_SYNC_LEASE_H
#define VSECM_SYNC_LEASE_H

struct api;
struct lease;
struct loop;

struct lease_options {
    struct loop *loop;
    struct api *api;
    const char *namespace; /* where the Lease is */
    const char *identity;  /* ours alone: the node's name and something random */
    /* We lead from now on, or not any more. */
    void (*changed)(void *context, int is_us);
    /* The API server answered something, whatever it was. */
    void (*answered)(void *context);
    /* The Lease can be neither read nor written, and WHY; told once until it can again. */
    void (*failed)(void *context, const char *why);
    void *context;
};

/* It takes part from now on; a record that names IDENTITY already is ours at once. NULL: out of
 * memory. */
struct lease *lease_new(const struct lease_options *options);

int lease_leads(const struct lease *lease);

/*
 * We end: whoever waits need not wait until the Lease runs out. DONE is called when that was said,
 * or need not be, or failed; then lease_free() is to follow.
 */
void lease_release(struct lease *lease, void (*done)(void *context), void *context);

/* It takes part no longer; others wait for as long as the Lease lasts. NULL is fine. */
void lease_free(struct lease *lease);

#endif
