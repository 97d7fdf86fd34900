/*
 * Virtio network devices: eth0 and on.
 *
 *	ring 0, receive: all BUFFERS with the device ── used: one frame ── read ── back to the device
 *	ring 1, send:    a free buffer is filled ── with the device ── used: free again, looked for when one is needed
 *
 * OWNS     the rings and the buffers: a header and a frame each, two to a page.
 * WHY      the device tells of received frames alone; what it has sent is found when a buffer is needed. No frame is made or summed by
 *          the device (no offloads): a header is all zeroes.
 * I1       a buffer belongs to the device or to us; buffer_of[] says which one a chain is.
 * I2       what the device reports is believed in bounds only: a length beyond the buffer is a lost frame.
 * LOCKS    the stack's lock; the interrupt only wakes.
 * FAILS    -ENOMEM, -ENODEV. Without a free buffer a frame is not sent.
 * SOURCES  Virtual I/O Device (VIRTIO) 1.1, 5.1 "Network Device".   TESTED BY  tools/pack/pack_test.py
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "net/netdev.h"
#include "sync/failpoint.h"
#include "virtio_impl.h"

enum { BUFFERS = VRING_BUFFERS, BUFFER_SIZE = 2048, RX = 0, TX = 1, CFG_MAC = 0, NO_INTERRUPT = 1 };
#define F_MAC (1ULL << 5)

struct vnet_header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

struct vnet {
	struct netdev dev;
	struct virtio_device *vdev;
	struct vring rings[2];
	short reading; /* the buffer whose frame is being read */
};

static struct vnet *vnet_of(struct netdev *dev)
{
	return container_of(dev, struct vnet, dev);
}

/* ---- sending ---- */

static void *vnet_room(struct netdev *dev)
{
	struct vring *r = &vnet_of(dev)->rings[TX];
	short i;

	while ((i = vring_take(r)) != VRING_NONE)
		r->free[r->nr_free++] = i;
	return r->nr_free ? r->buffer[r->free[r->nr_free - 1]] + sizeof(struct vnet_header) : NULL;
}

static void vnet_send(struct netdev *dev, unsigned len)
{
	struct vring *r = &vnet_of(dev)->rings[TX];
	short i = r->free[--r->nr_free];

	memset(r->buffer[i], 0, sizeof(struct vnet_header));
	vring_give(r, i, sizeof(struct vnet_header) + len, false);
	virtq_notify(&r->q);
}

/* ---- receiving ---- */

static void vnet_done(struct netdev *dev)
{
	struct vnet *v = vnet_of(dev);

	vring_give(&v->rings[RX], v->reading, BUFFER_SIZE, true);
	virtq_notify(&v->rings[RX].q);
}

static unsigned vnet_receive(struct netdev *dev, const void **frame)
{
	struct vnet *v = vnet_of(dev);
	struct vring *r = &v->rings[RX];

	while ((v->reading = vring_take(r)) != VRING_NONE) {
		uint32_t len = r->q.used_len;

		if (len > sizeof(struct vnet_header) && len <= BUFFER_SIZE) {
			*frame = r->buffer[v->reading] + sizeof(struct vnet_header);
			return len - (unsigned)sizeof(struct vnet_header);
		}
		vnet_done(dev);
	}
	return 0;
}

static void vnet_interrupt(struct virtio_device *dev)
{
	(void)dev;
	netdev_wake();
}

static const struct netdev_ops vnet_ops = {
	.room = vnet_room,
	.send = vnet_send,
	.receive = vnet_receive,
	.done = vnet_done,
};

/* ---- set-up ---- */

/* What it has got stays, should the rest fail: a device may know of it. */
static int ring_setup(struct vnet *v, unsigned index)
{
	struct vring *r = &v->rings[index];
	int err = vring_init(r, v->vdev, index, BUFFERS);

	if (err)
		return err;
	for (unsigned i = 0; i < r->nr; i++) {
		if (i % 2)
			r->buffer[i] = r->buffer[i - 1] + BUFFER_SIZE;
		else
			r->buffer[i] = failpoint("vnet_buffer")
					       ? NULL
					       : (char *)__get_free_pages(GFP_KERNEL, 0);
		if (!r->buffer[i])
			return -ENOMEM;
		if (index == TX)
			r->free[r->nr_free++] = (short)i;
		else
			vring_give(r, (short)i, BUFFER_SIZE, true);
	}
	if (index == TX)
		r->q.avail->flags = NO_INTERRUPT;
	return 0;
}

static int vnet_setup(struct vnet *v)
{
	int err = virtio_negotiate(v->vdev, F_MAC);

	if (!err && !(v->vdev->features & F_MAC))
		err = -ENODEV;
	if (!err)
		err = v->vdev->bus->start_interrupts(v->vdev);
	if (!err)
		err = ring_setup(v, RX);
	if (!err)
		err = ring_setup(v, TX);
	if (err) {
		virtio_fail(v->vdev);
		return err;
	}
	for (unsigned i = 0; i < sizeof(v->dev.mac); i++)
		v->dev.mac[i] = v->vdev->bus->config8(v->vdev, CFG_MAC + i);
	virtio_ready(v->vdev);
	virtq_notify(&v->rings[RX].q);
	return netdev_add(&v->dev);
}

int virtio_net_probe(struct virtio_device *vdev)
{
	struct vnet *v = failpoint("vnet") ? NULL : kzalloc(sizeof(*v), GFP_KERNEL);

	if (!v)
		return -ENOMEM;
	v->vdev = vdev;
	v->dev.ops = &vnet_ops;
	v->dev.mtu = 1500;
	vdev->private = v;
	vdev->interrupt = vnet_interrupt;
	return vnet_setup(v);
}
