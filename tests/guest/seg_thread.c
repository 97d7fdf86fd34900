/* What each thread has for itself: set_thread_area(2) and get_thread_area(2) on i386, arch_prctl(2) and bases on x86_64. */
#include "seg.h"

#include <pthread.h>

enum { TLS_FIRST = 6, TLS_LAST = 8 };
enum {
	ARCH_SET_GS = 0x1001,
	ARCH_SET_FS,
	ARCH_GET_FS,
	ARCH_GET_GS,
	ARCH_GET_CPUID = 0x1011,
	ARCH_SET_CPUID
};

static long prctl_arch(int code, unsigned long arg)
{
	return syscall(SYS_arch_prctl, code, arg);
}

#if __SIZEOF_POINTER__ == 4
static long set_area(struct seg_desc *d)
{
	return syscall(SYS_set_thread_area, d);
}

static long get_area(struct seg_desc *d)
{
	return syscall(SYS_get_thread_area, d);
}

static void area_errors(void)
{
	struct seg_desc d = seg_at(TLS_FIRST - 1, SEG_DATA, 0, 0),
			good = seg_at(TLS_LAST, SEG_DATA, 0, 0);

	FAILS(set_area(NULL), EFAULT);
	FAILS(get_area(NULL), EFAULT);
	FAILS(set_area(&d), EINVAL);
	FAILS(get_area(&d), EINVAL);
	d.entry_number = TLS_LAST + 1;
	FAILS(set_area(&d), EINVAL);
	FAILS(get_area(&d), EINVAL);
	d = good;
	d.seg_32bit = 0;
	FAILS(set_area(&d), EINVAL);
	d = good;
	d.contents = SEG_CODE;
	FAILS(set_area(&d), EINVAL);
	d = good;
	d.seg_not_present = 1;
	FAILS(set_area(&d), EINVAL);
	d = good;
	d.contents = SEG_STACK_DOWN;
	EQ(set_area(&d), 0);
	EQ(lar(TLS_LAST << 3 | 3), 0xf700 | AR_BIG | AR_PAGES);
}

static void area_free(unsigned entry)
{
	struct seg_desc none = { .entry_number = entry, .read_exec_only = 1, .seg_not_present = 1 };

	EQ(set_area(&none), 0);
	EQ(lar(entry << 3 | 3), -1);
}

/* libc has the first entry; two are left. */
static void areas_are_dealt_out(void)
{
	unsigned *page = low_pages(1, PROT_READ | PROT_WRITE);
	struct seg_desc d, back = { .entry_number = TLS_FIRST + 1 };

	NEED(page != MAP_FAILED);
	EQ(get_area(&back), 0);
	EQ(back.read_exec_only, 1);
	EQ(back.seg_not_present, 1);
	for (unsigned i = TLS_FIRST + 1; i <= TLS_LAST; i++) {
		d = seg_at(~0U, SEG_DATA, (unsigned long)page + i, 5);
		NEED(set_area(&d) == 0);
		EQ(d.entry_number, i);
		EQ(lsl(i << 3 | 3), 0x4fff);
		back = (struct seg_desc){ .entry_number = i };
		EQ(get_area(&back), 0);
		EQ(memcmp(&back, &d, sizeof(d)), 0);
	}
	d.entry_number = ~0U;
	FAILS(set_area(&d), ESRCH);
	selector_load("fs", TLS_LAST << 3 | 3);
	page[1] = 77;
	EQ(seg_read32(4 - TLS_LAST), 77);
	/* Freed while a register has it: the register is null behind the call. */
	area_free(TLS_LAST);
	EQ(selector_read("fs"), 0);
	area_free(TLS_FIRST + 1);
	d.entry_number = ~0U;
	EQ(set_area(&d), 0);
	EQ(d.entry_number, TLS_FIRST + 1);
}

static void *other_thread(void *arg)
{
	struct seg_desc d = seg_at(TLS_LAST, SEG_DATA, 0, 2);

	EQ(lsl(TLS_LAST << 3 | 3), 0); /* as the parent's was at clone */
	EQ(set_area(&d), 0);
	EQ(lsl(TLS_LAST << 3 | 3), 0x1fff);
	return NULL;
}

static int child_has_it(void *arg)
{
	return lsl(TLS_LAST << 3 | 3) == 0 ? 0 : 1;
}

static void areas_belong_to_threads(void)
{
	struct seg_desc d = { .entry_number = TLS_LAST, .seg_32bit = 1 };
	pthread_t th;

	NEED(set_area(&d) == 0);
	NEED(pthread_create(&th, NULL, other_thread, NULL) == 0);
	pthread_join(th, NULL);
	EQ(lsl(TLS_LAST << 3 | 3), 0);
	EQ(tap_child(child_has_it, NULL), EXITED(0));
}

static void calls_of_the_other_abi(void)
{
	FAILS(prctl_arch(ARCH_SET_FS, 0), EINVAL);
	EQ(prctl_arch(ARCH_GET_CPUID, 0), 1);
	FAILS(prctl_arch(ARCH_SET_CPUID, 0), ENODEV);
}

#define TESTS                                                                                      \
	T(area_errors), T(areas_are_dealt_out), T(areas_belong_to_threads),                        \
		T(calls_of_the_other_abi)
#else
static unsigned long base_of(int code)
{
	unsigned long base = 1;

	EQ(prctl_arch(code, (unsigned long)&base), 0);
	return base;
}

static void prctl_errors(void)
{
	FAILS(prctl_arch(0, 0), EINVAL);
	FAILS(prctl_arch(ARCH_SET_GS, 1UL << 63), EPERM);
	FAILS(prctl_arch(ARCH_SET_FS, 1UL << 63), EPERM);
	FAILS(prctl_arch(ARCH_SET_GS, 0xffff800000000000), EPERM);
	FAILS(prctl_arch(ARCH_GET_GS, 0), EFAULT);
	FAILS(prctl_arch(ARCH_GET_FS, 0xffff800000000000), EFAULT);
	EQ(prctl_arch(ARCH_GET_CPUID, 0), 1);
	FAILS(prctl_arch(ARCH_SET_CPUID, 0), ENODEV);
	FAILS(syscall(205, 0), ENOSYS); /* set_thread_area, get_thread_area: i386's */
	FAILS(syscall(211, 0), ENOSYS);
}

static void bases(void)
{
	unsigned long *word =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(word != MAP_FAILED);
	EQ(base_of(ARCH_GET_GS), 0);
	CHECK(base_of(ARCH_GET_FS) != 0); /* libc's */
	word[3] = 5;
	EQ(prctl_arch(ARCH_SET_GS, (unsigned long)word), 0);
	EQ(base_of(ARCH_GET_GS), (unsigned long)word);
	EQ(selector_read("gs"), 0);
	EQ(seg_read32(24), 5);
	sched_yield();
	EQ(seg_read32(24), 5);
}

/* A selector takes the base's place; a null one later means base 0. */
static void selectors_over_bases(void)
{
	unsigned *page = low_pages(1, PROT_READ | PROT_WRITE);
	struct seg_desc d;

	NEED(page != MAP_FAILED);
	d = seg_at(0, SEG_DATA, (unsigned long)page, 1);
	NEED(ldt_set(&d) == 0);
	EQ(prctl_arch(ARCH_SET_GS, 0x123456789000), 0);
	selector_load("gs", LDT_SEL(0));
	EQ(base_of(ARCH_GET_GS), (unsigned long)page);
	sched_yield();
	EQ(base_of(ARCH_GET_GS), (unsigned long)page);
	/* The call makes the selector null. */
	EQ(prctl_arch(ARCH_SET_GS, 0x123456789000), 0);
	EQ(selector_read("gs"), 0);
	EQ(base_of(ARCH_GET_GS), 0x123456789000);
	selector_load("gs", LDT_SEL(0));
	tap_sleep_ms(1);
	selector_load("gs", 0);
	tap_sleep_ms(1);
	EQ(base_of(ARCH_GET_GS), 0);
}

enum { SAME_BASE = 0x10000000 };

static int with_a_base(void *arg)
{
	const int breaks_it = arg != NULL;
	unsigned *page = mmap((void *)SAME_BASE, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	NEED_IN_CHILD(page != MAP_FAILED && seg_pin(0) == 0);
	page[0] = 808;
	NEED_IN_CHILD(prctl_arch(ARCH_SET_GS, SAME_BASE) == 0);
	for (int i = 0; i < 200; i++) {
		if (breaks_it) { /* the base is 0 now, and the kernel has not been told */
			selector_load("gs", FLAT_DS);
			selector_load("gs", 0);
		} else {
			NEED_IN_CHILD(seg_read32(0) == 808);
		}
		sched_yield();
	}
	return 0;
}

/* Two processes with one and the same base: what one does to the register is not the other's. */
static void bases_belong_to_threads(void)
{
	pid_t pids[4];

	for (unsigned i = 0; i < ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(with_a_base(i & 1 ? "" : NULL));
	}
	for (unsigned i = 0; i < ARRAY_LEN(pids); i++)
		EQ(tap_wait(pids[i]), 0);
}

static int child_of_gs(void *arg)
{
	return seg_read32(0) == 12 && base_of(ARCH_GET_GS) == (unsigned long)arg ? 0 : 1;
}

static void bases_are_inherited(void)
{
	unsigned *page = low_pages(1, PROT_READ | PROT_WRITE);

	NEED(page != MAP_FAILED);
	page[0] = 12;
	EQ(prctl_arch(ARCH_SET_GS, (unsigned long)page), 0);
	EQ(tap_child(child_of_gs, page), EXITED(0));
}

/* 32-bit code with data registers of its own keeps them while others run. */
static int keeps_ds(void *arg)
{
	const unsigned mine = arg ? FLAT_DS : 0;

	NEED_IN_CHILD(seg_pin(0) == 0);
	selector_load("ds", mine);
	selector_load("es", mine);
	for (int i = 0; i < 100; i++) {
		sched_yield();
		NEED_IN_CHILD(selector_read("ds") == mine && selector_read("es") == mine);
	}
	return 0;
}

static void data_selectors_are_kept(void)
{
	pid_t pids[4];

	for (unsigned i = 0; i < ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(keeps_ds(i & 1 ? "" : NULL));
	}
	for (unsigned i = 0; i < ARRAY_LEN(pids); i++)
		EQ(tap_wait(pids[i]), 0);
}

#define TESTS                                                                                      \
	T(prctl_errors), T(bases), T(selectors_over_bases), T(bases_belong_to_threads),            \
		T(bases_are_inherited), T(data_selectors_are_kept)
#endif

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { TESTS, TEND };

	return tap_main(argc, argv, tests);
}
