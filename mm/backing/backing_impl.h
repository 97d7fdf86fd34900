/* Inside mm/backing: how pages enter and leave a mapping. */
#ifndef MM_BACKING_IMPL_H
#define MM_BACKING_IMPL_H

#include "mm/mapping.h"

/* The object's size; the owner's lock serialises writers. Readers of 32-bit CPUs need m->lock to see 8 bytes whole. */
void mapping_set_size_locked(struct address_space *m, uint64_t size);
static inline void mapping_set_size(struct address_space *m, uint64_t size)
{
	if (sizeof(long) == sizeof(size))
		WRITE_ONCE(m->size, size);
	else
		mapping_set_size_locked(m, size);
}
/* mapping_find_run with pages that have no contents yet. */
void mapping_find_all(struct address_space *m, unsigned long first, unsigned nr,
		      struct page **pages);
/* A page for @index that nobody else sees yet: PS_FILE, refcount 1, contents undefined, not in the index. NULL: no memory. */
struct page *must_check mapping_new_page(struct address_space *m, unsigned long index);
/* Put a new page into the index; the cache takes its own reference. 0, -EEXIST, -ENOMEM, or ops->reserve's error. */
int must_check mapping_add_page(struct address_space *m, struct page *page);
/* Take @page, locked, out of the index; the cache's reference is now the caller's to put, ops->release to call. */
void mapping_remove_page(struct address_space *m, struct page *page);
/* Unmap and remove all pages of [first, last]; @private_too: beyond the end, private copies go as well. Sleeps. */
void mapping_remove_range(struct address_space *m, unsigned long first, unsigned long last,
			  bool private_too);

/* ---- seal.c ---- */
bool seal_forbids_write(const struct address_space *m);
/* How much of a write of @len > 0 bytes at @pos the seals allow; 0: -EPERM. Owner's lock held. */
size_t seal_write_len(const struct address_space *m, uint64_t pos, size_t len);
int must_check seal_resize_ok(const struct address_space *m, uint64_t size); /* 0 or -EPERM */

#endif
