/* Descriptor tables and system registers. */
#ifndef _ASM_DESC_H
#define _ASM_DESC_H

#include <linux/types.h>

#include "arch/processor.h"

struct desc_ptr {
	unsigned short size;
	unsigned long address;
} __attribute__((packed));

struct desc_struct {
	u16 limit0, base0;
	u16 base1 : 8, type : 4, s : 1, dpl : 2, p : 1;
	u16 limit1 : 4, avl : 1, l : 1, d : 1, g : 1, base2 : 8;
} __attribute__((packed));

static inline void store_gdt(struct desc_ptr *p)
{
	__asm__ volatile("sgdt %0" : "=m"(*p));
}

static inline void store_idt(struct desc_ptr *p)
{
	__asm__ volatile("sidt %0" : "=m"(*p));
}
#define native_store_gdt store_gdt
#define native_store_idt store_idt

static inline unsigned long native_store_tr(void)
{
	unsigned long tr;

	__asm__ volatile("str %0" : "=r"(tr));
	return tr & 0xffff;
}
#define store_tr(tr)   ((tr) = native_store_tr())
#define store_ldt(ldt) __asm__ volatile("sldt %0" : "=m"(ldt))

static inline unsigned long get_desc_base(const struct desc_struct *d)
{
	return d->base0 | (unsigned long)d->base1 << 16 | (unsigned long)d->base2 << 24;
}

static inline unsigned long get_desc_limit(const struct desc_struct *d)
{
	return d->limit0 | (unsigned long)d->limit1 << 16;
}

#define savesegment(seg, v) __asm__ volatile("mov %%" #seg ", %0" : "=r"(v)::"memory")

#ifdef __x86_64__
#define GDT_ENTRY_KERNEL_CS	  2
#define GDT_ENTRY_KERNEL_DS	  3
#define GDT_ENTRY_DEFAULT_USER_DS 5
#define GDT_ENTRY_DEFAULT_USER_CS 6
#define GDT_ENTRY_TSS		  8
#define GDT_ENTRY_LDT		  10
#define GDT_ENTRY_TLS_MIN	  12
#else
#define GDT_ENTRY_TLS_MIN	  6
#define GDT_ENTRY_KERNEL_CS	  12
#define GDT_ENTRY_KERNEL_DS	  13
#define GDT_ENTRY_DEFAULT_USER_CS 14
#define GDT_ENTRY_DEFAULT_USER_DS 15
#define GDT_ENTRY_TSS		  16
#define GDT_ENTRY_LDT		  17
#define GDT_ENTRY_PERCPU	  27
#define GDT_ENTRY_DOUBLEFAULT_TSS 31
#define __KERNEL_PERCPU		  (GDT_ENTRY_PERCPU * 8)
#endif
#define GDT_ENTRY_TLS_ENTRIES 3
#define GDT_ENTRY_TLS_MAX     (GDT_ENTRY_TLS_MIN + GDT_ENTRY_TLS_ENTRIES - 1)
#define GDT_SIZE	      (GDT_ENTRIES * 8)
#define __KERNEL_CS	      (GDT_ENTRY_KERNEL_CS * 8)
#define __KERNEL_DS	      (GDT_ENTRY_KERNEL_DS * 8)
#define __USER_CS	      (GDT_ENTRY_DEFAULT_USER_CS * 8 + 3)
#define __USER_DS	      (GDT_ENTRY_DEFAULT_USER_DS * 8 + 3)
#define IDT_ENTRIES	      256

/* The table of the running processor. */
static inline struct desc_struct *get_current_gdt_rw(void)
{
	struct desc_ptr p;

	store_gdt(&p);
	return (struct desc_struct *)p.address;
}
#define get_current_gdt_ro()   get_current_gdt_rw()
#define get_cpu_gdt_rw(cpu)    get_current_gdt_rw()
#define get_cpu_gdt_ro(cpu)    get_current_gdt_rw()
#define get_cpu_gdt_table(cpu) get_current_gdt_rw()

#include <asm/desc_gate.h>

#endif
