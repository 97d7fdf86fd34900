/*
 * Lab 3: from a logical address to a physical one.
 *
 * The program gives { address, pid } to the module and gets what the processor would find: an entry of every table, the frame, the
 * physical address, and the four bytes there, which the kernel reads at an address of its own. They are the program's variable.
 */
#include "tap.h"

#include "lab.h"
#include "walk.h"

static volatile unsigned variable = 0x5eed1234;

/* A page of its own, written before fork and not after. */
static unsigned *family;

/* A page that nothing lies near: the walk to it ends at the highest table that can miss. */
#define ALONE ((void *)0x50000000)

static void *lonely_page(void)
{
	void *p = mmap(ALONE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == ALONE ? p : NULL;
}

/* ---- the story ---- */

static unsigned address_bits(const struct walk *w)
{
	unsigned ptrs = w->level[PGD].ptrs, bits = w->level[PGD].shift;

	while (ptrs >>= 1)
		bits++;
	return bits;
}

static int entry_digits(const struct walk *w)
{
	return w->level[PTE].ptrs == 1024 ? 8 : 16;
}

static const char *entry_text(const struct walk *w, int level)
{
	return lab_f("%0*llx", entry_digits(w), w->level[level].entry);
}

static void bit_name(char *out, size_t size, const char *name)
{
	snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? " " : "", name);
}

static const char *entry_bits(unsigned long long e)
{
	static const char *const name[] = { "P", "RW", "US", "PWT", "PCD", "A", "D", "PS", "G" };
	char out[64] = "";

	for (int i = 0; i < 9; i++)
		if (e >> i & 1)
			bit_name(out, sizeof(out), name[i]);
	if (e >> 63)
		bit_name(out, sizeof(out), "NX");
	return lab_f("%s", out);
}

static const char *entry_means(const struct walk *w, int level)
{
	const struct level *l = &w->level[level];
	const unsigned long long at = l->entry & 0x000ffffffffff000ULL;

	if (l->ptrs == 1)
		return "this mode has no such table: the entry above";
	if (!l->entry)
		return "empty: nothing below";
	if (level == PTE)
		return lab_f("%s: frame %llx", entry_bits(l->entry), at >> 12);
	return lab_f("%s: next table in frame %llx", entry_bits(l->entry), at >> 12);
}

static void show_walk(const char *title, const struct walk *w)
{
	struct lab_walk f = { .address = lab_f("%08lx", w->address) };

	for (int i = 0; i < LEVELS && w->level[i].seen; i++) {
		const struct level *l = &w->level[i];
		const unsigned high = (i == PGD ? address_bits(w) : w->level[i - 1].shift) - 1;

		f.level[f.nr_levels++] =
			(struct lab_level){ level_name[i],    high,
					    l->shift,	      lab_f("%lu", l->index),
					    entry_text(w, i), entry_means(w, i) };
		if (i > PGD && l->ptrs == 1)
			f.level[i].high = 0, f.level[i].low = 1;
		if (i == last_seen(w) && !w->mapped)
			break;
	}
	if (w->mapped) {
		f.frame = lab_f("%llx", w->frame);
		f.offset = lab_f("%llx", w->offset);
		f.phys = lab_f("%llx", w->phys);
		f.value = w->has_value ? lab_f("%08llx", w->value) : NULL;
	}
	lab_walk(title, &f);
}

/* The address as the processor cuts it. */
static void show_cut(const struct walk *w)
{
	struct lab_field f[LEVELS + 1];
	unsigned high = address_bits(w);
	size_t n = 0;

	for (int i = 0; i < LEVELS; i++) {
		const struct level *l = &w->level[i];

		if (l->ptrs == 1)
			continue;
		f[n++] = (struct lab_field){ lab_f("%s index", level_name[i]), high - 1, l->shift,
					     lab_f("entry %lu of %u", l->index, l->ptrs) };
		high = l->shift;
	}
	f[n++] = (struct lab_field){ "offset", 11, 0, "the byte within the frame" };
	lab_bits("The address as the processor cuts it", w->address, address_bits(w), f, n);
}

static void show_entry(const struct walk *w)
{
	const unsigned long long e = w->level[PTE].entry;
	const int wide = entry_digits(w) == 16;
	const struct lab_field f[] = {
		{ "NX", 63, 63,
		  e >> 63 ? "no instructions from here" : "instructions may be fetched" },
		{ "", 62, 52, NULL },
		{ "frame", wide ? 51 : 31, 12, "the frame's number" },
		{ "soft", 11, 9, "left to the kernel" },
		{ "G", 8, 8, NULL },
		{ "PAT", 7, 7, NULL },
		{ "D", 6, 6, e >> 6 & 1 ? "has been written" : "has not been written" },
		{ "A", 5, 5, e >> 5 & 1 ? "has been used" : "has not been used" },
		{ "PCD", 4, 4, NULL },
		{ "PWT", 3, 3, NULL },
		{ "US", 2, 2, e >> 2 & 1 ? "programs may use it" : "only the kernel may use it" },
		{ "RW", 1, 1, e >> 1 & 1 ? "may be written" : "may only be read" },
		{ "P", 0, 0, "present: the rest is valid" }
	};
	const int skip = wide ? 0 : 2;

	lab_bits("The entry of the page", e, wide ? 64 : 32, f + skip, ARRAY_LEN(f) - (size_t)skip);
}

static unsigned long long pagemap_frame(const volatile void *p)
{
	uint64_t e = 0;
	const int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &e, sizeof(e), (off_t)((uintptr_t)p / PAGE * sizeof(e))) != sizeof(e))
		e = 0;
	close(fd);
	return e & ((1ULL << 55) - 1);
}

static void show_agreement(const struct walk *w)
{
	const char *const cells[] = { "who looks",
				      "at",
				      "finds",
				      "the program, at its own address",
				      lab_f("%08lx", w->address),
				      lab_f("%08x", variable),
				      "the kernel, at frame and offset in its own mapping",
				      w->kernel ? lab_f("%08llx", w->kernel) : "high memory",
				      w->has_value ? lab_f("%08llx", w->value) : "",
				      "/proc/self/pagemap, asked for the frame",
				      "",
				      lab_f("%llx", pagemap_frame(&variable)) };

	lab_table("Three ways to the same frame", 3, cells, 4);
}

/* Places of a program that lie far apart, in the order of their addresses. */
static void show_places(void)
{
	volatile unsigned on_stack = 1;
	unsigned *heap = malloc(64);
	const struct {
		const char *name;
		const volatile void *at;
	} place[] = { { "code", (const void *)show_agreement },
		      { "data", &variable },
		      { "heap", heap },
		      { "stack", &on_stack } };
	const char *cells[5][3] = { { "what", "linear address", "physical address" } };
	struct lab_run run[4], swap;
	size_t n = 0;

	*heap = 2;
	for (size_t i = 0; i < ARRAY_LEN(place); i++) {
		struct walk w;

		if (walk_ask(&w, place[i].at, getpid()) || !w.mapped)
			continue;
		cells[n + 1][0] = place[i].name;
		cells[n + 1][1] = lab_f("%08lx", w.address);
		cells[n + 1][2] = lab_f("%llx", w.phys);
		run[n++] = (struct lab_run){ w.frame, 1, place[i].name, NULL };
	}
	lab_table("Where they are", 3, &cells[0][0], n + 1);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			if (run[k].first < run[i].first)
				swap = run[i], run[i] = run[k], run[k] = swap;
		}
	}
	lab_frames("Their frames", run, n);
	free(heap);
}

static void show_untouched(void)
{
	volatile unsigned *p = lonely_page();
	struct walk w;

	if (!p) {
		lab_failed("no page at %p: %s", ALONE, strerror(errno));
		return;
	}
	lab_step(
		"A page that nobody has touched",
		"mmap gave the program a page at %08lx, far from everything. It is a promise: no frame is behind it, and not even the tables "
		"that would lead to it.",
		(unsigned long)p);
	if (walk_ask(&w, p, getpid()) == 0)
		show_walk("Before the first touch", &w);
	*p = 0xcafe0001;
	lab_note(
		"Now the program writes 0xcafe0001 there. The processor finds no entry and faults; the kernel brings the tables and a frame "
		"of zeroes, and the instruction runs again.");
	if (walk_ask(&w, p, getpid()) == 0)
		show_walk("After it", &w);
	munmap(ALONE, PAGE);
}

static void show(void)
{
	struct walk w;

	if (walk_ask(&w, &variable, getpid()) || !w.mapped) {
		lab_failed("/proc/logadd2phyadd: %s", strerror(errno));
		return;
	}
	variable++; /* written: a page of its own, not the file's */
	walk_ask(&w, &variable, getpid());
	lab_step(
		"The question",
		"A program has a variable at the logical address %08lx, with the value %08x. Its segments begin at 0, so %08lx is the linear "
		"address, too. Process %d writes { %08lx, %d } to /proc/logadd2phyadd and reads back how the processor gets from there to memory.",
		w.address, variable, w.address, getpid(), w.address, getpid());
	show_cut(&w);
	lab_step(
		"The walk",
		"Each part of the address is the index into one table; the entry there says in which frame the next table is. The last one names "
		"the frame of the variable. The offset is taken as it is. This processor has %u levels of tables.",
		nr_levels(&w));
	show_walk("From the address to the frame", &w);
	show_entry(&w);
	lab_step(
		"The proof",
		"All memory that is not high memory has a second, fixed place in the kernel's part of the address space: physical address plus "
		"a constant. The module looks there. If the walk was right, it finds the program's variable.");
	show_agreement(&w);
	lab_step(
		"Near and far",
		"Addresses that lie far apart in the program may be near in memory, and the reverse. The tables decide.");
	show_places();
	show_untouched();
}

/* ---- questions ---- */

static void answers(void)
{
	const char *missing = "nothing";
	struct walk w, alone;
	void *p = lonely_page();
	unsigned long a;
	unsigned long long e, phys;

	if (!p || walk_ask(&w, &variable, getpid()) || walk_ask(&alone, p, getpid())) {
		lab_failed("the module does not answer: %s", strerror(errno));
		return;
	}
	missing = level_name[last_seen(&alone)];
	a = (unsigned long)lab_given_number("linear", 16, w.address);
	e = lab_given_number("entry", 16, w.level[PTE].entry);
	phys = (e & 0x000ffffffffff000ULL) | (a & (PAGE - 1));
	lab_answer_number("levels", 10, nr_levels(&w), "The walk: lines that are not folded");
	lab_answer_number("entries", 10, w.level[PTE].ptrs,
			  "The address as the processor cuts it: the pte's line");
	lab_answer_given("linear", 16, "The question");
	lab_answer_number("top_index", 10, index_of(&w, PGD, a),
			  "pgd's line of the walk, from linear");
	lab_answer_number("pte_index", 10, index_of(&w, PTE, a),
			  "pte's line of the walk, from linear");
	lab_answer_number("offset", 16, a & (PAGE - 1), "the low 12 bits of linear");
	lab_answer_given("entry", 16, "pte's line of the walk");
	lab_answer_number("frame", 16, e >> 12 & 0xffffffffffULL,
			  "the entry without its 12 low bits and NX");
	lab_answer_number("phys", 16, phys, "frame * 4096 + offset");
	lab_answer_number("kernel_address", 16, phys + w.base,
			  "The proof: physical address plus the constant");
	lab_answer_word("writable", e >> 1 & 1 ? "yes|y" : "no|n", "bit RW of the entry");
	lab_answer_word("missing", missing, "Before the first touch: the last line of the walk");
}

/* ---- the check ---- */

static void finds_the_variable(void)
{
	struct walk w;

	variable++;
	NEED(walk_ask(&w, &variable, getpid()) == 0);
	CHECK(w.mapped);
	EQ(w.address, (unsigned long)&variable);
	EQ(w.frame, pagemap_frame(&variable));
	EQ(w.phys, w.frame * PAGE + (unsigned long)&variable % PAGE);
	if (w.has_value)
		EQ(w.value, variable);
	EQ(last_seen(&w), PTE);
}

static void indices_are_bits_of_the_address(void)
{
	struct walk w;

	NEED(walk_ask(&w, &variable, getpid()) == 0);
	for (int i = 0; i < LEVELS; i++) {
		CHECK(w.level[i].seen);
		EQ(w.level[i].index, index_of(&w, i, w.address));
		if (i > PGD && w.level[i].ptrs == 1)
			EQ(w.level[i].entry, w.level[i - 1].entry);
	}
	EQ(w.offset, w.address % PAGE);
	EQ(address_bits(&w), IS64 ? (nr_levels(&w) == 5 ? 57 : 48) : 32);
}

static void untouched_has_no_frame(void)
{
	volatile unsigned *p = lonely_page();
	struct walk w;

	NEED(p);
	NEED(walk_ask(&w, p, getpid()) == 0);
	CHECK(!w.mapped);
	EQ(w.level[last_seen(&w)].entry, 0);
	*p = 77;
	NEED(walk_ask(&w, p, getpid()) == 0);
	CHECK(w.mapped);
	if (w.has_value)
		EQ(w.value, 77);
	EQ(w.frame, pagemap_frame(p));
}

static void other_processes_too(void)
{
	struct walk w;

	EQ(walk_ask(&w, family, 2000000000), -1);
	EQ(errno, ESRCH);
	EQ(walk_ask(&w, family, getppid()), 0);
	CHECK(w.mapped);
	EQ(w.frame, pagemap_frame(family)); /* not written since fork: the parent's frame */
}

/* ---- the exercise ---- */

static void one_page_has_its_bits(const volatile void *p)
{
	struct walk w;
	char *at;

	NEED(walk_ask(&w, p, getpid()) == 0);
	NEED(w.mapped);
	at = strstr(w.text, "\nbits ");
	if (!at) {
		tap_failed();
		tap_note("# no line 'bits' in /proc/logadd2phyadd");
		return;
	}
	at += strlen("\nbits ");
	at += strspn(at, " ");
	STREQ(lab_f("%.*s", (int)strcspn(at, "\n"), at), entry_bits(w.level[PTE].entry & 0x7f));
}

static void module_prints_bits(void)
{
	volatile unsigned *p = lonely_page();

	NEED(p);
	variable++;
	one_page_has_its_bits(&variable);
	one_page_has_its_bits((const volatile void *)show_agreement);
	NEED(*p == 0); /* read only: the page of zeroes */
	one_page_has_its_bits(p);
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "logadd2phyadd", NULL };
	static const char *const files[] = { "/proc/logadd2phyadd", NULL };
	static const struct tap_test checks[] = { T(finds_the_variable),
						  T(indices_are_bits_of_the_address),
						  T(untouched_has_no_frame), T(other_processes_too),
						  TEND };
	static const struct tap_test exercise[] = { T(module_prints_bits), TEND };
	static const struct lab lab = { 3,	  "From a logical address to a physical one",
					modules,  show,
					answers,  checks,
					exercise, files };

	family = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (family == MAP_FAILED)
		return 1;
	*family = 1;
	return lab_main(argc, argv, &lab);
}
