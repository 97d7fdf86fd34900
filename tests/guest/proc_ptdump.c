/* debugfs's page_tables: Linux's lines, without gap or overlap; what is writable is not executable; the program's own pages. */
#include "tap.h"

#include <sys/mount.h>

#define DIR "/sys/kernel/debug/page_tables/"

static char text[1 << 18];

static int load(const char *path)
{
	return CHECK(tap_read(path, text, sizeof(text)) > 0);
}

static void mount_debugfs(void)
{
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

struct line {
	uint64_t start, end;
	char rights[40], level[8];
};

/* "0xS-0xE  size  rights level"; false for a part's heading. */
static int parse(const char *l, struct line *out)
{
	unsigned long long s, e;
	int digits = IS64 ? 16 : 8, at = 0;

	if (strncmp(l, "---[ ", 5) == 0)
		return 0;
	CHECK(sscanf(l, "0x%llx-0x%llx%n", &s, &e, &at) == 2 && at == 2 * digits + 5);
	out->start = s;
	out->end = e;
	l += at + 3;
	l += strspn(l, " 0123456789") + 2; /* unit, blank */
	snprintf(out->rights, sizeof(out->rights), "%.30s", l);
	snprintf(out->level, sizeof(out->level), "%.7s", l + 30);
	return 1;
}

static void check_lines(uint64_t from, uint64_t to, int nx)
{
	struct line l;
	char *save = NULL;

	for (char *p = strtok_r(text, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
		if (!parse(p, &l))
			continue;
		if (!EQ(l.start, from) || !CHECK(strstr("pte pmd pud p4d pgd", l.level)))
			return;
		if (nx && strstr(l.rights, "RW ") && strstr(l.rights, "x  "))
			CHECK(!"writable and executable");
		from = l.end;
	}
	EQ(from, to);
}

static int has_nx(void)
{
	static char info[1 << 14];

	return tap_read("/proc/cpuinfo", info, sizeof(info)) > 0 && strstr(info, " nx ");
}

static void kernel_is_whole_and_strict(void)
{
	static const char *const parts[] = { "User Space",
					     IS64 ? "Low Kernel Mapping" : "Kernel Mapping",
					     "vmalloc() Area", "Vmemmap" };

	mount_debugfs();
	NEED(load(DIR "kernel"));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char head[60];

		snprintf(head, sizeof(head), "---[ %s ]---\n", parts[i]);
		CHECK(strstr(text, head));
	}
	CHECK(strstr(text, " RW         PSE     GLB "));
	CHECK(strstr(text, " ro                 GLB x  pte"));
	check_lines(0, IS64 ? UINT64_MAX : UINT32_MAX, has_nx());
	NEED(load("/sys/kernel/debug/kernel_page_tables"));
	CHECK(strncmp(text, "---[ User Space ]---\n", 21) == 0);
}

/* The run that has @p in it; its rights, "" for a hole. */
static const char *rights_of(const void *p)
{
	static struct line l;
	const char *at = text;
	uint64_t want = (uintptr_t)p;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (parse(at, &l) && l.start <= want && want < l.end)
			return strspn(l.rights, " ") == strlen(l.rights) ? "" : l.rights;
	}
	return "nowhere";
}

static void own_pages(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[0] = 1;
	p[PAGE] = 1; /* which maps the next one as well */
	mprotect(p + PAGE, PAGE, PROT_READ);
	mount_debugfs();
	NEED(load(DIR "current_user"));
	CHECK(strncmp(rights_of(p), "USR RW ", 7) == 0);
	CHECK(strncmp(rights_of(p + PAGE), "USR ro ", 7) == 0);
	STREQ(rights_of(p + 3 * PAGE), "");
	CHECK(strncmp(rights_of(own_pages), "USR ro ", 7) == 0);
	NEED(load(DIR "current_kernel"));
	CHECK(strncmp(rights_of(p), "USR RW ", 7) == 0);
	check_lines(0, IS64 ? UINT64_MAX : UINT32_MAX, 0);
}

static int as_nobody(void *arg)
{
	if (setgid(65534) || setuid(65534))
		return 1;
	return open(DIR "kernel", O_RDONLY) >= 0 || errno != EACCES;
}

static void roots_alone(void)
{
	mount_debugfs();
	EQ(access(DIR "kernel", R_OK), 0);
	EQ(tap_child(as_nobody, NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(kernel_is_whole_and_strict), T(own_pages),
						 T(roots_alone), TEND };
	int status = tap_main(argc, argv, tests);

	while (umount("/sys/kernel/debug") == 0)
		;
	return status;
}
