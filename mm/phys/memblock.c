/*
 * memblock: which physical memory exists and which of it is taken, before there is an allocator.
 *
 * OWNS     two tables of ranges: memory (RAM) and reserved (in use). Free memory is memory minus reserved.
 * WHY      page tables, the page array and zones must be built from something; the firmware's map is unsorted,
 *          may overlap and may lie, so it is cleaned here, once, and nobody else ever reads it.
 * I1       each table is sorted by start, ranges do not overlap and are page aligned, start < end. [memblock_check]
 * I2       neighbours that touch differ in node (else they are one range).                 [memblock_check]
 * I3       frame 0 is never memory, so that physical address 0 can mean "none".           [memblock_check]
 * LOCKS    none: boot CPU only, until meminit; afterwards the tables are read, and memblock_free is serialised by
 *          its callers (init frees the initrd and its own sections once).
 * COST     O(n) per call, n <= 128. The firmware's map has tens of ranges.
 * FAILS    -ENOSPC when a table is full: nothing changed. The tables never grow: 128 is Linux's first size, and a
 *          map beyond it loses only what did not fit.
 * NOT HERE handing free memory to the zones (meminit.c).
 *
 * Adding is one operation for both tables: the parts of the new range that no entry covers are inserted, then
 * neighbours merge. So overlap in any order gives the same set, and the first node to claim a page keeps it.
 *
 *	table      [----A----)        [---B---)
 *	add              [----------------------------)
 *	inserted             [--------)        [------)
 *
 * Allocation goes top-down: low memory is scarce (DMA, real-mode trampolines) and large pages lie low.
 * TESTED BY  memblock_test.c.
 */
#include "mm/memblock.h"
#include "arch/physmap.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/phys/phys_impl.h"
#include "sync/kassert.h"

enum { TABLE_MAX = 128 };

struct table {
	unsigned nr;
	struct memblock_range r[TABLE_MAX];
};

static struct table memory, reserved;
static phys_t alloc_limit = ~(phys_t)0;
static bool handed_over; /* the buddy has the free memory now */

void memblock_reset(void)
{
	memory.nr = 0;
	reserved.nr = 0;
	alloc_limit = ~(phys_t)0;
	handed_over = false;
}

static void table_insert_at(struct table *t, unsigned i, struct memblock_range r)
{
	memmove(&t->r[i + 1], &t->r[i], (t->nr - i) * sizeof(t->r[0]));
	t->r[i] = r;
	t->nr++;
}

static void table_remove_at(struct table *t, unsigned i)
{
	t->nr--;
	memmove(&t->r[i], &t->r[i + 1], (t->nr - i) * sizeof(t->r[0]));
}

static void table_merge(struct table *t)
{
	for (unsigned i = 0; i + 1 < t->nr;) {
		struct memblock_range *a = &t->r[i], *b = &t->r[i + 1];

		if (a->end != b->start || a->node != b->node) {
			i++;
			continue;
		}
		a->end = b->end;
		table_remove_at(t, i + 1);
	}
}

/* How many entries the uncovered parts of [start, end) need before merging. */
static unsigned table_gaps(const struct table *t, phys_t start, phys_t end)
{
	unsigned gaps = 0;

	for (unsigned i = 0; i < t->nr && start < end; i++) {
		if (t->r[i].end <= start)
			continue;
		if (t->r[i].start >= end)
			break;
		if (t->r[i].start > start)
			gaps++;
		start = t->r[i].end;
	}
	return gaps + (start < end);
}

static int table_add(struct table *t, phys_t start, phys_t end, int node)
{
	unsigned i = 0;

	if (t->nr + table_gaps(t, start, end) > TABLE_MAX)
		return -ENOSPC;
	while (start < end) {
		while (i < t->nr && t->r[i].end <= start)
			i++;
		phys_t stop = i < t->nr && t->r[i].start < end ? t->r[i].start : end;

		if (start < stop)
			table_insert_at(t, i, (struct memblock_range){ start, stop, node });
		start = i < t->nr ? max_of(phys_t, stop, t->r[i].end) : end;
	}
	table_merge(t);
	return 0;
}

static int table_remove(struct table *t, phys_t start, phys_t end)
{
	for (unsigned i = 0; i < t->nr;) {
		struct memblock_range *r = &t->r[i];

		if (r->end <= start || r->start >= end) {
			i++;
		} else if (r->start < start && r->end > end) {
			struct memblock_range tail = { end, r->end, r->node };

			if (t->nr == TABLE_MAX)
				return -ENOSPC;
			r->end = start;
			table_insert_at(t, i + 1, tail);
			return 0;
		} else if (r->start < start) {
			r->end = start;
			i++;
		} else if (r->end > end) {
			r->start = end;
			i++;
		} else {
			table_remove_at(t, i);
		}
	}
	return 0;
}

static phys_t page_up(phys_t a)
{
	phys_t up = (a + PAGE_SIZE - 1) & ~(phys_t)(PAGE_SIZE - 1);

	return up < a ? ~(phys_t)(PAGE_SIZE - 1) : up;
}

static phys_t page_down(phys_t a)
{
	return a & ~(phys_t)(PAGE_SIZE - 1);
}

int memblock_add(phys_t start, phys_t end, int node)
{
	if (start >= end || end > PHYS_MAX || node < 0 || node >= CFG_MAX_NODES)
		return -EINVAL;
	start = max_of(phys_t, page_up(start), PAGE_SIZE);
	end = page_down(end);
	return start < end ? table_add(&memory, start, end, node) : 0;
}

int memblock_reserve(phys_t start, phys_t end)
{
	if (start >= end)
		return -EINVAL;
	return table_add(&reserved, page_down(start), page_up(end), 0);
}

int memblock_remove(phys_t start, phys_t end)
{
	if (start >= end)
		return -EINVAL;
	return table_remove(&memory, page_down(start), page_up(end));
}

/* No range has @at inside: it ends and begins there. */
static int split_at(struct table *t, phys_t at)
{
	for (unsigned i = 0; i < t->nr; i++) {
		struct memblock_range *r = &t->r[i];
		struct memblock_range tail = { at, r->end, r->node };

		if (r->start >= at || r->end <= at)
			continue;
		if (t->nr == TABLE_MAX)
			return -ENOSPC;
		r->end = at;
		table_insert_at(t, i + 1, tail);
		return 0;
	}
	return 0;
}

int memblock_set_node(phys_t start, phys_t end, int node)
{
	int err;

	if (start >= end || node < 0 || node >= CFG_MAX_NODES)
		return -EINVAL;
	start = page_down(start);
	end = page_down(end);
	err = split_at(&memory, start);
	err = err ? err : split_at(&memory, end);
	for (unsigned i = 0; !err && i < memory.nr; i++) {
		if (memory.r[i].start >= start && memory.r[i].end <= end)
			memory.r[i].node = node;
	}
	table_merge(&memory);
	return err;
}

void memblock_limit(phys_t limit)
{
	/* Cutting off the top never splits an entry, so it cannot fail. */
	int err = table_remove(&memory, page_down(limit), ~(phys_t)0);

	kassert(err == 0);
}

void memblock_set_alloc_limit(phys_t limit)
{
	alloc_limit = limit;
}

/* Highest aligned place of @size in the free memory of [start, end); 0 when there is none. */
static phys_t place_in(phys_t start, phys_t end, size_t size, size_t align)
{
	for (unsigned i = reserved.nr; i-- > 0 && start < end;) {
		const struct memblock_range *r = &reserved.r[i];

		if (r->start >= end)
			continue;
		phys_t low = max_of(phys_t, start, r->end);

		if (low < end && end - low >= size) {
			phys_t a = (end - size) & ~(phys_t)(align - 1);

			if (a >= low)
				return a;
		}
		end = min_of(phys_t, end, r->start);
	}
	if (start < end && end - start >= size) {
		phys_t a = (end - size) & ~(phys_t)(align - 1);

		if (a >= start)
			return a;
	}
	return 0;
}

/* The highest place on @node; negative: on any. */
static phys_t alloc_on(size_t size, size_t align, int node)
{
	phys_t limit = alloc_limit;

	kassert(is_pow2(align));
	must(!handed_over);
	/* 0: not known yet, the boot tables' limit holds; the largest: everything has a linear address. */
	if (lowmem_end_pfn)
		limit = min_of(phys_t, limit, pfn_to_phys(lowmem_end_pfn));
	size = page_align(size ? size : 1);
	for (unsigned i = memory.nr; i-- > 0;) {
		const struct memblock_range *m = &memory.r[i];
		phys_t a;

		if (node >= 0 && m->node != node)
			continue;
		a = place_in(m->start, min_of(phys_t, m->end, limit), size, align);
		if (a && memblock_reserve(a, a + size) == 0)
			return a;
	}
	return 0;
}

phys_t memblock_alloc(size_t size, size_t align)
{
	return alloc_on(size, align, -1);
}

phys_t memblock_alloc_node(size_t size, size_t align, int node)
{
	phys_t pa = alloc_on(size, align, node);

	return pa ? pa : alloc_on(size, align, -1);
}

static void *zeroed(phys_t pa, size_t size)
{
	return pa ? memset(phys_to_virt(pa), 0, size) : NULL;
}

void *memblock_alloc_ptr(size_t size)
{
	return zeroed(memblock_alloc(size, PAGE_SIZE), size);
}

void *memblock_alloc_ptr_node(size_t size, int node)
{
	return zeroed(memblock_alloc_node(size, PAGE_SIZE, node), size);
}

void memblock_free(phys_t start, phys_t end)
{
	int err = table_remove(&reserved, page_down(start), page_up(end));

	/* A full table cannot be split: the memory stays reserved, which wastes it but is safe. */
	if (!err && handed_over)
		meminit_release(page_up(start), page_down(end));
}

void memblock_hand_over(void)
{
	handed_over = true;
}

bool memblock_memory(unsigned i, struct memblock_range *out)
{
	if (i >= memory.nr)
		return false;
	*out = memory.r[i];
	return true;
}

bool memblock_reserved(unsigned i, struct memblock_range *out)
{
	if (i >= reserved.nr)
		return false;
	*out = reserved.r[i];
	return true;
}

phys_t memblock_end_of_ram(void)
{
	return memory.nr ? memory.r[memory.nr - 1].end : 0;
}

phys_t memblock_total(void)
{
	phys_t sum = 0;

	for (unsigned i = 0; i < memory.nr; i++)
		sum += memory.r[i].end - memory.r[i].start;
	return sum;
}

static void table_check(const struct table *t)
{
	for (unsigned i = 0; i < t->nr; i++) {
		const struct memblock_range *r = &t->r[i];

		must(r->start < r->end && !((r->start | r->end) & (PAGE_SIZE - 1))); /* I1 */
		if (i == 0)
			continue;
		must(t->r[i - 1].end <= r->start);				 /* I1 */
		must(t->r[i - 1].end < r->start || t->r[i - 1].node != r->node); /* I2 */
	}
}

void memblock_check(void)
{
	table_check(&memory);
	table_check(&reserved);
	must(memory.nr == 0 || memory.r[0].start >= PAGE_SIZE); /* I3 */
}
