/*
 * Local descriptor tables: modify_ldt(2).
 *
 * OWNS     the memory of mm->root.ldt.
 * WHY      a table in use is never written: other CPUs read it at any instruction. Each change
 *          makes a new table, hands it to the CPUs that run in the mm, and frees the old one when
 *          none of them has it (hw/tlb.c). So a change costs a copy of the table and an interrupt;
 *          a switch between programs without one costs a comparison.
 * I1       root.ldt is NULL or has 1..8192 entries, each 0 or a segment of ring 3 (hw/desc.c, I1).
 * I2       it changes only under mmap_lock held for write; who has the lock may read it.
 * 16 BITS  stack segments of the LDT may have 16 bits, and then the processor restores only half of
 *          the stack pointer when the kernel returns: see trap32.S, espfix.c.
 * LOCKS    mm->mmap_lock, not held while user memory is touched: reads copy out of a snapshot.
 * CONTEXT  threads; sleeps.
 * FAILS    -ENOMEM: the table stays what it was.
 * SOURCES  modify_ldt(2); SDM volume 3A, "Segment Descriptor Tables".
 *          TESTED BY  tests/guest/seg_ldt.c.
 */
#include "arch/ldt.h"

#include "arch/uaccess.h"
#include "arch/x86/entry/espfix.h"
#include "arch/x86/hw/ldt.h"
#include "arch/x86/hw/tlb.h"
#include "lib/string.h"
#include "mm/imports.h"
#include "mm/mm.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

enum { LDT_READ = 0, LDT_WRITE_OLD = 1, LDT_READ_DEFAULT = 2, LDT_WRITE = 0x11 };
enum { CONTENTS_CONFORMING = 3 };
/* Bytes that func 2 gives: the table every program had on old kernels. */
enum { DEFAULT_BYTES = sizeof(long) == 8 ? 128 : 5 * 8 };

/* A table of @nr entries: @old's, zeroes behind them. NULL: no memory. */
static struct ldt *ldt_copy(const struct ldt *old, unsigned nr)
{
	struct ldt *l = failpoint("ldt") ? NULL : kvzalloc(sizeof(*l) + nr * sizeof(l->entries[0]));

	if (!l)
		return NULL;
	l->nr_entries = nr;
	if (old)
		memcpy(l->entries, old->entries, old->nr_entries * sizeof(l->entries[0]));
	return l;
}

int ldt_dup(struct mm_struct *to, struct mm_struct *from)
{
	int err = 0;

	if (!READ_ONCE(from->root.ldt))
		return 0;
	rwsem_down_read(&from->mmap_lock);
	to->root.ldt = ldt_copy(from->root.ldt, from->root.ldt->nr_entries);
	if (!to->root.ldt)
		err = -ENOMEM;
	rwsem_up_read(&from->mmap_lock);
	return err;
}

/* A copy of the running program's table in *@out; NULL there: it has none. */
static int ldt_snapshot(struct mm_struct *mm, struct ldt **out)
{
	int err = 0;

	*out = NULL;
	if (rwsem_down_read_killable(&mm->mmap_lock))
		return -EINTR;
	if (mm->root.ldt) {
		*out = ldt_copy(mm->root.ldt, mm->root.ldt->nr_entries);
		err = *out ? 0 : -ENOMEM;
	}
	rwsem_up_read(&mm->mmap_lock);
	return err;
}

static long ldt_read(struct mm_struct *mm, uaddr_t ptr, unsigned long bytes)
{
	struct ldt *l;
	long ret = ldt_snapshot(mm, &l);

	if (ret || !l)
		return ret;
	bytes = min_of(unsigned long, bytes, LDT_MAX_ENTRIES * sizeof(l->entries[0]));
	const size_t have = min_of(size_t, bytes, l->nr_entries * sizeof(l->entries[0]));

	ret = (long)bytes;
	if (copy_to_user(ptr, l->entries, have) || clear_user(ptr + have, bytes - have))
		ret = -EFAULT;
	kvfree(l);
	return ret;
}

static long ldt_read_default(uaddr_t ptr, unsigned long bytes)
{
	bytes = min_of(unsigned long, bytes, DEFAULT_BYTES);
	return clear_user(ptr, bytes) ? -EFAULT : (long)bytes;
}

/* Entry @nr of @mm's table becomes @value; the table grows as needed. */
static int ldt_replace(struct mm_struct *mm, unsigned nr, uint64_t value)
{
	struct ldt *old, *l;

	if (rwsem_down_write_killable(&mm->mmap_lock))
		return -EINTR;
	old = mm->root.ldt;
	l = ldt_copy(old, max_of(unsigned, nr + 1, old ? old->nr_entries : 0));
	if (l) {
		l->entries[nr] = value;
		WRITE_ONCE(mm->root.ldt, l);
		tlb_update_ldt(&mm->root);
	}
	rwsem_up_write(&mm->mmap_lock);
	if (!l)
		return -ENOMEM;
	kvfree(old);
	return 0;
}

static int desc_check(const struct user_desc *d, bool old_form)
{
	if (d->entry_number >= LDT_MAX_ENTRIES)
		return -EINVAL;
	/* Conforming code only when it is not present: a gate of another program might lead into it. */
	if (d->contents == CONTENTS_CONFORMING && (old_form || !d->seg_not_present))
		return -EINVAL;
	return 0;
}

static long ldt_write(struct mm_struct *mm, uaddr_t ptr, unsigned long bytes, bool old_form)
{
	struct user_desc d;
	int err;

	if (bytes != sizeof(d))
		return -EINVAL;
	if (get_user(&d, ptr))
		return -EFAULT;
	err = desc_check(&d, old_form);
	if (err)
		return err;
	espfix_prepare();
	if (old_form) {
		d.useable = 0;
		if (!d.base_addr && !d.limit)
			return ldt_replace(mm, d.entry_number, 0);
	}
	return ldt_replace(mm, d.entry_number, desc_is_empty(&d) ? 0 : desc_encode(&d));
}

long ldt_modify(int func, uaddr_t ptr, unsigned long bytes)
{
	struct mm_struct *mm = mm_ctx_current()->mm;

	switch (func) {
	case LDT_READ:
		return ldt_read(mm, ptr, bytes);
	case LDT_READ_DEFAULT:
		return ldt_read_default(ptr, bytes);
	case LDT_WRITE_OLD:
	case LDT_WRITE:
		return ldt_write(mm, ptr, bytes, func == LDT_WRITE_OLD);
	}
	return -ENOSYS;
}
