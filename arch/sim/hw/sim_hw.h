/*
 * The simulated machine as sim/ drives it, and what its files share. mm/ sees include/arch/ only.
 */
#ifndef SIM_HW_H
#define SIM_HW_H

#include "arch/pt.h"
#include "arch/tlb.h"
#include "base/config.h"

/* ---- what the machine asks of the world above; set before the first access ---- */
enum sim_access { SIM_READ, SIM_WRITE, SIM_EXEC };
struct sim_hooks {
	/* A page fault. Return: 0: try again; else what the access fails with (> 0). */
	int (*fault)(uaddr_t va, enum sim_access access, bool user, bool present);
	/* A copy that may fault, and so sleep, begins. */
	void (*may_fault)(void);
	/* A preemption point: other virtual CPUs may run. */
	void (*point)(void);
	/* A spinning CPU waits for another one. */
	void (*relax)(void);
	/* The simulated hardware found an error of the kernel's. Does not return. */
	void (*broken)(const char *text);
};
extern struct sim_hooks sim_hooks;
void sim_broken(const char *fmt, ...) printf_(1, 2) noreturn_;

/* ---- cpu.c ---- */
void sim_cpu_reset(unsigned cpus, bool nx);
void sim_cpu_free(void);
/* The world runs on virtual CPU @cpu from now on. */
void sim_cpu_select(unsigned cpu);

/* ---- phys.c: RAM ---- */
/* RAM [0, size) less the hole; frames from @lowmem bytes on have no linear address. */
void sim_phys_create(phys_t size, phys_t lowmem, phys_t hole_start, phys_t hole_end);
void sim_phys_destroy(void);
/* The frame as hardware sees it: always accessible, whatever the kernel may touch. */
void *sim_bus(phys_t pa);
bool sim_is_ram(phys_t pa);
extern int sim_ram_fd; /* the arena, for further views of it */

/* How many translations of the simulated hardware point to a frame: TLB entries, table pointers, kernel windows. */
void sim_frame_hold(phys_t pa);
void sim_frame_drop(phys_t pa);
unsigned sim_frame_refs(phys_t pa);

/* ---- tlb.c ---- */
void sim_tlb_reset(void);
/* Is the root active on some CPU? */
bool sim_root_active(const struct pt_root *root);
const struct pt_root *sim_active_root(void);
/* Nothing of @root on any CPU any more, without being asked to flush. */
void sim_root_forget(struct pt_root *root);
/* Which CPU holds a translation to @pa? For the oracle's message. */
void sim_tlb_describe(phys_t pa, char *buf, size_t size);

/* Caches of one CPU, for mmu.c. */
enum { SIM_TLB_SIZE = 64, SIM_PWC_SIZE = 8 };
struct sim_tlb_entry {
	bool valid, write, user, exec, dirty;
	uaddr_t va; /* aligned to size, like pa */
	phys_t pa;
	uaddr_t size; /* of the page: PAGE_SIZE, or of a large one; then all its frames are held */
};
struct sim_pwc_entry { /* paging-structure cache: the lowest table of a region */
	bool valid, write, user, exec;
	uaddr_t va; /* aligned to what the table covers */
	phys_t table;
};
struct sim_mmu {
	struct pt_root *root;
	pte_t top_copy[4]; /* PAE: PDPTE registers */
	unsigned tlb_next, pwc_next;
	struct sim_tlb_entry tlb[SIM_TLB_SIZE];
	struct sim_pwc_entry pwc[SIM_PWC_SIZE];
};
extern struct sim_mmu sim_mmu[CFG_NR_CPUS];
bool sim_tlb_covers(const struct sim_tlb_entry *t, uaddr_t va);
void sim_tlb_hold(const struct sim_tlb_entry *t);
void sim_tlb_drop(struct sim_tlb_entry *t);
void sim_pwc_drop(struct sim_pwc_entry *p);

/* ---- mmu.c ---- */
/* Bus address of one byte at @va for this CPU. Return: 0, or 1 with *present as a page fault reports it. */
int sim_translate(uaddr_t va, enum sim_access access, bool user, phys_t *pa, bool *present);
/* Move bytes between @buf and user memory. Return: bytes NOT done; *why: what the fault hook said. */
size_t sim_copy(uaddr_t va, void *buf, size_t len, enum sim_access access, bool user,
		bool may_fault, int *why);

/* ---- kva.c: kernel windows ---- */
void sim_kva_create(void);
void sim_kva_destroy(void);
void sim_kva_flush(kaddr_t start, kaddr_t end);

#endif
