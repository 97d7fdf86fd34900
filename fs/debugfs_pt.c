/*
 * debugfs: kernel_page_tables and page_tables/{kernel,current_kernel,current_user}, in the format of Linux's ptdump.
 *
 * FORMAT   ---[ PART ]--- where a part of the address space begins, then a line for each run of entries with the same rights
 *          at the same level: "0xSTART-0xEND  SIZE  USR RW PWT PCD PSE PAT GLB NX LEVEL"; a hole has no rights. The hole
 *          between the halves of a 64-bit space belongs to the line of its lower neighbour.
 * WHY      what is writable, what is executable, how large the pages are: the whole map at one look.
 * OWNS     nothing.
 * LOCKS    mmap_lock for read, for the tables of the reading process.   CONTEXT  a task; sleeps.
 * FAILS    -ENOMEM.
 * SOURCES  Linux Documentation of CONFIG_PTDUMP_DEBUGFS.   TESTED BY proc_ptdump.c
 */
#include "arch/pt.h"
#include "fs/sysfs.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "mm/ptdump.h"
#include "proc_impl.h"
#include "vfs_impl.h"

enum { WORD = 2 * sizeof(long), WIDE = sizeof(long) == 8 };
#define UPPER_HALF (~(uaddr_t)0 << (VA_BITS - 1))

struct part {
	uaddr_t start;
	const char *name;
};
enum { MAX_PARTS = 8 };

/* The run of equal entries so far. */
struct run {
	struct seq_file *m;
	const struct part *next; /* the part whose name is still to be printed */
	uaddr_t start;
	int level; /* -1: no run yet */
	pte_t e;   /* its first entry */
};

/* Parts of the address space by address; ends with a NULL name. */
static void parts_fill(struct part *p)
{
	*p++ = (struct part){ 0, "User Space" };
	if (WIDE) {
		*p++ = (struct part){ UPPER_HALF, "Kernel Space" };
		*p++ = (struct part){ PAGE_OFFSET, "Low Kernel Mapping" };
		*p++ = (struct part){ VMALLOC_START, "vmalloc() Area" };
		*p++ = (struct part){ MEMMAP_BASE, "Vmemmap" };
		*p++ = (struct part){ KERNEL_BASE, "High Kernel Mapping" };
	} else {
		*p++ = (struct part){ PAGE_OFFSET, "Kernel Mapping" };
		*p++ = (struct part){ MEMMAP_BASE, "Vmemmap" };
		*p++ = (struct part){ VMALLOC_START, "vmalloc() Area" };
		*p++ = (struct part){ VMALLOC_END, "vmalloc() End" };
	}
	*p++ = (struct part){ FIXMAP_BASE, "Fixmap Area" };
	*p = (struct part){ 0, NULL };
}

/* Bits that a line shows. */
static uint64_t shown(pte_t e)
{
	const uint64_t mask = 0x8000000000000000ULL | 0x19f; /* NX; G PS/PAT PCD PWT US RW P */

	return pte_raw(e) & 1 ? pte_raw(e) & mask : 0;
}

static void put_rights(struct seq_file *m, pte_t e, int level)
{
	uint64_t bits = shown(e);
	bool large = level != PT_PTE;

	if (!bits) {
		seq_puts(m, "                              ");
		return;
	}
	seq_puts(m, pte_user(e) ? "USR " : "    ");
	seq_puts(m, pte_write(e) ? "RW " : "ro ");
	seq_puts(m, bits & 0x8 ? "PWT " : "    ");
	seq_puts(m, bits & 0x10 ? "PCD " : "    ");
	seq_puts(m, large && bits & 0x80 ? "PSE " : "    ");
	seq_puts(m, !large && bits & 0x80 ? "PAT " : "    ");
	seq_puts(m, bits & 0x100 ? "GLB " : "    ");
	seq_puts(m, pte_exec(e) ? "x  " : "NX ");
}

/* As Linux counts levels: a large page in a folded table is its lowest name's, a hole its highest. */
static const char *level_name(int level, pte_t e)
{
	static const char *const names[PT_LEVELS] = { "pte", "pmd", "pud", "p4d", "pgd" };

	while (shown(e) && level > PT_PMD && pt_folded(level - 1))
		level--;
	return names[level];
}

/* The run ends before @end (0: the end of the space). */
static void put_run(const struct run *r, uaddr_t end)
{
	const char *unit = "KMGTPE";
	uaddr_t size = (end - r->start) >> 10;

	while (!(size & 1023) && unit[1]) {
		size >>= 10;
		unit++;
	}
	seq_printf(r->m, "0x%0*lx-0x%0*lx   %9lu%c ", WORD, r->start, WORD, end ? end : ~(uaddr_t)0,
		   size, *unit);
	put_rights(r->m, r->e, r->level);
	seq_printf(r->m, "%s\n", level_name(r->level, r->e));
}

static bool part_begins(const struct run *r, uaddr_t va)
{
	return r->next->name && va >= r->next->start;
}

static void note(void *arg, uaddr_t va, int level, pte_t e)
{
	struct run *r = arg;

	if (r->level == level && shown(r->e) == shown(e) && !part_begins(r, va))
		return;
	if (r->level >= 0)
		put_run(r, va);
	for (; part_begins(r, va); r->next++)
		seq_printf(r->m, "---[ %s ]---\n", r->next->name);
	r->start = va;
	r->level = level;
	r->e = e;
}

static void show_tables(struct seq_file *m, const struct pt_root *root, bool user_only)
{
	struct part parts[MAX_PARTS];
	struct run r = { .m = m, .next = parts, .level = -1 };

	parts_fill(parts);
	if (user_only) {
		ptdump_walk(root, 0, USER_TOP - 1, note, &r);
		put_run(&r, USER_TOP);
		return;
	}
	if (WIDE)
		ptdump_walk(root, 0, ~UPPER_HALF, note, &r);
	ptdump_walk(root, WIDE ? UPPER_HALF : 0, ~(uaddr_t)0, note, &r);
	put_run(&r, 0);
}

static int kernel_show(struct seq_file *m)
{
	show_tables(m, &kernel_root, false);
	return 0;
}

static void show_current(struct seq_file *m, bool user_only)
{
	struct mm_struct *mm = current_task()->mm_ctx.mm;

	rwsem_down_read(&mm->mmap_lock);
	show_tables(m, &mm->root, user_only);
	rwsem_up_read(&mm->mmap_lock);
}

static int current_kernel_show(struct seq_file *m)
{
	show_current(m, false);
	return 0;
}

static int current_user_show(struct seq_file *m)
{
	show_current(m, true);
	return 0;
}

void debugfs_pt_init(void)
{
	static const struct sysfs_attr top[] = {
		{ .name = "kernel_page_tables", .mode = 0400, .show = kernel_show },
	};
	static const struct sysfs_attr dir[] = {
		{ .name = "kernel", .mode = 0400, .show = kernel_show },
		{ .name = "current_kernel", .mode = 0400, .show = current_kernel_show },
		{ .name = "current_user", .mode = 0400, .show = current_user_show },
	};

	boot_need(debugfs_create_files("", top, ARRAY_SIZE(top), NULL), "/sys/kernel/debug/", "");
	boot_need(debugfs_create_files("page_tables", dir, ARRAY_SIZE(dir), NULL),
		  "/sys/kernel/debug/", "page_tables");
}
