/*
 * Virtio consoles: /dev/hvc0 and on.
 *
 *	ring 0, input:  all BUFFERS with the device ── used: bytes ── the tty takes what it has room for ── back to the device
 *	ring 1, output: the tty's output ring ── a free buffer ── with the device ── used: free again, and filled anew
 *
 * OWNS     struct hvc of each: a terminal, its rings, their buffers of a page each.
 * HOW      one at a time delivers input (delivering): it looks again, under the lock, at what there is and at the room there is
 *          before it stops. Who finds it at work has nothing to do: the interrupt, and a reader that has made room.
 * I1       a buffer belongs to the device or to us; buffer_of[] says which one a chain is.
 * I2       no byte is lost here: input that the tty has no room for stays in its buffer, and the device then has no more of them.
 *          (QEMU's virtconsole itself drops output that the other end of its socket or pipe does not take at once.)
 * I3       the tty's output ring holds bytes only while all buffers are with the device, or output is stopped.
 * I4       what the device reports is believed in bounds only: a length beyond the buffer is a piece without bytes.
 * LOCKS    tty->lock for all of it; the input is received without it.   CONTEXT  push, interrupt: any.
 * COST     a copy of the bytes each way; an interrupt and a notification for a page.
 * FAILS    -ENOMEM, -ENODEV at the start; more than CONSOLES of them: -ENODEV.
 * NOT HERE several ports of a device (F_MULTIPORT), its size (F_SIZE), output before there are rings (F_EMERG_WRITE).
 * SOURCES  Virtual I/O Device (VIRTIO) 1.1, 5.3 "Console Device".   TESTED BY  tests/guest/tty_hvc.c, tools/pack/pack_test.py
 */
#include "base/errno.h"
#include "drivers/tty_impl.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "virtio_impl.h"

enum { CONSOLES = 8, BUFFERS = 8, RX = 0, TX = 1 };
_Static_assert(CONSOLES <= 10, "a name has one digit");

/* Fields: l = tty.lock, i = immutable once it is found. */
struct hvc {
	struct tty tty;
	struct virtio_device *vdev; /* i */
	struct vring rings[2];	    /* l */
	bool delivering;	    /* l */
	short reading;		    /* l: the buffer whose bytes are delivered; VRING_NONE */
	unsigned at, len;	    /* l: of it: delivered, all */
};

static struct hvc *consoles[CONSOLES]; /* set at boot */
static unsigned nr_consoles;

static struct hvc *hvc_of(struct tty *tty)
{
	return container_of(tty, struct hvc, tty);
}

struct tty *hvc_get(dev_k dev)
{
	return MINOR(dev) < nr_consoles ? &consoles[MINOR(dev)]->tty : NULL;
}

/* ---- output ---- */

static void hvc_push(struct tty *tty)
{
	struct vring *r = &hvc_of(tty)->rings[TX];
	const uint8_t *run;
	size_t n;
	short i;

	while ((i = vring_take(r)) != VRING_NONE)
		r->free[r->nr_free++] = i;
	while (r->nr_free && (n = ldisc_output(&tty->disc, &run))) {
		i = r->free[--r->nr_free];
		n = min_of(size_t, n, PAGE_SIZE);
		memcpy(r->buffer[i], run, n);
		ldisc_output_sent(&tty->disc, n);
		vring_give(r, i, (unsigned)n, false);
	}
	virtq_notify(&r->q);
}

static bool hvc_sending(struct tty *tty)
{
	struct vring *r = &hvc_of(tty)->rings[TX];

	return READ_ONCE(r->nr_free) < r->nr;
}

/* ---- input ---- */

/* The next buffer with bytes, if there is none yet: VRING_NONE without. */
static short next_input(struct hvc *h)
{
	struct vring *r = &h->rings[RX];

	while (h->reading == VRING_NONE && (h->reading = vring_take(r)) != VRING_NONE) {
		h->at = 0;
		h->len = r->q.used_len <= PAGE_SIZE ? r->q.used_len : 0;
		if (h->len)
			break;
		vring_give(r, h->reading, PAGE_SIZE, true);
		h->reading = VRING_NONE;
	}
	return h->reading;
}

/* What the tty has room for. */
static void deliver(struct hvc *h)
{
	struct vring *r = &h->rings[RX];
	irqflags_t f = spin_lock_irqsave(&h->tty.lock);
	size_t n;

	if (h->delivering)
		goto unlock;
	h->delivering = true;
	while (next_input(h) != VRING_NONE && (n = ldisc_room(&h->tty.disc))) {
		n = min_of(size_t, n, h->len - h->at);
		spin_unlock_irqrestore(&h->tty.lock, f);
		tty_receive(&h->tty, (uint8_t *)r->buffer[h->reading] + h->at, n);
		f = spin_lock_irqsave(&h->tty.lock);
		h->at += (unsigned)n;
		if (h->at == h->len) {
			vring_give(r, h->reading, PAGE_SIZE, true);
			h->reading = VRING_NONE;
		}
	}
	h->delivering = false;
	virtq_notify(&r->q);
unlock:
	spin_unlock_irqrestore(&h->tty.lock, f);
}

static void hvc_resume(struct tty *tty)
{
	deliver(hvc_of(tty));
}

static const struct tty_line hvc_line = {
	.push = hvc_push,
	.resume = hvc_resume,
	.sending = hvc_sending,
	.is_port = true,
};

static void hvc_interrupt(struct virtio_device *dev)
{
	struct hvc *h = dev->private;
	irqflags_t f;

	if (!h->tty.dev) /* its rings may not be there yet */
		return;
	deliver(h);
	f = spin_lock_irqsave(&h->tty.lock);
	tty_push(&h->tty);
	spin_unlock_irqrestore(&h->tty.lock, f);
	waitq_wake_all(&h->tty.write_wait);
}

/* ---- set-up ---- */

/* What it has got stays, should the rest fail: a device may know of it. */
static int ring_setup(struct hvc *h, unsigned index)
{
	struct vring *r = &h->rings[index];
	int err = vring_init(r, h->vdev, index, BUFFERS);

	if (err)
		return err;
	for (unsigned i = 0; i < r->nr; i++) {
		r->buffer[i] = failpoint("hvc_buffer")
				       ? NULL
				       : (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 0);
		if (!r->buffer[i])
			return -ENOMEM;
		if (index == TX)
			r->free[r->nr_free++] = (short)i;
		else
			vring_give(r, (short)i, PAGE_SIZE, true);
	}
	return 0;
}

static int hvc_node(unsigned minor)
{
	char name[] = "hvc0";
	static struct tty_driver_line line = {
		.driver = "hvc",
		.node = "hvc",
		.kind = "system",
		.major = HVC_MAJOR,
		.nr = CONSOLES,
	};
	int err = minor ? 0 : chrdev_register(HVC_MAJOR, 0, CONSOLES, &tty_fops, "hvc");

	if (!err && !minor)
		tty_driver_add(&line);

	name[3] = (char)(name[3] + minor);
	return err ? err : chrdev_create("tty", name, 0600, MKDEV(HVC_MAJOR, minor));
}

static int hvc_setup(struct hvc *h)
{
	int err = nr_consoles < CONSOLES ? virtio_negotiate(h->vdev, 0) : -ENODEV;

	if (!err)
		err = h->vdev->bus->start_interrupts(h->vdev);
	if (!err)
		err = ring_setup(h, RX);
	if (!err)
		err = ring_setup(h, TX);
	if (err) {
		virtio_fail(h->vdev);
		return err;
	}
	h->tty.dev = MKDEV(HVC_MAJOR, nr_consoles);
	consoles[nr_consoles++] = h;
	virtio_ready(h->vdev);
	deliver(h); /* tells the device of the buffers */
	return hvc_node(MINOR(h->tty.dev));
}

int virtio_console_probe(struct virtio_device *vdev)
{
	struct hvc *h = failpoint("hvc") ? NULL : kzalloc(sizeof(*h), GFP_KERNEL);

	if (!h)
		return -ENOMEM;
	h->vdev = vdev;
	h->reading = VRING_NONE;
	h->tty.line = &hvc_line;
	spin_init(&h->tty.lock, RANK_OBJECT);
	waitq_init(&h->tty.read_wait);
	waitq_init(&h->tty.write_wait);
	mutex_init(&h->tty.write_lock, RANK_FS_TTY);
	ldisc_init(&h->tty.disc);
	vdev->private = h;
	vdev->interrupt = hvc_interrupt;
	return hvc_setup(h);
}
