/* userfaultfd(2), ioctl_userfaultfd(2): missing pages, protection, minor faults, events, errors. */
#include "mem.h"
#include "uffd_touch.h"

#include <sys/uio.h>

/* ---- missing pages ---- */

static void missing_is_copied(void)
{
	struct toucher t;
	struct msg m;

	setup(0, 0, MISSING);
	start(&t, area + PAGE + 5, 0);
	m = next_msg();
	EQ(m.event, PAGEFAULT);
	EQ(m.arg[0], 0);
	EQ(m.arg[1], (uintptr_t)area + PAGE);
	EQ(m.arg[2], 0);
	EQ(copy(area + PAGE, source, 1, 0), 1);
	EQ(finish(&t), 's');
	EQ(copy(area + PAGE, source, 1, 0), -EEXIST);
	start(&t, area, 1);
	m = next_msg();
	EQ(m.arg[0], 1);
	EQ(fill(ZEROPAGE, area, 1), 1);
	EQ(finish(&t), 'w');
	EQ(area[1], 0);
	EQ(copy(area + 2 * PAGE, source, 6, 0), 6);
	EQ(memcmp(area + 2 * PAGE, source, 6 * PAGE), 0);
	FAILS(read(uffd, &m, sizeof(m)), EAGAIN);
}

static void exact_address_and_thread(void)
{
	struct toucher t;
	struct msg m;

	setup(F_EXACT | F_TID, 0, MISSING);
	start(&t, area + 123, 0);
	m = next_msg();
	EQ(m.arg[1], (uintptr_t)area + 123);
	EQ(m.arg[2], (uint64_t)t.tid);
	EQ(copy(area, source, 1, DONTWAKE), 1);
	struct range r = { (uintptr_t)area, PAGE };
	EQ(ioctl(uffd, WAKE, &r), 0);
	EQ(finish(&t), 's');
}

static void shared_memory_too(void)
{
	struct toucher t;

	setup(0, 1, MISSING);
	start(&t, area, 0);
	EQ(next_msg().arg[1], (uintptr_t)area);
	EQ(copy(area, source, 1, 0), 1);
	EQ(finish(&t), 's');
	EQ(copy(area, source, 1, 0), -EEXIST);
	EQ(fill(ZEROPAGE, area + PAGE, 2), 2);
	EQ(area[PAGE], 0);
	area[PAGE] = 1;
	if (fork() == 0)
		_exit(area[0] == 's' && area[PAGE] == 1 ? 0 : 1);
	int status;
	wait(&status);
	EQ(status, 0);
}

/* The kernel's own accesses wait as the program's do. */
static void *reader_of_pipe(void *arg)
{
	int *p = arg;

	return (void *)(long)read(p[0], area + 100, 3);
}

static void system_calls_wait(void)
{
	void *n = NULL;
	pthread_t id;
	int p[2];

	setup(0, 0, MISSING);
	NEED(pipe(p) == 0 && write(p[1], "abc", 3) == 3);
	NEED(pthread_create(&id, NULL, reader_of_pipe, p) == 0);
	EQ(next_msg().arg[1], (uintptr_t)area);
	EQ(copy(area, source, 1, 0), 1);
	pthread_join(id, &n);
	EQ((long)n, 3);
	EQ(memcmp(area + 99, "sabcs", 5), 0);
	close(p[0]);
	close(p[1]);
}

static void user_mode_only_and_sigbus(void)
{
	int p[2];

	memset(source, 's', sizeof(source));
	uffd = open_uffd(O_NONBLOCK | 1, 0);
	NEED(uffd >= 0);
	area = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	NEED(reg(area, NR, MISSING) > 0);
	NEED(pipe(p) == 0 && write(p[1], "abc", 3) == 3);
	FAILS(read(p[0], area, 3), EFAULT);
	close(uffd);
	setup(F_SIGBUS, 0, MISSING);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	FAILS(read(p[0], area, 3), EFAULT);
	pid_t pid = fork();
	if (pid == 0)
		_exit(area[0]); /* the child's memory is not registered */
	int status;
	waitpid(pid, &status, 0);
	EQ(status, 0);
}

/* ---- protection ---- */

static void writes_are_seen(int shared)
{
	struct toucher t;
	struct msg m;

	setup(0, shared, WP);
	memset(area, 'a', NR * PAGE);
	EQ(protect(area, 4, 1), 0);
	EQ(area[0], 'a');
	area[4 * PAGE] = 'b';
	start(&t, area + PAGE, 1);
	m = next_msg();
	EQ(m.event, PAGEFAULT);
	EQ(m.arg[0], 1 | 2);
	EQ(m.arg[1], (uintptr_t)area + PAGE);
	EQ(area[PAGE], 'a');
	EQ(protect(area + PAGE, 1, 0), 0);
	EQ(finish(&t), 'w');
	NEED(mprotect(area, NR * PAGE, PROT_READ) == 0);
	NEED(mprotect(area, NR * PAGE, PROT_READ | PROT_WRITE) == 0);
	start(&t, area, 1);
	EQ(next_msg().arg[0], 1 | 2);
	EQ(protect(area, NR, 0), 0);
	EQ(finish(&t), 'w');
	memset(area, 'c', NR * PAGE);
	FAILS(read(uffd, &m, sizeof(m)), EAGAIN);
}

static void private_writes_are_seen(void)
{
	writes_are_seen(0);
}

static void shared_writes_are_seen(void)
{
	writes_are_seen(1);
}

static uint64_t pagemap(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t e = 0;

	OK(pread(fd, &e, sizeof(e), (off_t)((uintptr_t)at / PAGE * sizeof(e))));
	close(fd);
	return e;
}

/* A mapping that moves away without the event is not watched any more, and neither are its pages. */
static void moved_pages_lose_their_protection(void)
{
	const uint64_t uffd_wp = 1ull << 57;
	struct msg m;
	char *to;

	for (int shared = 0; shared < 2; shared++) {
		setup(0, shared, WP);
		memset(area, 'a', (NR - 1) * PAGE);
		EQ(protect(area, NR, 1), 0);
		CHECK(pagemap(area) & uffd_wp);
		to = mmap(NULL, NR * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		NEED(mremap(area, NR * PAGE, NR * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
		for (int i = 0; i < NR; i++)
			EQ(pagemap(to + i * PAGE) & uffd_wp, 0);
		memset(to, 'b', NR * PAGE);
		FAILS(read(uffd, &m, sizeof(m)), EAGAIN);
		EQ(munmap(to, NR * PAGE), 0);
		close(uffd);
	}
}

static void shared_protection_outlives_pages(void)
{
	struct toucher t;

	setup(0, 1, WP);
	EQ(protect(area, 2, 1), 0); /* nothing is there yet */
	EQ(area[0], 0);
	start(&t, area, 1);
	EQ(next_msg().arg[0], 1 | 2);
	NEED(madvise(area, PAGE, MADV_DONTNEED) == 0);
	EQ(protect(area, 1, 0), 0);
	EQ(finish(&t), 'w');
	area[PAGE - 1] = 1;
	start(&t, area + PAGE, 1);
	EQ(next_msg().arg[1], (uintptr_t)area + PAGE);
	EQ(protect(area, 2, 0), 0);
	EQ(finish(&t), 'w');
}

static void copies_may_be_protected(void)
{
	struct toucher t;

	setup(0, 0, MISSING | WP);
	EQ(copy(area, source, 1, COPY_WP), 1);
	EQ(area[0], 's');
	start(&t, area, 1);
	EQ(next_msg().arg[0], 1 | 2);
	struct range r = { (uintptr_t)area, NR * PAGE };
	EQ(ioctl(uffd, UNREGISTER, &r), 0);
	EQ(finish(&t), 'w');
}

/* ---- minor faults ---- */

static void pages_that_are_there(void)
{
	int fd = syscall(SYS_memfd_create, "x", 0);
	struct toucher t;
	char *other;
	struct msg m;

	setup(0, 0, 0);
	NEED(fd >= 0 && ftruncate(fd, NR * PAGE) == 0);
	area = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	other = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(area != MAP_FAILED && other != MAP_FAILED);
	EQ(reg(area, NR, MINOR), 0x9c);
	other[0] = 'o';
	start(&t, area, 0);
	m = next_msg();
	EQ(m.arg[0], 4);
	other[0] = 'p';
	EQ(fill(CONTINUE, area, 1), 1);
	EQ(finish(&t), 'p');
	EQ(fill(CONTINUE, area, 1), -EEXIST);
	EQ(fill(CONTINUE, area + PAGE, 1), -EFAULT); /* a hole */
	area[2 * PAGE] = 1; /* a page that was not there is no matter of ours */
	EQ(other[2 * PAGE], 1);
	close(fd);
}

/* ---- events ---- */

static void *changes(void *arg)
{
	char *at = area + 4 * PAGE;

	madvise(area, PAGE, MADV_DONTNEED);
	munmap(area + PAGE, PAGE);
	at = mremap(at, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)arg);
	return at;
}

static void events_come_in_order(void)
{
	char *to = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	pthread_t id;
	struct msg m;
	void *at;

	setup(F_REMAP | F_REMOVE | F_UNMAP, 0, MISSING);
	EQ(copy(area, source, NR, 0), NR);
	NEED(pthread_create(&id, NULL, changes, to) == 0);
	m = next_msg();
	EQ(m.event, REMOVE);
	EQ(m.arg[0], (uintptr_t)area);
	EQ(m.arg[1], (uintptr_t)area + PAGE);
	m = next_msg();
	EQ(m.event, UNMAP);
	EQ(m.arg[0], (uintptr_t)area + PAGE);
	EQ(m.arg[1], (uintptr_t)area + 2 * PAGE);
	m = next_msg();
	EQ(m.event, REMAP);
	EQ(m.arg[0], (uintptr_t)area + 4 * PAGE);
	EQ(m.arg[1], (uintptr_t)to);
	EQ(m.arg[2], 2 * PAGE);
	m = next_msg();
	EQ(m.event, UNMAP); /* the old place */
	pthread_join(id, &at);
	CHECK(at == to);
	EQ(to[0], 's');
	struct range r = { (uintptr_t)to, 2 * PAGE };
	EQ(ioctl(uffd, UNREGISTER, &r), 0);
}

static void *forks(void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(area[PAGE] == 's' ? 0 : 1);
	return (void *)(long)pid;
}

static void the_child_is_watched(void)
{
	int status = -1;
	pthread_t id;
	void *pid;
	struct msg m;

	setup(F_FORK, 0, MISSING);
	EQ(copy(area, source, 1, 0), 1);
	NEED(pthread_create(&id, NULL, forks, NULL) == 0);
	m = next_msg();
	EQ(m.event, FORK);
	pthread_join(id, &pid);
	uffd = (int)m.arg[0];
	m = next_msg();
	EQ(m.arg[1], (uintptr_t)area + PAGE);
	EQ(copy(area + PAGE, source, 1, 0), 1);
	EQ(waitpid((pid_t)(long)pid, &status, 0), (pid_t)(long)pid);
	EQ(status, 0);
	struct copy c = { (uintptr_t)area, (uintptr_t)source, PAGE, 0, 0 };
	FAILS(ioctl(uffd, COPY, &c), ESRCH);
}

/* ---- ends ---- */

static void closing_lets_everybody_go(void)
{
	struct toucher t[3];

	setup(0, 0, MISSING);
	for (int i = 0; i < 3; i++)
		start(&t[i], area + i * PAGE, 1);
	(void)next_msg();
	close(uffd);
	for (int i = 0; i < 3; i++)
		EQ(finish(&t[i]), 'w');
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	signals++;
}

static void signals_interrupt_the_wait(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct toucher t;

	sigaction(SIGUSR1, &sa, NULL);
	setup(0, 0, MISSING);
	start(&t, area, 0);
	EQ(next_msg().event, PAGEFAULT);
	pthread_kill(t.id, SIGUSR1);
	EQ(next_msg().event, PAGEFAULT); /* after the handler it faults again */
	EQ(signals, 1);
	EQ(copy(area, source, 1, 0), 1);
	EQ(finish(&t), 's');
}

static void a_killed_program_goes(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct toucher t;

		setup(0, 0, MISSING);
		start(&t, area, 0);
		(void)next_msg();
		kill(getpid(), SIGKILL);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, SIGKILL);
}

/* ---- errors ---- */

static void api_errors(void)
{
	struct api a = { 0xAB, 0, 0 };
	struct range r = { 0, PAGE };
	struct pollfd p = { 0, POLLIN, 0 };
	struct msg m;

	FAILS(syscall(SYS_userfaultfd, 2), EINVAL);
	uffd = syscall(SYS_userfaultfd, O_NONBLOCK);
	NEED(uffd >= 0);
	p.fd = uffd;
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLERR);
	FAILS(read(uffd, &m, sizeof(m)), EINVAL);
	FAILS(ioctl(uffd, WAKE, &r), EINVAL);
	FAILS(ioctl(uffd, API, &a), EINVAL);
	EQ(a.api, 0);
	a = (struct api){ 0xAA, 1ULL << 40, 0 };
	FAILS(ioctl(uffd, API, &a), EINVAL);
	FAILS(ioctl(uffd, API, (void *)8), EFAULT);
	a = (struct api){ 0xAA, 0, 0 };
	EQ(ioctl(uffd, API, &a), 0);
	EQ(a.ioctls, 1ULL << 63 | 3);
	EQ(a.features & (F_FORK | F_REMAP | F_REMOVE | F_UNMAP | F_SIGBUS | F_TID | F_EXACT | 1),
	   F_FORK | F_REMAP | F_REMOVE | F_UNMAP | F_SIGBUS | F_TID | F_EXACT | 1);
	a = (struct api){ 0xAA, 0, 0 };
	FAILS(ioctl(uffd, API, &a), EINVAL);
	FAILS(ioctl(uffd, 0x1234, &a), EINVAL);
	EQ(poll(&p, 1, 0), 0);
	FAILS(read(uffd, &m, sizeof(m) - 1), EINVAL);
	FAILS(read(uffd, &m, sizeof(m)), EAGAIN);
	close(uffd);
}

/* What is no longer watched is one with its neighbours again. */
static void unregistered_ranges_merge(void)
{
	setup(0, 0, 0);
	EQ(reg(area + PAGE, 3, MISSING), 0x1c);
	EQ(ioctl(uffd, UNREGISTER, &(struct range){ (uintptr_t)area + PAGE, 3 * PAGE }), 0);
	EQ(reg(area + 2 * PAGE, 2, MISSING), 0x1c);
	EQ(reg(area + 4 * PAGE, 2, WP), 0x5c);
	EQ(ioctl(uffd, UNREGISTER, &(struct range){ (uintptr_t)area, 5 * PAGE }), 0);
	memset(area, 1, 5 * PAGE);
}

static void range_errors(void)
{
	char *ro;

	setup(0, 0, 0);
	EQ(reg(area, NR, 0), -EINVAL);
	EQ(reg(area, NR, 8), -EINVAL);
	EQ(reg(area + 1, 1, MISSING), -EINVAL);
	EQ(reg(area, 0, MISSING), -EINVAL);
	EQ(reg(NULL, 1, MISSING), -EINVAL);
	EQ(reg(area, NR, MINOR), -EINVAL); /* private */
	EQ(reg(area, 2, MISSING), 0x1c);
	EQ(reg(area, 2, MISSING | WP), 0x5c);
	ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open("/proc/self/exe", O_RDONLY), 0);
	if (ro != MAP_FAILED)
		CHECK(reg(ro, 1, MISSING) < 0);
	EQ(copy(area + 2 * PAGE, source, 1, 0), -ENOENT);
	EQ(copy(area + PAGE, source, 2, 0), -ENOENT);
	EQ(copy(area, source, 1, 4), -EINVAL);
	EQ(copy(area, (void *)8, 1, 0), -EFAULT);
	EQ(copy(area + 1, source, 1, 0), -EINVAL);
	EQ(protect(area, 1, 3), -EINVAL);
	EQ(protect(area + 2 * PAGE, 1, 1), -ENOENT);
	EQ(fill(CONTINUE, area, 1), -EINVAL);
	int first = uffd;
	uffd = open_uffd(O_NONBLOCK, 0);
	EQ(reg(area, 1, MISSING), -EBUSY);
	close(uffd);
	uffd = first;
	munmap(area + 4 * PAGE, PAGE);
	struct range r = { (uintptr_t)area + 4 * PAGE, PAGE };
	FAILS(ioctl(uffd, UNREGISTER, &r), EINVAL);
	close(uffd);
	area[0] = 1; /* nobody watches any more */
}

/* Parts of what is registered already, and of what is not: nothing is cut, nothing changes. */
static void parts_of_ranges(void)
{
	struct range r;

	setup(F_SIGBUS, 0, MISSING);
	EQ(reg(area + 2 * PAGE, 2, MISSING) & 0x1c, 0x1c);
	EQ(reg(area, 1, MISSING) & 0x1c, 0x1c);
	EQ(copy(area, source, 3, 0), 3);
	r = (struct range){ (uintptr_t)area, NR * PAGE };
	EQ(ioctl(uffd, UNREGISTER, &r), 0);
	r = (struct range){ (uintptr_t)area + 3 * PAGE, 2 * PAGE };
	EQ(ioctl(uffd, UNREGISTER, &r), 0);
	r.start = (uintptr_t)area;
	EQ(ioctl(uffd, UNREGISTER, &r), 0);
	area[4 * PAGE] = 1;
	EQ(area[2 * PAGE], 's');
	close(uffd);
}

/* A copy from page to page stops where the monitor's begins. */
static void remote_copies_stop(void)
{
	struct iovec l, r;

	setup(F_SIGBUS, 1, 0);
	NEED(reg(area + PAGE, 1, MISSING) > 0);
	l = (struct iovec){ source, 8 };
	r = (struct iovec){ area + PAGE - 4, 8 };
	EQ(syscall(SYS_process_vm_writev, getpid(), &l, 1, &r, 1, 0), 4);
	EQ(syscall(SYS_process_vm_readv, getpid(), &l, 1, &r, 1, 0), 4);
	EQ(copy(area + PAGE, source, 1, 0), 1);
	EQ(syscall(SYS_process_vm_writev, getpid(), &l, 1, &r, 1, 0), 8);
	close(uffd);
}

/* Closing takes the marks away: who registers later begins anew. */
static void closing_unprotects(void)
{
	setup(F_SIGBUS, 0, 0);
	area[0] = 1;
	NEED(reg(area, NR, WP) > 0);
	EQ(protect(area, 1, 1), 0);
	close(uffd);
	uffd = open_uffd(O_NONBLOCK, F_SIGBUS);
	EQ(protect(area, 1, 1), -ENOENT);
	NEED(reg(area, NR, WP) > 0);
	area[2] = 3;
	EQ(area[0] + area[2], 4);
	close(uffd);
}

/* What cannot be filled leaves nothing behind in the program's tables. */
static void refused_pages_leave_no_table(void)
{
	const uintptr_t span = 4 << 20; /* of a table at the most */
	int fd = syscall(SYS_memfd_create, "x", 0);
	char *room, *other;
	long tables;

	setup(0, 0, 0);
	NEED(fd >= 0 && ftruncate(fd, PAGE) == 0);
	other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	room = mmap(NULL, 4 * span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(other != MAP_FAILED && room != MAP_FAILED);
	NEED(munmap(room, 4 * span) == 0);
	other[0] = 'o';
	tables = status_kb("VmPTE:");
	area = mmap((void *)(((uintptr_t)room | (span - 1)) + 1 + span), PAGE,
		    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	NEED(area != MAP_FAILED);
	EQ(reg(area, 1, MISSING) > 0, 1);
	EQ(copy(area, source, 1, 0), -EEXIST);
	EQ(munmap(area, PAGE), 0);
	EQ(status_kb("VmPTE:"), tables);
	munmap(other, PAGE);
	close(fd);
	close(uffd);
}

static void who_may(void)
{
	if (fork() == 0) {
		if (setuid(1000))
			_exit(9);
		_exit(syscall(SYS_userfaultfd, 0) == -1 && errno == EPERM &&
				      syscall(SYS_userfaultfd, 1) >= 0
			      ? 0
			      : 1);
	}
	int status;
	wait(&status);
	EQ(status, 0);
	int fd = open("/dev/userfaultfd", O_RDWR);
	NEED(fd >= 0);
	uffd = ioctl(fd, 0xaa00, O_NONBLOCK);
	CHECK(uffd >= 0);
	FAILS(ioctl(fd, 0xaa01, 0), EINVAL);
	close(fd);
	close(uffd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(missing_is_copied),
						 T(exact_address_and_thread),
						 T(shared_memory_too),
						 T(system_calls_wait),
						 T(user_mode_only_and_sigbus),
						 T(private_writes_are_seen),
						 T(shared_writes_are_seen),
						 T(moved_pages_lose_their_protection),
						 T(shared_protection_outlives_pages),
						 T(copies_may_be_protected),
						 T(pages_that_are_there),
						 T(parts_of_ranges),
						 T(closing_unprotects),
						 T(remote_copies_stop),
						 T(events_come_in_order),
						 T(the_child_is_watched),
						 T(closing_lets_everybody_go),
						 T(signals_interrupt_the_wait),
						 T(a_killed_program_goes),
						 T(api_errors),
						 T(unregistered_ranges_merge),
						 T(range_errors),
						 T(refused_pages_leave_no_table),
						 T(who_may),
						 TEND };

	return tap_main(argc, argv, tests);
}
