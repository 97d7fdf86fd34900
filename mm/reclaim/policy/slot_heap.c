/*
 * A heap of frames by a number each: slot_heap.h says what of.
 *
 * OWNS     nothing: the caller's arrays.   LOCKS  the caller's.   FAILS  -ENOMEM of init.   TESTED BY replay_test.c
 */
#include "mm/reclaim/policy/slot_heap.h"

#include "base/errno.h"

int slot_heap_init(struct slot_heap *h, unsigned long frames)
{
	h->nr = 0;
	h->heap = policy_alloc(frames * sizeof(*h->heap));
	h->at = policy_alloc(frames * sizeof(*h->at));
	h->key = policy_alloc(frames * sizeof(*h->key));
	if (h->heap && h->at && h->key)
		return 0;
	slot_heap_exit(h);
	return -ENOMEM;
}

void slot_heap_exit(struct slot_heap *h)
{
	policy_free(h->heap);
	policy_free(h->at);
	policy_free(h->key);
}

static void put(struct slot_heap *h, uint32_t place, uint32_t frame)
{
	h->heap[place] = frame;
	h->at[frame] = place;
}

static void up(struct slot_heap *h, uint32_t place)
{
	uint32_t frame = h->heap[place];

	for (; place && h->key[h->heap[(place - 1) / 2]] < h->key[frame]; place = (place - 1) / 2)
		put(h, place, h->heap[(place - 1) / 2]);
	put(h, place, frame);
}

static void down(struct slot_heap *h, uint32_t place)
{
	uint32_t frame = h->heap[place], child;

	for (; (child = 2 * place + 1) < h->nr; place = child) {
		if (child + 1 < h->nr && h->key[h->heap[child + 1]] > h->key[h->heap[child]])
			child++;
		if (h->key[h->heap[child]] <= h->key[frame])
			break;
		put(h, place, h->heap[child]);
	}
	put(h, place, frame);
}

void slot_heap_add(struct slot_heap *h, unsigned long frame, uint64_t key)
{
	h->key[frame] = key;
	put(h, h->nr, (uint32_t)frame);
	up(h, h->nr++);
}

void slot_heap_change(struct slot_heap *h, unsigned long frame, uint64_t key)
{
	bool greater = key > h->key[frame];

	h->key[frame] = key;
	if (greater)
		up(h, h->at[frame]);
	else
		down(h, h->at[frame]);
}

void slot_heap_remove(struct slot_heap *h, unsigned long frame)
{
	uint32_t place = h->at[frame], last = h->heap[--h->nr];

	if (last == frame)
		return;
	put(h, place, last);
	up(h, place);
	down(h, h->at[last]);
}

unsigned long slot_heap_top(const struct slot_heap *h)
{
	return h->heap[0];
}
