/*
 * Tasks, address spaces and their vmas as Linux's modules see them: structures with Linux's member names, filled from the
 * kernel's own (module/view_task.c, view_mm.c). include/linux gives them Linux's type names. Shared by both sides.
 */
#ifndef MODULE_VIEWS_H
#define MODULE_VIEWS_H

#include "base/types.h"
#include "lib/list.h"
#include "module/file_view.h"
#include "module/rights_view.h"
#include "module/sync_view.h"

struct rwsem_view {
	struct mm_view
		*mm; /* of an address space: the kernel's own lock is behind it. NULL: a module's */
	int word;    /* a: readers; -1: a writer */
	struct waitq_view wait;
};

struct pgprot_view { /* pgprot_t */
	uint64_t pgprot;
};

struct rb_node_view { /* struct rb_node */
	unsigned long __rb_parent_color;
	struct rb_node_view *rb_left, *rb_right;
};
struct rb_root_view { /* struct rb_root */
	struct rb_node_view *rb_node;
};

struct vma_view {
	unsigned long vm_start, vm_end;
	struct vma_view *vm_next, *vm_prev;
	struct rb_node_view vm_rb; /* the list as a tree without left branches */
	struct mm_view *vm_mm;
	struct pgprot_view vm_page_prot;
	unsigned long vm_flags;
	void *anon_vma;
	const struct vm_ops_view *vm_ops;
	unsigned long vm_pgoff, map_pgoff; /* of a device: the module's, the kernel's */
	struct file_view *vm_file;	   /* NULL: none, or &mapped.file */
	void *vm_private_data;
	struct mapped_file_view *mapped;
	void *map; /* module/devmap.c, of a device's vma */
};

enum { VIEW_RSS = 4 };
struct mm_view {
	struct vma_view *mmap; /* the first; true at the last lock, find or look at the task */
	struct {
		struct mm_view *mm;
	} mm_mt;
	struct rb_root_view mm_rb;
	struct file_view *exe_file;
	void *pgd; /* pgd_t * */
	unsigned long mmap_base, mmap_legacy_base, task_size, highest_vm_end;
	struct counter_view mm_users, mm_count;
	struct long_counter_view nr_ptes, pgtables_bytes;
	int map_count;
	struct lock_view page_table_lock;
	union {
		struct rwsem_view mmap_sem, mmap_lock;
	};
	unsigned long hiwater_rss, hiwater_vm;
	unsigned long total_vm, locked_vm, pinned_vm, shared_vm, data_vm, exec_vm, stack_vm;
	unsigned long def_flags;
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_brk, brk, start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long saved_auxv[48];
	struct {
		struct long_counter_view count[VIEW_RSS];
	} rss_stat;
	unsigned long flags;
	struct task_view *owner;
	/* The kernel's side. */
	void *real;	       /* struct mm_struct, held lazily */
	struct list_head link; /* of all views */
	unsigned seen;	       /* the round of looking at all tasks that saw it last */
	int locked, watched;   /* by modules, through the view; by mmu_notifier.c: it stays */
	struct mapped_file_view *exe; /* behind exe_file */
	void *exe_of;		      /* the mapping that it was filled from */
};

struct thread_info_view { /* struct thread_info */
	unsigned long flags;
	unsigned int cpu;
	struct task_view *task;
};
struct pid_view {
	struct counter_view count;
	int nr;
};

struct task_view {
	volatile long state;
	unsigned int __state;
	void *stack;
	unsigned int flags;
	int on_cpu, cpu;
	int prio, static_prio, normal_prio;
	unsigned int rt_priority, policy;
	struct list_head tasks; /* thread group leaders, from init_task on */
	struct mm_view *mm, *active_mm;
	int exit_state, exit_code, exit_signal;
	int pid, tgid;
	struct task_view *real_parent, *parent;
	struct list_head children, sibling;
	struct task_view *group_leader;
	struct list_head thread_group, thread_node;
	uint64_t utime, stime, start_time, real_start_time, start_boottime;
	unsigned long nvcsw, nivcsw, min_flt, maj_flt;
	struct {
		uint64_t sum_exec_runtime, vruntime;
	} se;
	const struct cred_view *real_cred, *cred;
	char comm[16];
	struct signal_view *signal;
	struct sighand_view *sighand;
	unsigned int ptrace;
	int nr_cpus_allowed;
	struct cpumask_view cpus_mask, *cpus_ptr, cpus_allowed; /* the last: before Linux 5.3 */
	struct thread_info_view thread_info;
	struct sigset_view blocked;
	struct {
		struct sigset_view signal;
	} pending;
	struct counter_view usage;
	struct nsproxy_view *nsproxy;
	struct files_view *files;
	struct fs_view *fs;
	/* The kernel's side. */
	struct pid_view face;
	struct cred_view own_cred;
	struct signal_view own_signal;
	struct sighand_view own_sighand;
	struct task_files_view *own_files; /* module/view_files.c; NULL: nobody wants to see them */
	void *real;			   /* struct task, held; NULL: it is gone */
	struct list_head link;		   /* of all views, by pid; or of the dead */
	struct task_view *up;		   /* the parent as linked in children */
	unsigned long regs[24];		   /* task_pt_regs: a copy */
};

enum { VIEW_STACK_PAGES = sizeof(long) == 8 ? 4 : 2 }; /* of a task in the kernel */
/* Thread flags that modules print. */
enum { VIEW_PF_EXITING = 0x4, VIEW_PF_WQ_WORKER = 0x20, VIEW_PF_KTHREAD = 0x200000 };

#endif
