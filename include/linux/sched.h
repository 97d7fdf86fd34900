/* Tasks. Members are true as of the last call that looks: current, the finders, for_each_process, rcu_read_lock. */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/smp.h>
#include <linux/wait.h>

#include <asm/processor.h>

#include "uapi/signal.h"

#define TASK_COMM_LEN	     16
#define TASK_RUNNING	     0
#define TASK_INTERRUPTIBLE   1
#define TASK_UNINTERRUPTIBLE 2
#define __TASK_STOPPED	     4
#define TASK_STOPPED	     4
#define __TASK_TRACED	     8
#define EXIT_DEAD	     0x10
#define EXIT_ZOMBIE	     0x20
#define TASK_PARKED	     0x40
#define TASK_DEAD	     0x80
#define TASK_WAKEKILL	     0x100
#define TASK_IDLE	     0x402
#define TASK_KILLABLE	     (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)
#define MAX_SCHEDULE_TIMEOUT LONG_MAX
#define SCHED_NORMAL	     0
#define SCHED_FIFO	     1
#define SCHED_RR	     2
#define SCHED_BATCH	     3
#define SCHED_IDLE	     5
#define MAX_RT_PRIO	     100
#define MAX_PRIO	     140
#define DEFAULT_PRIO	     120
#define PF_EXITING	     VIEW_PF_EXITING
#define PF_KTHREAD	     VIEW_PF_KTHREAD
#define PF_WQ_WORKER	     VIEW_PF_WQ_WORKER

extern struct task_struct init_task;
extern struct mm_struct init_mm;

struct task_struct *module_current(void);
#define current	      (module_current())
#define get_current() current
struct task_struct *module_first_task(void);

static inline struct task_struct *next_task(struct task_struct *p)
{
	return list_entry(p->tasks.next, struct task_struct, tasks);
}

static inline struct task_struct *next_thread(struct task_struct *p)
{
	return list_entry(p->thread_group.next, struct task_struct, thread_group);
}

#define for_each_process(p)                                                                        \
	for (p = next_task(module_first_task()); p != &init_task; p = next_task(p))
#define for_each_thread(p, t)                                                                      \
	for (t = (p)->group_leader; t;                                                             \
	     t = next_thread(t) == (p)->group_leader ? NULL : next_thread(t))
#define for_each_process_thread(p, t) for_each_process(p) for_each_thread(p, t)
#define do_each_thread(g, t)                                                                       \
	for (g = t = module_first_task(); (g = t = next_task(g)) != &init_task;)                   \
		do
#define while_each_thread(g, t) while ((t = next_thread(t)) != g)

static inline struct pid *task_pid(struct task_struct *p)
{
	return &p->face;
}

static inline pid_t task_pid_nr(struct task_struct *p)
{
	return p->pid;
}

static inline pid_t task_tgid_nr(struct task_struct *p)
{
	return p->tgid;
}

#define task_pid_vnr(p)	       task_pid_nr(p)
#define task_pid_nr_ns(p, ns)  ((void)(ns), task_pid_nr(p))
#define task_tgid_nr_ns(p, ns) ((void)(ns), task_tgid_nr(p))
#define task_tgid_vnr(p)       task_tgid_nr(p)
#define task_ppid_nr(p)	       ((p)->real_parent->tgid)
#define task_state_index(p)    ((p)->__state)
#define task_cpu(p)	       ((unsigned int)(p)->cpu)
#define task_nice(p)	       ((p)->static_prio - 120)
#define task_uid(p)	       ((p)->cred->uid)
#define task_is_running(p)     ((p)->__state == TASK_RUNNING)
#define thread_group_leader(p) ((p)->group_leader == (p))
#define get_task_comm(buf, p)  (__builtin_memcpy(buf, (p)->comm, TASK_COMM_LEN), (buf))
#define get_task_struct(p)     ((void)__atomic_fetch_add(&(p)->face.count.counter, 1, __ATOMIC_SEQ_CST))
#define put_task_struct(p)     ((void)__atomic_fetch_sub(&(p)->face.count.counter, 1, __ATOMIC_SEQ_CST))
#define task_lock(p)	       ((void)(p))
#define task_unlock(p)	       ((void)(p))

#define task_state_to_char(p) ("RSDTtXZPI"[task_state_letter_nr(p)])

static inline unsigned int task_state_letter_nr(const struct task_struct *p)
{
	unsigned int s = p->__state | (unsigned int)p->exit_state;

	return s & EXIT_ZOMBIE ? 6
	       : s & EXIT_DEAD ? 5
	       : s & 0xf       ? (unsigned int)__builtin_ffs((int)(s & 0xf))
			       : 0;
}

struct mm_struct *get_task_mm(struct task_struct *task);
void mmput(struct mm_struct *mm);

/* ---- sleeping and waking ---- */
void module_set_state(unsigned int state);
unsigned int module_get_state(void);
void schedule(void);
long schedule_timeout(long timeout); /* Return: what is left */
void yield(void);
int cond_resched(void);
int wake_up_process(struct task_struct *task);
bool signal_pending(struct task_struct *task);
int module_send_sig(int sig, struct task_struct *task);
void module_allow_signal(int sig, int allowed);
#define set_current_state(s)	  module_set_state(s)
#define __set_current_state(s)	  module_set_state(s)
#define get_current_state()	  module_get_state()
#define io_schedule()		  schedule()
#define fatal_signal_pending(p)	  signal_pending(p)
#define need_resched()		  0
#define send_sig(sig, task, priv) module_send_sig(sig, task)
#define force_sig(sig, ...)	  ((void)module_send_sig(sig, current))

#include <linux/sched_task.h>
#include <linux/signal.h>

#endif
