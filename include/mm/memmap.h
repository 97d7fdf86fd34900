/*
 * struct page, the descriptor of one frame, and the array of them: mem_map[pfn] for every frame that exists (holes are
 * not backed). 64 bytes on 64 bits, 32 on 32 bits.
 */
#ifndef MM_MEMMAP_H
#define MM_MEMMAP_H

#include "arch/physmap.h"
#include "base/atomic.h"
#include "lib/list.h"
#include "mm/page_flags.h"

struct address_space;
struct kmem_cache;

/* In brackets: the states in which a member means that. a: atomic; otherwise the owner of the state guards it. */
struct page {
	unsigned long flags; /* a: enum page_flag, state (4 bits), zone (3), node (2) */
	union {
		struct list_head lru; /* [BUDDY PCP] free list  [ANON FILE] LRU  [TABLE] deferred */
		struct {
			struct kmem_cache *slab_cache; /* [SLAB] */
			void *slab_freelist;
		};
		struct page *compound_head; /* [TAIL] */
		unsigned long mlock_count;  /* [ANON FILE, PG_mlocked] mm/track/mlocked.c */
	};
	union {
		struct {
			/* [FILE] owner  [ANON] anon_vma and PAGE_MAPPING_ANON; NULL in other states */
			struct address_space *mapping;
			unsigned long index; /* [FILE] page offset  [ANON] of its vma */
		};
		struct list_head slab_list; /* [SLAB] partial, full or empty list of the cache */
		/* [TABLE, top tables] table lock: spare tables of the large entries in it, linked by the same member */
		struct page *spare_tables;
	};
	unsigned long private; /* [BUDDY, first TAIL] order  [TABLE] lock  [SLAB] objects in use */
	atomic_t _mapcount;    /* a: PTEs that map it, minus 1 (as Linux) */
	atomic_t _refcount;    /* a: users; 0 while free */
#if UINTPTR_MAX > UINT32_MAX
	unsigned long memcg_data;
#endif
};

_Static_assert(sizeof(struct page) == (sizeof(long) == 8 ? 64 : 32), "struct page size");

#define PAGE_STATE_SHIFT 22
#define PAGE_ZONE_SHIFT	 26
#define PAGE_NODE_SHIFT	 29
#define PAGE_STATE_MASK	 (15UL << PAGE_STATE_SHIFT)
#define PAGE_PLACE_MASK	 (~0UL << PAGE_ZONE_SHIFT) /* which zone and node, and PG_hwpoison */
_Static_assert(NR_PAGE_FLAGS <= PAGE_STATE_SHIFT, "page flags");

/* The page array: the descriptor of frame n is mem_map[n]. A constant address on hardware. */
extern struct page *const mem_map;
extern pfn_t max_pfn; /* one past the last frame of RAM */

/* Does the frame have a descriptor (backed part of mem_map)? */
bool pfn_valid(pfn_t pfn);

static inline struct page *pfn_to_page(pfn_t pfn)
{
	return mem_map + pfn;
}

static inline pfn_t page_to_pfn(const struct page *page)
{
	return (pfn_t)(page - mem_map);
}

static inline phys_t page_to_phys(const struct page *page)
{
	return pfn_to_phys(page_to_pfn(page));
}

static inline struct page *virt_to_page(const void *linear)
{
	return pfn_to_page(phys_to_pfn(virt_to_phys(linear)));
}

/* Linear address of a lowmem page; NULL for a high page that is not kmapped. */
static inline void *page_address(const struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

	return pfn_is_lowmem(pfn) ? phys_to_virt(pfn_to_phys(pfn)) : NULL;
}

#endif
