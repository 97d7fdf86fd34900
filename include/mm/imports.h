/* What mm needs from above: 3 imports (docs/book). Implemented by kernel/env.c, and sim/env.c in the simulator. */
#ifndef MM_IMPORTS_H
#define MM_IMPORTS_H

#include "base/types.h"

struct mempolicy;
struct mm_struct;

/* What setrlimit(2) says of memory, in bytes; ULONG_MAX: no limit. data_max: the hard limit of RLIMIT_DATA. */
struct mm_limits {
	unsigned long as, data, data_max, stack, memlock;
};

/* Capabilities that mm asks for: capabilities(7). */
enum { MM_CAP_IPC_LOCK = 1, MM_CAP_SYS_RAWIO = 2, MM_CAP_SYS_ADMIN = 4 };

/* Per-thread state that mm defines; the kernel embeds one in each task. */
struct mm_ctx {
	struct mm_struct *mm; /* NULL for a kernel thread */
	unsigned scoped;      /* MM_CTX_* in force */
	bool fatal_signal;    /* a fatal signal is pending: allocation loops give up */
	bool oom_victim;
	bool exiting;			/* no monitor is asked for its pages any more */
	int tid;			/* gettid(2) */
	unsigned caps;			/* MM_CAP_* in effect */
	const struct mm_limits *limits; /* of the thread's process; NULL: none (kernel threads) */
	unsigned long personality;	/* personality(2) */
	unsigned kmap_depth;		/* local kmap slots in use */
	/* Reclaim takes many pages: CPUs that may still use them through entries that were unhooked, to be flushed before a page is
	 * unlocked, written or freed (mm/gather.h). NULL: each entry is flushed at once. */
	unsigned long *unhooked_cpus;
	struct mempolicy *mempolicy; /* set_mempolicy(2), mm/mempolicy.h; NULL: none */
	unsigned interleave_prev;    /* the node that the last page in turn came from */
	/* Of the last allocation that failed: nodes that it could not have, its context, its order. */
	unsigned long oom_barred;
	unsigned oom_gfp, oom_order;
	unsigned long min_flt, maj_flt; /* faults of this thread */
	/* Bytes this thread asked disks for, made dirty over a store, and dropped while dirty: proc(5) /proc/PID/io. */
	uint64_t disk_read, disk_dirtied, disk_dropped;
};
enum { MM_CTX_NOIO = 1, MM_CTX_NOFS = 2, MM_CTX_MEMALLOC = 4, MM_CTX_NOFAULT = 8 };

/* The running thread's; never NULL (boot: a static one). */
struct mm_ctx *mm_ctx_current(void);
/* Does a thread that uses @mm satisfy mpol_task_allows(..., @nodes)? */
bool oom_eligible(const struct mm_struct *mm, unsigned long nodes);
/* Kill every thread that uses @victim (SIGKILL). The caller's oom_barred, oom_gfp and oom_order say for want of which memory. */
void oom_deliver(struct mm_struct *victim);

#endif
