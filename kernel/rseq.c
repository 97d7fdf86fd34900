/*
 * Restartable sequences: a program's short piece of code on per-CPU data, which starts again when the thread lost its CPU in it.
 *
 *	thread's struct rseq: | cpu_id_start | cpu_id | rseq_cs ---> | version flags start length abort | flags | node_id | mm_cid |
 *
 * OWNS     task->rseq; what stands in the program's structure.
 * WHY      the kernel looks only when it may matter, so who never registered pays nothing but a compare where a thread goes
 *          to sleep: preempted (exit_to_user_work, after schedule), asleep in a fault (sched.c), moved to another CPU
 *          (WORK_RSEQ), entering a signal handler. A sequence makes no system call: what happens to a thread in one, or
 *          at its end, does not count (pt_regs.orig_ax tells).
 * I1       before user mode is entered on a CPU the structure names that CPU; a move sets WORK_RSEQ.
 * I2       a thread that was off its CPU while its next instruction lay in the sequence goes on at the abort handler, in
 *          front of which stands the registered signature.
 * I3       mm_cid is the CPU's number: no two threads that run have the same one.
 * LOCKS    none; user memory is touched with faults.
 * FAILS    a structure that cannot be read or makes no sense is SIGSEGV, as on Linux.
 * SOURCES  rseq(2); Linux uapi/linux/rseq.h.   TESTED BY  tests/guest/rseq_basic.c
 */
#include "kernel/rseq.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "mm/numa.h"

enum { RSEQ_SIZE_FIRST = 32, RSEQ_NO_CPU = -1, NOT_WRITTEN = -1 };

struct rseq_k {
	uint32_t cpu_id_start, cpu_id;
	uint64_t cs;
	uint32_t flags, node_id, mm_cid;
};

struct rseq_cs_k {
	uint32_t version, flags;
	uint64_t start, length, abort;
};

/* ---- sequences ---- */

static bool sequence_is_sound(const struct rseq_cs_k *cs, const struct task *t)
{
	uint32_t sig;

	if (cs->start >= USER_TOP || cs->length >= USER_TOP || cs->abort >= USER_TOP ||
	    cs->start + cs->length >= USER_TOP || cs->version)
		return false;
	if (cs->abort - cs->start < cs->length) /* it would begin in itself */
		return false;
	return !get_user(&sig, (uaddr_t)cs->abort - sizeof(sig)) && sig == t->rseq.sig;
}

/* The thread was off its CPU. 0; -EFAULT: the program is wrong. */
static int abort_sequence(struct pt_regs *regs)
{
	const struct task *t = current_task();
	const uaddr_t at = t->rseq.addr + offsetof(struct rseq_k, cs);
	static const uint64_t none;
	struct rseq_cs_k cs;
	uint64_t addr;
	uint32_t flags;

	if (get_user(&addr, at))
		return -EFAULT;
	if (!addr)
		return 0;
	if (addr >= USER_TOP || get_user(&cs, (uaddr_t)addr) || !sequence_is_sound(&cs, t))
		return -EFAULT;
	if (regs->ip - cs.start >= cs.length)
		return put_user(at, &none);
	if (cs.flags || get_user(&flags, t->rseq.addr + offsetof(struct rseq_k, flags)) || flags)
		return -EFAULT;
	if (put_user(at, &none))
		return -EFAULT;
	regs->ip = (unsigned long)cs.abort;
	return 0;
}

/* ---- numbers ---- */

static int write_ids(uint32_t start, uint32_t cpu, uint32_t node, uint32_t cid)
{
	const uaddr_t at = current_task()->rseq.addr;
	const uint32_t cpus[2] = { start, cpu }, ids[2] = { node, cid };

	return put_user(at, &cpus) || put_user(at + offsetof(struct rseq_k, node_id), &ids)
		       ? -EFAULT
		       : 0;
}

/* A fault may sleep and wake on another CPU: then WORK_RSEQ is set again. */
static int update_ids(void)
{
	struct task *t = current_task();
	int cpu = (int)cpu_id();

	if (t->rseq.cpu == cpu)
		return 0;
	t->rseq.cpu = cpu;
	return write_ids((uint32_t)cpu, (uint32_t)cpu, (uint32_t)numa_node_id(), (uint32_t)cpu);
}

static void program_error(void)
{
	current_task()->rseq.addr = 0; /* once */
	signal_force(SIGSEGV, SI_KERNEL, 0);
}

void rseq_resume(struct pt_regs *regs)
{
	sched_work_clear(WORK_RSEQ);
	if (current_task()->rseq.addr && (abort_sequence(regs) || update_ids()))
		program_error();
}

void rseq_signal(struct pt_regs *regs)
{
	if (abort_sequence(regs))
		program_error();
}

void rseq_fork(struct task *child, const struct task *parent)
{
	child->rseq = parent->rseq;
	if (child->rseq.addr && child->rseq.cpu != (int)child->thread.cpu)
		sched_work_set(&child->thread, WORK_RSEQ);
}

/* ---- rseq(2) ---- */

/* What is registered is this very structure? 0, -EINVAL, -EPERM. */
static int same_registration(const struct task_rseq *r, uaddr_t addr, uint32_t len, uint32_t sig)
{
	if (r->addr != addr || r->len != len)
		return -EINVAL;
	return r->sig == sig ? 0 : -EPERM;
}

long rseq_register(uaddr_t addr, uint32_t len, uint32_t sig)
{
	struct task *t = current_task();
	bool first = len == RSEQ_SIZE_FIRST;
	int err;

	if (t->rseq.addr) {
		err = same_registration(&t->rseq, addr, len, sig);
		return err ? err : -EBUSY;
	}
	if (len < RSEQ_SIZE_FIRST || addr % RSEQ_ALIGN || (!first && len < RSEQ_FEATURE_SIZE))
		return -EINVAL;
	if (!access_ok(addr, len))
		return -EFAULT;
	t->rseq = (struct task_rseq){ addr, len, sig, NOT_WRITTEN };
	sched_work_set(&t->thread, WORK_RSEQ); /* the numbers are there when the call returns */
	return 0;
}

long rseq_unregister(uaddr_t addr, uint32_t len, uint32_t sig)
{
	struct task *t = current_task();
	int err = t->rseq.addr ? same_registration(&t->rseq, addr, len, sig) : -EINVAL;

	if (err)
		return err;
	if (write_ids(0, (uint32_t)RSEQ_NO_CPU, 0, 0))
		return -EFAULT;
	t->rseq = (struct task_rseq){ 0 };
	return 0;
}
