/*
 * The model's state: runs of like pages, free places, faults.
 *
 * OWNS     struct model: what every process and every object holds.
 * WHY      a fault's rules are here once, in forty lines; mm has them in ten files for speed. Where mm may choose (how
 *          many pages a batch brings in, what fork copies, what is read ahead, when MADV_FREE takes) the page is marked "maybe",
 *          and model_settle looks at what mm chose: contents stay exact, presence is mm's.
 *          So it is with borders between vmas that look alike: when private pages keep them apart is Linux's own rule,
 *          which mm/aspace/vma_merge_test.c has as a model.
 * I1       HAVE_ANON only in private pages; HAVE_FILE only in pages with an object; HAVE_ZERO only without one.
 * NOT HERE operations; the comparison (model_check.c).
 * TESTED BY model_test.c: a model that were wrong would differ
 */
#include "arch/sim/hw/sim_hw.h"
#include "lib/string.h"
#include "mm/pt.h"
#include "mm/swap.h"
#include "sim/model.h"

struct model model;

static const uint8_t zeroes[PAGE_SIZE];

/* ---- ranges ---- */

static struct model_range bad_range(enum model_range_kind kind)
{
	struct model_range r = { .kind = kind,
				 .addr = model_addr(model_some_page()),
				 .len = (1 + model_rnd(4)) * PAGE_SIZE };

	if (kind == RANGE_UNALIGNED)
		r.addr += 1 + model_rnd(PAGE_SIZE - 1);
	else if (kind == RANGE_EMPTY)
		r.len = 0;
	else if (kind == RANGE_HUGE)
		r.len = ULONG_MAX - 2 * PAGE_SIZE - model_rnd(PAGE_SIZE);
	else
		r.addr = USER_TOP - PAGE_SIZE, r.len += PAGE_SIZE;
	return r;
}

struct model_range model_some_range(void)
{
	struct model_range r = { .kind = RANGE_SANE, .first = model_some_page() };

	if (model_one_in(60))
		return bad_range((enum model_range_kind)(1 + model_rnd(4)));
	r.nr = 1 + model_rnd(model_one_in(3) ? MODEL_RUN_MAX : 5);
	r.nr = min_of(unsigned, r.nr, MODEL_PAGES - r.first);
	r.addr = model_addr(r.first);
	r.len = (unsigned long)r.nr << PAGE_SHIFT;
	if (model_one_in(8)) /* the last page counts whole */
		r.len -= model_rnd(PAGE_SIZE);
	return r;
}

/* Is page @i in the same vma as the one before? Alike they must be; then mm says whether their anon_vmas allow it. */
static bool is_one(const struct model_proc *p, unsigned i)
{
	const struct model_page *a = &p->page[i - 1], *b = &p->page[i];
	struct vm_area_struct *vma;

	if (!a->mapped || !b->mapped || a->flags != b->flags || a->obj != b->obj ||
	    a->pgoff + 1 != b->pgoff)
		return false;
	vma = find_vma(p->mm, model_addr(i));
	return !vma || vma->vm_start != model_addr(i);
}

unsigned model_run_first(const struct model_proc *p, unsigned page)
{
	while (page > 0 && is_one(p, page))
		page--;
	return page;
}

unsigned model_run_end(const struct model_proc *p, unsigned page)
{
	while (page + 1 < MODEL_PAGES && is_one(p, page + 1))
		page++;
	return page + 1;
}

bool model_is_free(const struct model_proc *p, unsigned first, unsigned nr)
{
	if (first + nr > MODEL_PAGES)
		return false;
	for (unsigned i = first; i < first + nr; i++) {
		if (p->page[i].mapped)
			return false;
	}
	return true;
}

bool model_highest_gap(const struct model_proc *p, unsigned nr, unsigned *first)
{
	for (unsigned i = MODEL_PAGES; i >= nr; i--) {
		if (model_is_free(p, i - nr, nr)) {
			*first = i - nr;
			return true;
		}
	}
	return false;
}

void model_drop_pages(struct model_proc *p, unsigned first, unsigned nr)
{
	for (unsigned i = first; i < first + nr; i++)
		p->page[i] = (struct model_page){ .mapped = false };
}

/* ---- faults ---- */

const uint8_t *model_bytes(const struct model_proc *p, unsigned page)
{
	const struct model_page *m = &p->page[page];

	if (m->have == HAVE_ANON)
		return p->bytes[page];
	return m->have == HAVE_FILE ? model.obj[m->obj].bytes[m->pgoff] : zeroes;
}

/* Rights: x86 cannot forbid reading what may be written or executed. */
static int rights(const struct model_page *m, enum model_access access)
{
	const unsigned long all = VM_READ | VM_WRITE | VM_EXEC;
	unsigned long flags = m->flags;

	if (access == MODEL_PEEK || access == MODEL_POKE)
		flags |= flags >> 4 & (flags & VM_SHARED ? VM_READ : all);
	if (access == MODEL_WRITE || access == MODEL_POKE)
		return flags & VM_WRITE ? FAULT_OK : FAULT_ACCERR;
	if (access == MODEL_EXEC && PT_HAS_NX)
		return flags & VM_EXEC ? FAULT_OK : FAULT_ACCERR;
	return flags & all ? FAULT_OK : FAULT_ACCERR;
}

/* mm may bring in more of the block above @page. */
static void allow_batch(struct model_proc *p, unsigned page)
{
	unsigned end = model_run_end(p, page);

	for (unsigned i = page + 1; i < end && model_addr(i) % (MODEL_BLOCK * PAGE_SIZE); i++)
		p->page[i].maybe = true;
}

/* A page of the process's own, with what was to be seen before. */
static void make_own(struct model_proc *p, unsigned page, const uint8_t *bytes)
{
	memcpy(p->bytes[page], bytes, PAGE_SIZE);
	p->page[page].have = HAVE_ANON;
	p->page[page].lazy = false;
}

/*
 * The page itself; around it mm chooses what cached pages of the vma come along: by whether the program walks and writes
 * (fault_test.c says which).
 */
static void map_around(struct model_proc *p, unsigned page)
{
	unsigned first = model_run_first(p, page), end = model_run_end(p, page);
	const struct model_obj *o = &model.obj[p->page[page].obj];
	bool unsure = o->store || o->swaps; /* more may have been read ahead, or less be there */

	for (unsigned i = first; i < end; i++) {
		struct model_page *m = &p->page[i];
		bool cached = m->pgoff < model_obj_pages(o) && o->cached[m->pgoff];

		if (m->have == HAVE_NONE && (cached || unsure))
			m->maybe = true;
	}
	if (p->page[page].have == HAVE_NONE && o->cached[p->page[page].pgoff]) {
		p->page[page].have = HAVE_FILE;
		p->page[page].maybe = unsure;
	}
}

static int fault_none(struct model_proc *p, unsigned page, bool write)
{
	struct model_page *m = &p->page[page];
	struct model_obj *o = m->obj < 0 ? NULL : &model.obj[m->obj];

	if (m->flags & VM_UFFD_MISSING &&
	    !(o && m->pgoff < MODEL_OBJ_PAGES && o->cached[m->pgoff])) {
		return FAULT_BUS; /* its monitor's; see model_uffd.c */
	} else if (!o && !write) {
		m->have = HAVE_ZERO;
		allow_batch(p, page);
	} else if (!o) {
		make_own(p, page, zeroes);
		allow_batch(p, page);
	} else if (m->pgoff >= model_obj_pages(o)) {
		return FAULT_BUS;
	} else {
		o->cached[m->pgoff] = true;
		if (write && !(m->flags & VM_SHARED))
			make_own(p, page, o->bytes[m->pgoff]);
		else
			map_around(p, page);
	}
	return FAULT_OK;
}

int model_fault(struct model_proc *p, unsigned page, enum model_access access)
{
	bool write = access == MODEL_WRITE || access == MODEL_POKE;
	struct model_page *m = &p->page[page];
	int r = m->mapped ? rights(m, access) : FAULT_MAPERR;

	if (r != FAULT_OK)
		return r;
	if (m->have == HAVE_NONE)
		r = fault_none(p, page, write);
	else if (write && m->wp)
		r = FAULT_BUS;
	else if (write && m->have != HAVE_ANON && !(m->flags & VM_SHARED)) {
		if (m->have == HAVE_ZERO)
			allow_batch(p, page);
		make_own(p, page, model_bytes(p, page));
	}
	m->written |= write && r == FAULT_OK;
	m->lazy &= !write || r != FAULT_OK;
	return r;
}

int model_populate(struct model_proc *p, unsigned first, unsigned nr, bool best_effort)
{
	for (unsigned i = first; i < first + nr; i++) {
		unsigned long flags = p->page[i].flags;
		bool write = (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
		int r;

		if (!p->page[i].mapped || (flags & VM_LOCKONFAULT))
			continue;
		r = model_fault(p, i, write ? MODEL_WRITE : MODEL_READ);
		if (r != FAULT_OK && !best_effort)
			return r;
		if (r != FAULT_OK) /* on with the next vma */
			i = model_run_end(p, i) - 1;
	}
	return FAULT_OK;
}

/* ---- what mm was free to do ---- */

pte_t model_entry(const struct model_proc *p, unsigned page)
{
	return pt_peek(&p->mm->root, model_addr(page), PT_PTE);
}

static void settle_page(struct model_proc *p, unsigned page)
{
	struct model_page *m = &p->page[page];
	pte_t e = model_entry(p, page);

	m->maybe = false;
	if (!m->mapped)
		return;
	if (pte_is_swapped(e)) /* its own page, as it was */
		return;
	if (!pte_present(e))
		model_page_gone(m);
	else if (m->obj < 0 && m->have != HAVE_ANON && pte_special(e))
		m->have = HAVE_ZERO;
	else if (m->obj < 0 && m->have != HAVE_ANON)
		make_own(p, page, zeroes);
	else if (m->have == HAVE_NONE && m->obj >= 0 &&
		 page_state(pfn_to_page(pte_pfn(e))) == PS_FILE)
		m->have = HAVE_FILE;
}

/* Bytes behind the end of a file with a store are zeroes once its last page has been written out. */
static void settle_tail(struct model_obj *o, const struct page *page)
{
	unsigned used = (unsigned)(o->size & (PAGE_SIZE - 1));
	const uint8_t *now = sim_bus(page_to_phys(page));

	if (page->index == o->size >> PAGE_SHIFT && used && now[used] == 0 &&
	    !memcmp(now + used, zeroes, PAGE_SIZE - used))
		memset(o->bytes[page->index] + used, 0, PAGE_SIZE - used);
}

static void settle_object(struct model_obj *o)
{
	for (unsigned i = 0; i < MODEL_OBJ_PAGES; i++) {
		struct page *page = mapping_find(o->m, i);
		bool had = o->cached[i];

		o->cached[i] = page || model_obj_swapped(o, i);
		if (had && !o->cached[i] && !o->store && memcmp(o->bytes[i], zeroes, PAGE_SIZE))
			model_differs("page %u of object %d is lost", i, (int)(o - model.obj));
		if (!page)
			continue;
		if (o->store)
			settle_tail(o, page);
		put_page(page);
	}
	o->unsure = false;
}

void model_settle(void)
{
	for (unsigned k = 0; k < MODEL_PROCS; k++) {
		for (unsigned i = 0; model.proc[k].mm && i < MODEL_PAGES; i++) {
			if (model.proc[k].page[i].maybe)
				settle_page(&model.proc[k], i);
		}
	}
	for (unsigned i = 0; i < MODEL_OBJS; i++) {
		if (model.obj[i].m && (model.obj[i].unsure || model.obj[i].store))
			settle_object(&model.obj[i]);
	}
}
