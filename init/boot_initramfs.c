/*
 * The boot loader's modules become the files of the root, and their memory becomes free as they are read: a small machine has no
 * room for both.
 *
 * OWNS     the modules' frames from boot_memory to memblock_free here.
 * WHY      an image may lie in high memory on i386, so its bytes come through kmap windows, a page at a time.
 * I1       the first and last page of a module hold nothing else: boot_memory reserved whole pages.
 * CONTEXT  the init thread; sleeps.   FAILS  a broken image is reported; what came before it stays.
 */
#include "init/boot_impl.h"

#include "arch/machine.h"
#include "base/errno.h"
#include "fs/initramfs.h"
#include "lib/string.h"
#include "mm/memblock.h"
#include "mm/page.h"
#include "mm/vmalloc.h"
#include "sync/klog.h"

enum { FREED_AT_ONCE = 16 * PAGE_SIZE };

/* What is left of a module, and the page from which on it is not given back yet. */
struct reading {
	struct boot_module left;
	phys_t kept;
};

static void free_read(struct reading *r, phys_t end)
{
	if (r->kept < end)
		memblock_free(r->kept, end);
	r->kept = end;
}

/* Next bytes of a module: @arg is the reading. Never more than the rest of one page. */
static size_t module_read(void *arg, void *buf, size_t size)
{
	struct reading *r = arg;
	struct boot_module *m = &r->left;
	size_t off = (size_t)(m->start & (PAGE_SIZE - 1));
	size_t n = (size_t)min_of(phys_t, m->end - m->start, PAGE_SIZE - off);
	char *page;

	n = min_of(size_t, n, size);
	if (!n)
		return 0;
	page = kmap_local_page(pfn_to_page(phys_to_pfn(m->start)));
	memcpy(buf, page + off, n);
	kunmap_local(page);
	m->start += n;
	if (m->start >= r->kept + FREED_AT_ONCE)
		free_read(r, round_down_pow2(m->start, (phys_t)PAGE_SIZE));
	return n;
}

int boot_unpack_initramfs(void)
{
	int broken = 0;

	for (unsigned i = 0; i < boot_info.nr_modules; i++) {
		struct boot_module *m = &boot_info.modules[i];
		struct reading r = { *m, round_down_pow2(m->start, (phys_t)PAGE_SIZE) };
		int err;

		if (m->start >= m->end || !pfn_valid(phys_to_pfn(m->start)) ||
		    !pfn_valid(phys_to_pfn(m->end - 1))) {
			pr_err("initrd %u lies outside of memory (mem= too small?)", i);
			broken = -ENOMEM;
			continue;
		}
		err = initramfs_unpack(module_read, &r);
		if (err)
			broken = err;
		if (err)
			pr_err("initrd %u: not unpacked whole (error %d)", i, -err);
		free_read(&r, round_up_pow2(m->end, (phys_t)PAGE_SIZE));
	}
	root_limit();
	if (!boot_info.nr_modules)
		pr_info("no initrd");
	return broken;
}
