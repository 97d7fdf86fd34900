/*
 * The vDSO: its image and its symbols, clocks that are read without entering the kernel, and on i386 the way in by
 * sysenter with all that can happen to a call on it.
 */
#include "tap.h"

#include "pagemap.h"

#include <elf.h>
#include <link.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/time.h>
#include <ucontext.h>
#ifdef __i386__
#include <unwind.h>
#endif

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

struct range {
	unsigned long start, end;
	char rights[5];
};

/* The mapping called @name of this process. Return: 0 when there is none. */
static int find_range(const char *name, struct range *r)
{
	static char text[32768];
	char line_name[64];

	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		line_name[0] = '\0';
		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %63s", &r->start, &r->end, r->rights,
			   line_name) >= 3 &&
		    strcmp(line_name, name) == 0)
			return 1;
	}
	return 0;
}

/* ---- the image ---- */

struct image {
	const char *base;
	const ElfW(Sym) * sym;
	const char *str;
	const ElfW(Half) * versym;
	const ElfW(Verdef) * verdef;
	unsigned nr_sym;
};

static int image_open(struct image *v)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const ElfW(Ehdr) *eh = (const void *)base;
	const ElfW(Phdr) * ph;
	const ElfW(Dyn) *dyn = NULL;

	memset(v, 0, sizeof(*v));
	if (!base || memcmp(base, ELFMAG, SELFMAG) || eh->e_type != ET_DYN)
		return 0;
	v->base = base;
	ph = (const void *)(base + eh->e_phoff);
	for (int i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (const void *)(base + ph[i].p_vaddr);
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		const void *p = base + dyn->d_un.d_ptr;

		if (dyn->d_tag == DT_HASH)
			v->nr_sym = ((const unsigned *)p)[1];
		else if (dyn->d_tag == DT_SYMTAB)
			v->sym = p;
		else if (dyn->d_tag == DT_STRTAB)
			v->str = p;
		else if (dyn->d_tag == DT_VERSYM)
			v->versym = p;
		else if (dyn->d_tag == DT_VERDEF)
			v->verdef = p;
	}
	return v->nr_sym && v->sym && v->str && v->versym && v->verdef;
}

static const char *version_name(const struct image *v, unsigned index)
{
	const ElfW(Verdef) *d = v->verdef;

	for (;;) {
		const ElfW(Verdaux) *aux = (const void *)((const char *)d + d->vd_aux);

		if (d->vd_ndx == (index & 0x7fff))
			return v->str + aux->vda_name;
		if (!d->vd_next)
			return "";
		d = (const void *)((const char *)d + d->vd_next);
	}
}

/* Function @name of version @version; NULL when there is none. */
static void *image_symbol(const char *name, const char *version)
{
	struct image v;

	if (!image_open(&v))
		return NULL;
	for (unsigned i = 0; i < v.nr_sym; i++)
		if (v.sym[i].st_shndx && strcmp(v.str + v.sym[i].st_name, name) == 0 &&
		    strcmp(version_name(&v, v.versym[i]), version) == 0)
			return (void *)(v.base + v.sym[i].st_value);
	return NULL;
}

static void image(void)
{
	static const char *const names[] = { "__vdso_clock_gettime", "__vdso_gettimeofday",
					     "__vdso_time", "__vdso_clock_getres" };
	struct image v;
	struct range r, data;

	NEED(image_open(&v));
	NEED(find_range("[vdso]", &r));
	NEED(find_range("[vvar]", &data));
	EQ(r.start, (unsigned long)v.base);
	CHECK(data.end <= r.start); /* newer kernels have more of them */
	STREQ(r.rights, "r-xp");
	STREQ(data.rights, "r--p");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		void *at = image_symbol(names[i], "LINUX_2.6");

		CHECK(at != NULL);
		CHECK((unsigned long)at > r.start && (unsigned long)at < r.end);
	}
	CHECK(image_symbol("__vdso_getcpu", "LINUX_2.6") != NULL || !IS64);
	CHECK(image_symbol("clock_gettime", "LINUX_2.6") != NULL || !IS64);
	CHECK(getauxval(AT_MINSIGSTKSZ) >= 900 && getauxval(AT_MINSIGSTKSZ) < 16384);
}

static unsigned long ehdr_of_child(int no_randomize)
{
	int fds[2];
	char text[32] = "";
	pid_t pid;

	if (pipe(fds))
		return 0;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		personality(no_randomize ? ADDR_NO_RANDOMIZE : 0);
		execl("/proc/self/exe", "vdso", "--ehdr", (char *)NULL);
		_exit(1);
	}
	close(fds[1]);
	if (read(fds[0], text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fds[0]);
	tap_wait(pid);
	return strtoul(text, NULL, 16);
}

/* The image's pages are no work in progress: who moves pages would wait for them. */
static void pages_at_rest(void)
{
	struct range r;

	CHECK(find_range("[vdso]", &r));
	for (unsigned long a = r.start; a < r.end; a += PAGE) {
		(void)*(volatile char *)a;
		CHECK(pagemap((void *)a) & PM_PRESENT);
		CHECK((kflags((void *)a) & (BIT(KPF_LOCKED) | BIT(KPF_UPTODATE))) ==
		      BIT(KPF_UPTODATE));
	}
}

static void placement(void)
{
	unsigned long last = ehdr_of_child(0), fixed = ehdr_of_child(1);
	int differ = 0;

	for (int i = 0; i < 8; i++) {
		unsigned long now = ehdr_of_child(0);

		CHECK(now % PAGE == 0 && now);
		differ += now != last;
		last = now;
	}
	CHECK(differ >= 6);
	CHECK(fixed != 0);
	for (int i = 0; i < 3; i++)
		EQ(ehdr_of_child(1), fixed);
}

/* ---- clocks ---- */

typedef int (*clock_fn)(int, struct timespec *);
typedef int (*tod_fn)(struct timeval *, void *);
typedef long (*time_fn)(long *);

static long long ns_of(const struct timespec *t)
{
	return t->tv_sec * 1000000000LL + t->tv_nsec;
}

/* struct timespec as the native call has it: i386's glibc is not built for 64-bit time. */
static long long call_ns(int id)
{
	struct timespec t = { 0, 0 };

	syscall(SYS_clock_gettime, id, &t);
	return ns_of(&t);
}

static void clocks(void)
{
	static const int ids[] = { CLOCK_REALTIME,	   CLOCK_MONOTONIC,
				   CLOCK_MONOTONIC_RAW,	   CLOCK_REALTIME_COARSE,
				   CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME };
	clock_fn gettime = (clock_fn)image_symbol("__vdso_clock_gettime", "LINUX_2.6");
	struct timespec t;

	NEED(gettime);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		for (int n = 0; n < 200; n++) {
			long long before = call_ns(ids[i]), after;

			EQ(gettime(ids[i], &t), 0);
			after = call_ns(ids[i]);
			CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
			CHECK(before <= ns_of(&t) && ns_of(&t) <= after);
		}
	}
	EQ(gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0); /* asks the kernel */
	CHECK(ns_of(&t) > 0);
	EQ(gettime(77, &t), -EINVAL);
	EQ(gettime(CLOCK_THREAD_CPUTIME_ID, NULL), -EFAULT);
}

static void time_of_day(void)
{
	tod_fn tod = (tod_fn)image_symbol("__vdso_gettimeofday", "LINUX_2.6");
	time_fn seconds = (time_fn)image_symbol("__vdso_time", "LINUX_2.6");
	clock_fn getres = (clock_fn)image_symbol("__vdso_clock_getres", "LINUX_2.6");
	struct timeval a, b, c;
	struct timespec res;
	long t = 0, got;
	int tz[2] = { 7, 7 };

	NEED(tod && seconds && getres);
	for (int n = 0; n < 200; n++) {
		EQ(syscall(SYS_gettimeofday, &a, NULL), 0);
		EQ(tod(&b, NULL), 0);
		EQ(syscall(SYS_gettimeofday, &c, NULL), 0);
		CHECK(b.tv_usec >= 0 && b.tv_usec < 1000000);
		CHECK(timercmp(&a, &b, <=) && timercmp(&b, &c, <=));
	}
	EQ(tod(NULL, NULL), 0);
	EQ(tod(&b, tz), 0); /* the time zone is the kernel's */
	EQ(tz[0], 0);
	got = seconds(&t);
	EQ(t, got);
	CHECK(got == b.tv_sec || got == b.tv_sec + 1);
	EQ(getres(CLOCK_MONOTONIC, &res), 0);
	EQ(ns_of(&res), 1);
	EQ(getres(77, &res), -EINVAL);
}

/* Setting the time of day is seen at once. */
static void set_time(void)
{
	clock_fn gettime = (clock_fn)image_symbol("__vdso_clock_gettime", "LINUX_2.6");
	struct timespec now, set, seen, mono;
	long long m;

	NEED(gettime && geteuid() == 0);
	EQ(gettime(CLOCK_REALTIME, &now), 0);
	EQ(gettime(CLOCK_MONOTONIC, &mono), 0);
	m = ns_of(&mono);
	set = now;
	set.tv_sec += 100000;
	if (syscall(SYS_clock_settime, CLOCK_REALTIME, &set))
		SKIP("the time cannot be set");
	EQ(gettime(CLOCK_REALTIME, &seen), 0);
	CHECK(seen.tv_sec - set.tv_sec >= 0 && seen.tv_sec - set.tv_sec < 10);
	EQ(gettime(CLOCK_MONOTONIC, &mono), 0);
	CHECK(ns_of(&mono) - m < 10000000000LL);
	EQ(syscall(SYS_clock_settime, CLOCK_REALTIME, &now), 0);
}

static sigjmp_buf jump;
static unsigned long fault_at;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	fault_at = (unsigned long)info->si_addr;
	siglongjmp(jump, 1);
}

static void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
}

/* Without its data the clock of the C library faults: it does not ask the kernel. */
static void library_uses_it(void)
{
	struct range data;
	struct timespec t;
	struct timeval tv;
	volatile int faults = 0;

	NEED(find_range("[vvar]", &data));
	EQ(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	catch_faults();
	EQ(mprotect((void *)data.start, data.end - data.start, PROT_NONE), 0);
	for (int i = 0; i < 3; i++) {
		if (sigsetjmp(jump, 1) == 0) {
			if (i == 0)
				clock_gettime(CLOCK_MONOTONIC, &t);
			else if (i == 1)
				gettimeofday(&tv, NULL);
			else
				clock_gettime(CLOCK_REALTIME, &t);
		} else {
			faults += fault_at >= data.start && fault_at < data.end;
		}
	}
	EQ(faults, 3);
	EQ(mprotect((void *)data.start, data.end - data.start, PROT_READ), 0);
	EQ(clock_gettime(CLOCK_MONOTONIC, &t), 0);
}

static void cpu_number(void)
{
	long (*getcpu_fn)(unsigned *, unsigned *, void *);
	cpu_set_t all, one;
	unsigned cpu, node, want, want_node;

	*(void **)&getcpu_fn = image_symbol("__vdso_getcpu", "LINUX_2.6");
	if (!getcpu_fn)
		SKIP("x86_64 only");
	EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (unsigned i = 0; i < 64; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		EQ(sched_setaffinity(0, sizeof(one), &one), 0);
		cpu = node = 99;
		EQ(getcpu_fn(&cpu, &node, NULL), 0);
		EQ(cpu, i);
		EQ(syscall(SYS_getcpu, &want, &want_node, NULL), 0);
		EQ(cpu, want);
		EQ(node, want_node);
		EQ(getcpu_fn(NULL, NULL, NULL), 0);
	}
}

/* ---- the mappings ---- */

static int still_pristine(void *arg)
{
	unsigned char *at = arg;

	return at[8] != 0;
}

static void rights(void)
{
	struct range r, data;
	unsigned char *code;

	NEED(find_range("[vdso]", &r) && find_range("[vvar]", &data));
	FAILS(mprotect((void *)data.start, PAGE, PROT_READ | PROT_WRITE), EACCES);
	FAILS(mprotect((void *)data.start, PAGE, PROT_READ | PROT_EXEC), EACCES);
	EQ(mprotect((void *)data.start, PAGE, PROT_READ), 0);
	/* The image may be written: into a copy of this process's own. */
	EQ(mprotect((void *)r.start, r.end - r.start, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	code = (unsigned char *)r.start;
	code[8] = 0xa5; /* padding of the ELF identification */
	EQ(code[8], 0xa5);
	EQ(tap_child(still_pristine, code), EXITED(1)); /* fork keeps the copy */
	EQ(mprotect((void *)r.start, r.end - r.start, PROT_READ | PROT_EXEC), 0);
	CHECK(getppid() > 0);
	EQ(clock_gettime(CLOCK_MONOTONIC, &(struct timespec){ 0, 0 }), 0);
}

static void not_written_for_others(void)
{
	struct range r;

	NEED(find_range("[vdso]", &r));
	EQ(((unsigned char *)r.start)[8], 0);
}

#ifdef __i386__
/* ---- i386: into the kernel ---- */

struct call {
	unsigned long ax, bx, cx, dx, si, di, bp, flags;
};

static unsigned long vsyscall;

/* Call @c through __kernel_vsyscall with @c's flags added; all registers come back in @c. */
static void call_kernel(struct call *c)
{
	__asm__ volatile("pushl %%ebp\n\t"
			 "pushl %%ebx\n\t"
			 "pushl %%eax\n\t"
			 "pushl %%eax\n\t" /* for the sum of the flags */
			 "movl %%eax, %%edx\n\t"
			 "pushfl\n\t"
			 "popl %%ecx\n\t"
			 "orl 28(%%edx), %%ecx\n\t"
			 "movl %%ecx, (%%esp)\n\t"
			 "movl 4(%%edx), %%ebx\n\t"
			 "movl 8(%%edx), %%ecx\n\t"
			 "movl 16(%%edx), %%esi\n\t"
			 "movl 20(%%edx), %%edi\n\t"
			 "movl 24(%%edx), %%ebp\n\t"
			 "movl 0(%%edx), %%eax\n\t"
			 "movl 12(%%edx), %%edx\n\t"
			 "popfl\n\t"
			 "call *vsyscall_target\n\t"
			 "pushfl\n\t"
			 "pushl %%eax\n\t"
			 "movl 8(%%esp), %%eax\n\t"
			 "popl 0(%%eax)\n\t"
			 "movl %%ebx, 4(%%eax)\n\t"
			 "movl %%ecx, 8(%%eax)\n\t"
			 "movl %%edx, 12(%%eax)\n\t"
			 "movl %%esi, 16(%%eax)\n\t"
			 "movl %%edi, 20(%%eax)\n\t"
			 "movl %%ebp, 24(%%eax)\n\t"
			 "popl 28(%%eax)\n\t"
			 "pushl $0x202\n\t"
			 "popfl\n\t"
			 "addl $4, %%esp\n\t"
			 "popl %%ebx\n\t"
			 "popl %%ebp"
			 : "+a"(c)
			 :
			 : "ecx", "edx", "esi", "edi", "memory", "cc");
}

__asm__(".data\n.globl vsyscall_target\nvsyscall_target: .long 0\n.text");
extern unsigned long vsyscall_target;

static int open_gate(void)
{
	vsyscall = getauxval(AT_SYSINFO);
	vsyscall_target = vsyscall;
	return vsyscall && (void *)vsyscall == image_symbol("__kernel_vsyscall", "LINUX_2.5");
}

/* Does the vDSO use sysenter? Its landing is behind the int 0x80 that follows it. */
static unsigned long landing(void)
{
	static const unsigned char enter[] = { 0x89, 0xe5, 0x0f, 0x34, 0xcd, 0x80 };
	const unsigned char *p = (const unsigned char *)vsyscall;

	for (int i = 0; i < 32; i++)
		if (memcmp(p + i, enter, sizeof(enter)) == 0)
			return vsyscall + (unsigned)i + sizeof(enter);
	return 0;
}

static void six_arguments(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	unsigned char byte[2];
	struct call c = { SYS_mmap2, 0, PAGE, PROT_READ, MAP_PRIVATE, (unsigned long)fd, 1, 0 };

	NEED(open_gate());
	NEED(fd >= 0);
	call_kernel(&c);
	NEED(c.ax < -4096UL);
	EQ(pread(fd, byte, 2, PAGE), 2);
	EQ(((unsigned char *)c.ax)[0], byte[0]);
	EQ(((unsigned char *)c.ax)[1], byte[1]);
	EQ(c.bx, 0);
	EQ(c.cx, PAGE);
	EQ(c.dx, PROT_READ);
	EQ(c.si, MAP_PRIVATE);
	EQ(c.di, fd);
	EQ(c.bp, 1);
	munmap((void *)c.ax, PAGE);
	c = (struct call){ 9999, 1, 2, 3, 4, 5, 6, 0 };
	call_kernel(&c);
	EQ((long)c.ax, -ENOSYS);
	EQ(c.bp, 6);
	close(fd);
}

/* TF, NT, AC and the arithmetic flags come back; the kernel runs without them. */
static void flags_kept(void)
{
	static const unsigned long flags[] = { 0x4000, 0x40000, 0x44000, 0x8d5, 0x448d5 };

	NEED(open_gate());
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		struct call c = { SYS_getppid, 1, 2, 3, 4, 5, 6, flags[i] };

		for (int n = 0; n < 50; n++) {
			call_kernel(&c);
			EQ(c.ax, (unsigned long)getppid());
			EQ(c.flags & 0x448d5 & flags[i], flags[i]);
			c.ax = SYS_getppid;
		}
		EQ(c.cx, 2);
		EQ(c.dx, 3);
	}
}

static volatile int steps, steps_landing, steps_kernel, steps_odd;
static unsigned long step_landing;

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	unsigned long ip = (unsigned long)uc->uc_mcontext.gregs[REG_EIP];

	steps++;
	steps_landing += ip == step_landing + 1; /* after the first instruction there */
	steps_kernel += ip >= 0xc0000000UL;
	steps_odd += info->si_code != TRAP_TRACE;
}

static void single_step(void)
{
	struct sigaction sa = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	struct call c = { SYS_getppid, 1, 2, 3, 4, 5, 6, 0x100 };
	pid_t parent = getppid();

	NEED(open_gate());
	if (tap_compat())
		SKIP("where the kernel is 64-bit, addresses and codes differ");
	step_landing = landing();
	sigaction(SIGTRAP, &sa, NULL);
	for (int i = 1; i <= 20; i++) {
		c.ax = SYS_getppid;
		call_kernel(&c);
		EQ(c.ax, (unsigned long)parent);
		CHECK(c.flags & 0x100);
		EQ(c.cx, 2);
		EQ(c.dx, 3);
		EQ(c.bp, 6);
	}
	EQ(steps_kernel, 0);
	EQ(steps_odd, 0);
	CHECK(steps > 20 * 15 && steps < 20 * 60);
	if (step_landing)
		EQ(steps_landing, 20);
}

static unsigned long bad_ax, bad_ip;

static void on_bad_stack(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	bad_ax = (unsigned long)uc->uc_mcontext.gregs[REG_EAX];
	bad_ip = (unsigned long)uc->uc_mcontext.gregs[REG_EIP];
	siglongjmp(jump, 1);
}

/* sysenter with a stack that cannot be read: EFAULT, and the program's own fault when it uses that stack. */
static void bad_stack(void)
{
	static const unsigned long stacks[] = {
		0, 0x10, 0xbffffffeUL, 0xc0000000UL, 0xc0100000UL, 0xfffffffcUL
	};
	static char alt[16384];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct sigaction sa = { .sa_sigaction = on_bad_stack, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	NEED(open_gate());
	if (!landing())
		SKIP("the CPU has no sysenter");
	EQ(sigaltstack(&ss, NULL), 0);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	for (size_t i = 0; i < ARRAY_LEN(stacks); i++) {
		bad_ax = bad_ip = 0;
		if (sigsetjmp(jump, 1) == 0)
			__asm__ volatile("pushl %%ebp\n\t"
					 "movl %1, %%ebp\n\t"
					 "sysenter" ::"a"(SYS_getppid),
					 "r"(stacks[i])
					 : "memory");
		EQ((long)bad_ax, -EFAULT);
		EQ(bad_ip, landing());
	}
	CHECK(getppid() > 0);
}

static int pipe_fds[2];
static volatile int handled;

static void write_late(int sig)
{
	handled++;
	if (handled == 3 && write(pipe_fds[1], "x", 1) != 1)
		_exit(9);
}

/* A signal in a call made by sysenter: made again, with all arguments, as often as it takes; or EINTR. */
static void interrupted(void)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa = { .sa_handler = write_late, .sa_flags = SA_RESTART };
	char byte = 0;
	struct call c = { SYS_read, 0, (unsigned long)&byte, 1, 0x44, 0x55, 0x66, 0 };

	NEED(open_gate());
	NEED(pipe(pipe_fds) == 0);
	alarm(0);
	sigaction(SIGALRM, &sa, NULL);
	handled = 0;
	setitimer(ITIMER_REAL, &every, NULL);
	c.bx = (unsigned long)pipe_fds[0];
	call_kernel(&c);
	setitimer(ITIMER_REAL, &never, NULL);
	EQ(c.ax, 1);
	EQ(byte, 'x');
	EQ(handled, 3);
	EQ(c.cx, (unsigned long)&byte);
	EQ(c.dx, 1);
	EQ(c.si, 0x44);
	EQ(c.di, 0x55);
	EQ(c.bp, 0x66);
	sa.sa_flags = 0;
	sigaction(SIGALRM, &sa, NULL);
	handled = 10;
	c.ax = SYS_read;
	setitimer(ITIMER_REAL, &every, NULL);
	call_kernel(&c);
	setitimer(ITIMER_REAL, &never, NULL);
	EQ((long)c.ax, -EINTR);
	EQ(c.bp, 0x66);
}

/* nanosleep goes on after a stop by restart_syscall, whose number replaces its own. */
static int sleeper(void *arg)
{
	struct timespec t = { 0, 60 * 1000000 }, rest;
	struct call c = { SYS_nanosleep, (unsigned long)&t, (unsigned long)&rest, 3, 4, 5, 6, 0 };
	long long start = tap_now_ns();

	call_kernel(&c);
	return !(c.ax == 0 && c.bp == 6 && c.dx == 3 && tap_now_ns() - start >= 60 * 1000000);
}

static void stopped(void)
{
	pid_t pid;

	NEED(open_gate());
	pid = fork();
	if (pid == 0)
		_exit(sleeper(NULL));
	tap_sleep_ms(10);
	kill(pid, SIGSTOP);
	tap_sleep_ms(10);
	kill(pid, SIGCONT);
	EQ(tap_wait(pid), 0);
}

/* ---- handlers without SA_RESTORER ---- */

struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask[2];
};

static volatile unsigned long return_to;

static void plain(int sig)
{
	return_to = (unsigned long)__builtin_return_address(0);
	handled++;
}

static void with_info(int sig, siginfo_t *info, void *context)
{
	return_to = (unsigned long)__builtin_return_address(0);
	handled += info->si_signo == sig;
}

static void no_restorer(void)
{
	struct kernel_sigaction sa = { .handler = (void *)plain };
	unsigned long old_sa[4] = { (unsigned long)plain, 0, 0, 0 };

	handled = 0;
	EQ(syscall(SYS_rt_sigaction, SIGUSR1, &sa, NULL, 8), 0);
	raise(SIGUSR1);
	EQ(handled, 1);
	EQ(return_to, (unsigned long)image_symbol("__kernel_sigreturn", "LINUX_2.5"));
	sa = (struct kernel_sigaction){ .handler = (void *)with_info, .flags = SA_SIGINFO };
	EQ(syscall(SYS_rt_sigaction, SIGUSR1, &sa, NULL, 8), 0);
	raise(SIGUSR1);
	EQ(handled, 2);
	EQ(return_to, (unsigned long)image_symbol("__kernel_rt_sigreturn", "LINUX_2.5"));
	EQ(syscall(SYS_sigaction, SIGUSR2, old_sa, NULL), 0);
	raise(SIGUSR2);
	EQ(handled, 3);
}

/* ---- unwinding out of a handler ---- */

static unsigned long looked_for[2];
static int found, frames;

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *arg)
{
	unsigned long ip = _Unwind_GetIP(context);

	frames++;
	found |= ip >= looked_for[0] && ip < looked_for[1];
	return frames < 50 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

__attribute__((noinline)) static void hit(void)
{
	__asm__ volatile("ud2");
}

/* The frame that a handler interrupted is found from inside it. */
static void on_ill(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	_Unwind_Backtrace(on_frame, NULL);
	uc->uc_mcontext.gregs[REG_EIP] += 2; /* beyond ud2 */
}

static void unwind(void)
{
	struct kernel_sigaction sa = { .handler = (void *)on_ill, .flags = SA_SIGINFO };

	EQ(syscall(SYS_rt_sigaction, SIGILL, &sa, NULL, 8), 0);
	looked_for[0] = (unsigned long)hit;
	looked_for[1] = looked_for[0] + 32;
	hit();
	CHECK(found);
	CHECK(frames >= 3);
}

/* The image moved: calls go on, through its new place. */
static void moved(void)
{
	struct call c = { SYS_getppid, 1, 2, 3, 4, 5, 6, 0 };
	struct kernel_sigaction sa = { .handler = (void *)plain };
	struct range r;
	char *to;

	NEED(open_gate());
	NEED(find_range("[vdso]", &r));
	to = mmap(NULL, r.end - r.start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(to != MAP_FAILED);
	c = (struct call){ SYS_mremap,
			   r.start,
			   r.end - r.start,
			   r.end - r.start,
			   MREMAP_MAYMOVE | MREMAP_FIXED,
			   (unsigned long)to,
			   6,
			   0 };
	/* int 0x80: the old image is gone when the call returns */
	__asm__ volatile("int $0x80"
			 : "=a"(c.ax)
			 : "0"(c.ax), "b"(c.bx), "c"(c.cx), "d"(c.dx), "S"(c.si), "D"(c.di)
			 : "memory");
	if (c.ax != (unsigned long)to) /* the library's calls lead nowhere */
		__asm__ volatile("int $0x80" ::"a"(1), "b"(3));
	vsyscall_target += (unsigned long)to - r.start;
	c = (struct call){ SYS_getppid, 1, 2, 3, 4, 5, 6, 0 };
	for (int i = 0; i < 3; i++) {
		c.ax = SYS_getppid;
		call_kernel(&c);
	}
	if (c.ax == 0 || c.ax > 100000 || c.bp != 6)
		__asm__ volatile("int $0x80" ::"a"(1), "b"(4));
	/* And back by the image itself: the call returns to where its landing has come to. */
	c = (struct call){ SYS_mremap,
			   (unsigned long)to,
			   r.end - r.start,
			   r.end - r.start,
			   MREMAP_MAYMOVE | MREMAP_FIXED,
			   r.start,
			   6,
			   0 };
	call_kernel(&c);
	if (c.ax != r.start)
		__asm__ volatile("int $0x80" ::"a"(1), "b"(6));
	/* The trampolines are found there too. */
	__asm__ volatile("int $0x80"
			 : "=a"(c.ax)
			 : "0"(SYS_rt_sigaction), "b"(SIGUSR1), "c"(&sa), "d"(0), "S"(8)
			 : "memory");
	__asm__ volatile("int $0x80" : "=a"(c.ax) : "0"(SYS_getpid));
	handled = 0;
	__asm__ volatile("int $0x80" : "=a"(c.ax) : "0"(SYS_kill), "b"(c.ax), "c"(SIGUSR1));
	__asm__ volatile("int $0x80" ::"a"(1), "b"(handled == 1 ? 0 : 5));
}
#endif

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(image),
						 T(pages_at_rest),
						 T(placement),
						 T(clocks),
						 T(time_of_day),
						 T(set_time),
						 T(library_uses_it),
						 T(cpu_number),
						 T(rights),
						 T(not_written_for_others),
#ifdef __i386__
						 T(six_arguments),
						 T(flags_kept),
						 T(single_step),
						 T(bad_stack),
						 T(interrupted),
						 T(stopped),
						 T(no_restorer),
						 T(unwind),
						 T(moved),
#endif
						 TEND };

	if (argc == 2 && strcmp(argv[1], "--ehdr") == 0) {
		printf("%lx\n", getauxval(AT_SYSINFO_EHDR));
		return 0;
	}
	return tap_main(argc, argv, tests);
}
