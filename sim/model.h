/*
 * A naive model of address spaces, and random operations on both: what every file of sim/model_*.c shares.
 *
 *   struct model_proc   an address space: an array of pages, each with its rights, its object and its bytes
 *   struct model_obj    a file or a shared object: an array of bytes, and which pages of it are cached
 *
 * The model knows the man pages and no data structure: a vma is a run of pages that look alike. Each operation draws its
 * arguments, calls mm, says what must have come back, and does to the arrays what the man page says.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "arch/pt.h"
#include "lib/prng.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/wire.h"
#include "sim/sim.h"
#include "uapi/mman.h"

enum {
	MODEL_PAGES = 128,    /* of the window of a process */
	MODEL_PROCS = 5,      /* at once */
	MODEL_FILES = 3,      /* the first objects: tmpfs, tmpfs, with a store */
	MODEL_OBJS = 64,      /* files and shared anonymous objects at once */
	MODEL_OBJ_PAGES = 40, /* of an object */
	MODEL_RUN_MAX = 24,   /* pages of one operation, mostly */
};

/* The window lies across a border of every level of tables that its geometry has below 47 bits. */
#define MODEL_BORDER	 (USER_TOP >> 40 ? 0x8000000000UL : 0x40000000UL)
#define MODEL_BASE	 (MODEL_BORDER - ((unsigned long)MODEL_PAGES / 2 << PAGE_SHIFT))
#define MODEL_END	 (MODEL_BASE + ((unsigned long)MODEL_PAGES << PAGE_SHIFT))
#define MODEL_BLOCK	 16 /* batches stay in an aligned block of that many pages */
#define MODEL_SCRATCH	 (MODEL_BASE - 16 * PAGE_SIZE) /* a page for answers */
#define MODEL_WALLS	 4 /* vmas outside the window, that page's included */
#define MODEL_WALL_PAGES (((MODEL_BASE - page_align(mmap_min_addr)) >> PAGE_SHIFT) + MODEL_RUN_MAX)

enum model_have { /* what the entry of a page is */
		  HAVE_NONE,
		  HAVE_ZERO, /* the zero page */
		  HAVE_FILE, /* the object's page */
		  HAVE_ANON, /* a page of the process's own: bytes counts */
};

struct model_page {
	bool mapped;
	bool maybe;	     /* mm was free to bring it in, or to drop it: see model_settle */
	bool wp;	     /* protected by the userfaultfd */
	bool lazy;	     /* given up by MADV_FREE, and not written since: it may go */
	bool written;	     /* since the last model_forget_writes, through this entry */
	int8_t have;	     /* enum model_have */
	int16_t obj;	     /* of model.obj; -1: private anonymous */
	unsigned long flags; /* vm_flags */
	unsigned long pgoff;
};

struct model_proc {
	struct mm_struct *mm; /* NULL: no such process now */
	struct userfault *uf; /* its userfaultfd; NULL: none open */
	unsigned long def_flags;
	struct model_page page[MODEL_PAGES];
	uint8_t bytes[MODEL_PAGES][PAGE_SIZE]; /* of those that are HAVE_ANON */
};

struct model_obj {
	struct address_space *m; /* NULL: unused */
	uint64_t size;
	bool unsure;		/* which pages are cached: see model_settle */
	unsigned long reserved; /* pages committed for its life; 0: those cached */
	bool store;		/* has one: its pages are not committed */
	bool swaps;		/* cached pages may be in swap */
	bool cached[MODEL_OBJ_PAGES];
	uint8_t bytes[MODEL_OBJ_PAGES][PAGE_SIZE];
};

struct model {
	uint64_t seed;
	unsigned long step; /* running */
	unsigned acting;    /* the process it is about */
	struct prng rnd;    /* of the step alone: leaving out others changes nothing in it */
	struct model_proc proc[MODEL_PROCS];
	struct model_obj obj[MODEL_OBJS];
};
extern struct model model;

/* A range that an operation is given: mostly pages of the window, sometimes what no call should like. */
enum model_range_kind {
	RANGE_SANE,
	RANGE_UNALIGNED,
	RANGE_EMPTY,
	RANGE_HUGE,    /* addr + len wraps */
	RANGE_OUTSIDE, /* beyond task_size */
};
struct model_range {
	enum model_range_kind kind;
	unsigned long addr, len; /* as given to the call */
	unsigned first, nr;	 /* pages, when it is sane */
};

enum model_access {
	MODEL_READ,
	MODEL_WRITE,
	MODEL_EXEC,
	MODEL_PEEK, /* a debugger's */
	MODEL_POKE
};

/* ---- model_run.c ---- */
struct model_config {
	uint64_t seed;
	unsigned long steps, check_every;
	unsigned shrink_seconds; /* after a difference */
};
/* The run in a child process. Return: true when mm and the model agree to the end; else reports, shrinks, reports. */
bool model_run(const struct model_config *cfg);
uint32_t model_rnd(uint32_t n); /* 0..n-1, of the running step */
unsigned model_some_page(void);
void model_hop(void); /* to another CPU, perhaps */
static inline bool model_one_in(uint32_t n)
{
	return model_rnd(n) == 0;
}
/* What the step does, for the report. */
void model_note(const char *fmt, ...) printf_(1, 2);
/* A difference: report and end the process. */
noreturn_ void model_differs(const char *fmt, ...) printf_(1, 2);
/* A call's result is @got and must be @want. */
void model_expect(const char *what, long want, long got);

/* ---- model_state.c ---- */
static inline unsigned long model_addr(unsigned page)
{
	return MODEL_BASE + ((unsigned long)page << PAGE_SHIFT);
}
static inline void model_page_gone(struct model_page *m) /* no entry is there any more */
{
	m->have = HAVE_NONE;
	m->wp = m->written = false;
}
struct model_range model_some_range(void);
unsigned model_run_first(const struct model_proc *p, unsigned page); /* of page's vma */
unsigned model_run_end(const struct model_proc *p, unsigned page);   /* the page after it */
bool model_is_free(const struct model_proc *p, unsigned first, unsigned nr);
/* The highest free place of @nr pages. Return: false when there is none. */
bool model_highest_gap(const struct model_proc *p, unsigned nr, unsigned *first);
void model_drop_pages(struct model_proc *p, unsigned first, unsigned nr); /* munmap */
/* One access, as a fault resolves it. Return: enum fault_result. */
int model_fault(struct model_proc *p, unsigned page, enum model_access access);
/* MAP_POPULATE, MAP_LOCKED, mlock: pages are brought in. Return: FAULT_OK, or what stopped it; @best_effort: nothing does. */
int model_populate(struct model_proc *p, unsigned first, unsigned nr, bool best_effort);
/* Pages that mm was free about: look what it did, and go on from there. Called after every step. */
void model_settle(void);
/* What a read of the page shows. */
const uint8_t *model_bytes(const struct model_proc *p, unsigned page);
/* The entry of the page: none when there is not even a table. */
pte_t model_entry(const struct model_proc *p, unsigned page);

/* ---- model_obj.c ---- */
void model_objects_begin(void);
void model_objects_end(void);
unsigned long model_obj_pages(const struct model_obj *o); /* by its size */
int model_obj_adopt(struct address_space *m, unsigned long pages, bool reserve);
bool model_obj_room(void);  /* for one more */
void model_obj_sweep(void); /* shared anonymous objects that nobody maps any more are gone */
void model_obj_hole(struct model_obj *o, uint64_t from, uint64_t to);

/* ---- model_swap.c ---- */
void model_swap_begin(uint64_t seed); /* an area, or none */
void model_swap_end(void);
void model_obj_goes(struct model_obj *o, unsigned long index); /* the page may go to swap now */
bool model_obj_swapped(const struct model_obj *o, unsigned index);
const uint8_t *model_swap_bytes(pte_t e); /* of the page that the swapped entry stands for */

/* ---- model_check.c ---- */
void model_check(
	void); /* everything mm says against everything the model says, and mm's own checkers */

/* ---- operations: on a process that lives ---- */
typedef void model_op(struct model_proc *p);
model_op model_map, model_unmap, model_protect;				       /* model_map.c */
model_op model_remap;							       /* model_remap.c */
model_op model_advise, model_lock, model_lock_all, model_mincore, model_msync; /* model_advise.c */
model_op model_truncate, model_punch, model_write_file, model_read_file;       /* model_obj.c */
model_op model_touch, model_look, model_fetch, model_access, model_forget_writes, model_fork,
	model_exit, model_migrate;	   /* model_proc.c */
model_op model_uffd, model_uffd_close;	   /* model_uffd.c */
model_op model_swap, model_reclaim;	   /* model_swap.c */
struct model_proc *model_proc_begin(void); /* the first process */
void model_proc_end(struct model_proc *p);

#endif
