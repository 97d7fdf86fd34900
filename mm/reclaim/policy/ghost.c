/*
 * Ghosts: a hash table and a ring in one array, made once; ghost.h says what for.
 *
 * OWNS     the array.   COST  O(1) each; 32 bytes and a chain head of 4 for each key there is room for.
 * I1       each known key is in its chain and in the ring once; nr of them; the rest are in the free list.
 * LOCKS    the caller's.   FAILS  -ENOMEM of init.   TESTED BY replay_test.c
 */
#include "mm/reclaim/policy/ghost.h"

#include "base/errno.h"

int ghosts_init(struct ghosts *g, unsigned long max)
{
	uint32_t buckets = 1;

	while (buckets < max)
		buckets *= 2;
	*g = (struct ghosts){ .max = (uint32_t)max, .mask = buckets - 1 };
	g->ghost = policy_alloc((max + 1) * sizeof(*g->ghost));
	g->chain = policy_alloc(buckets * sizeof(*g->chain));
	if (!g->ghost || !g->chain) {
		ghosts_exit(g);
		return -ENOMEM;
	}
	for (uint32_t i = 1; i <= max; i++)
		g->ghost[i].newer = i < max ? i + 1 : 0;
	g->free = max ? 1 : 0;
	return 0;
}

void ghosts_exit(struct ghosts *g)
{
	policy_free(g->ghost);
	policy_free(g->chain);
}

static uint32_t *chain_of(const struct ghosts *g, uint64_t key)
{
	return &g->chain[(key * 0x9e3779b97f4a7c15ULL >> 32) & g->mask];
}

static uint32_t find(const struct ghosts *g, uint64_t key)
{
	uint32_t i = *chain_of(g, key);

	while (i && g->ghost[i].key != key)
		i = g->ghost[i].next;
	return i;
}

static void forget(struct ghosts *g, uint32_t i)
{
	struct ghost *x = &g->ghost[i];
	uint32_t *link = chain_of(g, x->key);

	while (*link != i)
		link = &g->ghost[*link].next;
	*link = x->next;
	g->ghost[x->newer].older = x->older;
	g->ghost[x->older].newer = x->newer;
	x->newer = g->free;
	g->free = i;
	g->nr--;
}

void ghosts_drop_oldest(struct ghosts *g)
{
	if (g->nr)
		forget(g, g->ghost[0].newer); /* the ring goes round by its head */
}

void ghosts_add(struct ghosts *g, uint64_t key, uint64_t value)
{
	uint32_t i, newest = g->ghost[0].older, *chain = chain_of(g, key);

	if (!g->max)
		return;
	if (g->nr == g->max) {
		ghosts_drop_oldest(g);
		newest = g->ghost[0].older;
	}
	i = g->free;
	g->free = g->ghost[i].newer;
	g->ghost[i] = (struct ghost){ key, value, 0, newest, *chain };
	*chain = i;
	g->ghost[newest].newer = i;
	g->ghost[0].older = i;
	g->nr++;
}

bool ghosts_find(const struct ghosts *g, uint64_t key, uint64_t *value)
{
	uint32_t i = find(g, key);

	if (i)
		*value = g->ghost[i].value;
	return i;
}

bool ghosts_take(struct ghosts *g, uint64_t key, uint64_t *value)
{
	uint32_t i = find(g, key);

	if (!i)
		return false;
	*value = g->ghost[i].value;
	forget(g, i);
	return true;
}
