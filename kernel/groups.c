/*
 * Supplementary groups of a process.
 *
 * OWNS     struct group_info: counted, shared by the credentials that have the same groups.
 * I1       once it is a credential's it never changes: ids ascending, as getgroups(2) shows them.
 * CONTEXT  threads; allocation and the last put may sleep.
 * COST     search O(log n), sort O(n log n) in place.
 * SOURCES  getgroups(2), credentials(7).   TESTED BY  tests/guest/proc_sysvm.c
 */
#include "kernel/cred.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

struct group_info *groups_alloc(unsigned nr)
{
	struct group_info *g =
		failpoint("groups") ? NULL : kvzalloc(sizeof(*g) + nr * sizeof(g->id[0]));

	if (g) {
		atomic_set(&g->refs, 1);
		g->nr = nr;
	}
	return g;
}

struct group_info *groups_get(struct group_info *g)
{
	if (g)
		atomic_inc(&g->refs);
	return g;
}

void groups_put(struct group_info *g)
{
	if (g && atomic_dec_and_test(&g->refs))
		kvfree(g);
}

/* Let the id at @at sink in the heap of the first @nr ones. */
static void sift(uint32_t *id, unsigned at, unsigned nr)
{
	uint32_t v = id[at];
	unsigned child;

	while ((child = 2 * at + 1) < nr) {
		if (child + 1 < nr && id[child + 1] > id[child])
			child++;
		if (id[child] <= v)
			break;
		id[at] = id[child];
		at = child;
	}
	id[at] = v;
}

void groups_sort(struct group_info *g)
{
	unsigned i, nr = g->nr;

	for (i = nr / 2; i > 0; i--)
		sift(g->id, i - 1, nr);
	while (nr > 1) {
		uint32_t largest = g->id[0];

		nr--;
		g->id[0] = g->id[nr];
		g->id[nr] = largest;
		sift(g->id, 0, nr);
	}
}

bool groups_have(const struct group_info *g, uint32_t gid)
{
	unsigned low = 0, high = g ? g->nr : 0;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (g->id[mid] == gid)
			return true;
		if (g->id[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
