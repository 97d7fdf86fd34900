/* Lab 1: what is in the segment registers, of a program and of the kernel; the checks of it. */
#include "tap.h"

#include "descriptor.h"
#include "lab.h"
#include "segment.h"
#include "segments.h"
#include "student.h"

static const struct segments *s;

/* ---- text ---- */

static void registers_table(const char *title, const struct segment *seg)
{
	const char *cell[6 * (NR_SEGMENTS + 1)] = { "register", "selector",   "index",
						    "RPL",	"descriptor", "what it describes" };

	for (int i = 0; i < NR_SEGMENTS; i++) {
		const char **c = cell + 6 * (i + 1);
		const bool null = seg[i].selector < 4;

		c[0] = seg[i].name;
		c[1] = lab_f("%04x", seg[i].selector);
		c[2] = null ? "" : lab_f("%u", seg[i].selector >> 3);
		c[3] = null ? "" : lab_f("%u", seg[i].selector & 3);
		c[4] = null ? "null" : lab_f("%016llx", (unsigned long long)seg[i].in_memory);
		c[5] = null ? seg[i].base ? lab_f("base %lx, in a register of its own", seg[i].base)
					  : ""
			    : lab_f("%s; %s", desc_kind(seg[i].in_memory),
				    desc_span(seg[i].in_memory));
	}
	lab_table(title, 6, cell, NR_SEGMENTS + 1);
}

static void show_user(void)
{
	const struct segment *cs = &s->user[CS], *ss = &s->user[SS];

	lab_step(
		"The registers of this program",
		"Each has a selector: an index into a table, one bit for which table, and two bits for the "
		"rights that are asked for. The descriptor at that index says where the segment is, how "
		"long, and for whom.");
	registers_table("In ring 3", s->user);
	selector_figure("CS", cs->selector);
	desc_figure(lab_f("What CS names, entry %u", cs->selector >> 3), cs->in_memory);
	desc_figure(lab_f("What SS names, entry %u", ss->selector >> 3), ss->in_memory);
	lab_note(
		"Base 0 and limit 4 GiB for code, data and stack: the offset in an instruction is the "
		"linear address already. What protects memory is paging; what is left of "
		"segmentation is the ring, which is that of CS: %u.",
		cs->selector & 3);
}

static void show_by_cpu(void)
{
	const char *cell[4 * 3] = { "selector", "lar: rights", "lsl: last offset", "put together" };
	const struct segment *seg[] = { &s->user[CS], &s->user[SS] };

	for (int i = 0; i < 2; i++) {
		cell[4 * i + 4] = lab_f("%04x", seg[i]->selector);
		cell[4 * i + 5] = lab_f("%06lx", lar(seg[i]->selector));
		cell[4 * i + 6] = lab_f("%llx", lsl(seg[i]->selector));
		cell[4 * i + 7] = lab_f("%016llx", (unsigned long long)seg[i]->by_cpu);
	}
	lab_step(
		"Without the module",
		"The GDT is the kernel's memory. But the processor answers a program's questions about a "
		"selector that it could load: lar gives the rights, lsl the last offset. With base 0 that is "
		"the whole descriptor, and it equals what the module reads from memory.");
	lab_table("What the processor says", 4, cell, 3);
}

static void show_kernel(void)
{
	const struct segment *cs = &s->kernel[CS];

	lab_step(
		"The registers of the kernel",
		"The module reads them in ring 0. CS and SS are others: RPL 0, and descriptors of DPL 0. %s",
		IS64 ? "DS, ES, FS and GS are the program's still: 64-bit code does not use them."
		     : "DS and ES have the program's flat segment, which ring 0 may use as well; GS is the "
		       "program's still; FS leads to the data of the CPU.");
	registers_table("In ring 0", s->kernel);
	selector_figure("CS", cs->selector);
	desc_figure(lab_f("What CS names, entry %u", cs->selector >> 3), cs->in_memory);
	if (IS64)
		lab_note(
			"L = 1: 64-bit code. There the processor ignores bases and limits of CS, DS, ES and "
			"SS; only FS and GS still have a base, and it comes from a register (arch_prctl).");
}

static void show_tables(void)
{
	const struct tables *t = &s->tables;
	const char *cell[] = {
		"register",
		"base",
		"limit",
		"what it is",
		"GDTR",
		lab_f("%lx", t->gdt),
		lab_f("%x", t->gdt_limit),
		lab_f("%u descriptors of 8 bytes", (t->gdt_limit + 1) / 8),
		"IDTR",
		lab_f("%lx", t->idt),
		lab_f("%x", t->idt_limit),
		lab_f("256 gates of %u bytes", (t->idt_limit + 1) / 256),
		"LDTR",
		lab_f("%04x", t->ldt),
		"",
		t->ldt ? "an entry of the GDT" : "no table",
		"TR",
		lab_f("%04x", t->task),
		"",
		lab_f("entry %u of the GDT: the task state", t->task >> 3),
	};

	lab_step("Where the tables are", "sgdt, sidt, sldt and str tell. Lab 2 reads the tables.");
	lab_table("Registers", 4, cell, 5);
}

static bool begin(void)
{
	s = segments_look();
	return lab_told(s->error);
}

static void show(void)
{
	if (!begin())
		return;
	show_user();
	show_by_cpu();
	show_kernel();
	show_tables();
}

/* ---- answers ---- */

static void answers(void)
{
	const struct segment *u, *k;

	if (!begin())
		return;
	u = s->user;
	k = s->kernel;
	lab_answer_number("user_cs", 16, u[CS].selector, "step 1, first row");
	lab_answer_number("user_cs_index", 10, u[CS].selector >> 3,
			  "the selector without its low 3 bits");
	lab_answer_number("user_cs_dpl", 10, desc_dpl(u[CS].in_memory),
			  "step 1: DPL of the descriptor");
	lab_answer_number("kernel_cs", 16, k[CS].selector, "step 3, first row");
	lab_answer_number("kernel_cs_dpl", 10, desc_dpl(k[CS].in_memory),
			  "step 3: DPL of the descriptor");
	lab_answer_number("limit_pages", 16, desc_limit(u[SS].in_memory),
			  "step 1: the 20 bits of limit of what SS names");
	lab_answer_number(
		"descriptor", 16, 0x14c0f20000003fffULL,
		"base in bits 16-39 and 56-63, limit in 0-15 and 48-51; access f2: writable data of ring "
		"3, flags G and D");
	lab_answer_number("entries", 10, (s->tables.gdt_limit + 1) / 8, "step 4: (limit + 1) / 8");
	lab_answer_word("table_of_0f", "LDT", "0f is 1111 in binary: bit 2");
}

/* ---- checks ---- */

static void program_has_linux_selectors(void)
{
	NEED(begin());
	EQ(s->user[CS].selector, IS64 ? 0x33 : 0x73);
	EQ(s->user[SS].selector, IS64 ? 0x2b : 0x7b);
	EQ(s->user[DS].selector, IS64 ? 0 : 0x7b);
	EQ(s->user[ES].selector, s->user[DS].selector);
	EQ(s->user[CS].in_memory, IS64 ? 0x00affb000000ffffLL : 0x00cffb000000ffffLL);
	EQ(s->user[SS].in_memory, 0x00cff3000000ffffLL);
}

static void processor_and_memory_say_the_same(void)
{
	NEED(begin());
	for (int i = 0; i < NR_SEGMENTS; i++)
		if (s->user[i].selector > 3)
			EQ(s->user[i].by_cpu, s->user[i].in_memory);
}

static void library_has_a_segment(void)
{
	NEED(begin());
	if (IS64) {
		EQ(s->user[FS].selector, 0);
		CHECK(s->user[FS].base != 0);
		return;
	}
	EQ(s->user[GS].selector, 0x33);
	CHECK(s->user[GS].base != 0);
	EQ(s->user[GS].in_memory & 0x00ffff000000ffffLL, 0x00dff3000000ffffLL);
}

static void kernel_has_linux_selectors(void)
{
	NEED(begin());
	EQ(s->kernel[CS].selector, IS64 ? 0x10 : 0x60);
	EQ(s->kernel[SS].selector, IS64 ? 0x18 : 0x68);
	EQ(s->kernel[CS].in_memory, IS64 ? 0x00af9b000000ffffLL : 0x00cf9b000000ffffLL);
	EQ(s->kernel[SS].in_memory, 0x00cf93000000ffffLL);
	EQ(lar(s->kernel[CS].selector), -1); /* ring 3 may not even ask */
	if (!IS64)
		EQ(s->kernel[FS].selector, 0xd8);
}

static void tables_are_linux(void)
{
	NEED(begin());
	EQ(s->tables.gdt_limit, IS64 ? 0x7f : 0xff);
	EQ(s->tables.idt_limit, IS64 ? 0xfff : 0x7ff);
	EQ(s->tables.task, IS64 ? 0x40 : 0x80);
	EQ(s->tables.ldt, 0);
	EQ(segments_descriptor(s->tables.gdt_limit + 1), 0);
}

/* ---- the exercise: "labN try" ---- */

static void student_finds_the_valid_selectors(void)
{
	static const char *const none[] = { NULL };
	struct student p;
	unsigned got;

	NEED(student_start(&p, none) == 0);
	for (unsigned sel = 3; sel < 0x100; sel += 8) { /* of the GDT, RPL 3 */
		if (lar(sel) < 0)
			continue;
		if (!student_said(&p, student_line(&p) == 0 && sscanf(p.line, "%x", &got) == 1,
				  lab_f("a line for selector %04x", sel))) {
			tap_failures++;
			break;
		}
		EQ(got, sel);
	}
	EQ(student_line(&p), -1); /* and no more lines */
	EQ(student_end(&p), 0);
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "segments", NULL };
	static const char *const files[] = { "/proc/segments", NULL };
	static const struct tap_test checks[] = { T(program_has_linux_selectors),
						  T(processor_and_memory_say_the_same),
						  T(library_has_a_segment),
						  T(kernel_has_linux_selectors),
						  T(tables_are_linux),
						  TEND };
	static const struct tap_test exercise[] = { T(student_finds_the_valid_selectors), TEND };
	static const struct lab lab = { 1,	  "Segment registers and their descriptors",
					modules,  show,
					answers,  checks,
					exercise, files };

	if (argc > 1 && strcmp(argv[1], "try") == 0)
		return student(argc - 2, argv + 2);
	return lab_main(argc, argv, &lab);
}
