/*
 * Seals: what may never be done again with a shared object.
 *
 *   F_SEAL_SEAL           no more seals           F_SEAL_WRITE          no write, no hole, no writable shared mapping
 *   F_SEAL_SHRINK, GROW   the size stays          F_SEAL_FUTURE_WRITE   the same, but mappings that exist may go on
 *   F_SEAL_EXEC           the execute bits of the mode stay
 *
 * WHY      two processes that do not trust each other share memory: the receiver looks at the seals once, and then neither
 *          copies nor fears a SIGBUS. So they are checked where bytes change, not where a file is opened.
 * I1       m->seals only gains bits.
 * I2       m->i_mmap_writable is the number of vmas of @m with VM_SHARED and VM_MAYWRITE, and of those being made; with
 *          F_SEAL_WRITE it is 0 and stays 0.                                                     [mapping_check]
 * LOCKS    the owner's lock (rank FS) to add, so that no write or truncation is half done; i_mmap_lock for the count.
 * CONTEXT  threads; does not sleep.   COST  one test of a word for each write.
 * FAILS    -EPERM for what is sealed, -EBUSY for F_SEAL_WRITE over a writable shared mapping.
 * NOT HERE who may add seals (fs); the mode (fs).
 * SOURCES  fcntl(2) "File Sealing", memfd_create(2).   TESTED BY  seal_test.c
 */
#include "base/errno.h"
#include "mm/backing/backing_impl.h"

int mapping_map_writable(struct address_space *m)
{
	int err = 0;

	spin_lock(&m->i_mmap_lock);
	if (m->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		err = -EPERM;
	else
		m->i_mmap_writable++;
	spin_unlock(&m->i_mmap_lock);
	return err;
}

void mapping_unmap_writable(struct address_space *m)
{
	spin_lock(&m->i_mmap_lock);
	m->i_mmap_writable--;
	spin_unlock(&m->i_mmap_lock);
}

int mapping_add_seals(struct address_space *m, unsigned seals)
{
	int err = 0;

	if (m->seals & F_SEAL_SEAL)
		return -EPERM;
	spin_lock(&m->i_mmap_lock);
	if ((seals & ~m->seals & F_SEAL_WRITE) && m->i_mmap_writable)
		err = -EBUSY;
	else
		WRITE_ONCE(m->seals, m->seals | seals);
	spin_unlock(&m->i_mmap_lock);
	return err;
}

bool seal_forbids_write(const struct address_space *m)
{
	return READ_ONCE(m->seals) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

/* Bytes behind the end make the object grow: a write stops with the last page that it can fill without. */
size_t seal_write_len(const struct address_space *m, uint64_t pos, size_t len)
{
	uint64_t end;

	if (likely(!(READ_ONCE(m->seals) & ~(unsigned)F_SEAL_SEAL)))
		return len;
	if (seal_forbids_write(m))
		return 0;
	if (!(m->seals & F_SEAL_GROW) || pos + len <= m->size)
		return len;
	end = round_down_pow2(m->size, (uint64_t)PAGE_SIZE);
	return pos < end ? (size_t)(end - pos) : 0;
}

int seal_resize_ok(const struct address_space *m, uint64_t size)
{
	uint64_t old = mapping_size(m);

	if ((m->seals & F_SEAL_SHRINK) && size < old)
		return -EPERM;
	return (m->seals & F_SEAL_GROW) && size > old ? -EPERM : 0;
}
