/* Caches that give memory back when the kernel asks. */
#ifndef _LINUX_SHRINKER_H
#define _LINUX_SHRINKER_H

#include <linux/slab.h>
#include <linux/sysctl.h>

#define SHRINK_STOP	     (~0UL)
#define SHRINK_EMPTY	     (~0UL - 1)
#define DEFAULT_SEEKS	     2
#define SHRINKER_NUMA_AWARE  1
#define SHRINKER_MEMCG_AWARE 2

int module_register_shrinker(struct shrinker *s);
void unregister_shrinker(struct shrinker *s);

/* (shrinker); from Linux 6.0 on with a name. */
#define register_shrinker(s, ...) module_register_shrinker(s)

/* Linux 6.7 on. */
static inline struct shrinker *shrinker_alloc(unsigned int flags, const char *fmt, ...)
{
	struct shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (s) {
		s->flags = flags;
		s->seeks = DEFAULT_SEEKS;
	}
	return s;
}
#define shrinker_register(s) ((void)module_register_shrinker(s))

static inline void shrinker_free(struct shrinker *s)
{
	unregister_shrinker(s);
	kfree(s);
}

#endif
