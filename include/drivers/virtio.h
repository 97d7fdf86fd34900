/* Virtio devices: disks. */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

/* Find them on PCI, and where virtio_mmio.device= says. After the file systems: they register devices. Threads. */
void virtio_init(void);

#endif
