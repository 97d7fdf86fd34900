/*
 * exit(2) and exit_group(2): the calling thread gives everything back.
 *
 * WHY      memory and files go while the task can still sleep; kernel/exit.c then turns it into a zombie.
 * LOCKS    tasklist_lock while the fields that others read are cleared.   CONTEXT  a task; sleeps; never returns.
 * SOURCES  _exit(2), exit_group(2), wait(2) (status encoding).
 */
#include "sys/sys.h"

#include "drivers/tty.h"
#include "fs/file.h"
#include "fs/path.h"
#include "ipc/ipc.h"
#include "kernel/core.h"
#include "kernel/futex.h"
#include "kernel/posix_timer.h"
#include "kernel/time.h"
#include "mm/mm.h"

void do_exit(int code)
{
	struct task *t = current_task();
	struct files_struct *files = t->files;
	struct fs_struct *fs = t->fs;
	struct mm_struct *mm;
	bool last;
	irqflags_t f;

	core_join();
	if (unlikely(t->ptrace.tracer))
		ptrace_event(PTRACE_EVENT_EXIT, (unsigned long)code);
	last = group_exit_last();

	t->mm_ctx.exiting = true;
	if (t->mm_ctx.mm)
		futex_exit_thread(t, true);
	if (last) {
		itimer_exit(t->signal);
		posix_timers_exit(t->signal);
		if (t->signal->is_session_leader)
			tty_disassociate(true);
	}
	mm = sched_use_mm(NULL);
	vfork_release(t);
	if (mm)
		mmput(mm);
	ipc_exit(t);
	/* /proc reads these of other tasks under the lock: nobody finds a dying table. */
	f = spin_lock_irqsave(&tasklist_lock);
	t->files = NULL;
	t->fs = NULL;
	spin_unlock_irqrestore(&tasklist_lock, f);
	if (files)
		files_put(files);
	if (fs)
		fs_struct_put(fs);
	task_exit_finish(code);
}

SYS(exit)
{
	do_exit((int)(a0 & 0xff) << 8);
}

SYS(exit_group)
{
	do_exit(group_exit_begin((int)(a0 & 0xff) << 8));
}
