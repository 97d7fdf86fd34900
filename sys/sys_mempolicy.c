/*
 * System calls on memory policies and on the nodes of pages: sets of nodes in and out, rights, arguments.
 *
 * WHY      a set of nodes is an array of words of any length; what the kernel has no room for must be zero. Nodes that a
 *          kernel might have but this machine has not are legal and do not count.
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  set_mempolicy(2), get_mempolicy(2), mbind(2), set_mempolicy_home_node(2), migrate_pages(2), move_pages(2).
 *          TESTED BY tests/guest/mem_policy.c
 */
#include "sys/sys.h"

#include "mm/mempolicy.h"
#include "mm/mm.h"

enum {
	NODES_MAX =
		CFG_NUMA
			? 1024
			: 8, /* numbers a node could have (Debian, and Linux's default on 32 bits) */
	WORD_BITS = 8 * sizeof(long),
	NODEMASK_BITS_MAX = PAGE_SIZE * 8, /* longest array that a call takes */
	MOVE_BATCH = 16
};

/* ---- sets of nodes ---- */

/*
 * The set of @maxnode - 1 nodes at @addr. 0, -EFAULT, -EINVAL. Nodes beyond those that a nodemask_t can name are
 * nobody's: they are all told by its last bit, so that the set is not empty for all that.
 */
static int get_nodes(uaddr_t addr, unsigned long maxnode, nodemask_t *out)
{
	unsigned long bits = maxnode - 1, word;
	const unsigned word_bits = 8 * abi_word();

	*out = 0;
	if (bits == 0 || !addr)
		return 0;
	if (bits > NODEMASK_BITS_MAX)
		return -EINVAL;
	for (unsigned long at = 0; at < bits; at += word_bits) {
		unsigned long known = NODES_MAX > at ? NODES_MAX - at : 0;

		if (get_abi(&word, addr + at / 8, "p"))
			return -EFAULT;
		if (bits - at < word_bits)
			word &= (1UL << (bits - at)) - 1;
		if (known < word_bits && word >> known)
			return -EINVAL;
		if (at == 0)
			*out = word;
		else if (at < WORD_BITS)
			*out |= word << at % WORD_BITS;
		else if (word)
			*out |= 1UL << (WORD_BITS - 1);
	}
	return 0;
}

/* What there is of @nodes, as the C library counts its words: longer arrays end with zeroes. 0, -EFAULT, -EINVAL. */
static int put_nodes(uaddr_t addr, unsigned long maxnode, nodemask_t nodes)
{
	size_t size = ((maxnode - 1 + 63) & ~63UL) / 8, have = sizeof(nodes);

	if (size > have) {
		if (size > PAGE_SIZE)
			return -EINVAL;
		if (clear_user(addr + have, size - have))
			return -EFAULT;
		size = have;
	}
	return copy_to_user(addr, &nodes, size) ? -EFAULT : 0;
}

/* Mode and flags of a policy out of one number. 0 or -EINVAL. */
static int get_mode(unsigned long arg, unsigned *mode, unsigned *flags)
{
	const unsigned both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;

	*flags = (unsigned)arg & MPOL_MODE_FLAGS;
	*mode = (unsigned)arg & ~(unsigned)MPOL_MODE_FLAGS;
	if (*mode >= MPOL_MAX || (*flags & both) == both)
		return -EINVAL;
	return (*flags & MPOL_F_NUMA_BALANCING) && *mode != MPOL_BIND ? -EINVAL : 0;
}

/* A range of pages in *end: 1; 0: it is empty; -EINVAL. */
static int get_range(unsigned long start, unsigned long len, unsigned long *end)
{
	if (start & ~PAGE_MASK)
		return -EINVAL;
	*end = start + ((len + PAGE_SIZE - 1) & PAGE_MASK);
	return *end < start ? -EINVAL : *end != start;
}

static struct mm_struct *current_mm(void)
{
	return current_task()->mm_ctx.mm;
}

/* ---- policies ---- */

SYS(set_mempolicy)
{
	unsigned mode, flags;
	struct mempolicy *pol;
	nodemask_t nodes;
	int err = get_mode(a0, &mode, &flags);

	if (!err)
		err = get_nodes(a1, a2, &nodes);
	if (!err)
		err = mpol_new(mode, flags, nodes, &pol);
	if (!err)
		mpol_set_task(pol);
	return err;
}

/* What get_mempolicy reports of @pol, the thread's or the one at an address. */
static void report_policy(const struct mempolicy *pol, int *mode, nodemask_t *nodes)
{
	*mode = MPOL_DEFAULT;
	*nodes = 0;
	if (!pol)
		return;
	*mode = pol->mode | pol->flags;
	*nodes =
		pol->flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES) ? pol->user : pol->nodes;
}

static int policy_at(uaddr_t addr, unsigned flags, int *mode, nodemask_t *nodes)
{
	struct mempolicy *pol;
	int err = vm_get_policy(current_mm(), addr, &pol), node;

	if (err)
		return err;
	report_policy(pol, mode, nodes);
	mpol_put(pol);
	if (!(flags & MPOL_F_NODE))
		return 0;
	node = vm_node_of(current_mm(), addr);
	*mode = node;
	return node < 0 ? node : 0;
}

static int policy_of_task(unsigned flags, int *mode, nodemask_t *nodes)
{
	const struct mempolicy *pol = current_task()->mm_ctx.mempolicy;

	report_policy(pol, mode, nodes);
	if (!(flags & MPOL_F_NODE))
		return 0;
	if (!pol || pol->mode != MPOL_INTERLEAVE)
		return -EINVAL;
	*mode = mpol_task_next();
	return 0;
}

static int policy_query(uaddr_t addr, unsigned long flags, int *mode, nodemask_t *nodes)
{
	if (flags & ~(unsigned long)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		*mode = MPOL_DEFAULT;
		*nodes = node_states(N_MEMORY);
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	}
	if (flags & MPOL_F_ADDR)
		return policy_at(addr, (unsigned)flags, mode, nodes);
	return addr ? -EINVAL : policy_of_task((unsigned)flags, mode, nodes);
}

SYS(get_mempolicy)
{
	nodemask_t nodes;
	int mode, err;

	if (a1 && a2 < nr_nodes)
		return -EINVAL;
	err = policy_query(a3, a4, &mode, &nodes);
	if (!err && a0)
		err = put_user(a0, &mode);
	if (!err && a1)
		err = put_nodes(a1, a2, nodes);
	return err;
}

static long do_mbind(unsigned long start, unsigned long len, unsigned mode_arg, nodemask_t nodes,
		     unsigned flags)
{
	unsigned mode, mode_flags;
	struct mempolicy *pol;
	unsigned long end;
	int err;

	if (flags & ~(unsigned)(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
		return -EPERM;
	err = get_range(start, len, &end);
	if (err <= 0)
		return err;
	err = get_mode(mode_arg, &mode, &mode_flags);
	if (!err)
		err = mpol_new(mode, mode_flags, nodes, &pol);
	if (err)
		return err;
	err = vm_mbind(current_mm(), start, end, pol, nodes, flags);
	mpol_put(pol);
	return err;
}

SYS(mbind)
{
	unsigned mode, flags;
	nodemask_t nodes;
	int err = get_mode(a2, &mode, &flags);

	if (!err)
		err = get_nodes(a3, a4, &nodes);
	return err ? err : do_mbind(a0, a1, (unsigned)a2, nodes, (unsigned)a5);
}

SYS(set_mempolicy_home_node)
{
	unsigned long end;
	int err;

	if ((a0 & ~PAGE_MASK) || a3)
		return -EINVAL;
	if (a2 >= NODES_MAX || !node_online((int)a2))
		return -EINVAL;
	err = get_range(a0, a1, &end);
	return err <= 0 ? err : vm_set_home_node(current_mm(), a0, end, (int)a2);
}

/* ---- pages of a process ---- */

/* The memory of process @pid (0: the caller), if the caller may look into it. 0, -ESRCH, -EPERM, -EINVAL (it has none). */
static int get_target(int pid, struct task *task, struct mm_struct **out)
{
	if (!task)
		return -ESRCH;
	if (pid && !task_may_ptrace(task, true))
		return -EPERM;
	*out = task_mm_get(task);
	return *out ? 0 : -EINVAL;
}

static int find_target(int pid, struct mm_struct **out)
{
	struct task *task = task_or_self(pid);
	int err = get_target(pid, task, out);

	if (task)
		task_put(task);
	return err;
}

SYS(migrate_pages)
{
	nodemask_t from, to, allowed = node_states(N_MEMORY);
	bool nice = capable(CAP_SYS_NICE);
	struct mm_struct *mm;
	struct task *task;
	long ret = get_nodes(a2, a1, &from);

	if (!ret)
		ret = get_nodes(a3, a1, &to);
	if (ret)
		return ret;
	task = task_or_self((int)a0);
	if (task && !task_may_ptrace(task, true))
		ret = -EPERM;
	else if (task && (to & ~allowed) && !nice)
		ret = -EPERM;
	else if (task && !(to & allowed))
		ret = -EINVAL;
	else
		ret = get_target((int)a0, task, &mm);
	if (task)
		task_put(task);
	if (ret)
		return ret;
	ret = vm_migrate_nodes(mm, from, to & allowed, nice);
	mmput(mm);
	return ret;
}

struct move {
	struct mm_struct *mm;
	unsigned long nr;
	uaddr_t pages, nodes, status; /* user arrays */
	bool all;
	int node;	     /* where the picked pages go; NUMA_NO_NODE: none picked yet */
	unsigned long first; /* of the arrays, that is in picked[] */
	unsigned n;
	struct page *picked[MOVE_BATCH];
};

static int get_address(const struct move *m, unsigned long i, unsigned long *addr)
{
	return get_abi(addr, m->pages + i * abi_word(), "p");
}

static int put_status(const struct move *m, unsigned long i, int status)
{
	return put_user(m->status + i * sizeof(int), &status);
}

/* The picked pages move. 0; -EFAULT; or how many of all of the array's, those behind @next included, have not moved. */
static long move_picked(struct move *m, unsigned long next)
{
	unsigned n = m->n, left;
	long err = 0;

	m->n = 0;
	if (!n)
		return 0;
	left = vm_pages_to_node(m->picked, n, m->node);
	if (left)
		return (long)(left + (m->nr - next));
	for (unsigned i = 0; i < n && !err; i++)
		err = put_status(m, m->first + i, m->node);
	m->first = next;
	return err;
}

/* Where page @i is to go. 0, -EFAULT, -ENODEV. */
static int get_target_node(const struct move *m, unsigned long i, int *node)
{
	if (get_user(node, m->nodes + i * sizeof(int)))
		return -EFAULT;
	return node_state(*node, N_MEMORY) ? 0 : -ENODEV;
}

/* Page @i goes into the batch, or its status is known. 0, an error, or a number of pages that have not moved. */
static long move_one(struct move *m, unsigned long i)
{
	unsigned long addr;
	int node, r = get_address(m, i, &addr);
	long err = 0;

	if (!r)
		r = get_target_node(m, i, &node);
	if (r)
		return r;
	if (m->n && (node != m->node || m->n == MOVE_BATCH))
		err = move_picked(m, i);
	if (err)
		return err;
	if (!m->n) {
		m->node = node;
		m->first = i;
	}
	r = vm_page_pick(m->mm, addr, node, m->all, &m->picked[m->n]);
	if (r > 0) {
		m->n++;
		return 0;
	}
	err = put_status(m, i, r ? r : node);
	return err ? err : move_picked(m, i + 1);
}

static long move_all(struct move *m)
{
	long err = 0, last;
	unsigned long i;

	for (i = 0; i < m->nr && !err; i++) {
		err = fatal_signal_pending() ? -EINTR : move_one(m, i);
	}
	last = move_picked(m, i);
	return err ? err : last;
}

static long query_all(const struct move *m)
{
	unsigned long addr;
	int err = 0;

	for (unsigned long i = 0; i < m->nr && !err; i++) {
		err = get_address(m, i, &addr);
		if (!err)
			err = put_status(m, i, vm_page_status(m->mm, addr));
		if (!err && fatal_signal_pending())
			err = -EINTR;
	}
	return err;
}

SYS(move_pages)
{
	struct move m = { .nr = a1, .pages = a2, .nodes = a3, .status = a4 };
	unsigned flags = (unsigned)a5;
	long ret;

	if (flags & ~(unsigned)(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	m.all = flags & MPOL_MF_MOVE_ALL;
	if (m.all && !capable(CAP_SYS_NICE))
		return -EPERM;
	ret = find_target((int)a0, &m.mm);
	if (ret)
		return ret;
	ret = m.nodes ? move_all(&m) : query_all(&m);
	mmput(m.mm);
	return ret;
}
