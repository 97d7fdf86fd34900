/*
 * The ABIs that programs may have, and user memory whose longs are narrower than the kernel's.
 *
 * OWNS     abis[].
 * I1       abis[0] is the kernel's own. x86_64 has i386's beside it: a 32-bit program has all of 4 GiB but the last two
 *          pages, because no kernel is in the way.
 * LOCKS    none.   CONTEXT  a thread in a system call; may sleep in the copies.   FAILS  -EFAULT.
 * SOURCES  elf(5); where Linux's ELF loader puts a PIE.   TESTED BY  lib/layout32_test.c, the i386 programs of tests/guest
 */
#include "arch/abi.h"

#include "lib/layout32.h"
#include "lib/string.h"
#include "uapi/signal.h"

enum { ELFCLASS32 = 1, ELFCLASS64, EM_386 = 3, EM_X86_64 = 62, NARROW_MAX = 256 };

const struct abi abis[NR_ABIS] = {
#ifdef __x86_64__
	{ ELFCLASS64, 8, EM_X86_64, ABI_MACHINE, 0x3fffff, 0x555555554000UL, 0 },
	{ ELFCLASS32, 4, EM_386, "i686", 0x7ff, 0x56555000UL, 0xffffe000UL },
#else
	{ ELFCLASS32, 4, EM_386, "i686", 0x7ff, 0x00400000UL, 0 },
#endif
};

int abi_get_narrow(void *to, uaddr_t from, const char *layout)
{
	char narrow[NARROW_MAX];

	if (copy_from_user(narrow, from, layout32_size(layout)))
		return -EFAULT;
	layout32_widen(to, narrow, layout);
	return 0;
}

int abi_put_narrow(uaddr_t to, const void *from, const char *layout)
{
	char narrow[NARROW_MAX];

	layout32_narrow(narrow, from, layout);
	return copy_to_user(to, narrow, layout32_size(layout)) ? -EFAULT : 0;
}

/* ---- siginfo_t ---- */

/* Where its union begins in both forms. */
enum { INFO_HEAD = 12, INFO_WIDE = 16, INFO_BYTES = 128 };

/* What is in the union. sigaction(2) "The siginfo_t argument to a SA_SIGINFO handler". */
static const char *siginfo_layout(int sig, int code)
{
	if (code == SI_TIMER || code < 0)
		return "2ip"; /* timer and overrun, or pid and uid; a value */
	if (code == SI_USER || code >= SI_KERNEL)
		return "2i";
	switch (sig) {
	case SIGCHLD:
		return "3i2l";
	case SIGILL:
	case SIGFPE:
	case SIGSEGV:
	case SIGBUS:
	case SIGTRAP:
		return "ps";
	case SIGIO:
		return "li";
	case SIGSYS:
		return "p2i";
	default:
		return "2i";
	}
}

void siginfo_narrow(void *to, const struct siginfo_k *from)
{
	memset(to, 0, INFO_BYTES);
	memcpy(to, from, INFO_HEAD);
	layout32_narrow((char *)to + INFO_HEAD, (const char *)from + INFO_WIDE,
			siginfo_layout(from->si_signo, from->si_code));
}

void siginfo_widen(struct siginfo_k *to, const void *from)
{
	memset(to, 0, INFO_BYTES);
	memcpy(to, from, INFO_HEAD);
	layout32_widen((char *)to + INFO_WIDE, (const char *)from + INFO_HEAD,
		       siginfo_layout(to->si_signo, to->si_code));
}

int get_siginfo(struct siginfo_k *to, uaddr_t from)
{
	char narrow[INFO_BYTES];

	if (!abi_narrow())
		return get_user(to, from);
	if (copy_from_user(narrow, from, sizeof(narrow)))
		return -EFAULT;
	siginfo_widen(to, narrow);
	return 0;
}

int put_siginfo(uaddr_t to, const struct siginfo_k *from)
{
	char narrow[INFO_BYTES];

	if (!abi_narrow())
		return put_user(to, from);
	siginfo_narrow(narrow, from);
	return put_user(to, &narrow);
}

int abi_get_array(void *to, uaddr_t from, unsigned long nr, size_t size, const char *layout)
{
	const size_t step = layout32_size(layout);

	if (!abi_narrow())
		return copy_from_user(to, from, nr * size) ? -EFAULT : 0;
	for (unsigned long i = 0; i < nr; i++) {
		if (abi_get_narrow((char *)to + i * size, from + i * step, layout))
			return -EFAULT;
	}
	return 0;
}
