/*
 * /init of the boots that look at descriptor tables from outside: makes an LDT, says what it has and what lab 2's module reads of the GDT,
 * spins in user mode.
 */
#include "modules.h"
#include "seg.h"

#include <sys/mount.h>

enum { ENTRIES = 9 };

/* The GDT by /proc/descriptor_tables: "# ROWS" and the entries. */
static void tell_rows(void)
{
	static char table[1 << 15];
	char text[32 * 17 + 1] = "";
	unsigned long long d;
	size_t n = 0;
	unsigned i;

	mount("proc", "/proc", "proc", 0, NULL);
	if (module_in("descriptor_tables", "") ||
	    tap_read("/proc/descriptor_tables", table, sizeof(table)) < 0)
		tap_note("# descriptor_tables: %s", strerror(errno));
	for (char *l = strtok(table, "\n"); l; l = strtok(NULL, "\n"))
		if (sscanf(l, "gdt %u %llx", &i, &d) == 2 && n + 17 < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %016llx", d);
	tap_note("# ROWS%s", text);
}

int main(void)
{
	struct __attribute__((packed)) {
		unsigned short limit;
		unsigned long base;
	} gdt, idt;
	unsigned short ldt, task;
	uint64_t raw[ENTRIES];
	char text[ENTRIES * 17 + 1];
	size_t n = 0;

	for (unsigned i = 0; i < ENTRIES; i++) {
		struct seg_desc d = seg_at(i, i & 1 ? SEG_CODE : SEG_DATA, 0x4000000ul * i, 0x4000);

		if (i % 3 == 2) /* 16 bits, bytes, AVL */
			d = (struct seg_desc){ .entry_number = i,
					       .base_addr = 0x12345678,
					       .limit = 0xabc,
					       .useable = 1 };
		if (ldt_set(&d))
			return 1;
	}
	if (ldt_call(LDT_READ, raw, sizeof(raw)) != sizeof(raw))
		return 1;
	for (unsigned i = 0; i < ENTRIES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %016llx",
				      (unsigned long long)raw[i]);
	tell_rows();
	__asm__ volatile("sgdt %0; sidt %1; sldt %2; str %3"
			 : "=m"(gdt), "=m"(idt), "=m"(ldt), "=m"(task));
	tap_note("# TABLES %lx %x %lx %x %x %x%s", gdt.base, gdt.limit, idt.base, idt.limit, ldt,
		 task, text);
	for (;;)
		__asm__ volatile("pause");
}
