/*
 * debugfs hwpoison: corrupt-pfn and unpoison-pfn, which take the number of a frame.
 *
 * OWNS     nothing: mm/reclaim/poison.c does the work.   LOCKS  none.   CONTEXT  boot; tasks, may sleep.
 * FAILS    -EPERM without CAP_SYS_ADMIN, -EINVAL for what is no number, -ENXIO for no frame, -EBUSY as mm/poison.h.
 * SOURCES  Linux Documentation/mm/hwpoison.rst.   TESTED BY mem_poison.c
 */
#include "fs/sysfs.h"

#include "base/errno.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/poison.h"
#include "vfs_impl.h"

/* The frame that the text names. 0 or -errno. */
static int parse_pfn(char *text, size_t len, pfn_t *out)
{
	uint64_t n;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (str_to_u64(text, &n))
		return -EINVAL;
	*out = (pfn_t)n;
	return n < max_pfn && pfn_valid((pfn_t)n) ? 0 : -ENXIO;
}

static int corrupt_store(struct proc_entry *e, char *text, size_t len)
{
	struct page *page;
	pfn_t pfn;
	int err = parse_pfn(text, len, &pfn);

	if (err)
		return err;
	page = page_get_by_pfn(pfn);
	return page ? memory_failure(page) : -EBUSY;
}

static int unpoison_store(struct proc_entry *e, char *text, size_t len)
{
	pfn_t pfn;
	int err = parse_pfn(text, len, &pfn);

	return err ? err : unpoison_memory(pfn);
}

void debugfs_poison_init(void)
{
	static const struct sysfs_attr attrs[] = {
		{ .name = "corrupt-pfn", .mode = 0200, .store = corrupt_store },
		{ .name = "unpoison-pfn", .mode = 0200, .store = unpoison_store },
	};

	boot_need(debugfs_create_files("hwpoison", attrs, ARRAY_SIZE(attrs), NULL),
		  "/sys/kernel/debug/", "hwpoison");
}
