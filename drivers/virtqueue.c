/*
 * The split virtqueue: descriptors, a ring of what is offered to the device, a ring of what it has done with.
 *
 *   virtq_add: chain of descriptors ── avail->ring ── virtq_notify ──> device ── used->ring ── virtq_used: descriptors free
 *
 * HOW      struct vring: a ring whose requests are a buffer each, for devices that move bytes.
 * OWNS     the memory of the three parts, two pages; the chain of free descriptors.
 * I1       a descriptor is free or in one chain that the device has.
 * I2       what the device writes (used->ring) is believed only within bounds: an id beyond the ring is dropped.
 * LOCKS    its user's.   CONTEXT  any.   COST  O(pieces).
 * SOURCES  Virtual I/O Device (VIRTIO) 1.1, 2.6 "Split Virtqueues".
 */
#include "arch/io.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"
#include "virtio_impl.h"

enum { RING_ORDER = 1 };
/* Descriptors (16 bytes), avail (2 each + 6) in the first page, used (8 each + 6) in the second. */
_Static_assert(VIRTQ_MAX * 16 + VIRTQ_MAX * 2 + 6 <= PAGE_SIZE, "avail fits");
_Static_assert(VIRTQ_MAX * 8 + 6 <= PAGE_SIZE, "used fits");

static unsigned pow2_below(unsigned n)
{
	unsigned p = 1;

	while (p * 2 <= n)
		p *= 2;
	return p;
}

int virtq_init(struct virtq *q, struct virtio_device *dev, unsigned index)
{
	unsigned max = dev->bus->queue_max(dev, index);
	char *mem;

	if (!max)
		return -ENODEV;
	mem = failpoint("virtq") ? NULL
				 : (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, RING_ORDER);
	if (!mem)
		return -ENOMEM;
	*q = (struct virtq){ .dev = dev, .index = index };
	q->size = pow2_below(min_of(unsigned, max, VIRTQ_MAX));
	q->desc = (struct virtq_desc *)mem;
	q->avail = (struct virtq_avail *)(mem + q->size * sizeof(struct virtq_desc));
	q->used = (struct virtq_used *)(mem + PAGE_SIZE);
	for (unsigned i = 0; i < q->size; i++)
		q->desc[i].next = (uint16_t)(i + 1);
	q->nr_free = (uint16_t)q->size;
	return dev->bus->queue_start(dev, q);
}

unsigned virtq_add(struct virtq *q, const struct virtq_buf *bufs, unsigned nr)
{
	unsigned head = q->free, at = head;

	kassert(nr && nr <= q->nr_free);
	for (unsigned i = 0; i < nr; i++) {
		struct virtq_desc *d = &q->desc[at];

		d->addr = bufs[i].addr;
		d->len = bufs[i].len;
		d->flags = (uint16_t)((bufs[i].write ? VIRTQ_DESC_WRITE : 0) |
				      (i + 1 < nr ? VIRTQ_DESC_NEXT : 0));
		at = d->next;
	}
	q->free = (uint16_t)at;
	q->nr_free = (uint16_t)(q->nr_free - nr);
	q->avail->ring[(uint16_t)(q->avail->idx + q->added) & (q->size - 1)] = (uint16_t)head;
	q->added++;
	return head;
}

void virtq_notify(struct virtq *q)
{
	if (!q->added)
		return;
	/* The device sees the ring's entries before the index that says they are there. */
	__atomic_store_n(&q->avail->idx, (uint16_t)(q->avail->idx + q->added), __ATOMIC_RELEASE);
	q->added = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (READ_ONCE(q->used->flags) & 1) /* it looks by itself */
		return;
	if (q->notify32)
		mmio_write32(q->notify, q->index);
	else
		mmio_write16(q->notify, (uint16_t)q->index);
}

static void free_chain(struct virtq *q, unsigned head)
{
	unsigned at = head, n = 1;

	while ((q->desc[at].flags & VIRTQ_DESC_NEXT) && n < q->size) {
		at = q->desc[at].next;
		n++;
	}
	q->desc[at].next = q->free;
	q->free = (uint16_t)head;
	q->nr_free = (uint16_t)(q->nr_free + n);
}

bool virtq_used(struct virtq *q, unsigned *id)
{
	while (q->last_used != __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE)) {
		*id = READ_ONCE(q->used->ring[q->last_used & (q->size - 1)].id);
		q->used_len = READ_ONCE(q->used->ring[q->last_used & (q->size - 1)].len);
		q->last_used++;
		if (*id < q->size) {
			free_chain(q, *id);
			return true;
		}
	}
	return false;
}

int vring_init(struct vring *r, struct virtio_device *dev, unsigned index, unsigned max)
{
	int err = virtq_init(&r->q, dev, index);

	if (err)
		return err;
	for (unsigned i = 0; i < VIRTQ_MAX; i++)
		r->buffer_of[i] = VRING_NONE;
	r->nr = min_of(unsigned, max, r->q.size);
	return 0;
}

void vring_give(struct vring *r, short i, unsigned len, bool write)
{
	struct virtq_buf b = { virt_to_phys(r->buffer[i]), len, write };

	r->buffer_of[virtq_add(&r->q, &b, 1)] = i;
}

short vring_take(struct vring *r)
{
	unsigned id;

	while (virtq_used(&r->q, &id)) {
		short i = r->buffer_of[id];

		r->buffer_of[id] = VRING_NONE;
		if (i != VRING_NONE)
			return i;
	}
	return VRING_NONE;
}
