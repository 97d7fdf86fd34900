/* Which processor is near which node, and how far nodes are from each other. Set once at boot from the firmware's tables. */
#ifndef MM_NUMA_H
#define MM_NUMA_H

#include "base/compiler.h"

enum {
	LOCAL_DISTANCE = 10,
	REMOTE_DISTANCE = 20
}; /* where the firmware says nothing (ACPI SLIT) */

int cpu_to_node(unsigned cpu);
int node_distance(int from, int to);
unsigned long node_cpu_mask(int node); /* processors that exist, by number */

/* Boot. Numbers beyond CFG_NR_CPUS, CFG_MAX_NODES are ignored; so are distances that cannot be (< 10). */
void numa_set_cpu(unsigned cpu, int node);
void numa_set_distance(int from, int to, unsigned distance);

#endif
