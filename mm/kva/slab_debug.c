/*
 * Slab debugging: red zones, poison and owners around every object.
 *
 * OWNS     the bytes of an object's place that are not the user's.
 * WHY      a write past an object's end, into freed memory, or a second free must stop at once, naming who owned it.
 *
 *	left red zone | object (poisoned while free) | right red zone | link | freed by | allocated by
 *
 * I1       both red zones are filled with LIVE while a user has the object, with FREE while nobody has.   [slab_debug_check]
 * I2       a free object without constructor is full of POISON.                                            [slab_debug_check]
 * LOCKS    none: the object belongs to the caller (live) or to the slab layer (free).
 * CONTEXT  any.
 * COST     debug builds, or caches created with SLAB_RED_ZONE or SLAB_POISON: two passes over the object per use.
 * FAILS    never: a violation prints object, cache and owners, and panics.
 *
 * Patterns are Linux's (poison.h), so that a hex dump is recognised. The alignment of the user's object is kept: the
 * left red zone is as wide as the alignment. TESTED BY  slab_test.c.
 */
#include "lib/string.h"
#include "mm/kva/slab_impl.h"
#include "sync/kassert.h"
#include "sync/klog.h"

enum {
	RED_FREE = 0xbb,
	RED_LIVE = 0xcc,
	POISON_FREE = 0x6b,  /* freed object */
	POISON_ALLOC = 0x5a, /* allocated, not yet written */
	RED_WIDTH = 16,	     /* right red zone, at least */
};

struct owner {
	kaddr_t freed_by, allocated_by;
};

/* The right red zone reaches to the link. */
static size_t right_width(const struct kmem_cache *c)
{
	return c->link_offset - c->object_size;
}

static struct owner *owner_of(const struct kmem_cache *c, void *obj)
{
	return (struct owner *)(void *)((char *)obj + c->link_offset + sizeof(void *));
}

void slab_debug_layout(struct kmem_cache *c)
{
	size_t size;

	c->offset = max_of(unsigned, c->align, RED_WIDTH);
	c->link_offset =
		(unsigned)round_up_pow2(c->object_size + RED_WIDTH, (unsigned)sizeof(void *));
	size = c->offset + c->link_offset + sizeof(void *) + sizeof(struct owner);
	c->size = (unsigned)round_up_pow2(size, (size_t)c->align);
}

static void report(struct kmem_cache *c, void *obj, const char *why)
{
	struct owner *o = owner_of(c, obj);

	pr_err("slab %s, object %p of %u bytes: %s", c->name, obj, c->object_size, why);
	pr_err("  allocated by %#lx, freed by %#lx", o->allocated_by, o->freed_by);
	panic("slab %s: %s", c->name, why);
}

static bool filled(const void *p, int byte, size_t n)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++) {
		if (b[i] != byte)
			return false;
	}
	return true;
}

static bool red_zones_are(const struct kmem_cache *c, const void *obj, int byte)
{
	const char *p = obj;

	return filled(p - c->offset, byte, c->offset) &&
	       filled(p + c->object_size, byte, right_width(c));
}

static void set_red_zones(const struct kmem_cache *c, void *obj, int byte)
{
	char *p = obj;

	memset(p - c->offset, byte, c->offset);
	memset(p + c->object_size, byte, right_width(c));
}

static void poison(const struct kmem_cache *c, void *obj, int byte)
{
	if (!c->ctor)
		memset(obj, byte, c->object_size);
}

static void check_free(struct kmem_cache *c, void *obj)
{
	if (!red_zones_are(c, obj, RED_FREE))
		report(c, obj, "red zone of a free object overwritten");
	if (!c->ctor && !filled(obj, POISON_FREE, c->object_size))
		report(c, obj, "written after it was freed");
}

void slab_debug_new(struct kmem_cache *c, void *obj)
{
	*owner_of(c, obj) = (struct owner){ 0, 0 };
	set_red_zones(c, obj, RED_FREE);
	poison(c, obj, POISON_FREE);
}

void slab_debug_alloc(struct kmem_cache *c, void *obj, kaddr_t caller)
{
	check_free(c, obj);
	set_red_zones(c, obj, RED_LIVE);
	poison(c, obj, POISON_ALLOC);
	owner_of(c, obj)->allocated_by = caller;
}

void slab_debug_free(struct kmem_cache *c, void *obj, kaddr_t caller)
{
	const char *base = page_address(slab_page_of(obj));
	size_t at = (size_t)((char *)obj - base) - c->offset;

	if (at % c->size || at / c->size >= c->per_slab)
		panic("slab %s: %p freed, but no object starts there", c->name, obj);
	if (red_zones_are(c, obj, RED_FREE))
		report(c, obj, "freed twice");
	if (!red_zones_are(c, obj, RED_LIVE))
		report(c, obj, "written outside its bounds");
	set_red_zones(c, obj, RED_FREE);
	poison(c, obj, POISON_FREE);
	owner_of(c, obj)->freed_by = caller;
}

void slab_debug_check(struct kmem_cache *c, void *obj)
{
	check_free(c, obj);
}
