/*
 * ptrace(2): a thread, the tracer, watches and steers another one. A traced thread stops where its tracer wants to know of
 * something; while it is stopped the tracer may look at everything it has and change it.
 */
#ifndef KERNEL_PTRACE_H
#define KERNEL_PTRACE_H

#include "arch/regs.h"
#include "base/compiler.h"
#include "lib/list.h"

struct task;
struct siginfo_k;
struct signal_struct;

enum {
	PTRACE_EVENT_FORK = 1,
	PTRACE_EVENT_VFORK,
	PTRACE_EVENT_CLONE,
	PTRACE_EVENT_EXEC,
	PTRACE_EVENT_VFORK_DONE,
	PTRACE_EVENT_EXIT,
	PTRACE_EVENT_SECCOMP,
	PTRACE_EVENT_STOP = 128
};
/* PTRACE_O_*: a bit for each event, and these. */
enum { PTRACE_O_SYSGOOD = 1, PTRACE_O_EXITKILL = 1 << 20 };
#define PTRACE_O_MASK (0xffU | PTRACE_O_EXITKILL)

/* task->stop_work: counted in signal->stop_left; to stop for the tracer; to join the stop of the group, no longer traced. */
enum { STOP_COUNTED = 1, STOP_TRAP = 2, STOP_REJOIN = 4 };
enum ptrace_mode { PTRACE_MODE_CONT, PTRACE_MODE_SYSCALL, PTRACE_MODE_STEP };

/* Of a traced thread; part of its struct task. b: changed with tasklist_lock and sighand->lock held, read under either. */
struct ptrace {
	struct task *tracer;	/* b; NULL: not traced */
	struct list_head link;	/* t: tracer->signal->tracees */
	unsigned options;	/* s: PTRACE_O_* */
	int code;		/* s: of the stop: signal | event << 8 */
	int resume_sig;		/* s: the tracer's signal to go on with */
	unsigned long message;	/* s: PTRACE_GETEVENTMSG */
	struct siginfo_k *info; /* s: of the stop; NULL: a group stop */
	bool seized;		/* b */
	bool capable;		/* b: the tracer had CAP_SYS_PTRACE: execve may raise rights */
	bool stopped;		/* s: the tracer may look */
	bool reported;		/* s: wait has said so */
	bool listening;		/* s: stopped, but not to be looked at: PTRACE_LISTEN */
	bool syscall,
		step;	/* s: changed while stopped: stop at system calls, after an instruction */
	bool forced_tf; /* s: the trap flag is the tracer's, not the program's */
	bool in_call;	/* o: a system call that is watched is under way */
};

/* ---- the traced thread, about itself ---- */
/* Stop for the tracer. @info: of the signal, or NULL (group stop). Return: the signal to go on with; 0: none; PTRACE_NO_STOP:
 * there is no tracer any more, or a SIGKILL. */
enum { PTRACE_NO_STOP = -1 };
int ptrace_stop(int code, int why, struct siginfo_k *info);
/* Something happened that the tracer may have asked to hear of. */
void ptrace_event(int event, unsigned long message);
bool ptrace_wants(int event);
/* A group stop, or a PTRACE_INTERRUPT, on the way to user mode. */
void ptrace_trap(void);
/* execve has succeeded; the thread was @old_tid before. */
void ptrace_exec(int old_tid);
/*
 * An execve that raises rights: from _hold to _let nobody attaches to a thread of the process (who wants to waits). Return: false:
 * a tracer without CAP_SYS_PTRACE has the caller, so the rights must stay as they are.
 */
bool must_check ptrace_rights_hold(void);
void ptrace_rights_let(void);
/* Which event a clone(2) is to the caller's tracer, 0: none. */
int ptrace_clone_event(bool vfork, int exit_signal);
void ptrace_clone_regs(struct task *child); /* the caller's steps are not its child's */
/* @child, not started yet, is traced as the caller is. */
void ptrace_inherit(struct task *child);
/* The call that @regs asks for, of a thread whose calls are watched by a tracer or by filters. Return: its number; -1: none, regs->ax
 * is the result. */
long ptrace_call_enter(struct pt_regs *regs);
/* A signal handler was entered while single-stepping: it stops at the first instruction. */
void ptrace_handler_entered(void);
/* Step mode is off while a signal frame is built: Return: was it on? */
bool ptrace_step_suspend(struct pt_regs *regs);
/* The way back to user mode after a stop, or from a watched call. */
void ptrace_exit_work(struct pt_regs *regs);

/* ---- families; tasklist_lock held ---- */
void ptrace_unlink_locked(struct task *t); /* of a thread that is gone */
void ptrace_exit_tracer(struct task *me);  /* the caller ends: all that it traces go free */
void ptrace_notify_exit(struct task *t);   /* the zombie @t's tracer is told */
/* SIGCONT came for @t, whose sighand->lock is held, too. */
void ptrace_continued(struct task *t);

/* ---- the tracer ---- */
int must_check ptrace_traceme(void);					    /* 0, -EPERM */
int must_check ptrace_attach(struct task *t, bool seize, unsigned options); /* 0, -EPERM, -EINTR */
/* @t is the caller's, and stopped (or in whatever state, @any): 0, -ESRCH. Its registers rest. */
int must_check ptrace_check(struct task *t, bool any);
void ptrace_detach(struct task *t, int sig);
void ptrace_resume(struct task *t, enum ptrace_mode mode, int sig);
int must_check ptrace_interrupt(struct task *t); /* 0, -EIO */
int must_check ptrace_listen(struct task *t);	 /* 0, -EIO */
/* The stop's siginfo to or from @info. 0, -ESRCH, -EINVAL (a group stop). */
int must_check ptrace_siginfo(struct task *t, struct siginfo_k *info, bool set);
/* Pending signal number @n of @t (@shared: of its process). Return: there is one. */
bool ptrace_peek_signal(struct task *t, bool shared, uint64_t n, struct siginfo_k *info);
void ptrace_set_blocked(struct task *t, uint64_t mask);

#endif
