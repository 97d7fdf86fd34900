/* Private to sim/. */
#ifndef SIM_IMPL_H
#define SIM_IMPL_H

#include "arch/sim/hw/sim_hw.h"
#include "mm/imports.h"
#include "sim/sim.h"
#include "sync/lockorder.h"
#include "sync/thread.h"

enum sim_state { SIM_RUNNABLE, SIM_PARKED, SIM_DONE };

/* A coroutine that plays a thread of the kernel. The host's own stack is the first one, "main", on CPU 0. */
struct thread {
	struct thread *next;	 /* all threads of the world */
	struct sim_stack *stack; /* NULL: the host's */
	void (*fn)(void *arg);
	void *arg;
	enum sim_state state;
	unsigned cpu;
	bool pinned; /* stays on cpu */
	bool token;  /* an unpark came before the park */
	bool fatal;  /* sim_kill */
	int wake_reason;
	enum park_mode mode;
	uint64_t deadline_ns;
	struct mm_ctx ctx;
	struct lockorder_held held;
};

void sim_sched_begin(uint64_t seed, unsigned cpus, bool preempt);
void sim_sched_end(void);
struct thread *sim_threads(void); /* first; by ->next */
/* fault and point hooks of env.c */
void sim_env_begin(void);
/* oracle.c */
void sim_oracle_begin(bool compare);
void sim_oracle_end(void);

#endif
