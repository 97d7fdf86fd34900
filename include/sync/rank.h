/*
 * The lock order of the whole system: a thread takes locks only with rising rank; a debug build asserts it.
 * Two locks of one rank only where the line says how.
 */
#ifndef SYNC_RANK_H
#define SYNC_RANK_H

enum lock_rank {
	RANK_FILE_POS = 1, /* a file's position (mutex) */
	RANK_TEXT, /* the text of an open file of /proc (mutex); two: who shows a file, and one that it reads */
	RANK_MODULE_USE,    /* what modules have registered: probes, variables (mutex) */
	RANK_MODULE,	    /* the list of modules (mutex) */
	RANK_MODULE_PARAM,  /* parameters of modules (mutex) */
	RANK_KSM,	    /* KSM's scan (mutex); programs may end inside */
	RANK_EPOLL_NEST,    /* epoll sets put into one another (mutex) */
	RANK_EPOLL,	    /* one epoll set (mutex); two: a set before the sets it watches */
	RANK_FS_MOUNT,	    /* mount tree (mutex) */
	RANK_FS_TTY,	    /* one tty's settings (mutex) */
	RANK_FS_FILE,	    /* a pipe (mutex); a second one by try only */
	RANK_FS,	    /* an inode (mutex); two: parent before child, else by address */
	RANK_FS_IGET,	    /* a disk file system's inodes on their way in (mutex) */
	RANK_TRACEFS,	    /* memory for trace records (mutex) */
	RANK_IPC_CREATE,    /* making System V objects (mutex) */
	RANK_NET,	    /* the TCP/IP stack (mutex) */
	RANK_SIGHAND_SLEEP, /* reserved for sleeping task state */
	RANK_MM_MAP,	    /* mm->mmap_lock (rwsem); two: old mm before new mm (fork) */
	RANK_FRAMES,	    /* a process's own frames (mutex) */
	RANK_HUGETLB,	    /* a place of a hugetlb object; the size of the pool (mutexes) */
	RANK_MAPPING_INVAL, /* mapping->invalidate_lock (rwsem) */
	RANK_PAGE,	    /* page lock bit (sleeps); same mapping by rising index, else try */
	RANK_FS_INNER,	   /* locks a file system takes under a page lock: a file's map of blocks */
	RANK_FS_ALLOC,	   /* what of a disk is free (mutex) */
	RANK_ZRAM,	   /* a disk in compressed memory: its codec (mutex) */
	RANK_POLICY,	   /* the replacement policy's sets (mutex) */
	RANK_MAPPING_VMAS, /* mapping->i_mmap_lock */
	RANK_MM_ANON,	   /* mm->page_table_lock */
	RANK_ANON_VMA,	   /* the root anon_vma's lock */
	RANK_VMALLOC,	   /* kernel virtual ranges */
	RANK_PT, /* one page-table page; two: parent table before child (copy: dst before src) */
	RANK_SWAPMAP,
	RANK_INDEX, /* a page cache's radix index */
	RANK_LRU,
	RANK_MEMCG,
	RANK_DCACHE,	  /* dentry hash and tree */
	RANK_TASKLIST,	  /* pid table, task tree, sessions */
	RANK_SIGHAND,	  /* signal state of one thread group */
	RANK_FILES,	  /* a file-descriptor table */
	RANK_FUTEX,	  /* a bucket of waiting threads; two: by address */
	RANK_PI,	  /* who waits for whom (kernel/pi.c) */
	RANK_IPC,	  /* one System V object */
	RANK_CLOCK_WATCH, /* those who want to know that the time of day was set */
	RANK_OBJECT, /* leaf-like spinlock of one object (pipe wait state, tty buffer, timer user) */
	RANK_SLAB,
	RANK_PCP,
	RANK_ZONE,
	RANK_WAITQ,	  /* wait queue */
	RANK_EPOLL_READY, /* an epoll set's list of ready files */
	RANK_TIMER,	  /* a CPU's timer queue */
	RANK_RUNQ,	  /* a CPU's run queue; two: lower CPU first */
	RANK_TLB,	  /* shootdown mailbox */
	RANK_IRQCHIP,	  /* interrupt controllers */
	RANK_LOG,	  /* kernel log */
	RANK_CONSOLE,	  /* UART */
	RANK_TRACE,	  /* a CPU's trace records */
	RANK_MAX
};

#endif
