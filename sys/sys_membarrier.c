/*
 * membarrier(2): an order of memory accesses that one thread pays for all.
 *
 * OWNS     mm->membarrier: what a process has registered for.
 * WHY      an interrupt makes the other CPU's accesses before it visible to those after it, and its return makes it fetch
 *          instructions anew (SDM volume 3A, "Serializing Instructions": IRET): so the same interrupt serves every kind.
 * I1       on return each CPU that ran a thread of the process (GLOBAL: any) during the call has passed a full barrier. One
 *          that begins to run one meanwhile passes it in the switch of address spaces, which is an atomic operation on
 *          cpu_mask and a load of CR3.
 * LOCKS    call_lock (a mutex): one caller at a time counts answers.
 * CONTEXT  a task; sleeps.
 * FAILS    EINVAL, EPERM (not registered).
 * NOT HERE restartable sequences: their commands are not in the mask.
 * SOURCES  membarrier(2).   TESTED BY  tests/guest/mm_barrier.c
 */
#include "sys/sys.h"

#include "arch/irqflags.h"
#include "base/atomic.h"
#include "mm/mm.h"
#include "sync/mutex.h"
#include "sync/percpu.h"

enum {
	CMD_QUERY = 0,
	CMD_GLOBAL = 1 << 0,
	CMD_GLOBAL_EXPEDITED = 1 << 1,
	CMD_REGISTER_GLOBAL_EXPEDITED = 1 << 2,
	CMD_PRIVATE_EXPEDITED = 1 << 3,
	CMD_REGISTER_PRIVATE_EXPEDITED = 1 << 4,
	CMD_PRIVATE_EXPEDITED_SYNC_CORE = 1 << 5,
	CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 1 << 6,
	CMD_GET_REGISTRATIONS = 1 << 9,
	CMD_ALL = 0x7f | CMD_GET_REGISTRATIONS,
};

static struct mutex call_lock;
static atomic_t unanswered;

static void answer(void)
{
	atomic_dec(&unanswered); /* a full barrier, as every locked operation */
}

/* Every CPU of @mask but this one takes an interrupt, and has when this returns. */
static void interrupt_cpus(unsigned long mask)
{
	unsigned cpu;

	mutex_lock(&call_lock);
	for_each_online_cpu (cpu) {
		if (cpu == cpu_id() || !(mask >> cpu & 1))
			continue;
		atomic_inc(&unanswered);
		ipi_send(cpu, IPI_CALL);
	}
	while (atomic_read(&unanswered))
		cpu_relax();
	mutex_unlock(&call_lock);
}

static long private_barrier(struct mm_struct *mm, unsigned registration)
{
	if (!(READ_ONCE(mm->membarrier) & registration))
		return -EPERM;
	interrupt_cpus(READ_ONCE(mm->root.cpu_mask));
	cpu_serialize(); /* this one as well: another thread may have changed what it is to execute */
	return 0;
}

static long enlist(struct mm_struct *mm, unsigned registration)
{
	(void)__atomic_fetch_or(&mm->membarrier, registration, __ATOMIC_SEQ_CST);
	return 0;
}

SYS(membarrier)
{
	struct mm_struct *mm = current_task()->mm_ctx.mm;
	int cmd = (int)a0;

	if (a1)
		return -EINVAL;
	switch (cmd) {
	case CMD_QUERY:
		return CMD_ALL;
	case CMD_GLOBAL:
	case CMD_GLOBAL_EXPEDITED:
		interrupt_cpus(~0UL);
		return 0;
	case CMD_PRIVATE_EXPEDITED:
		return private_barrier(mm, CMD_REGISTER_PRIVATE_EXPEDITED);
	case CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		return private_barrier(mm, CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE);
	case CMD_REGISTER_GLOBAL_EXPEDITED:
	case CMD_REGISTER_PRIVATE_EXPEDITED:
	case CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		return enlist(mm, (unsigned)cmd);
	case CMD_GET_REGISTRATIONS:
		return (long)READ_ONCE(mm->membarrier);
	default:
		return -EINVAL;
	}
}

void membarrier_init(void)
{
	mutex_init(&call_lock, RANK_FS_FILE);
	ipi_register(IPI_CALL, answer);
}
