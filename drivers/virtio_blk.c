/*
 * Virtio disks: /dev/vda and on.
 *
 *   block layer's queue ── start: a request in a slot ── header, pages, status in the ring ──> device
 *                          its interrupt: slots of used chains, their bios end, start again <──
 *
 * OWNS     a struct vblk per disk: its ring and its slots (what a request keeps while the device has it).
 * WHY      as many requests at once as the ring has room for; the driver is called with its disk's lock held and never waits.
 * I1       a slot is free (on the list) or belongs to the chain whose first descriptor is slot_of[]'s index.
 * I2       what the device reports is believed in bounds only: a chain that is nobody's is dropped, an unknown status is EIO.
 * LOCKS    disk->lock (irqsave) for ring and slots.
 * CONTEXT  start: any. Interrupt: interrupts off. Ends of bios: the same, without the lock.
 * FAILS    -EIO, -EOPNOTSUPP, in the bio.
 * SOURCES  Virtual I/O Device (VIRTIO) 1.1, 5.2 "Block Device".   TESTED BY  tests/guest/disk_block.c
 */
#include "base/errno.h"
#include "block/gendisk.h"
#include "lib/fmt.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "virtio_impl.h"

enum { VBLK_MAJOR = 254, MAX_DISKS = 26, SLOTS = VIRTQ_MAX / 3, MAX_VECS = 64 };
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_DISCARD = 11 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };
enum {
	CFG_CAPACITY = 0,
	CFG_SIZE_MAX = 8,
	CFG_SEG_MAX = 12,
	CFG_BLK_SIZE = 20,
	CFG_MAX_DISCARD = 36,
	CFG_DISCARD_ALIGN = 44
};
#define F_SIZE_MAX (1ULL << 1)
#define F_SEG_MAX  (1ULL << 2)
#define F_RO	   (1ULL << 5)
#define F_BLK_SIZE (1ULL << 6)
#define F_FLUSH	   (1ULL << 9)
#define F_DISCARD  (1ULL << 13)

struct vblk_header {
	uint32_t type, reserved;
	uint64_t sector;
};

struct vblk_range { /* of a discard */
	uint64_t sector;
	uint32_t nr, flags;
};

struct slot {
	struct vblk_header header; /* read by the device, and range; status is written */
	struct vblk_range range;
	uint8_t status;
	struct request rq;
	struct slot *next; /* while free */
};

struct vblk {
	struct gendisk disk;
	struct virtio_device *dev;
	struct virtq q;
	struct slot *free;
	struct slot *slot_of[VIRTQ_MAX]; /* by first descriptor */
	struct slot slots[SLOTS];
};

static unsigned nr_disks;

/* ---- requests ---- */

static unsigned add_data(const struct slot *s, struct virtq_buf *bufs)
{
	bool read = s->rq.op == REQ_OP_READ;
	struct bio *bio;
	unsigned n = 0;

	if (s->rq.op == REQ_OP_DISCARD) {
		bufs[n++] = (struct virtq_buf){ virt_to_phys(&s->range), sizeof(s->range), false };
		return n;
	}
	list_for_each_entry (bio, &s->rq.bios, link) {
		for (unsigned i = 0; i < bio->nr_vecs; i++) {
			const struct bio_vec *v = &bio->vecs[i];
			phys_t pa = ((phys_t)page_to_pfn(v->page) << PAGE_SHIFT) + v->offset;

			bufs[n++] = (struct virtq_buf){ pa, v->len, read };
		}
	}
	return n;
}

static void send(struct vblk *b, struct slot *s)
{
	static const uint32_t types[] = { [REQ_OP_READ] = T_IN,
					  [REQ_OP_WRITE] = T_OUT,
					  [REQ_OP_FLUSH] = T_FLUSH,
					  [REQ_OP_DISCARD] = T_DISCARD };
	struct virtq_buf bufs[MAX_VECS + 2];
	bool data = s->rq.op == REQ_OP_READ || s->rq.op == REQ_OP_WRITE;
	unsigned n;

	s->header = (struct vblk_header){ types[s->rq.op], 0, data ? s->rq.sector : 0 };
	s->range = (struct vblk_range){ s->rq.sector, (uint32_t)s->rq.nr_sectors, 0 };
	s->status = 0xff;
	bufs[0] = (struct virtq_buf){ virt_to_phys(&s->header), sizeof(s->header), false };
	n = 1 + add_data(s, bufs + 1);
	bufs[n++] = (struct virtq_buf){ virt_to_phys(&s->status), 1, true };
	b->slot_of[virtq_add(&b->q, bufs, n)] = s;
}

static void vblk_start(struct gendisk *disk)
{
	struct vblk *b = disk->private;

	while (b->free && b->q.nr_free >= 3) {
		struct slot *s = b->free;

		if (!disk_next(disk, &s->rq, b->q.nr_free - 2U))
			break;
		b->free = s->next;
		send(b, s);
	}
	virtq_notify(&b->q);
}

static int status_error(uint8_t status)
{
	if (status == S_OK)
		return 0;
	return status == S_UNSUPP ? -EOPNOTSUPP : -EIO;
}

static void vblk_interrupt(struct virtio_device *dev)
{
	struct vblk *b = dev->private;
	struct list_head done = LIST_HEAD_INIT(done);
	irqflags_t flags = spin_lock_irqsave(&b->disk.lock);
	unsigned id;

	while (virtq_used(&b->q, &id)) {
		struct slot *s = b->slot_of[id];

		if (!s)
			continue;
		b->slot_of[id] = NULL;
		disk_ended(&b->disk, &s->rq, status_error(READ_ONCE(s->status)), &done);
		s->next = b->free;
		b->free = s;
	}
	vblk_start(&b->disk);
	spin_unlock_irqrestore(&b->disk.lock, flags);
	bios_end(&done);
}

static const struct gendisk_ops vblk_ops = { .start = vblk_start };

/* ---- set-up ---- */

static void read_limits(struct vblk *b)
{
	struct virtio_device *dev = b->dev;
	struct gendisk *d = &b->disk;
	uint32_t n;

	d->block_size = SECTOR_SIZE;
	if (dev->features & F_BLK_SIZE) {
		n = virtio_config32(dev, CFG_BLK_SIZE);
		d->block_size = is_pow2(n) && n >= SECTOR_SIZE && n <= PAGE_SIZE ? n : SECTOR_SIZE;
	}
	n = dev->features & F_SEG_MAX ? virtio_config32(dev, CFG_SEG_MAX) : 1;
	d->max_vecs = min_of(unsigned, n ? n : 1, min_of(unsigned, MAX_VECS, b->q.size - 2));
	d->max_sectors = MAX_VECS * PAGE_SECTORS;
	d->readonly = dev->features & F_RO;
	d->can_flush = dev->features & F_FLUSH;
	d->can_discard = dev->features & F_DISCARD;
	if (d->can_discard) {
		n = virtio_config32(dev, CFG_MAX_DISCARD);
		d->max_discard = n ? n : 1;
		n = virtio_config32(dev, CFG_DISCARD_ALIGN);
		d->discard_align = n ? n : 1;
	}
}

static int queue_setup(struct vblk *b)
{
	int err = b->dev->bus->start_interrupts(b->dev);

	if (!err)
		err = virtq_init(&b->q, b->dev, 0);
	/* A page in pieces of BIO_VECS is the least that goes at once; without SEG_MAX or with a tiny ring it does not. */
	if (!err && b->q.size < BIO_VECS + 2)
		err = -ENODEV;
	return err;
}

static int vblk_setup(struct vblk *b)
{
	int err = virtio_negotiate(b->dev, F_SEG_MAX | F_RO | F_BLK_SIZE | F_FLUSH | F_DISCARD);

	if (!err)
		err = queue_setup(b);
	if (err) {
		virtio_fail(b->dev);
		return err;
	}
	read_limits(b);
	if (b->disk.max_vecs < BIO_VECS)
		return -ENODEV;
	virtio_ready(b->dev);
	return disk_add(&b->disk, virtio_config64(b->dev, CFG_CAPACITY));
}

int virtio_blk_probe(struct virtio_device *dev)
{
	struct vblk *b;

	if (nr_disks == MAX_DISKS)
		return -ENOSPC;
	b = failpoint("vblk") ? NULL : kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->dev = dev;
	dev->private = b;
	dev->interrupt = vblk_interrupt;
	for (unsigned i = 0; i < SLOTS; i++) {
		b->slots[i].next = b->free;
		b->free = &b->slots[i];
	}
	b->disk.ops = &vblk_ops;
	b->disk.driver = "virtblk";
	b->disk.private = b;
	b->disk.major = VBLK_MAJOR;
	b->disk.first_minor = nr_disks * DISK_MINORS;
	fmt_snprintf(b->disk.name, sizeof(b->disk.name), "vd%c", 'a' + nr_disks);
	nr_disks++;
	disk_init(&b->disk);
	return vblk_setup(b);
}
