/* tracefs: trace points are switched in Linux's files, and records come out of trace and trace_pipe, each once and in order. */
#include "figure.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#define TRACING "/sys/kernel/tracing/"
#define FAULTS	TRACING "events/exceptions/page_fault_user/enable"

enum { PAGES = 20 };

static char text[1 << 20];

static void begin(void)
{
	OK(mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL));
	OK(tap_put(TRACING "tracing_on", "1"));
}

static void end(void)
{
	OK(tap_put(TRACING "events/enable", "0"));
	OK(tap_put(TRACING "trace", "\n"));
	OK(tap_put(TRACING "tracing_on", "1"));
	OK(umount("/sys/kernel/tracing"));
}

static int load(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), TRACING "%s", name);
	return CHECK(tap_read(path, text, sizeof(text) - 1) >= 0);
}

static void contents(const char *name, const char *want)
{
	load(name);
	STREQ(text, want);
}

/* How many faults of this process, at this address, are in text. */
static int faults_at(const volatile char *p)
{
	char address[64], who[32];
	int n = 0;

	snprintf(address, sizeof(address), "page_fault_user: address=0x%lx ", (unsigned long)p);
	snprintf(who, sizeof(who), "-%d ", (int)getpid());
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		n += strstr(line, address) && strstr(line, who);
		if (next)
			next[-1] = '\n';
	}
	return n;
}

/* From the last to the first: a fault may bring in what follows. */
static void touch(volatile char *p, int pages)
{
	while (pages--)
		p[(size_t)pages * PAGE] = 1;
}

static void what_there_is(void)
{
	struct statfs s;

	begin();
	OK(statfs("/sys/kernel/tracing", &s));
	EQ(s.f_type, 0x74726163);
	contents("tracing_on", "1\n");
	contents("current_tracer", "nop\n");
	contents("available_tracers", "nop\n");
	contents("set_event", "");
	contents("events/enable", "0\n");
	contents("buffer_size_kb", "1408\n");
	load("available_events");
	CHECK(strstr(text, "exceptions:page_fault_user\n"));
	CHECK(strstr(text, "vmscan:mm_vmscan_lru_shrink_inactive\n"));
	load("events/kmem/mm_page_free/format");
	CHECK(!strncmp(text, "name: mm_page_free\nID: ", 23));
	CHECK(strstr(text, IS64 ? "\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
				: "\tfield:unsigned long pfn;\toffset:8;\tsize:4;\tsigned:0;\n") ||
	      tap_compat());
	CHECK(strstr(text, "print fmt: \"pfn=0x%lx order=%lu\", REC->pfn, REC->order\n"));
	OK(tap_put(TRACING "current_tracer", "nop\n"));
	FAILS(tap_put(TRACING "current_tracer", "function"), EINVAL);
	FAILS(tap_put(TRACING "tracing_on", "2"), EINVAL);
	FAILS(tap_put(TRACING "buffer_size_kb", "0"), EINVAL);
	FAILS(tap_put(TRACING "set_event", "vmscan:no_such"), EINVAL);
	FAILS(tap_put(FAULTS, "x"), EINVAL);
	end();
}

static void switches(void)
{
	begin();
	OK(tap_put(TRACING "set_event", "migrate:* oom:mark_victim"));
	contents("set_event", "migrate:mm_migrate_pages\noom:mark_victim\n");
	contents("events/enable", "X\n");
	contents("events/oom/enable", "1\n");
	contents("events/oom/mark_victim/enable", "1\n");
	contents("events/vmscan/enable", "0\n");
	OK(tap_put(TRACING "set_event", "!migrate:*"));
	OK(tap_put(TRACING "events/vmscan/mm_vmscan_write_folio/enable", "1"));
	contents("events/vmscan/enable", "X\n");
	contents("set_event", "oom:mark_victim\nvmscan:mm_vmscan_write_folio\n");
	OK(tap_put(TRACING "set_event", "!oom: !mm_vmscan_write_folio"));
	contents("set_event", "");
	end();
}

static void faults_are_recorded(void)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	NEED(p != MAP_FAILED);
	OK(madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE));
	begin();
	OK(tap_put(FAULTS, "1"));
	touch(p, PAGES);
	OK(tap_put(TRACING "tracing_on", "0"));
	load("trace");
	CHECK(!strncmp(text, "# tracer: nop\n#\n# entries-in-buffer/entries-written: ", 52));
	for (int i = 0; i < PAGES; i++)
		EQ(faults_at(p + i * PAGE), 1);
	CHECK(strstr(text, " error_code=0x6\n"));
	load("trace"); /* reading takes nothing away */
	EQ(faults_at(p), 1);
	OK(munmap(p, PAGES * PAGE));
	OK(close(open(TRACING "trace", O_WRONLY | O_TRUNC)));
	load("trace");
	EQ(strstr(text, "page_fault") != NULL, 0);
	end();
}

/* Each record once; at the end of recording, the end. */
static void the_pipe(void)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	struct pollfd f = { .events = POLLIN };
	size_t len = 0;
	long n;

	NEED(p != MAP_FAILED);
	OK(madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE));
	begin();
	f.fd = open(TRACING "trace_pipe", O_RDONLY | O_NONBLOCK);
	NEED(f.fd >= 0);
	FAILS(read(f.fd, text, 100), EAGAIN);
	EQ(poll(&f, 1, 0), 0);
	OK(tap_put(FAULTS, "1"));
	touch(p, PAGES);
	OK(tap_put(TRACING "tracing_on", "0"));
	OK(tap_put(FAULTS, "0"));
	EQ(poll(&f, 1, -1), 1);
	while ((n = read(f.fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	EQ(n, 0);
	text[len] = '\0';
	for (int i = 0; i < PAGES; i++)
		EQ(faults_at(p + i * PAGE), 1);
	OK(close(f.fd));
	load("trace");
	EQ(strstr(text, "page_fault") != NULL, 0);
	OK(munmap(p, PAGES * PAGE));
	end();
}

static int make_faults(void *arg)
{
	tap_sleep_ms(50);
	touch(arg, PAGES);
	return 0;
}

/* Who reads an empty pipe waits until there is something. */
static void the_pipe_waits(void)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	int fd, status;
	pid_t pid;

	NEED(p != MAP_FAILED);
	begin();
	fd = open(TRACING "trace_pipe", O_RDONLY);
	NEED(fd >= 0);
	OK(tap_put(TRACING "set_event", "page_fault_user"));
	pid = fork();
	if (pid == 0)
		_exit(make_faults(p));
	CHECK(read(fd, text, 1000) > 0);
	OK(waitpid(pid, &status, 0));
	OK(tap_put(TRACING "set_event", "!page_fault_user"));
	OK(close(fd));
	OK(munmap(p, PAGES * PAGE));
	end();
}

/* All that trace_pipe has, into text; recording is stopped. */
static size_t drain(void)
{
	int fd = open(TRACING "trace_pipe", O_RDONLY);
	size_t len = 0;
	long n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	EQ(n, 0);
	OK(close(fd));
	return len;
}

/* A ring that is full loses its oldest records, and says so. */
static void a_small_ring(void)
{
	size_t size = 1000 * PAGE;
	volatile char *p =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cpu_set_t one;

	NEED(p != MAP_FAILED);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	OK(sched_setaffinity(0, sizeof(one), &one)); /* each processor has its ring */
	OK(madvise((void *)p, size, MADV_NOHUGEPAGE));
	begin();
	OK(tap_put(TRACING "buffer_size_kb", "4"));
	contents("buffer_size_kb", "4\n");
	OK(tap_put(FAULTS, "1"));
	touch(p, (int)(size / PAGE));
	OK(tap_put(TRACING "tracing_on", "0"));
	load("trace");
	EQ(faults_at(p), 1);
	EQ(faults_at(p + size - PAGE), 0);
	text[drain()] = '\0';
	CHECK(strstr(text, " [LOST ") && strstr(text, " EVENTS]\n"));
	OK(tap_put(TRACING "buffer_size_kb", "1408"));
	OK(munmap((void *)p, size));
	end();
}

/* Programs go on at the reader's pace: a small ring, and nothing is lost. Who is killed meanwhile does not stay. */
static void nothing_is_lost(void)
{
	enum { MANY = 1000 };
	char *p =
		mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t len = 0;
	int fd, status;
	pid_t pid;
	long n;

	NEED(p != MAP_FAILED);
	OK(madvise(p, MANY * PAGE, MADV_NOHUGEPAGE));
	memset(text, 0, sizeof(text)); /* no faults of ours */
	begin();
	OK(tap_put(TRACING "buffer_size_kb", "8"));
	fd = open(TRACING "trace_pipe", O_RDONLY);
	NEED(fd >= 0);
	contents("options/wait-for-reader", "0\n");
	FAILS(tap_put(TRACING "options/wait-for-reader", "2"), EINVAL);
	OK(tap_put(TRACING "options/wait-for-reader", "1"));
	contents("options/wait-for-reader", "1\n");
	OK(tap_put(FAULTS, "1"));
	pid = fork();
	if (pid == 0) {
		for (size_t i = MANY; i-- > 0;) /* downwards: a fault each */
			p[i * PAGE] = 1;
		tap_put(TRACING "tracing_on", "0");
		for (;;)
			pause();
	}
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	kill(pid, SIGKILL);
	EQ(waitpid(pid, &status, 0), pid);
	CHECK(!strstr(text, " [LOST "));
	status = 0;
	for (char *at = text; (at = strstr(at, "page_fault_user: address=0x")); at++) {
		unsigned long a = strtoul(at + strlen("page_fault_user: address="), NULL, 16);

		status += a >= (unsigned long)p && a < (unsigned long)p + MANY * PAGE;
	}
	EQ(status, MANY); /* faults */
	OK(tap_put(TRACING "tracing_on", "1"));
	pid = fork(); /* nobody reads: it waits, but can be killed */
	if (pid == 0) {
		for (;;)
			madvise(p, MANY * PAGE, MADV_DONTNEED), touch(p, MANY);
	}
	tap_sleep_ms(20);
	kill(pid, SIGKILL);
	EQ(waitpid(pid, &status, 0), pid);
	OK(close(fd));
	contents("options/wait-for-reader", "0\n");
	OK(tap_put(FAULTS, "0"));
	OK(tap_put(TRACING "trace", "\n"));
	OK(tap_put(TRACING "buffer_size_kb", "1408"));
	OK(munmap(p, MANY * PAGE));
	end();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(what_there_is),	 T(switches),
						 T(faults_are_recorded), T(the_pipe),
						 T(the_pipe_waits),	 T(a_small_ring),
						 T(nothing_is_lost),	 TEND };

	return tap_main(argc, argv, tests);
}
