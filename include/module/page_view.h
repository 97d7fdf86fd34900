/*
 * Frames, zones and nodes as Linux's modules see them: the kernel's own structures, by Linux's member names. module/pages.c
 * asserts that every member lies where the kernel has it.
 */
#ifndef MODULE_PAGE_VIEW_H
#define MODULE_PAGE_VIEW_H

#include "module/devmap_view.h"

struct page_view { /* struct page of mm/memmap.h */
	unsigned long flags;
	union {
		struct list_head lru;
		struct {
			void *slab_cache, *freelist;
		};
		struct page_view *compound_head;
	};
	union {
		struct {
			void *mapping;
			unsigned long index;
		};
		struct list_head slab_list;
	};
	unsigned long private;
	struct counter_view _mapcount;
	union {
		struct counter_view _refcount, _count; /* before Linux 4.6: _count */
	};
#ifdef __x86_64__
	unsigned long memcg_data;
#endif
};

enum { VIEW_ORDERS = 11, VIEW_MIGRATE_TYPES = 5, VIEW_ZONES = 6 };

struct free_area_view {
	struct list_head free_list[VIEW_MIGRATE_TYPES];
	unsigned long nr_free;
};

struct zone_view { /* struct zone of mm/zone.h */
	const char *name;
	struct node_view *zone_pgdat;
	unsigned int type;
	union {
		unsigned long _watermark[3], watermark[3]; /* before Linux 5.0: watermark */
	};
	unsigned long watermark_boost;
	long lowmem_reserve[VIEW_ZONES];
	unsigned long zone_start_pfn;
	unsigned long spanned_pages, present_pages;
	struct long_counter_view managed_pages;
	void *pageset;
	unsigned long numa_base[6];
	void *pageblock_types, *huge_maps;
	struct lock_view lock __attribute__((aligned(64))); /* taken with interrupts off */
	unsigned char lock_rank;
	struct free_area_view free_area[VIEW_ORDERS];
	struct long_counter_view vm_stat[11];
} __attribute__((aligned(64)));

struct node_view { /* struct pglist_data */
	int node_id;
	struct zone_view node_zones[VIEW_ZONES];
	void *node_zonelists[25], *first[VIEW_ZONES];
	unsigned long node_start_pfn, node_spanned_pages, node_present_pages;
	int nr_zones;
};

struct sysinfo_view {
	long uptime;
	unsigned long loads[3];
	unsigned long totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	unsigned short procs, pad;
	unsigned long totalhigh, freehigh;
	unsigned int mem_unit;
};

#endif
