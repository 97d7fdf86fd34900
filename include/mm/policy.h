/*
 * Which page goes when memory is short: the interface of a replacement policy. A policy is one file of mm/reclaim/policy/.
 *
 *   a page comes in      miss(key) before room is made for it, then add(page)
 *   a page is used       hit(page), where each use can be seen: simulator only. Otherwise its accessed bit, which
 *                        policy_referenced() tests and clears, says that it was used since
 *   room is needed       page = victim(): off the policy's lists; gone(page) when it has left memory
 *   a page is freed      remove(page)
 *
 * A policy links pages by page->lru, keeps a tag of two bits in each, and what else it needs in set->state. It knows a
 * page that left by its key only. Written so, it runs in any struct policy_set: many at once in the simulator.
 * In the kernel too the pages it sees are stand-ins, one for each frame (mm/reclaim/stand_in.c): no list of the kernel's is
 * touched, no lock of the kernel's is held. There uses are seen by accessed bits only: hit(page) comes late, for a victim that
 * turns out to be in use, after an add() that brings it back.
 *
 * LOCKS    the caller's: one call at a time for a set.   CONTEXT  a thread; victim() may look at many pages.
 * TESTED BY replay_test.c, vmscan_test.c
 */
#ifndef MM_POLICY_H
#define MM_POLICY_H

#include "lib/list.h"
#include "mm/memmap.h"

struct policy_set;

/* What a policy is, and needs of those who call it. */
enum policy_flags {
	POLICY_NEEDS_HITS =
		1, /* hit() must come for every use: not from a machine's accessed bits */
	POLICY_NEEDS_FUTURE = 2, /* page->private: when the page is used next, at add() and hit() */
	POLICY_REPEATS_FREE =
		4, /* a use of the page that was used last changes nothing: it may be left out */
};

struct policy {
	const char *name;
	const char *about; /* a line for people */
	unsigned flags;
	size_t state_size; /* bytes at set->state, zeroed before init */
	int (*init)(
		struct policy_set *s); /* 0 or -ENOMEM; may be NULL, as all but add and victim */
	void (*exit)(struct policy_set *s);
	void (*miss)(struct policy_set *s, uint64_t key);
	void (*add)(struct policy_set *s, struct page *page);
	void (*hit)(struct policy_set *s, struct page *page);
	struct page *(*victim)(struct policy_set *s); /* never NULL while pages are in the set */
	void (*gone)(struct policy_set *s, struct page *page);
	void (*remove)(struct policy_set *s, struct page *page);
};

/* Memory that is replaced on its own. */
struct policy_set {
	const struct policy *policy;
	void *state;
	struct page *base;    /* the first of its frames */
	unsigned long frames; /* how many there are */
	bool (*referenced)(struct policy_set *s, struct page *page);
};

/* Was @page used since the last such question? Clears its accessed bits. */
static inline bool policy_referenced(struct policy_set *s, struct page *page)
{
	return s->referenced(s, page);
}

/* The policy's own two bits in each page; 0 in a page that comes in. Others may change other flags meanwhile. */
enum { POLICY_TAG_SHIFT = PG_active, POLICY_TAG_MASK = 3 };
_Static_assert(PG_workingset == PG_active + 1, "bits of the tag");

static inline unsigned policy_tag(const struct page *page)
{
	return READ_ONCE(page->flags) >> POLICY_TAG_SHIFT & POLICY_TAG_MASK;
}

static inline void policy_set_tag(struct page *page, unsigned tag)
{
	unsigned long change = (unsigned long)(policy_tag(page) ^ tag) << POLICY_TAG_SHIFT;

	if (change)
		(void)__atomic_fetch_xor(&page->flags, change, __ATOMIC_RELAXED);
}

/* What @page is, the same when it comes again. */
static inline uint64_t policy_key(const struct page *page)
{
	return (uint64_t)(uintptr_t)page->mapping << 20 ^ page->index;
}

/* The number of @page in its set: below set->frames. */
static inline unsigned long policy_slot(const struct policy_set *s, const struct page *page)
{
	return (unsigned long)(page - s->base);
}

/* Zeroed memory for a policy's tables: from init() to exit(). NULL: none. May sleep. */
void *policy_alloc(size_t bytes);
void policy_free(void *p);

/* Policies are found by where the linker puts them: a file more is a policy more. */
#define DEFINE_POLICY(id)                                                                          \
	static const struct policy id;                                                             \
	static const struct policy *const id##_entry __attribute__((used, section("policies"))) =  \
		&id;                                                                               \
	static const struct policy id

extern const struct policy *const __start_policies[], *const __stop_policies[];

/* ---- for those who call policies (mm/reclaim/policy/registry.c) ---- */
/* NULL: there is none of this name. */
const struct policy *policy_by_name(const char *name, size_t len);
/* @s has base, frames and referenced: @policy begins with no page in it. 0 or -ENOMEM. */
int policy_set_begin(struct policy_set *s, const struct policy *policy);
void policy_set_end(struct policy_set *s); /* zeroed memory, or one that did not begin: nothing */

#endif
