/*
 * vtop: one address, from the top table to the byte of memory, and what the frame is.
 *
 * OWNS     nothing.
 * WHY      the question behind most lessons and most bugs of memory management is "what is at this address, and
 *          why?". The walk reads what the CPU would read and keeps every entry, so that the answer can be checked by
 *          hand, and by a test against an emulator's own translation.
 * I1       steps are the entries the CPU reads, top first; the last is the first that ends the walk.     [vtop_test]
 * I2       MAPPED: the CPU translates va to pa, with the rights said (write: CR0.WP is set).             [vtop_test]
 * LOCKS    the caller keeps the tables (mmap_lock in any mode; the kernel's stay for ever). Pages are only looked at:
 *          mem_map does not go away, and a page that changes meanwhile gives an answer that was true a moment ago.
 *          A cached page's owner is asked for under the page lock, which keeps its mapping; only if it is to be had
 *          at once.
 * CONTEXT  threads; does not sleep.
 * FAILS    never: an address that leads nowhere is an answer.
 * NOT HERE the VMA, processes by name, the text (fs/proc_vtop.c).
 * SOURCES  SDM volume 3A, chapter "Paging".   TESTED BY vtop_test.c, tools/vtop_check.py
 */
#include "mm/vtop.h"

#include "arch/pt.h"
#include "lib/fmt.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/rmap.h"
#include "mm/slab.h"
#include "mm/zone.h"

const char *pt_level_name(int level)
{
	static const char *const names[PT_LEVELS] = { "PTE", "PMD", "PUD", "P4D", "PGD" };

	return names[level];
}

static bool hw_present(pte_t e)
{
	return pte_raw(e) & 1;
}

/* The leaf @e of @level: its frame. */
static void found(struct vtop *v, pte_t e, int level)
{
	uint64_t size = (uint64_t)pt_span(level);

	v->page_size = size;
	v->pa = (pte_phys(e) & ~(phys_t)(size - 1)) | (v->va & (size - 1));
	v->end = hw_present(e) ? VTOP_MAPPED : VTOP_PROT_NONE;
}

/* What @e, not a table, means. */
static void finish(struct vtop *v, pte_t e, int level)
{
	if (pte_none(e))
		v->end = VTOP_EMPTY;
	else if (!pte_present(e))
		v->end = VTOP_NOT_PRESENT;
	else
		found(v, e, level);
}

/* PAE's top entries have no rights bits: they take none away. */
static void narrow(struct vtop *v, pte_t e, int level)
{
	if (PT_TOP_RELOAD && level == pt_top_level())
		return;
	v->write = v->write && pte_write(e);
	v->user = v->user && pte_user(e);
	v->exec = v->exec && pte_exec(e);
}

void vtop_walk(const struct pt_root *root, uaddr_t va, struct vtop *out)
{
	const pte_t *tbl = root->top;
	phys_t tbl_pa = root->top_phys;

	*out = (struct vtop){ .va = va, .write = true, .user = true, .exec = true };
	out->end = VTOP_NOT_CANONICAL;
	if (!pt_canonical(va))
		return;
	for (int level = pt_top_level(); level >= PT_PTE; level--) {
		struct vtop_step *s = &out->steps[out->nr_steps];

		if (pt_folded(level))
			continue;
		s->level = level;
		s->index = pt_index(level, va);
		s->entry_pa = tbl_pa + s->index * sizeof(pte_t);
		s->entry = pte_read(tbl + s->index);
		out->nr_steps++;
		if (level == PT_PTE || !hw_present(s->entry) || pte_is_leaf(s->entry, level)) {
			narrow(out, s->entry, level);
			finish(out, s->entry, level);
			return;
		}
		narrow(out, s->entry, level);
		tbl = pt_table_ptr(s->entry);
		tbl_pa = pt_table_pa(s->entry);
	}
}

/* ---- in words ---- */

size_t vtop_bits(pte_t e, int level, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned bit = 0; bit < sizeof(e) * 8; bit++) {
		const char *name = pte_raw(e) >> bit & 1 ? pte_bit_name(e, bit, level) : NULL;

		if (name)
			n += fmt_scnprintf(buf + n, size - n, " %s", name);
	}
	return n;
}

size_t vtop_page_flags(const struct page *page, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned f = 0; f < NR_PAGE_FLAGS; f++) {
		if (page_test(page, (enum page_flag)f))
			n += fmt_scnprintf(buf + n, size - n, " %s",
					   page_flag_name((enum page_flag)f));
	}
	return n;
}

static size_t file_owner(struct page *page, char *buf, size_t size)
{
	unsigned major = 0, minor = 0;
	struct address_space *m;
	unsigned long ino = 0;
	size_t n;

	if (!atomic_inc_not_zero(&page->_refcount))
		return fmt_scnprintf(buf, size, "being freed");
	if (!trylock_page(page)) {
		put_page(page);
		return fmt_scnprintf(buf, size, "page cache, locked at the moment");
	}
	m = page_state(page) == PS_FILE ? page->mapping : NULL;
	if (m && m->ops->ident)
		m->ops->ident(m, &major, &minor, &ino);
	if (m)
		n = fmt_scnprintf(buf, size, "page cache of %02x:%02x inode %lu, page %#lx of it",
				  major, minor, ino, page->index);
	else
		n = fmt_scnprintf(buf, size, "cut off from its file");
	unlock_page(page);
	put_page(page);
	return n;
}

static size_t slab_owner(struct page *page, char *buf, size_t size)
{
	size_t n = fmt_scnprintf(buf, size, "slab ");

	return n + slab_owner_name(page, buf + n, size - n);
}

size_t vtop_page_owner(struct page *page, char *buf, size_t size)
{
	switch (page_state(page)) {
	case PS_RESERVED:
		return fmt_scnprintf(buf, size, "firmware, the kernel's image or mem_map");
	case PS_BUDDY:
		return fmt_scnprintf(buf, size, "free, first page of a block of order %lu",
				     page->private);
	case PS_FREE:
		return fmt_scnprintf(buf, size, "free, in the middle of a block");
	case PS_PCP:
		return fmt_scnprintf(buf, size, "free, on a CPU's list");
	case PS_SLAB:
		return slab_owner(page, buf, size);
	case PS_TABLE:
		return fmt_scnprintf(buf, size, "page table");
	case PS_ANON:
		return fmt_scnprintf(buf, size, "anonymous, index %#lx", page->index);
	case PS_FILE:
		return file_owner(page, buf, size);
	case PS_TAIL:
		return vtop_page_owner(page_head(page), buf, size);
	default:
		return fmt_scnprintf(buf, size, "the kernel");
	}
}

/* ---- who maps it ---- */

struct users {
	struct vtop_user *out;
	unsigned nr, max;
};

static int note_user(const struct rmap_entry *e, void *arg)
{
	struct users *u = arg;

	if (u->nr < u->max) {
		mmgrab(e->vma->vm_mm);
		u->out[u->nr] = (struct vtop_user){ e->vma->vm_mm, e->addr };
	}
	u->nr++;
	return 0;
}

unsigned vtop_page_users(pfn_t pfn, struct vtop_user *out, unsigned max)
{
	struct page *page = page_get_by_pfn(pfn);
	struct users u = { .out = out, .max = max };
	bool locked;

	if (!page)
		return 0;
	locked = page_state(page) == PS_FILE;
	if (!locked || trylock_page(page)) {
		(void)rmap_walk(page, RMAP_LARGE, note_user, &u);
		if (locked)
			unlock_page(page);
	}
	put_page(page);
	return u.nr;
}
