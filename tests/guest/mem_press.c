/*
 * Random memory calls of processes and threads at once, over swap on compressed memory: every byte is checked.
 *
 * Each thread owns a window of pages and knows of each what it is and which bytes it must have; nobody else touches them, but
 * their frames, tables, slots, locks and the calls that change all memory of the machine are everybody's.
 *
 *   mem_press                  a short run, pushed out of memory by MADV_PAGEOUT
 *   mem_press SECONDS [AREA]   by hand: windows of twice the RAM, and it says what took longest. AREA: a device, or a name
 *                              below mnt/: a file on /dev/vdj
 */
#include "mem.h"

#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>

#define ZRAM "/dev/zram0"
#define SYS  "/sys/block/zram0/"

enum { ABOVE = 160 << 20 };
enum { PROCS = 4, THREADS = 2, SHORT_PAGES = 96, SHORT_STEPS = 300, STALL_MS = 5000 };
enum {
	ADV_FREE = 8,
	ADV_COLD = 20,
	ADV_PAGEOUT,
	ADV_POPULATE_READ,
	ADV_POPULATE_WRITE,
	ADV_COLLAPSE = 25
};
enum kind { NOTHING, PRIVATE, SHARED, OF_FILE };

struct page_of {
	unsigned char kind, prot, lazy; /* lazy: what MADV_FREE gave up, what it was or zeroes */
	unsigned char fork_gone, fork_zero;
	unsigned version; /* 0: zeroes. OF_FILE: in file[index] */
	unsigned index;
};

struct player {
	char *base;
	struct page_of *page;
	unsigned *file; /* versions of the file's pages */
	unsigned pages, id, versions, step;
	int fd, bad;
	uint64_t random;
	const char *doing, *longest_of;
	unsigned longest; /* ms */
	long long start;
	pthread_t thread;
};

static long long deadline; /* long run: until then; 0: a short one */
static unsigned window;
static const char *area = ZRAM; /* swapped to */
static int spare;		/* number of the second area's device */
static volatile int *failed;

static unsigned some(struct player *p, unsigned n)
{
	return (unsigned)(tap_random(&p->random) >> 16) % n;
}

static char *at(const struct player *p, unsigned i)
{
	return p->base + (size_t)i * PAGE;
}

static void wrong(struct player *p, const char *what, unsigned page, unsigned long got,
		  unsigned long want)
{
	if (!p->bad++)
		tap_note("# player %u, step %u (%s): page %u: %s: %#lx, not %#lx", p->id, p->step,
			 p->doing, page, what, got, want);
	*failed = 1;
}

/* ---- time: by hand only ---- */

static long long now(void)
{
	return deadline ? tap_now_ns() : 0;
}

/* What began at p->start has ended: a call, or the use of one page. */
static void took(struct player *p)
{
	unsigned ms = (unsigned)((now() - p->start) / 1000000);

	if (ms > p->longest) {
		p->longest = ms;
		p->longest_of = p->doing;
	}
	if (ms > STALL_MS)
		tap_note("# player %u, step %u: %s took %u ms", p->id, p->step, p->doing, ms);
}

/* ---- bytes ---- */

static uint32_t word_of(unsigned id, unsigned version, unsigned i)
{
	uint32_t x = (version * 64 + id) * 2654435761U;

	if (!version)
		return 0;
	return version % 16 ? x + i % 4 : (x ^ i) * 2246822519U + i; /* few do not compress */
}

static void fill(const struct player *p, unsigned i, unsigned version)
{
	uint32_t *w = (uint32_t *)at(p, i);

	for (unsigned k = 0; k < PAGE / 4; k++)
		w[k] = word_of(p->id, version, k);
}

/* Return: 1: it has the bytes of @version. */
static int has(const struct player *p, unsigned i, unsigned version, uint32_t *got, unsigned *where)
{
	const volatile uint32_t *w = (const volatile uint32_t *)at(p, i);

	for (unsigned k = 0; k < PAGE / 4; k++) {
		*got = w[k];
		*where = k;
		if (*got != word_of(p->id, version, k))
			return 0;
	}
	return 1;
}

static unsigned version_of(const struct player *p, unsigned i)
{
	const struct page_of *g = &p->page[i];

	return g->kind == OF_FILE ? p->file[g->index] : g->version;
}

static void look(struct player *p, unsigned i)
{
	struct page_of *g = &p->page[i];
	unsigned where = 0;
	uint32_t got;

	if (!g->kind || !(g->prot & PROT_READ))
		return;
	if (has(p, i, version_of(p, i), &got, &where))
		return;
	if (g->lazy && has(p, i, 0, &got, &where)) {
		g->version = 0; /* it does not come back */
		return;
	}
	wrong(p, g->lazy ? "bytes after MADV_FREE" : "bytes", i, got,
	      word_of(p->id, version_of(p, i), where));
}

static void write_page(struct player *p, unsigned i)
{
	struct page_of *g = &p->page[i];

	if (!g->kind || !(g->prot & PROT_WRITE))
		return;
	p->versions++;
	fill(p, i, p->versions);
	g->lazy = 0;
	if (g->kind == OF_FILE)
		p->file[g->index] = p->versions;
	else
		g->version = p->versions;
}

/* ---- calls ---- */

struct part {
	unsigned first, n;
	char *addr;
	size_t len;
};

static struct part some_part(struct player *p)
{
	struct part r = { .first = some(p, p->pages) };
	unsigned most = some(p, 4) ? 8 : p->pages / 8;

	r.n = 1 + some(p, most);
	if (r.n > p->pages - r.first)
		r.n = p->pages - r.first;
	r.addr = at(p, r.first);
	r.len = (size_t)r.n * PAGE;
	return r;
}

static void do_map(struct player *p)
{
	static const int flags[] = { 0, MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS,
				     MAP_SHARED };
	struct part r = some_part(p);
	unsigned k = some(p, 12), kind = k < 10 ? PRIVATE : k < 11 ? SHARED : OF_FILE;
	unsigned from = some(p, p->pages / 8);

	if (kind != PRIVATE && r.n > 16)
		r.n = 16, r.len = 16 * PAGE;
	if (from + r.n > p->pages / 8)
		kind = PRIVATE;
	if (mmap(r.addr, r.len, RW, flags[kind] | MAP_FIXED | (some(p, 6) ? 0 : MAP_POPULATE),
		 kind == OF_FILE ? p->fd : -1, (off_t)from * PAGE) != r.addr) {
		if (errno != ENOMEM)
			wrong(p, "mmap", r.first, (unsigned long)errno, 0);
		if (munmap(r.addr, r.len)) /* what was there may be gone, or not */
			return;
		kind = NOTHING;
	}
	for (unsigned i = 0; i < r.n; i++)
		p->page[r.first + i] = (struct page_of){ .kind = (unsigned char)kind,
							 .prot = RW,
							 .index = from + i };
}

static void do_unmap(struct player *p)
{
	struct part r = some_part(p);

	if (r.n > 32)
		r.n = 32, r.len = 32 * PAGE;
	if (munmap(r.addr, r.len)) {
		if (errno != ENOMEM)
			wrong(p, "munmap", r.first, (unsigned long)errno, 0);
		return;
	}
	memset(&p->page[r.first], 0, r.n * sizeof(p->page[0]));
}

static int all_mapped(const struct player *p, const struct part *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (!p->page[r->first + i].kind)
			return 0;
	return 1;
}

static void do_protect(struct player *p)
{
	static const unsigned char prots[] = { PROT_READ, RW, RW, RW, PROT_NONE };
	unsigned char prot = prots[some(p, 5)];
	struct part r = some_part(p);

	if (!all_mapped(p, &r))
		return;
	if (mprotect(r.addr, r.len, prot)) {
		if (errno != ENOMEM)
			wrong(p, "mprotect", r.first, (unsigned long)errno, 0);
		if (mprotect(r.addr, r.len, prot)) /* a part may have it: say which */
			munmap(r.addr, r.len),
				memset(&p->page[r.first], 0, r.n * sizeof(p->page[0]));
		return;
	}
	for (unsigned i = 0; i < r.n; i++)
		p->page[r.first + i].prot = prot;
}

static void do_touch(struct player *p)
{
	struct part r = some_part(p);
	unsigned how = some(p, 3);

	for (unsigned i = r.first; i < r.first + r.n; i++) {
		p->start = now();
		if (how)
			look(p, i);
		if (how < 2)
			write_page(p, i);
		took(p);
	}
}

static void advised(struct player *p, unsigned i, int advice)
{
	struct page_of *g = &p->page[i];

	if (!g->kind)
		return;
	if (advice == MADV_DONTNEED && g->kind == PRIVATE)
		g->version = g->lazy = 0;
	if (advice == ADV_FREE && g->kind == PRIVATE)
		g->lazy = 1;
	if (advice == MADV_DONTFORK || advice == MADV_DOFORK)
		g->fork_gone = advice == MADV_DONTFORK;
	if (advice == 18 || advice == 19)
		g->fork_zero = advice == 18 && g->kind == PRIVATE;
}

static void do_advise(struct player *p)
{
	static const int advice[] = { MADV_DONTNEED,
				      ADV_FREE,
				      ADV_FREE,
				      ADV_COLD,
				      ADV_PAGEOUT,
				      ADV_PAGEOUT,
				      ADV_PAGEOUT,
				      ADV_POPULATE_READ,
				      ADV_POPULATE_WRITE,
				      ADV_COLLAPSE,
				      MADV_WILLNEED,
				      MADV_NORMAL,
				      MADV_RANDOM,
				      MADV_SEQUENTIAL,
				      MADV_DONTFORK,
				      MADV_DOFORK,
				      MADV_DOFORK,
				      18,
				      19,
				      19,
				      MADV_MERGEABLE,
				      MADV_MERGEABLE,
				      MADV_UNMERGEABLE,
				      MADV_HUGEPAGE,
				      MADV_NOHUGEPAGE };
	int a = advice[some(p, ARRAY_LEN(advice))];
	struct part r = some_part(p);
	int err;

	for (unsigned i = r.first; i < r.first + r.n;
	     i++) { /* an advice stops where it is refused */
		if (!p->page[i].kind ||
		    ((a == ADV_FREE || a == 18 || a == 19) && p->page[i].kind != PRIVATE))
			return;
	}
	err = madvise(r.addr, r.len, a) ? errno : 0;
	if (err && err != ENOMEM && err != EINVAL && err != EFAULT && err != EAGAIN && err != EBUSY)
		wrong(p, "madvise", r.first, (unsigned long)err, (unsigned long)a);
	for (unsigned i = r.first; i < r.first + r.n; i++)
		if (!err)
			advised(p, i, a);
	if (err && (a == MADV_DONTNEED || a == ADV_FREE ||
		    (a >= MADV_DONTFORK && a <= MADV_DOFORK) || a == 18 || a == 19)) {
		munmap(r.addr, r.len); /* locked, mostly: a part may have been done */
		memset(&p->page[r.first], 0, r.n * sizeof(p->page[0]));
	}
}

static void do_move(struct player *p)
{
	struct part r = some_part(p), to = some_part(p);
	char *got;

	if (r.n > p->pages - to.first || (to.first < r.first + r.n && r.first < to.first + r.n) ||
	    !all_mapped(p, &r))
		return;
	got = mremap(r.addr, r.len, r.len, MREMAP_MAYMOVE | MREMAP_FIXED, to.addr);
	if (got != to.addr) { /* the place may have been cleared, or not */
		if (errno != EFAULT && errno != EINVAL && errno != ENOMEM && errno != EAGAIN)
			wrong(p, "mremap", r.first, (unsigned long)errno, 0);
		munmap(to.addr, r.len);
		memset(&p->page[to.first], 0, r.n * sizeof(p->page[0]));
		return;
	}
	memcpy(&p->page[to.first], &p->page[r.first], r.n * sizeof(p->page[0]));
	memset(&p->page[r.first], 0, r.n * sizeof(p->page[0]));
}

static void do_lock(struct player *p)
{
	struct part r = some_part(p);

	if (r.n > 16)
		r.len = 16 * PAGE;
	if (!all_mapped(p, &r))
		return;
	(void)!mlock(r.addr, r.len);
	look(p, r.first);
	munlock(r.addr, r.len);
}

/* The child has what there is now, less what is wiped; it writes what it likes. */
static int child(struct player *p)
{
	p->doing = "fork's child";
	for (unsigned k = 0; k < 24; k++) {
		unsigned i = some(p, p->pages);
		struct page_of *g = &p->page[i];

		if (g->fork_gone)
			continue;
		if (g->fork_zero && g->kind == PRIVATE)
			g->version = g->lazy = g->fork_zero = 0;
		look(p, i);
		if (g->kind == PRIVATE)
			write_page(p, i);
		look(p, i);
	}
	return p->bad != 0;
}

static void do_fork(struct player *p)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(child(p));
	if (pid < 0) {
		if (errno != ENOMEM && errno != EAGAIN)
			wrong(p, "fork", 0, (unsigned long)errno, 0);
		return;
	}
	status = tap_wait(pid);
	if (status)
		wrong(p, "child", 0, (unsigned long)status, 0);
}

static void do_file(struct player *p)
{
	static __thread uint32_t buf[PAGE / 4];
	unsigned index = some(p, p->pages / 8), v = ++p->versions;
	off_t pos = (off_t)index * PAGE;

	if (some(p, 2)) {
		for (unsigned k = 0; k < PAGE / 4; k++)
			buf[k] = word_of(p->id, v, k);
		if (pwrite(p->fd, buf, PAGE, pos) == (ssize_t)PAGE)
			p->file[index] = v;
		else if (errno != ENOSPC && errno != ENOMEM)
			wrong(p, "pwrite", index, (unsigned long)errno, 0);
		else
			fallocate(p->fd, 3, pos, PAGE), p->file[index] = 0;
		return;
	}
	if (!some(p, 4) && fallocate(p->fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, pos, PAGE) == 0)
		p->file[index] = 0;
	if (pread(p->fd, buf, PAGE, pos) != (ssize_t)PAGE)
		return;
	for (unsigned k = 0; k < PAGE / 4; k++) {
		if (buf[k] != word_of(p->id, p->file[index], k)) {
			wrong(p, "file", index, buf[k], word_of(p->id, p->file[index], k));
			return;
		}
	}
}

static void do_shm(struct player *p)
{
	int id = shmget(IPC_PRIVATE, 8 * PAGE, IPC_CREAT | 0600);
	uint32_t *m;

	if (id < 0)
		return;
	m = shmat(id, NULL, 0);
	for (unsigned i = 0; m != (void *)-1 && i < 8 * PAGE / 4; i += 64)
		m[i] = i ^ p->id;
	if (m != (void *)-1 && !madvise(m, 8 * PAGE, ADV_PAGEOUT) && !shmdt(m))
		m = shmat(id, NULL, 0);
	for (unsigned i = 0; m != (void *)-1 && i < 8 * PAGE / 4; i += 64)
		if (m[i] != (i ^ p->id))
			wrong(p, "shm", i, m[i], i ^ p->id);
	shmctl(id, IPC_RMID, NULL);
	if (m != (void *)-1)
		shmdt(m);
}

static void do_pages(struct player *p)
{
	struct part r = some_part(p);
	void *pages[8];
	int nodes[8] = { 0 }, status[8];
	unsigned n = r.n < 8 ? r.n : 8;

	for (unsigned i = 0; i < n; i++)
		pages[i] = r.addr + i * PAGE;
	syscall(SYS_move_pages, 0, (unsigned long)n, pages, some(p, 2) ? nodes : NULL, status,
		2 /* MOVE */);
	for (unsigned i = r.first; i < r.first + n; i++)
		look(p, i);
}

static void do_huge(struct player *p)
{
	size_t size = (size_t)figure_after("/proc/meminfo", NULL, "Hugepagesize:") << 10;
	char *m = mmap(NULL, size, RW, ANON | 0x40000 /* HUGETLB */, -1, 0);

	if (m == MAP_FAILED)
		return;
	for (size_t i = 0; i < size; i += 64 * PAGE)
		m[i] = (char)(p->id + i / PAGE);
	for (size_t i = 0; i < size; i += 64 * PAGE)
		if (m[i] != (char)(p->id + i / PAGE))
			wrong(p, "hugetlb", (unsigned)(i / PAGE), (unsigned char)m[i], 0);
	munmap(m, size);
}

static void play(struct player *p)
{
	static const struct {
		const char *name;
		void (*call)(struct player *p);
		unsigned weight;
	} calls[] = {
		{ "mmap", do_map, 10 },	       { "munmap", do_unmap, 4 },
		{ "mprotect", do_protect, 7 }, { "touch", do_touch, 40 },
		{ "madvise", do_advise, 24 },  { "mremap", do_move, 7 },
		{ "mlock", do_lock, 3 },       { "fork", do_fork, 2 },
		{ "file", do_file, 5 },	       { "shm", do_shm, 1 },
		{ "move_pages", do_pages, 2 }, { "hugetlb", do_huge, 1 },
	};
	unsigned w = some(p, 106), k = 0;

	while (w >= calls[k].weight)
		w -= calls[k++].weight;
	p->doing = calls[k].name;
	p->start = now();
	calls[k].call(p);
	p->step++;
	took(p);
}

static void *player_main(void *arg)
{
	struct player *p = arg;

	while (!*failed && (deadline ? tap_now_ns() < deadline : p->step < SHORT_STEPS))
		play(p);
	for (unsigned i = 0; i < p->pages && !*failed; i++)
		look(p, i);
	return NULL;
}

static void begin_player(struct player *p, unsigned id)
{
	char name[40];

	*p = (struct player){ .id = id,
			      .pages = window,
			      .random = id * 1000003ULL + (unsigned)deadline };
	p->base = mmap(NULL, (size_t)window * PAGE, RW, ANON | MAP_NORESERVE, -1, 0);
	p->page = calloc(window, sizeof(p->page[0]));
	p->file = calloc(window / 8, sizeof(p->file[0]));
	snprintf(name, sizeof(name), "press%u", id);
	p->fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(name);
	if (p->base == MAP_FAILED || !p->page || !p->file ||
	    ftruncate(p->fd, (off_t)(window / 8) * (off_t)PAGE))
		wrong(p, "begin", 0, (unsigned long)errno, 0);
	for (unsigned i = 0; i < window; i++)
		p->page[i] = (struct page_of){ .kind = PRIVATE, .prot = RW };
}

/*
 * What the kernel or the C library places by itself (segments, huge pages, stacks) must not come into a hole of a window,
 * which its owner maps over: there is a larger one above.
 */
static int process(unsigned number)
{
	static struct player players[THREADS];
	char *above = mmap(NULL, ABOVE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	int bad = 0;

	for (unsigned k = 0; k < THREADS; k++)
		begin_player(&players[k], number * THREADS + k);
	munmap(above, ABOVE);
	for (unsigned k = 0; k < THREADS && !*failed; k++)
		if (pthread_create(&players[k].thread, NULL, player_main, &players[k]))
			wrong(&players[k], "pthread_create", 0, 0, 0);
	for (unsigned k = 0; k < THREADS; k++) {
		if (players[k].thread)
			pthread_join(players[k].thread, NULL);
		bad |= players[k].bad;
	}
	if (deadline)
		for (unsigned k = 0; k < THREADS; k++)
			tap_note("# player %u: %u calls, the longest took %u ms: %s", players[k].id,
				 players[k].step, players[k].longest, players[k].longest_of);
	return bad != 0;
}

/* ---- the machine ---- */

/* An ordinary file, on the disk for files. */
static void make_file(unsigned long pages)
{
	static const char zeroes[65536];
	int fd;

	mkdir("mnt", 0755);
	OK(mount("/dev/vdj", "mnt", "ext2", 0, NULL));
	fd = open(area, O_CREAT | O_TRUNC | O_RDWR, 0600);
	for (unsigned long i = 0; i < pages; i += sizeof(zeroes) / PAGE)
		EQ(write(fd, zeroes, sizeof(zeroes)), (long)sizeof(zeroes));
	OK(close(fd));
}

static void make_header(const char *path, unsigned long pages)
{
	static unsigned char page[4096];
	uint32_t words[3] = { 1, (uint32_t)pages - 1, 0 };

	memcpy(page + 1024, words, sizeof(words));
	memcpy(page + sizeof(page) - 10, "SWAPSPACE2", 10);
	OK(tap_write_flags(path, 0, 0, page, sizeof(page)));
}

static int area_on(void)
{
	return swapon(area, SWAP_FLAG_PREFER | 5);
}

/* A second area, compressed, for the moments in which the first one is not there: without any swap somebody must go. */
static void set_up_spare(const char *size, unsigned long pages)
{
	char text[16], path[64];

	NEED(tap_read("/sys/class/zram-control/hot_add", text, sizeof(text)) > 0);
	spare = atoi(text);
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", spare);
	NEED(tap_put(path, size) == 0);
	snprintf(path, sizeof(path), "/dev/zram%d", spare);
	make_header(path, pages);
	OK(swapon(path, SWAP_FLAG_PREFER | 1));
}

static void end_spare(void)
{
	char text[64];

	snprintf(text, sizeof(text), "/dev/zram%d", spare);
	OK(swapoff(text));
	snprintf(text, sizeof(text), "/sys/block/zram%d/reset", spare);
	EQ(tap_put(text, "1\n"), 0);
	snprintf(text, sizeof(text), "%d", spare);
	EQ(tap_put("/sys/class/zram-control/hot_remove", text), 0);
}

static void set_up(unsigned long pages)
{
	char size[32];

	snprintf(size, sizeof(size), "%lu", pages * PAGE);
	if (!strcmp(area, ZRAM))
		NEED(tap_put(SYS "disksize", size) == 0);
	else if (area[0] != '/')
		make_file(pages);
	make_header(area, pages);
	OK(area_on());
	set_up_spare(size, pages);
}

/* Who empties an area is the first to go when memory gets short by it: swapoff in a child. */
static void switch_swap(void)
{
	long used = meminfo_kb("SwapTotal:") - meminfo_kb("SwapFree:");
	pid_t pid = used * 2 < meminfo_kb("MemFree:") ? fork() : -1; /* if it fits */
	int status;

	if (pid == 0)
		_exit(swapoff(area) == 0 ? area_on() != 0 : errno != ENOMEM);
	if (pid < 0)
		return;
	status = tap_wait(pid);
	CHECK(status == 0 || status == SIGKILL);
	if (status == SIGKILL) /* before it, in it or after it */
		CHECK(area_on() == 0 || errno == EBUSY);
}

/* What changes everybody's memory, once in a while. */
static void shake(uint64_t *random)
{
	static const char *const modes[] = { "always", "madvise", "never" };
	char text[8];

	switch (tap_random(random) % 8) {
	case 0:
		tap_put("/proc/sys/vm/drop_caches", "3\n");
		break;
	case 1:
		tap_put("/proc/sys/vm/compact_memory", "1\n");
		break;
	case 2:
		switch_swap();
		break;
	case 3:
		tap_put("/sys/kernel/mm/ksm/run", tap_random(random) % 4 ? "1\n" : "2\n");
		break;
	case 4:
		tap_put("/sys/kernel/mm/transparent_hugepage/enabled",
			modes[tap_random(random) % 3]);
		break;
	case 5:
		snprintf(text, sizeof(text), "%u\n", (unsigned)(tap_random(random) % 3));
		tap_put("/proc/sys/vm/nr_hugepages", text);
		break;
	default:
		break;
	}
}

static int alive(pid_t *pid)
{
	int n = 0, status;

	for (unsigned i = 0; i < PROCS; i++) {
		if (pid[i] && waitpid(pid[i], &status, WNOHANG) == pid[i]) {
			EQ(status, 0);
			pid[i] = 0;
		}
		n += pid[i] != 0;
	}
	return n;
}

static void random_calls(void)
{
	uint64_t random = 1;
	pid_t pid[PROCS];

	set_up(deadline ? 4UL * (unsigned long)meminfo_kb("MemTotal:") / 4 : 4096);
	failed = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tap_put("/sys/kernel/mm/ksm/sleep_millisecs", "10\n");
	for (unsigned i = 0; i < PROCS; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(process(i));
	}
	while (alive(pid)) {
		shake(&random);
		tap_sleep_ms(deadline ? 200 : 20);
	}
	EQ(*failed, 0);
	tap_put("/sys/kernel/mm/ksm/run", "2\n");
	tap_put("/sys/kernel/mm/ksm/run", "0\n");
	tap_put("/sys/kernel/mm/ksm/sleep_millisecs", "20\n");
	tap_put("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	tap_put("/proc/sys/vm/nr_hugepages", "0\n");
	OK(swapoff(
		area)); /* what is left is others': a slot without an owner would keep it for ever */
	end_spare();
	if (!strcmp(area, ZRAM))
		EQ(tap_put(SYS "reset", "1\n"), 0);
}

int main(int argc, char **argv)
{
	struct tap_test tests[] = { T(random_calls), TEND };
	long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

	window = SHORT_PAGES;
	if (seconds > 0) {
		deadline = tap_now_ns() + seconds * 1000000000LL;
		window = (unsigned)(2 * meminfo_kb("MemTotal:") / 4 / (PROCS * THREADS));
		tests[0].seconds = (unsigned)seconds + 300;
		area = argc > 2 ? argv[2] : area;
		argc = 1;
	}
	return tap_main(argc, argv, tests);
}
