/* Sizes and truths as words. */
#ifndef _LINUX_STRING_HELPERS_H
#define _LINUX_STRING_HELPERS_H

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

enum string_size_units { STRING_UNITS_10, STRING_UNITS_2 }; /* kB, KiB */

/* @blocks of @block bytes to @buf: three digits, rounded, and a unit: "1.46 KiB", "512 B". */
static inline void string_get_size(u64 blocks, u64 block, const enum string_size_units units,
				   char *buf, int len)
{
	static const char *const names[2][7] = { { "B", "kB", "MB", "GB", "TB", "PB", "EB" },
						 { "B", "KiB", "MiB", "GiB", "TiB", "PiB",
						   "EiB" } };
	const u32 step = units == STRING_UNITS_10 ? 1000 : 1024;
	u64 size = blocks * block;
	u32 rest = 0, digits, unit = 0;

	while (size >= step) {
		rest = (u32)do_div(size, step);
		unit++;
	}
	rest = rest * 1000 / step;
	digits = !unit || size >= 100 ? 0 : size >= 10 ? 1 : 2;
	rest += digits == 2 ? 5 : digits == 1 ? 50 : 500;
	if (rest >= 1000 && unit) {
		rest -= 1000;
		size++;
	}
	if (digits)
		snprintf(buf, (size_t)len, "%u.%0*u %s", (u32)size, (int)digits,
			 rest / (digits == 1 ? 100 : 10), names[units][unit]);
	else
		snprintf(buf, (size_t)len, "%u %s", (u32)size, names[units][unit]);
}

#define str_yes_no(v)		((v) ? "yes" : "no")
#define str_on_off(v)		((v) ? "on" : "off")
#define str_enable_disable(v)	((v) ? "enable" : "disable")
#define str_enabled_disabled(v) ((v) ? "enabled" : "disabled")

#endif
