/*
 * Virtio devices, version 1: what their drivers see of them, whichever bus they sit on. Inside drivers/.
 */
#ifndef DRIVERS_VIRTIO_IMPL_H
#define DRIVERS_VIRTIO_IMPL_H

#include "base/compiler.h"
#include "base/config.h"
#include "base/types.h"

enum { VIRTIO_ID_NET = 1, VIRTIO_ID_BLOCK = 2, VIRTIO_ID_CONSOLE = 3, VIRTIO_ID_9P = 9 };
enum {
	VIRTIO_ACKNOWLEDGE = 1,
	VIRTIO_DRIVER = 2,
	VIRTIO_DRIVER_OK = 4,
	VIRTIO_FEATURES_OK = 8,
	VIRTIO_FAILED = 128
};
#define VIRTIO_F_VERSION_1 (1ULL << 32)

enum { VIRTQ_MAX = 128 }; /* descriptors; fewer than a device may offer */
enum { VIRTQ_DESC_NEXT = 1, VIRTQ_DESC_WRITE = 2 };

struct virtq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};
struct virtq_avail {
	uint16_t flags, idx, ring[];
};
struct virtq_used_elem {
	uint32_t id, len;
};
struct virtq_used {
	uint16_t flags, idx;
	struct virtq_used_elem ring[];
};

struct virtio_device;

/* A split ring. Its user's lock guards it. */
struct virtq {
	struct virtio_device *dev;
	unsigned index, size;
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
	uint16_t free, nr_free; /* chain of free descriptors */
	uint16_t last_used;	/* what of used->ring we have seen */
	uint32_t
		used_len; /* bytes that the device wrote of the request that virtq_used gave last */
	uint16_t added;	  /* since the last virtq_notify */
	volatile void *notify; /* where the device is told */
	bool notify32;	       /* the register's width */
};

/* How the bus reaches the device. */
struct virtio_bus {
	uint8_t (*get_status)(struct virtio_device *dev);
	void (*set_status)(struct virtio_device *dev, uint8_t status);
	uint32_t (*get_features)(struct virtio_device *dev, unsigned word);
	void (*set_features)(struct virtio_device *dev, unsigned word, uint32_t bits);
	/* Its size, at most; 0: there is no such queue. */
	unsigned (*queue_max)(struct virtio_device *dev, unsigned index);
	int (*queue_start)(struct virtio_device *dev, struct virtq *q); /* tells the addresses */
	uint8_t (*config8)(struct virtio_device *dev, unsigned off);
	/* Interrupts come to dev->interrupt from now on. */
	int (*start_interrupts)(struct virtio_device *dev);
};

struct virtio_device {
	const struct virtio_bus *bus;
	unsigned id;
	uint64_t features; /* agreed on */
	void (*interrupt)(
		struct virtio_device *dev); /* some queue has used buffers; interrupt context */
	void *private;			    /* of the driver */
	/* The bus's: */
	volatile char *regs, *config, *isr, *notify;
	unsigned notify_step, config_len, irq;
	uint32_t pci; /* bus << 16 | dev << 8 | fn */
	volatile char *msix;
};

/* ---- virtio.c ---- */
static inline bool virtio_has_driver(unsigned id)
{
	return id == VIRTIO_ID_BLOCK || id == VIRTIO_ID_CONSOLE || id == VIRTIO_ID_9P ||
	       (CFG_INET && id == VIRTIO_ID_NET);
}
/* A device was found: give it to its driver. @dev is copied into one that lives for ever. */
void virtio_found(const struct virtio_device *dev);
/* Agree on what both know; VERSION_1 is a must. 0 or -ENODEV. */
int must_check virtio_negotiate(struct virtio_device *dev, uint64_t known);
void virtio_ready(struct virtio_device *dev); /* the queues are set up */
void virtio_fail(struct virtio_device *dev);
uint16_t virtio_config16(struct virtio_device *dev, unsigned off);
uint32_t virtio_config32(struct virtio_device *dev, unsigned off);
uint64_t virtio_config64(struct virtio_device *dev, unsigned off);

/* ---- virtqueue.c ---- */
int must_check virtq_init(struct virtq *q, struct virtio_device *dev, unsigned index);
struct virtq_buf {
	phys_t addr;
	uint32_t len;
	bool write; /* by the device */
};
/* One request of @nr pieces, at most q->nr_free. Return: its number, which virtq_used gives back. */
unsigned virtq_add(struct virtq *q, const struct virtq_buf *bufs, unsigned nr);
void virtq_notify(struct virtq *q); /* what was added since the last time */
/* A request that the device has done with; its descriptors are free. Return: false: none. A wrong number is dropped. */
bool virtq_used(struct virtq *q, unsigned *id);

/* A ring whose requests are a buffer each. Its user's lock guards it. */
enum { VRING_BUFFERS = 64, VRING_NONE = -1 };
struct vring {
	struct virtq q;
	char *buffer[VRING_BUFFERS];
	short buffer_of[VIRTQ_MAX]; /* by first descriptor; VRING_NONE */
	short free[VRING_BUFFERS];  /* sending: a stack */
	unsigned nr_free, nr;
};
/* As virtq_init; the ring has room for @nr buffers, at most @max, that the caller is to fill in. */
int must_check vring_init(struct vring *r, struct virtio_device *dev, unsigned index, unsigned max);
void vring_give(struct vring *r, short i, unsigned len,
		bool write); /* to the device; virtq_notify tells it */
/* A buffer that the device has done with; VRING_NONE. */
short vring_take(struct vring *r);

/* ---- the buses ---- */
void virtio_pci_scan(void);
void virtio_mmio_scan(void);

/* ---- drivers ---- */
int must_check virtio_blk_probe(struct virtio_device *dev);
int must_check virtio_console_probe(struct virtio_device *dev);
int must_check virtio_9p_probe(struct virtio_device *dev);
int must_check virtio_net_probe(struct virtio_device *dev); /* CFG_INET */

#endif
