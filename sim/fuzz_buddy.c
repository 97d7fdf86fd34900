/*
 * Fuzz target: the page allocator under any sequence of requests, against the set of pages handed out.
 *
 * Input: one byte configures the world, then an operation per 2 bytes:
 *	0-3 alloc (order and GFP from the second byte)   4-6 free the n-th block held   7 drain, or check everything
 * Run: tools/fuzz.sh 60 buddy
 */
#include "mm/alloc.h"
#include "sim/sim.h"
#include "sync/kassert.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HELD = 512 };

struct held {
	struct page *page;
	unsigned order;
	uint8_t tag;
};

static struct held held[MAX_HELD];
static unsigned nr_held;

static void check_all(void)
{
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z) {
			if (!zone_has_memory(z))
				continue;
			buddy_check(z);
			pcp_check(z);
		}
	}
}

static void do_alloc(uint8_t arg)
{
	static const gfp_t kinds[8] = { GFP_KERNEL,   GFP_ATOMIC,
					GFP_DMA,      GFP_HIGHUSER_MOVABLE,
					GFP_HIGHUSER, __GFP_RECLAIMABLE | GFP_NOWAIT,
					GFP_NOWAIT,   GFP_KERNEL | __GFP_COMP };
	gfp_t gfp = kinds[arg & 7] | __GFP_NOWARN;
	unsigned order = arg >> 3 & 15;
	struct page *page;

	if (nr_held == MAX_HELD)
		return;
	page = alloc_pages(gfp, order);
	if (!page)
		return;
	must(order <= MAX_ORDER);
	for (struct page *p = page; p < page + (1UL << order); p++) {
		must(p->index != 0x5eed || p->mapping != (void *)held); /* not handed out already */
		p->index = 0x5eed;
		p->mapping = (void *)held;
	}
	held[nr_held++] = (struct held){ page, order, arg };
	if (page_address(page))
		memset(page_address(page), arg, PAGE_SIZE << order);
}

static void do_free(uint8_t arg)
{
	struct held *h;
	const uint8_t *bytes;

	if (!nr_held)
		return;
	h = &held[arg % nr_held];
	bytes = page_address(h->page);
	if (bytes)
		must(bytes[0] == h->tag && bytes[(PAGE_SIZE << h->order) - 1] == h->tag);
	for (struct page *p = h->page; p < h->page + (1UL << h->order); p++) {
		p->index = 0;
		p->mapping = NULL;
	}
	__free_pages(h->page, h->order);
	*h = held[--nr_held];
}

static void step(uint8_t op, uint8_t arg)
{
	if ((op & 7) < 4)
		do_alloc(arg);
	else if ((op & 7) < 7)
		do_free(arg);
	else if (arg & 1)
		drain_all_pages();
	else
		check_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_config c = { .ram_bytes = MIB(20) };

	if (!size || size > 4096)
		return 0;
	if (data[0] & 1)
		c.lowmem_bytes = MIB(18);
	if (data[0] & 2) {
		c.hole_start = MIB(5) + (data[0] & 0xf0) * PAGE_SIZE;
		c.hole_end = c.hole_start + MIB(1);
	}
	sim_world_begin(&c);
	nr_held = 0;
	for (size_t i = 1; i + 1 < size; i += 2)
		step(data[i], data[i + 1]);
	while (nr_held)
		do_free(0);
	sim_world_end();
	return 0;
}
