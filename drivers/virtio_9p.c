/*
 * Virtio transport of 9P: a channel to the host's files.
 *
 *   one ring: message, (a page) ── with the device ── answer, (a page) ── interrupt ── p9_answered
 *
 * OWNS     a struct v9p per device: its ring.
 * WHY      as many messages at once as the client has slots: the ring has room for all of them, so nobody waits here.
 * I1       slot_of[] says whose a chain is; NOBODY for one that is none.
 * I2       what the device reports is believed in bounds only: a chain that is nobody's is dropped; lengths are the client's to check.
 * LOCKS    channel->lock (irqsave) for the ring.   CONTEXT  send: any. Interrupt: interrupts off.
 * FAILS    -ENODEV, -ENOMEM at the start.
 * SOURCES  Virtual I/O Device (VIRTIO) 1.2, 5.18 "9P Transport Device".   TESTED BY  tests/guest/disk_share.c
 */
#include "base/errno.h"
#include "fs/p9.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "virtio_impl.h"

enum { CFG_TAG_LEN = 0, CFG_TAG = 2, NOBODY = -1 };
#define F_MOUNT_TAG (1ULL << 0)
_Static_assert(P9_SLOTS *P9_PIECES <= VIRTQ_MAX, "the ring has room for all");

struct v9p {
	struct p9_channel channel;
	struct virtio_device *vdev;
	struct virtq q;
	short slot_of[VIRTQ_MAX]; /* by first descriptor */
};

static void v9p_send(struct p9_channel *c, unsigned slot, const struct p9_piece *pieces,
		     unsigned nr)
{
	struct v9p *v = container_of(c, struct v9p, channel);
	struct virtq_buf b[P9_PIECES];

	for (unsigned i = 0; i < nr; i++)
		b[i] = (struct virtq_buf){ pieces[i].addr, pieces[i].len, pieces[i].write };
	v->slot_of[virtq_add(&v->q, b, nr)] = (short)slot;
	virtq_notify(&v->q);
}

/* The slot of the next answer and its length; NOBODY: none is left. */
static int next_answer(struct v9p *v, uint32_t *len)
{
	irqflags_t flags = spin_lock_irqsave(&v->channel.lock);
	int slot = NOBODY;
	unsigned id;

	while (slot == NOBODY && virtq_used(&v->q, &id)) {
		slot = v->slot_of[id];
		v->slot_of[id] = NOBODY;
		*len = v->q.used_len;
	}
	spin_unlock_irqrestore(&v->channel.lock, flags);
	return slot;
}

static void v9p_interrupt(struct virtio_device *dev)
{
	struct v9p *v = dev->private;
	uint32_t len = 0;
	int slot;

	while ((slot = next_answer(v, &len)) != NOBODY)
		p9_answered(&v->channel, (unsigned)slot, len);
}

/* What mount(2) calls it: the device's configuration says it. */
static int read_tag(struct v9p *v)
{
	unsigned len = virtio_config16(v->vdev, CFG_TAG_LEN);

	if (!(v->vdev->features & F_MOUNT_TAG) || !len || len > P9_TAG_MAX)
		return -ENODEV;
	for (unsigned i = 0; i < len; i++)
		v->channel.tag[i] = (char)v->vdev->bus->config8(v->vdev, CFG_TAG + i);
	return 0;
}

static int v9p_setup(struct v9p *v)
{
	int err = virtio_negotiate(v->vdev, F_MOUNT_TAG);

	if (!err)
		err = read_tag(v);
	if (!err)
		err = v->vdev->bus->start_interrupts(v->vdev);
	if (!err)
		err = virtq_init(&v->q, v->vdev, 0);
	if (!err && v->q.size < P9_SLOTS * P9_PIECES)
		err = -ENODEV;
	if (err) {
		virtio_fail(v->vdev);
		return err;
	}
	p9_channel_add(&v->channel);
	virtio_ready(v->vdev);
	return 0;
}

int virtio_9p_probe(struct virtio_device *vdev)
{
	struct v9p *v = failpoint("v9p") ? NULL : kzalloc(sizeof(*v), GFP_KERNEL);

	if (!v)
		return -ENOMEM;
	v->vdev = vdev;
	v->channel.send = v9p_send;
	for (unsigned i = 0; i < VIRTQ_MAX; i++)
		v->slot_of[i] = NOBODY;
	vdev->private = v;
	vdev->interrupt = v9p_interrupt;
	return v9p_setup(v);
}
