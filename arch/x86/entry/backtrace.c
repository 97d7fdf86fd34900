/*
 * The stack by names.
 *
 * TWO WAYS debug kernels are compiled with frame pointers, and the trace is the chain of them: exact (entry code
 *          leaves them alone, so that a walk passes through a trap into what it interrupted). The others use the
 *          register, which saves one instruction of twenty:
 *          there the trace is every word of the stack that is a return address. Old frames leave some, too, so a
 *          name may be that of a function that has returned; none is missing. So is every stack that modules are on.
 * I1       each frame lies above the one before, and within one kernel stack's size of it: a
 *          damaged chain ends the walk, it cannot lead it round in circles.
 * CONTEXT  any. Reads memory only through kernel_peek: a stack's guard page ends a search.
 */
#include "arch/machine.h"
#include "arch/thread.h"
#include "arch/x86/hw/image.h"
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

static unsigned by_frames(unsigned long bp, unsigned long *ips, unsigned n, unsigned max)
{
	unsigned long next, ret;

	while (n < max && read_frame(bp, &next, &ret) && ret >= USER_TOP) {
		if (n > 1 || ret != ips[0]) /* a caller that gives its own frame */
			ips[n++] = ret;
		if (next <= bp || next - bp > KSTACK_SIZE)
			break;
		bp = next;
	}
	return n;
}

/* A call through a register or memory, @len bytes long, ends before @ret: FF /2. */
static bool is_indirect_call(const unsigned char *ret, int len)
{
	return ret[-len] == 0xff && (ret[1 - len] & 0x38) == 0x10;
}

/* Does a call instruction end before @word? */
static bool is_return_address(unsigned long word)
{
	const unsigned char *ret = (const unsigned char *)word;

	const bool ours =
		word >= (unsigned long)__text_start + 8 && word < (unsigned long)__text_end;

	if (!ours && !(module_code_has(word - 1) && module_code_has(word - 7)))
		return false;
	return ret[-5] == 0xe8 || is_indirect_call(ret, 2) || is_indirect_call(ret, 3) ||
	       is_indirect_call(ret, 6) || is_indirect_call(ret, 7);
}

static unsigned by_search(unsigned long sp, unsigned long *ips, unsigned n, unsigned max)
{
	const unsigned long end = sp + KSTACK_SIZE;
	unsigned long word;

	for (; n < max && sp < end && kernel_peek(sp, &word); sp += sizeof(word)) {
		if (is_return_address(word) && (n > 1 || word != ips[0]))
			ips[n++] = word;
	}
	return n;
}

unsigned backtrace_modules(const struct stack_place *at, unsigned long *ips, unsigned max)
{
	const unsigned long start = round_down_pow2(at->sp, sizeof(at->sp));
	unsigned long word;
	unsigned n = 0;

	if (module_code_has(at->ip))
		ips[n++] = at->ip;
	for (unsigned long sp = start;
	     n < max && sp < start + KSTACK_SIZE && kernel_peek(sp, &word); sp += sizeof(word))
		if (module_code_has(word - 1) && is_return_address(word))
			ips[n++] = word;
	return n;
}

unsigned backtrace_save(const struct stack_place *at, unsigned long *ips, unsigned max)
{
	const bool modules = backtrace_modules(at, ips, 1); /* perhaps compiled without frames */

	ips[0] = at->ip;
	if (CFG_DEBUG && !modules)
		return by_frames(at->bp, ips, 1, max);
	return by_search(round_down_pow2(at->sp, sizeof(at->sp)), ips, 1, max);
}

void backtrace_print(const struct stack_place *at)
{
	unsigned long ips[MAX_DEPTH];
	unsigned n = backtrace_save(at, ips, MAX_DEPTH);

	pr_err("Call trace:");
	for (unsigned i = 0; i < n; i++)
		print_entry(ips[i]);
}
