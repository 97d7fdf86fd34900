/*
 * ACPI's tables of nodes: which memory and which processors lie together (SRAT), how far they are apart (SLIT).
 *
 * OWNS     nothing: a pure function from table bytes to struct acpi_numa.
 * WHY      the tables are the firmware's word on where memory is; a wrong word must cost speed at most. So a table is
 *          taken whole or not at all: with one entry that cannot be, the machine is one node.
 * I1       as acpi.c: no byte outside a table's length is read.
 * I2       ranges[] are not empty, do not wrap, and those of different nodes do not overlap.
 * I3       node numbers are dense: 0..nr_nodes-1, each named by a processor or by memory.
 * I4       distances: a node to itself LOCAL, to another more; any other matrix is ignored.
 * LOCKS    none; boot CPU.
 * COST     entries * ranges.
 * NUMBERS  a domain gets the next number when the table names it first: processors are read before memory, so node 0 is
 *          the first processor's. So does Linux, and tools that know a machine by its node numbers agree.
 * NOT HERE what of it is RAM (the memory map says; arch/x86/entry/acpi_tables.c).
 * SOURCES  ACPI specification 6.4: 5.2.16 SRAT, 5.2.17 SLIT.   TESTED BY acpi_numa_test.c, sim/fuzz_acpi.c
 */
#include "arch/x86/hw/acpi_table.h"
#include "lib/string.h"

enum {
	SRAT_ENTRIES = 48,
	SRAT_LAPIC = 0,
	SRAT_MEMORY = 1,
	SRAT_X2APIC = 2,
	SRAT_ENABLED = 1,
	SLIT_MATRIX = 44,
	SELF_DISTANCE = 10,
};

struct srat {
	struct acpi_numa *numa;
	const struct acpi_info *info;
	uint8_t revision;
};

/* Number of the node of @domain, a new one if need be; negative: too many. */
static int node_of(struct acpi_numa *numa, uint32_t domain)
{
	for (unsigned n = 0; n < numa->nr_nodes; n++) {
		if (numa->domains[n] == domain)
			return (int)n;
	}
	if (numa->nr_nodes == CFG_MAX_NODES)
		return -1;
	numa->domains[numa->nr_nodes] = domain;
	return (int)numa->nr_nodes++;
}

static const char *add_cpu(struct srat *s, uint32_t apic_id, uint32_t domain)
{
	int node = node_of(s->numa, domain);

	if (node < 0)
		return "more domains than this kernel has nodes";
	for (unsigned i = 0; i < s->info->nr_cpus; i++) {
		if (s->info->apic_ids[i] == apic_id)
			s->numa->cpu_node[i] = (uint8_t)node;
	}
	return NULL;
}

static bool overlaps_another_node(const struct acpi_numa *numa, phys_t start, phys_t end, int node)
{
	for (unsigned i = 0; i < numa->nr_ranges; i++) {
		const struct acpi_numa_range *r = &numa->ranges[i];

		if (r->start < end && start < r->end && r->node != (unsigned)node)
			return true;
	}
	return false;
}

static const char *add_memory(struct srat *s, phys_t start, phys_t len, uint32_t domain)
{
	struct acpi_numa *numa = s->numa;
	int node;

	if (!len)
		return NULL;
	if (start + len < start)
		return "a memory range wraps";
	node = node_of(numa, domain);
	if (node < 0)
		return "more domains than this kernel has nodes";
	if (overlaps_another_node(numa, start, start + len, node))
		return "two nodes claim the same memory";
	if (numa->nr_ranges == ACPI_NUMA_RANGES)
		return "too many memory ranges";
	numa->ranges[numa->nr_ranges++] =
		(struct acpi_numa_range){ start, start + len, (unsigned)node };
	return NULL;
}

/* Domains had 8 bits in the first revision; what stood beside them was not zeroed. */
static uint32_t domain_bits(const struct srat *s, uint32_t domain)
{
	return s->revision < 2 ? domain & 0xff : domain;
}

/* An entry about processors (or memory). Return: NULL, or what is wrong with it. */
static const char *parse_entry(struct srat *s, const struct table *e, bool memory)
{
	uint32_t domain;

	switch (e->bytes[0]) {
	case SRAT_LAPIC:
		if (e->len < 16)
			return "an entry is too short";
		domain = (uint32_t)field(e, 2, 1) | (uint32_t)field(e, 9, 3) << 8;
		if (memory || !(field(e, 4, 4) & SRAT_ENABLED))
			return NULL;
		return add_cpu(s, (uint32_t)field(e, 3, 1), domain_bits(s, domain));
	case SRAT_X2APIC:
		if (e->len < 24)
			return "an entry is too short";
		if (memory || !(field(e, 12, 4) & SRAT_ENABLED))
			return NULL;
		return add_cpu(s, (uint32_t)field(e, 8, 4), (uint32_t)field(e, 4, 4));
	case SRAT_MEMORY:
		if (e->len < 40)
			return "an entry is too short";
		if (!memory || !(field(e, 28, 4) & SRAT_ENABLED))
			return NULL;
		return add_memory(s, field(e, 8, 8), field(e, 16, 8),
				  domain_bits(s, (uint32_t)field(e, 2, 4)));
	default:
		return NULL;
	}
}

static const char *parse_srat(struct srat *s, const struct table *t)
{
	for (int memory = 0; memory < 2; memory++) {
		uint32_t off = SRAT_ENTRIES;
		struct table e;

		while (table_entry(t, &off, &e)) {
			const char *wrong = parse_entry(s, &e, memory);

			if (wrong)
				return wrong;
		}
		if (off != t->len)
			return "an entry's length cannot be";
	}
	return s->numa->nr_ranges ? NULL : "no memory";
}

/* I4 over the whole matrix of @n domains. */
static bool distances_possible(const uint8_t *matrix, uint64_t n)
{
	for (uint64_t i = 0; i < n * n; i++) {
		bool self = i / n == i % n;

		if (self ? matrix[i] != SELF_DISTANCE : matrix[i] <= SELF_DISTANCE)
			return false;
	}
	return true;
}

static void parse_slit(struct acpi_numa *numa, const struct table *t)
{
	uint64_t n = field(t, SDT_HEADER, 8);
	const uint8_t *matrix = t->bytes + SLIT_MATRIX;

	if (t->len < SLIT_MATRIX || !n || n > t->len || n * n > t->len - SLIT_MATRIX ||
	    !distances_possible(matrix, n)) {
		numa->slit_refused = "not a matrix of distances";
		return;
	}
	for (unsigned from = 0; from < numa->nr_nodes; from++) {
		for (unsigned to = 0; to < numa->nr_nodes; to++) {
			if (numa->domains[from] < n && numa->domains[to] < n)
				numa->distance[from][to] =
					matrix[numa->domains[from] * n + numa->domains[to]];
		}
	}
}

bool acpi_parse_numa(struct acpi_numa *numa, const struct acpi_info *info, acpi_map_fn map)
{
	struct srat s = { .numa = numa, .info = info };
	struct table t;
	const char *wrong;

	memset(numa, 0, sizeof(*numa));
	if (!info->srat || !table_open(&t, info->srat, map, true))
		return false;
	s.revision = t.bytes[8];
	wrong = parse_srat(&s, &t);
	if (wrong) {
		memset(numa, 0, sizeof(*numa));
		numa->refused = wrong;
		return false;
	}
	if (info->slit && table_open(&t, info->slit, map, true))
		parse_slit(numa, &t);
	return true;
}
