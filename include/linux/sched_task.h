/* More questions about a task. Included by linux/sched.h. */
#ifndef _LINUX_SCHED_TASK_H
#define _LINUX_SCHED_TASK_H

#include <linux/sched.h>

#include "uapi/resource.h"

#define THREAD_SIZE (VIEW_STACK_PAGES * PAGE_SIZE)

static inline int get_nr_threads(const struct task_struct *p)
{
	return p->signal->nr_threads;
}
#define thread_group_empty(p)		 (get_nr_threads(p) == 1)
#define has_group_leader_pid(p)		 thread_group_leader(p)
#define pid_alive(p)			 (!((p)->exit_state & EXIT_DEAD))
#define task_is_stopped(p)		 (((p)->__state & __TASK_STOPPED) != 0)
#define task_is_traced(p)		 (((p)->__state & __TASK_TRACED) != 0)
#define task_pgrp_nr(p)			 ((p)->signal->pgrp)
#define task_pgrp_vnr(p)		 task_pgrp_nr(p)
#define task_session_nr(p)		 ((p)->signal->session)
#define task_session_vnr(p)		 task_session_nr(p)
#define task_ppid_vnr(p)		 task_ppid_nr(p)
#define task_prio(p)			 ((p)->prio - MAX_RT_PRIO)
#define rt_task(p)			 ((p)->prio < MAX_RT_PRIO)
#define task_cputime_adjusted(p, ut, st) (*(ut) = (p)->utime, *(st) = (p)->stime)
#define task_cputime(p, ut, st)		 task_cputime_adjusted(p, ut, st)
#define task_stack_page(p)		 ((p)->stack)
#define end_of_stack(p)			 ((unsigned long *)task_stack_page(p))
#define object_is_on_stack(o)                                                                      \
	((unsigned long)(o) - (unsigned long)task_stack_page(current) < THREAD_SIZE)
#define task_active_pid_ns(p) (&init_pid_ns)

#define is_global_init(p)	((p)->tgid == 1)
#define task_thread_info(p)	(&(p)->thread_info)
#define current_thread_info()	(&current->thread_info)
#define task_rlimit(p, n)	((p)->signal->rlim[n].rlim_cur)
#define task_rlimit_max(p, n)	((p)->signal->rlim[n].rlim_max)
#define rlimit(n)		task_rlimit(current, n)
#define rlimit_max(n)		task_rlimit_max(current, n)
#define RLIM_INFINITY		(~0UL)
#define task_is_dead(p)		((p)->exit_state != 0)
#define same_thread_group(a, b) ((a)->tgid == (b)->tgid)
#define get_task_pid(p, type)	find_get_pid((p)->pid)
#define task_tgid(p)		task_pid((p)->group_leader)
#define delay_group_leader(p)	0

#endif
