/* Where a CPU sits: its package and core, the CPUs it shares them with, its caches. */
#ifndef ARCH_CPU_PLACE_H
#define ARCH_CPU_PLACE_H

#include "base/compiler.h"
#include "base/types.h"

struct cpu_place {
	unsigned package, core;		       /* numbers; the core's is within the package */
	unsigned nr_siblings;		       /* CPUs of the package, online */
	unsigned nr_cores;		       /* of the package, online */
	unsigned long package_cpus, core_cpus; /* online ones */
};
void cpu_place_get(unsigned cpu, struct cpu_place *out);

enum cpu_cache_type { CACHE_DATA = 1, CACHE_INSTRUCTION, CACHE_UNIFIED };
struct cpu_cache {
	unsigned level, kib, line_bytes, ways, sets;
	enum cpu_cache_type type;
	bool of_package; /* all cores share it, not only the threads of one */
};
enum { CPU_CACHES_MAX = 8 };
/* The cache @index, counted as Linux counts them. All CPUs are taken to be alike. False: there is none. */
bool cpu_cache_get(unsigned index, struct cpu_cache *out);

#endif
