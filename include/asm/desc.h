/* Descriptor tables and system registers. */
#ifndef _ASM_DESC_H
#define _ASM_DESC_H

#include <linux/types.h>

struct desc_ptr {
	unsigned short size;
	unsigned long address;
} __attribute__((packed));

struct desc_struct {
	u16 limit0, base0;
	u16 base1 : 8, type : 4, s : 1, dpl : 2, p : 1;
	u16 limit1 : 4, avl : 1, l : 1, d : 1, g : 1, base2 : 8;
} __attribute__((packed));

#define GDT_ENTRIES (sizeof(long) == 8 ? 16 : 32)

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

static inline unsigned long store_tr(void)
{
	unsigned long tr;

	__asm__ volatile("str %0" : "=r"(tr));
	return tr & 0xffff;
}

static inline unsigned long store_ldt(void)
{
	unsigned long ldt;

	__asm__ volatile("sldt %0" : "=r"(ldt));
	return ldt & 0xffff;
}

static inline unsigned long get_desc_base(const struct desc_struct *d)
{
	return d->base0 | (unsigned long)d->base1 << 16 | (unsigned long)d->base2 << 24;
}

static inline unsigned long get_desc_limit(const struct desc_struct *d)
{
	return d->limit0 | (unsigned long)d->limit1 << 16;
}

#endif
