/* Seals: what may never be done again with a shared object. fcntl(2), memfd_create(2). */
#ifndef MM_SEAL_H
#define MM_SEAL_H

#include "mm/mapping.h"

/* Seals of fcntl(2): what may not be done any more; reads, writes, cuts and mappings obey. Owner's lock held.
 * 0, -EPERM (F_SEAL_SEAL), -EBUSY (F_SEAL_WRITE and somebody has it mapped to write). */
enum {
	F_SEAL_SEAL = 0x01,
	F_SEAL_SHRINK = 0x02,
	F_SEAL_GROW = 0x04,
	F_SEAL_WRITE = 0x08,
	F_SEAL_FUTURE_WRITE = 0x10,
	F_SEAL_EXEC = 0x20,
	F_ALL_SEALS = 0x3f
};
int must_check mapping_add_seals(struct address_space *m, unsigned seals);
/* A shared mapping that may be written is about to be made (vma.c counts it when it is). 0 or -EPERM: sealed. */
int must_check mapping_map_writable(struct address_space *m);
void mapping_unmap_writable(struct address_space *m);

/* Does the kernel swap on the object? Then nobody else writes, cuts or removes it (swapon(2)). */
static inline bool mapping_is_swap(const struct address_space *m)
{
	return READ_ONCE(m->flags) & MAPPING_SWAP;
}

#endif
