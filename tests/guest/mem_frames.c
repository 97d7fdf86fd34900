/* A process with so many frames (/proc/PID/frames): the textbooks' counts, in the kernel. */
#include "../../sim/replay/textbooks.h"
#include "zram.h"

#include <sys/mount.h>

#define FRAMES "/proc/self/frames"

enum { PAGES = 8 };

static int limit(char *p, unsigned frames, const char *policy, const char *string)
{
	char text[200];

	snprintf(text, sizeof(text), "%u %s %lx-%lx %s", frames, policy, (unsigned long)p,
		 (unsigned long)p + PAGES * PAGE, string);
	return tap_put(FRAMES, text);
}

/* Use the pages of @string in turn. Each has as many uses as its first byte says. */
static unsigned play(volatile unsigned char *p, const char *string, unsigned *uses)
{
	unsigned n = 0;

	for (const char *s = string; *s; s++)
		if (*s != ' ') {
			p[(size_t)(*s - '0') * PAGE]++;
			uses[*s - '0']++;
			n++;
		}
	return n;
}

/* As one test of its own: a cell of the table. */
static int cell(const struct book *b, unsigned policy)
{
	unsigned uses[PAGES] = { 0 }, n;
	char *p = anon(PAGES, RW);

	NEED_IN_CHILD(p != MAP_FAILED);
	OK(limit(p, b->frames, book_policy[policy], b->string));
	n = play((volatile unsigned char *)p, b->string, uses);
	if (!EQ(figure_after(FRAMES, NULL, "faults"), b->faults[policy]))
		tap_note("# %s, %u frames: %s", book_policy[policy], b->frames, b->string);
	EQ(figure_after(FRAMES, NULL, "references"), n);
	EQ(figure_after(FRAMES, NULL, "frames"), b->frames);
	CHECK(resident(p, PAGES) <= (int)b->frames);
	OK(tap_put(FRAMES, "0"));
	for (unsigned i = 0; i < PAGES; i++)
		EQ((unsigned char)p[i * PAGE], uses[i]);
	return munmap(p, PAGES * PAGE);
}

static void textbooks(void)
{
	begin("4M\n", 1024);
	for (unsigned b = 0; b < ARRAY_LEN(books); b++)
		for (unsigned policy = 0; policy < BOOK_POLICIES; policy++)
			EQ(cell(&books[b], policy), 0);
	end();
}

/* An instruction that needs two pages of the range has both. */
static void two_at_once(void)
{
	char *p;

	begin("4M\n", 1024);
	p = anon(PAGES, RW);
	NEED(p != MAP_FAILED);
	OK(limit(p, 2, "fifo", ""));
	memset(p, 7, PAGES * PAGE);
	for (unsigned i = 0; i + 1 < PAGES; i++)
		memcpy(p + i * PAGE, p + (i + 1) * PAGE - 8, 16);
	*(volatile long *)(p + 3 * PAGE - 2) = 0x01010101;
	EQ(p[3 * PAGE - 2], 1);
	EQ(p[3 * PAGE + 1], 1);
	CHECK(resident(p, PAGES) <= 2);
	OK(tap_put(FRAMES, "0"));
	EQ(p[7 * PAGE], 7);
	OK(munmap(p, PAGES * PAGE));
	end();
}

static int see(void *arg)
{
	volatile unsigned char *p = arg;

	for (unsigned i = 0; i < PAGES; i++)
		EQ(p[i * PAGE], i + 1);
	for (unsigned i = 0; i < PAGES; i++)
		p[i * PAGE] = 99;
	EQ(figure_after(FRAMES, NULL, "frames"), -1);
	return tap_failures;
}

static void a_child_has_no_limit(void)
{
	volatile unsigned char *p;

	begin("4M\n", 1024);
	p = (volatile unsigned char *)anon(PAGES, RW);
	NEED(p != MAP_FAILED);
	OK(limit((char *)p, 3, "clock1", ""));
	for (unsigned i = 0; i < PAGES; i++)
		p[i * PAGE] = (unsigned char)(i + 1);
	EQ(tap_child(see, (void *)p), 0);
	for (unsigned i = 0; i < PAGES; i++)
		EQ(p[i * PAGE], i + 1);
	EQ(figure_after(FRAMES, NULL, "faults"), 2 * PAGES);
	OK(munmap((void *)p, PAGES * PAGE));
	end();
}

/* What the program of the limit says: every page is what it was, and few are in memory. */
static int limited_program(void)
{
	volatile unsigned char *p = (volatile unsigned char *)anon(PAGES * 8, RW);
	long before, faults;

	NEED_IN_CHILD(p != MAP_FAILED);
	EQ(figure_after(FRAMES, NULL, "frames"), 8);
	before = figure_after(FRAMES, NULL, "references");
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < PAGES * 8; i++)
			p[i * PAGE] += (unsigned char)i;
	for (unsigned i = 0; i < PAGES * 8; i++)
		EQ(p[i * PAGE], (unsigned char)(3 * i));
	CHECK(resident((void *)p, PAGES * 8) <= 8);
	CHECK(figure_after(FRAMES, NULL, "references") - before >= PAGES * 8 * 4);
	faults = figure_after(FRAMES, NULL, "faults");
	CHECK(faults >= PAGES * 8 * 4);
	EQ(figure_after(FRAMES, NULL, "refaults"), faults - figure_after(FRAMES, NULL, "cold"));
	OK(munmap((void *)p, PAGES * 8 * PAGE)); /* its frames are free again */
	CHECK(figure_after(FRAMES, NULL, "resident") <= 8);
	return tap_failures;
}

static int become_limited(void *path)
{
	char *argv[] = { path, "limited", NULL };

	OK(tap_put(FRAMES, "8 fifo exec"));
	EQ(figure_after(FRAMES, NULL, "references"), 0); /* not this program */
	execv(path, argv);
	return 99;
}

static long total(const char *label)
{
	return figure_after("/sys/kernel/debug/frames", NULL, label);
}

/* A limit for all that the next program has. */
static void a_whole_program(void)
{
	long before, faults;
	char path[200];
	int mounted;

	mounted = mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	begin("4M\n", 1024);
	OK(readlink("/proc/self/exe", memset(path, 0, sizeof(path)), sizeof(path) - 1));
	before = total("frames_references");
	faults = total("frames_faults");
	EQ(tap_child(become_limited, path), 0);
	CHECK(total("frames_references") >= before + PAGES * 8 * 4);
	CHECK(total("frames_faults") >= faults + PAGES * 8 * 4);
	EQ(figure_after(FRAMES, NULL, "frames"), -1);
	FAILS(tap_put(FRAMES, "3 opt exec"), EINVAL);
	FAILS(tap_put(FRAMES, "3 fifo exec 1"), EINVAL);
	OK(tap_put(FRAMES, "3 fifo exec"));
	OK(tap_put(FRAMES, "0"));
	end();
	if (!mounted)
		OK(umount("/sys/kernel/debug"));
}

static void what_cannot_be(void)
{
	char *p = anon(PAGES, RW), text[100];

	NEED(p != MAP_FAILED);
	FAILS(limit(p, 3, "fifo", ""), ENOSPC); /* no swap */
	begin("4M\n", 1024);
	FAILS(limit(p, 3, "none", ""), EINVAL);
	FAILS(limit(p, 3, "opt", ""), EINVAL); /* without the future */
	FAILS(limit(p + 1, 3, "fifo", ""), EINVAL);
	FAILS(limit(p, 70000, "fifo", ""), EINVAL);
	FAILS(limit(p, 3, "fifo", "x"), EINVAL);
	FAILS(tap_put(FRAMES, "3"), EINVAL);
	FAILS(tap_put(FRAMES, "3 fifo"), EINVAL);
	FAILS(tap_put(FRAMES, "0 fifo"), EINVAL);
	FAILS(tap_put(FRAMES, "-1 fifo 0-1000"), EINVAL);
	FAILS(tap_put(FRAMES, "3 fifo 1000-g000"), EINVAL);
	FAILS(tap_put(FRAMES, "3 fifo 0-1000"), EINVAL); /* nothing there */
	EQ(tap_read(FRAMES, text, sizeof(text)), 0);
	OK(munmap(p, PAGES * PAGE));
	end();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(textbooks),	    T(two_at_once),    T(a_child_has_no_limit),
		T(a_whole_program), T(what_cannot_be), TEND
	};

	if (argc == 2 && !strcmp(argv[1], "limited"))
		return limited_program();
	return tap_main(argc, argv, tests);
}
