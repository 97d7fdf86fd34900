/*
 * Background compaction: large blocks for those who could not wait for one, or would have had to.
 *
 *   no block of an order is found ──► kswapd sees to it that there are pages enough ──► wakes kcompactd, if moving pages would
 *   (mm/phys/alloc.c)                 (kswapd.c)                                        help ──► a run over each such zone
 *
 * OWNS     struct kcompactd of each node; KCOMPACTD_WAKE.
 * WHY      who asks without waiting, from an interrupt or for a huge page that may as well be small, finds one next time.
 * I1       a wish is not lost: the order is taken before the zones are looked at, set before the thread is woken.
 * I2       it ends: a run goes over a zone once. After one in vain the next 1, 2, 4, ... 64 wishes for blocks as large are left
 *          out, until a run makes one.
 * LOCKS    none; the fields are single words, shift and its like the thread's own.
 * CONTEXT  wake-ups: any. Steps: a thread; sleeps.
 * COST     a step: compact.c's for each zone.
 * FAILS    never: there is a block then, or not.
 * NOT HERE how blocks are made (compact.c), the thread (kernel/kswapd.c). Nothing is compacted before somebody asked.
 * SOURCES  Linux's counters; Documentation/admin-guide/mm/concepts.rst.   TESTED BY compact_test.c, tests/guest/mem_compact.c
 */
#include "mm/compact.h"

#include "mm/reclaim/reclaim_impl.h"
#include "mm/vmevent.h"

enum { MAX_DEFER_SHIFT = 6 };

/* Has the zone frames that the wish allows, and would a run help? */
static bool may_help(const struct zone *z, enum zone_type highest, unsigned order)
{
	return z->type <= highest && zone_has_memory(z) && compact_suitable(z, order, highest);
}

void kcompactd_wake(int node, enum zone_type highest, unsigned order)
{
	struct kcompactd *k = &node_data[node]->kcompactd;
	bool helps = false;
	struct zone *z;

	if (!order)
		return;
	for_each_zone (node_data[node], z)
		helps |= may_help(z, highest, order);
	if (!helps)
		return;
	raise_to(&k->highest, (unsigned)highest);
	raise_to(&k->order, order);
	waitq_wake_all(&k->wait);
}

void kcompactd_wait(int node)
{
	struct kcompactd *k = &node_data[node]->kcompactd;

	wait_event(&k->wait, __atomic_load_n(&k->order, __ATOMIC_SEQ_CST));
}

/* I2. */
static bool deferred(struct kcompactd *k, unsigned order)
{
	if (!k->shift || order < k->failed_order)
		return false;
	if (++k->left_out <= 1U << (k->shift - 1))
		return true;
	k->left_out = 0;
	return false;
}

static void note_result(struct kcompactd *k, unsigned order, bool made)
{
	if (made) {
		if (order >= k->failed_order)
			k->shift = 0;
		return;
	}
	if (!k->shift || order < k->failed_order)
		k->failed_order = order;
	k->left_out = 0;
	if (k->shift <= MAX_DEFER_SHIFT)
		k->shift++;
}

void kcompactd_step(int node)
{
	struct kcompactd *k = &node_data[node]->kcompactd;
	unsigned order = __atomic_exchange_n(&k->order, 0, __ATOMIC_SEQ_CST);
	enum zone_type highest =
		(enum zone_type)__atomic_exchange_n(&k->highest, 0, __ATOMIC_SEQ_CST);
	bool tried = false, made = false;
	struct zone *z;

	if (!order)
		return;
	count_vm_event(KCOMPACTD_WAKE);
	if (deferred(k, order))
		return;
	for_each_zone (node_data[node], z) {
		if (!may_help(z, highest, order))
			continue;
		tried = true;
		made |= compact_in_background(z, order);
	}
	if (tried)
		note_result(k, order, made);
}
