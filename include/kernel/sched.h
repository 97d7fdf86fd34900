/*
 * Scheduling: one run queue per CPU, a fair class ordered by virtual run time and SCHED_FIFO/RR above it.
 * The kernel is not preemptible; user code is, by the timer and by wake-ups (work_pending).
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "arch/thread.h"
#include "lib/list.h"
#include "sync/spinlock.h"
#include "sync/thread.h"

enum thread_state { TS_RUNNING, TS_INTERRUPTIBLE, TS_UNINTERRUPTIBLE, TS_KILLABLE, TS_STOPPED, TS_DEAD, TS_NEW };

enum { SCHED_OTHER = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5, SCHED_RESET_ON_FORK = 0x40000000 };

/* The scheduler's view of a task; its first member. Fields: r = run queue lock of thread->cpu. */
struct thread {
	struct arch_thread arch;
	void *kstack;             /* i: lowest address */
	enum thread_state state;  /* r */
	bool on_rq, on_cpu;       /* r */
	bool wake_token;          /* r: thread_unpark came while not parked */
	unsigned cpu;             /* r */
	unsigned long cpus_allowed; /* r: affinity mask */
	int policy, rt_priority, nice; /* r */
	uint64_t vruntime;        /* r: ns weighted by nice */
	uint64_t slice_start_ns;  /* r */
	struct list_head run_link; /* r */
	uint64_t sum_exec_ns, utime_ns, stime_ns; /* own CPU */
	uint64_t last_switch_ns, user_enter_ns;
	unsigned long nvcsw, nivcsw;
	bool need_resched;        /* a */
	bool is_idle, is_kthread; /* i */
};

void sched_init(void);                    /* the boot thread becomes the current task, pid 0 idle of CPU 0 split off */
void sched_init_secondary(unsigned cpu);  /* the calling stack becomes CPU @cpu's idle thread */
noreturn_ void cpu_idle_loop(void);

/* Make a new thread (TS_NEW) runnable for the first time, on an allowed CPU. Any context. */
void sched_start(struct thread *t);
/* Give up the CPU if something else should run; at marked points and before user mode. Sleeps possible. */
void schedule(void);
void cond_resched(void);
void sched_yield_current(void);
/* Job control: the calling thread stops until sched_continue. */
void sched_stop_current(void);
void sched_continue(struct thread *t);
/* Wake for signal delivery: only if in a state that the signal may interrupt. @fatal: also KILLABLE and STOPPED. */
void sched_signal_wake(struct thread *t, bool fatal);
/* The CPU running @t looks at its work soon (IPI if remote). */
void sched_kick(struct thread *t);
/* The calling thread is dead and leaves its stack for the last time; its task is put by the next thread. */
noreturn_ void sched_exit(void);

int must_check sched_set_policy(struct thread *t, int policy, int rt_priority); /* 0, -EINVAL */
void sched_set_nice(struct thread *t, int nice);
int must_check sched_set_affinity(struct thread *t, unsigned long mask); /* -EINVAL: no online CPU in it */
/* Load averages x 65536 (1, 5, 15 minutes), and CPU times for /proc/stat. */
void sched_loadavg(unsigned long out[3]);
struct cpu_times {
	uint64_t user_ns, nice_ns, system_ns, idle_ns, irq_ns;
	uint64_t switches;
};
void sched_cpu_times(unsigned cpu, struct cpu_times *out);
char thread_state_letter(const struct thread *t); /* R S D T Z as ps shows; Z is the caller's */
const char *thread_wchan(const struct thread *t);

/* Accounting from entry code and interrupts: user <-> kernel transitions are sampled by the tick. */
void sched_tick(void);

#endif
