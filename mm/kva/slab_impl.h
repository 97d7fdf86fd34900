/* Shared by the files of mm/kva only: what a cache is made of. */
#ifndef MM_KVA_SLAB_IMPL_H
#define MM_KVA_SLAB_IMPL_H

#include "mm/alloc.h"
#include "mm/slab.h"
#include "sync/spinlock.h"

enum {
	SLAB_MAX_ORDER = 3,   /* largest slab: 32 KiB */
	SLAB_WASTE_SHARE = 8, /* a slab may waste less than 1/8 */
	SLAB_KEEP_EMPTY = 1,  /* empty slabs a cache keeps */
	DEPOT_MAX = 2,	      /* full magazines a cache keeps, per CPU that is online */
	MAG_ROUNDS = sizeof(long) == 8 ? 30 : 29, /* so that a magazine is 256 or 128 bytes */
};

struct magazine {
	struct magazine *next; /* c: in the depot */
	uint32_t nr;	       /* rounds in it: objs[0..nr) */
	uint32_t cap;	       /* i: rounds it may hold; 0 in the one that stands for "none" */
	void *objs[MAG_ROUNDS];
};

_Static_assert(sizeof(struct magazine) == (sizeof(long) == 8 ? 256 : 128), "magazine size");

/* One CPU's magazines. m: busy held, interrupts off. */
struct cpu_cache {
	uint8_t busy;		   /* a: 1 while its CPU, or one that drains it, is inside */
	struct magazine *loaded;   /* m: never NULL; &magazine_none at first */
	struct magazine *previous; /* m: never NULL; full or empty */
} cacheline_;

/* i: immutable; c: cache->lock; l: slab_list_lock */
struct kmem_cache {
	struct cpu_cache cpu[CFG_NR_CPUS];
	const char *name;     /* i */
	unsigned flags;	      /* i: SLAB_* */
	unsigned object_size; /* i: what the user may write */
	unsigned size;	      /* i: from one object to the next */
	unsigned align;	      /* i */
	unsigned offset; /* i: from an object's place to the user's first byte (left red zone) */
	unsigned link_offset;	  /* i: of the free-list pointer, from the user's first byte */
	unsigned order, per_slab; /* i: slab of 1 << order pages, objects in it */
	unsigned mag_cap;	  /* i: rounds of a magazine */
	void (*ctor)(void *obj);  /* i */
	struct spinlock lock;	  /* irqsave; rank SLAB */
	struct list_head partial, full, empty;	     /* c: slabs by page->slab_list */
	unsigned long nr_partial, nr_full, nr_empty; /* c */
	unsigned long nr_in_use; /* c: objects out of slabs: with users or in magazines */
	struct magazine *depot_full, *depot_empty; /* c */
	unsigned nr_depot_full;			   /* c */
	struct list_head link;			   /* l */
};

/* Where the free-list pointer of a free object lies. */
static inline void **slab_link(const struct kmem_cache *c, void *obj)
{
	return (void **)(void *)((char *)obj + c->link_offset);
}

/* The slab an object lies in; panics when @obj is not memory of a slab. */
struct page *slab_page_of(const void *obj);

/* ---- slab_debug.c: red zones, poison, owners; objects are marked live or free ---- */
/* Bytes around an object that debugging needs; sets offset, link_offset and size. */
void slab_debug_layout(struct kmem_cache *c);
void slab_debug_new(struct kmem_cache *c, void *obj); /* a slab was made: mark free */
void slab_debug_alloc(struct kmem_cache *c, void *obj, kaddr_t caller);
void slab_debug_free(struct kmem_cache *c, void *obj, kaddr_t caller);
void slab_debug_check(struct kmem_cache *c, void *obj); /* marks are intact, live or free */

static inline bool slab_debugged(const struct kmem_cache *c)
{
	return CFG_DEBUG || (c->flags & (SLAB_RED_ZONE | SLAB_POISON));
}

/* ---- slab.c, for kmalloc.c ---- */
void slab_cache_setup(struct kmem_cache *c, const char *name, size_t size, size_t align,
		      unsigned flags);
void *slab_alloc(struct kmem_cache *c, gfp_t gfp, kaddr_t caller);
void slab_free(struct kmem_cache *c, void *obj, kaddr_t caller);

/* ---- kmalloc.c ---- */
void kmalloc_init(void);

#endif
