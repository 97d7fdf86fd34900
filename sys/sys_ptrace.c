/*
 * ptrace(2): requests and their arguments.
 *
 * OWNS     nothing.
 * WHY      a request is a row of numbers; which of them needs a stopped thread, and what its words mean, is said here; what a
 *          stop is, in kernel/ptrace.c; what the registers are, in arch.
 * LOCKS    none held across a copy. The thread is referenced, and rests unless somebody kills it: then what is read or
 *          written here no longer matters to anybody.
 * CONTEXT  a task in a system call; may sleep.
 * FAILS    ESRCH (no such thread, not traced by the caller, not stopped), EPERM, EIO, EINVAL, EFAULT, EBUSY as the man page.
 * SOURCES  ptrace(2); Linux asm/ptrace-abi.h, asm/user.h.   TESTED BY  tests/guest/trace_basic.c, trace_stops.c
 */
#include "sys/sys.h"

#include "arch/ptrace.h"
#include "kernel/ptrace.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "uapi/ldt.h"

enum {
	PTRACE_TRACEME = 0,
	PTRACE_PEEKTEXT = 1,
	PTRACE_PEEKDATA = 2,
	PTRACE_PEEKUSR = 3,
	PTRACE_POKETEXT = 4,
	PTRACE_POKEDATA = 5,
	PTRACE_POKEUSR = 6,
	PTRACE_CONT = 7,
	PTRACE_KILL = 8,
	PTRACE_SINGLESTEP = 9,
	PTRACE_GETREGS = 12,
	PTRACE_SETREGS = 13,
	PTRACE_GETFPREGS = 14,
	PTRACE_SETFPREGS = 15,
	PTRACE_ATTACH = 16,
	PTRACE_DETACH = 17,
	PTRACE_GETFPXREGS = 18, /* i386, and the next three */
	PTRACE_SETFPXREGS = 19,
	PTRACE_GET_THREAD_AREA = 25,
	PTRACE_SYSCALL = 24,
	PTRACE_SETOPTIONS = 0x4200,
	PTRACE_GETEVENTMSG = 0x4201,
	PTRACE_GETSIGINFO = 0x4202,
	PTRACE_SETSIGINFO = 0x4203,
	PTRACE_GETREGSET = 0x4204,
	PTRACE_SETREGSET = 0x4205,
	PTRACE_SEIZE = 0x4206,
	PTRACE_INTERRUPT = 0x4207,
	PTRACE_LISTEN = 0x4208,
	PTRACE_PEEKSIGINFO = 0x4209,
	PTRACE_GETSIGMASK = 0x420a,
	PTRACE_SETSIGMASK = 0x420b,
	PTRACE_GET_SYSCALL_INFO = 0x420e
};

/* ---- words ---- */

static long peek_memory(struct task *t, uaddr_t addr, uaddr_t out)
{
	struct mm_struct *mm = task_mm_get(t);
	unsigned long v;
	size_t n;

	if (!mm)
		return -EIO;
	n = mm_access(mm, addr, &v, sizeof(v), false);
	mmput(mm);
	return n == sizeof(v) ? put_user(out, &v) : -EIO;
}

static long poke_memory(struct task *t, uaddr_t addr, unsigned long v)
{
	struct mm_struct *mm = task_mm_get(t);
	size_t n;

	if (!mm)
		return -EIO;
	n = mm_access(mm, addr, &v, sizeof(v), true);
	mmput(mm);
	return n == sizeof(v) ? 0 : -EIO;
}

/* The trap flag that single-stepping has set is not the program's. */
static unsigned long get_reg(struct task *t, unsigned n)
{
	unsigned long v = arch_user_reg(&t->thread.arch, n);

	if (n == USER_REG_FLAGS && t->ptrace.forced_tf)
		v &= ~TRAP_FLAG;
	return v;
}

static int set_reg(struct task *t, unsigned n, unsigned long v)
{
	if (n == USER_REG_FLAGS && v & TRAP_FLAG)
		t->ptrace.forced_tf = false;
	else if (n == USER_REG_FLAGS && t->ptrace.forced_tf)
		v |= TRAP_FLAG;
	return arch_set_user_reg(&t->thread.arch, n, v);
}

static bool is_debug_reg(unsigned long addr)
{
	return addr >= USER_DEBUG_AT && addr < USER_DEBUG_AT + USER_DEBUG_REGS * sizeof(long);
}

static long peek_user(struct task *t, unsigned long addr, uaddr_t out)
{
	unsigned long v = 0;

	if (addr & (sizeof(long) - 1) || addr >= USER_SIZE)
		return -EIO;
	if (addr < USER_REGS * sizeof(long))
		v = get_reg(t, (unsigned)(addr / sizeof(long)));
	else if (is_debug_reg(addr))
		v = arch_debug_reg(&t->thread.arch,
				   (unsigned)((addr - USER_DEBUG_AT) / sizeof(long)));
	return put_user(out, &v);
}

static long poke_user(struct task *t, unsigned long addr, unsigned long v)
{
	if (addr & (sizeof(long) - 1) || addr >= USER_SIZE)
		return -EIO;
	if (addr < USER_REGS * sizeof(long))
		return set_reg(t, (unsigned)(addr / sizeof(long)), v);
	if (is_debug_reg(addr))
		return arch_set_debug_reg(&t->thread.arch,
					  (unsigned)((addr - USER_DEBUG_AT) / sizeof(long)), v);
	return -EIO;
}

/* ---- sets of registers ---- */

static void gather_regs(struct task *t, unsigned long regs[USER_REGS])
{
	for (unsigned n = 0; n < USER_REGS; n++)
		regs[n] = get_reg(t, n);
}

/* Words as far as @len goes. */
static long scatter_regs(struct task *t, const unsigned long regs[USER_REGS], size_t len)
{
	long ret = 0;

	for (unsigned n = 0; n < len / sizeof(long) && !ret; n++)
		ret = set_reg(t, n, regs[n]);
	return ret;
}

/* One kind of registers, as GETREGSET and the older requests have them. */
union regset {
	unsigned long regs[USER_REGS];
	unsigned char fp[USER_FXREGS_SIZE];
};
enum { NT_PRSTATUS = 1, NT_PRFPREG = 2, NT_X86_XSTATE = 0x202, NT_PRXFPREG = 0x46e62b7f };

/* Its size; -EINVAL: there is no such set; -ENODEV: this processor, as it is used, has none. */
static long regset_size(unsigned type)
{
	if (type == NT_PRSTATUS)
		return USER_REGS * sizeof(long);
	if (type == NT_PRFPREG)
		return USER_FPREGS_SIZE;
	if (type == NT_PRXFPREG && ABI_32)
		return USER_FXREGS_SIZE;
	return type == NT_X86_XSTATE ? -ENODEV : -EINVAL;
}

static void regset_read(struct task *t, unsigned type, union regset *out)
{
	if (type == NT_PRSTATUS)
		gather_regs(t, out->regs);
	else if (type == NT_PRFPREG)
		arch_user_fpregs(&t->thread.arch, out->fp);
	else
		arch_user_fxregs(&t->thread.arch, out->fp);
}

static long regset_write(struct task *t, unsigned type, const union regset *in, size_t len)
{
	if (type == NT_PRSTATUS)
		return scatter_regs(t, in->regs, len);
	if (type == NT_PRFPREG)
		return arch_set_user_fpregs(&t->thread.arch, in->fp);
	return arch_set_user_fxregs(&t->thread.arch, in->fp);
}

static long regset_move(struct task *t, unsigned type, uaddr_t user, size_t len, bool set)
{
	union regset r;

	regset_read(t, type, &r);
	if (!set)
		return copy_to_user(user, &r, len) ? -EFAULT : 0;
	return copy_from_user(&r, user, len) ? -EFAULT : regset_write(t, type, &r, len);
}

/* PTRACE_GETREGSET, SETREGSET: @uiov is a struct iovec, whose length is what was moved afterwards. */
static long regset_vector(struct task *t, unsigned type, uaddr_t uiov, bool set)
{
	struct iovec_native {
		unsigned long base, len;
	} v;
	long size, ret;

	if (get_user(&v, uiov))
		return -EFAULT;
	size = regset_size(type);
	if (size < 0)
		return size;
	if (v.len % (type == NT_PRSTATUS ? sizeof(long) : ABI_32 && type == NT_PRFPREG ? 4 : 8))
		return -EINVAL;
	v.len = min_of(unsigned long, v.len, (unsigned long)size);
	ret = regset_move(t, type, v.base, v.len, set);
	return ret ? ret : put_user(uiov, &v);
}

/* ---- signals ---- */

static long move_siginfo(struct task *t, uaddr_t user, bool set)
{
	struct siginfo_k info;
	long ret;

	if (set && copy_from_user(&info, user, sizeof(info)))
		return -EFAULT;
	ret = ptrace_siginfo(t, &info, set);
	return ret || set ? ret : put_user(user, &info);
}

static long peek_siginfo(struct task *t, uaddr_t uargs, uaddr_t out)
{
	struct {
		uint64_t off;
		uint32_t flags;
		int32_t nr;
	} a;
	struct siginfo_k info;
	int n;

	if (get_user(&a, uargs))
		return -EFAULT;
	if (a.flags & ~1U || a.nr < 0)
		return -EINVAL;
	for (n = 0; n < a.nr; n++) {
		if (!ptrace_peek_signal(t, a.flags & 1, a.off + (unsigned)n, &info))
			break;
		if (put_user(out + (size_t)n * sizeof(info), &info))
			return n ? n : -EFAULT;
		if (signal_pending())
			return n + 1;
	}
	return n;
}

static long move_sigmask(struct task *t, size_t size, uaddr_t user, bool set)
{
	sigset_k mask = t->blocked;

	if (size != sizeof(mask))
		return -EINVAL;
	if (!set) {
		if (t->restore_mask)
			mask = t->saved_mask;
		return put_user(user, &mask);
	}
	if (get_user(&mask, user))
		return -EFAULT;
	ptrace_set_blocked(t, mask);
	return 0;
}

/* ---- what a stop is about ---- */

struct syscall_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t ip, sp;
	union {
		struct {
			uint64_t nr, args[6];
			uint32_t ret_data; /* INFO_SECCOMP only */
		} entry;
		struct {
			int64_t result;
			uint8_t is_error;
		} exit;
	};
};
enum {
	INFO_NONE,
	INFO_ENTRY,
	INFO_EXIT,
	INFO_SECCOMP,
	MAX_ERRNO = 4095,
	SYSGOOD_TRAP = SIGTRAP | 0x80,
	SECCOMP_TRAP = SIGTRAP | PTRACE_EVENT_SECCOMP << 8
};

static size_t fill_entry(struct syscall_info *out, const struct pt_regs *regs)
{
	out->op = INFO_ENTRY;
	out->entry.nr = regs->orig_ax;
	for (unsigned n = 0; n < 6; n++)
		out->entry.args[n] = regs_syscall_arg(regs, n);
	return offsetof(struct syscall_info, entry.ret_data);
}

static size_t fill_seccomp(struct syscall_info *out, const struct pt_regs *regs, uint32_t data)
{
	(void)fill_entry(out, regs);
	out->op = INFO_SECCOMP;
	out->entry.ret_data = data;
	return offsetof(struct syscall_info, entry.ret_data) + sizeof(data);
}

static size_t fill_exit(struct syscall_info *out, const struct pt_regs *regs)
{
	out->op = INFO_EXIT;
	out->exit.result = (long)regs->ax;
	out->exit.is_error = (long)regs->ax < 0 && (long)regs->ax >= -MAX_ERRNO;
	return offsetof(struct syscall_info, exit.is_error) + 1;
}

static long syscall_info(struct task *t, size_t room, uaddr_t out)
{
	const struct pt_regs *regs = thread_regs(&t->thread.arch);
	struct syscall_info s;
	struct siginfo_k info;
	size_t size = offsetof(struct syscall_info, entry);

	memset(&s, 0, sizeof(s));
	s.arch = PTRACE_ARCH;
	s.ip = regs->ip;
	s.sp = regs->sp;
	if (ptrace_siginfo(t, &info, false))
		info.si_code = 0;
	if (info.si_code == SYSGOOD_TRAP)
		size = t->ptrace.message == INFO_ENTRY ? fill_entry(&s, regs) : fill_exit(&s, regs);
	else if (info.si_code == SECCOMP_TRAP)
		size = fill_seccomp(&s, regs, (uint32_t)t->ptrace.message);
	return copy_to_user(out, &s, min_of(size_t, room, size)) ? -EFAULT : (long)size;
}

/* ---- requests ---- */

static long attach(int pid, bool seize, unsigned long options)
{
	struct task *t;
	long ret;

	if (seize && options & ~(unsigned long)PTRACE_O_MASK)
		return -EIO;
	t = task_find(pid);
	if (!t)
		return -ESRCH;
	ret = ptrace_attach(t, seize, seize ? (unsigned)options : 0);
	task_put(t);
	return ret;
}

static long set_options(struct task *t, unsigned long options)
{
	if (options & ~(unsigned long)PTRACE_O_MASK)
		return -EINVAL;
	t->ptrace.options = (unsigned)options;
	return 0;
}

static long resume(struct task *t, long request, unsigned long sig)
{
	enum ptrace_mode mode = request == PTRACE_SYSCALL      ? PTRACE_MODE_SYSCALL
				: request == PTRACE_SINGLESTEP ? PTRACE_MODE_STEP
							       : PTRACE_MODE_CONT;

	if (sig > NSIG)
		return -EIO;
	if (request == PTRACE_DETACH)
		ptrace_detach(t, (int)sig);
	else
		ptrace_resume(t, mode, (int)sig);
	return 0;
}

/* Of i386 alone. */
static long request_32(struct task *t, long request, unsigned long addr, unsigned long data)
{
	struct user_desc d;
	long ret;

	switch (ABI_32 ? request : -1) {
	case PTRACE_GETFPXREGS:
	case PTRACE_SETFPXREGS:
		return regset_move(t, NT_PRXFPREG, data, USER_FXREGS_SIZE,
				   request == PTRACE_SETFPXREGS);
	case PTRACE_GET_THREAD_AREA:
		if ((int)addr < 0)
			return -EIO;
		d.entry_number = (unsigned)addr;
		ret = arch_get_tls(&t->thread.arch, &d);
		return ret ? ret : put_user(data, &d);
	default:
		return -EIO;
	}
}

static long request_registers(struct task *t, long request, unsigned long addr, unsigned long data)
{
	switch (request) {
	case PTRACE_PEEKUSR:
		return peek_user(t, addr, data);
	case PTRACE_POKEUSR:
		return poke_user(t, addr, data);
	case PTRACE_GETREGS:
	case PTRACE_SETREGS:
		return regset_move(t, NT_PRSTATUS, data, USER_REGS * sizeof(long),
				   request == PTRACE_SETREGS);
	case PTRACE_GETFPREGS:
	case PTRACE_SETFPREGS:
		return regset_move(t, NT_PRFPREG, data, USER_FPREGS_SIZE,
				   request == PTRACE_SETFPREGS);
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return regset_vector(t, (unsigned)addr, data, request == PTRACE_SETREGSET);
	default:
		return request_32(t, request, addr, data);
	}
}

static long request_stopped(struct task *t, long request, unsigned long addr, unsigned long data)
{
	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
		return peek_memory(t, addr, data);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
		return poke_memory(t, addr, data);
	case PTRACE_CONT:
	case PTRACE_SYSCALL:
	case PTRACE_SINGLESTEP:
	case PTRACE_DETACH:
		return resume(t, request, data);
	case PTRACE_SETOPTIONS:
		return set_options(t, data);
	case PTRACE_GETEVENTMSG:
		return put_user(data, &t->ptrace.message);
	case PTRACE_GETSIGINFO:
	case PTRACE_SETSIGINFO:
		return move_siginfo(t, data, request == PTRACE_SETSIGINFO);
	case PTRACE_LISTEN:
		return ptrace_listen(t);
	case PTRACE_PEEKSIGINFO:
		return peek_siginfo(t, addr, data);
	case PTRACE_GETSIGMASK:
	case PTRACE_SETSIGMASK:
		return move_sigmask(t, addr, data, request == PTRACE_SETSIGMASK);
	case PTRACE_GET_SYSCALL_INFO:
		return syscall_info(t, addr, data);
	default:
		return request_registers(t, request, addr, data);
	}
}

static long request_of(struct task *t, long request, unsigned long addr, unsigned long data)
{
	bool any = request == PTRACE_KILL || request == PTRACE_INTERRUPT;
	long ret = ptrace_check(t, any);

	if (ret)
		return ret;
	if (request == PTRACE_KILL)
		return signal_send_thread(t, SIGKILL, NULL);
	if (request == PTRACE_INTERRUPT)
		return ptrace_interrupt(t);
	return request_stopped(t, request, addr, data);
}

SYS(ptrace)
{
	long request = (long)a0, ret;
	struct task *t;

	if (request == PTRACE_TRACEME)
		return ptrace_traceme();
	if (abi_narrow())
		return -ENOSYS; /* a 32-bit tracer would want other registers than there are */
	if (request == PTRACE_ATTACH)
		return attach((int)a1, false, 0);
	if (request == PTRACE_SEIZE)
		return a2 ? -EIO : attach((int)a1, true, a3);
	t = task_find((int)a1);
	if (!t)
		return -ESRCH;
	ret = request_of(t, request, a2, a3);
	task_put(t);
	return ret;
}
