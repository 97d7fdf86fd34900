/* Labs 3 to 5: what their modules print equals what /proc says of this program. */
#include "modules.h"
#include "pagemap.h"

static char text[1 << 18];

/* The number after @word at a line's beginning; -1: there is no such line. */
static unsigned long long after(const char *word, int base)
{
	char line[40];
	char *at;

	snprintf(line, sizeof(line), "\n%s ", word);
	at = strstr(text, line);
	return at ? strtoull(at + strlen(line), NULL, base) : (unsigned long long)-1;
}

static volatile unsigned marker = 0x5eed1234;

static void translate(volatile unsigned *p)
{
	struct {
		unsigned long address;
		int pid;
	} ask = { (unsigned long)p, getpid() };
	int fd = open("/proc/logadd2phyadd", O_RDWR);
	ssize_t n;

	NEED(fd >= 0);
	EQ(write(fd, &ask, sizeof(ask)), sizeof(ask));
	NEED((n = pread(fd, text, sizeof(text) - 1, 0)) > 0);
	text[n] = '\0';
	close(fd);
	EQ(after("linear", 16), ask.address);
	EQ(after("frame", 16), pagemap((void *)(ask.address & ~(PAGE - 1))) & ((1ULL << 55) - 1));
	EQ(after("phys", 16) % PAGE, ask.address % PAGE);
	if (!strstr(text, "in high memory"))
		EQ(after("value", 16), *p);
}

static void lab3_translates(void)
{
	NEED(module_in("logadd2phyadd", "") == 0);
	marker++; /* a page of its own */
	translate(&marker);
	volatile unsigned *far = (void *)anon(4, RW);

	for (int i = 0; i < 4; i++)
		far[i * PAGE / 4 + 3] = 0xabcd0000u + (unsigned)i;
	for (int i = 0; i < 4; i++)
		translate(far + i * PAGE / 4 + 3);
	EQ(module_out("logadd2phyadd"), 0);
}

static void lab4_shows_the_mm(void)
{
	char want[64], stat[512];
	unsigned long total;
	void *more;

	NEED(module_in("mm_lab", "") == 0);
	snprintf(want, sizeof(want), "%d", getpid());
	NEED(tap_put("/proc/mm_lab", want) == 0);
	NEED(tap_read("/proc/mm_lab", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "task %d ", getpid());
	CHECK(!strncmp(text, want, strlen(want)));
	EQ(after("total_vm", 10), status_kb("VmSize:") / 4);
	total = (unsigned long)after("total_vm", 10);
	EQ(strtoul(strchr(strstr(text, "\nheap "), ' ') + 1, NULL, 16) != 0, 1);
	NEED(tap_read("/proc/self/stat", stat, sizeof(stat)) > 0);
	unsigned long f[60] = { 0 };
	char *at = strrchr(stat, ')') + 2;
	for (int i = 3; i < 53 && at; i++, at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
		f[i] = strtoul(at, NULL, 10);
	EQ(after("code", 16), f[26]);
	EQ(after("stack", 16), f[28]);
	EQ(after("data", 16), f[45]);
	EQ(after("args", 16), f[48]);
	more = anon(100, RW);
	NEED(more != MAP_FAILED);
	NEED(tap_read("/proc/mm_lab", text, sizeof(text)) > 0);
	EQ(after("total_vm", 10), total + 100);
	NEED(tap_put("/proc/mm_lab", "2") == 0);
	NEED(tap_read("/proc/mm_lab", text, sizeof(text)) > 0);
	STREQ(text, "task 2 kthreadd\na kernel thread: no mm_struct\n");
	NEED(tap_put("/proc/mm_lab", "999999") == 0);
	FAILS(tap_read("/proc/mm_lab", text, sizeof(text)), ESRCH);
	FAILS(tap_put("/proc/mm_lab", "x"), EINVAL);
	EQ(module_out("mm_lab"), 0);
}

/* The part of a process in what the module printed, against its maps. */
static void same_as_maps(const char *file)
{
	static char maps[1 << 16];
	char head[64], *at, *line;

	NEED(tap_read(file, text, sizeof(text)) > 0);
	NEED(tap_read("/proc/self/maps", maps, sizeof(maps)) > 0);
	snprintf(head, sizeof(head), "\n%d module_labs\n", getpid());
	NEED((at = strstr(text, head)) != NULL);
	at += strlen(head);
	for (line = strtok(maps, "\n"); line; line = strtok(NULL, "\n")) {
		char *end = strchr(at, '\n');
		size_t n = end ? (size_t)(end - at) : 0;

		if (!CHECK(n && !strncmp(at, line, n)))
			tap_note("# maps: %s\n# module: %.*s", line, (int)n, at);
		at += n + 1;
	}
	CHECK(!strchr(at, '\n') || strspn(at, "0123456789") < (size_t)(strchr(at, '\n') - at));
}

static void lab5_lists_vmas(void)
{
	NEED(module_in("vma_lab", "") == 0);
	same_as_maps("/proc/vma_list");
	same_as_maps("/proc/vma_iter");
	CHECK(strstr(text, "\n2 kthreadd\n") != NULL);
	EQ(module_out("vma_lab"), 0);
	FAILS(access("/proc/vma_list", F_OK), ENOENT);
}

static void open_file_after_unload(void)
{
	char c;
	int fd;

	NEED(module_in("vma_lab", "") == 0);
	NEED((fd = open("/proc/vma_list", O_RDONLY)) >= 0);
	EQ(read(fd, &c, 1), 1);
	EQ(module_out("vma_lab"), 0);
	FAILS(read(fd, &c, 1), EIO);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(lab3_translates), T(lab4_shows_the_mm),
						 T(lab5_lists_vmas), T(open_file_after_unload),
						 TEND };
	return tap_main(argc, argv, tests);
}
