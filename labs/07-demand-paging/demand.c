/* Lab 7: malloc gives addresses; the first touch gives memory. What is seen, why, and the checks of it. */
#include "tap.h"

#include "demand.h"
#include "lab.h"
#include "student.h"

static const struct story *s;

/* ---- text ---- */

static const char *change(long before, long after)
{
	return after == before ? "" : lab_f("%+ld", after - before);
}

static void counts_table(enum when from, enum when to)
{
	const struct counts *a = &s->now[from].counts, *b = &s->now[to].counts;
	const char *cell[] = {
		"count",
		"before",
		"after",
		"change",
		"VmSize: addresses, KiB",
		lab_f("%ld", a->vm_kb),
		lab_f("%ld", b->vm_kb),
		change(a->vm_kb, b->vm_kb),
		"VmRSS: frames, KiB",
		lab_f("%ld", a->rss_kb),
		lab_f("%ld", b->rss_kb),
		change(a->rss_kb, b->rss_kb),
		"VmPTE: tables, KiB",
		lab_f("%ld", a->tables_kb),
		lab_f("%ld", b->tables_kb),
		change(a->tables_kb, b->tables_kb),
		"page faults",
		lab_f("%ld", a->faults),
		lab_f("%ld", b->faults),
		change(a->faults, b->faults),
	};

	lab_table("What changed", 4, cell, 5);
}

static const struct vtop *at(enum when w)
{
	return &s->now[w].at;
}

static void show_malloc(void)
{
	lab_step(
		"malloc(8 MiB)",
		"The C library asks the kernel for addresses (mmap). The kernel writes down that they "
		"are the program's: one vma, %.*s. No table and no frame for page X. (What VmRSS shows are "
		"notes of the library at the edges of the block: page faults like those below.)",
		(int)strcspn(at(ALLOCATED)->vma, " "), at(ALLOCATED)->vma);
	counts_table(BEFORE, ALLOCATED);
	vtop_figure(lab_f("Page X, %lx: where the processor's walk ends", s->a), at(ALLOCATED),
		    NULL);
}

static void show_reads(void)
{
	lab_step(
		"Reading page X",
		"The %s entry is empty: a page fault. The kernel finds the vma, allocates the missing "
		"table, and enters the zero page, frame %llx, read-only: all of it is zeroes, and who "
		"only reads needs no memory of his own. VmRSS does not count it.",
		vtop_last(at(ALLOCATED))->name, s->zero_frame);
	counts_table(ALLOCATED, READ_ONE);
	vtop_figure("Page X", at(READ_ONE), "0");
	lab_step("Reading page Y",
		 "Another page, another fault, the same frame %llx. The table is there.",
		 at(READ_TWO)->pfn);
	counts_table(READ_ONE, READ_TWO);
	vtop_figure("Page Y", at(READ_TWO), "0");
}

static void show_writes(void)
{
	lab_step("Writing to page X",
		 "The entry is read-only: a fault of another kind. The vma allows writing, so the "
		 "kernel takes a frame, fills it with zeroes and enters it, writable: frame %llx "
		 "instead of %llx.",
		 s->a_frame, s->zero_frame);
	counts_table(READ_TWO, WRITTEN);
	vtop_figure("Page X", at(WRITTEN), "7");
	lab_step("Writing to page Z, never read",
		 "One fault instead of two: the frame %llx comes at once.", at(FRESH)->pfn);
	counts_table(WRITTEN, FRESH);
	lab_step(
		"Writing to 16 pages, from the last to the first",
		"A fault and a frame each. (Upwards this kernel would guess that the walk goes on, and map "
		"several pages at a fault: /sys/kernel/debug/fault_batch_bytes.)");
	counts_table(FRESH, SIXTEEN);
}

static void show_frames(void)
{
	const struct lab_run zero = { s->zero_frame, 1, "zero page", "of all programs" },
			     a = { s->a_frame, 1, "page X", NULL },
			     c = { at(FRESH)->pfn, 1, "page Z", NULL };
	struct lab_run r[3] = { zero, a, c };

	for (int i = 1; i < 3; i++)
		for (int k = i; k > 0 && r[k].first < r[k - 1].first; k--) {
			const struct lab_run swap = r[k];

			r[k] = r[k - 1];
			r[k - 1] = swap;
		}
	lab_frames("Frames of three pages", r, 3);
}

static void show_end(void)
{
	lab_step(
		"madvise(MADV_DONTNEED) for the 16 pages",
		"The frames go back, the addresses and the table stay. The next touch would find zeroes.");
	counts_table(SIXTEEN, DROPPED);
	vtop_figure("The first of the 16 pages", at(DROPPED), NULL);
	lab_step(
		"free()",
		"The C library gives the addresses back (munmap): the kernel clears the entries, frees the "
		"frames, then the table that is empty now, and takes the vma out. VmSize, VmRSS and VmPTE "
		"are what they were before malloc.");
	counts_table(DROPPED, FREED);
	vtop_figure("Page X", at(FREED), NULL);
	lab_step(
		"Reading page X once more",
		"A fault as the first one was. But no vma has the address: the kernel sends signal %d "
		"(SIGSEGV), si_code %d (SEGV_MAPERR: nothing mapped), si_addr %lx.",
		s->signal, s->code, s->fault_address);
}

static void show(void)
{
	s = demand_story();
	if (s->error) {
		lab_failed("%s", s->error);
		return;
	}
	show_malloc();
	show_reads();
	show_writes();
	show_frames();
	show_end();
}

/* ---- answers ---- */

static unsigned index_in(const char *level, unsigned long address)
{
	const unsigned low = vtop_low_bit(at(WRITTEN), level);
	const unsigned bits = at(WRITTEN)->level[0].digits == 8 ? 10 : 9;

	if (low == 30 && sizeof(long) == 4)
		return (unsigned)(address >> 30);
	return (unsigned)(address >> low) & ((1u << bits) - 1);
}

static long grew(enum when from, enum when to, size_t offset)
{
	const char *a = (const char *)&s->now[from].counts, *b = (const char *)&s->now[to].counts;

	return *(const long *)(b + offset) - *(const long *)(a + offset);
}
#define GREW(from, to, member) grew(from, to, offsetof(struct counts, member))

static void answers(void)
{
	unsigned long address;

	s = demand_story();
	if (s->error) {
		lab_failed("%s", s->error);
		return;
	}
	address = (unsigned long)lab_given_number("address", 16, s->a);
	lab_answer_given("address", 16, "step 1, title of the walk");
	lab_answer_word("empty_level", vtop_last(at(ALLOCATED))->name,
			"step 1: the last level of the walk");
	lab_answer_number("pte_index", 10, index_in("PTE", address),
			  "bits 12 and up of the address, as many as an index of a table has");
	lab_answer_number("pages_per_table", 10, at(WRITTEN)->level[0].digits == 8 ? 1024 : 512,
			  "a table is a page of 4096 bytes; an entry has 4 or 8");
	lab_answer_number("rss_after_reads", 10,
			  (unsigned long long)GREW(ALLOCATED, READ_TWO, rss_kb),
			  "steps 2 and 3: what VmRSS has grown");
	lab_answer_number("faults_read_then_write", 10,
			  (unsigned long long)(GREW(ALLOCATED, READ_ONE, faults) +
					       GREW(READ_TWO, WRITTEN, faults)),
			  "steps 2 and 4");
	lab_answer_number("faults_write_only", 10, (unsigned long long)GREW(WRITTEN, FRESH, faults),
			  "step 5");
	lab_answer_number("tables_of_a_page", 10,
			  (unsigned long long)(GREW(ALLOCATED, READ_ONE, tables_kb) / 4),
			  "step 2: what VmPTE has grown, in tables of 4 KiB");
	lab_answer_word("who_frees_tables", "munmap|free",
			"steps 7 and 8: when does VmPTE shrink?");
}

/* ---- checks ---- */

static void begin(void)
{
	s = demand_story();
	CHECK(!s->error);
}

static void malloc_gives_addresses_only(void)
{
	begin();
	EQ(GREW(BEFORE, ALLOCATED, vm_kb), BLOCK / 1024 + 4);
	EQ(GREW(BEFORE, ALLOCATED, rss_kb), 4 * GREW(BEFORE, ALLOCATED, faults));
	CHECK(GREW(BEFORE, ALLOCATED, faults) <= 2); /* the library's notes */
	CHECK(!at(ALLOCATED)->mapped);
	CHECK(strncmp(vtop_last(at(ALLOCATED))->name, "PTE", 3) != 0);
	EQ(vtop_last(at(ALLOCATED))->entry, 0);
	CHECK(strstr(at(ALLOCATED)->vma, "rw-p"));
}

static void reads_share_the_zero_page(void)
{
	begin();
	EQ(GREW(ALLOCATED, READ_ONE, tables_kb), 4);
	EQ(GREW(READ_ONE, READ_TWO, tables_kb), 0);
	EQ(GREW(ALLOCATED, READ_TWO, rss_kb), 0);
	EQ(GREW(ALLOCATED, READ_ONE, faults), 1);
	EQ(GREW(READ_ONE, READ_TWO, faults), 1);
	EQ(at(READ_TWO)->pfn, s->zero_frame);
	EQ(word_of("/proc/kpageflags", s->zero_frame) >> 24 & 1, 1); /* ZERO_PAGE */
	CHECK(strstr(at(READ_ONE)->rights, "user r-"));
}

static void writes_get_frames(void)
{
	begin();
	EQ(GREW(READ_TWO, WRITTEN, rss_kb), 4);
	EQ(GREW(READ_TWO, WRITTEN, faults), 1);
	CHECK(s->a_frame != s->zero_frame);
	CHECK(strstr(at(WRITTEN)->rights, "user rw"));
	CHECK(strstr(vtop_last(at(WRITTEN))->bits, "RW US A D"));
	EQ(s->a_flags >> 12 & 1, 1); /* ANON */
	EQ(s->a_flags >> 11 & 1, 1); /* MMAP */
	EQ(GREW(WRITTEN, FRESH, faults), 1);
	EQ(GREW(WRITTEN, FRESH, rss_kb), 4);
	EQ(GREW(FRESH, SIXTEEN, faults), MANY);
	EQ(GREW(FRESH, SIXTEEN, rss_kb), MANY * 4);
	EQ(GREW(READ_ONE, SIXTEEN, tables_kb), 0);
}

static void what_is_given_back_is_gone(void)
{
	begin();
	EQ(GREW(SIXTEEN, DROPPED, rss_kb), -MANY * 4);
	EQ(GREW(SIXTEEN, DROPPED, vm_kb), 0);
	EQ(GREW(SIXTEEN, DROPPED, tables_kb), 0);
	EQ(at(DROPPED)->mapped, 0);
	STREQ(vtop_last(at(DROPPED))->name, "PTE");
	EQ(GREW(BEFORE, FREED, vm_kb), 0);
	EQ(GREW(BEFORE, FREED, rss_kb), 0);
	EQ(GREW(BEFORE, FREED, tables_kb), 0);
	CHECK(!at(FREED)->mapped && strcmp(vtop_last(at(FREED))->name, "PTE") != 0);
	EQ(s->freed_flags & (1ULL << 11 | 1ULL << 12), 0);
	STREQ(at(FREED)->vma, "none");
}

static void no_vma_is_a_signal(void)
{
	begin();
	EQ(s->signal, SIGSEGV);
	EQ(s->code, 1); /* SEGV_MAPERR */
	EQ(s->fault_address, s->a);
}

/* ---- the exercise: "labN try PAGES" ---- */

enum { TRY_PAGES = 64 };

/* Run with @pages: how many of the student's 64 pages have frames of their own; -1: no line with an address. */
static int resident_of(const char *pages)
{
	const char *const word[] = { pages, NULL };
	struct student p;
	unsigned long base;
	int n = 0;

	if (student_start(&p, word) ||
	    !student_said(
		    &p, !student_line(&p) && sscanf(p.line, "%lx", &base) == 1 && base % PAGE == 0,
		    "the address of a page, hexadecimal")) {
		student_end(&p);
		return -1;
	}
	for (unsigned i = 0; i < TRY_PAGES; i++) {
		const unsigned long long f = frame_of(p.pid, base + i * PAGE);

		n += f && !(word_of("/proc/kpageflags", f) >> 24 & 1);
	}
	student_end(&p);
	return n;
}

static void as_many_pages_as_asked_for(void)
{
	EQ(resident_of("0"), 0);
	EQ(resident_of("5"), 5);
	EQ(resident_of("64"), 64);
}

int main(int argc, char **argv)
{
	static const struct tap_test checks[] = {
		T(malloc_gives_addresses_only), T(reads_share_the_zero_page), T(writes_get_frames),
		T(what_is_given_back_is_gone),	T(no_vma_is_a_signal),	      TEND
	};
	static const struct tap_test exercise[] = { T(as_many_pages_as_asked_for), TEND };
	static const struct lab lab = {
		7, "Demand paging watched", NULL, show, answers, checks, exercise
	};

	if (argc > 1 && strcmp(argv[1], "try") == 0)
		return student(argc - 2, argv + 2);
	fixed_addresses(argv);
	return lab_main(argc, argv, &lab);
}
