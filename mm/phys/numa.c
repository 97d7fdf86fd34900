/*
 * The shape of the machine: processors and nodes.
 *
 * OWNS     the two tables.
 * WHY      the firmware describes them (ACPI SRAT, SLIT), allocation and reports use them; this is what they share.
 * I1       every processor has a node; the distance of a node to itself is LOCAL_DISTANCE unless the firmware said else.
 * LOCKS    none: written at boot by one CPU, read ever after.
 * SOURCES  ACPI 6.4, 5.2.16 (SRAT), 5.2.17 (SLIT).   TESTED BY zone_test.c, proc_sysfs.c
 */
#include "mm/numa.h"

#include "base/config.h"
#include "sync/percpu.h"

static uint8_t cpu_nodes[CFG_NR_CPUS];
static uint8_t distances[CFG_MAX_NODES][CFG_MAX_NODES]; /* 0: not said */

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
