/*
 * The shape of the machine: processors and nodes.
 *
 * OWNS     the node of each processor, the distances, nr_nodes, numa_local.
 * WHY      the firmware describes them (ACPI SRAT, SLIT), allocation and reports use them; this is what they share.
 * I1       every processor has a node below nr_nodes; the distance of a node to itself is LOCAL_DISTANCE unless the
 *          firmware said else.
 * I2       numa_local of a CPU is node_data[cpu_to_node(cpu)], from numa_cpus_ready on.
 * LOCKS    none: written at boot by one CPU, read ever after.
 * SOURCES  ACPI 6.4, 5.2.16 (SRAT), 5.2.17 (SLIT); numa(7).   TESTED BY zone_test.c, numa_test.c
 */
#include "mm/numa.h"

#include "lib/string.h"
#include "mm/phys/phys_impl.h"

static uint8_t cpu_nodes[CFG_NR_CPUS];
static uint8_t distances[CFG_MAX_NODES][CFG_MAX_NODES]; /* 0: not said */

unsigned nr_nodes = 1;
DEFINE_PER_CPU(struct pglist_data *, numa_local);

static bool node_ok(int node)
{
	return node >= 0 && node < CFG_MAX_NODES;
}

int cpu_to_node(unsigned cpu)
{
	return cpu < CFG_NR_CPUS ? cpu_nodes[cpu] : 0;
}

int node_distance(int from, int to)
{
	if (!node_ok(from) || !node_ok(to))
		return REMOTE_DISTANCE;
	if (distances[from][to])
		return distances[from][to];
	return from == to ? LOCAL_DISTANCE : REMOTE_DISTANCE;
}

unsigned long node_cpu_mask(int node)
{
	unsigned long mask = 0;

	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		if (cpu_to_node(cpu) == node)
			mask |= 1UL << cpu;
	}
	return mask;
}

static bool has_memory(int node, bool low_only)
{
	struct zone *z;

	for_each_zone (node_data[node], z) {
		if (zone_has_memory(z) && !(low_only && zone_type_is_high(z->type)))
			return true;
	}
	return false;
}

static bool in_state(int node, enum node_state which)
{
	switch (which) {
	case N_NORMAL_MEMORY:
	case N_MEMORY:
		return has_memory(node, which == N_NORMAL_MEMORY);
	case N_CPU:
		return node_cpu_mask(node) & cpu_online_mask();
	default:
		return true;
	}
}

nodemask_t node_states(enum node_state which)
{
	nodemask_t mask = 0;

	for (unsigned n = 0; n < nr_nodes; n++)
		mask |= (nodemask_t)in_state((int)n, which) << n;
	return mask;
}

/* ---- boot ---- */

void numa_reset(void)
{
	memset(cpu_nodes, 0, sizeof(cpu_nodes));
	memset(distances, 0, sizeof(distances));
	nr_nodes = 1;
}

void numa_set_nodes(unsigned nodes)
{
	if (nodes > nr_nodes && nodes <= CFG_MAX_NODES)
		nr_nodes = nodes;
}

void numa_set_cpu(unsigned cpu, int node)
{
	if (cpu < CFG_NR_CPUS && node_ok(node))
		cpu_nodes[cpu] = (uint8_t)node;
}

void numa_set_distance(int from, int to, unsigned distance)
{
	if (node_ok(from) && node_ok(to) && distance >= LOCAL_DISTANCE && distance <= UINT8_MAX)
		distances[from][to] = (uint8_t)distance;
}

void numa_cpus_ready(void)
{
	unsigned cpu;

	for_each_possible_cpu (cpu) {
		must(node_online(cpu_to_node(cpu))); /* I1 */
		per_cpu(numa_local, cpu) = node_data[cpu_to_node(cpu)];
	}
}
