/* Tasks. Members are true as of the last call that looks: current, the finders, for_each_process, rcu_read_lock. */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#define TASK_COMM_LEN	     16
#define TASK_RUNNING	     0
#define TASK_INTERRUPTIBLE   1
#define TASK_UNINTERRUPTIBLE 2
#define __TASK_STOPPED	     4
#define TASK_STOPPED	     4
#define EXIT_DEAD	     0x10
#define EXIT_ZOMBIE	     0x20
#define TASK_DEAD	     0x80
#define PF_EXITING	     VIEW_PF_EXITING
#define PF_KTHREAD	     VIEW_PF_KTHREAD

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
	for_each_process(g)                                                                        \
	{                                                                                          \
		t = g;                                                                             \
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

struct mm_struct *get_task_mm(struct task_struct *task);
void mmput(struct mm_struct *mm);
void schedule(void);
int cond_resched(void);

#endif
