/*
 * The model's swap: pages go out at any moment, and nothing changes by that but where they are.
 *
 * OWNS     the area of a run: every second one has a small area, that gets full, and is left and entered again at times.
 * SOURCES  swapon(2), swapoff(2)
 */
#include "arch/sim/hw/sim_hw.h"
#include "mm/pt.h"
#include "mm/shmem.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "sim/fakeswap.h"
#include "sim/model.h"
#include "sync/kassert.h"

static struct fakeswap swap;
static bool in_use;

void model_swap_begin(uint64_t seed)
{
	in_use = seed % 3 != 0;
	if (!in_use)
		return;
	fakeswap_begin(&swap, seed % 2 ? 64 : 1000);
	swap.dev.sync = seed % 4 == 0;
	fakeswap_on(&swap, -1);
}

void model_swap_end(void)
{
	if (!in_use)
		return;
	swap_check();
	model_expect("slots in use at the end", 0, (long)(total_swap_pages() - swap_pages_free()));
	model_expect("swapoff", 0, swap_area_off(swap.type));
	fakeswap_end(&swap);
}

const uint8_t *model_swap_bytes(pte_t e)
{
	swp_entry_t entry = pte_swp_entry(e);
	struct page *page = swapcache_find(entry);
	const uint8_t *bytes = swap.disk + swp_offset(entry) * PAGE_SIZE;

	if (page) {
		bytes = sim_bus(page_to_phys(page));
		put_page(page);
	}
	return bytes;
}

bool model_obj_swapped(const struct model_obj *o, unsigned index)
{
	bool cached;

	return shmem_swapped(o->m, index, &cached);
}

void model_obj_goes(struct model_obj *o, unsigned long index)
{
	for (unsigned k = 0; k < MODEL_PROCS * MODEL_PAGES; k++) {
		struct model_page *m = &model.proc[k / MODEL_PAGES].page[k % MODEL_PAGES];

		if (model.proc[k / MODEL_PAGES].mm && m->mapped && m->have == HAVE_FILE &&
		    &model.obj[m->obj] == o && m->pgoff == index)
			m->maybe = true; /* its entry goes, if it is not locked */
	}
	o->swaps = true;
	o->unsure = true; /* without a slot, if it holds zeroes */
}

/* The page goes out if it can, out of every program that has it. */
static void push_page(const struct model_proc *p, unsigned number)
{
	pte_t e = model_entry(p, number);
	struct page *page;
	enum pageout_result r;

	if (!pte_present(e) || pte_special(e))
		return;
	page = pfn_to_page(pte_pfn(e));
	if (page_state(page) == PS_FILE)
		model_obj_goes(&model.obj[p->page[number].obj], page->index);
	get_page(page);
	lock_page(page);
	r = swap_out_page(page, true);
	if (r == PAGEOUT_FULL && swap_space_left())
		model_differs("page %u does not go out", number);
	unlock_page(page);
	swap_put_page(page);
}

/* Everything may go that no lock keeps: cached pages, with their entries, and what was given up; and anonymous pages to swap. */
static void all_may_go(void)
{
	model_obj_sweep();
	for (unsigned k = 0; k < MODEL_PROCS * MODEL_PAGES; k++) {
		struct model_page *m = &model.proc[k / MODEL_PAGES].page[k % MODEL_PAGES];

		if (model.proc[k / MODEL_PAGES].mm && m->mapped)
			m->maybe |= m->have == HAVE_FILE || m->lazy;
	}
	for (unsigned i = 0; i < MODEL_OBJS; i++) {
		struct model_obj *o = &model.obj[i];

		o->unsure |= o->m != NULL;
		o->swaps |= o->m && !o->store && in_use;
	}
}

/* The lists of the machine are scanned, as when memory is short. */
void model_reclaim(struct model_proc *p)
{
	bool all = model_one_in(3);

	(void)p;
	model_note(all ? "reclaim at full depth" : "cached pages dropped");
	all_may_go();
	if (all)
		(void)reclaim_node(0, GFP_KERNEL);
	else
		(void)drop_cached_pages();
	for (unsigned k = 0; k < MODEL_PROCS; k++) { /* the page for answers is outside the model */
		struct mm_struct *mm = model.proc[k].mm;
		uint8_t byte;

		if (mm && !pte_present(pt_peek(&mm->root, MODEL_SCRATCH, PT_PTE)))
			(void)sim_read(mm, MODEL_SCRATCH, &byte, 1);
	}
}

void model_swap(struct model_proc *p)
{
	unsigned first = model_some_page(), nr = 1 + model_rnd(MODEL_RUN_MAX);

	if (!in_use)
		return;
	if (model_one_in(40)) {
		model_note("swapoff, swapon");
		model_expect("swapoff", 0, swap_area_off(swap.type));
		model_expect("swapon", 0, swap_area_on(&swap.dev, 0, &swap.type));
		return;
	}
	model_note("pages %u-%u to swap", first, first + nr);
	for (unsigned i = first; i < first + nr && i < MODEL_PAGES; i++)
		push_page(p, i);
}
