/*
 * Background reclaim: a node's free memory is brought back to the high watermarks before anybody has to wait for it.
 *
 *        free pages of a zone
 *   high ─────────────────────────────  kswapd stops
 *   low  ─────────────────────────────  an allocation that finds all zones below wakes kswapd, and goes on
 *   min  ─────────────────────────────  ... frees pages itself (relieve.c)
 *
 * OWNS     struct kswapd of each node.
 * WHY      a program that needs a page should find one: looking for pages to free, and unmapping them, takes long.
 * I1       a wake-up is not lost: wanted is cleared before the zones are looked at, set before the thread is woken.
 * I2       it ends: a step whose rounds down to priority 1 free nothing counts as a failure, and after MAX_FAILURES in a row the
 *          node is left alone until direct reclaim frees something. Linux shows such a zone as unreclaimable.
 * LOCKS    none; the fields are single words.
 * CONTEXT  steps: a thread; sleeps. Wake-ups: any context.
 * COST     a step: at most 12 rounds.
 * FAILS    never.
 * NOT HERE the thread (kernel/kswapd.c), which pages (vmscan.c), large blocks out of free pages (kcompactd.c, woken from here).
 * TESTED BY vmscan_test.c, tests/guest/mem_reclaim.c
 */
#include "mm/alloc.h"
#include "mm/compact.h"
#include "mm/imports.h"
#include "mm/reclaim/reclaim_impl.h"
#include "mm/slab.h"
#include "mm/vmevent.h"
#include "sync/tracepoint.h"

enum { MAX_FAILURES = 16 };

bool kswapd_gave_up(int node)
{
	return READ_ONCE(node_data[node]->kswapd.failures) >= MAX_FAILURES;
}

void phys_wake(int node, enum zone_type highest, unsigned order)
{
	struct kswapd *k = &node_data[node]->kswapd;

	if (kswapd_gave_up(node)) {
		kcompactd_wake(node, highest, order);
		return;
	}
	raise_to(&k->highest, (unsigned)highest);
	raise_to(&k->order, order);
	if (!__atomic_exchange_n(&k->wanted, true, __ATOMIC_SEQ_CST)) {
		tracepoint(mm_vmscan_kswapd_wake, (unsigned)node, 0);
		waitq_wake_all(&k->wait);
	}
}

void kswapd_wait(int node)
{
	struct kswapd *k = &node_data[node]->kswapd;

	tracepoint(mm_vmscan_kswapd_sleep, (unsigned)node);
	(void)wait_event_mode(&k->wait, __atomic_load_n(&k->wanted, __ATOMIC_SEQ_CST),
			      PARK_INTERRUPTIBLE, PARK_FOREVER);
}

/* Pages that the zones up to @highest lack to their high watermarks; 0: one of them has enough, so allocations go on. */
static unsigned long lacking(const struct pglist_data *node, enum zone_type highest)
{
	unsigned long sum = 0;

	for (unsigned t = 0; t <= (unsigned)highest; t++) {
		const struct zone *z = &node->node_zones[t];

		if (!zone_has_memory(z))
			continue;
		if (zone_watermark_ok(z, 0, z->watermark[WMARK_HIGH], highest))
			return 0;
		sum += max_of(unsigned long, z->watermark[WMARK_HIGH], LRU_CLUSTER);
	}
	return sum;
}

/* Rounds of falling priority until a zone has enough. Return: pages and objects freed. */
static unsigned long balance(struct scan_control *sc)
{
	unsigned long total = 0;

	for (sc->priority = DEF_PRIORITY; sc->priority >= 1; sc->priority--) {
		sc->freed = sc->dirty = sc->writeback = 0;
		sc->wanted = lacking(sc->node, sc->highest);
		if (!sc->wanted)
			break;
		shrink_node(sc);
		total += sc->freed;
	}
	return total;
}

static bool balance_node(int node, enum zone_type highest)
{
	struct scan_control sc = {
		.node = node_data[node], .highest = highest, .gfp = GFP_KERNEL, .kswapd = true
	};
	struct kswapd *k = &node_data[node]->kswapd;
	struct mm_ctx *self = mm_ctx_current();
	unsigned outer = self->scoped & MM_CTX_MEMALLOC;
	unsigned long freed;

	count_vm_event(PAGEOUTRUN);
	self->scoped |= MM_CTX_MEMALLOC;
	freed = balance(&sc);
	(void)slab_shrink_all();
	drain_all_pages(); /* so that the zones have what was freed */
	self->scoped = (self->scoped & ~(unsigned)MM_CTX_MEMALLOC) | outer;
	WRITE_ONCE(k->failures, freed ? 0 : k->failures + 1);
	return freed && lacking(node_data[node], highest);
}

bool kswapd_step(int node)
{
	struct kswapd *k = &node_data[node]->kswapd;
	enum zone_type highest = (enum zone_type)READ_ONCE(k->highest);

	__atomic_store_n(&k->wanted, false, __ATOMIC_SEQ_CST);
	if (lacking(node_data[node], highest) && balance_node(node, highest))
		return true;
	kcompactd_wake(node, highest, __atomic_exchange_n(&k->order, 0, __ATOMIC_SEQ_CST));
	WRITE_ONCE(k->highest, 0);
	return false;
}
