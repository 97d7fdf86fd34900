/* modify_ldt(2): a program's own segments, as the processor sees them, across threads, fork, exec and switches. */
#include "seg.h"

#include <pthread.h>

static void errors(void)
{
	struct seg_desc d = seg_at(0, SEG_DATA, 0, 0);
	char bytes[256];

	EQ(ldt_call(3, &d, sizeof(d)), -ENOSYS);
	EQ(ldt_call(-1, &d, sizeof(d)), -ENOSYS);
	EQ(ldt_call(LDT_WRITE, &d, sizeof(d) - 1), -EINVAL);
	EQ(ldt_call(LDT_WRITE, &d, sizeof(d) + 1), -EINVAL);
	EQ(ldt_call(LDT_WRITE, NULL, 0), -EINVAL);
	EQ(ldt_call(LDT_WRITE, NULL, sizeof(d)), -EFAULT);
	EQ(ldt_call(LDT_WRITE_OLD, NULL, sizeof(d)), -EFAULT);
	d.entry_number = 8192;
	EQ(ldt_set(&d), -EINVAL);
	d.entry_number = ~0U;
	EQ(ldt_set(&d), -EINVAL);
	/* Conforming code: absent, and said in the new form. */
	d = seg_at(0, SEG_CODE_CONFORMING, 0, 0);
	EQ(ldt_set(&d), -EINVAL);
	d.seg_not_present = 1;
	EQ(ldt_call(LDT_WRITE_OLD, &d, sizeof(d)), -EINVAL);
	EQ(lar(LDT_SEL(0)), -1);
	EQ(ldt_set(&d), 0);
	EQ(lar(LDT_SEL(0)), 0x7f00 | AR_BIG | AR_PAGES);
	/* What comes from below the call is positive on x86_64: the result is an int. */
	if (IS64)
		EQ(syscall(SYS_modify_ldt, 3, &d, sizeof(d)), (unsigned)-ENOSYS);
	EQ(ldt_call(LDT_READ_DEFAULT, NULL, 8), -EFAULT);
	memset(bytes, 0xaa, sizeof(bytes));
	EQ(ldt_call(LDT_READ_DEFAULT, bytes, sizeof(bytes)), IS64 ? 128 : 40);
	EQ(bytes[0], 0);
	EQ(bytes[IS64 ? 127 : 39], 0);
	EQ((unsigned char)bytes[IS64 ? 128 : 40], 0xaa);
	EQ(ldt_call(LDT_READ_DEFAULT, bytes, 3), 3);
}

static void reading(void)
{
	struct seg_desc d = seg_at(2, SEG_DATA, 0x12345000, 3);
	uint64_t raw[8];

	memset(raw, 0xaa, sizeof(raw));
	EQ(ldt_call(LDT_READ, raw, sizeof(raw)), 0);
	EQ(raw[0], 0xaaaaaaaaaaaaaaaaLL);
	NEED(ldt_set(&d) == 0);
	EQ(ldt_call(LDT_READ, raw, sizeof(raw)), sizeof(raw)); /* zeroes behind the table */
	EQ(raw[0], 0);
	EQ(raw[1], 0);
	EQ(raw[2], 0x12c0f33450000002);
	EQ(raw[3], 0);
	EQ(raw[7], 0);
	memset(raw, 0xaa, sizeof(raw));
	EQ(ldt_call(LDT_READ, raw, 20), 20);
	EQ((unsigned)raw[2], 0x50000002);
	EQ(raw[2] >> 32, 0xaaaaaaaa);
	EQ(ldt_call(LDT_READ, NULL, 8), -EFAULT);
	EQ(ldt_call(LDT_READ, NULL, 0), 0);
	/* More than a table can have. */
	char *all =
		mmap(NULL, 9000 * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(all != MAP_FAILED);
	EQ(ldt_call(LDT_READ, all, 9000 * 8), 65536);
}

/* Each flag where the processor looks for it. */
static void seen_by_the_processor(void)
{
	struct seg_desc d = {
		.entry_number = 1, .limit = 10, .seg_32bit = 1, .contents = SEG_CODE
	};

	NEED(ldt_set(&d) == 0);
	EQ(lar(LDT_SEL(1)), AR_CODE | AR_BIG);
	EQ(lsl(LDT_SEL(1)), 10);
	EQ(lar(LDT_SEL(0)), -1);
	EQ(lar(LDT_SEL(2)), -1);
	EQ(lsl(LDT_SEL(2)), -1);
	EQ(verr(LDT_SEL(1)), 1);
	EQ(verw(LDT_SEL(1)), 0);
	d.limit_in_pages = 1;
	d.useable = 1;
	NEED(ldt_set(&d) == 0);
	EQ(lar(LDT_SEL(1)), AR_CODE | AR_BIG | AR_PAGES | AR_AVL);
	EQ(lsl(LDT_SEL(1)), 0xafff);
	d.read_exec_only = 1;
	NEED(ldt_set(&d) == 0);
	EQ(lar(LDT_SEL(1)), 0xf900 | AR_BIG | AR_PAGES | AR_AVL);
	EQ(verr(LDT_SEL(1)), 0);
	d.contents = SEG_STACK_DOWN;
	d.lm = 1; /* means nothing here */
	NEED(ldt_set(&d) == 0);
	EQ(lar(LDT_SEL(1)), 0xf500 | AR_BIG | AR_PAGES | AR_AVL);
	d.contents = SEG_DATA;
	d.read_exec_only = d.seg_32bit = d.limit_in_pages = 0;
	d.limit = 0xfffff;
	NEED(ldt_set(&d) == 0);
	EQ(lar(LDT_SEL(1)), AR_DATA | AR_AVL);
	EQ(lsl(LDT_SEL(1)), 0xfffff);
	EQ(verw(LDT_SEL(1)), 1);
	d.seg_not_present = 1;
	NEED(ldt_set(&d) == 0);
	EQ(lar(LDT_SEL(1)), 0x7300 | AR_AVL);
	EQ(lar(LDT_SEL(1) & ~3), 0x7300 | AR_AVL);
}

/* What frees an entry, and what only looks as if it did. */
static void deleting(void)
{
	struct seg_desc d = seg_at(5, SEG_DATA, 0, 0), none = { .entry_number = 5 };

	NEED(ldt_set(&d) == 0);
	EQ(ldt_set(&none), 0); /* a 16-bit segment of one byte */
	EQ(lar(LDT_SEL(5)), AR_DATA);
	EQ(ldt_call(LDT_WRITE_OLD, &none, sizeof(none)), 0);
	EQ(lar(LDT_SEL(5)), -1);
	NEED(ldt_set(&d) == 0);
	none.read_exec_only = none.seg_not_present = 1;
	none.limit = 1;
	EQ(ldt_set(&none), 0);
	EQ(lar(LDT_SEL(5)), 0x7100);
	none.limit = 0;
	EQ(ldt_set(&none), 0);
	EQ(lar(LDT_SEL(5)), -1);
	/* The old form has no AVL bit. */
	d.useable = 1;
	EQ(ldt_call(LDT_WRITE_OLD, &d, sizeof(d)), 0);
	EQ(lar(LDT_SEL(5)), AR_DATA | AR_BIG | AR_PAGES);
}

static void every_entry(void)
{
	const unsigned step = tap_quick() ? 1021 : 127;

	for (unsigned i = 0; i < 8192; i += step) {
		struct seg_desc d = { .entry_number = i, .limit = i, .seg_32bit = 1 };

		NEED(ldt_set(&d) == 0);
	}
	for (unsigned i = 0; i < 8192; i++)
		if (lsl(LDT_SEL(i)) != (i % step ? -1 : (long long)i))
			NEED(lsl(LDT_SEL(i)) == i);
}

/* Logical to linear: what lies at offset 0x300 of the segment lies at base + 0x300. */
static void data_with_a_base(void)
{
	unsigned *pages = low_pages(2, PROT_READ | PROT_WRITE);
	struct seg_desc d;

	NEED(pages != MAP_FAILED);
	d = seg_at(3, SEG_DATA, (unsigned long)pages, 2);
	NEED(ldt_set(&d) == 0);
	selector_load(FREE_SEG, LDT_SEL(3));
	EQ(selector_read(FREE_SEG), LDT_SEL(3));
	pages[0x300 / 4] = 0x11223344;
	EQ(seg_read32(0x300), 0x11223344);
	seg_write32(0x1ffc, 99);
	EQ(pages[0x1ffc / 4], 99);
	/* The base moves under the same selector: seen when it is loaded again. */
	d.base_addr += PAGE;
	NEED(ldt_set(&d) == 0);
	selector_load(FREE_SEG, LDT_SEL(3));
	seg_write32(0x300, 7);
	EQ(pages[0x1300 / 4], 7);
	selector_load(FREE_SEG, 0);
}

/* mov $V, %eax; add 4(%ebx), %eax; mov %cs, (%ebx); lret */
static const unsigned char code_add[] = { 0xb8, 0x00, 0x10, 0x00, 0x00, 0x03,
					  0x43, 0x04, 0x8c, 0x0b, 0xcb };

static void code_with_a_base(void)
{
	unsigned char *pages = low_pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
	unsigned *arg = low_pages(1, PROT_READ | PROT_WRITE);
	struct seg_desc d;

	NEED(pages != MAP_FAILED && arg != MAP_FAILED);
	memcpy(pages + 0x300, code_add, sizeof(code_add));
	memcpy(pages + PAGE + 0x300, code_add, sizeof(code_add));
	pages[PAGE + 0x302] = 0x20;
	d = seg_at(6, SEG_CODE, (unsigned long)pages, 1);
	NEED(ldt_set(&d) == 0);
	d = seg_at(7, SEG_CODE, (unsigned long)pages + PAGE, 1);
	NEED(ldt_set(&d) == 0);
	arg[1] = 5;
	EQ(seg_call(LDT_SEL(6), 0x300, arg), 0x1005);
	EQ(arg[0] & 0xffff, LDT_SEL(6));
	EQ(seg_call(LDT_SEL(7), 0x300, arg), 0x2005);
	EQ(arg[0] & 0xffff, LDT_SEL(7));
}

/* Segments that are not there, not present, too short. */
static void violations(void)
{
	unsigned char *page = low_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	struct seg_desc d;

	NEED(page != MAP_FAILED);
	seg_catch();
	NEED(CAUGHT(selector_load(FREE_SEG, LDT_SEL(0))));
	SEEN(SIGSEGV, TRAP_GP, LDT_SEL(0) & ~3);
	d = seg_at(0, SEG_DATA, (unsigned long)page, 1);
	d.seg_not_present = 1;
	NEED(ldt_set(&d) == 0);
	NEED(CAUGHT(selector_load(FREE_SEG, LDT_SEL(0))));
	SEEN(SIGBUS, TRAP_NP, LDT_SEL(0) & ~3);
	NEED(CAUGHT(selector_load("ss", LDT_SEL(0))));
	SEEN(SIGBUS, TRAP_SS, LDT_SEL(0) & ~3);
	NEED(CAUGHT(selector_load("ss", LDT_SEL(1)))); /* beyond the table */
	SEEN(SIGSEGV, TRAP_GP, LDT_SEL(1) & ~3);
	NEED(CAUGHT(selector_load("ss", 0)));
	EQ(seg_seen.sig, SIGSEGV);
	/* Read-only data is no stack, and code is not data to write. */
	d.seg_not_present = 0;
	d.read_exec_only = 1;
	NEED(ldt_set(&d) == 0);
	NEED(CAUGHT(selector_load("ss", LDT_SEL(0))));
	SEEN(SIGSEGV, TRAP_GP, LDT_SEL(0) & ~3);
	selector_load(FREE_SEG, LDT_SEL(0));
	selector_load(FREE_SEG, 0);
	/* A jump beyond the end of a code segment, into a data segment, and to the system's. */
	d = seg_at(1, SEG_CODE, (unsigned long)page, 1);
	NEED(ldt_set(&d) == 0);
	page[0] = 0xcb;
	(void)seg_call(LDT_SEL(1), 0, page);
	NEED(CAUGHT(seg_call(LDT_SEL(1), 0x1000, page)));
	EQ(seg_seen.sig, SIGSEGV);
	EQ(seg_seen.trap, TRAP_GP); /* error code 0; QEMU gives the selector */
	NEED(CAUGHT(seg_call(LDT_SEL(0), 0, page)));
	SEEN(SIGSEGV, TRAP_GP, LDT_SEL(0) & ~3);
	NEED(CAUGHT(seg_call(IS64 ? 0x10 : 0x60, 0, page)));
	SEEN(SIGSEGV, TRAP_GP, IS64 ? 0x10 : 0x60);
}

/* Beyond the limit of a data segment. Not every emulator looks (QEMU's TCG does not); 64-bit code has no limits. */
static void limits(void)
{
	unsigned *pages = low_pages(2, PROT_READ | PROT_WRITE);
	struct seg_desc d;

	if (IS64)
		SKIP("no limits in 64-bit mode");
	NEED(pages != MAP_FAILED);
	seg_catch();
	d = seg_at(0, SEG_DATA, (unsigned long)pages, 1);
	NEED(ldt_set(&d) == 0);
	selector_load(FREE_SEG, LDT_SEL(0));
	EQ(seg_read32(0xffc), 0);
	if (!CAUGHT((void)seg_read32(0x1000)))
		SKIP("this processor does not check limits");
	SEEN(SIGSEGV, TRAP_GP, 0);
	NEED(CAUGHT(seg_read32(0xffd)));
	SEEN(SIGSEGV, TRAP_GP, 0);
}

static void *set_entry(void *arg)
{
	struct seg_desc d = seg_at(4, SEG_DATA, (unsigned long)arg, 1);

	EQ(ldt_set(&d), 0);
	return NULL;
}

static void shared_by_threads(void)
{
	unsigned *page = low_pages(1, PROT_READ | PROT_WRITE);
	pthread_t th;

	NEED(page != MAP_FAILED);
	page[0] = 4242;
	NEED(pthread_create(&th, NULL, set_entry, page) == 0);
	pthread_join(th, NULL);
	selector_load(FREE_SEG, LDT_SEL(4));
	EQ(seg_read32(0), 4242);
	selector_load(FREE_SEG, 0);
}

static volatile int spinning, ds_gone;

static void *spin_with_ds(void *arg)
{
	unsigned long n = 0;

	selector_load("es", LDT_SEL(0));
	spinning = 1;
	while (selector_read("es") == LDT_SEL(0) && ++n)
		;
	ds_gone = selector_read("es") == 0;
	selector_load("es", IS64 ? 0 : FLAT_DS);
	return NULL;
}

/* An entry goes while another thread, on another CPU if there is one, has it in a register: the register becomes null. */
static void taken_from_a_running_thread(void)
{
	struct seg_desc d = seg_at(0, SEG_DATA, 0, 0), none = { 0 };
	pthread_t th;

	NEED(ldt_set(&d) == 0);
	NEED(pthread_create(&th, NULL, spin_with_ds, NULL) == 0);
	while (!spinning)
		sched_yield();
	EQ(ldt_call(LDT_WRITE_OLD, &none, sizeof(none)), 0);
	pthread_join(th, NULL);
	EQ(ds_gone, 1);
}

static int child_of_fork(void *arg)
{
	struct seg_desc d = seg_at(1, SEG_DATA, 0, 2);

	NEED_IN_CHILD(lsl(LDT_SEL(0)) == 0xfff); /* a copy */
	NEED_IN_CHILD(seg_read32(0) == 31);	 /* and the register, too */
	NEED_IN_CHILD(ldt_set(&d) == 0);
	d.entry_number = 0;
	NEED_IN_CHILD(ldt_set(&d) == 0);
	NEED_IN_CHILD(lsl(LDT_SEL(0)) == 0x1fff);
	return 0;
}

static void copied_by_fork(void)
{
	unsigned *page = low_pages(1, PROT_READ | PROT_WRITE);
	struct seg_desc d;

	NEED(page != MAP_FAILED);
	page[0] = 31;
	d = seg_at(0, SEG_DATA, (unsigned long)page, 1);
	NEED(ldt_set(&d) == 0);
	selector_load(FREE_SEG, LDT_SEL(0));
	EQ(tap_child(child_of_fork, NULL), EXITED(0));
	EQ(lsl(LDT_SEL(0)), 0xfff);
	EQ(lar(LDT_SEL(1)), -1);
	EQ(seg_read32(0), 31);
	selector_load(FREE_SEG, 0);
}

static int after_exec(void)
{
	uint64_t raw;

	return lar(LDT_SEL(0)) == -1 && ldt_call(LDT_READ, &raw, 8) == 0 &&
	       selector_read(FREE_SEG) == 0 && selector_read("es") == (IS64 ? 0 : FLAT_DS);
}

static int exec_self(void *arg)
{
	execl("/proc/self/exe", "seg_ldt", "after exec", NULL);
	return 2;
}

static void gone_after_exec(void)
{
	struct seg_desc d = seg_at(0, SEG_DATA, 0, 0);

	NEED(ldt_set(&d) == 0);
	selector_load(FREE_SEG, LDT_SEL(0));
	EQ(tap_child(exec_self, NULL), EXITED(0));
	selector_load(FREE_SEG, 0);
}

/* Many processes, one CPU, one selector: to each its own base, to some none. */
static int one_of_many(void *arg)
{
	const unsigned n = (unsigned)(uintptr_t)arg;
	unsigned *page = low_pages(1, PROT_READ | PROT_WRITE);
	struct seg_desc d = seg_at(0, SEG_DATA, (unsigned long)page, 1);

	NEED_IN_CHILD(page != MAP_FAILED && seg_pin(0) == 0);
	page[0x300 / 4] = n;
	if (n % 3) {
		NEED_IN_CHILD(ldt_set(&d) == 0);
		selector_load(FREE_SEG, LDT_SEL(0));
		selector_load("es", LDT_SEL(0));
	}
	for (unsigned i = 0; i < 200; i++) {
		sched_yield();
		if (n % 3 == 0)
			NEED_IN_CHILD(lar(LDT_SEL(0)) == -1 && selector_read(FREE_SEG) == 0);
		else
			NEED_IN_CHILD(seg_read32(0x300) == n && selector_read("es") == LDT_SEL(0));
	}
	if (n % 3)
		selector_load("es", IS64 ? 0 : FLAT_DS);
	return 0;
}

static void switched_with_the_process(void)
{
	pid_t pids[6];

	for (unsigned i = 0; i < ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(one_of_many((void *)(uintptr_t)i));
	}
	for (unsigned i = 0; i < ARRAY_LEN(pids); i++)
		EQ(tap_wait(pids[i]), 0);
}

/* What is in the system's tables as far as a program can see. */
static void system_tables(void)
{
	struct __attribute__((packed)) {
		unsigned short limit;
		unsigned long base;
	} gdt = { 0 }, idt = { 0 };
	unsigned short ldt = 1, task = 0, cs, ss;
	struct seg_desc d = seg_at(0, SEG_DATA, 0, 0);

	__asm__ volatile("sgdt %0; sidt %1; sldt %2; str %3"
			 : "=m"(gdt), "=m"(idt), "=m"(ldt), "=m"(task));
	__asm__ volatile("movw %%cs, %0; movw %%ss, %1" : "=r"(cs), "=r"(ss));
	EQ(gdt.limit, IS64 ? 0x7f : 0xff);
	EQ(idt.limit, IS64 ? 0xfff : 0x7ff);
	EQ(ldt, 0);
	EQ(task, IS64 ? 0x40 : 0x80);
	EQ(cs, IS64 ? 0x33 : 0x73);
	EQ(ss, FLAT_DS);
	CHECK(gdt.base >= (IS64 ? 0xffff800000000000UL : 0xc0000000UL));
	EQ(lar(cs), AR_CODE | AR_PAGES | (IS64 ? 0x200000 : AR_BIG));
	EQ(lar(ss), AR_DATA | AR_PAGES | AR_BIG);
	EQ(lsl(ss), 0xffffffffLL);
	/* The kernel's, the task, the table itself: not for ring 3. */
	EQ(lar(IS64 ? 0x10 : 0x60), -1);
	EQ(lar(IS64 ? 0x18 : 0x68), -1);
	EQ(lar(IS64 ? 0x40 : 0x80), -1);
	NEED(ldt_set(&d) == 0);
	__asm__ volatile("sldt %0" : "=m"(ldt));
	EQ(ldt, IS64 ? 0x50 : 0x88);
	EQ(lar(ldt), -1);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(errors),
						 T(reading),
						 T(seen_by_the_processor),
						 T(deleting),
						 T(every_entry),
						 T(data_with_a_base),
						 T(code_with_a_base),
						 T(violations),
						 T(limits),
						 T(shared_by_threads),
						 T(taken_from_a_running_thread),
						 T(copied_by_fork),
						 T(gone_after_exec),
						 T(switched_with_the_process),
						 T(system_tables),
						 TEND };

	if (argc == 2 && !strcmp(argv[1], "after exec"))
		return !after_exec();
	return tap_main(argc, argv, tests);
}
