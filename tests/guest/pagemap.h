/* What /proc says of a page (pagemap, kpageflags, kpagecount) and of the mapping it is in (smaps). After tap.h. */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#define PM_PFN	      ((1ULL << 55) - 1)
#define PM_SOFT_DIRTY (1ULL << 55)
#define PM_EXCLUSIVE  (1ULL << 56)
#define PM_UFFD_WP    (1ULL << 57)
#define PM_FILE	      (1ULL << 61)
#define PM_SWAP	      (1ULL << 62)
#define PM_PRESENT    (1ULL << 63)

enum {
	KPF_LOCKED = 0,
	KPF_UPTODATE = 3,
	KPF_SLAB = 7,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_SWAPBACKED = 14,
	KPF_COMPOUND_HEAD = 15,
	KPF_COMPOUND_TAIL = 16,
	KPF_HWPOISON = 19,
	KPF_NOPAGE = 20,
	KPF_KSM = 21,
	KPF_THP = 22,
	KPF_ZERO_PAGE = 24,
	KPF_PGTABLE = 26
};
#define BIT(n) (1ULL << (n))

/* The 64-bit number @index of a file of such. */
static uint64_t word_at(const char *path, uint64_t index)
{
	uint64_t v = ~0ULL;
	int fd = open(path, O_RDONLY | O_LARGEFILE);

	CHECK(pread64(fd, &v, 8, (off64_t)(index * 8)) == 8);
	close(fd);
	return v;
}

static uint64_t pagemap(const void *p)
{
	return word_at("/proc/self/pagemap", (uintptr_t)p / PAGE);
}

static uint64_t pfn_of(const void *p)
{
	return pagemap(p) & PM_PFN;
}

static uint64_t kflags(const void *p)
{
	return word_at("/proc/kpageflags", pfn_of(p));
}

/* In /proc/self/smaps, of the mapping that begins at @p: the text behind @label, up to the end of the line; NULL: none. */
static char *smaps_field(const void *p, const char *label)
{
	static char text[262144];
	char head[40], *at, *line;

	snprintf(head, sizeof(head), "\n%08lx-", (unsigned long)p);
	text[0] = '\n';
	if (tap_read("/proc/self/smaps", text + 1, sizeof(text) - 1) < 0)
		return NULL;
	at = strstr(text, head);
	line = at ? strstr(at, label) : NULL;
	if (!line)
		return NULL;
	*strchr(line, '\n') = '\0';
	return line + strlen(label);
}

/* Are the two letters @flag among VmFlags of the mapping that begins at @p? -1: there is none. */
static int has_vmflag(const void *p, const char *flag)
{
	char *flags = smaps_field(p, "VmFlags:");

	return flags ? strstr(flags, flag) != NULL : -1;
}

#endif
