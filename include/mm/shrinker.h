/* Caches that can give memory back when the page allocator asks (dentries, inodes, …). */
#ifndef MM_SHRINKER_H
#define MM_SHRINKER_H

#include "base/compiler.h"
#include "mm/gfp.h"

struct shrinker {
	const char *name;
	/* Objects that could be freed now. Any context. */
	unsigned long (*count)(void);
	/* Free up to @nr of them. Respects @gfp: no file system lock without __GFP_FS. May sleep. Return: how many. */
	unsigned long (*scan)(unsigned long nr, gfp_t gfp);
};

/* For ever; @s stays valid. Return: 0, or -ENOSPC when the table is full. Boot, or the owner's init. */
int must_check register_shrinker(const struct shrinker *s);
/* Ask every registered cache for all it has. Return: objects freed. */
unsigned long shrink_caches(gfp_t gfp);
/* Ask each for its share of a scan that looks at 1 / 2^@priority of all lists: Linux's two objects for one page. */
unsigned long shrink_slab(gfp_t gfp, unsigned priority);

#endif
