/*
 * Allocation contexts in words, as reports of the allocator and of the out-of-memory killer have them.
 *
 * OWNS     the names.
 * WHY      "GFP_KERNEL|__GFP_ZERO" says at once what a mask does not. Contexts come first, largest first, as Linux has them; what
 *          is left of the mask follows bit by bit, and bits without a name as a number.
 * CONTEXT  any.   FAILS  cut at the end of the buffer.
 * SOURCES  core-api/memory-allocation, core-api/printk-formats (%pGg, which modules print by this).   TESTED BY gfp_text_test.c
 */
#include "base/compiler.h"
#include "lib/fmt.h"
#include "mm/gfp.h"

#define NAMED(bits)                                                                                \
	{                                                                                          \
		bits, #bits                                                                        \
	}

static const struct gfp_name {
	gfp_t bits;
	const char *name;
} names[] = {
	NAMED(GFP_HIGHUSER_MOVABLE),
	NAMED(GFP_HIGHUSER),
	NAMED(GFP_USER),
	{ GFP_KERNEL | __GFP_ACCOUNT, "GFP_KERNEL_ACCOUNT" },
	NAMED(GFP_KERNEL),
	NAMED(GFP_NOFS),
	NAMED(GFP_ATOMIC),
	NAMED(GFP_NOIO),
	NAMED(GFP_NOWAIT),
	NAMED(GFP_DMA),
	NAMED(__GFP_HIGHMEM),
	NAMED(GFP_DMA32),
	NAMED(__GFP_HIGH),
	NAMED(__GFP_ATOMIC),
	NAMED(__GFP_IO),
	NAMED(__GFP_FS),
	NAMED(__GFP_NOWARN),
	NAMED(__GFP_RETRY_MAYFAIL),
	NAMED(__GFP_NOFAIL),
	NAMED(__GFP_NORETRY),
	NAMED(__GFP_COMP),
	NAMED(__GFP_ZERO),
	NAMED(__GFP_NOMEMALLOC),
	NAMED(__GFP_MEMALLOC),
	NAMED(__GFP_HARDWALL),
	NAMED(__GFP_THISNODE),
	NAMED(__GFP_RECLAIMABLE),
	NAMED(__GFP_MOVABLE),
	NAMED(__GFP_ACCOUNT),
	NAMED(__GFP_WRITE),
	NAMED(__GFP_RECLAIM),
	NAMED(__GFP_DIRECT_RECLAIM),
	NAMED(__GFP_KSWAPD_RECLAIM),
};

size_t gfp_to_str(gfp_t gfp, char *buf, size_t size)
{
	const char *bar = "";
	size_t n = fmt_scnprintf(buf, size, "%s", "");

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if ((gfp & names[i].bits) != names[i].bits)
			continue;
		n += fmt_scnprintf(buf + n, size - n, "%s%s", bar, names[i].name);
		gfp &= ~names[i].bits;
		bar = "|";
	}
	if (gfp)
		n += fmt_scnprintf(buf + n, size - n, "%s%#x", bar, gfp);
	return n;
}
