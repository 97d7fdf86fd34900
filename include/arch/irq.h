/* Interrupts: from a line to its handler. */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include "base/compiler.h"
#include "base/types.h"

struct pt_regs;

typedef void (*irq_handler_fn)(void *arg);
/* Route ISA interrupt line 0..15 to @fn on the boot CPU, unmasked. Handler runs with interrupts off. 0 or -errno. */
int must_check irq_request(unsigned line, irq_handler_fn fn, void *arg, const char *name);
/* Counts for /proc/interrupts and /proc/stat: sum over CPUs of line @n; name NULL when unused. */
unsigned long irq_count(unsigned line, unsigned cpu, const char **name);
/* Called by trap.S with the vector of a hardware interrupt (drivers side: irq.c). */
void irq_dispatch(struct pt_regs *regs, unsigned vector);
bool in_interrupt(void);
/* Registers of the context that this CPU's interrupt handler interrupted; NULL outside of one. */
struct pt_regs *irq_regs(void);
void irq_free(unsigned line);
/* A requested line is silent, or not. Any context; also in its handler. */
void irq_mask(unsigned line, bool masked);

/* Ports that the machine's own parts use, number @n: for /proc/ioports. False past the last. */
bool machine_ports(unsigned n, unsigned *start, unsigned *last, const char **name);
/* Interrupts that are not lines, for /proc/interrupts: *name "LOC", "RES", "TLB", ..., @text what it means. */
bool irq_local_count(unsigned n, unsigned cpu, unsigned long *count, const char **name,
		     const char **text);
void acpi_early_init(
	void); /* between physmap_init and meminit: tables read, memory and CPUs given to nodes */
void acpi_init(void); /* after vmalloc_init: nr_cpus set (maxcpus=, nosmp), power-off prepared */
void acpi_place_cpu(unsigned cpu); /* its node to where programs ask for it */
void irq_init(void);		   /* boot CPU: local APIC and I/O APIC, else the PIC */

#endif
