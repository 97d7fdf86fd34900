/*
 * The hardware's page walk over the real tables: rights, accessed and dirty bits, faults.
 *
 * WHY      mm is tested with the entries that x86 will read. Rights are the AND over the levels, no-execute the OR; A is
 *          set in every entry used, D in the leaf on a write, by compare-and-exchange on the entry that was read: if
 *          the kernel changed it meanwhile the walk starts over (SDM volume 3A, "Accessed and Dirty Flags").
 * I1       reserved bits never reach the walk: no-execute without a CPU that has it, RW, US, A or D in a PDPTE.
 * I2       an access through a cached translation uses its rights, not the tables', until flushed; a fault drops it.
 * CONTEXT  host thread; preemption points before each access, so that CPUs interleave between a walk and its use.
 * NOT HERE resolving faults: the hook leads to handle_mm_fault.
 * SOURCES  SDM volume 3A, chapter "Paging".  TESTED BY  arch/conformance/tlb.c and every test of mm/pt
 */
#include "arch/percpu.h"
#include "arch/sim/hw/sim_hw.h"
#include "arch/sim_local.h"

enum { MAX_TRIES = 10000, WALK_RACED = -1 };

struct rights {
	bool write, user, exec;
};

static void narrow(struct rights *r, pte_t e)
{
	if (!pt_nx_mask && PT_HAS_NX && pte_raw(e) >> 63)
		sim_broken("no-execute bit on a CPU without it: %#llx",
			   (unsigned long long)pte_raw(e));
	r->write = r->write && pte_write(e);
	r->user = r->user && pte_user(e);
	r->exec = r->exec && pte_exec(e);
}

static bool allows(struct rights r, enum sim_access access, bool user)
{
	if (user && !r.user)
		return false;
	if (access == SIM_WRITE)
		return r.write;
	return access != SIM_EXEC || r.exec;
}

/* The entry at @pa gets bits A (and D), unless it is no longer @e. */
static bool set_access_bits(phys_t pa, pte_t e, bool dirty)
{
	pte_t *p = sim_bus(pa);
	pte_t to = pte_mkyoung(dirty ? pte_mkdirty(e) : e);

	return pte_raw(to) == pte_raw(e) ||
	       __atomic_compare_exchange_n(&p->v, &e.v, to.v, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

/* Whole entry at once, as the walker of the hardware reads it. */
static pte_t read_entry(phys_t pa)
{
	return (pte_t){ __atomic_load_n(&((pte_t *)sim_bus(pa))->v, __ATOMIC_SEQ_CST) };
}

static bool hw_present(pte_t e)
{
	return pte_raw(e) & 1;
}

static struct sim_pwc_entry *pwc_find(struct sim_mmu *m, uaddr_t va)
{
	for (unsigned i = 0; i < SIM_PWC_SIZE; i++) {
		if (m->pwc[i].valid && m->pwc[i].va == (va & ~(pt_span(PT_PMD) - 1)))
			return &m->pwc[i];
	}
	return NULL;
}

static void pwc_add(struct sim_mmu *m, uaddr_t va, phys_t table, struct rights r)
{
	struct sim_pwc_entry *p = &m->pwc[m->pwc_next++ % SIM_PWC_SIZE];

	sim_pwc_drop(p);
	*p = (struct sim_pwc_entry){ true, r.write, r.user, r.exec, va & ~(pt_span(PT_PMD) - 1),
				     table };
	sim_frame_hold(table);
}

/* Where the walk ended: the entry that maps memory, in a table of PTEs or above. */
struct found {
	phys_t table; /* of PTEs; when large: nothing */
	phys_t at;    /* of the entry */
	uaddr_t size; /* of the page */
};

/* The address bits of a large page that lie inside it are reserved (but PAT, bit 12). */
static void check_large(pte_t e, int level)
{
	uint64_t inside = (pt_span(level) - 1) & ~(uint64_t)0x1fff;

	if (level != pt_huge_level())
		sim_broken("large page of a size that no user table has: %#llx",
			   (unsigned long long)pte_raw(e));
	if (pte_raw(e) & inside)
		sim_broken("reserved bits in the entry of a large page: %#llx",
			   (unsigned long long)pte_raw(e));
}

/* From the top to the table of PTEs, or to a large page. Return: 0 and *f; 1: not present; WALK_RACED. */
static int walk_upper(struct sim_mmu *m, uaddr_t va, struct found *f, struct rights *r)
{
	phys_t tbl = m->root->top_phys;

	for (int level = pt_top_level(); level > PT_PTE; level--) {
		bool in_registers = PT_TOP_RELOAD && level == pt_top_level();
		phys_t at = tbl + pt_index(level, va) * sizeof(pte_t);
		pte_t e;

		if (pt_folded(level))
			continue;
		e = in_registers ? m->top_copy[pt_index(level, va) & 3] : read_entry(at);
		if (!hw_present(e))
			return 1;
		if (!in_registers && pte_is_leaf(e, level)) {
			check_large(e, level);
			*f = (struct found){ .at = at, .size = pt_span(level) };
			return 0;
		}
		if (!in_registers) {
			narrow(r, e);
			if (!set_access_bits(at, e, false))
				return WALK_RACED;
		}
		tbl = pt_table_pa(e);
	}
	f->table = tbl;
	pwc_add(m, va, tbl, *r);
	return 0;
}

static void tlb_add(struct sim_mmu *m, uaddr_t va, uaddr_t size, pte_t e, struct rights r)
{
	struct sim_tlb_entry *t = &m->tlb[m->tlb_next++ % SIM_TLB_SIZE];

	sim_tlb_drop(t);
	*t = (struct sim_tlb_entry){ .valid = true,
				     .write = r.write,
				     .user = r.user,
				     .exec = r.exec,
				     .dirty = pte_dirty(e),
				     .va = va & ~(size - 1),
				     .pa = pte_phys(e) & ~((phys_t)size - 1),
				     .size = size };
	sim_tlb_hold(t);
}

/* Return: 0, 1 (page fault) or WALK_RACED. */
static int walk(struct sim_mmu *m, uaddr_t va, enum sim_access access, bool user, bool *present)
{
	struct sim_pwc_entry *cached = pwc_find(m, va);
	struct rights r = { true, true, true };
	struct found f = { .size = PAGE_SIZE };
	pte_t e;
	int fault;

	*present = false;
	if (cached) {
		f.table = cached->table;
		r = (struct rights){ cached->write, cached->user, cached->exec };
	} else {
		fault = walk_upper(m, va, &f, &r);
		if (fault)
			return fault;
	}
	if (f.size == PAGE_SIZE)
		f.at = f.table + pt_index(PT_PTE, va) * sizeof(pte_t);
	e = read_entry(f.at);
	if (!hw_present(e))
		return 1;
	if (f.size != PAGE_SIZE && !pte_is_leaf(e, pt_huge_level()))
		return WALK_RACED; /* split meanwhile */
	*present = true;
	narrow(&r, e);
	if (!allows(r, access, user))
		return 1;
	if (!set_access_bits(f.at, e, access == SIM_WRITE))
		return WALK_RACED;
	tlb_add(m, va, f.size, access == SIM_WRITE ? pte_mkdirty(e) : e, r);
	return 0;
}

static struct sim_tlb_entry *tlb_find(struct sim_mmu *m, uaddr_t va)
{
	for (unsigned i = 0; i < SIM_TLB_SIZE; i++) {
		if (sim_tlb_covers(&m->tlb[i], va))
			return &m->tlb[i];
	}
	return NULL;
}

int sim_translate(uaddr_t va, enum sim_access access, bool user, phys_t *pa, bool *present)
{
	struct sim_mmu *m = &sim_mmu[cpu_id()];

	if (!m->root)
		sim_broken("user access on CPU %u, which has no user tables", cpu_id());
	*present = false;
	if (!pt_canonical(va) || va >= USER_TOP)
		return 1;
	for (;;) {
		struct sim_tlb_entry *t = tlb_find(m, va);
		int fault;

		if (t && !allows((struct rights){ t->write, t->user, t->exec }, access, user)) {
			sim_tlb_drop(t);
			*present = true;
			return 1;
		}
		if (t && (access != SIM_WRITE || t->dirty)) {
			*pa = t->pa | (va & (t->size - 1));
			return 0;
		}
		if (t)
			sim_tlb_drop(t); /* first write: the walk sets D */
		fault = walk(m, va, access, user, present);
		if (fault == 1)
			return 1;
	}
}

/* Translate and move the bytes: no flush comes in between. Return: false when it faults. */
static bool access_once(uaddr_t va, void *buf, size_t len, enum sim_access access, bool user,
			bool *present)
{
	phys_t pa;
	bool ok;

	sim_hw_lock();
	ok = !sim_translate(va, access, user, &pa, present);
	if (ok && access == SIM_WRITE)
		sim_copy_bytes(sim_bus(pa), buf, len);
	else if (ok)
		sim_copy_bytes(buf, sim_bus(pa), len);
	sim_hw_unlock();
	return ok;
}

static const char *const access_name[] = { "read", "write", "fetch" };

/* The entry of @va as it is in memory now, for the message. */
static pte_t leaf_of(struct sim_mmu *m, uaddr_t va)
{
	struct rights r = { true, true, true };
	struct found f = { .size = PAGE_SIZE };

	if (walk_upper(m, va, &f, &r))
		return pte_from_raw(0);
	return read_entry(f.size != PAGE_SIZE ? f.at
					      : f.table + pt_index(PT_PTE, va) * sizeof(pte_t));
}

/* One access inside one page. Return: 0, or what the fault hook said. */
static int touch(uaddr_t va, void *buf, size_t len, enum sim_access access, bool user,
		 bool may_fault)
{
	for (unsigned tries = 0; tries < MAX_TRIES; tries++) {
		bool present;
		int err;

		sim_hooks.point();
		if (access_once(va, buf, len, access, user, &present))
			return 0;
		if (!may_fault)
			return 1;
		err = sim_hooks.fault(va, access, user, present);
		if (err)
			return err;
	}
	sim_broken("%s at %#lx repeats for ever, the entry is %#llx", access_name[access], va,
		   (unsigned long long)pte_raw(leaf_of(&sim_mmu[cpu_id()], va)));
}

size_t sim_copy(uaddr_t va, void *buf, size_t len, enum sim_access access, bool user,
		bool may_fault, int *why)
{
	char *p = buf;

	*why = 0;
	while (len) {
		size_t part = min_of(size_t, len, PAGE_SIZE - (va & ~PAGE_MASK));

		*why = touch(va, p, part, access, user, may_fault);
		if (*why)
			return len;
		va += part;
		p += part;
		len -= part;
	}
	return 0;
}
