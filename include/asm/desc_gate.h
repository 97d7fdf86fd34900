/* Gates of the IDT, and descriptors as two words; included by asm/desc.h. */
#ifndef _ASM_DESC_GATE_H
#define _ASM_DESC_GATE_H

#include <asm/desc.h>

enum { GATE_INTERRUPT = 0xe, GATE_TRAP = 0xf, GATE_CALL = 0xc, GATE_TASK = 0x5 };
enum { DESC_TSS = 0x9, DESC_LDT = 0x2, DESCTYPE_S = 0x10 };

struct idt_bits {
	u16 ist : 3, zero : 5, type : 5, dpl : 2, p : 1;
} __attribute__((packed));

struct gate_struct {
	u16 offset_low, segment;
	struct idt_bits bits;
	u16 offset_middle;
#ifdef __x86_64__
	u32 offset_high, reserved;
#endif
} __attribute__((packed));
typedef struct gate_struct gate_desc;

static inline unsigned long gate_offset(const gate_desc *g)
{
	unsigned long at = g->offset_low | (unsigned long)g->offset_middle << 16;

#ifdef __x86_64__
	at |= (unsigned long)g->offset_high << 32;
#endif
	return at;
}
#define gate_segment(g) ((unsigned long)(g)->segment)

/* A TSS or an LDT: on x86_64 two entries long. */
struct ldttss_desc {
	u16 limit0, base0;
	u16 base1 : 8, type : 5, dpl : 2, p : 1;
	u16 limit1 : 4, zero0 : 3, g : 1, base2 : 8;
#ifdef __x86_64__
	u32 base3, zero1;
#endif
} __attribute__((packed));
typedef struct ldttss_desc tss_desc, ldt_desc;

#endif
