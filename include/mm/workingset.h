/*
 * Refault distances: was a page that comes back taken too early? What is remembered of a page that left is its shadow.
 */
#ifndef MM_WORKINGSET_H
#define MM_WORKINGSET_H

#include "mm/lruvec.h"
#include "mm/page.h"

/* A number with this bit is a shadow; 0: nothing is known. */
#define SHADOW_BIT (1U << 31)

/* The locked @page is leaving memory: what is to be kept of it, in its place. Any context. */
uint32_t workingset_eviction(const struct page *page);
/* @page, new and on no list yet, has what the one with @shadow had: counted, and active if memory would have had room for it.
 * @swap: what only swap could take could have made room. Any context. */
void workingset_refault(struct page *page, uint32_t shadow, bool swap);
/* Would memory have had room for the page that left with @shadow, if it came back now? @file: one of a file's. */
bool workingset_is_recent(uint32_t shadow, bool file, bool swap);
/* A page became active: those that left are older by that. Any context. */
static inline void workingset_activation(struct lruvec *v)
{
	atomic_long_add(&v->nonresident_age, 1);
}

#endif
