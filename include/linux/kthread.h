/* Kernel threads of modules. */
#ifndef _LINUX_KTHREAD_H
#define _LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

/* A thread that waits for wake_up_process; ERR_PTR(-ENOMEM). */
struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *name, ...);
/* What fn returned; -EINTR when it never began. Returns when nothing of the thread is left. */
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);
void kthread_bind(struct task_struct *task, unsigned int cpu);
void do_exit(long code) __noreturn;

#define kthread_run(fn, data, ...)                                                                 \
	({                                                                                         \
		struct task_struct *kthread_new_ = kthread_create(fn, data, __VA_ARGS__);          \
		if (!IS_ERR(kthread_new_))                                                         \
			wake_up_process(kthread_new_);                                             \
		kthread_new_;                                                                      \
	})
#define kthread_create_on_node(fn, data, node, ...) kthread_create(fn, data, __VA_ARGS__)
#define kthread_complete_and_exit(c, code)                                                         \
	do {                                                                                       \
		struct completion *kthread_last_ = (c);                                            \
		if (kthread_last_)                                                                 \
			complete(kthread_last_);                                                   \
		do_exit(code);                                                                     \
	} while (0)
#define complete_and_exit(c, code) kthread_complete_and_exit(c, code)
#define kthread_exit(code)	   do_exit(code)

static inline struct task_struct *kthread_create_on_cpu(int (*fn)(void *data), void *data,
							unsigned int cpu, const char *name)
{
	struct task_struct *task = kthread_create(fn, data, name, cpu);

	if (!IS_ERR(task))
		kthread_bind(task, cpu);
	return task;
}

#define CLONE_FS      0x00000200
#define CLONE_FILES   0x00000400
#define CLONE_SIGHAND 0x00000800
#define CLONE_KERNEL  (CLONE_FS | CLONE_FILES | CLONE_SIGHAND)

/* As modules could until Linux 3.6. Return: its pid. */
static inline int kernel_thread(int (*fn)(void *data), void *data, unsigned long flags)
{
	struct task_struct *task = kthread_run(fn, data, "kernel_thread");

	(void)flags;
	return IS_ERR(task) ? (int)PTR_ERR(task) : task->pid;
}

#include <linux/kthread_worker.h>

#endif
