/* Segments as a program sees them: descriptors, what the processor says of selectors, code of other segments. */
#ifndef SEG_H
#define SEG_H

#include "tap.h"

#include <sched.h>
#include <setjmp.h>
#include <ucontext.h>

#include "../../labs/lib/segment.h"

#define FLAT_DS (IS64 ? 0x2b : 0x7b)
/* lar: access byte and flags. The Accessed bit is set from the start. */
enum {
	AR_DATA = 0xf300,
	AR_CODE = 0xfb00,
	AR_BIG = 0x400000,
	AR_PAGES = 0x800000,
	AR_AVL = 0x100000
};

static int verr(unsigned selector)
{
	char ok;

	__asm__ volatile("verr %w1; setz %0" : "=q"(ok) : "r"(selector) : "cc");
	return ok;
}

static int verw(unsigned selector)
{
	char ok;

	__asm__ volatile("verw %w1; setz %0" : "=q"(ok) : "r"(selector) : "cc");
	return ok;
}

/* Pages below 4 GiB, where segments can begin. */
static void *low_pages(unsigned pages, int prot)
{
#ifndef MAP_32BIT
#define MAP_32BIT 0x40
#endif
	return mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | (IS64 ? MAP_32BIT : 0),
		    -1, 0);
}

/*
 * 32-bit code at @offset of the code segment @selector is called with @arg in %ebx, flat data in %ds and %es, on a stack
 * below 4 GiB; it ends with lret and keeps all but %eax. Return: that.
 */
static unsigned seg_call(unsigned selector, unsigned offset, void *arg)
{
	static unsigned long saved_sp;
	static char *stack;
	struct {
		unsigned offset;
		unsigned short selector;
	} __attribute__((packed)) target = { offset, (unsigned short)selector };
	unsigned result;

	if (!stack)
		stack = low_pages(4, PROT_READ | PROT_WRITE);
#if __SIZEOF_POINTER__ == 8
	__asm__ volatile("movq %%rsp, %[saved]\n\t"
			 "movq %[stack], %%rsp\n\t"
			 "movl %[flat], %%ds\n\t"
			 "movl %[flat], %%es\n\t"
			 "lcall *(%[target])\n\t"
			 "movq %[saved], %%rsp\n\t"
			 "movl %[null], %%ds\n\t"
			 "movl %[null], %%es"
			 : "=&a"(result), [saved] "+m"(saved_sp)
			 : [stack] "c"(stack + 4 * PAGE), [flat] "d"(FLAT_DS),
			   [target] "S"(&target), [null] "r"(0), "b"(arg)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
#else
	__asm__ volatile("movl %%esp, %[saved]\n\t"
			 "movl %[stack], %%esp\n\t"
			 "lcall *(%[target])\n\t"
			 "movl %[saved], %%esp"
			 : "=&a"(result), [saved] "+m"(saved_sp)
			 : [stack] "c"(stack + 4 * PAGE), [target] "S"(&target), "b"(arg)
			 : "memory", "cc");
#endif
	return result;
}

/* The last signal that seg_caught() took, as the frame tells it. */
static struct {
	int sig, code;
	unsigned long trap, error;
} seg_seen;
static sigjmp_buf seg_jump;

static void seg_handler(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;

#if __SIZEOF_POINTER__ == 8
	__asm__ volatile("movl %0, %%ds; movl %0, %%es" ::"r"(0));
#endif
	seg_seen.sig = sig;
	seg_seen.code = info->si_code;
	seg_seen.trap = (unsigned long)u->uc_mcontext.gregs[REG_TRAPNO];
	seg_seen.error = (unsigned long)u->uc_mcontext.gregs[REG_ERR];
	siglongjmp(seg_jump, 1);
}

/* From now on SIGSEGV, SIGBUS, SIGILL end what CAUGHT() runs, on a stack of their own. */
static void seg_catch(void)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL };
	static char stack[65536];
	const stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = seg_handler,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	OK(sigaltstack(&ss, NULL));
	for (unsigned i = 0; i < ARRAY_LEN(sigs); i++)
		OK(sigaction(sigs[i], &sa, NULL));
}

/* Did @statement end with a signal? Which is in seg_seen. */
#define CAUGHT(statement)                                                                          \
	({                                                                                         \
		volatile int caught_ = 1;                                                          \
		memset(&seg_seen, 0, sizeof(seg_seen));                                            \
		if (!sigsetjmp(seg_jump, 1)) {                                                     \
			statement;                                                                 \
			caught_ = 0;                                                               \
		}                                                                                  \
		caught_;                                                                           \
	})
#define SEEN(signal, trapno, err)                                                                  \
	do {                                                                                       \
		EQ(seg_seen.sig, signal);                                                          \
		EQ(seg_seen.code, 0x80); /* SI_KERNEL */                                           \
		EQ(seg_seen.trap, trapno);                                                         \
		EQ(seg_seen.error, err);                                                           \
	} while (0)
enum { TRAP_NP = 11, TRAP_SS = 12, TRAP_GP = 13, TRAP_IRET = 32 };

/* Run on CPU @n only. */
static int seg_pin(int n)
{
	unsigned long mask = 1UL << n;

	return (int)syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask);
}

#endif
