/*
 * What the firmware's ACPI tables say about processors, interrupt controllers, timers and power.
 * Parsed once
 * at boot; read-only afterwards.
 */
#ifndef ARCH_ACPI_H
#define ARCH_ACPI_H

#include "base/compiler.h"
#include "base/config.h"
#include "base/types.h"

enum { ACPI_MAX_IOAPICS = 4, ACPI_ISA_LINES = 16 };

struct acpi_ioapic {
	phys_t regs;
	uint32_t gsi_base;
	uint8_t id;
};

/* Where an ISA line really arrives; the default is gsi == line, edge, active high. */
struct acpi_isa_route {
	uint32_t gsi;
	bool level, active_low;
};

/* Generic address structure, only the two spaces that matter. */
struct acpi_reg {
	enum { ACPI_REG_NONE, ACPI_REG_MEMORY, ACPI_REG_PORT } space;
	uint64_t addr;
};

struct acpi_info {
	bool present;  /* a valid root table was found */
	bool has_madt; /* the fields up to isa[] come from it */
	phys_t lapic_regs;
	unsigned nr_cpus;	/* usable ones stored in apic_ids */
	unsigned nr_cpus_found; /* usable ones listed, may be more */
	uint32_t apic_ids[CFG_NR_CPUS];
	unsigned nr_ioapics;
	struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
	struct acpi_isa_route isa[ACPI_ISA_LINES];

	bool has_fadt;
	bool hw_reduced;	     /* no fixed ACPI hardware: sleep_control instead of pm1a_cnt */
	uint16_t pm_timer_port;	     /* 0: none */
	uint16_t pm1a_cnt, pm1b_cnt; /* ports, 0: none */
	uint16_t smi_cmd;
	uint8_t acpi_enable;
	uint8_t century_index; /* CMOS register of the century, 0: none */
	struct acpi_reg reset_reg, sleep_control;
	uint8_t reset_value;
	phys_t dsdt;
	uint32_t dsdt_len;
	phys_t hpet_regs;  /* 0: none */
	phys_t srat, slit; /* tables of nodes, for acpi_parse_numa; 0: none */
};

enum { ACPI_NUMA_RANGES = 64 };

/* Nodes as the firmware describes them, its "proximity domains" numbered from 0 in the order in which it names them. */
struct acpi_numa {
	unsigned nr_nodes; /* 0: nothing, or nothing that can be believed */
	unsigned nr_ranges;
	struct acpi_numa_range {
		phys_t start, end; /* not empty; those of two nodes do not overlap */
		unsigned node;
	} ranges[ACPI_NUMA_RANGES];
	uint8_t cpu_node[CFG_NR_CPUS]; /* of info->apic_ids */
	uint32_t domains[CFG_MAX_NODES];
	uint8_t distance[CFG_MAX_NODES][CFG_MAX_NODES]; /* 0: not said */
	const char *refused, *slit_refused; /* why not; NULL: fine, or there is no table */
};

/* Filled by acpi_init(); all zero without ACPI. */
extern struct acpi_info acpi;

/* Makes @len bytes at @pa readable until the next call. Return: NULL when that is impossible. */
typedef const void *(*acpi_map_fn)(phys_t pa, size_t len);

/**
 * acpi_parse - read every table of interest.
 * @rsdp: address of the root pointer, or 0 to search for it where a PC BIOS puts it.
 * Every length and checksum is checked; a bad table is as good as absent.
 * Return: 0; -ENODEV when there are no valid tables.
 */
int must_check acpi_parse(struct acpi_info *info, phys_t rsdp, acpi_map_fn map);

/**
 * acpi_parse_numa - nodes from SRAT and distances from SLIT.
 * @info: as acpi_parse left it; apic_ids may have been put in another order since.
 * One bad entry discredits the whole table. Return: whether there are nodes.
 */
bool acpi_parse_numa(struct acpi_numa *numa, const struct acpi_info *info, acpi_map_fn map);

/**
 * acpi_find_s5 - sleep types of soft-off, from the byte code of the DSDT.
 * Finds the object Name(_S5_, Package() { a, b, ... }) by its bytes. Return: false when there is
 * none.
 */
bool must_check acpi_find_s5(const uint8_t *aml, size_t len, uint8_t *typ_a, uint8_t *typ_b);

#endif
