/*
 * /sys/kernel/mm/page_idle/bitmap: which pages nobody has touched since somebody asked.
 *
 * FORMAT   a bit for each frame, in words of 64 bits. Write ones: these pages are idle from now on (pages of programs and
 *          cached pages; others stay as they are). Read: a one for each page that is idle still.
 * WHY      the working set of programs, measured without their help.
 * LOCKS    a cached page is locked while its entries are looked at; who holds the lock uses it: it counts as not idle.
 * CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL for an offset or length that is not a multiple of 8; -ENXIO for writing beyond the last frame.
 * SOURCES  Linux Documentation/admin-guide/mm/idle_page_tracking.rst.   TESTED BY proc_pagemap.c
 */
#include "fs/sysfs.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "mm/rmap.h"
#include "vfs_impl.h"

enum { WORD_BITS = 64 };

/* Forget what accessed bits say, as far as they are there for us. Return: false when the page is busy. */
static bool look(struct page *page)
{
	bool locked = page_state(page) == PS_FILE;

	if (locked && !trylock_page(page))
		return false;
	page_idle_clear_refs(page);
	if (locked)
		unlock_page(page);
	return true;
}

static bool is_idle(pfn_t pfn)
{
	struct page *page = page_get_by_pfn(pfn);
	bool idle = page && page_test(page, PG_idle);

	if (idle)
		idle = look(page) && page_test(page, PG_idle);
	if (page)
		put_page(page);
	return idle;
}

static void make_idle(pfn_t pfn)
{
	struct page *page = page_get_by_pfn(pfn);

	if (!page)
		return;
	if (look(page))
		page_set(page, PG_idle);
	put_page(page);
}

static uint64_t read_word(pfn_t first)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < WORD_BITS && first + i < max_pfn; i++)
		word |= (uint64_t)is_idle(first + i) << i;
	return word;
}

static void write_word(pfn_t first, uint64_t word)
{
	for (unsigned i = 0; i < WORD_BITS && first + i < max_pfn; i++) {
		if (word >> i & 1)
			make_idle(first + i);
	}
}

static long bitmap_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	size_t done = 0;

	if ((*pos | len) % sizeof(uint64_t))
		return -EINVAL;
	while (done < len && *pos * 8 < max_pfn && !fatal_signal_pending()) {
		uint64_t word = read_word((pfn_t)(*pos * 8));

		if (copy_to_user(buf + done, &word, sizeof(word)))
			return done ? (long)done : -EFAULT;
		done += sizeof(word);
		*pos += sizeof(word);
		cond_resched();
	}
	return (long)done;
}

static long bitmap_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	size_t done = 0;

	if ((*pos | len) % sizeof(uint64_t))
		return -EINVAL;
	if (*pos * 8 >= max_pfn)
		return -ENXIO;
	while (done < len && *pos * 8 < max_pfn && !fatal_signal_pending()) {
		uint64_t word;

		if (copy_from_user(&word, buf + done, sizeof(word)))
			return done ? (long)done : -EFAULT;
		write_word((pfn_t)(*pos * 8), word);
		done += sizeof(word);
		*pos += sizeof(word);
		cond_resched();
	}
	return (long)done;
}

void sysfs_idle_init(void)
{
	static const struct file_ops ops = { .read = bitmap_read, .write = bitmap_write };
	static const struct sysfs_attr attrs[] = {
		{ .name = "bitmap", .mode = 0600, .fops = &ops }
	};

	boot_need(sysfs_create_files("kernel/mm/page_idle", attrs, ARRAY_SIZE(attrs), NULL),
		  "/sys/", "kernel/mm/page_idle");
}
