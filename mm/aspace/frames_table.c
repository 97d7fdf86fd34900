/*
 * Tables of a process with so many frames: chains of frames by page, and a set of pages that grows.
 *
 * OWNS     the arrays of both.
 * I1       a taken frame that has a page is in the chain of that page's bucket; a free one is in the chain from t->free.
 * I2       at most half of a set's places are used.
 * LOCKS    the caller's (frames->lock).   CONTEXT  threads; a set may sleep when it grows.
 * COST     O(1).   FAILS    a set that cannot grow forgets nothing, but learns nothing either.
 * TESTED BY frames_table_test.c, mem_frames.c
 */
#include "mm/aspace/frames_table.h"

#include "base/errno.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

enum { FIRST_PLACES = 256 };

static uint32_t bucket_of(const struct frame_table *t, unsigned long page)
{
	return (uint32_t)(page * 0x9e3779b1UL >> 7) & t->mask;
}

int frame_table_init(struct frame_table *t, uint32_t nr)
{
	uint32_t size = 1;

	while (size < nr)
		size *= 2;
	*t = (struct frame_table){ .mask = size - 1, .nr = nr };
	t->page = failpoint("frame_table") ? NULL : kvzalloc(nr * sizeof(*t->page));
	t->next = kvzalloc(nr * sizeof(*t->next));
	t->bucket = kvzalloc(size * sizeof(*t->bucket));
	if (!t->page || !t->next || !t->bucket) {
		frame_table_end(t);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < size; i++)
		t->bucket[i] = FRAME_NONE;
	for (uint32_t i = 0; i < nr; i++)
		t->next[i] = i + 1 < nr ? i + 1 : FRAME_NONE;
	return 0;
}

void frame_table_end(struct frame_table *t)
{
	kvfree(t->page);
	kvfree(t->next);
	kvfree(t->bucket);
	*t = (struct frame_table){ .nr = 0 };
}

uint32_t frame_of(const struct frame_table *t, unsigned long page)
{
	uint32_t f = t->bucket[bucket_of(t, page)];

	while (f != FRAME_NONE && t->page[f] != page)
		f = t->next[f];
	return f;
}

uint32_t frame_take(struct frame_table *t)
{
	uint32_t f = t->free;

	if (t->nr_taken == t->nr)
		return FRAME_NONE;
	t->free = t->next[f];
	t->nr_taken++;
	return f;
}

void frame_put_page(struct frame_table *t, uint32_t frame, unsigned long page)
{
	uint32_t *head = &t->bucket[bucket_of(t, page)];

	t->page[frame] = page;
	t->next[frame] = *head;
	*head = frame;
}

void frame_lose_page(struct frame_table *t, uint32_t frame)
{
	uint32_t *link = &t->bucket[bucket_of(t, t->page[frame])];

	while (*link != frame)
		link = &t->next[*link];
	*link = t->next[frame];
}

void frame_free(struct frame_table *t, uint32_t frame)
{
	t->next[frame] = t->free;
	t->free = frame;
	t->nr_taken--;
}

/* ---- pages that have been used ---- */

/* Where @page is or would be. */
static unsigned long *place_in(unsigned long *slot, size_t size, unsigned long page)
{
	size_t i = (size_t)(page * 0x9e3779b1UL >> 5) & (size - 1);

	while (slot[i] && slot[i] != page + 1)
		i = (i + 1) & (size - 1);
	return &slot[i];
}

static bool grow(struct page_set *s)
{
	size_t size = s->size ? s->size * 2 : FIRST_PLACES;
	unsigned long *slot = failpoint("page_set") ? NULL : kvzalloc(size * sizeof(*slot));

	if (!slot)
		return false;
	for (size_t i = 0; i < s->size; i++)
		if (s->slot[i])
			*place_in(slot, size, s->slot[i] - 1) = s->slot[i];
	kvfree(s->slot);
	s->slot = slot;
	s->size = size;
	return true;
}

bool page_set_add(struct page_set *s, unsigned long page)
{
	unsigned long *place = s->size ? place_in(s->slot, s->size, page) : NULL;

	if (place && *place)
		return false;
	if (s->used * 2 >= s->size) {
		if (!grow(s))
			return true;
		place = place_in(s->slot, s->size, page);
	}
	*place = page + 1;
	s->used++;
	return true;
}

void page_set_end(struct page_set *s)
{
	kvfree(s->slot);
	*s = (struct page_set){ .size = 0 };
}
