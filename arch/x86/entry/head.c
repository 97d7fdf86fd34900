/*
 * The first C code: from boot.S to kernel_main().
 *
 * CONTEXT  boot CPU, boot tables, boot stack, interrupts off. Nothing is set up: only this file's
 *          own port output works.
 * ORDER    1. copy section percpu while nobody has changed it: what CPUs 1..n-1 start with
 *          (percpu_setup)
 *          2. pt_nx_mask, which every page-table entry made from now on uses
 *          3. the number of levels, which boot.S has chosen
 *          4. boot_info
 * FAILS    a start that cannot go on says why on the first serial port and halts.
 */
#include "arch/io.h"
#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/pt.h"
#include "arch/x86/entry/boot_info.h"
#include "arch/x86/hw/image.h"
#include "arch/x86/hw/kpt.h"
#include "lib/string.h"

enum { COM1 = 0x3f8, COM_LSR = 5, LSR_THR_EMPTY = 0x20 };

noreturn_ void boot_start(unsigned protocol, uint32_t info);

static void early_puts(const char *s)
{
	for (; *s; s++) {
		for (unsigned spin = 0x10000; spin && !(inb(COM1 + COM_LSR) & LSR_THR_EMPTY);
		     spin--)
			cpu_relax();
		outb(COM1, (uint8_t)*s);
	}
}

noreturn_ static void boot_fail(const char *why)
{
	early_puts("\r\nmnemos: cannot start: ");
	early_puts(why);
	early_puts(". Halted.\r\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* Called by boot.S only. */
void boot_start(unsigned protocol, uint32_t info)
{
	const char *why;

	memcpy(__percpu_pristine, __start_percpu, (size_t)(__stop_percpu - __start_percpu));
	if (PT_HAS_NX && cpuid(0x80000000, 0).a >= 0x80000001 && cpuid(0x80000001, 0).d >> 20 & 1)
		pt_nx_mask = 1ULL << 63;
	pt_mode_init();
	why = boot_info_parse(protocol, info);
	if (why)
		boot_fail(why);
	kernel_main();
}
