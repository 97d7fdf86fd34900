/* A page of a program is looked at through both of its mappings; other processes try to get at it. */
#include "tap.h"

#include "mappings.h"

struct request { /* as the module has it */
	unsigned long address;
	int pid, write;
	unsigned value;
};

static struct story story;

/* ---- the module ---- */

static void parse(struct answer *a, char *text)
{
	char *save = NULL;

	memset(a, 0, sizeof(*a));
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(l, "user ", 5))
			sscanf(l, "user %lx %llx %lx", &a->user, &a->user_entry, &a->frame);
		else if (!strncmp(l, "kernel ", 7))
			sscanf(l, "kernel %lx %llx %lu %lx", &a->kernel, &a->kernel_entry,
			       &a->kernel_kb, &a->kernel_frame);
		else if (!strncmp(l, "value ", 6))
			sscanf(l, "value %x", &a->value);
		else if (!strncmp(l, "searched ", 9))
			sscanf(l, "searched %u", &a->searched);
		else if (!strncmp(l, "users ", 6))
			sscanf(l, "users %u", &a->users);
	}
}

int mappings_ask(struct answer *a, int pid, unsigned long address, int write_it, unsigned value)
{
	const struct request r = { address, pid, write_it, value };
	static char text[1 << 14];
	const int fd = open("/proc/two_mappings", O_RDWR);
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (write(fd, &r, sizeof(r)) == sizeof(r))
		n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	if (n < 0)
		return -1;
	text[n] = '\0';
	parse(a, text);
	return 0;
}

static void ask(struct answer *a, int write_it, unsigned value)
{
	if (mappings_ask(a, story.pid, story.address, write_it, value) || !a->kernel)
		story.error = "/proc/two_mappings does not answer";
}

/* ---- other processes ---- */

static int touch_kernel(void *address)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile unsigned *)address = 1;
	return 0;
}

static int read_kernel(void *address)
{
	signal(SIGSEGV, SIG_DFL);
	(void)*(volatile unsigned *)address;
	return 0;
}

/* A process that has the same address, and a page of its own there: it writes, and waits to be looked at. */
static void another_process(volatile unsigned *page)
{
	int ready[2], go[2];
	char c = 0;
	pid_t pid;

	if (pipe(ready) || pipe(go)) {
		story.error = "pipe";
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		munmap((void *)page, PAGE);
		page = mmap((void *)page, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		page[3] = 0xbad;
		_exit(write(ready[1], "", 1) != 1 || read(go[0], &c, 1) != 0);
	}
	story.other = pid;
	close(ready[1]);
	if (pid < 0 || read(ready[0], &c, 1) != 1 ||
	    !vtop_ask(&story.other_walk, pid, story.address))
		story.error = "the other process";
	close(go[1]);
	close(go[0]);
	close(ready[0]);
	if (pid > 0)
		tap_wait(pid);
}

/* A child shares the frame: now there is somebody else to be found. */
static void forked_process(void)
{
	int go[2];
	char c;
	pid_t pid;

	if (pipe(go)) {
		story.error = "pipe";
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) != 0);
	}
	ask(&story.forked, 0, 0);
	close(go[1]);
	close(go[0]);
	if (pid > 0)
		tap_wait(pid);
}

static void at_kernel_address(void)
{
	void *kernel = (void *)story.first.kernel, *p;

	story.signal = tap_child(touch_kernel, kernel) & 0x7f;
	story.read_signal = tap_child(read_kernel, kernel) & 0x7f;
	p = mmap((void *)(story.first.kernel & ~(PAGE - 1)), PAGE, PROT_READ,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	story.map_error = p == MAP_FAILED ? errno : 0;
}

/* ---- all of it ---- */

/* A page with a linear address: high memory has none. */
static volatile unsigned *low_page(void)
{
	for (int i = 0; i < 64; i++) {
		volatile unsigned *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (p == MAP_FAILED)
			break;
		p[3] = FIRST;
		story.address = (unsigned long)(p + 3);
		if (mappings_ask(&story.first, story.pid, story.address, 0, 0) == 0 &&
		    story.first.kernel)
			return p;
	}
	story.high = story.first.frame != 0;
	story.error =
		story.high ? "all pages are in high memory" : "/proc/two_mappings does not answer";
	return NULL;
}

static void tell(volatile unsigned *page)
{
	struct answer a;

	vtop_ask(&story.user_walk, story.pid, story.address);
	vtop_ask(&story.kernel_walk, 0, story.first.kernel);
	story.mapcount = word_of("/proc/kpagecount", story.first.frame);
	ask(&a, 1, BY_KERNEL);
	story.after_kernel_wrote = page[3];
	page[3] = BY_PROGRAM;
	ask(&story.by_program, 0, 0);
	another_process(page);
	at_kernel_address();
	forked_process();
	ask(&story.ended, 0, 0);
}

const struct story *mappings_story(void)
{
	volatile unsigned *page;

	memset(&story, 0, sizeof(story));
	story.pid = getpid();
	page = low_page();
	if (page)
		tell(page);
	return &story;
}
