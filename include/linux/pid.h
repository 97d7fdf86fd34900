/* Numbers of tasks. */
#ifndef _LINUX_PID_H
#define _LINUX_PID_H

#include <linux/mm_types.h>

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };

struct pid_namespace { /* there is one */
	unsigned int level;
};
static struct pid_namespace init_pid_ns __attribute__((unused));

struct pid *find_get_pid(int nr);
struct pid *find_vpid(int nr);
void put_pid(struct pid *pid);
struct task_struct *module_pid_task(struct pid *pid);
struct task_struct *find_task_by_vpid(pid_t nr);

static inline struct task_struct *pid_task(struct pid *pid, enum pid_type type)
{
	return module_pid_task(pid);
}

static inline struct task_struct *get_pid_task(struct pid *pid, enum pid_type type)
{
	struct task_struct *task = module_pid_task(pid);

	if (task)
		(void)__atomic_fetch_add(&task->face.count.counter, 1, __ATOMIC_SEQ_CST);
	return task;
}

static inline pid_t pid_nr(struct pid *pid)
{
	return pid ? pid->nr : 0;
}

#define pid_vnr(pid)		    pid_nr(pid)
#define find_task_by_pid_ns(nr, ns) find_task_by_vpid(nr)
#define find_pid_ns(nr, ns)	    find_vpid(nr)

#endif
