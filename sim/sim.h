/*
 * The simulated world: RAM, virtual CPUs, threads in virtual time. One world at a time; several one after the other
 * in a process. Tests of mm/ are written against this.
 *
 *	sim_world_begin(NULL);
 *	struct mm_struct *mm = mm_alloc();
 *	... vm_map(mm, ...); sim_write(mm, addr, "x", 1); ...
 *	mmput(mm);
 *	sim_world_end();        // panics on a leak or a violated invariant
 *
 * Without sim_run everything happens in the calling thread, on CPU 0. A panic ends the process with its message, unless
 * sim_panics() waits for it.
 *
 * Begin the world inside the test function, not in a cmocka fixture: cmocka takes SIGSEGV over after the fixture, and the
 * kernel windows (vmalloc addresses) need it.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;
struct thread;

struct sim_config {
	/* 0: 64 MiB. All of RAM, from physical 0, the hole apart. */
	uint64_t ram_bytes;
	/* 0: all. Frames above are HIGHMEM: no linear address. Ignored by 64-bit geometries. */
	uint64_t lowmem_bytes;
	uint64_t hole_start, hole_end; /* physical hole, RAM goes on after it; equal: none */
	unsigned nr_cpus;	       /* 0: 2 */
	unsigned nr_nodes;	       /* 0: 1. RAM is cut into equal parts */
	uint64_t node_stripe; /* not 0: into stripes of so many bytes, the nodes' in turn */
	uint64_t seed;	      /* 0: 1. Same seed, same run */
	bool no_nx;	      /* a CPU without NX */
	bool no_preempt;      /* CPUs interleave only where a thread parks or spins */
	bool keep_leaks;      /* sim_world_end does not compare free pages */
};

/* NULL: all defaults. memblock, mem_map, zones, slab, vmalloc, mm as far as the program links them; tables of kernel_root. */
void sim_world_begin(const struct sim_config *cfg);
/* All threads have ended. Checks everything, gives the memory back. */
void sim_world_end(void);
/* Free pages now are those at the end of sim_world_begin (caches drained and shrunk first)? Panics with figures if not. */
void sim_check_leaks(void);

/* A thread running fn(arg) on CPU @cpu (negative: any); its mm_ctx has no mm. Starts in sim_run. */
struct thread *sim_spawn(void (*fn)(void *arg), void *arg, int cpu);
/* Run until every spawned thread has returned. Panics when all of them wait for ever. */
void sim_run(void);
/* The calling thread's address space from now on (mm_ctx, page tables of its CPU). NULL: none. No reference is taken. */
void sim_use_mm(struct mm_struct *mm);
/* A pending fatal signal for @t: PARK_KILLABLE waits end with -EINTR. */
void sim_kill(struct thread *t);
/* Deterministic random number, 0..n-1. */
uint64_t sim_random(uint64_t n);
/* Maybe let another CPU run (a preemption point). */
void sim_point(void);

/*
 * A user program of @mm touching memory, through the software MMU and the CPU's TLB, faulting as hardware does. Return: 0; or
 * enum fault_result (> 0) of the access that failed. Bytes before it are done. Atomic only within 8 aligned bytes.
 */
int sim_read(struct mm_struct *mm, uaddr_t va, void *buf, size_t len);
int sim_write(struct mm_struct *mm, uaddr_t va, const void *buf, size_t len);
int sim_exec(struct mm_struct *mm, uaddr_t va);	    /* fetch one instruction byte */
uint8_t sim_peek(struct mm_struct *mm, uaddr_t va); /* one byte; must succeed */
void sim_poke(struct mm_struct *mm, uaddr_t va, uint8_t byte);
/* The page at @va moves to another frame: what migrate_pages says of it; 0 also when none is there. */
int sim_migrate(struct mm_struct *mm, uaddr_t va, bool wait);

/* Does fn(arg) panic with a message that contains @text? Runs in a child process, where fn begins its own world: no world
 * may exist at the call (RAM would be shared with the child). */
bool sim_panics(void (*fn)(void *arg), void *arg, const char *text);

/* How often oom_deliver was called since sim_world_begin; it kills every thread that uses the victim. */
extern unsigned sim_oom_kills;
extern struct mm_limits sim_limits; /* of every thread; none at first, but a stack of 8 MiB */
extern unsigned sim_caps;	    /* of every thread: MM_CAP_*; none at first */

#endif
