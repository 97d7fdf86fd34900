/*
 * /proc/PID/map_files: a symlink for each mapping of a file, named START-END.
 *
 * WHY      it leads to the file that is mapped, even when its name is gone: only who has CAP_SYS_ADMIN may follow.
 * LOCKS    mmap_lock for read.   CONTEXT  tasks; may sleep.
 * SOURCES  proc(5).   SEE  proc_pid.c: the directory.   TESTED BY proc_mem.c
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "fs/path.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "vfs_impl.h"

enum { HEX_DIGITS = 2 * sizeof(long) };

/* A hexadecimal number without leading zeroes at *p, ended by @end. Return: false when it is none. */
static bool parse_hex(const char **p, char end, unsigned long *out)
{
	const char *s = *p;
	unsigned n;

	if (*s == '0' && s[1] != end)
		return false;
	for (*out = 0, n = 0; *s != end; s++, n++) {
		unsigned digit = (unsigned)(*s >= 'a' ? *s - 'a' + 10 : *s - '0');

		if (digit > 15 || (*s > '9' && *s < 'a') || n == HEX_DIGITS)
			return false;
		*out = *out << 4 | digit;
	}
	*p = s + 1;
	return n != 0;
}

bool map_files_parse(const struct qstr *name, struct map_range *out)
{
	char text[2 * HEX_DIGITS + 2];
	const char *p = text;

	if (name->len >= sizeof(text))
		return false;
	memcpy(text, name->name, name->len);
	text[name->len] = '\0';
	return parse_hex(&p, '-', &out->start) && parse_hex(&p, '\0', &out->end);
}

static void fill_mode(struct map_range *r, const struct vm_area_struct *vma)
{
	r->mode = S_IFLNK | 0400;
	if ((vma->vm_flags & (VM_MAYSHARE | VM_MAYWRITE)) == (VM_MAYSHARE | VM_MAYWRITE))
		r->mode |= 0200;
}

static bool shows(const struct vm_area_struct *vma, const struct map_range *r)
{
	return vma && vma->vm_start == r->start && vma->vm_end == r->end && proc_vma_is_file(vma);
}

int map_files_find(struct task *t, struct map_range *r, struct path_ref *out)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	int err = task_mm_inspect(t, &mm);

	if (err || !mm)
		return err ? err : -ENOENT;
	rwsem_down_read(&mm->mmap_lock);
	vma = find_vma(mm, r->start);
	err = shows(vma, r) ? 0 : -ENOENT;
	if (!err)
		fill_mode(r, vma);
	if (!err && out)
		err = inode_map_path(vma->mapping, out);
	rwsem_up_read(&mm->mmap_lock);
	mmput(mm);
	return err;
}

bool map_files_next(struct task *t, unsigned long from, struct map_range *out)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;

	if (task_mm_inspect(t, &mm) || !mm)
		return false;
	rwsem_down_read(&mm->mmap_lock);
	for (vma = find_vma(mm, from); vma; vma = vma_next(mm, vma)) {
		if (!proc_vma_is_file(vma) || vma->vm_start < from)
			continue;
		*out = (struct map_range){ .start = vma->vm_start, .end = vma->vm_end };
		fill_mode(out, vma);
		break;
	}
	rwsem_up_read(&mm->mmap_lock);
	mmput(mm);
	return vma != NULL;
}
