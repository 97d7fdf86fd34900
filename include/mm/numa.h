/*
 * Nodes: memory and the processors near it. The firmware's tables say at boot which there are (arch/x86/entry); without
 * them there is node 0. See numa(7). Allocation on a node: mm/alloc.h.
 */
#ifndef MM_NUMA_H
#define MM_NUMA_H

#include "sync/percpu.h"

enum {
	LOCAL_DISTANCE = 10,
	REMOTE_DISTANCE = 20, /* where the firmware says nothing (ACPI SLIT) */
	NUMA_NO_NODE = -1     /* no preference: the running CPU's node */
};

typedef unsigned long nodemask_t; /* bit n: node n */
#define NODES_ALL (~0UL)

extern unsigned nr_nodes; /* nodes are 0..nr_nodes-1, all online from boot on */

enum node_state {
	N_POSSIBLE,
	N_ONLINE,
	N_NORMAL_MEMORY, /* has memory that the kernel can use for itself */
	N_MEMORY,	 /* has memory at all */
	N_CPU,		 /* has a processor that is online */
	NR_NODE_STATES
};
nodemask_t node_states(enum node_state which);

static inline bool node_state(int node, enum node_state which)
{
	return node >= 0 && node < CFG_MAX_NODES && (node_states(which) >> node & 1);
}

static inline bool node_online(int node)
{
	return node >= 0 && (unsigned)node < nr_nodes;
}

int cpu_to_node(unsigned cpu);
int node_distance(int from, int to);   /* LOCAL_DISTANCE..255 */
unsigned long node_cpu_mask(int node); /* processors that exist, by number */

/* Node of the running CPU; a node without memory is possible. */
static inline int numa_node_id(void)
{
	return cpu_to_node(cpu_id());
}

/* ---- sets of nodes ---- */
static inline unsigned nodes_weight(nodemask_t mask)
{
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}
/* The @n-th node of @mask, counted round and round from 0; NUMA_NO_NODE: it is empty. */
static inline int nodes_nth(nodemask_t mask, unsigned long n)
{
	if (!mask)
		return NUMA_NO_NODE;
	for (n %= nodes_weight(mask); n; n--)
		mask &= mask - 1;
	return __builtin_ctzl(mask);
}
static inline int nodes_first(nodemask_t mask)
{
	return nodes_nth(mask, 0);
}

/*
 * Boot, in this order: numa_reset; what the firmware says; meminit (zonelists by these distances); numa_set_cpu and, once
 * every CPU has its per-CPU data, numa_cpus_ready. Numbers beyond CFG_NR_CPUS, CFG_MAX_NODES are ignored; so are
 * distances that cannot be (< 10).
 */
void numa_reset(void);
void numa_set_nodes(unsigned nodes); /* at least so many, with memory or without */
void numa_set_distance(int from, int to, unsigned distance);
void numa_set_cpu(unsigned cpu, int node);
void numa_cpus_ready(void);

#endif
