/*
 * Copies to and from user memory, through the software MMU: they fault, dirty pages and use the TLB as on hardware.
 *
 * WHY      the kernel side of an access differs from the user's in two points only: it may be refused by access_ok, and
 *          a failure is a short count.
 * CONTEXT  the plain calls may sleep (the may_fault hook asserts it), the _nofault calls never.
 */
#include "arch/uaccess.h"
#include "arch/sim/hw/sim_hw.h"
#include "arch/sim_local.h"
#include <string.h>

static size_t copy(uaddr_t va, void *buf, size_t len, enum sim_access access, bool may_fault)
{
	int why;

	if (may_fault)
		sim_hooks.may_fault();
	if (!access_ok(va, len))
		return len;
	return sim_copy(va, buf, len, access, false, may_fault, &why);
}

size_t copy_from_user(void *dst, uaddr_t src, size_t len)
{
	size_t left = copy(src, dst, len, SIM_READ, true);

	memset((char *)dst + (len - left), 0, left);
	return left;
}

size_t copy_from_user_keep(void *dst, uaddr_t src, size_t len)
{
	return copy(src, dst, len, SIM_READ, true);
}

size_t copy_from_user_nofault(void *dst, uaddr_t src, size_t len)
{
	return copy(src, dst, len, SIM_READ, false);
}

size_t copy_to_user(uaddr_t dst, const void *src, size_t len)
{
	return copy(dst, (void *)(uintptr_t)src, len, SIM_WRITE, true);
}

size_t copy_to_user_nofault(uaddr_t dst, const void *src, size_t len)
{
	return copy(dst, (void *)(uintptr_t)src, len, SIM_WRITE, false);
}

size_t clear_user(uaddr_t dst, size_t len)
{
	static const char zeroes[256];

	while (len) {
		size_t part = min_of(size_t, len, sizeof(zeroes));
		size_t left = copy_to_user(dst, zeroes, part);

		if (left)
			return len - part + left;
		dst += part;
		len -= part;
	}
	return 0;
}

long strncpy_from_user(char *dst, uaddr_t src, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		if (copy_from_user(dst + n, src + n, 1))
			return -EFAULT;
		if (!dst[n])
			return (long)n;
	}
	return (long)size;
}

int user_cmpxchg_u32(uaddr_t addr, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	bool present;
	phys_t pa;
	int fault;

	if (!access_ok(addr, sizeof(old)) || (addr & 3))
		return -EFAULT;
	sim_hooks.may_fault();
	for (;;) {
		sim_hw_lock();
		fault = sim_translate(addr, SIM_WRITE, false, &pa, &present);
		*seen = old;
		if (!fault)
			(void)__atomic_compare_exchange_n((uint32_t *)sim_bus(pa), seen, new_value,
							  false, __ATOMIC_SEQ_CST,
							  __ATOMIC_SEQ_CST);
		sim_hw_unlock();
		if (!fault)
			return 0;
		if (sim_hooks.fault(addr, SIM_WRITE, false, present))
			return -EFAULT;
	}
}
