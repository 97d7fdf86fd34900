/*
 * Names of kernel addresses, from the table the second link carries (tools/ksyms.sh).
 *
 * OWNS     nothing; reads ksyms_*: N text addresses less KERNEL_BASE, rising, and for each the
 *          place of its name.
 * CONTEXT  any, panic included.   COST  O(log N).
 * FAILS    an address outside the kernel's and the modules' text is printed as a number.
 */
#include "arch/machine.h"
#include "arch/probe.h"
#include "arch/x86/hw/extable.h"
#include "arch/x86/hw/image.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "pt_geom.h"

extern const uint32_t ksyms_nr, ksyms_addrs[], ksyms_names[];

/* Last symbol at or below @offset; ksyms_nr > 0 and ksyms_addrs[0] <= @offset. */
static uint32_t find(uint32_t offset)
{
	uint32_t low = 0, high = ksyms_nr;

	while (high - low > 1) {
		const uint32_t mid = low + (high - low) / 2;

		if (ksyms_addrs[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static uint32_t symbol_end(uint32_t i)
{
	return i + 1 < ksyms_nr ? ksyms_addrs[i + 1]
				: (uint32_t)((kaddr_t)__text_end - KERNEL_BASE);
}

size_t symbol_format(kaddr_t addr, char *buf, size_t size)
{
	const uint32_t offset = (uint32_t)(addr - KERNEL_BASE);
	size_t n = module_symbol_format(addr, buf, size);
	uint32_t i;

	if (n)
		return n;
	if (addr < (kaddr_t)__text_start || addr >= (kaddr_t)__text_end || !ksyms_nr ||
	    offset < ksyms_addrs[0])
		return fmt_scnprintf(buf, size, "0x%lx", addr);
	i = find(offset);
	return fmt_scnprintf(buf, size, "%s+0x%x/0x%x", (const char *)ksyms_names + ksyms_names[i],
			     offset - ksyms_addrs[i], symbol_end(i) - ksyms_addrs[i]);
}

kaddr_t symbol_address(const char *name)
{
	for (uint32_t i = 0; i < ksyms_nr; i++)
		if (!strcmp((const char *)ksyms_names + ksyms_names[i], name))
			return KERNEL_BASE + ksyms_addrs[i];
	return 0;
}

bool symbol_range(kaddr_t at, kaddr_t *start, kaddr_t *end)
{
	const uint32_t offset = (uint32_t)(at - KERNEL_BASE);
	uint32_t i;

	if (at < (kaddr_t)__text_start || at >= (kaddr_t)__text_end || !ksyms_nr ||
	    offset < ksyms_addrs[0])
		return false;
	i = find(offset);
	*start = KERNEL_BASE + ksyms_addrs[i];
	*end = KERNEL_BASE + symbol_end(i);
	return true;
}

bool probe_allowed(kaddr_t at)
{
	if (at < (kaddr_t)__text_start || at >= (kaddr_t)__text_end)
		return false;
	if (at >= (kaddr_t)noprobe_text_start && at < (kaddr_t)noprobe_text_end)
		return false;
	return (at < (kaddr_t)uaccess_text_start || at >= (kaddr_t)uaccess_text_end) &&
	       !extable_find(at);
}
