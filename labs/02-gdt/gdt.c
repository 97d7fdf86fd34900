/* Lab 2: every entry of the GDT, and the tables that it leads to; the checks of them. */
#include "tap.h"

#include <sched.h>

#include "descriptor.h"
#include "lab.h"
#include "segment.h"
#include "tables.h"

enum { LDT_ENTRY = 1 };

static struct tables before, t;		/* without and with an LDT */
static uint64_t own_ldt[LDT_ENTRY + 1]; /* as modify_ldt reads it */
#define TSS_ENTRY (IS64 ? 8u : 16u)
#define LDT_INDEX (IS64 ? 10u : 17u)

/* Each CPU has tables of its own; all is about the first one's. */
static int look(void)
{
	const struct seg_desc d = seg_at(LDT_ENTRY, SEG_DATA, 0x14000000, 0x4000);
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	if (tables_read(&before) || ldt_set(&d) || tables_read(&t))
		return -1;
	return ldt_call(LDT_READ, own_ldt, sizeof(own_ldt)) == sizeof(own_ldt) ? 0 : -1;
}

static bool begin(void)
{
	const bool ok = look() == 0;

	if (!ok)
		lab_failed("/proc/descriptor_tables or modify_ldt does not answer");
	return ok;
}

/* ---- text ---- */

static void show_registers(void)
{
	const char *cell[] = {
		"register",
		"selector",
		"base",
		"limit",
		"what is there",
		"GDTR",
		"",
		lab_f("%lx", before.gdtr.base),
		lab_f("%x", before.gdtr.limit),
		lab_f("%u descriptors", before.nr_gdt),
		"IDTR",
		"",
		lab_f("%lx", before.idtr.base),
		lab_f("%x", before.idtr.limit),
		"256 gates",
		"LDTR",
		lab_f("%04x", before.ldtr.selector),
		"",
		"",
		"no table",
		"TR",
		lab_f("%04x", before.tr.selector),
		lab_f("%lx", before.tr.base),
		lab_f("%x", before.tr.limit),
		lab_f("the task state, entry %u", before.tr.selector >> 3),
	};

	lab_step(
		"Four registers lead to the tables",
		"GDTR and IDTR have a linear address. LDTR and TR have a selector: those tables are described "
		"by entries of the GDT.");
	lab_table("Of CPU 0", 5, cell, 5);
}

static bool upper_half(unsigned i)
{
	return IS64 && (i == TSS_ENTRY + 1 || i == LDT_INDEX + 1);
}

static void show_gdt(void)
{
	const char *cell[6 * (MAX_GDT + 1)] = { "entry", "selector",	  "eight bytes",
						"ring",	 "kind and span", "use" };

	for (unsigned i = 0; i < before.nr_gdt; i++) {
		const uint64_t d = before.gdt[i];
		const char **c = cell + 6 * (i + 1);
		const bool plain = d && !upper_half(i);

		c[0] = lab_f("%u", i);
		c[1] = lab_f("%02x", i * 8);
		c[2] = lab_f("%016llx", (unsigned long long)d);
		c[3] = plain ? lab_f("%u", desc_dpl(d)) : "";
		c[4] = plain ? lab_f("%s; %s", desc_kind(d), desc_span(d)) : "";
		c[5] = gdt_use(i);
	}
	lab_step(lab_f("The GDT, all %u entries", before.nr_gdt),
		 "A selector is the entry times 8, plus the table and the ring that asks.");
	lab_table("GDT of CPU 0", 6, cell, before.nr_gdt + 1);
}

static void show_some(void)
{
	const unsigned code = IS64 ? 2 : 12, user = IS64 ? 6 : 14;

	lab_step(
		"Three of them, bit by bit",
		"Base and limit lie scattered, because the 286 had 24 bits of base and 16 of limit, and the 386 "
		"put the rest where there was room.");
	desc_figure(lab_f("Entry %u, kernel code", code), before.gdt[code]);
	desc_figure(lab_f("Entry %u, user code", user), before.gdt[user]);
	desc_figure(lab_f("Entry %u, the task state", TSS_ENTRY), before.gdt[TSS_ENTRY]);
}

static void gate_row(const char **c, unsigned vector)
{
	const uint64_t *g = before.gate[vector];

	c[0] = lab_f("%u", vector);
	c[1] = lab_f("%016llx", (unsigned long long)g[0]);
	c[2] = desc_kind(g[0] & ~(1ULL << 44)); /* gates are system descriptors */
	c[3] = lab_f("%u", gate_access(g) >> 5 & 3);
	c[4] = lab_f("%02x:%lx", gate_selector(g), gate_access(g) == 0x85 ? 0 : gate_offset(g));
	c[5] = vector_name(vector);
}

static void show_idt(void)
{
	static const unsigned vector[] = { 0, 1, 2, 3, 4, 6, 8, 13, 14, 32, 128 };
	const char *cell[6 * (ARRAY_LEN(vector) + 1)] = {
		"vector", "eight bytes", "kind", "ring", "goes to", "what happened"
	};
	const struct lab_field f[] = {
		{ "offset 31-16", 63, 48, lab_f("the handler: %lx", gate_offset(before.gate[14])) },
		{ "P", 47, 47, "present" },
		{ "DPL", 46, 45, "who may raise it by an int instruction: ring 0 only" },
		{ "S", 44, 44, NULL },
		{ "type", 43, 40, "interrupt gate: interrupts are off in the handler" },
		{ IS64 ? "IST" : "0", 39, 32, NULL },
		{ "selector", 31, 16,
		  lab_f("the handler's code segment: %02x", gate_selector(before.gate[14])) },
		{ "offset 15-0", 15, 0, NULL },
	};

	for (unsigned i = 0; i < ARRAY_LEN(vector); i++)
		gate_row(cell + 6 * (i + 1), vector[i]);
	lab_step(
		"The IDT",
		"256 gates: where to go when something happens, and with which code segment. Vectors 3 and 4 "
		"%sare for ring 3: a program may raise them with an instruction.%s",
		IS64 ? "and 128, the system call of 32-bit programs, "
		     : "and 128, the system call, ",
		IS64 ? ""
		     : " Vector 8 is a task gate: a double fault may mean that there is no stack, so "
		       "the processor changes to a task that has one.");
	lab_table("Some gates", 6, cell, ARRAY_LEN(vector) + 1);
	lab_bits("Gate 14, the page fault", before.gate[14][0], 64, f, ARRAY_LEN(f));
}

static unsigned long long tss_word64(unsigned offset)
{
	return before.tss[offset / 4] | (unsigned long long)before.tss[offset / 4 + 1] << 32;
}

static void show_tss(void)
{
	const unsigned map = before.tss[25] >> 16;
	const char *const narrow[] = {
		"offset", "field",   "value",
		"4",	  "ESP0",    lab_f("%08x", before.tss[1]),
		"8",	  "SS0",     lab_f("%04x", before.tss[2]),
		"102",	  "I/O map", lab_f("%x", map),
	};
	const char *const wide[] = {
		"offset", "field",   "value",
		"4",	  "RSP0",    lab_f("%016llx", tss_word64(4)),
		"36",	  "IST1",    lab_f("%016llx", tss_word64(36)),
		"44",	  "IST2",    lab_f("%016llx", tss_word64(44)),
		"102",	  "I/O map", lab_f("%x", map),
	};

	lab_step(
		"The TSS",
		"What is left of the processor's tasks: the stack for ring 0. When a program is interrupted, the "
		"processor takes the kernel's stack from here; the kernel writes it at every task switch. The I/O "
		"map begins at %x, beyond the limit of %x: no port is allowed to programs.",
		map, before.tr.limit);
	lab_table("Task state of CPU 0", 3, IS64 ? wide : narrow, IS64 ? 5 : 4);
}

static void show_ldt(void)
{
	const char *cell[4 * (LDT_ENTRY + 2)] = { "entry", "selector", "eight bytes",
						  "kind and span" };

	for (unsigned i = 0; i <= LDT_ENTRY && i < t.nr_ldt; i++) {
		cell[4 * i + 4] = lab_f("%u", i);
		cell[4 * i + 5] = lab_f("%02x", i * 8 + 7);
		cell[4 * i + 6] = lab_f("%016llx", (unsigned long long)t.ldt[i]);
		cell[4 * i + 7] = lab_f("%s; %s", desc_kind(t.ldt[i]), desc_span(t.ldt[i]));
	}
	lab_step(
		"An LDT of our own",
		"The program calls modify_ldt: 64 MiB of data from 14000000 on as entry %u. The kernel makes a "
		"table for this process, describes it in entry %u of the GDT, and loads LDTR with %02x. Another "
		"process has another table, or none: entry %u changes at each switch.",
		LDT_ENTRY, LDT_INDEX, t.ldtr.selector, LDT_INDEX);
	desc_figure(lab_f("Entry %u of the GDT now", LDT_INDEX), t.gdt[LDT_INDEX]);
	lab_table("LDT of this process", 4, cell, t.nr_ldt + 1);
}

/* ---- control registers ---- */

static void show_cr0(void)
{
	const struct lab_field f[] = {
		{ "PG", 31, 31, "paging is on" },
		{ "AM", 18, 18, "alignment checks where a program asks for them" },
		{ "WP", 16, 16,
		  "the kernel, too, respects read-only pages: copy on write needs it" },
		{ "NE", 5, 5, NULL },
		{ "ET", 4, 4, NULL },
		{ "TS", 3, 3, NULL },
		{ "EM", 2, 2, NULL },
		{ "MP", 1, 1, NULL },
		{ "PE", 0, 0, "protected mode: segment registers hold selectors" },
	};

	lab_bits("CR0", before.cr0, 32, f, ARRAY_LEN(f));
}

static void show_cr4(void)
{
	const bool pae = before.cr4 >> 5 & 1;
	const struct lab_field f[] = {
		{ "SMAP", 21, 21, NULL },
		{ "SMEP", 20, 20, NULL },
		{ "XSAVE", 18, 18, NULL },
		{ "PCID", 17, 17, NULL },
		{ "SSE", 10, 9, "the system saves SSE registers" },
		{ "PGE", 7, 7,
		  before.cr4 >> 7 & 1 ? "global pages: the kernel's stay in the TLB" : NULL },
		{ "MCE", 6, 6, NULL },
		{ "PAE", 5, 5, pae ? "entries of 8 bytes" : "entries of 4 bytes, two levels" },
		{ "PSE", 4, 4, "large pages of 4 MiB, where entries have 4 bytes" },
	};

	lab_bits("CR4", before.cr4, 32, f, ARRAY_LEN(f));
}

static void show_control(void)
{
	lab_step(
		"Control registers",
		"CR3 has the physical address of the top page table of this process: %lx. CR2 has the address "
		"of the last page fault: %lx. CR0 and CR4 say what the processor does at all.%s",
		before.cr3, before.cr2,
		before.has_efer ? lab_f(" EFER is %llx: bit 11, NX, is %llu%s.", before.efer,
					before.efer >> 11 & 1,
					before.efer >> 10 & 1 ? "; bit 10: 64-bit mode is on" : "")
				: "");
	show_cr0();
	show_cr4();
}

static void show(void)
{
	if (!begin())
		return;
	show_registers();
	show_gdt();
	show_some();
	show_idt();
	show_tss();
	show_ldt();
	show_control();
}

/* ---- answers ---- */

static void answers(void)
{
	const unsigned code = IS64 ? 2 : 12;
	unsigned used = 0;

	if (!begin())
		return;
	for (unsigned i = 0; i < before.nr_gdt; i++)
		used += before.gdt[i] != 0;
	lab_answer_number("used", 10, used, "step 2: entries that are not zero");
	lab_answer_number("kernel_code", 16, before.gdt[code], "step 2: kernel code");
	lab_answer_number("tss_entry", 10, before.tr.selector >> 3,
			  "step 1: TR without its low 3 bits");
	lab_answer_word("tss_type", desc_type(before.gdt[TSS_ENTRY]) == 11 ? "busy" : "available",
			"step 3: the type of the task state's descriptor");
	lab_answer_number("page_fault_selector", 16, gate_selector(before.gate[14]),
			  "step 4: gate 14");
	lab_answer_number("breakpoint_ring", 10, gate_access(before.gate[3]) >> 5 & 3,
			  "step 4: vector 3");
	lab_answer_number("ldt_limit", 16, t.ldtr.limit, "step 6: 8 bytes an entry, minus 1");
	lab_answer_number("ldt_selector", 16, LDT_SEL(LDT_ENTRY), "step 6: entry 1, TI 1, RPL 3");
	lab_answer_word("write_protect", before.cr0 >> 16 & 1 ? "yes" : "no", "step 7: CR0, WP");
}

/* ---- checks ---- */

/* The rows that are the same on every Linux; the others are looked at one by one. */
static const uint64_t fixed32[MAX_GDT] = {
	[12] = 0x00cf9b000000ffff, [13] = 0x00cf93000000ffff, [14] = 0x00cffb000000ffff,
	[15] = 0x00cff3000000ffff, [18] = 0x00409a000000ffff, [19] = 0x00009a000000ffff,
	[20] = 0x000092000000ffff, [21] = 0x0000920000000000, [22] = 0x0000920000000000,
	[23] = 0x00409a000000ffff, [24] = 0x00009a000000ffff, [25] = 0x004092000000ffff,
	[26] = 0x00cf92000000ffff,
};
static const uint64_t fixed64[16] = {
	[1] = 0x00cf9b000000ffff, [2] = 0x00af9b000000ffff, [3] = 0x00cf93000000ffff,
	[4] = 0x00cffb000000ffff, [5] = 0x00cff3000000ffff, [6] = 0x00affb000000ffff,
};

static void rows_are_linux(void)
{
	NEED(begin());
	EQ(before.nr_gdt, IS64 ? 16 : 32);
	for (unsigned i = 0; i < before.nr_gdt; i++) {
		const bool own = IS64 ? i == 8 || i == 9 || i == 15
				      : i == 6 || i == 16 || i == 26 || i == 27 || i == 31;

		if (!own && !CHECK(before.gdt[i] == (IS64 ? fixed64[i] : fixed32[i])))
			tap_note("# entry %u: %016llx", i, (unsigned long long)before.gdt[i]);
	}
}

static void other_rows(void)
{
	NEED(begin());
	EQ(before.gdt[TSS_ENTRY] >> 40 & 0xff, 0x8b); /* busy: TR has it */
	EQ(desc_limit(before.gdt[TSS_ENTRY]), before.tr.limit);
	if (IS64) {
		EQ(desc_base(before.gdt[8]) | before.gdt[9] << 32, before.tr.base);
		EQ(before.gdt[15], 0x0040f50000000000); /* CPU 0, node 0 */
		return;
	}
	EQ(desc_base(before.gdt[16]), before.tr.base);
	EQ(before.gdt[6] & 0x00ffff000000ffff, 0x00dff3000000ffff);
	/* Its base follows the stack of whoever last went back to 16-bit code. */
	EQ(before.gdt[26] & 0x00fffe000000ffff, 0x00cf92000000ffff);
	EQ(before.gdt[27] & 0x00ffff000000ffff, 0x008f93000000ffff);
	EQ(before.gdt[31] >> 40 & 0xff, 0x89);
}

/* sgdt, sidt, sldt, str say in ring 3 what the module says in ring 0; lar and lsl what is in memory. */
static void processor_says_the_same(void)
{
	struct __attribute__((packed)) {
		unsigned short limit;
		unsigned long base;
	} gdt, idt;
	unsigned short ldt, task;

	NEED(begin());
	__asm__ volatile("sgdt %0; sidt %1; sldt %2; str %3"
			 : "=m"(gdt), "=m"(idt), "=m"(ldt), "=m"(task));
	EQ(gdt.base, t.gdtr.base);
	EQ(gdt.limit, t.gdtr.limit);
	EQ(idt.base, t.idtr.base);
	EQ(idt.limit, t.idtr.limit);
	EQ(ldt, t.ldtr.selector);
	EQ(task, t.tr.selector);
	for (unsigned i = 1; i < t.nr_gdt; i++) {
		const unsigned sel = i * 8 + 3;

		if (lar(sel) < 0)
			continue;
		EQ(lar(sel), t.gdt[i] >> 32 & 0xf0ff00);
		EQ(lsl(sel), desc_last(t.gdt[i]));
		EQ(desc_dpl(t.gdt[i]), 3);
	}
}

static void ldt_is_described(void)
{
	NEED(begin());
	EQ(before.ldtr.selector, 0);
	EQ(before.gdt[LDT_INDEX], 0);
	EQ(t.ldtr.selector, LDT_INDEX * 8);
	EQ(t.ldtr.limit, sizeof(own_ldt) - 1);
	EQ(t.gdt[LDT_INDEX] >> 40 & 0xff, 0x82);
	EQ(t.nr_ldt, LDT_ENTRY + 1);
	for (unsigned i = 0; i <= LDT_ENTRY; i++)
		EQ(t.ldt[i], own_ldt[i]);
	EQ(t.ldt[LDT_ENTRY], 0x14c0f30000003fff);
}

static void gates_and_task_state(void)
{
	NEED(begin());
	for (unsigned i = 0; i < NR_GATES; i++) {
		const bool user = i == 3 || i == 4 || i == 0x80;

		if (i == 8 && !IS64) {
			EQ(before.gate[i][0], 0x0000850000f80000);
			continue;
		}
		EQ(gate_access(before.gate[i]), user ? 0xee : 0x8e);
		EQ(gate_selector(before.gate[i]), IS64 ? 0x10 : 0x60);
	}
	EQ(before.tss[25] >> 16, before.tr.limit + 1); /* no I/O map */
	if (!IS64)
		EQ(before.tss[2] & 0xffff, 0x68);
}

static void control_registers(void)
{
	NEED(begin());
	EQ(before.cr0 & ~8ul, 0x80050033); /* but for TS */
	EQ(before.cr4 >> 4 & 1, 1);
	if (IS64)
		EQ(before.efer & 0xd00, 0xd00);
	EQ(before.cr3 & 0x1f, 0);
}

/* ---- the exercise: the module decodes, "base INDEX VALUE" and "last INDEX VALUE" ---- */

static long long line_value(const char *text, const char *word, unsigned index)
{
	char head[24];
	const char *at;

	snprintf(head, sizeof(head), "\n%s %u ", word, index);
	at = strstr(text, head);
	return at ? (long long)strtoull(at + strlen(head), NULL, 16) : -1;
}

static void module_tells_base_and_last_offset(void)
{
	static char text[1 << 15];

	NEED(begin());
	text[0] = '\n';
	NEED(tap_read("/proc/descriptor_tables", text + 1, sizeof(text) - 1) > 0);
	for (unsigned i = 0; i < t.nr_gdt; i++) {
		if (!t.gdt[i] || upper_half(i))
			continue;
		if (!EQ(line_value(text, "base", i), desc_base(t.gdt[i])) ||
		    !EQ(line_value(text, "last", i), desc_last(t.gdt[i])))
			tap_note("# of entry %u, %016llx", i, (unsigned long long)t.gdt[i]);
	}
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "descriptor_tables", NULL };
	static const char *const files[] = { "/proc/descriptor_tables", NULL };
	static const struct tap_test checks[] = { T(rows_are_linux),
						  T(other_rows),
						  T(processor_says_the_same),
						  T(ldt_is_described),
						  T(gates_and_task_state),
						  T(control_registers),
						  TEND };
	static const struct tap_test exercise[] = { T(module_tells_base_and_last_offset), TEND };
	static const struct lab lab = { 2,	  "The GDT decoded, and IDT, TSS and LDT",
					modules,  show,
					answers,  checks,
					exercise, files };

	return lab_main(argc, argv, &lab);
}
