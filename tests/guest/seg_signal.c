/* Segments across faults and signals: 16-bit stacks, frames with other selectors in them, impossible ones. */
#include "seg.h"

/*
 * Code of a 32-bit segment: touch a page for the first time on a 16-bit stack segment whose stack pointer has a
 * high half, and say what the stack pointer is then. seg_call gives the argument, flat.
 */
struct touch {
	unsigned page, ss, sp, sp_after;
};
extern const char touch_code[], touch_code_end[];
__asm__(".pushsection .rodata\n"
	".code32\n"
	".globl touch_code, touch_code_end\n"
	"touch_code:\n"
	"	pushal\n"
	"	movl 0(%ebx), %ecx\n"
	"	movl 4(%ebx), %eax\n"
	"	movl 8(%ebx), %edi\n"
	"	movl %ss, %edx\n"
	"	movl %esp, %ebp\n"
	"	movl %eax, %ss\n"
	"	movl %edi, %esp\n"
	"	incl (%ecx)\n"
	"	movl %esp, %edi\n"
	"	movl %edx, %ss\n"
	"	movl %ebp, %esp\n"
	"	movl %edi, 12(%ebx)\n"
	"	popal\n"
	"	lret\n"
	"touch_code_end:\n"
#if __SIZEOF_POINTER__ == 8
	".code64\n"
#endif
	".popsection");

static void sixteen_bit_stack(void)
{
	unsigned char *code = low_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	unsigned char *data = low_pages(64, PROT_READ | PROT_WRITE);
	struct touch *arg = low_pages(1, PROT_READ | PROT_WRITE);
	struct seg_desc d;

	NEED(code != MAP_FAILED && data != MAP_FAILED && arg != MAP_FAILED);
	memcpy(code, touch_code, (size_t)(touch_code_end - touch_code));
	d = seg_at(0, SEG_CODE, (unsigned long)code, 1);
	NEED(ldt_set(&d) == 0);
	d = (struct seg_desc){ .entry_number = 1, .limit = 0xffff };
	NEED(ldt_set(&d) == 0);
	for (unsigned i = 0; i < 16; i++) {
		*arg = (struct touch){ .page = (unsigned)(uintptr_t)data + i * PAGE,
				       .ss = LDT_SEL(1),
				       .sp = (0xfff1u * (i + 1)) << 16 | (0x1234 + i) };
		(void)seg_call(LDT_SEL(0), 0, arg);
		EQ(arg->sp_after, arg->sp);
		EQ(data[i * PAGE], 1);
	}
}

/* ---- what sigreturn is told to go back to ---- */

static unsigned want_cs, want_ss;
static sigjmp_buf back;

static void change_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

#if __SIZEOF_POINTER__ == 8
	unsigned long *sel = (unsigned long *)&u->uc_mcontext.gregs[REG_CSGSFS];

	*sel = (want_cs ? want_cs : *sel & 0xffff) | (unsigned long)want_ss << 48;
#else
	if (want_cs)
		u->uc_mcontext.gregs[REG_CS] = (int)want_cs;
	u->uc_mcontext.gregs[REG_SS] = (int)want_ss;
#endif
}

static void returns_to(unsigned cs, unsigned ss)
{
	want_cs = cs;
	want_ss = ss;
	raise(SIGUSR1);
}

/* i386 says of all of them that iret could not be done; x86_64 says why, but of LDT stack segments. */
static void impossible_frame(int line, unsigned cs, unsigned ss, int sig, unsigned long trap,
			     unsigned long error)
{
	const int before = tap_failures;

	if (CHECK(CAUGHT(returns_to(cs, ss)))) {
		EQ(seg_seen.sig, IS64 ? sig : SIGILL);
		EQ(seg_seen.code, IS64 ? 0x80 : 8); /* SI_KERNEL, ILL_BADSTK */
		EQ(seg_seen.trap, IS64 ? trap : TRAP_IRET);
		EQ(seg_seen.error, IS64 ? error : 0);
	}
	if (tap_failures != before)
		tap_note("# in line %d", line);
}
#define IMPOSSIBLE(...) impossible_frame(__LINE__, __VA_ARGS__)

static void impossible_frames(void)
{
	const unsigned my_cs = selector_read("cs");
	struct seg_desc d = seg_at(0, SEG_CODE, 0, 0);
	struct sigaction sa = { .sa_sigaction = change_frame, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	seg_catch();
	OK(sigaction(SIGUSR1, &sa, NULL));
	/* Nothing has an LDT: an LDT selector means nothing. */
	IMPOSSIBLE(0, LDT_SEL(3), SIGSEGV, TRAP_GP, 0);
	d.seg_not_present = 1;
	NEED(ldt_set(&d) == 0);
	d = seg_at(1, SEG_DATA, 0, 0);
	d.seg_not_present = 1;
	NEED(ldt_set(&d) == 0);
	IMPOSSIBLE(0, my_cs, SIGSEGV, TRAP_GP, my_cs & ~3);
	IMPOSSIBLE(0, LDT_SEL(7), SIGSEGV, TRAP_GP, 0);
	IMPOSSIBLE(0, LDT_SEL(1), SIGSEGV, TRAP_GP, 0);
	IMPOSSIBLE(LDT_SEL(0), FLAT_DS, SIGBUS, TRAP_NP, LDT_SEL(0) & ~3);
	IMPOSSIBLE(LDT_SEL(7), FLAT_DS, SIGSEGV, TRAP_GP, LDT_SEL(7) & ~3);
	IMPOSSIBLE(FLAT_DS, FLAT_DS, SIGSEGV, TRAP_GP, FLAT_DS & ~3);
	IMPOSSIBLE(IS64 ? 0x10 : 0x60, FLAT_DS, SIGSEGV, TRAP_GP, IS64 ? 0x10 : 0x60);
	IMPOSSIBLE(3, FLAT_DS, SIGSEGV, TRAP_GP, 0);
	want_cs = 0;
	want_ss = FLAT_DS;
	raise(SIGUSR1); /* and a possible one */
}

/* A flat LDT stack segment in the frame: the program goes on with it. */
static void stack_segment_of_the_ldt(void)
{
	struct seg_desc d = seg_at(2, SEG_DATA, 0, 0);
	struct sigaction sa = { .sa_sigaction = change_frame, .sa_flags = SA_SIGINFO };

	NEED(ldt_set(&d) == 0);
	OK(sigaction(SIGUSR1, &sa, NULL));
	returns_to(0, LDT_SEL(2));
	/* A system call by syscall or sysenter gives the flat one, int 0x80 and the handler's return do not. */
	CHECK(selector_read("ss") == LDT_SEL(2) || selector_read("ss") == FLAT_DS);
	selector_load("ss", LDT_SEL(2));
	CAUGHT(*(volatile int *)low_pages(1, PROT_READ | PROT_WRITE) = 1);
	selector_load("ss", FLAT_DS);
}

/* The handler of a fault in another code segment runs in the flat one and sees the other in its frame. */
static unsigned long frame_cs, frame_ip;

static void look_at_frame(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;

#if __SIZEOF_POINTER__ == 8
	__asm__ volatile("movl %0, %%ds; movl %0, %%es" ::"r"(0));
	frame_cs = u->uc_mcontext.gregs[REG_CSGSFS] & 0xffff;
	frame_ip = (unsigned long)u->uc_mcontext.gregs[REG_RIP];
#else
	frame_cs = (unsigned long)u->uc_mcontext.gregs[REG_CS] & 0xffff;
	frame_ip = (unsigned long)u->uc_mcontext.gregs[REG_EIP];
#endif
	EQ(selector_read("cs"), IS64 ? 0x33 : 0x73);
	EQ(selector_read("ss"), FLAT_DS);
	EQ(sig, SIGILL);
	siglongjmp(back, 1);
}

static void fault_in_another_segment(void)
{
	unsigned char *code = low_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	static char stack[65536];
	const stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = look_at_frame,
				.sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct seg_desc d;

	NEED(code != MAP_FAILED && sigaltstack(&ss, NULL) == 0 &&
	     sigaction(SIGILL, &sa, NULL) == 0);
	d = seg_at(0, SEG_CODE, (unsigned long)code, 1);
	NEED(ldt_set(&d) == 0);
	memcpy(code + 0x300, "\x0f\x0b", 2); /* ud2 */
	if (!sigsetjmp(back, 1))
		(void)seg_call(LDT_SEL(0), 0x300, code);
	EQ(frame_cs, LDT_SEL(0));
	EQ(frame_ip, 0x300);
}

/* A number of a system call that is not in the table, nor in any other. */
static void calls_beyond_the_table(void)
{
	for (long nr = 470; nr < 520; nr++)
		FAILS(syscall(nr, 0, 0, 0, 0, 0, 0), ENOSYS);
	FAILS(syscall(0x40000000, 0, 0, 0, 0, 0, 0), ENOSYS);
	FAILS(syscall(-1, 0, 0, 0, 0, 0, 0), ENOSYS);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(sixteen_bit_stack),	     T(impossible_frames),	T(stack_segment_of_the_ldt),
		T(fault_in_another_segment), T(calls_beyond_the_table), TEND
	};

	return tap_main(argc, argv, tests);
}
