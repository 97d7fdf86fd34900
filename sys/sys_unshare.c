/*
 * unshare(2), setns(2): what clone(2) shared becomes the caller's own.
 *
 * WHY      there is one namespace of each kind: asking for another is answered as by a Linux built without them.
 * LOCKS    tasklist_lock while a part is exchanged: others read files and fs of the task under it.
 * CONTEXT  a task; sleeps.   FAILS    -EINVAL, -EPERM, -ENOMEM, -EBADF; then nothing has changed.
 * SOURCES  unshare(2), setns(2), namespaces(7).   TESTED BY  tests/guest/proc_unshare.c
 */
#include "sys/sys.h"

#include "fs/file.h"
#include "fs/path.h"
#include "ipc/ipc.h"
#include "mm/mm.h"
#include "uapi/clone.h"

#define UNSHARE_PARTS                                                                              \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* What is asked for means more than it says. */
static unsigned long implied(unsigned long flags)
{
	if (flags & CLONE_NEWUSER)
		flags |= CLONE_THREAD | CLONE_FS;
	if (flags & CLONE_NEWNS)
		flags |= CLONE_FS;
	if (flags & CLONE_VM)
		flags |= CLONE_SIGHAND;
	if (flags & CLONE_SIGHAND)
		flags |= CLONE_THREAD;
	return flags;
}

/* Threads, handlers and memory cannot be taken apart; nothing is to do when nobody shares them. */
static int check_alone(unsigned long flags)
{
	const struct task *t = current_task();

	if ((flags & CLONE_THREAD) && READ_ONCE(t->signal->nr_threads) > 1)
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && atomic_read(&t->sighand->refs) > 1)
		return -EINVAL;
	return (flags & CLONE_VM) && atomic_read(&t->mm_ctx.mm->mm_users) > 1 ? -EINVAL : 0;
}

static int check_namespaces(unsigned long flags)
{
	if (!(flags & CLONE_NAMESPACES))
		return 0;
	return flags & CLONE_NEWUSER || capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
}

/* The new parts take the place of the old ones, which are let go of. */
static void install_parts(struct fs_struct *fs, struct files_struct *files)
{
	struct task *t = current_task();
	struct fs_struct *old_fs = NULL;
	struct files_struct *old_files = NULL;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	if (fs) {
		old_fs = t->fs;
		t->fs = fs;
	}
	if (files) {
		old_files = t->files;
		t->files = files;
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	fs_struct_put(old_fs);
	if (old_files)
		files_put(old_files);
}

int unshare_parts(unsigned long flags)
{
	const struct task *t = current_task();
	struct files_struct *files = NULL;
	struct fs_struct *fs = NULL;

	if ((flags & CLONE_FS) && atomic_read(&t->fs->refs) > 1) {
		fs = fs_struct_dup(t->fs);
		if (!fs)
			return -ENOMEM;
	}
	if ((flags & CLONE_FILES) && files_shared(t->files)) {
		files = files_dup(t->files);
		if (!files) {
			fs_struct_put(fs);
			return -ENOMEM;
		}
	}
	install_parts(fs, files);
	return 0;
}

SYS(unshare)
{
	unsigned long flags = implied(a0);
	int err;

	if (a0 & ~(unsigned long)(UNSHARE_PARTS | CLONE_NAMESPACES))
		return -EINVAL;
	err = check_alone(flags);
	if (!err)
		err = check_namespaces(flags);
	if (!err)
		err = unshare_parts(flags);
	if (!err && (flags & CLONE_SYSVSEM))
		ipc_put_undo(current_task());
	return err;
}

SYS(setns)
{
	struct file *f = fd_file((int)a0);

	if (!f)
		return -EBADF;
	fput(f); /* no file stands for a namespace */
	return -EINVAL;
}
