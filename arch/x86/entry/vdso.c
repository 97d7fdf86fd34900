/*
 * The vDSO in the kernel's hands: its pages, and mapping them into a new program.
 *
 *   [vvar]   one page of the kernel's, read-only: the clock (arch/vvar.h)
 *   [vdso]   the image of arch/x86/vdso, a private file mapping of an object that has no name
 *
 * OWNS     the object of the image, the clock page.
 * WHY      the image is a mapping like a program's: its pages are shared, counted in RSS, and a debugger that
 *          sets a breakpoint gets a private copy. The clock page is a device's: nobody may write or pin it.
 * I1       the page in the cache is the linked image but for the four bytes that enter the kernel, which fit
 *          the CPU. Like any clean page it may go: the next fault makes it again.
 * PLACE    x86_64: between the stack and the end of the table that covers its top, at random, as Linux does;
 *          a little room there costs no page table more. i386, or where that is taken: as mmap would.
 * CONTEXT  vdso_init at boot, interrupts may be on, one CPU; vdso_map in exec.
 * FAILS    boot without a page: panic. vdso_map: -ENOMEM.
 * SOURCES  vdso(7), getauxval(3) AT_SYSINFO_EHDR.   TESTED BY tests/guest/vdso.c
 */
#include "arch/vdso.h"

#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/pt.h"
#include "arch/vvar.h"
#include "arch/x86/hw/cpu.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/special.h"

extern const char vdso_image[], vdso_image_end[];

enum { LEAF1_D_SEP = 11, LEAF1_D_SSE2 = 26 };

static struct address_space image_mapping;
static struct page *vvar_page;
int vdso_enabled = 1;

static size_t image_bytes(void)
{
	return (size_t)(vdso_image_end - vdso_image);
}

/* ---- the image ---- */

static bool has_sysenter(void)
{
	return vdso_offsets.enter && (cpu_features.leaf1_d >> LEAF1_D_SEP & 1);
}

static int image_fill(struct address_space *m, struct page *page)
{
	/* movl %esp, %ebp; sysenter */
	static const unsigned char enter[4] = { 0x89, 0xe5, 0x0f, 0x34 };
	size_t start = (size_t)page->index << PAGE_SHIFT;
	size_t n = min_of(size_t, PAGE_SIZE, image_bytes() - start);
	char *p = page_address(page); /* the object asks for low memory */

	(void)m;
	memcpy(p, vdso_image + start, n);
	memset(p + n, 0, PAGE_SIZE - n);
	if (has_sysenter() && vdso_offsets.enter >> PAGE_SHIFT == page->index)
		memcpy(p + (vdso_offsets.enter & ~PAGE_MASK), enter, sizeof(enter));
	page_io_done(page, 0);
	return 0;
}

static void image_hold(struct address_space *m)
{
	(void)m; /* it never goes */
}

static size_t image_name(struct address_space *m, char *buf, size_t size)
{
	(void)m;
	return str_copy(buf, "[vdso]", size);
}

static const struct address_space_ops image_ops = {
	.fill = image_fill, .hold = image_hold, .drop = image_hold, .name = image_name
};

/* ---- the clock page ---- */

static int vvar_fault(struct vm_area_struct *vma, unsigned long index, struct fault_access access,
		      struct page **out)
{
	(void)access;
	(void)vma;
	(void)index;
	get_page(vvar_page);
	*out = vvar_page;
	return 0;
}

static const char *vvar_name(struct vm_area_struct *vma)
{
	(void)vma;
	return "[vvar]";
}

static const struct vma_ops vvar_ops = { .fault = vvar_fault, .name = vvar_name };

/* From now on the clock is written there. */
static void vvar_switch(void)
{
	struct vvar *page = page_address(vvar_page);
	irqflags_t flags = irq_save();

	*page = *vvar;
	if (cpu_features.leaf1_d >> LEAF1_D_SSE2 & 1)
		page->flags |= VVAR_LFENCE;
	vvar = page;
	irq_restore(flags);
}

void vdso_init(void)
{
	char word[8];

	if (cmdline_get(boot_info.cmdline, "vdso", word, sizeof(word)) && !strcmp(word, "0"))
		vdso_enabled = 0;
	vvar_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!vvar_page)
		panic("no memory for the clock page");
	vvar_switch();
	mapping_init(&image_mapping, &image_ops, NULL, GFP_KERNEL, 0);
	image_mapping.size = image_bytes();
}

/* ---- exec ---- */

static unsigned long place_hint(uaddr_t sp, unsigned long len, unsigned long random)
{
	unsigned long start = page_align(sp), end;

	if (sizeof(long) == 4)
		return 0;
	end = min_of(unsigned long, round_up_pow2(start, pt_span(PT_PMD)), USER_TOP);
	if (end - start <= len || end < start)
		return start;
	return start + (random % (((end - len - start) >> PAGE_SHIFT) + 1) << PAGE_SHIFT);
}

int vdso_map(struct mm_struct *mm, uaddr_t sp, unsigned long random)
{
	const struct vm_special parts[] = {
		{ 1, VM_READ | VM_MAYREAD | VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP, NULL,
		  &vvar_ops },
		{ page_align(image_bytes()) >> PAGE_SHIFT,
		  VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_DONTEXPAND,
		  &image_mapping, NULL },
	};
	unsigned long len = (parts[0].pages + parts[1].pages) << PAGE_SHIFT;
	long at;

	if (!READ_ONCE(vdso_enabled))
		return 0;
	at = vm_map_special(mm, place_hint(sp, len, random), parts, ARRAY_SIZE(parts));
	if (at < 0 && at > -4096)
		return (int)at;
	mm->vdso = (unsigned long)at + PAGE_SIZE;
	return 0;
}
