/*
 * Translation caches: which root a CPU has loaded, and flushing on this and on other CPUs.
 *
 * OWNS     struct tlb_cpu, one per CPU: loaded root, request, mailbox. pt_root.cpu_mask and
 *          .reload_mask.
 * I1       a CPU that has a root in CR3 is in the root's cpu_mask: its bit is set before CR3 is
 *          written and cleared after another root was.
 * I2       a CPU has at most one request under way (interrupts are off while it waits), so one
 *          struct per CPU is enough and nothing is queued: a mailbox is a mask of the CPUs whose
 *          request has not been carried out here.
 * I3       a mailbox that is not empty has an IPI under way or is being served: only the sender
 *          that fills an empty one sends.
 * LAZY     a kernel thread runs on whatever root is loaded (the kernel half is the same in all).
 *          Such a root stays in cpu_mask; the first flush for it makes the CPU load kernel_root
 *          instead, so a lazy CPU is interrupted once. Coming back to the same root needs no CR3
 *          write: had anything changed, the flush would have dropped it.
 * PAE      top-level entries live in registers loaded with CR3. Whoever changes one sets
 *          reload_mask and flushes: a CPU with its bit set there loads CR3 whatever the size of
 *          the flush, and so does the next activation.
 * ORDER    entry written, full barrier, cpu_mask read | bit set in cpu_mask (a locked
 *          instruction), CR3 written: either the sender sees the bit or the CPU's walk sees the
 *          new entry.
 * LDT      a program's own table of segments goes with its root: loaded where the root is, if it is
 *          another one, and replaced everywhere by the same message (entry/ldt.c).
 * LOCKS    none. The sender spins with interrupts off and serves its own mailbox meanwhile, so two
 *          senders cannot wait for each other. A CPU that spins on a lock with interrupts off
 *          serves nobody: never flush under a lock that is taken with interrupts off anywhere.
 * CONTEXT  any except under such locks; pt_activate with interrupts off.
 * COST     only this CPU in the mask: no IPI, INVLPG per page up to FLUSH_PAGES_MAX, else one CR3
 *          write. Others: one IPI each.
 * FAILS    never.
 * NO PCID  it would save the refill after a switch on hardware, and costs a generation scheme;
 *          an emulator gains nothing by it.
 * SOURCES  SDM volume 3A, "Caching Translation Information", "Propagation of Paging-Structure
 *          Changes to Multiple Processors"; Black et al. 1989 (shootdown).  TESTED BY
 *          arch/conformance/tlb.c.
 */
#include "arch/x86/hw/tlb.h"

#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/percpu.h"
#include "arch/pt.h"
#include "arch/x86/hw/cr.h"
#include "arch/x86/hw/ldt.h"
#include "arch/x86/hw/tls.h"
#include "base/atomic.h"
#include "base/config.h"

/* Beyond it a refill is cheaper than that many INVLPGs; Linux measured the same ceiling. */
enum { FLUSH_PAGES_MAX = 33 };

enum flush_kind { FLUSH_PAGES, FLUSH_ALL, FLUSH_LDT, FLUSH_DROP, FLUSH_USERS };

struct tlb_request {
	struct pt_root *root; /* NULL: kernel addresses; FLUSH_USERS: whichever is loaded */
	enum flush_kind kind;
	uaddr_t start, end;
	unsigned long stride;
};

/* o: only this CPU, interrupts off; a: atomic; s: written by this CPU before the mailboxes name it */
struct tlb_cpu {
	struct pt_root *loaded;		  /* o: in CR3; NULL before the first activation */
	const struct ldt *ldt;		  /* o: in LDTR; that of loaded */
	bool lazy;			  /* o: loaded is kept for a kernel thread only */
	struct tlb_stats stats;		  /* o; read racily */
	struct tlb_request request;	  /* s */
	int pending;			  /* a: CPUs that have not carried out request */
	unsigned long mailbox cacheline_; /* a: bit n: CPU n's request is for us */
};

static section_("percpu") struct tlb_cpu tlb_cpu;
static unsigned long cpus_running = 1; /* a: CPUs that may hold kernel translations */

static inline struct tlb_cpu *tlb_of(unsigned cpu)
{
	return (struct tlb_cpu *)((uintptr_t)&tlb_cpu + percpu_offset_of(cpu));
}

/* ---- this CPU ---- */

static void load_ldt(struct tlb_cpu *c, const struct ldt *l)
{
	ldt_load(l);
	c->ldt = l;
}

static inline void load_root(struct tlb_cpu *c, unsigned cpu, struct pt_root *next)
{
	struct pt_root *old = c->loaded;

	if (old != next)
		atomic_set_bit(cpu, &next->cpu_mask);
	if (READ_ONCE(next->reload_mask))
		atomic_clear_bit(cpu, &next->reload_mask);
	cr3_write((unsigned long)next->top_phys);
	c->loaded = next;
	if (unlikely(c->ldt != READ_ONCE(next->ldt)))
		load_ldt(c, next->ldt);
	if (old && old != next)
		atomic_clear_bit(cpu, &old->cpu_mask);
}

static void invalidate_pages(struct tlb_cpu *c, const struct tlb_request *r)
{
	unsigned long nr = 0;

	for (uaddr_t va = r->start; va != r->end; va += r->stride, nr++)
		invlpg(va);
	c->stats.local_flush_one += nr;
}

static void flush_user_local(struct tlb_cpu *c, unsigned cpu, const struct tlb_request *r)
{
	if (c->loaded != r->root)
		return; /* loading another root has flushed it */
	if (c->lazy || r->kind == FLUSH_DROP) {
		load_root(c, cpu, &kernel_root);
		return;
	}
	if (r->kind == FLUSH_LDT) {
		load_ldt(c, r->root->ldt);
		segments_refresh();
		return;
	}
	if (r->kind == FLUSH_ALL || READ_ONCE(r->root->reload_mask) >> cpu & 1) {
		load_root(c, cpu, r->root);
		c->stats.local_flush_all++;
		return;
	}
	invalidate_pages(c, r);
}

static void flush_kernel_local(struct tlb_cpu *c, const struct tlb_request *r)
{
	if (r->kind == FLUSH_ALL) {
		tlb_flush_all_local();
		c->stats.local_flush_all++;
		return;
	}
	invalidate_pages(c, r);
}

static void flush_users_local(struct tlb_cpu *c, unsigned cpu)
{
	if (!c->loaded)
		return;
	load_root(c, cpu, c->lazy ? &kernel_root : c->loaded);
	c->stats.local_flush_all++;
}

static void flush_local(unsigned cpu, const struct tlb_request *r)
{
	struct tlb_cpu *c = this_cpu_ptr(&tlb_cpu);

	if (r->kind == FLUSH_USERS)
		flush_users_local(c, cpu);
	else if (r->root)
		flush_user_local(c, cpu, r);
	else
		flush_kernel_local(c, r);
}

/* ---- other CPUs ---- */

void tlb_service(void)
{
	unsigned self = cpu_id();
	struct tlb_cpu *c = this_cpu_ptr(&tlb_cpu);
	unsigned long senders;

	if (!READ_ONCE(c->mailbox))
		return;
	senders = __atomic_exchange_n(&c->mailbox, 0, __ATOMIC_SEQ_CST);
	while (senders) {
		struct tlb_cpu *from = tlb_of((unsigned)__builtin_ctzl(senders));

		senders &= senders - 1;
		flush_local(self, &from->request);
		c->stats.remote_received++;
		(void)__atomic_fetch_sub(&from->pending, 1, __ATOMIC_SEQ_CST);
	}
}

static void send_requests(unsigned self, unsigned long targets)
{
	struct tlb_cpu *c = this_cpu_ptr(&tlb_cpu);

	for (; targets; targets &= targets - 1) {
		unsigned cpu = (unsigned)__builtin_ctzl(targets);

		(void)__atomic_fetch_add(&c->pending, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_fetch_or(&tlb_of(cpu)->mailbox, 1UL << self, __ATOMIC_SEQ_CST))
			ipi_send(cpu, IPI_TLB);
	}
	c->stats.remote_flush++;
}

/* Carry out @r here if this CPU is in @mask and on every other CPU of it; on return all have. */
static void flush(unsigned long *mask, const struct tlb_request *r)
{
	irqflags_t flags = irq_save();
	unsigned self = cpu_id();
	struct tlb_cpu *c = this_cpu_ptr(&tlb_cpu);
	unsigned long cpus, others;

	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* entries first, then the mask */
	cpus = READ_ONCE(*mask);
	others = cpus & ~(1UL << self);
	if (others) {
		c->request = *r;
		send_requests(self, others);
	}
	if (cpus >> self & 1)
		flush_local(self, r);
	while (others && __atomic_load_n(&c->pending, __ATOMIC_SEQ_CST)) {
		tlb_service();
		cpu_relax();
	}
	irq_restore(flags);
}

/* ---- the contract ---- */

static noinline_ void activate_rare(struct tlb_cpu *c, unsigned cpu, struct pt_root *next)
{
	if (c->loaded != next || READ_ONCE(next->reload_mask) >> cpu & 1)
		load_root(c, cpu, next);
}

void pt_activate(struct pt_root *prev, struct pt_root *next)
{
	unsigned cpu = cpu_id();
	struct pt_root *old =
		this_cpu(tlb_cpu.loaded); /* not always @prev: a third root may be kept lazily */

	(void)prev;
	if (next == &kernel_root) {
		this_cpu(tlb_cpu.lazy) = true;
		return;
	}
	this_cpu(tlb_cpu.lazy) = false;
	if (unlikely(old == next || !old || this_cpu(tlb_cpu.ldt) != READ_ONCE(next->ldt))) {
		activate_rare(this_cpu_ptr(&tlb_cpu), cpu, next);
		return;
	}
	/* load_root(), as it goes mostly; an instruction for each bit. */
	__asm__ volatile("lock bts %1, %0"
			 : "+m"(next->cpu_mask)
			 : "r"((long)cpu)
			 : "cc", "memory");
	if (unlikely(READ_ONCE(next->reload_mask)))
		atomic_clear_bit(cpu, &next->reload_mask);
	this_cpu(tlb_cpu.loaded) = next; /* interrupts are off: nobody here looks in between */
	cr3_write((unsigned long)next->top_phys);
	__asm__ volatile("lock btr %1, %0" : "+m"(old->cpu_mask) : "r"((long)cpu) : "cc", "memory");
}

/*
 * Is this CPU, which is returned, the only one that may have translations of @root, and has it loaded and in use? The
 * answer stays true until the caller sleeps: an interrupt here changes the root only of a lazy
 * CPU, and another CPU that loads it from now on sees the entries as they are.
 */
static inline struct tlb_cpu *only_here(const struct pt_root *root)
{
	unsigned self = cpu_id();
	struct tlb_cpu *c = this_cpu_ptr(&tlb_cpu);

	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* entries first, then the mask */
	if (READ_ONCE(root->cpu_mask) != 1UL << self || c->loaded != root || c->lazy ||
	    READ_ONCE(root->reload_mask))
		return NULL;
	return c;
}

void tlb_flush_page(struct pt_root *root, uaddr_t va)
{
	struct tlb_cpu *c = only_here(root);

	if (likely(c != NULL)) {
		invlpg(va); /* of any byte of the page */
		c->stats.local_flush_one++;
		return;
	}
	va &= PAGE_MASK;
	tlb_flush_range(root, va, va + PAGE_SIZE, PAGE_SIZE);
}

void tlb_flush_range(struct pt_root *root, uaddr_t start, uaddr_t end, unsigned long stride)
{
	struct tlb_request r = { .root = root, .stride = stride };

	r.start = start & ~(stride - 1);
	r.end = round_up_pow2(end, stride);
	r.kind = r.end - r.start > FLUSH_PAGES_MAX * stride ? FLUSH_ALL : FLUSH_PAGES;
	if (r.kind == FLUSH_PAGES && only_here(root))
		invalidate_pages(this_cpu_ptr(&tlb_cpu), &r);
	else
		flush(&root->cpu_mask, &r);
}

void tlb_flush_root(struct pt_root *root)
{
	const struct tlb_request r = { .root = root, .kind = FLUSH_ALL };

	flush(&root->cpu_mask, &r);
}

void tlb_update_ldt(struct pt_root *root)
{
	const struct tlb_request r = { .root = root, .kind = FLUSH_LDT };

	flush(&root->cpu_mask, &r);
}

void tlb_drop_root(struct pt_root *root)
{
	const struct tlb_request r = { .root = root, .kind = FLUSH_DROP };

	if (READ_ONCE(root->cpu_mask))
		flush(&root->cpu_mask, &r);
}

void tlb_flush_cpus(unsigned long cpus)
{
	const struct tlb_request r = { .kind = FLUSH_USERS };

	flush(&cpus, &r);
}

void tlb_flush_kernel(kaddr_t start, kaddr_t end)
{
	struct tlb_request r = { .stride = PAGE_SIZE };

	r.start = start & PAGE_MASK;
	r.end = page_align(end);
	r.kind = (r.end - r.start) >> PAGE_SHIFT > FLUSH_PAGES_MAX ? FLUSH_ALL : FLUSH_PAGES;
	flush(&cpus_running, &r);
}

void tlb_flush_page_local(uaddr_t va)
{
	invlpg(va);
}

void tlb_cpu_online(unsigned cpu)
{
	atomic_set_bit(cpu, &cpus_running);
	tlb_flush_all_local(); /* what was cached before the bit was seen */
}

void tlb_stats_read(struct tlb_stats *sum)
{
	*sum = (struct tlb_stats){ 0 };
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		const struct tlb_stats *s = &tlb_of(cpu)->stats;

		sum->remote_flush += READ_ONCE(s->remote_flush);
		sum->remote_received += READ_ONCE(s->remote_received);
		sum->local_flush_all += READ_ONCE(s->local_flush_all);
		sum->local_flush_one += READ_ONCE(s->local_flush_one);
	}
}
