/*
 * Zeroed tables that may become large: pages of the host's kernel, huge ones where it gives them, for a table that is looked up at
 * random misses the TLB at nearly every look otherwise.
 *
 * OWNS     nothing: mmap.   I1  a table's size is known to its owner, who gives it back with it.
 * COST     memory as the table is touched; growing moves page tables, not bytes.   FAILS  NULL: no memory.   TESTED BY replay_test.c
 */
#include "sim/replay/replay.h"

#include <sys/mman.h>

enum { HUGE = 2 << 20 };

static void *known(void *p, size_t bytes)
{
	if (p == MAP_FAILED)
		return NULL;
	if (bytes >= 2 * HUGE)
		(void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish */
	return p;
}

void *table_new(size_t bytes)
{
	return known(mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
		     bytes);
}

void *table_grow(void *old, size_t old_bytes, size_t bytes)
{
	if (!old)
		return table_new(bytes);
	return known(mremap(old, old_bytes, bytes, MREMAP_MAYMOVE), bytes);
}

void table_free(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}
