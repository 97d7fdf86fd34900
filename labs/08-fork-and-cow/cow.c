/* Lab 8: fork shares every frame; the first write makes a copy. What is seen, why, and the checks of it. */
#include "tap.h"

#include "cow.h"
#include "lab.h"
#include "student.h"

static const struct story *s;

static const struct moment *at(enum when w)
{
	return &s->now[w];
}

static unsigned long long frame(enum when w)
{
	return at(w)->parent.pfn;
}

static unsigned long long child_frame(enum when w)
{
	return at(w)->child.pfn;
}

/* ---- text ---- */

static const char *may(const struct vtop *v)
{
	return strstr(v->rights, "rw") ? "read, write" : v->mapped ? "read" : "";
}

/* One line of the table: a process and its entry. */
static void row(const char **cell, const char *who, const struct vtop *v, const char *value)
{
	const struct vtop_level *l = vtop_last(v);

	cell[0] = who;
	cell[1] = lab_f("%llx", l->at);
	cell[2] = vtop_entry(l);
	cell[3] = v->mapped ? lab_f("%llx", v->pfn) : "none";
	cell[4] = may(v);
	cell[5] = v->mapped ? lab_f("%d", v->mapcount) : "";
	cell[6] = value;
}

static void two_rows(const char *title, const struct vtop *parent, const struct vtop *child,
		     const char *parent_value, const char *child_value)
{
	const char *cell[3 * 7] = { "process", "entry lies at", "entry", "frame",
				    "may",     "mapped by",	"value" };

	row(cell + 7, lab_f("%d, parent", s->parent), parent, parent_value);
	if (child->address)
		row(cell + 14, "its child", child, child_value);
	lab_table(title, 7, cell, child->address ? 3 : 2);
}

static void show_moment(enum when w, bool child_has_read)
{
	two_rows("The page's last table entry", &at(w)->parent, &at(w)->child,
		 lab_f("%x", at(w)->parent_value),
		 child_has_read ? lab_f("%x", at(w)->child_value) : "");
}

static void show_fork(void)
{
	lab_step(
		"One page, one process",
		"The program maps a page at %lx and writes 1111 into it. Frame %llx, writable, one entry "
		"maps it.",
		s->page, frame(ALONE));
	show_moment(ALONE, false);
	lab_step(
		"fork()",
		"The child gets tables of its own: its entry lies at another place. But the entry "
		"says the same frame %llx: no byte of the page was copied. Both entries lost the right to "
		"write (RW), though the vmas still have it: that difference is the mark of copy on write. "
		"The frame is mapped by 2.",
		child_frame(FORKED));
	show_moment(FORKED, false);
	vtop_figure("The parent's walk", &at(FORKED)->parent, "1111");
	vtop_figure("The child's walk", &at(FORKED)->child, "1111");
}

static void show_writes(void)
{
	lab_step(
		"The child reads",
		"%ld page faults: reading is allowed. The processor sets the Accessed bit (A) of the child's "
		"entry, which fork had left clear; nothing else changes.",
		at(CHILD_READ)->faults);
	show_moment(CHILD_READ, true);
	lab_step(
		"The child writes 2222",
		"%ld page fault. The entry forbids writing, the vma allows it, the frame has another user: "
		"the kernel takes a frame, copies 4096 bytes, and enters it, writable, for the "
		"child. The parent's entry stays as it is, its frame is mapped by 1 now.",
		at(CHILD_WROTE)->faults);
	show_moment(CHILD_WROTE, true);
	lab_step(
		"The parent writes 3333",
		"%ld page fault, and no copy: nobody else has the frame %llx any more. The kernel gives the "
		"right back and that is all: re-use.",
		at(PARENT_WROTE)->faults, frame(PARENT_WROTE));
	show_moment(PARENT_WROTE, true);
}

static void show_other_way(void)
{
	lab_step(
		"The other way round",
		"That child ends. A second fork; now the parent writes first. Who writes first "
		"pays: the parent gets the new frame %llx (%ld fault), and the old one, %llx, is left to the "
		"child.",
		frame(PARENT_FIRST), at(PARENT_FIRST)->faults, child_frame(PARENT_FIRST));
	show_moment(FORKED_AGAIN, true);
	show_moment(PARENT_FIRST, true);
	lab_step("Then the child writes", "%ld fault, no copy.", at(CHILD_SECOND)->faults);
	show_moment(CHILD_SECOND, true);
}

static void show_shared(void)
{
	lab_step(
		"A shared page for comparison",
		"mmap(MAP_SHARED) at %lx. fork copied no entry of it: the child's is empty until its first "
		"touch, because the page can be found again in the object that is mapped. Then both have the "
		"same frame, both may write, and both see it: the parent reads %x.",
		s->shared, s->shared_value);
	two_rows("Before the child's first touch", &s->shared_before, &s->shared_forked, "", "");
	two_rows("After the child's write", &s->shared_parent, &s->shared_child,
		 lab_f("%x", s->shared_value), lab_f("%x", s->shared_value));
}

static void add_run(struct lab_run *r, size_t *n, unsigned long long first, const char *owner)
{
	size_t i = *n;

	for (size_t k = 0; k < *n; k++)
		if (r[k].first == first)
			return;
	for (; i > 0 && r[i - 1].first > first; i--)
		r[i] = r[i - 1];
	r[i] = (struct lab_run){ first, 1, owner, NULL };
	++*n;
}

static void show_frames(void)
{
	struct lab_run r[4];
	size_t n = 0;

	add_run(r, &n, frame(CHILD_SECOND), "parent's page");
	add_run(r, &n, child_frame(CHILD_SECOND), "child's page");
	add_run(r, &n, s->shared_child.pfn, "shared page");
	lab_frames("In the end: three frames for two pages of two processes", r, n);
}

static bool begin(void)
{
	s = cow_story();
	return lab_told(s->error);
}

static void show(void)
{
	if (!begin())
		return;
	show_fork();
	show_writes();
	show_other_way();
	show_shared();
	show_frames();
}

/* ---- answers ---- */

static void answers(void)
{
	unsigned long long given;
	bool same;

	if (!begin())
		return;
	given = lab_given_number("frame", 16, frame(ALONE));
	same = child_frame(FORKED) == frame(ALONE);
	lab_answer_given("frame", 16, "step 1: the frame of the page");
	lab_answer_number("child_frame", 16, same ? given : child_frame(FORKED),
			  "step 2: the child's walk");
	lab_answer_word("rights",
			strstr(at(FORKED)->parent.rights, "rw") ? "write" : "read|r|read only",
			"step 2: column may");
	lab_answer_number("mapped_by", 10, (unsigned)at(FORKED)->child.mapcount, "step 2");
	lab_answer_number("faults_read", 10, (unsigned long long)at(CHILD_READ)->faults, "step 3");
	lab_answer_number("faults_write", 10, (unsigned long long)at(CHILD_WROTE)->faults,
			  "step 4");
	lab_answer_number("parent_frame", 16,
			  frame(PARENT_WROTE) == frame(ALONE) ? given : frame(PARENT_WROTE),
			  "step 5: the parent's frame after its write");
	lab_answer_word("who_copies",
			frame(PARENT_FIRST) != frame(FORKED_AGAIN) ? "parent" : "child",
			"step 6: whose frame has changed?");
	lab_answer_word("shared_entry", s->shared_forked.mapped ? "full" : "empty",
			"step 8: the child's entry before its first touch");
}

/* ---- checks ---- */

static void fork_shares_the_frame_read_only(void)
{
	NEED(begin());
	CHECK(strstr(at(ALONE)->parent.rights, "user rw"));
	EQ(at(ALONE)->parent.mapcount, 1);
	EQ(frame(FORKED), frame(ALONE));
	EQ(child_frame(FORKED), frame(ALONE));
	CHECK(strstr(at(FORKED)->parent.rights, "user r-"));
	CHECK(strstr(at(FORKED)->child.rights, "user r-"));
	EQ(at(FORKED)->child.mapcount, 2);
	CHECK(vtop_last(&at(FORKED)->child)->at != vtop_last(&at(FORKED)->parent)->at);
	EQ(at(FORKED)->child.nr_users, 2);
}

static void a_read_costs_nothing(void)
{
	NEED(begin());
	EQ(at(CHILD_READ)->faults, 0);
	EQ(at(CHILD_READ)->child_value, OLD_VALUE);
	EQ(child_frame(CHILD_READ), frame(ALONE));
}

static void first_write_copies_second_takes_over(void)
{
	NEED(begin());
	EQ(at(CHILD_WROTE)->faults, 1);
	CHECK(child_frame(CHILD_WROTE) != frame(ALONE));
	CHECK(strstr(at(CHILD_WROTE)->child.rights, "user rw"));
	CHECK(strstr(at(CHILD_WROTE)->parent.rights, "user r-"));
	EQ(at(CHILD_WROTE)->parent.mapcount, 1);
	EQ(at(CHILD_WROTE)->child.mapcount, 1);
	EQ(at(CHILD_WROTE)->parent_value, OLD_VALUE);
	EQ(at(CHILD_WROTE)->child_value, CHILD_VALUE);
	EQ(at(PARENT_WROTE)->faults, 1);
	EQ(frame(PARENT_WROTE), frame(ALONE));
	CHECK(strstr(at(PARENT_WROTE)->parent.rights, "user rw"));
	EQ(at(PARENT_WROTE)->child_value, CHILD_VALUE);
}

static void who_writes_first_pays(void)
{
	NEED(begin());
	EQ(child_frame(FORKED_AGAIN), frame(FORKED_AGAIN));
	EQ(at(PARENT_FIRST)->faults, 1);
	CHECK(frame(PARENT_FIRST) != frame(FORKED_AGAIN));
	EQ(child_frame(PARENT_FIRST), frame(FORKED_AGAIN));
	EQ(at(CHILD_SECOND)->faults, 1);
	EQ(child_frame(CHILD_SECOND), frame(FORKED_AGAIN));
	EQ(at(CHILD_SECOND)->child_value, CHILD_VALUE);
	EQ(at(CHILD_SECOND)->parent_value, PARENT_VALUE);
}

static void shared_memory_is_not_copied(void)
{
	NEED(begin());
	EQ(s->shared_forked.mapped, 0);
	EQ(s->shared_before.mapcount, 1);
	EQ(s->shared_faults, 1);
	EQ(s->shared_child.pfn, s->shared_parent.pfn);
	EQ(s->shared_child.mapcount, 2);
	CHECK(strstr(s->shared_parent.rights, "user rw"));
	CHECK(strstr(s->shared_child.rights, "user rw"));
	EQ(s->shared_value, CHILD_VALUE);
}

/* ---- the exercise: "labN try MASK" ---- */

enum { TRY_PAGES = 8 };

/* Of the student's eight pages, a bit for each that parent and child no longer share; -1: nothing to look at. */
static int divided_of(const char *mask)
{
	const char *const word[] = { mask, NULL };
	struct student p;
	unsigned long base;
	int child, bits = -1;

	if (student_start(&p, word) == 0 &&
	    student_said(&p,
			 student_line(&p) == 0 && sscanf(p.line, "%lx %d", &base, &child) == 2 &&
				 base % PAGE == 0,
			 "the address of a page, hexadecimal, and a process")) {
		bits = 0;
		for (int i = 0; i < TRY_PAGES; i++) {
			const unsigned long long mine = frame_of(p.pid, base + (unsigned)i * PAGE),
						 its = frame_of(child, base + (unsigned)i * PAGE);

			bits |= (!mine || !its ? 0x100 : mine != its) << i;
		}
	}
	student_end(&p);
	return bits;
}

static void child_has_copies_of_the_pages_named(void)
{
	EQ(divided_of("0"), 0);
	EQ(divided_of("81"), 0x81);
	EQ(divided_of("3c"), 0x3c);
	EQ(divided_of("ff"), 0xff);
}

int main(int argc, char **argv)
{
	static const struct tap_test checks[] = {
		T(fork_shares_the_frame_read_only),	 T(a_read_costs_nothing),
		T(first_write_copies_second_takes_over), T(who_writes_first_pays),
		T(shared_memory_is_not_copied),		 TEND
	};
	static const struct tap_test exercise[] = { T(child_has_copies_of_the_pages_named), TEND };
	static const struct lab lab = {
		8, "fork and copy on write watched", NULL, show, answers, checks, exercise
	};

	if (argc > 1 && strcmp(argv[1], "try") == 0)
		return student(argc - 2, argv + 2);
	fixed_addresses(argv);
	return lab_main(argc, argv, &lab);
}
