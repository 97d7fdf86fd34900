/*
 * The stack by names, through frame pointers (the kernel is compiled with them; entry code leaves
 * them alone, so that a walk passes through a trap into what it interrupted).
 *
 * I1       each frame lies above the one before, and within one kernel stack's size of it: a
 *          damaged chain ends the walk, it cannot lead it round in circles.
 * CONTEXT  any. Reads memory only through kernel_peek.
 */
#include "arch/machine.h"
#include "arch/thread.h"
#include "arch/x86/hw/peek.h"
#include "pt_geom.h"
#include "sync/klog.h"

enum { MAX_DEPTH = 32, SYMBOL_TEXT = 96 };

static void print_entry(unsigned long ip)
{
	char text[SYMBOL_TEXT];

	symbol_format(ip, text, sizeof(text));
	pr_err(" [<%0*lx>] %s", (int)sizeof(long) * 2, ip, text);
}

/* Frame at @bp: the caller's frame and the return address. */
static bool read_frame(unsigned long bp, unsigned long *caller_bp, unsigned long *ip)
{
	if (bp < USER_TOP || bp % sizeof(long))
		return false;
	return kernel_peek(bp, caller_bp) && kernel_peek(bp + sizeof(long), ip);
}

unsigned backtrace_save(unsigned long bp, unsigned long ip, unsigned long *ips, unsigned max)
{
	unsigned long next, ret;
	unsigned n = 0;

	ips[n++] = ip;
	while (n < max && read_frame(bp, &next, &ret) && ret >= USER_TOP) {
		if (n > 1 || ret != ip) /* a caller that gives its own frame */
			ips[n++] = ret;
		if (next <= bp || next - bp > KSTACK_SIZE)
			break;
		bp = next;
	}
	return n;
}

void backtrace_print(unsigned long bp, unsigned long ip)
{
	unsigned long ips[MAX_DEPTH];
	unsigned n = backtrace_save(bp, ip, ips, MAX_DEPTH);

	pr_err("Call trace:");
	for (unsigned i = 0; i < n; i++)
		print_entry(ips[i]);
}
