/* The running thread: the simulator's schedulers know (sim/sched.c, sim/threads/sched.c). */
#ifndef ARCH_SELF_H
#define ARCH_SELF_H

struct thread;
struct thread *thread_self(void);

#endif
