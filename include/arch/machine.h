/*
 * What arch/x86/entry and the drivers offer to the floors above and to init/, and what they call up
 * (the imports of floor 8 from below are plain externs declared here).
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include "arch/irq.h"
#include "arch/regs.h"
#include "base/compiler.h"
#include "base/types.h"

/* ---- the boot protocol's result, filled by arch/x86/entry/boot_info.c ---- */
enum { BOOT_MAX_RANGES = 128, BOOT_MAX_MODULES = 8, BOOT_CMDLINE = 2048 };
struct boot_range {
	phys_t start, end;
	uint32_t type; /* E820: 1 RAM, 2 reserved, 3 ACPI data, 4 ACPI NVS, 5 unusable */
};
struct boot_module {
	phys_t start, end; /* an initrd */
};
struct boot_info {
	unsigned nr_ranges, nr_modules;
	struct boot_range ranges[BOOT_MAX_RANGES];
	struct boot_module modules[BOOT_MAX_MODULES];
	phys_t rsdp; /* 0: search for it */
	char cmdline[BOOT_CMDLINE];
	const char *protocol; /* "PVH" or "Multiboot" */
};
extern struct boot_info boot_info;

/* init/main.c: first C code after paging is on, on the boot CPU's stack, interrupts off. */
noreturn_ void kernel_main(void);
/* init/main.c: first C code of another CPU, on its idle thread's stack. */
noreturn_ void secondary_main(unsigned cpu);

/* ---- CPU set-up ---- */
void cpu_init_boot(void); /* GDT, TSS, IDT, system-call MSRs, CR0/CR4/EFER, FPU: boot CPU */
void cpu_init_secondary(unsigned cpu);
/* Copies of section "percpu" for CPUs 1..n-1, from memory @alloc'ed for each; sets percpu_offsets. */
void percpu_setup(unsigned cpus, void *(*alloc)(unsigned cpu, size_t size));
const char *cpu_model_name(void);
/* Full text of one processor entry of /proc/cpuinfo. Return: length. */
size_t cpu_info_format(unsigned cpu, char *buf, size_t size);
bool cpu_has_nx(void);
bool cpu_is_virtual(void);     /* a hypervisor's or an emulator's: it may stop at any moment */
unsigned long cpu_hwcap(void); /* AT_HWCAP: CPUID 1, EDX */
void cpu_serialize(void);      /* this CPU fetches instructions anew from here on */
unsigned cpu_phys_bits(void);  /* width of a physical address */

/* ---- kernel page tables ---- */
/* RAM below this is not for allocators: page 0 (firmware data), then the page other CPUs start in. */
enum { MACHINE_LOW_RESERVED = 0x2000 };
/* What memblock may hand out now: the memory that boot tables map; after physmap_init all of lowmem. */
phys_t physmap_alloc_limit(void);
/* Final kernel tables: RAM of boot_info below @ram_end in the linear map with the largest pages, the image W^X, the
 * vmalloc and kmap windows' top entries. Page 0 and everything below USER_TOP is unmapped from here on. */
void physmap_init(phys_t ram_end, phys_t (*alloc)(size_t size, size_t align));
/* Between physmap_init and vmalloc_init: [pa, pa + len) readable until the next call, which with @len 0 only unmaps.
 * NULL: more than PHYSMAP_EARLY_MAX, or no physical memory there can be, or no memory for a table. */
enum { PHYSMAP_EARLY_MAX = 1 << 20 };
const void *physmap_early_map(phys_t pa, size_t len, phys_t (*alloc)(size_t size, size_t align));
/* Section ro_after_init becomes read-only; then every entry over the image is checked: none writable and executable. */
void physmap_protect(void);
/* Part of the image not needed after physmap_init and percpu_setup, page aligned: memblock_free() it. */
void physmap_boot_range(phys_t *start, phys_t *end);
/* DirectMap4k/2M(4M)/1G in kB. */
void physmap_direct_sizes(unsigned long *kb_4k, unsigned long *kb_large, unsigned long *kb_1g);

/* ---- CPUs ---- */
void smp_start_secondaries(void); /* starts what MADT lists, up to maxcpus= and CFG_NR_CPUS */
enum ipi { IPI_RESCHEDULE, IPI_TLB, IPI_CALL, IPI_STOP, IPI_NR };
void ipi_send(unsigned cpu, enum ipi kind);
void ipi_register(enum ipi kind, void (*fn)(void));
void tlb_init(void);   /* registers IPI_TLB; before a second CPU starts */
void panic_init(void); /* registers IPI_STOP, reads panic=; boot_info must be there */
noreturn_ void
smp_secondary_entry(unsigned cpu); /* where the trampoline ends: goes on to secondary_main */
void smp_stop_others(void);	   /* IPI_STOP to every other CPU; does not wait */

/* ---- time ---- */
uint64_t clock_ns(void); /* TSC, calibrated */
void timer_arm_ns(
	uint64_t when_ns); /* this CPU's next timer interrupt; UINT64_MAX: none. Interrupts off. */
void timer_set_handler(void (*fn)(void)); /* called in the timer interrupt */
uint64_t rtc_read_seconds(void);	  /* UNIX time from the CMOS clock */
void udelay(unsigned us);
void time_init(
	void); /* boot CPU, after irq_init: calibrates; interrupts are on for a moment. clock_ns() is 0 before */

/* ---- end ---- */
noreturn_ void machine_power_off(void);
noreturn_ void machine_restart(void);
noreturn_ void machine_halt(void);
/* End QEMU with a status when isa-debug-exit is there (exit code 2*n+1); else power off. */
noreturn_ void machine_exit(unsigned char status);
extern bool
	machine_debug_exit; /* the command line says isa-debug-exit is there; else used only without ACPI */

/* ---- up-calls made by entry code ---- */
/*
 * sys/table.c: handlers by number, no NULLs (a call we lack has one that counts and returns -ENOSYS). One more
 * entry, sys_call_table[sys_call_nr], is called for every number beyond.
 */
typedef long (*sys_fn)(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long,
		       unsigned long);
extern const sys_fn sys_call_table[];
/* x86_64: i386's numbers, as many entries, the same handlers. */
extern const sys_fn sys_call_table32[];
extern const unsigned long sys_call_nr;
/*
 * Per-CPU (arch/x86/hw/cpu.c): not 0 when the thread running here must call exit_to_user_work before it returns to
 * user mode. Set by the scheduler at a switch and by IPI_RESCHEDULE; read with interrupts off; 0 again when
 * exit_to_user_work returns.
 */
extern unsigned long work_pending;
void exit_to_user_work(
	struct pt_regs *
		regs); /* kernel/entry_work.c: signals, reschedule; interrupts off at call and return */
void ret_from_fork(void); /* kernel/sched.c */
/* module/names.c: is @addr in a module's code; its name as symbol_format gives it, 0: no module's. Any context. */
bool module_code_has(kaddr_t addr);
size_t module_symbol_format(kaddr_t addr, char *buf, size_t size);
/* A trap in user mode that is a signal: kernel/signal.c. */
void trap_signal(int sig, int code, uaddr_t addr);

/* ---- debugging ---- */
struct stack_place; /* arch/thread.h */
/* @at and what called it, innermost first, up to @max addresses, at least 1. Return: how many. */
unsigned backtrace_save(const struct stack_place *at, unsigned long *ips, unsigned max);
void backtrace_print(const struct stack_place *at);
/* The same words of the stack, but only those in modules' code. */
unsigned backtrace_modules(const struct stack_place *at, unsigned long *ips, unsigned max);
/* "function+0x12/0x34"; Return: length. */
size_t symbol_format(kaddr_t addr, char *buf, size_t size);
kaddr_t symbol_address(const char *name); /* of a function of the kernel; 0: none */

#endif
