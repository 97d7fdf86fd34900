/*
 * Scheduling: one run queue per CPU, a fair class ordered by virtual run time and SCHED_FIFO/RR above it.
 * The kernel is not preemptible; user code is, by the timer and by wake-ups (work_pending).
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "arch/thread.h"
#include "lib/list.h"
#include "lib/pheap.h"
#include "sync/lockorder.h"
#include "sync/spinlock.h"
#include "sync/thread.h"

enum thread_state {
	TS_RUNNING,
	TS_INTERRUPTIBLE,
	TS_UNINTERRUPTIBLE,
	TS_KILLABLE,
	TS_STOPPED,
	TS_DEAD,
	TS_NEW
};

enum {
	SCHED_OTHER = 0,
	SCHED_FIFO = 1,
	SCHED_RR = 2,
	SCHED_BATCH = 3,
	SCHED_IDLE = 5,
	SCHED_RESET_ON_FORK = 0x40000000
};
enum { RT_PRIO_MAX = 99, RR_SLICE_NS = 100000000, FAIR_SLICE_NS = 4000000 };

/* What a thread has to do before it returns to user mode; copied to the per-CPU word work_pending while it runs. */
enum { WORK_RESCHED = 1, WORK_SIGNAL = 2, WORK_RESTORE_MASK = 4, WORK_PTRACE = 8 };
enum { WORK_RSEQ = 16, WORK_TRACE = 32 };

/* The scheduler's view of a task; its first member. Fields: r = run queue lock of thread->cpu, a = atomic, o = own. */
struct thread {
	struct arch_thread arch;
	void *kstack;		       /* i: lowest address */
	enum thread_state state;       /* r */
	unsigned cpu;		       /* r */
	unsigned long work;	       /* a: WORK_* */
	bool on_rq;		       /* r: waiting in a queue (the running thread is in none) */
	bool on_cpu;		       /* a: its stack is in use */
	bool wake_token;	       /* r: thread_unpark came while not parked */
	bool stop_wanted;	       /* r: sched_stop_current is to stop */
	bool is_idle, is_kthread;      /* i; is_kthread ends with the first address space */
	bool reset_on_fork;	       /* r */
	int park_result;	       /* r: what ended the sleep */
	int policy, rt_priority, nice; /* r */
	int rt_lent, rt_effective;     /* r: by a waiter (kernel/pi.c); the higher of the two */
	unsigned weight;	       /* r: by nice, 1024 is nice 0 */
	unsigned long cpus_allowed;    /* r: affinity mask */
	uint64_t vruntime; /* r: ns weighted by nice; asleep: relative to the queue's minimum */
	uint64_t slice_start_ns;     /* r: sum_exec_ns when it was given the CPU */
	struct pheap_node run_node;  /* r: fair queue */
	struct list_head run_link;   /* r: real-time queue */
	uint32_t burst_ns;	     /* r: how long it runs between two sleeps, on average */
	uint64_t wake_exec_ns;	     /* r: sum_exec_ns when it was woken last */
	uint64_t exec_start_ns;	     /* r: accounted up to here */
	uint64_t sum_exec_ns;	     /* r: CPU time, exact */
	uint64_t utime_ns, stime_ns; /* r: sampled by the tick; their sum follows sum_exec_ns */
	uint64_t start_ns;	     /* i */
	uint64_t shown_utime_ns, shown_stime_ns; /* r: as reported last; sum: sum_exec_ns then */
	unsigned long nvcsw, nivcsw;		 /* r */
	unsigned long nr_migrations;		 /* r: how often it went to another CPU */
	uint64_t queued_ns,
		run_delay_ns;	  /* r: waiting since; how long it has waited for a CPU so far */
	const void *wait_address; /* o: who called thread_park */
	struct lockorder_held held[CFG_DEBUG]; /* o */
};

void sched_init(void);			 /* the boot thread becomes CPU 0's idle thread, pid 0 */
void sched_init_secondary(unsigned cpu); /* the calling stack becomes CPU @cpu's idle thread */
noreturn_ void cpu_idle_loop(void);
extern bool sched_running; /* threads may sleep from now on: set by cpu_idle_loop of CPU 0 */

/* Scheduling parameters of a new thread, from its maker. */
void sched_fork(struct thread *t);
/* Make a new thread (TS_NEW) runnable for the first time, on an allowed CPU. Any context. */
void sched_start(struct thread *t);
/* First act of a new thread: ends the switch to it. Interrupts off. */
void sched_first_run(void);
/* Give up the CPU if something else should run; at marked points and before user mode. Sleeps possible. */
void schedule(void);
void cond_resched(void);
void sched_yield_current(void);
/* Job control: sched_stop_prepare (with sighand->lock held) then sched_stop_current stops until sched_continue. */
void sched_stop_prepare(void);
void sched_stop_current(void);
void sched_continue(struct thread *t);
/* Wake for signal delivery: only if in a state that the signal may interrupt. @fatal: also KILLABLE and STOPPED. */
void sched_signal_wake(struct thread *t, bool fatal);
/* The CPU running @t looks at its work soon (IPI if remote). */
void sched_kick(struct thread *t);
/* Set / clear WORK_* bits of @t (clear: own thread). */
void sched_work_set(struct thread *t, unsigned long bits);
void sched_work_clear(unsigned long bits);
/* The caller has such work: from here on user mode comes after it, though its sender's interrupt may be on its way. */
bool sched_work_seen(unsigned long bits);
/* The calling thread is dead and leaves its stack for the last time; its task is put by the next thread. */
noreturn_ void sched_exit(void);
/* Wait (spinning) until the dead thread has left its CPU and its stack is freed. */
void sched_wait_gone(const struct thread *t);

/* The running thread's address space from now on; NULL: a kernel thread's. The task's reference moves to the caller:
 * Return: the old one. The CPU's lazy use of it is counted by itself. */
struct mm_struct;
struct mm_struct *sched_use_mm(struct mm_struct *mm);

int must_check sched_set_policy(struct thread *t, int policy, int rt_priority); /* 0, -EINVAL */
/* @t runs with @rt_priority at least, until the next call; 0: with its own. Any context. */
void sched_lend_priority(struct thread *t, int rt_priority);
/* @t comes next, and for some time: it is about to end, and others wait for what it has. */
void sched_hurry(struct thread *t);
void sched_set_nice(struct thread *t, int nice);
int must_check sched_set_affinity(struct thread *t,
				  unsigned long mask); /* -EINVAL: no online CPU in it */
/* Load averages x 65536 (1, 5, 15 minutes), and CPU times for /proc/stat. */
void sched_loadavg(unsigned long out[3]);
struct cpu_times {
	uint64_t user_ns, nice_ns, system_ns, idle_ns, irq_ns;
	uint64_t switches;
};
void sched_cpu_times(unsigned cpu, struct cpu_times *out);
unsigned sched_nr_running(void), sched_nr_uninterruptible(void);
char thread_state_letter(const struct thread *t); /* R S D T Z as ps shows; Z is the caller's */
/* @fn with @t's queue locked if @t sleeps: it stays asleep meanwhile. False: it does not. */
bool thread_asleep_do(struct thread *t, void (*fn)(struct thread *t, void *arg), void *arg);
const char *
thread_wchan(const struct thread *t); /* "0" when running; valid until the caller sleeps */
/* CPU time up to now, divided by the tick's samples. */
void thread_times(struct thread *t, uint64_t *utime_ns, uint64_t *stime_ns);
uint64_t thread_exec_ns(struct thread *t);
/* For /proc/schedstat: time for threads, their waiting for the CPU, how often one was given it. */
struct cpu_sched_stat {
	uint64_t run_ns, delay_ns, switches;
};
void sched_cpu_stat(unsigned cpu, struct cpu_sched_stat *out);

/* In the timer interrupt: samples user or system time, ends slices. */
void sched_tick(void);
/* When sched_tick is wanted next on this CPU; UINT64_MAX: never. Interrupts off. */
uint64_t sched_next_tick(void);

#endif
