/* Shared by the files of module/ only. */
#ifndef MODULE_IMPL_H
#define MODULE_IMPL_H

#include "base/atomic.h"
#include "fs/sysfs.h"
#include "lib/list.h"
#include "linux/moduleparam.h"
#include "module/module.h"
#include "sync/mutex.h"
#include "sync/taint.h"

enum module_state { MODULE_LIVE, MODULE_COMING, MODULE_GOING };
enum { BLOCK_CODE, BLOCK_CONST, BLOCK_CONST_LATER, BLOCK_DATA, BLOCK_GROUPS };

/* Sections in one range of memory, by rights. */
struct module_block {
	char *base;
	size_t size;		  /* bytes, whole pages */
	size_t end[BLOCK_GROUPS]; /* where each group ends: offsets, whole pages */
};

struct section_attr { /* of /sys/module/NAME/sections */
	char *name;
	unsigned long addr;
};

/* m: module_mutex; i: immutable once it is on the list */
struct module {
	/* What modules see of it begins here: include/linux/module.h. */
	enum module_state state; /* m to write */
	struct list_head list;	 /* m */
	char name[MODULE_NAME_LEN];
	char *version, *srcversion; /* of modinfo; NULL: none */
	/* ... and ends here. */
	struct module_block core, init; /* init: empty once it has run */
	int (*init_fn)(void);
	void (*exit_fn)(void);
	atomic_t refcnt;      /* a: 1 while it may be used; users beyond */
	unsigned long taints; /* bits of enum taint */
	bool uses_files;      /* i: it looks at open files of tasks (view_files.c) */
	bool crashed,
		held; /* names.c: a task has ended in its code, it stays; the use for that is counted */
	const struct kernel_param *params;
	unsigned nr_params;
	const struct module_symbol *exports;
	unsigned nr_exports;
	struct list_head users;	    /* m: module_use.target_link: who uses its symbols */
	struct list_head providers; /* m: module_use.source_link: whose symbols it uses */
	struct section_attr *sections;
	unsigned nr_sections;
	struct module_function *functions;
	unsigned nr_functions;
};

/* @source uses symbols of @target. */
struct module_use {
	struct list_head source_link, target_link; /* m */
	struct module *source, *target;		   /* i */
};

extern struct mutex module_mutex;
extern struct list_head module_list;			 /* m: newest first */
bool module_has(const struct module *mod, kaddr_t addr); /* in its memory? */
int module_users(const struct module *mod);		 /* counts on it, beside its own */
const char *module_state_name(const struct module *mod);

/* ---- names.c ---- */
struct load_ctx;
/* Around changes of module_list and of a listed module's blocks. */
irqflags_t module_code_lock(void);
void module_code_unlock(irqflags_t flags);
int must_check module_note_functions(struct load_ctx *x); /* 0, -ENOMEM */
void module_taints(const struct module *mod, char *buf);  /* "(PO+)" or ""; TAINT_TEXT bytes */
void module_code_crashed(const unsigned long *ips, unsigned n);
/* Its init has ended well, @mod is live. Return: init's use stays, a task has ended in it meanwhile. */
bool module_init_keeps(struct module *mod);
/* The running task is about to end inside a module. Interrupts off. */
void module_kthread_crashed(void);
void module_worker_crashed(void);
void module_param_crashed(void);

/* The function of a module that has @addr; false: none. */
bool module_function_range(kaddr_t addr, kaddr_t *start, kaddr_t *end);

/* ---- kprobe.c ---- */
bool module_in_probe(void);	 /* a handler runs on this CPU */
void module_probe_crashed(void); /* ... and the task ends in it */
void module_probes_left(const struct module *mod);

/* ---- notify.c ---- */
void module_notify_state(struct module *mod, enum module_state state);
void module_notifiers_left(const struct module *mod); /* it is unloaded: what it forgot goes */

/* ---- bus.c ---- */
void module_buses_left(const struct module *mod); /* it is unloaded: what it forgot goes */

/* ---- netlink.c ---- */
void module_netlinks_left(const struct module *mod);

/* ---- sysctl.c, shrink.c ---- */
void module_sysctls_left(const struct module *mod);
void module_shrinkers_left(const struct module *mod);

/* ---- mmu_notifier.c ---- */
void module_mmu_notifiers_left(const struct module *mod);

/* ---- layout.c ---- */
struct relfile;
int must_check
module_layout(struct load_ctx *x); /* places and copies every section. 0 or -ENOMEM */
void module_block_protect(const struct module_block *b, bool init_done);

/* ---- symbols.c ---- */
extern const struct module_symbol module_exports[];
extern const unsigned module_nr_exports;
/* Values of all symbols into x->values; uses are noted. 0, -ENOENT, -EINVAL, -ENOMEM. */
int must_check module_link(struct load_ctx *x);
unsigned long module_export_address(const char *name); /* of the kernel's; 0: none */
void module_drop_providers(struct module *mod);

/* ---- param.c ---- */
int must_check module_parse_args(struct module *mod, char *args);
int must_check module_param_store(const struct kernel_param *kp, const char *text);
int must_check module_param_show(const struct kernel_param *kp, char *buf); /* a page; length */
void module_free_params(struct module *mod);

/* ---- later.c, work.c: their threads, for the first module and after the last ---- */
int must_check module_later_start(void); /* 0, -ENOMEM */
void module_later_stop(void);
void module_uses_jiffies(void); /* a module names it */
void module_ticks_start(void);	/* where one does */
void module_ticks_stop(void);
int must_check module_work_start(void);
void module_work_stop(void);

/* ---- kthread.c ---- */
struct task;
void module_task_wait_gone(
	struct task *t); /* @t ends: until its stack is free. Consumes the reference */
void module_kthreads_left(const struct module *mod); /* it is unloaded: its threads are stopped */

/* ---- view_task.c ---- */
void module_uses_init_task(
	void); /* a module names it: it may walk from there without a call of ours */
void module_files_want(bool some); /* does a module look at open files of tasks? (view_files.c) */
extern const char module_files_wanted;
void module_entered(void); /* a module's code begins to run. Sleeps. */

/* ---- irq.c, claims.c: what is forgotten goes, with a warning ---- */
void module_irqs_left(const struct module *mod);
void module_claims_left(const struct module *mod);

/* ---- view_mm.c ---- */
struct vm_area_struct;
uint64_t view_page_prot(const struct vm_area_struct *vma); /* its vm_page_prot as modules see it */
/* ---- devmap.c ---- */
void devmap_settle(void); /* files whose last mapping has gone are released, not later */

/* ---- sysfs.c ---- */
int must_check module_sysfs_add(struct module *mod);
void module_sysfs_remove(struct module *mod);

/* One load, from the first look at the file to the end of init. */
struct load_ctx {
	const struct relfile *file;
	struct module *mod;
	size_t home;	       /* of struct module in its core block */
	unsigned long *addr;   /* of each section; 0: not loaded */
	unsigned long *values; /* of each symbol */
	const char *info;      /* .modinfo */
	size_t info_len;
	unsigned flags;
};
/* The next value of @key in .modinfo after @prev (NULL: the first); NULL: no more. */
const char *module_info_next(const struct load_ctx *x, const char *key, const char *prev);
static inline const char *module_info(const struct load_ctx *x, const char *key)
{
	return module_info_next(x, key, NULL);
}

#endif
