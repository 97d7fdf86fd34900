/* /proc/descriptor_tables taken apart, and what Linux uses the entries for. */
#include "tap.h"

#include "tables.h"

static void one_entry(struct tables *t, const char *line)
{
	unsigned i;
	unsigned long long a, b = 0;

	if (sscanf(line, "gdt %u %llx", &i, &a) == 2 && i < MAX_GDT) {
		t->gdt[i] = a;
		t->nr_gdt = i + 1;
	} else if (sscanf(line, "ldt %u %llx", &i, &a) == 2 && i < MAX_LDT) {
		t->ldt[i] = a;
		t->nr_ldt = i + 1;
	} else if (sscanf(line, "idt %u %llx %llx", &i, &a, &b) >= 2 && i < NR_GATES) {
		t->gate[i][0] = a;
		t->gate[i][1] = b;
		t->nr_gates = i + 1;
	} else if (sscanf(line, "tss %x %llx", &i, &a) == 2 && i / 4 < TSS_WORDS) {
		t->tss[i / 4] = (uint32_t)a;
	}
}

static void one_line(struct tables *t, const char *line)
{
	if (sscanf(line, "gdtr %lx %x", &t->gdtr.base, &t->gdtr.limit) == 2 ||
	    sscanf(line, "idtr %lx %x", &t->idtr.base, &t->idtr.limit) == 2 ||
	    sscanf(line, "ldtr %x %lx %x", &t->ldtr.selector, &t->ldtr.base, &t->ldtr.limit) == 3 ||
	    sscanf(line, "tr %x %lx %x", &t->tr.selector, &t->tr.base, &t->tr.limit) == 3)
		return;
	if (sscanf(line, "cr0 %lx", &t->cr0) == 1 || sscanf(line, "cr2 %lx", &t->cr2) == 1 ||
	    sscanf(line, "cr3 %lx", &t->cr3) == 1 || sscanf(line, "cr4 %lx", &t->cr4) == 1)
		return;
	if (sscanf(line, "efer %llx", &t->efer) == 1)
		t->has_efer = true;
	else
		one_entry(t, line);
}

int tables_read(struct tables *t)
{
	static char text[1 << 15];
	char *save = NULL;

	memset(t, 0, sizeof(*t));
	if (tap_read("/proc/descriptor_tables", text, sizeof(text)) < 0)
		return -1;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		one_line(t, l);
	return t->nr_gates == NR_GATES ? 0 : -1;
}

/* ---- names ---- */

static const char *const use32[MAX_GDT] = {
	[0] = "null",
	[6] = "TLS 1: the C library's thread (GS)",
	[7] = "TLS 2",
	[8] = "TLS 3",
	[12] = "kernel code",
	[13] = "kernel data",
	[14] = "user code",
	[15] = "user data",
	[16] = "TSS",
	[17] = "LDT",
	[18] = "PnP BIOS, 32-bit code",
	[19] = "PnP BIOS, 16-bit code",
	[20] = "PnP BIOS, data",
	[21] = "PnP BIOS, data 1",
	[22] = "PnP BIOS, data 2",
	[23] = "APM BIOS, 32-bit code",
	[24] = "APM BIOS, 16-bit code",
	[25] = "APM BIOS, data",
	[26] = "small stack, to return to 16-bit ones",
	[27] = "data of the CPU (FS in the kernel)",
	[28] = "stack canary, of older kernels",
	[31] = "TSS of the double fault",
};
static const char *const use64[16] = {
	[0] = "null",
	[1] = "kernel code, 32 bits",
	[2] = "kernel code",
	[3] = "kernel data",
	[4] = "user code, 32 bits",
	[5] = "user data",
	[6] = "user code",
	[8] = "TSS",
	[9] = "TSS: upper half of the base",
	[10] = "LDT",
	[11] = "LDT: upper half of the base",
	[12] = "TLS 1",
	[13] = "TLS 2",
	[14] = "TLS 3",
	[15] = "number of the CPU, in the limit",
};

const char *gdt_use(unsigned index)
{
	const char *use = IS64		    ? index < 16 ? use64[index] : NULL
			  : index < MAX_GDT ? use32[index]
					    : NULL;

	return use ? use : "";
}

const char *vector_name(unsigned vector)
{
	static const char *const name[] = {
		"divide error",
		"debug",
		"NMI",
		"breakpoint",
		"overflow",
		"bound range",
		"invalid opcode",
		"device not available",
		"double fault",
		"",
		"invalid TSS",
		"segment not present",
		"stack segment",
		"general protection",
		"page fault",
		"",
		"x87 error",
		"alignment check",
		"machine check",
		"SIMD error",
	};

	if (vector == 0x80)
		return "system call (int 0x80)";
	return vector < ARRAY_LEN(name) ? name[vector] : vector >= 32 ? "interrupt" : "";
}
