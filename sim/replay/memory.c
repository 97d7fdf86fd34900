/*
 * A memory of a fixed number of frames under a policy: plays references to it and counts.
 *
 *   where[id]   frame + 1 of the page, 0: not in memory; IN_PAST set: it has been there
 *   pte[frame]  accessed and dirty bits, as a page table entry has them
 *   holds[frame]  number of the page in it, as page[frame].index, but side by side: a victim's struct page is not in the cache
 *
 * A reference sets the accessed bit, and is told to policies that need hits. One that finds its page out of memory is a fault: the
 * policy is told (miss), gives a victim when no frame is free, and gets the page. The faulting reference itself leaves the
 * accessed bit clear: add() is its use. A victim that is dirty is written back.
 *
 * OWNS     struct memory.   LOCKS  none: one thread plays one memory.   FAILS  false: no memory.   TESTED BY replay_test.c
 */
#include "mm/policy.h"
#include "sim/replay/replay.h"

#include <stdlib.h>
#include <string.h>

enum {
	ACCESSED = 1,
	DIRTY = 2,
	AHEAD = 16
}; /* AHEAD references at a step: the time of a load from memory */
#define IN_PAST 0x80000000U

struct memory {
	struct policy_set set;
	struct page *page;
	uint8_t *pte;
	uint32_t *where, ids; /* where[] has room for ids */
	uint32_t *holds;
	unsigned long used; /* frames */
	uint32_t last;	    /* the page used last */
	struct counts counts;
};

void *policy_alloc(size_t bytes)
{
	return calloc(1, bytes ? bytes : 1);
}

void policy_free(void *p)
{
	free(p);
}

static bool referenced(struct policy_set *s, struct page *page)
{
	uint8_t *pte = &container_of(s, struct memory, set)->pte[policy_slot(s, page)];
	bool was = *pte & ACCESSED;

	*pte &= (uint8_t)~ACCESSED;
	return was;
}

struct memory *memory_new(const struct policy *policy, unsigned long frames)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->last = UINT32_MAX;
	m->page = table_new(frames * sizeof(*m->page));
	m->pte = table_new(frames);
	m->holds = table_new(frames * sizeof(*m->holds));
	m->set = (struct policy_set){ .base = m->page, .frames = frames, .referenced = referenced };
	if (m->page && m->pte && m->holds && !policy_set_begin(&m->set, policy))
		return m;
	memory_free(m);
	return NULL;
}

void memory_free(struct memory *m)
{
	policy_set_end(&m->set);
	table_free(m->page, m->set.frames * sizeof(*m->page));
	table_free(m->pte, m->set.frames);
	table_free(m->holds, m->set.frames * sizeof(*m->holds));
	table_free(m->where, m->ids * sizeof(*m->where));
	free(m);
}

static bool know(struct memory *m, uint32_t id)
{
	uint32_t n = m->ids ? m->ids : 1024;
	uint32_t *bigger;

	while (n <= id)
		n *= 2;
	bigger = table_grow(m->where, m->ids * sizeof(*bigger), n * sizeof(*bigger));
	if (!bigger)
		return false;
	m->where = bigger;
	m->ids = n;
	return true;
}

/* A frame for a page: one that was never used, or a victim's. */
static struct page *frame_for_page(struct memory *m)
{
	struct page *page;
	unsigned long slot;
	uint8_t *pte;

	if (m->used < m->set.frames)
		return &m->page[m->used++];
	page = m->set.policy->victim(&m->set);
	if (m->set.policy->gone)
		m->set.policy->gone(&m->set, page);
	slot = policy_slot(&m->set, page);
	m->where[m->holds[slot]] = IN_PAST;
	pte = &m->pte[slot];
	m->counts.writebacks += !!(*pte & DIRTY);
	*pte = 0;
	return page;
}

static void fault(struct memory *m, uint32_t id, bool write, uint64_t next)
{
	const struct policy *policy = m->set.policy;
	struct page *page;
	unsigned long slot;

	m->counts.faults++;
	if (m->where[id] & IN_PAST)
		m->counts.refaults++;
	else
		m->counts.cold++;
	if (policy->miss)
		policy->miss(&m->set, id);
	page = frame_for_page(m);
	slot = policy_slot(&m->set, page);
	page->index = id;
	page->private = next;
	page->flags = 0; /* with the policy's tag: nobody else has flags here */
	m->holds[slot] = id;
	m->pte[slot] = write ? DIRTY : 0;
	m->where[id] = (uint32_t)slot + 1;
	policy->add(&m->set, page);
}

static void hit(struct memory *m, uint32_t frame, bool write, uint64_t next)
{
	m->pte[frame] |= write ? ACCESSED | DIRTY : ACCESSED;
	if (m->set.policy->hit) {
		if (next)
			m->page[frame].private = next;
		m->set.policy->hit(&m->set, &m->page[frame]);
	}
}

/* The page that @id is in, if it seems to be in memory. Only a hint: it may have moved when its turn comes. */
static struct page *seems_in(const struct memory *m, uint32_t id)
{
	uint32_t where = id < m->ids ? m->where[id] : 0;

	return where && !(where & IN_PAST) ? &m->page[where - 1] : NULL;
}

/*
 * Bring into the cache what references soon to come will touch: first where[], then the accessed bit, and the page and its
 * neighbours if the policy links pages: the first frame is in a list, then. Inlined, or gcc takes it for a function without effect.
 */
static always_inline_ void look_ahead(const struct memory *m, const struct block *b, uint32_t i,
				      bool linked)
{
	const struct page *page;

	if (i + 3 * AHEAD >= b->nr)
		return;
	if (b->id[i + 3 * AHEAD] < m->ids)
		__builtin_prefetch(&m->where[b->id[i + 3 * AHEAD]], 1);
	page = seems_in(m, b->id[i + 2 * AHEAD]);
	if (!page)
		return;
	__builtin_prefetch(&m->pte[page - m->page], 1);
	if (!linked)
		return;
	__builtin_prefetch(page, 1);
	page = seems_in(m, b->id[i + AHEAD]);
	if (page) {
		__builtin_prefetch(page->lru.next, 1);
		__builtin_prefetch(page->lru.prev, 1);
	}
}

bool memory_play(struct memory *m, const struct block *b)
{
	bool skip = m->set.policy->flags & POLICY_REPEATS_FREE, linked = m->page[0].lru.next;

	for (uint32_t i = 0; i < b->nr; i++) {
		uint32_t id = b->id[i], where;

		look_ahead(m, b, i, linked);
		if (id >= m->ids && !know(m, id))
			return false;
		where = m->where[id];
		if (!where || where & IN_PAST)
			fault(m, id, b->write[i], b->next[i]);
		else if (!skip || id != m->last || b->write[i] || b->next[i])
			hit(m, where - 1, b->write[i], b->next[i]);
		m->last = id;
	}
	return true;
}

const struct counts *memory_counts(const struct memory *m)
{
	return &m->counts;
}

const struct policy *memory_policy(const struct memory *m)
{
	return m->set.policy;
}

unsigned long memory_frames(const struct memory *m)
{
	return m->set.frames;
}
