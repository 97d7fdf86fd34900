/* Numbers of traps, and the gates that they go through. */
#ifndef _ASM_TRAPNR_H
#define _ASM_TRAPNR_H

#include <asm/desc.h>

enum {
	X86_TRAP_DE,
	X86_TRAP_DB,
	X86_TRAP_NMI,
	X86_TRAP_BP,
	X86_TRAP_OF,
	X86_TRAP_BR,
	X86_TRAP_UD,
	X86_TRAP_NM,
	X86_TRAP_DF,
	X86_TRAP_OLD_MF,
	X86_TRAP_TS,
	X86_TRAP_NP,
	X86_TRAP_SS,
	X86_TRAP_GP,
	X86_TRAP_PF,
	X86_TRAP_SPURIOUS,
	X86_TRAP_MF,
	X86_TRAP_AC,
	X86_TRAP_MC,
	X86_TRAP_XF
};
#define FIRST_EXTERNAL_VECTOR 0x20
#define IA32_SYSCALL_VECTOR   0x80
#define ISA_IRQ_VECTOR(irq)   (0x30 + (irq))
#define NR_VECTORS	      256

#endif
