/*
 * What memory has to say when the machine stops: the address of the last page fault, the vma it is in, every table entry on the
 * way to its frame, whose that frame is, and the last events about it.
 *
 * WHY      whatever the panic is about, the last address the CPU could not reach is the first thing one asks for; and it is in CR2.
 * CONTEXT  panic, interrupts off, the other CPUs stopped: no lock is taken, for its holder may never run again. So a
 *          vma is named by its kind, not by its file's path, and a frame's users are not looked for.
 * RISK     a damaged tree or table can fault here: what was printed before stays, and panic() ends the machine.
 * NOT HERE registers, code, stack (trap_report.c); the events of everything (sync/trace.c).
 * SOURCES  SDM volume 3A, "Control Registers" (CR2).   TESTED BY  the boots ARCH/panic-fault
 */
#include "trap.h"

#include "arch/machine.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "mm/mm.h"
#include "mm/vtop.h"
#include "mm/zone.h"
#include "sync/klog.h"
#include "sync/trace.h"

enum { WORD = 2 * sizeof(long), PANIC_MEMORY_EVENTS = 16 };

static unsigned long read_cr2_now(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}

static bool noted;
static uaddr_t last_fault;

/* Before a report looks where nothing is mapped (kernel_peek). */
uaddr_t panic_memory_note(void)
{
	if (!noted)
		last_fault = read_cr2_now();
	noted = true;
	return last_fault;
}

void panic_memory_forget(void)
{
	noted = false;
}

static const char *vma_kind(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	if (vma->mapping)
		return vma->vm_flags & VM_SHARED ? "shared object" : "file";
	if (vma->vm_ops)
		return "device";
	if (vma->vm_flags & VM_GROWSDOWN)
		return "stack";
	return vma->vm_start < mm->brk && vma->vm_end > mm->start_brk ? "heap" : "anonymous";
}

static void print_vma(const struct mm_struct *mm, const struct vm_area_struct *vma,
		      const char *where)
{
	pr_err(" vma      %0*lx-%0*lx %c%c%c%c pgoff %lx %s%s", WORD, vma->vm_start, WORD,
	       vma->vm_end, vma->vm_flags & VM_READ ? 'r' : '-',
	       vma->vm_flags & VM_WRITE ? 'w' : '-', vma->vm_flags & VM_EXEC ? 'x' : '-',
	       vma->vm_flags & VM_SHARED ? 's' : 'p', vma->vm_pgoff, vma_kind(mm, vma), where);
}

static void print_vmas(struct mm_struct *mm, uaddr_t addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (vma && vma->vm_start <= addr)
		print_vma(mm, vma, "");
	else if (vma)
		print_vma(mm, vma, ", the next above: the address is in none");
	else
		pr_err(" vma      none, nor any above");
}

static void print_tables(const struct vtop *v)
{
	char bits[120];

	for (unsigned i = 0; i < v->nr_steps; i++) {
		const struct vtop_step *s = &v->steps[i];

		vtop_bits(s->entry, s->level, bits, sizeof(bits));
		pr_err(" %-8s %0*llx [%3u] %0*llx%s", pt_level_name(s->level), WORD,
		       (unsigned long long)s->entry_pa, s->index, (int)(2 * sizeof(pte_t)),
		       (unsigned long long)pte_raw(s->entry), bits);
	}
}

static void print_frame(pfn_t pfn)
{
	struct page *page = pfn_to_page(pfn);
	char text[200];

	vtop_page_flags(page, text, sizeof(text));
	pr_err(" frame    %lx zone %s, %s, refcount %d mapcount %d, flags%s", pfn,
	       page_zone(page) ? page_zone(page)->name : "none", page_state_name(page_state(page)),
	       page_ref_count(page), page_mapcount(page), text[0] ? text : " -");
	vtop_page_owner(page, text, sizeof(text));
	pr_err(" owner    %s", text);
}

void panic_memory(void)
{
	const uaddr_t addr = last_fault;
	const struct task *t = current_task();
	struct mm_struct *mm = t && addr < USER_TOP ? t->mm_ctx.mm : NULL; /* !t: before init */
	struct vtop v;

	if (!t)
		return;
	pr_err("Last page fault: address %0*lx, task %d (%s)", WORD, addr, t->pid, t->comm);
	if (mm)
		print_vmas(mm, addr);
	else
		pr_err(" vma      none: %s",
		       addr < USER_TOP ? "a task without programs' memory" : "the kernel's half");
	vtop_walk(mm ? &mm->root : &kernel_root, addr, &v);
	print_tables(&v);
	if (v.end == VTOP_MAPPED && pfn_valid(phys_to_pfn(v.pa)))
		print_frame(phys_to_pfn(v.pa));
	else
		pr_err(" frame    %s", v.end == VTOP_MAPPED ? "a device's: no descriptor"
				       : v.end == VTOP_NOT_CANONICAL
					       ? "none: the address is not canonical"
					       : "none");
	trace_dump_about(addr, v.end == VTOP_MAPPED ? phys_to_pfn(v.pa) : (pfn_t)-1,
			 PANIC_MEMORY_EVENTS);
}
