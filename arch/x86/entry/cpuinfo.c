/*
 * /proc/cpuinfo: what CPUID says, in Linux's words and order.
 *
 * OWNS     nothing; the APIC number of each CPU was noted when it started (hw/cpu.c).
 * FLAGS    Linux's names by register and bit. A feature the kernel does not let programs use is not
 *          named: without XSAVE no AVX and what follows from it, without CR4.FSGSBASE no fsgsbase;
 *          so whoever reads the line to choose code chooses code that runs.
 * BUGS     the names that follow from the maker, as in the reference captures; nothing depends on
 *          them.
 * CONTEXT  any; CPUID is executed on the calling CPU, all CPUs are taken to be alike.
 * SOURCES  proc(5); Intel SDM volume 2A, "CPUID"; AMD APM volume 3, "CPUID"; captured text of Linux
 *          6.1.
 */
#include "arch/cpu_place.h"
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/x86/hw/cpu.h"
#include "arch/x86/hw/cr.h"
#include "base/config.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sync/percpu.h"

struct text {
	char *buf;
	size_t size, len;
};

static void printf_(2, 3) put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (t->len >= t->size)
		return;
	va_start(ap, fmt);
	n = fmt_vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	t->len = min_of(size_t, t->len + n, t->size ? t->size - 1 : 0);
}

/* Names of bits 0, 1, …; "." for one that is not shown. */
static const char names_1_d[] =
	"fpu vme de pse tsc msr pae mce cx8 apic . sep mtrr pge mca cmov pat pse36 pn clflush "
	". dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe";
static const char names_ext1_d[] =
	". . . . . . . . . . . syscall . . . . . . . mp nx . mmxext . . fxsr_opt pdpe1gb "
	"rdtscp . lm 3dnowext 3dnow";
static const char names_1_c[] =
	"pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg . cx16 xtpr pdcm "
	". . dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes . . . . rdrand "
	"hypervisor";
static const char names_ext1_c[] =
	"lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw "
	"ibs . skinit wdt . . . tce . nodeid_msr . tbm topoext perfctr_core perfctr_nb . "
	"bpext ptsc perfctr_llc mwaitx";
static const char names_7_b[] =
	". tsc_adjust . bmi1 . . . smep bmi2 erms invpcid . cqm . . rdt_a . . rdseed adx smap "
	". . clflushopt clwb . . . . sha_ni";

static const char names_7_c[] = ". . . . . . . . . . . . . . . . la57 . . . . . rdpid";

enum { LEAF7_C_LA57 = 16 };
enum { EXT1_D_LM = 29, EXT1_C_3DNOWPREFETCH = 8 };
enum vendor { VENDOR_OTHER, VENDOR_INTEL, VENDOR_AMD };

static enum vendor vendor_get(char name[13])
{
	const struct cpuid_regs r = cpuid(0, 0);

	memcpy(name, &r.b, 4);
	memcpy(name + 4, &r.d, 4);
	memcpy(name + 8, &r.c, 4);
	name[12] = '\0';
	if (!strcmp(name, "GenuineIntel"))
		return VENDOR_INTEL;
	return strcmp(name, "AuthenticAMD") ? VENDOR_OTHER : VENDOR_AMD;
}

static unsigned family_get(uint32_t sig)
{
	const unsigned family = sig >> 8 & 15;

	return family == 15 ? family + (sig >> 20 & 255) : family;
}

static unsigned model_get(uint32_t sig)
{
	const unsigned model = sig >> 4 & 15;

	return family_get(sig) >= 6 ? model | (sig >> 12 & 0xf0) : model;
}

static bool has_ext(uint32_t leaf)
{
	return cpu_features.max_ext_leaf >= leaf && cpu_features.max_ext_leaf <= 0x8000ffff;
}

const char *cpu_model_name(void)
{
	static char name[49];
	uint32_t word[12];
	const char *start = name;

	if (!has_ext(0x80000004))
		return "unknown";
	for (unsigned i = 0; i < 3; i++) {
		const struct cpuid_regs r = cpuid(0x80000002 + i, 0);

		memcpy(word + 4 * i, &r, sizeof(r));
	}
	memcpy(name, word, sizeof(word));
	while (*start == ' ')
		start++;
	return start;
}

static void put_names(struct text *t, const char *names, uint32_t bits)
{
	for (unsigned bit = 0; *names; bit++) {
		size_t len = 0;

		while (names[len] && names[len] != ' ')
			len++;
		if ((bits >> bit & 1) && names[0] != '.')
			put(t, " %.*s", (int)len, names);
		names += len + (names[len] == ' ');
	}
}

/* What Linux concludes rather than reads, in the order of its numbers. */
static void put_derived(struct text *t, enum vendor vendor, unsigned family, unsigned model)
{
	const uint32_t power = has_ext(0x80000007) ? cpuid(0x80000007, 0).d : 0;
	const bool intel_constant = vendor == VENDOR_INTEL &&
				    ((family == 6 && model >= 14) || (family == 15 && model >= 3));

	if (intel_constant || (power >> 8 & 1))
		put(t, " constant_tsc");
	if ((vendor == VENDOR_AMD && family >= 15) || (vendor == VENDOR_INTEL && family == 6))
		put(t, " rep_good");
	if (sizeof(long) == 8)
		put(t, " nopl");
	if (vendor != VENDOR_AMD && cpu_features.max_leaf >= 11 && cpuid(11, 0).b)
		put(t, " xtopology");
	if (power >> 8 & 1)
		put(t, " nonstop_tsc");
	put(t, " cpuid");
	if (vendor == VENDOR_AMD && family >= 15)
		put(t, " extd_apicid");
}

static void put_flags(struct text *t, enum vendor vendor, unsigned family, unsigned model)
{
	uint32_t ext1_c = cpu_features.ext1_c, leaf7_c = 0;

	if (cpu_features.max_leaf >= 7)
		leaf7_c = cpuid(7, 0).c;
	if (!(cr4_read() & CR4_LA57)) /* not there, or not wanted (no5lvl) */
		leaf7_c &= ~(1U << LEAF7_C_LA57);

	put(t, "flags\t\t:");
	put_names(t, names_1_d, cpu_features.leaf1_d);
	put_names(t, names_ext1_d, cpu_features.ext1_d);
	put_derived(t, vendor, family, model);
	put_names(t, names_1_c, cpu_features.leaf1_c);
	if (vendor == VENDOR_AMD && (cpu_features.ext1_d >> EXT1_D_LM & 1))
		ext1_c |= 1U << EXT1_C_3DNOWPREFETCH; /* every 64-bit AMD has it, not all say so */
	put_names(t, names_ext1_c, ext1_c);
	if (vendor == VENDOR_AMD)
		put(t, " vmmcall");
	put_names(t, names_7_b, cpu_features.leaf7_b);
	put_names(t, names_7_c, leaf7_c);
	put(t, "\nbugs\t\t:%s spectre_v1 spectre_v2\n",
	    vendor != VENDOR_AMD ? ""
	    : family == 15	 ? " fxsave_leak sysret_ss_attrs null_seg swapgs_fence amd_e400"
				 : " fxsave_leak sysret_ss_attrs");
}

/* KiB of the last cache level; 0: not known. */
static unsigned cache_kib(enum vendor vendor)
{
	unsigned kib = 0;

	for (unsigned i = 0; vendor == VENDOR_INTEL && cpu_features.max_leaf >= 4 && i < 8; i++) {
		const struct cpuid_regs r = cpuid(4, i);

		if (!(r.a & 31))
			break;
		if ((r.a & 31) != 2) /* not an instruction cache: levels rise */
			kib = ((r.b >> 22) + 1) * ((r.b >> 12 & 1023) + 1) * ((r.b & 4095) + 1) *
			      (r.c + 1) / 1024;
	}
	if (!kib && has_ext(0x80000006))
		kib = cpuid(0x80000006, 0).c >> 16;
	return kib;
}

static void put_topology(struct text *t, unsigned cpu)
{
	const unsigned apic = per_cpu(cpu_apic_id, cpu);
	struct cpu_place p;

	cpu_place_get(cpu, &p);
	put(t, "physical id\t: %u\nsiblings\t: %u\n", p.package, p.nr_siblings);
	put(t, "core id\t\t: %u\ncpu cores\t: %u\n", p.core, p.nr_cores);
	put(t, "apicid\t\t: %u\ninitial apicid\t: %u\n", apic, apic);
}

/* ---- the whole entry ---- */

static void put_identity(struct text *t, unsigned cpu, const char *vendor_name, enum vendor vendor,
			 uint32_t sig)
{
	put(t, "processor\t: %u\nvendor_id\t: %s\n", cpu, vendor_name);
	put(t, "cpu family\t: %u\nmodel\t\t: %u\n", family_get(sig), model_get(sig));
	put(t, "model name\t: %s\nstepping\t: %u\n", cpu_model_name(), sig & 15);
	if (cpu_features.microcode)
		put(t, "microcode\t: 0x%x\n", cpu_features.microcode);
	put(t, "cpu MHz\t\t: %u.%03u\n", tsc_khz / 1000, tsc_khz % 1000);
	if (cache_kib(vendor))
		put(t, "cache size\t: %u KB\n", cache_kib(vendor));
}

static void put_sizes(struct text *t)
{
	const uint32_t leaf1_b = cpuid(1, 0).b;
	const uint32_t tlb = sizeof(long) == 8 && has_ext(0x80000006) ? cpuid(0x80000006, 0).b : 0;
	const unsigned virt = has_ext(0x80000008) ? cpuid(0x80000008, 0).a >> 8 & 255 : 32;
	const unsigned tlb_pages = (tlb >> 16 & 4095) + (tlb & 4095);

	put(t, "bogomips\t: %u.%02u\n", tsc_khz / 500, tsc_khz / 5 % 100);
	if (tlb_pages)
		put(t, "TLB size\t: %u 4K pages\n", tlb_pages);
	put(t, "clflush size\t: %u\ncache_alignment\t: %u\n", (leaf1_b >> 8 & 255) * 8,
	    (leaf1_b >> 8 & 255) * 8);
	put(t, "address sizes\t: %u bits physical, %u bits virtual\n", cpu_phys_bits(), virt);
	put(t, "power management:\n\n");
}

size_t cpu_info_format(unsigned cpu, char *buf, size_t size)
{
	struct text t = { .buf = buf, .size = size };
	const uint32_t sig = cpuid(1, 0).a;
	char vendor_name[13];
	const enum vendor vendor = vendor_get(vendor_name);

	put_identity(&t, cpu, vendor_name, vendor, sig);
	put_topology(&t, cpu);
	if (sizeof(long) == 4)
		put(&t, "fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\n");
	put(&t, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n",
	    cpu_features.max_leaf);
	put_flags(&t, vendor, family_get(sig), model_get(sig));
	put_sizes(&t);
	return t.len;
}
