/*
 * Everything mm says against everything the model says.
 *
 *   vmas        runs of like pages, one by one: bounds, flags, object, offset
 *   entries     present where the model says, with the bytes it says, read behind the MMU's back, so that looking changes
 *               nothing
 *   objects     size, which pages are cached, and their bytes
 *   sums        resident pages by kind, locked and mapped pages, committed pages
 *
 * and then mm's own checkers.
 */
#include "arch/sim/hw/sim_hw.h"
#include "lib/string.h"
#include "mm/pt.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "sim/model.h"
#include "sync/kassert.h"

struct sums {
	long rss[NR_MM_COUNTERS];
	unsigned long total, locked, account;
	unsigned vmas;
};

static enum mm_counter counter_of(const struct model_page *m)
{
	if (m->have == HAVE_ANON)
		return MM_ANONPAGES;
	return model.obj[m->obj].store ? MM_FILEPAGES : MM_SHMEMPAGES;
}

static void add_up(const struct model_proc *p, struct sums *s)
{
	/* Outside the window: the walls, and the scratch page. */
	*s = (struct sums){ .account = 1, .vmas = MODEL_WALLS };
	s->rss[MM_ANONPAGES] = 1;
	for (unsigned i = 0; i < MODEL_PAGES; i++) {
		const struct model_page *m = &p->page[i];

		if (!m->mapped)
			continue;
		s->vmas += model_run_first(p, i) == i;
		s->total++;
		s->locked += (m->flags & VM_LOCKED) != 0;
		s->account += (m->flags & VM_ACCOUNT) != 0;
		if (m->have == HAVE_FILE || m->have == HAVE_ANON)
			s->rss[pte_is_swapped(model_entry(p, i)) ? MM_SWAPENTS : counter_of(m)]++;
	}
}

/* ---- vmas ---- */

static void check_vma(const struct model_proc *p, unsigned first, const struct vm_area_struct *vma)
{
	const struct model_page *m = &p->page[first];
	unsigned end = model_run_end(p, first);

	if (!vma || vma->vm_start != model_addr(first) || vma->vm_end != model_addr(end))
		model_differs("pages %u-%u are a vma; mm has %#lx-%#lx", first, end,
			      vma ? vma->vm_start : 0, vma ? vma->vm_end : 0);
	if ((vma->vm_flags & ~(unsigned long)VM_SOFTDIRTY) != m->flags)
		model_differs("page %u has flags %#lx, in mm %#lx", first, m->flags, vma->vm_flags);
	if (vma->vm_pgoff != m->pgoff)
		model_differs("page %u has offset %#lx, in mm %#lx", first, m->pgoff,
			      vma->vm_pgoff);
	if (vma->mapping != (m->obj < 0 ? NULL : model.obj[m->obj].m))
		model_differs("page %u is of object %d, not in mm", first, m->obj);
}

static void check_vmas(const struct model_proc *p)
{
	struct vm_area_struct *vma = find_vma(p->mm, MODEL_BASE);
	unsigned i = 0;

	while (i < MODEL_PAGES) {
		if (!p->page[i].mapped) {
			i++;
			continue;
		}
		check_vma(p, i, vma);
		i = model_run_end(p, i);
		vma = vma_next(p->mm, vma);
	}
	if (!vma || vma->vm_start < MODEL_END)
		model_differs("mm has a vma too many, at %#lx", vma ? vma->vm_start : 0);
}

/* ---- entries ---- */

static void check_bytes(const struct model_proc *p, unsigned page, pte_t e)
{
	const uint8_t *want = model_bytes(p, page),
		      *got = pte_is_swapped(e) ? model_swap_bytes(e) : sim_bus(pte_phys(e));

	if (!memcmp(want, got, PAGE_SIZE))
		return;
	for (unsigned i = 0; i < PAGE_SIZE; i++) {
		if (want[i] != got[i])
			model_differs("byte %u of page %u is %u, not %u", i, page, got[i], want[i]);
	}
}

static void check_entry(const struct model_proc *p, unsigned page)
{
	const struct model_page *m = &p->page[page];
	pte_t e = model_entry(p, page);

	if (pte_is_swapped(e) && m->have == HAVE_ANON) {
		check_bytes(p, page, e);
		return;
	}
	if (pte_present(e) != (m->mapped && m->have != HAVE_NONE))
		model_differs("page %u, flags %#lx, object %d, have %d, is%s present in mm", page,
			      m->flags, m->obj, m->have, pte_present(e) ? "" : " not");
	if (!pte_present(e))
		return;
	if (pte_special(e) != (m->have == HAVE_ZERO))
		model_differs("page %u is%s the zero page", page, pte_special(e) ? "" : " not");
	if (pte_write(e) && !(m->flags & VM_WRITE))
		model_differs("page %u is writable", page);
	if (m->written && !pte_soft_dirty(e) &&
	    vma_tracks_writes(find_vma(p->mm, model_addr(page))))
		model_differs("page %u was written, and is not soft-dirty", page);
	check_bytes(p, page, e);
}

/* ---- objects ---- */

static unsigned long committed(const struct model_obj *o)
{
	unsigned long n = o->reserved;

	for (unsigned i = 0; !o->store && !o->reserved && i < MODEL_OBJ_PAGES; i++)
		n += o->cached[i];
	return n;
}

static void check_object(const struct model_obj *o, unsigned number)
{
	if (mapping_size(o->m) != o->size)
		model_differs("object %u has %llu bytes, in mm %llu", number,
			      (unsigned long long)o->size, (unsigned long long)mapping_size(o->m));
	for (unsigned i = 0; i < MODEL_OBJ_PAGES; i++) {
		struct page *page = mapping_find(o->m, i);

		if ((page || model_obj_swapped(o, i)) != o->cached[i])
			model_differs("page %u of object %u is%s cached", i, number,
				      o->cached[i] ? " not" : "");
		if (!page)
			continue;
		if (memcmp(sim_bus(page_to_phys(page)), o->bytes[i], PAGE_SIZE))
			model_differs("bytes of page %u of object %u", i, number);
		put_page(page);
	}
	mapping_check(o->m);
}

/* ---- all ---- */

static unsigned long check_proc(const struct model_proc *p)
{
	struct sums s;

	check_vmas(p);
	for (unsigned i = 0; i < MODEL_PAGES; i++)
		check_entry(p, i);
	add_up(p, &s);
	for (int c = 0; c < NR_MM_COUNTERS; c++) {
		if (atomic_long_read(&p->mm->rss_stat[c]) != s.rss[c])
			model_differs("resident pages of kind %d: %ld, in mm %ld", c, s.rss[c],
				      atomic_long_read(&p->mm->rss_stat[c]));
	}
	model_expect("locked pages", (long)s.locked, (long)p->mm->locked_vm);
	model_expect("mapped pages", (long)(s.total + MODEL_WALL_PAGES), (long)p->mm->total_vm);
	model_expect("number of vmas", s.vmas, p->mm->map_count);
	mm_check(p->mm);
	return s.account;
}

void model_check(void)
{
	unsigned long account = 0;

	model_obj_sweep();
	for (model.acting = 0; model.acting < MODEL_PROCS; model.acting++) {
		if (model.proc[model.acting].mm)
			account += check_proc(&model.proc[model.acting]);
	}
	for (unsigned i = 0; i < MODEL_OBJS; i++) {
		if (!model.obj[i].m)
			continue;
		check_object(&model.obj[i], i);
		account += committed(&model.obj[i]);
	}
	rmap_check();
	model_expect("committed pages", (long)account, atomic_long_read(&vm_committed_as));
}
