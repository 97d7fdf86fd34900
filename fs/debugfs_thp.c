/*
 * debugfs split_huge_pages: "PID,0xSTART,0xEND" splits the huge pages of a part of a process, "1" those of all.
 *
 * OWNS     nothing: mm/aspace/thp_split.c does the work.   LOCKS  none.   CONTEXT  boot; tasks, may sleep.
 * FAILS    -EINVAL for other text, a process without memory, and files: these have no huge pages; -ESRCH.
 * SOURCES  Linux Documentation/mm/transhuge.rst.   TESTED BY huge_thp.c
 */
#include "fs/sysfs.h"

#include "base/errno.h"
#include "kernel/task.h"
#include "kernel/task_calls.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/thp.h"
#include "vfs_impl.h"

/* The number at *s, which moves behind it and a comma. Return: there is one. */
static bool next_number(const char **s, uint64_t *out)
{
	const char *end;

	*out = str_to_size(*s, &end);
	if (end == *s)
		return false;
	*s = *end == ',' ? end + 1 : end;
	return true;
}

static int split_of_process(int pid, uaddr_t start, uaddr_t end)
{
	struct task *t = task_find(pid);
	struct mm_struct *mm = t ? task_mm_get(t) : NULL;

	if (!t)
		return -ESRCH;
	task_put(t);
	if (!mm)
		return -EINVAL;
	thp_split_range(mm, start & PAGE_MASK, end & PAGE_MASK);
	mmput(mm);
	return 0;
}

static int split_store(struct proc_entry *e, char *text, size_t len)
{
	const char *s = text;
	uint64_t pid, start, end;

	if (!next_number(&s, &pid))
		return -EINVAL;
	if (!next_number(&s, &start)) {
		if (pid != 1)
			return -EINVAL;
		thp_split_all();
		return 0;
	}
	if (!next_number(&s, &end))
		return -EINVAL;
	return split_of_process((int)pid, (uaddr_t)start, (uaddr_t)end);
}

void debugfs_thp_init(void)
{
	static const struct sysfs_attr file = { .name = "split_huge_pages",
						.mode = 0200,
						.store = split_store };

	boot_need(debugfs_create_files("", &file, 1, NULL), "/sys/kernel/debug/", "");
}
