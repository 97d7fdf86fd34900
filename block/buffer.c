/*
 * Blocks of a file system in the cache of its device.
 *
 * OWNS     the marks of cache.c: which sectors of a page are the file system's to write.
 * WHY      Linux's buffer heads keep a state per block; here a block is a place in a page, and its only state is a bit.
 * I1       block_buf_forget: nothing of the block is under way when it returns, and nothing of it will be written; so whoever
 *          gets the block next may write it by other means.
 * LOCKS    none of its own: who changes a block has the file system's lock for it.
 * CONTEXT  threads that may sleep. What is allocated comes without calling a file system (MM_CTX_NOFS).
 * FAILS    -EIO, -ENOMEM.   TESTED BY  tests/guest/disk_ext2.c
 */
#include "base/errno.h"
#include "block_impl.h"
#include "mm/imports.h"

int block_buf_get(struct block_device *bdev, uint64_t nr, unsigned size, struct block_buf *b)
{
	uint64_t at = nr * size;
	struct mm_ctx *self = mm_ctx_current();
	unsigned outer = self->scoped;
	int err;

	self->scoped |= MM_CTX_NOFS;
	err = mapping_get_page(&bdev->mapping, (unsigned long)(at >> PAGE_SHIFT), &b->page);
	self->scoped = outer;
	if (err)
		return err == -ENOMEM ? err : -EIO;
	b->size = size;
	b->data = (char *)page_address(b->page) + (at & (PAGE_SIZE - 1));
	return 0;
}

void block_buf_dirty(struct block_device *bdev, const struct block_buf *b)
{
	unsigned offset = (unsigned)(b->data - (char *)page_address(b->page));
	unsigned long bits = BUF_PARTIAL | buf_mask(offset, b->size);
	unsigned long old = READ_ONCE(b->page->private), new_value;

	do
		new_value = old & BUF_PARTIAL ? old | bits : bits;
	while (!__atomic_compare_exchange_n(&b->page->private, &old, new_value, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	mapping_set_dirty(&bdev->mapping, b->page);
}

void block_buf_put(struct block_buf *b)
{
	if (b->page)
		put_page(b->page);
	b->page = NULL;
}

void block_buf_forget(struct block_device *bdev, uint64_t nr, unsigned size)
{
	uint64_t at = nr * size;
	struct page *page = mapping_find(&bdev->mapping, (unsigned long)(at >> PAGE_SHIFT));
	unsigned long bits = buf_mask(at & (PAGE_SIZE - 1), size);

	if (!page)
		return;
	if (READ_ONCE(page->private) & BUF_PARTIAL)
		(void)__atomic_fetch_and(&page->private, ~bits, __ATOMIC_SEQ_CST);
	if (page_test(page, PG_writeback)) {
		block_kick(bdev);
		(void)!page_wait_clear(page, PG_writeback, PARK_UNINTERRUPTIBLE);
	}
	put_page(page);
}
