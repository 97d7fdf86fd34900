/*
 * Address spaces: struct mm_struct and struct vm_area_struct, Linux's names. The interface that sys/ and kernel/
 * use; docs/book/aspace.md has the theory.
 */
#ifndef MM_MM_H
#define MM_MM_H

#include "arch/tlb.h"
#include "base/atomic.h"
#include "lib/rangetree.h"
#include "mm/commit.h"
#include "mm/fault.h"
#include "mm/page.h"
#include "mm/vma.h"
#include "sync/rwsem.h"

struct address_space;

enum mm_counter { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

struct mm_struct {
	struct pt_root root;		 /* hardware top table */
	struct rangetree vmas;		 /* m: VMAs by address */
	struct rwsem mmap_lock;		 /* rank MM_MAP */
	struct spinlock page_table_lock; /* a vma's first anon_vma; rank MM_ANON */
	atomic_t mm_users;		 /* tasks; the last exit unmaps everything */
	atomic_t mm_count; /* users + lazy references; the last drop frees the struct */
	atomic_long_t rss_stat[NR_MM_COUNTERS];
	unsigned long hiwater_rss, hiwater_vm;			       /* pages */
	int map_count;						       /* m */
	unsigned long total_vm, data_vm, exec_vm, stack_vm, locked_vm; /* m: pages */
	atomic_long_t pgtables_bytes;
	unsigned long mmap_base, mmap_legacy_base, task_size; /* i after exec */
	unsigned long low_2g_base;	/* i after exec: MAP_32BIT begins here */
	unsigned long gap_top, gap_len; /* m: no free gap of gap_len lies in [gap_top, mmap_base) */
	bool mmap_topdown;
	/* m: some vma may be VM_SEALED, have one; a: a page was pinned (mm/pin.h). They never go back. */
	bool has_sealed, has_userfault, has_pinned;
	struct vm_area_struct *parts[2];   /* m: blank, for the next cut; NULL: none (vma.c) */
	struct list_head userfault_events; /* m: to be sent when mmap_lock is dropped */
	unsigned long start_code, end_code, start_data, end_data; /* set by exec, m */
	unsigned long start_brk, brk, start_stack;		  /* m */
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long saved_auxv[48]; /* pairs, AT_NULL ends; for /proc/PID/auxv */
	unsigned long vdso;	      /* m: start of the vDSO's image; 0: none */
	struct address_space *exe; /* held: the program's mapping, for /proc/PID/exe; may be NULL */
	unsigned long def_flags;
	atomic_long_t hugetlb_pages; /* huge pages of the pool that entries map */
	bool cut_limited,
		huge_zero; /* m: had a vma that may not be cut anywhere; thp_zero.c: the page of zeroes */
	bool thp_disable;     /* m: PR_SET_THP_DISABLE */
	bool thp_seen;	      /* a: has or had a vma that may have huge pages */
	unsigned dump_filter; /* a: for a core dump (core(5)); fork and exec keep it */
	unsigned membarrier;  /* a: what its threads have registered for (sys/sys_membarrier.c) */
	struct ksm_slot *ksm_slot;	 /* mm/ksm.h; NULL: has nothing mergeable */
	unsigned long ksm_merging_pages; /* entries of shared pages, as of the last scan */
	unsigned long ksm_rmap_items;	 /* pages that KSM keeps in mind */
	struct list_head mm_list;	 /* all mms, for OOM; mm_list_lock */
	unsigned long unhooked,
		flushed; /* a: entries that reclaim unhooked; as of the last flush */
	int oom_score_adj;
	int oom_origin;		   /* a: threads of it that take memory from all (swapoff) */
	bool oom_init, oom_done;   /* i: never killed; a: its memory is free, or nobody waits */
	unsigned char unusual;	   /* a: enum mm_unusual (mm/frames.h); what every fault looks at */
	struct frames *frames;	   /* m: mm/frames.h; NULL: as many as there are */
	struct mmu_notify *notify; /* m to set, once: mm/notify.h; NULL: nobody watches */
	bool unmerged; /* m: neighbours may be alike: a fork took VM_LOCKED, VM_UFFD_* away, or see mremap.c */
};

/* ---- life ---- */
void mm_init(void);			     /* boot: caches; after slab_init */
struct mm_struct *must_check mm_alloc(void); /* empty, users 1; NULL: no memory */
void mmget(struct mm_struct *mm);
/* NULL when it is exiting already. */
bool must_check mmget_not_zero(struct mm_struct *mm);
void mmput(struct mm_struct *mm);  /* last: unmap all (sleeps) */
void mmgrab(struct mm_struct *mm); /* lazy reference */
void mmdrop(struct mm_struct *mm);
/* The mm after @mm (NULL: the first) in the list of all, with a lazy reference; @mm's is dropped. NULL: no more. */
struct mm_struct *mm_list_next(struct mm_struct *mm);
unsigned long mm_rss(const struct mm_struct *mm); /* pages: file + anon + shmem */
void mm_update_hiwater(struct mm_struct *mm);	  /* before mappings go; mmap_lock write */
void mm_update_hiwater_rss(struct mm_struct *mm); /* before pages go; any context */
static inline void mm_rss_add(struct mm_struct *mm, enum mm_counter c, long n)
{
	atomic_long_add(&mm->rss_stat[c], n);
}

/* ---- find (mmap_lock held) ---- */
/* First vma with vm_end > addr; NULL when there is none. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *vma_next(struct mm_struct *mm,
				const struct vm_area_struct *vma); /* by address; NULL: last */
struct vm_area_struct *vma_first(struct mm_struct *mm);

/* ---- change: system calls' bodies; take mmap_lock for write themselves; errors as the man pages ---- */
struct vm_map_args {
	unsigned long addr, len;
	unsigned prot, flags;	       /* PROT_*, MAP_* of uapi/mman.h */
	unsigned long pgoff;	       /* pages */
	struct address_space *mapping; /* NULL: anonymous. The vma takes its own hold. */
	unsigned long may_flags; /* file: VM_MAYREAD|... as it was opened; devices: VM_IO|... too */
	bool file;		 /* a file's, also without mapping and vm_ops (/dev/zero) */
	int refuse; /* file: what mmap(2) answers once the rights are found good; 0: nothing */
	const struct vma_ops *vm_ops; /* devices */
	void *vm_private_data;
};
/* mmap(2). Return: address, or -errno. */
long vm_map(struct mm_struct *mm, const struct vm_map_args *args);
/* The same of private memory: where the kernel likes, at @addr if it can be. */
long vm_map_plain(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned prot);
int must_check vm_unmap(struct mm_struct *mm, unsigned long addr, unsigned long len);
/* shmdt(2): unmap every mapping with @ops that belongs to the attachment which began at @addr. 0, -EINVAL: there is none. */
int must_check vm_unmap_attached(struct mm_struct *mm, unsigned long addr,
				 const struct vma_ops *ops);
int must_check vm_protect(struct mm_struct *mm, unsigned long addr, unsigned long len,
			  unsigned long prot);
unsigned long vm_brk(struct mm_struct *mm, unsigned long brk); /* brk(2): the break now */
long vm_remap(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
	      unsigned long new_len, unsigned long flags, unsigned long new_addr); /* mremap(2) */
int must_check vm_advise(struct mm_struct *mm, unsigned long addr, unsigned long len,
			 int advice); /* madvise(2) */

/* Copy into another mm's memory, faulting it in (exec arguments, ptrace, /proc/PID/mem). Return: bytes done. */
size_t mm_access(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write);
/* The same with the rights that the program itself has (process_vm_readv). */
size_t mm_copy(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write);

/* ---- fork ---- */
/* A copy for fork(2): COW sharing. 0 and *out, or -ENOMEM. Takes old->mmap_lock for write. */
int must_check mm_dup(struct mm_struct *old, struct mm_struct **out);

/* ---- faults: see also mm/fault.h ---- */
/* Fault in [addr, addr+len) for reading or writing (MAP_POPULATE, gup). 0 or -EFAULT/-ENOMEM. */
int must_check mm_populate(struct mm_struct *mm, unsigned long addr, unsigned long len, bool write);
/* Pin one user page: reference in *out. 0, -EFAULT, -ENOMEM. */
int must_check get_user_page(struct mm_struct *mm, unsigned long addr, bool write,
			     struct page **out);

/* ---- tunables (/proc/sys/vm) ---- */
extern int sysctl_max_map_count;    /* 65530 */
extern unsigned long mmap_min_addr; /* 65536 */
extern int fault_batch_pages;	    /* most pages an anonymous write fault maps; 1: just the one */
extern int fault_around_pages;	    /* most cached pages a file read fault maps; 1: just the one */

/* Checker: VMA tree, counters, page tables against VMAs, RSS exact. */
void mm_check(struct mm_struct *mm);

#endif
