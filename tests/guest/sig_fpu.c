/* The FPU's state in signal frames: what a handler sees and changes is what the program had and goes on with. */
#include "tap.h"

#include <ucontext.h>

/* Where things are in sigcontext.fpstate: i386 has an FSAVE image in front. */
enum {
	FX_AT = IS64 ? 0 : 112,
	FX_ST0 = FX_AT + 32,
	FX_XMM0 = FX_AT + 160,
	FX_SOFTWARE = FX_AT + 464
};
enum { FPSTATE_BYTES = FX_AT + 512, OLD_ST0 = 28 };
/* The place of st(0) that counts: i386's is the old one. */
enum { ST0 = IS64 ? FX_ST0 : OLD_ST0 };

static const uint64_t before_trap = 0x123456789abcdef0, by_handler = 0x1122334455667788;
static const unsigned char one[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f };
static const unsigned char pi[10] = { 0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40 };

static unsigned char found[FPSTATE_BYTES]; /* the frame's, as the handler found it */
static unsigned char *place; /* NULL: the frame's own; else what sigreturn is to take */
static int file;

static void change(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	unsigned char *state = (unsigned char *)u->uc_mcontext.fpregs;

	memcpy(found, state, FPSTATE_BYTES);
	memcpy(state + FX_XMM0, &by_handler, sizeof(by_handler));
	memcpy(state + ST0, one, sizeof(one));
	if (!place)
		return;
	pwrite(file, state, FPSTATE_BYTES, (off_t)((uintptr_t)place % PAGE));
	u->uc_mcontext.fpregs = (void *)place;
	__asm__ volatile("fninit\n\tfldz"); /* the handler's own use of it ends with the handler */
}

static void act(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &sa, NULL);
}

/* pi and a pattern into the registers, a signal; what is there afterwards. */
static uint64_t through_trap(double *st0)
{
	uint64_t after = 0;

	__asm__ volatile("movq %2, %%xmm0\n\tfldpi\n\tint3\n\tfstpl %1\n\tmovq %%xmm0, %0"
			 : "=m"(after), "=m"(*st0)
			 : "m"(before_trap)
			 : "memory"
#ifdef __x86_64__
			   ,
			   "xmm0"
#endif
	);
	return after;
}

static void check_found(void)
{
	static const unsigned char nothing[48];

	EQ(memcmp(found + FX_XMM0, &before_trap, sizeof(before_trap)), 0);
	EQ(memcmp(found + FX_ST0, pi, sizeof(pi)), 0);
	EQ(memcmp(found + ST0, pi, sizeof(pi)), 0);
	EQ(memcmp(found + FX_SOFTWARE, nothing, sizeof(nothing)), 0);
}

static void check_old_image(void)
{
	uint32_t word[7];
	uint16_t magic[2];

	memcpy(word, found, sizeof(word));
	memcpy(magic, found + 108, sizeof(magic));
	EQ(word[0], 0xffff037f);
	EQ(word[1], 0xffff3800); /* the top of the stack is 7 */
	EQ(word[2], 0xffff3fff); /* register 7 is valid, the others are empty */
	EQ(magic[0], 0x3800);
	EQ(magic[1], 0);
}

static void in_the_frame(void)
{
	double st0 = 0;

	act(SIGTRAP, change, 0);
	for (int i = 0; i < 3; i++) {
		EQ(through_trap(&st0), by_handler);
		CHECK(st0 == 1);
		check_found();
		if (!IS64)
			check_old_image();
	}
}

static int try_place(size_t offset)
{
	unsigned char *two_pages;
	double st0 = 0;
	uint64_t after;

	file = (int)syscall(SYS_memfd_create, "state", 0);
	ftruncate(file, 2 * PAGE);
	two_pages = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 0);
	place = two_pages + offset;
	after = through_trap(&st0);
	place = NULL;
	munmap(two_pages, 2 * PAGE);
	close(file);
	return after == by_handler && st0 == 1;
}

/* sigreturn takes the state from pages that nobody has touched, at places of every kind. */
static void from_pages_not_there(void)
{
	act(SIGTRAP, change, 0);
	CHECK(try_place(0));
	CHECK(try_place(64));
	CHECK(try_place(PAGE - 64));
	CHECK(try_place(PAGE - 256));
	CHECK(try_place(PAGE - 200)); /* FXRSTOR wants multiples of 16 */
	CHECK(try_place(1));
}

static int return_to(void *to)
{
	double st0;

	file = -1;
	place = to;
	act(SIGTRAP, change, 0);
	through_trap(&st0);
	return 0;
}

static void from_nowhere(void)
{
	unsigned char *gap =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uintptr_t last_page = IS64 ? 0x7ffffffff000 : 0xbffff000;

	munmap(gap + PAGE, PAGE);
	EQ(tap_child(return_to, gap + PAGE) & ~0x80, KILLED(SIGSEGV));
	EQ(tap_child(return_to, gap + PAGE - 256) & ~0x80, KILLED(SIGSEGV));
	EQ(tap_child(return_to, (void *)(last_page + PAGE - 64)) & ~0x80, KILLED(SIGSEGV));
	EQ(tap_child(return_to, (void *)-4096L) & ~0x80, KILLED(SIGSEGV));
	munmap(gap, PAGE);
}

/* A frame that has no room changes nothing: the handler of SIGSEGV finds the state whole. */
static void frame_without_room(void)
{
	stack_t none = { .ss_size = 16 * PAGE };
	double st0 = 0;

	none.ss_sp = mmap(NULL, none.ss_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaltstack(&none, NULL);
	act(SIGTRAP, change, SA_ONSTACK);
	act(SIGSEGV, change, 0);
	EQ(through_trap(&st0), by_handler);
	CHECK(st0 == 1);
	check_found();
}

static void nothing(int sig)
{
}

#ifdef __x86_64__
#define SYSCALL "syscall"
#else
#define SYSCALL "int $0x80"
#endif

/* Programs with states of their own take turns, and take signals. */
static int keeps_state(void *arg)
{
	uint64_t mine = (uintptr_t)arg * 0x0101010101010101ull, after;
	long result;

	signal(SIGUSR1, nothing);
	for (int i = 0; i < 200; i++) {
		__asm__ volatile("movq %2, %%xmm0\n\t" SYSCALL "\n\tmovq %%xmm0, %0"
				 : "=m"(after), "=a"(result)
				 : "m"(mine), "1"(SYS_sched_yield)
				 : "memory"
#ifdef __x86_64__
				   ,
				   "rcx", "r11", "xmm0"
#endif
		);
		if (after != mine)
			return 1;
		raise(SIGUSR1);
	}
	return 0;
}

static void states_apart(void)
{
	pid_t child[3];

	for (int i = 0; i < 3; i++) {
		child[i] = fork();
		if (!child[i])
			_exit(keeps_state((void *)(uintptr_t)(i + 1)));
	}
	for (int i = 0; i < 3; i++)
		EQ(tap_wait(child[i]), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(in_the_frame), T(from_pages_not_there),
						 T(from_nowhere), T(frame_without_room),
						 T(states_apart), TEND };

	return tap_main(argc, argv, tests);
}
