/*
 * What has happened to this kernel: modules that are not its own, warnings, oopses.
 *
 * OWNS     the mask; the sysctls kernel.panic_on_oops and kernel.panic_on_warn.
 * LOCKS    none: the mask is one word and bits are only added.   CONTEXT  any.
 * SOURCES  Linux Documentation/admin-guide/tainted-kernels.rst (bits and letters).   TESTED BY  module_oops (guest)
 */
#include "sync/taint.h"

#include "sync/kassert.h"

static unsigned long taints; /* a */
int panic_on_oops, panic_on_warn;

static const char letters[TAINT_NR + 1] = "PFSRMBUDAWCIOELKXTN";

bool taint_add(enum taint t)
{
	return !(__atomic_fetch_or(&taints, 1UL << t, __ATOMIC_SEQ_CST) & 1UL << t);
}

void taint_add_mask(unsigned long mask)
{
	(void)__atomic_fetch_or(&taints, mask & ((1UL << TAINT_NR) - 1), __ATOMIC_SEQ_CST);
}

unsigned long taint_mask(void)
{
	return READ_ONCE(taints);
}

size_t taint_format(char *buf)
{
	static const char no[] = "Not tainted", yes[] = "Tainted: ";
	const unsigned long mask = taint_mask();
	const char *from = mask ? yes : no;
	size_t n = 0;

	while (*from)
		buf[n++] = *from++;
	for (unsigned i = 0; mask && i < TAINT_NR; i++)
		buf[n++] = mask >> i & 1 ? letters[i] : i ? ' ' : 'G';
	buf[n] = '\0';
	return n;
}

size_t taint_letters(unsigned long mask, char *buf)
{
	size_t n = 0;

	for (unsigned i = 0; i < TAINT_NR; i++)
		if (mask >> i & 1)
			buf[n++] = letters[i];
	buf[n] = '\0';
	return n;
}
