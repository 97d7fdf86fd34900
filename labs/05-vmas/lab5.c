/*
 * Lab 5: the mappings (vmas) of a process.
 *
 * The module walks them as Linux before 6.1 does, by a list, and as Linux since then does, by an iterator, for every process, and counts
 * in the page tables what of each is in memory. The program shows its own, and what mmap, mprotect and munmap make of them.
 */
#include "tap.h"

#include "lab.h"
#include "vmas.h"

enum { MAX_PIDS = 128, LOOKS = 20 };

/* A place of three pages that nothing lies near. */
#define PLACE ((char *)0x50000000)

static struct vmas mine, other; /* static: looking must change nothing */

/* ---- the story ---- */

static enum lab_kind kind_of(const struct vma *v)
{
	if (strcmp(v->name, "[heap]") == 0)
		return LAB_HEAP;
	if (strncmp(v->name, "[stack", 6) == 0)
		return LAB_STACK;
	if (v->name[0] == '[')
		return LAB_OTHER;
	if (v->rights[2] == 'x')
		return LAB_CODE;
	if (v->name[0] == '/')
		return v->rights[1] == 'w' ? LAB_DATA : LAB_FILE;
	return LAB_ANON;
}

static const char *kind_text(const struct vma *v)
{
	if (v->name[0] == '[')
		return lab_f("%s", v->name);
	switch (kind_of(v)) {
	case LAB_CODE:
		return "code";
	case LAB_DATA:
		return "data";
	case LAB_FILE:
		return "constants";
	default:
		return "anonymous";
	}
}

static const char *resident_text(const struct vma *v)
{
	return lab_f("%ld of %lu", v->resident, (v->end - v->start) / PAGE);
}

/* The mappings of this process, with names and what is in memory of each. */
static int look(void)
{
	struct vmas named;

	if (vmas_of_module(&mine, "vma_list", getpid()) || vmas_resident(&mine, getpid()) ||
	    vmas_of_maps(&named, getpid()))
		return -1;
	for (int i = 0; i < mine.nr && i < named.nr; i++)
		memcpy(mine.vma[i].name, named.vma[i].name, sizeof(named.vma[i].name));
	return 0;
}

static void show_table(void)
{
	const char *cells[MAX_VMAS + 1][5] = { { "vma", "rights", "offset", "what",
						 "pages in memory" } };

	for (int i = 0; i < mine.nr; i++) {
		const struct vma *v = &mine.vma[i];

		cells[i + 1][0] = lab_f("%08lx-%08lx", v->start, v->end);
		cells[i + 1][1] = lab_f("%s", v->rights);
		cells[i + 1][2] = lab_f("%08lx", v->offset);
		cells[i + 1][3] = kind_text(v);
		cells[i + 1][4] = resident_text(v);
	}
	lab_table("mm->mmap, vma->vm_next, ...", 5, &cells[0][0], (size_t)mine.nr + 1);
}

/* The vmas in [@from, @to) as a strip. */
static void show_strip(const char *title, unsigned long from, unsigned long to)
{
	struct lab_area a[MAX_VMAS];
	size_t n = 0;

	for (int i = 0; i < mine.nr; i++) {
		const struct vma *v = &mine.vma[i];

		if (v->start < from || v->end > to)
			continue;
		a[n++] = (struct lab_area){ v->start, v->end, kind_text(v), kind_of(v),
					    lab_f("%s, in memory: %s", v->rights,
						  resident_text(v)) };
	}
	lab_strip(title, a, n);
}

static void show_place(const char *title)
{
	if (look() == 0)
		show_strip(title, (unsigned long)PLACE, (unsigned long)PLACE + 3 * PAGE);
}

static int map_page(int n)
{
	void *p = mmap(PLACE + (size_t)n * PAGE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static void show_joining(void)
{
	lab_step(
		"Joining and splitting",
		"A vma is a range of pages that have everything in common: rights, file, flags. The program maps three pages at %08lx, one "
		"after the other, with three calls. Neighbours that are alike become one vma.",
		(unsigned long)PLACE);
	if (map_page(0) || map_page(1) || map_page(2)) {
		lab_failed("mmap at %p: %s", (void *)PLACE, strerror(errno));
		return;
	}
	show_place("Three calls of mmap, one vma");
	PLACE[0] = PLACE[PAGE] = PLACE[2 * PAGE] = 1;
	mprotect(PLACE + PAGE, PAGE, PROT_READ);
	lab_note(
		"Now it writes to all three, and makes the one in the middle read-only: a vma has one set of rights, so there must be three.");
	show_place("After mprotect of the middle one");
	mprotect(PLACE + PAGE, PAGE, PROT_READ | PROT_WRITE);
	munmap(PLACE + 2 * PAGE, PAGE);
	lab_note(
		"With its rights back the neighbours join again; the last page is unmapped, and the vma ends before it.");
	show_place("After mprotect back, and munmap of the last page");
	munmap(PLACE, 2 * PAGE);
}

static void show_processes(void)
{
	static char name[MAX_PIDS][32];
	const char *cells[13][5] = { { "pid", "name", "vmas", "pages", "in memory" } };
	int pid[MAX_PIDS], n = module_processes(pid, name, MAX_PIDS), rows = 1;

	for (int i = 0; i < n && rows < 13; i++) {
		unsigned long pages = 0;
		long resident = 0;

		if (vmas_of_module(&other, "vma_list", pid[i]) || vmas_resident(&other, pid[i]))
			continue;
		for (int k = 0; k < other.nr; k++) {
			pages += (other.vma[k].end - other.vma[k].start) / PAGE;
			resident += other.vma[k].resident;
		}
		cells[rows][0] = lab_f("%d", pid[i]);
		cells[rows][1] = name[i];
		cells[rows][2] = lab_f("%d", other.nr);
		cells[rows][3] = lab_f("%lu", pages);
		cells[rows++][4] = lab_f("%ld", resident);
	}
	lab_table(n > 12 ? "The first tasks" : "All tasks", 5, &cells[0][0], (size_t)rows);
}

static void show(void)
{
	if (look()) {
		lab_failed("/proc/vma_list: %s", strerror(errno));
		return;
	}
	lab_step(
		"A list of mappings",
		"An address space is a list of vmas (struct vm_area_struct), in the order of their addresses. The module holds the lock of process "
		"%d's address space, walks the list and prints what it finds. The last column is not in the vma: the module counts the entries of "
		"the page tables that name a frame.",
		getpid());
	show_table();
	show_strip("The address space", 0, ~0UL);
	lab_note(
		"What is not in a vma does not exist: an access there is a segmentation fault. What is in a vma and not in memory comes when it "
		"is touched.");
	show_joining();
	lab_step(
		"Everybody",
		"Every task is on a list, too, from init_task on; kernel threads have no mappings. The sum of all pages is VmSize "
		"of /proc/PID/status, the sum of those in memory VmRSS.");
	show_processes();
}

/* ---- questions ---- */

static int count_at_place(void)
{
	int n = 0;

	if (look())
		return -1;
	for (int i = 0; i < mine.nr; i++)
		n += mine.vma[i].start >= (unsigned long)PLACE &&
		     mine.vma[i].end <= (unsigned long)PLACE + 3 * PAGE;
	return n;
}

static void answers(void)
{
	unsigned long start, end;
	int joined, split, hole;
	const struct vma *v;

	if (map_page(0) || map_page(1) || map_page(2)) {
		lab_failed("mmap at %p: %s", (void *)PLACE, strerror(errno));
		return;
	}
	joined = count_at_place();
	v = vma_at(&mine, (const void *)count_at_place);
	start = (unsigned long)lab_given_number("code_start", 16, v ? v->start : 0);
	end = (unsigned long)lab_given_number("code_end", 16, v ? v->end : 0);
	lab_answer_given("code_start", 16, "the first table: the vma with the rights r-xp");
	lab_answer_given("code_end", 16, "the first table: the vma with the rights r-xp");
	lab_answer_number("code_pages", 10, end > start ? (end - start) / PAGE : 0,
			  "(code_end - code_start) / 4096");
	lab_answer_word("write_to_code", v && v->rights[1] == 'w' ? "yes|y" : "no|n",
			"the first table: the rights of the code");
	v = vma_at(&mine, PLACE);
	lab_answer_number("joined", 10, (unsigned)joined, "Three calls of mmap");
	lab_answer_number("untouched", 10, v ? (unsigned long)v->resident : 0,
			  "Three calls of mmap: in memory");
	mprotect(PLACE + PAGE, PAGE, PROT_NONE);
	split = count_at_place();
	lab_answer_number("split", 10, (unsigned)split,
			  "rights that differ need a vma of their own");
	mprotect(PLACE + PAGE, PAGE, PROT_READ | PROT_WRITE);
	munmap(PLACE + PAGE, PAGE);
	hole = count_at_place();
	lab_answer_number("hole", 10, (unsigned)hole, "what is unmapped divides what is left");
	lab_answer_number("kernel_thread", 10,
			  vmas_of_module(&other, "vma_list", 2) ? 0 : (unsigned)other.nr,
			  "Everybody: kthreadd");
	munmap(PLACE, 3 * PAGE);
}

/* ---- the check ---- */

static void same_vmas(const struct vmas *got, const struct vmas *want)
{
	EQ(got->nr, want->nr);
	for (int i = 0; i < got->nr && i < want->nr; i++) {
		EQ(got->vma[i].start, want->vma[i].start);
		EQ(got->vma[i].end, want->vma[i].end);
		STREQ(got->vma[i].rights, want->vma[i].rights);
		EQ(got->vma[i].offset, want->vma[i].offset);
	}
}

static void list_equals_maps(void)
{
	NEED(vmas_of_module(&mine, "vma_list", getpid()) == 0);
	NEED(vmas_of_maps(&other, getpid()) == 0);
	CHECK(mine.nr > 4);
	same_vmas(&mine, &other);
}

static void iterator_equals_list(void)
{
	NEED(vmas_of_module(&mine, "vma_iter", getpid()) == 0);
	NEED(vmas_of_module(&other, "vma_list", getpid()) == 0);
	same_vmas(&mine, &other);
}

/* Others change while one looks: what is the same before and after is what the module must have printed between. */
static void one_process(int pid)
{
	static struct vmas after;

	for (int i = 0; i < LOOKS; i++) {
		const int gone = vmas_of_maps(&other, pid) |
				 vmas_of_module(&mine, "vma_list", pid) | vmas_of_maps(&after, pid);

		if (gone && kill(pid, 0))
			return;
		if (gone || !vmas_same(&other, &after))
			continue;
		if (vmas_same(&mine, &other) || i + 1 == LOOKS)
			break;
	}
	same_vmas(&mine, &other);
}

static void every_process_as_maps(void)
{
	static char name[MAX_PIDS][32];
	int pid[MAX_PIDS], n = module_processes(pid, name, MAX_PIDS);

	CHECK(n >= 3);
	for (int i = 0; i < n; i++)
		one_process(pid[i]);
}

/* Pages come (and may go) while one looks: until two looks at smaps agree. */
static void resident_as_smaps(void)
{
	static struct vmas after;
	size_t bytes = 40 * PAGE;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < bytes; i += 2 * PAGE)
		p[i] = 1;
	for (int i = 0; i < LOOKS; i++) {
		NEED(vmas_of_maps(&other, getpid()) == 0);
		after = mine = other;
		NEED(vmas_of_smaps(&other, getpid()) == 0);
		NEED(vmas_resident(&mine, getpid()) == 0);
		NEED(vmas_of_smaps(&after, getpid()) == 0);
		if (vmas_same(&other, &after))
			break;
	}
	for (int i = 0; i < mine.nr; i++)
		EQ(mine.vma[i].resident, other.vma[i].resident);
	NEED(vma_at(&mine, p) != NULL);
	CHECK(vma_at(&mine, p)->resident >= 20);
}

static void alike_join_and_different_split(void)
{
	NEED(map_page(0) == 0 && map_page(1) == 0 && map_page(2) == 0);
	EQ(count_at_place(), 1);
	OK(mprotect(PLACE + PAGE, PAGE, PROT_READ));
	EQ(count_at_place(), 3);
	OK(mprotect(PLACE + PAGE, PAGE, PROT_READ | PROT_WRITE));
	EQ(count_at_place(), 1);
	OK(munmap(PLACE + PAGE, PAGE));
	EQ(count_at_place(), 2);
}

/* ---- the exercise ---- */

/* Behind the offset the module prints the name of the file, where there is one. */
static void module_prints_names(void)
{
	static char text[1 << 16];
	int named = 0;

	NEED(vmas_of_maps(&other, getpid()) == 0);
	NEED(tap_read("/proc/vma_list", text, sizeof(text)) > 0);
	for (int i = 0; i < other.nr; i++) {
		const struct vma *v = &other.vma[i];
		const char *line =
			lab_f("%08lx-%08lx %s %08lx", v->start, v->end, v->rights, v->offset);
		char *at = strstr(strstr(text, lab_f("\n%d ", getpid())), line);

		NEED(at != NULL);
		if (v->name[0] != '/')
			continue;
		named++;
		STREQ(lab_f("%.*s", (int)strcspn(at, "\n"), at), lab_f("%s %s", line, v->name));
	}
	CHECK(named > 0);
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "vma_lab", NULL };
	static const char *const files[] = { "/proc/vma_list", "/proc/vma_iter",
					     "/proc/vma_resident", NULL };
	static const struct tap_test checks[] = {
		T(list_equals_maps),  T(iterator_equals_list),		 T(every_process_as_maps),
		T(resident_as_smaps), T(alike_join_and_different_split), TEND
	};
	static const struct tap_test exercise[] = { T(module_prints_names), TEND };
	static const struct lab lab = {
		5, "The mappings of a process", modules, show, answers, checks, exercise, files
	};

	return lab_main(argc, argv, &lab);
}
