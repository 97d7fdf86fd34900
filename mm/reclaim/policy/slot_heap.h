/*
 * A heap of frames by a number each: the one with the greatest is on top. For policies that count or look ahead.
 *
 *   heap[]   frames, each not above its two children's parent: key[heap[i]] >= key[heap[2i+1]], key[heap[2i+2]]
 *   at[]     where each frame is in heap[]
 *
 * Nothing here but arithmetic: the caller has the lock. Every operation O(log n).
 */
#ifndef MM_SLOT_HEAP_H
#define MM_SLOT_HEAP_H

#include "mm/policy.h"

struct slot_heap {
	uint32_t *heap, *at;
	uint64_t *key;
	uint32_t nr;
};

/* Room for @frames. 0 or -ENOMEM. */
int slot_heap_init(struct slot_heap *h, unsigned long frames);
void slot_heap_exit(struct slot_heap *h);
void slot_heap_add(struct slot_heap *h, unsigned long frame, uint64_t key);
/* @frame is in the heap and gets another number. */
void slot_heap_change(struct slot_heap *h, unsigned long frame, uint64_t key);
void slot_heap_remove(struct slot_heap *h, unsigned long frame);
/* The frame on top; the heap is not empty. */
unsigned long slot_heap_top(const struct slot_heap *h);

#endif
