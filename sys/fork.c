/*
 * fork(2), vfork(2), clone(2), clone3(2): a new task from the calling one.
 *
 * OWNS     struct clone_req for the time of one call.
 * WHY      every part is copied or shared before the task is published; from then on nothing fails. A part that
 *          fails leaves by one ladder in clone_undo, which the published task never takes.
 * LOCKS    none held across calls.   CONTEXT  a task; sleeps.
 * FAILS    -EAGAIN (RLIMIT_NPROC, no pid), -ENOMEM, -EINVAL (impossible flags; namespaces, which are not there), -EPERM
 *          (namespaces without the right to them; a pid of one's own choice), -EEXIST, -EMFILE.
 * SOURCES  clone(2), fork(2), vfork(2), set_tid_address(2).
 */
#include "sys/sys.h"

#include "arch/ldt.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/pidfd.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "mm/mempolicy.h"
#include "mm/mm.h"
#include "sync/klog.h"
#include "uapi/clone.h"
#include "uapi/ldt.h"

struct clone_req {
	uint64_t flags; /* without the signal */
	int exit_signal;
	uaddr_t stack; /* 0: keep */
	uaddr_t parent_tid, child_tid, tls;
	uaddr_t pidfd_at; /* CLONE_PIDFD */
	int tid;	  /* the child's, 0: any */
};

static int clone_check(const struct clone_req *r)
{
	if (r->flags & CLONE_NAMESPACES)
		return r->flags & CLONE_NEWUSER || capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	if ((r->flags & CLONE_THREAD) && !(r->flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((r->flags & CLONE_SIGHAND) && !(r->flags & CLONE_VM))
		return -EINVAL;
	if ((r->flags & CLONE_SIGHAND) && (r->flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((r->flags & CLONE_PIDFD) && (r->flags & (CLONE_THREAD | CLONE_DETACHED)))
		return -EINVAL;
	if ((r->flags & CLONE_PIDFD) && (r->flags & CLONE_PARENT_SETTID) &&
	    r->pidfd_at == r->parent_tid)
		return -EINVAL;
	return r->exit_signal > NSIG ? -EINVAL : 0;
}

static bool over_process_limit(const struct task *t)
{
	return nr_user_processes(t->cred->uid) >= rlimit_cur(RLIMIT_NPROC) && t->cred->uid &&
	       !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN);
}

static int clone_mm(struct task *c, const struct task *parent, const struct clone_req *r)
{
	struct mm_struct *mm = parent->mm_ctx.mm;

	if (!(r->flags & CLONE_VM)) {
		const int err = mm_dup(mm, &c->mm_ctx.mm);

		return err ? err : ldt_dup(c->mm_ctx.mm, mm);
	}
	mmget(mm);
	c->mm_ctx.mm = mm;
	return 0;
}

static int clone_files(struct task *c, struct task *parent, const struct clone_req *r)
{
	if (r->flags & CLONE_FILES) {
		files_get(parent->files);
		c->files = parent->files;
	} else {
		c->files = files_dup(parent->files);
	}
	if (r->flags & CLONE_FS) {
		atomic_inc(&parent->fs->refs);
		c->fs = parent->fs;
	} else {
		c->fs = fs_struct_dup(parent->fs);
	}
	return c->files && c->fs ? 0 : -ENOMEM;
}

static int clone_signals(struct task *c, struct task *parent, const struct clone_req *r)
{
	if (r->flags & CLONE_SIGHAND) {
		atomic_inc(&parent->sighand->refs);
		c->sighand = parent->sighand;
	} else {
		c->sighand = sighand_dup(parent->sighand);
	}
	if (r->flags & CLONE_THREAD) {
		c->signal = signal_get(parent->signal);
	} else {
		c->signal = signal_dup(parent, r->exit_signal);
	}
	if (c->sighand && (r->flags & CLONE_CLEAR_SIGHAND))
		signal_exec_reset(c);
	if (!(r->flags & CLONE_VM) || (r->flags & CLONE_VFORK))
		c->altstack = parent->altstack;
	else
		c->altstack = (struct sigaltstack_k){ .ss_flags = SS_DISABLE };
	return c->sighand && c->signal ? 0 : -ENOMEM;
}

static int clone_tls(struct task *c, const struct clone_req *r)
{
	struct user_desc d;

	if (!(r->flags & CLONE_SETTLS))
		return 0;
	if (!abi_32()) {
		if (r->tls >= USER_TOP)
			return -EPERM;
		arch_set_fsbase(&c->thread.arch, r->tls);
		return 0;
	}
	if (get_user(&d, r->tls))
		return -EFAULT;
	return arch_set_tls(&c->thread.arch, &d, false);
}

/* Let go of all that an unpublished task has; credentials and signals go with the task. */
static void clone_undo(struct task *c)
{
	if (c->fs)
		fs_struct_put(c->fs);
	if (c->files)
		files_put(c->files);
	if (c->mm_ctx.mm)
		mmput(c->mm_ctx.mm);
	c->mm_ctx.mm = NULL;
	ipc_put_undo(c);
	task_free_unpublished(c);
}

static int clone_parts(struct task *c, struct task *parent, const struct clone_req *r)
{
	int err;

	c->cred = cred_get(parent->cred);
	if (!(r->flags & CLONE_VM))
		rseq_fork(c, parent);
	mpol_fork(&c->mm_ctx, &parent->mm_ctx);
	if (r->flags & CLONE_CHILD_SETTID)
		c->set_child_tid = r->child_tid;
	if (r->flags & CLONE_CHILD_CLEARTID)
		c->clear_child_tid = r->child_tid;
	err = clone_files(c, parent, r);
	if (!err)
		err = clone_signals(c, parent, r);
	if (!err && (r->flags & CLONE_SYSVSEM))
		err = ipc_share_undo(c);
	if (!err)
		err = clone_mm(c, parent, r);
	if (!err)
		err = arch_thread_fork(&c->thread.arch, c->thread.kstack, &parent->thread.arch,
				       r->stack);
	if (!err)
		err = clone_tls(c, r);
	return err;
}

/* A descriptor for the child, in nobody's table before the child is there. */
struct child_pidfd {
	int fd;
	struct file *file; /* NULL: not wanted */
};

static void pidfd_cancel(struct child_pidfd *p)
{
	if (p->file)
		fput(p->file);
	if (p->fd >= 0)
		fd_unreserve(p->fd);
	*p = (struct child_pidfd){ .fd = -1 };
}

static int clone_pidfd(struct task *c, const struct clone_req *r, struct child_pidfd *p)
{
	if (!(r->flags & CLONE_PIDFD))
		return 0;
	p->fd = fd_reserve(0, true);
	if (p->fd < 0)
		return p->fd;
	p->file = pidfd_file(c->signal, 0);
	if (!p->file)
		return file_error();
	return put_user(r->pidfd_at, &p->fd) ? -EFAULT : 0;
}

/*
 * The parent of vfork sleeps until the child has released its memory; a fatal signal ends the wait. The queue lies on this stack and the
 * child wakes it after it has set @done, under tasklist_lock: who has held that lock since knows that the child is through.
 */
static void wait_for_vfork(struct task *c, struct waitq *q, bool *done)
{
	irqflags_t f;

	(void)wait_event_killable(q, READ_ONCE(*done));
	f = spin_lock_irqsave(&tasklist_lock);
	c->vfork_done = NULL;
	c->vfork_flag = NULL;
	spin_unlock_irqrestore(&tasklist_lock, f);
}

/* The caller is traced: so is the child, if its tracer, or the caller, wants that. Return: the event of it, 0. */
static int clone_traced(struct task *c, const struct clone_req *r)
{
	int event = ptrace_clone_event(r->flags & CLONE_VFORK, r->exit_signal);

	ptrace_clone_regs(c);
	if (r->flags & CLONE_UNTRACED)
		event = 0;
	if (event || r->flags & CLONE_PTRACE)
		ptrace_inherit(c);
	return event;
}

static long do_clone(const struct clone_req *r)
{
	struct task *parent = current_task(), *c;
	struct waitq vfork_q;
	struct child_pidfd pidfd = { .fd = -1 };
	bool vfork_done = false;
	int pid, event = 0, err = clone_check(r);

	if (err)
		return err;
	if (over_process_limit(parent) || nr_tasks() >= (unsigned)READ_ONCE(max_threads))
		return -EAGAIN;
	c = task_alloc(parent->comm);
	if (!c)
		return -ENOMEM;
	err = clone_parts(c, parent, r);
	if (!err)
		err = clone_pidfd(c, r, &pidfd);
	if (!err) {
		if (r->flags & CLONE_VFORK) {
			waitq_init(&vfork_q);
			c->vfork_done = &vfork_q;
			c->vfork_flag = &vfork_done;
		}
		err = task_publish(c,
				   r->flags & (CLONE_PARENT | CLONE_THREAD) ? parent->signal->parent
									    : parent,
				   r->flags & CLONE_THREAD, r->tid);
	}
	if (err) {
		pidfd_cancel(&pidfd);
		clone_undo(c);
		return err;
	}
	pid = c->pid;
	if (unlikely(parent->ptrace.tracer))
		event = clone_traced(c, r);
	if (pidfd.file)
		fd_install(pidfd.fd, pidfd.file);
	task_get(c); /* it may be gone before vfork's wait ends */
	if ((r->flags & CLONE_PARENT_SETTID) && put_user(r->parent_tid, &pid))
		pr_debug("clone: parent_tid of %d is not writable", pid);
	sched_start(&c->thread);
	if (unlikely(event))
		ptrace_event(event, (unsigned long)pid);
	if (r->flags & CLONE_VFORK) {
		wait_for_vfork(c, &vfork_q, &vfork_done);
		ptrace_event(PTRACE_EVENT_VFORK_DONE, (unsigned long)pid);
	}
	task_put(c);
	return pid;
}

SYS(fork)
{
	return do_clone(&(struct clone_req){ .exit_signal = SIGCHLD });
}

SYS(vfork)
{
	return do_clone(
		&(struct clone_req){ .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD });
}

SYS(clone)
{
	struct clone_req r = {
		.flags = (uint32_t)a0 & ~CSIGNAL,
		.exit_signal = (int)(a0 & CSIGNAL),
		.stack = a1,
		.parent_tid = a2,
		.pidfd_at = a2,
		.child_tid = abi_clone_child_tid(a3, a4),
		.tls = abi_clone_tls(a3, a4),
	};

	return do_clone(&r);
}

struct clone_args_k {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};
enum { CLONE_ARGS_SIZE_VER0 = 64 };

static int clone_args_check(const struct clone_args_k *a)
{
	if ((a->flags & (CSIGNAL | CLONE_DETACHED)) || a->flags & ~(CLONE_INTO_CGROUP * 2 - 1))
		return -EINVAL;
	if (a->flags & CLONE_INTO_CGROUP) /* there are no cgroups: no descriptor is one */
		return -EBADF;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal)
		return -EINVAL;
	if (a->exit_signal > NSIG || (!a->stack) != (!a->stack_size))
		return -EINVAL;
	return a->stack && !access_ok((uaddr_t)a->stack, (size_t)a->stack_size) ? -EINVAL : 0;
}

/* The pid that the caller wants for the child: one number, for there is one pid namespace. */
static int clone_args_tid(const struct clone_args_k *a, int *tid)
{
	*tid = 0;
	if (!a->set_tid != !a->set_tid_size || a->set_tid_size > 1)
		return -EINVAL;
	if (!a->set_tid)
		return 0;
	if (get_user(tid, (uaddr_t)a->set_tid))
		return -EFAULT;
	if (*tid < 1 || *tid >= READ_ONCE(sysctl_pid_max))
		return -EINVAL;
	return capable(CAP_SYS_ADMIN) || capable(CAP_CHECKPOINT_RESTORE) ? 0 : -EPERM;
}

SYS(clone3)
{
	struct clone_args_k a = { 0 };
	struct clone_req r;
	int tid, err = get_struct(&a, sizeof(a), CLONE_ARGS_SIZE_VER0, a0, a1);

	if (!err)
		err = clone_args_check(&a);
	if (!err)
		err = clone_args_tid(&a, &tid);
	if (err)
		return err;
	r = (struct clone_req){ .flags = a.flags,
				.exit_signal = (int)a.exit_signal,
				.stack = (uaddr_t)(a.stack + a.stack_size),
				.parent_tid = (uaddr_t)a.parent_tid,
				.child_tid = (uaddr_t)a.child_tid,
				.tls = (uaddr_t)a.tls,
				.pidfd_at = (uaddr_t)a.pidfd,
				.tid = tid };
	return do_clone(&r);
}
