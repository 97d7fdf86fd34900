/*
 * Lab 1: the segment registers of ring 0, and any descriptor in memory.
 *
 * Read /proc/segments: a line "cs 60 00cf9b000000ffff" for each register, the selector in it and the descriptor that this
 * names. Write a selector (hexadecimal) first, and a line "asked 73 00cffb000000ffff" comes with them.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include <asm/desc.h>

static unsigned int asked;

#define read_segment(reg)                                                                          \
	({                                                                                         \
		unsigned int v_;                                                                   \
		asm volatile("mov %%" reg ", %0" : "=r"(v_));                                      \
		v_ & 0xffff;                                                                       \
	})

/* The LDT is described by an entry of the GDT; of 16 bytes where addresses have 64 bits. */
static bool find_ldt(const struct desc_ptr *gdt, struct desc_ptr *ldt)
{
	const u64 *entry;
	u16 selector;

	asm volatile("sldt %0" : "=m"(selector));
	if (selector < 8)
		return false;
	entry = (const u64 *)(gdt->address + (selector & ~7u));
	ldt->address = get_desc_base((const struct desc_struct *)entry);
	ldt->size = (unsigned short)get_desc_limit((const struct desc_struct *)entry);
	if (sizeof(long) == 8)
		ldt->address |= (unsigned long)(entry[1] << 16 << 16);
	return true;
}

/* The eight bytes that @selector names; 0: a null selector, or beyond the table. */
static u64 descriptor_of(unsigned int selector)
{
	struct desc_ptr table;

	store_gdt(&table);
	if (selector & 4 ? !find_ldt(&table, &table) : selector < 4)
		return 0;
	if ((selector | 7) > table.size)
		return 0;
	return *(const u64 *)(table.address + (selector & ~7u));
}

static void show_one(struct seq_file *m, const char *name, unsigned int selector)
{
	seq_printf(m, "%s %x %016llx\n", name, selector, descriptor_of(selector));
}

static int segments_show(struct seq_file *m, void *v)
{
	show_one(m, "cs", read_segment("cs"));
	show_one(m, "ds", read_segment("ds"));
	show_one(m, "es", read_segment("es"));
	show_one(m, "ss", read_segment("ss"));
	show_one(m, "fs", read_segment("fs"));
	show_one(m, "gs", read_segment("gs"));
	if (asked)
		show_one(m, "asked", asked);
	return 0;
}

static int segments_open(struct inode *inode, struct file *file)
{
	return single_open(file, segments_show, NULL);
}

static ssize_t segments_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	unsigned int selector;
	int err = kstrtouint_from_user(buf, len, 16, &selector);

	if (err || selector > 0xffff)
		return err ? err : -ERANGE;
	asked = selector;
	return len;
}

static const struct proc_ops segments_ops = {
	.proc_open = segments_open,
	.proc_read = seq_read,
	.proc_write = segments_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init segments_init(void)
{
	return proc_create("segments", 0666, NULL, &segments_ops) ? 0 : -ENOMEM;
}

static void __exit segments_exit(void)
{
	remove_proc_entry("segments", NULL);
}

module_init(segments_init);
module_exit(segments_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 1: segment registers of ring 0");
