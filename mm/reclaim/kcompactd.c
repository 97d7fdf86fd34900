/*
 * Background compaction: large blocks for those who could not wait for one, or would have had to.
 *
 *   no block of an order is found ──► kswapd sees to it that there are pages enough ──► wakes kcompactd, if moving pages would
 *   (mm/phys/alloc.c)                 (kswapd.c)                                        help ──► a run over each such zone
 *
 *   free memory is in small pieces, and nobody has asked yet: every half second a look at the node's score (0: all free memory is
 *   of use for huge pages, 100: none). More than high = low + 10, low = 100 - vm.compaction_proactiveness: a run, down to low.
 *
 * OWNS     struct kcompactd of each node, when it looks next; KCOMPACTD_WAKE.
 * WHY      who asks without waiting, from an interrupt or for a huge page that may as well be small, finds one next time.
 * I1       a wish is not lost: the order is taken before the zones are looked at, set before the thread is woken.
 * I2       it ends: a run goes over a zone once. After one in vain the next 1, 2, 4, ... 64 wishes for blocks as large are left
 *          out, until a run makes one. A look whose run betters nothing is the last for 32 seconds.
 * LOCKS    none; the fields are single words, shift and its like the thread's own.
 * CONTEXT  wake-ups: any. Steps: a thread; sleeps.
 * COST     a step: compact.c's for each zone.
 * FAILS    never: there is a block then, or not.
 * NOT HERE how blocks are made (compact.c), the thread (kernel/kswapd.c).
 * SOURCES  Linux's counters; Documentation/admin-guide/mm/concepts.rst.   TESTED BY compact_test.c, tests/guest/mem_compact.c
 */
#include "mm/compact.h"

#include "mm/imports.h"
#include "mm/reclaim/reclaim_impl.h"
#include "mm/vmevent.h"
#include "sync/thread.h"

enum { MAX_DEFER_SHIFT = 6, MIN_GOAL = 5, GOAL_BAND = 10 };
#define LOOK_NS (500 * NSEC_PER_MSEC)

int sysctl_compaction_proactiveness = 20;

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
	uint64_t next = READ_ONCE(sysctl_compaction_proactiveness) ? k->next_look : PARK_FOREVER;

	(void)wait_event_mode(&k->wait,
			      __atomic_load_n(&k->order, __ATOMIC_SEQ_CST) ||
				      __atomic_load_n(&k->look, __ATOMIC_SEQ_CST),
			      PARK_INTERRUPTIBLE, next);
}

void kcompactd_look(void)
{
	for (unsigned n = 0; n < nr_nodes; n++) {
		struct kcompactd *k = &node_data[n]->kcompactd;

		__atomic_store_n(&k->look, true, __ATOMIC_SEQ_CST);
		waitq_wake_all(&k->wait);
	}
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

/* Nobody has asked. Return: when to look again. */
static uint64_t look(struct pglist_data *node)
{
	int eagerness = READ_ONCE(sysctl_compaction_proactiveness);
	unsigned low = max_of(unsigned, 100 - (unsigned)eagerness, MIN_GOAL), before;
	struct zone *z;

	before = fragmentation_score(node);
	if (!eagerness || before <= min_of(unsigned, low + GOAL_BAND, 100) ||
	    READ_ONCE(node->kswapd.wanted))
		return clock_ns() + LOOK_NS;
	for_each_zone (node, z) {
		if (zone_has_memory(z) && fragmentation_score(node) > low)
			compact_proactively(z, low);
	}
	if (fragmentation_score(node) < before)
		return clock_ns() + LOOK_NS;
	return clock_ns() + (LOOK_NS << MAX_DEFER_SHIFT);
}

/* What somebody asked for. */
static void grant(int node)
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

void kcompactd_step(int node)
{
	struct kcompactd *k = &node_data[node]->kcompactd;

	grant(node);
	if (__atomic_exchange_n(&k->look, false, __ATOMIC_SEQ_CST) || clock_ns() >= k->next_look)
		k->next_look = look(node_data[node]);
}
