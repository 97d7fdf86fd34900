/*
 * Which CPUs share a package, a core, a cache.
 *
 * OWNS     nothing; the APIC number of each CPU was noted when it started (hw/cpu.c).
 * HOW      the bits of an APIC number are thread, core, package, from below; CPUID says how many each has. Caches: leaf 4
 *          where it is the maker's word (Intel), else the older leaves 0x80000005 and 6 (AMD), as Linux does without TOPOEXT.
 * CONTEXT  any; CPUID is executed on the calling CPU, all CPUs are taken to be alike.
 * SOURCES  Intel SDM volume 2A, "CPUID", leaves 4 and 0BH; AMD APM volume 3, "CPUID", 8000_0005h and 8000_0006h.
 *          TESTED BY  proc_sysfs.c
 */
#include "arch/cpu_place.h"
#include "arch/msr.h"
#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/x86/hw/cpu.h"
#include "sync/percpu.h"

enum { LEAF_CACHES = 4, LEAF_PLACE = 11 };
#define EXT_LEAF_L1 0x80000005U
#define EXT_LEAF_L2 0x80000006U

static unsigned bits_for(unsigned n)
{
	unsigned bits = 0;

	while (1U << bits < n)
		bits++;
	return bits;
}

static unsigned smt_bits(void)
{
	if (cpu_features.max_leaf < LEAF_PLACE || !cpuid(LEAF_PLACE, 0).b)
		return 0;
	return cpuid(LEAF_PLACE, 0).a & 31;
}

static unsigned package_bits(void)
{
	if (cpu_features.max_leaf >= LEAF_PLACE && cpuid(LEAF_PLACE, 1).b)
		return cpuid(LEAF_PLACE, 1).a & 31;
	return cpu_features.leaf1_d >> 28 & 1 ? bits_for(cpuid(1, 0).b >> 16 & 255) : 0;
}

void cpu_place_get(unsigned cpu, struct cpu_place *out)
{
	const unsigned own = per_cpu(cpu_apic_id, cpu), bits = package_bits(), smt = smt_bits();
	unsigned other;

	*out = (struct cpu_place){ .package = own >> bits,
				   .core = (own & ((1U << bits) - 1)) >> smt };
	for_each_online_cpu (other) {
		const unsigned id = per_cpu(cpu_apic_id, other);

		if (id >> bits != out->package)
			continue;
		out->package_cpus |= 1UL << other;
		out->nr_siblings++;
		out->nr_cores += (id & ((1U << smt) - 1)) == 0;
		if (id >> smt == own >> smt)
			out->core_cpus |= 1UL << other;
	}
	out->nr_cores = max_of(unsigned, out->nr_cores, 1);
}

/* ---- caches ---- */

static bool from_leaf4(unsigned index, struct cpu_cache *out)
{
	struct cpuid_regs r;

	if (cpu_features.max_leaf < LEAF_CACHES)
		return false;
	r = cpuid(LEAF_CACHES, index);
	*out = (struct cpu_cache){ .level = r.a >> 5 & 7,
				   .type = r.a & 31,
				   .line_bytes = (r.b & 4095) + 1,
				   .ways = (r.b >> 22) + 1,
				   .sets = r.c + 1,
				   .of_package = (r.a >> 14 & 4095) + 1 > 1U << smt_bits() };
	out->kib = out->ways * ((r.b >> 12 & 1023) + 1) * out->line_bytes * out->sets / 1024;
	return out->type >= CACHE_DATA && out->type <= CACHE_UNIFIED;
}

/* What AMD's code for the number of ways means; 0: not said so. */
static unsigned ways_of(unsigned code)
{
	static const uint8_t ways[16] = { 0, 1, 2, 0, 4, 0, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0 };

	return ways[code & 15];
}

static bool from_old_leaves(unsigned index, struct cpu_cache *out)
{
	const struct cpuid_regs l1 = cpuid(EXT_LEAF_L1, 0), l2 = cpuid(EXT_LEAF_L2, 0);
	const uint32_t word[] = { l1.c, l1.d, l2.c, l2.d };
	uint32_t w;

	if (index >= ARRAY_SIZE(word))
		return false;
	w = word[index];
	*out = (struct cpu_cache){ .level = index ? index : 1, .line_bytes = w & 255 };
	out->type = index == 0 ? CACHE_DATA : index == 1 ? CACHE_INSTRUCTION : CACHE_UNIFIED;
	out->kib = index < 2 ? w >> 24 : index == 2 ? w >> 16 : (w >> 18) * 512;
	out->ways = index < 2 ? w >> 16 & 255 : ways_of(w >> 12);
	out->of_package = index == 3;
	if (!out->ways && out->line_bytes)
		out->ways = out->kib * 1024 / out->line_bytes; /* any line anywhere */
	if (!out->kib || !out->line_bytes || !out->ways)
		return false;
	out->sets = out->kib * 1024 / out->line_bytes / out->ways;
	return true;
}

bool cpu_cache_get(unsigned index, struct cpu_cache *out)
{
	const uint32_t max = cpu_features.max_ext_leaf;

	if (max >= EXT_LEAF_L2 && max <= 0x8000ffffU && cpuid(EXT_LEAF_L1, 0).c)
		return from_old_leaves(index, out);
	return from_leaf4(index, out);
}
