/*
 * Lab 2: the descriptor tables of the processor and its control registers, as they are in memory.
 *
 * /proc/descriptor_tables, hexadecimal but for the index:
 *     gdtr BASE LIMIT     idtr BASE LIMIT     ldtr SELECTOR BASE LIMIT     tr SELECTOR BASE LIMIT
 *     cr0 VALUE ... cr4 VALUE, efer VALUE where there is one
 *     gdt INDEX ENTRY     ldt INDEX ENTRY     idt VECTOR GATE (of 64-bit kernels two words)
 *     tss OFFSET WORD     the task state, 32 bits at a time, up to the I/O map
 * The tables are the processor's, the LDT the reading program's.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include <asm/desc.h>
#include <asm/special_insns.h>

#define NR_GATES  256
#define TSS_BYTES 104

/* ---- a table that the GDT describes ---- */

static bool find_table(unsigned int selector, struct desc_ptr *out)
{
	struct desc_ptr gdt;
	const u64 *entry;

	store_gdt(&gdt);
	if (selector < 8)
		return false;
	entry = (const u64 *)(gdt.address + (selector & ~7u));
	out->address = get_desc_base((const struct desc_struct *)entry);
	out->size = (unsigned short)get_desc_limit((const struct desc_struct *)entry);
	if (sizeof(long) == 8) /* 16 bytes */
		out->address |= (unsigned long)(entry[1] << 16 << 16);
	return true;
}

static void show_register(struct seq_file *m, const char *name, unsigned int selector)
{
	struct desc_ptr t = { 0 };

	find_table(selector, &t);
	seq_printf(m, "%s %x %lx %x\n", name, selector, t.address, t.size);
}

static void show_entries(struct seq_file *m, const char *name, const struct desc_ptr *t)
{
	const u64 *entry = (const u64 *)t->address;
	unsigned int i;

	for (i = 0; i < (t->size + 1u) / 8; i++)
		seq_printf(m, "%s %u %016llx\n", name, i, entry[i]);
}

/* ---- the parts ---- */

static unsigned int read_ldtr(void)
{
	u16 v;

	asm volatile("sldt %0" : "=m"(v));
	return v;
}

static unsigned int read_tr(void)
{
	u16 v;

	asm volatile("str %0" : "=m"(v));
	return v;
}

/* EFER is there where 64-bit code or NX is: CPUID says. */
static void show_efer(struct seq_file *m)
{
	unsigned int a = 0x80000001, b, c = 0, d, low, high;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(d & (1u << 29 | 1u << 20)))
		return;
	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
	seq_printf(m, "efer %llx\n", (u64)high << 32 | low);
}

static void show_registers(struct seq_file *m)
{
	struct desc_ptr gdt, idt;

	store_gdt(&gdt);
	store_idt(&idt);
	seq_printf(m, "gdtr %lx %x\nidtr %lx %x\n", gdt.address, gdt.size, idt.address, idt.size);
	show_register(m, "ldtr", read_ldtr());
	show_register(m, "tr", read_tr());
	seq_printf(m, "cr0 %lx\ncr2 %lx\n", read_cr0(), read_cr2());
	seq_printf(m, "cr3 %lx\ncr4 %lx\n", __read_cr3(), __read_cr4());
	show_efer(m);
	show_entries(m, "gdt", &gdt);
}

static void show_idt(struct seq_file *m)
{
	struct desc_ptr idt;
	const u64 *gate;
	unsigned int i;

	store_idt(&idt);
	gate = (const u64 *)idt.address;
	for (i = 0; i < NR_GATES; i++) {
		if (sizeof(long) == 8)
			seq_printf(m, "idt %u %016llx %016llx\n", i, gate[2 * i], gate[2 * i + 1]);
		else
			seq_printf(m, "idt %u %016llx\n", i, gate[i]);
	}
}

static void show_tss(struct seq_file *m)
{
	struct desc_ptr t;
	unsigned int i;

	if (!find_table(read_tr(), &t))
		return;
	for (i = 0; i < TSS_BYTES; i += 4)
		seq_printf(m, "tss %x %08x\n", i, *(const u32 *)(t.address + i));
}

static int tables_show(struct seq_file *m, void *v)
{
	struct desc_ptr ldt;

	show_registers(m);
	if (find_table(read_ldtr(), &ldt))
		show_entries(m, "ldt", &ldt);
	show_idt(m);
	show_tss(m);
	return 0;
}

static int __init tables_init(void)
{
	return proc_create_single("descriptor_tables", 0400, NULL, tables_show) ? 0 : -ENOMEM;
}

static void __exit tables_exit(void)
{
	remove_proc_entry("descriptor_tables", NULL);
}

module_init(tables_init);
module_exit(tables_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 2: GDT, IDT, LDT, TSS");
