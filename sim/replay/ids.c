/*
 * Page numbers of a trace -> 0, 1, 2 ...: a hash table with open addressing that doubles when it is two thirds full.
 *
 * OWNS     struct ids.   I1  slot[i].id is number + 1; 0: free.   COST  O(1); 16 bytes a slot.   TESTED BY replay_test.c
 */
#include "sim/replay/replay.h"

#include <stdlib.h>

struct slot {
	uint64_t page;
	uint32_t id;
};

struct ids {
	struct slot *slot;
	uint32_t nr;
	unsigned shift; /* 64 - log2 of the slots */
};

struct ids *ids_new(void)
{
	struct ids *ids = calloc(1, sizeof(*ids));

	if (!ids)
		return NULL;
	ids->shift = 64 - 12;
	ids->slot = table_new(sizeof(struct slot) << 12);
	if (ids->slot)
		return ids;
	free(ids);
	return NULL;
}

static struct slot *find(struct ids *ids, uint64_t page)
{
	size_t mask = (1UL << (64 - ids->shift)) - 1,
	       i = page * 0x9e3779b97f4a7c15ULL >> ids->shift;

	while (ids->slot[i].id && ids->slot[i].page != page)
		i = (i + 1) & mask;
	return &ids->slot[i];
}

static bool grow(struct ids *ids)
{
	struct slot *old = ids->slot;
	size_t n = 1UL << (64 - ids->shift);
	struct slot *bigger = table_new(2 * n * sizeof(*bigger));

	if (!bigger)
		return false;
	ids->slot = bigger;
	ids->shift--;
	for (size_t i = 0; i < n; i++)
		if (old[i].id)
			*find(ids, old[i].page) = old[i];
	table_free(old, n * sizeof(*old));
	return true;
}

uint32_t ids_of(struct ids *ids, uint64_t page)
{
	struct slot *s = find(ids, page);

	if (s->id)
		return s->id - 1;
	if (ids->nr >= INT32_MAX)
		return UINT32_MAX;
	if (ids->nr >= (2UL << (64 - ids->shift)) / 3) {
		if (!grow(ids))
			return UINT32_MAX;
		s = find(ids, page);
	}
	*s = (struct slot){ page, ++ids->nr };
	return ids->nr - 1;
}

void ids_expect(const struct ids *ids, uint64_t page)
{
	__builtin_prefetch(&ids->slot[page * 0x9e3779b97f4a7c15ULL >> ids->shift]);
}

uint32_t ids_count(const struct ids *ids)
{
	return ids->nr;
}

void ids_free(struct ids *ids)
{
	table_free(ids->slot, sizeof(struct slot) << (64 - ids->shift));
	free(ids);
}
