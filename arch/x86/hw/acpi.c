/*
 * ACPI tables: the few facts this kernel needs, out of the firmware's memory.
 *
 * OWNS     nothing: pure functions from table bytes to struct acpi_info.
 * WHY      an ACPI interpreter is a hundred thousand lines; processors, interrupt controllers, the
 *          timer port and the power-off registers stand in static tables. The one fact that is in
 *          byte code (the sleep type of S5) has a fixed form in practice and is found by its bytes.
 * I1       no byte outside a table's stated length is read, and a length is believed only between
 *          the header's size and ACPI_TABLE_MAX.
 * I2       a table whose bytes do not sum to zero is ignored (the DSDT is not summed: it is long
 *          and only searched).
 * I3       counts never exceed the arrays of struct acpi_info.
 * LOCKS    none; boot CPU.
 * COST     a table costs its length in byte additions; a search for the root pointer 8 K
 *          comparisons.
 * SOURCES  ACPI specification 6.4: 5.2.5 RSDP, 5.2.6 header, 5.2.9 FADT, 5.2.12 MADT, 20.2 AML
 *          grammar. TESTED BY acpi_test.c.
 */
#include "arch/x86/hw/acpi_table.h"
#include "base/errno.h"
#include "lib/string.h"

enum {
	ACPI_TABLE_MAX =
		1 << 20, /* the longest table seen in the field is a DSDT of about 400 KiB */
	ROOT_ENTRIES_MAX = 128,
	MADT_ENTRIES = 44,
};

/* MADT entry types, and the flag bits of a processor and of an override. */
enum {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_ADDR = 5,
	MADT_X2APIC = 9,
	MADT_CPU_ENABLED = 1,
	MADT_ACTIVE_LOW = 3,
	MADT_LEVEL = 3 << 2,
};

/* FADT field offsets and flags. */
enum {
	FADT_DSDT = 40,
	FADT_SMI_CMD = 48,
	FADT_ACPI_ENABLE = 52,
	FADT_PM1A_CNT = 64,
	FADT_PM1B_CNT = 68,
	FADT_PM_TIMER = 76,
	FADT_CENTURY = 108,
	FADT_FLAGS = 112,
	FADT_RESET_REG = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
	FADT_X_PM1A_CNT = 172,
	FADT_X_PM_TIMER = 208,
	FADT_SLEEP_CONTROL = 244,
	FADT_FLAG_RESET = 1 << 10,
	FADT_FLAG_HW_REDUCED = 1 << 20,
};

static bool sums_to_zero(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += bytes[i];
	return sum == 0;
}

bool table_open(struct table *t, phys_t pa, acpi_map_fn map, bool check)
{
	if (!pa)
		return false;
	t->bytes = map(pa, SDT_HEADER);
	if (!t->bytes)
		return false;
	t->len = SDT_HEADER;
	t->len = (uint32_t)field(t, 4, 4);
	if (t->len < SDT_HEADER || t->len > ACPI_TABLE_MAX)
		return false;
	t->bytes = map(pa, t->len);
	return t->bytes && (!check || sums_to_zero(t->bytes, t->len));
}

bool table_entry(const struct table *t, uint32_t *off, struct table *e)
{
	if (*off > t->len || t->len - *off < 2)
		return false;
	*e = (struct table){ t->bytes + *off, t->bytes[*off + 1] };
	if (e->len < 2 || e->len > t->len - *off)
		return false;
	*off += e->len;
	return true;
}

static bool table_is(const struct table *t, const char *signature)
{
	return memcmp(t->bytes, signature, 4) == 0;
}

static void add_cpu(struct acpi_info *info, uint32_t apic_id, uint32_t flags)
{
	if (!(flags & MADT_CPU_ENABLED))
		return;
	for (unsigned i = 0; i < info->nr_cpus; i++)
		if (info->apic_ids[i] == apic_id)
			return; /* listed both as local APIC and as x2APIC */
	info->nr_cpus_found++;
	if (info->nr_cpus < CFG_NR_CPUS)
		info->apic_ids[info->nr_cpus++] = apic_id;
}

static void add_ioapic(struct acpi_info *info, const struct table *e)
{
	struct acpi_ioapic *io = &info->ioapics[info->nr_ioapics];

	if (info->nr_ioapics == ACPI_MAX_IOAPICS)
		return;
	io->id = (uint8_t)field(e, 2, 1);
	io->regs = field(e, 4, 4);
	io->gsi_base = (uint32_t)field(e, 8, 4);
	if (io->regs)
		info->nr_ioapics++;
}

static void add_override(struct acpi_info *info, const struct table *e)
{
	unsigned line = (unsigned)field(e, 3, 1);
	uint32_t flags = (uint32_t)field(e, 8, 2);
	struct acpi_isa_route *r = &info->isa[line % ACPI_ISA_LINES];

	if (line >= ACPI_ISA_LINES)
		return;
	r->gsi = (uint32_t)field(e, 4, 4);
	r->active_low = (flags & 3) == MADT_ACTIVE_LOW;
	r->level = (flags & MADT_LEVEL) == MADT_LEVEL;
}

static void parse_madt_entry(struct acpi_info *info, const struct table *e)
{
	switch (e->bytes[0]) {
	case MADT_LAPIC:
		add_cpu(info, (uint32_t)field(e, 3, 1), (uint32_t)field(e, 4, 4));
		break;
	case MADT_X2APIC:
		add_cpu(info, (uint32_t)field(e, 4, 4), (uint32_t)field(e, 8, 4));
		break;
	case MADT_IOAPIC:
		add_ioapic(info, e);
		break;
	case MADT_OVERRIDE:
		add_override(info, e);
		break;
	case MADT_LAPIC_ADDR:
		info->lapic_regs = field(e, 4, 8);
		break;
	default:
		break;
	}
}

static void parse_madt(struct acpi_info *info, const struct table *t)
{
	struct table e;

	info->has_madt = true;
	info->lapic_regs = field(t, SDT_HEADER, 4);
	for (uint32_t off = MADT_ENTRIES; table_entry(t, &off, &e);)
		parse_madt_entry(info, &e);
}

static struct acpi_reg field_reg(const struct table *t, uint32_t off)
{
	struct acpi_reg r = { ACPI_REG_NONE, field(t, off + 4, 8) };

	if (!r.addr)
		return r;
	switch (field(t, off, 1)) {
	case 0:
		r.space = ACPI_REG_MEMORY;
		break;
	case 1:
		r.space = r.addr <= UINT16_MAX ? ACPI_REG_PORT : ACPI_REG_NONE;
		break;
	default:
		break;
	}
	return r;
}

/* A fixed-hardware port: the extended field if it is a port, else the old 32-bit one. */
static uint16_t field_port(const struct table *t, uint32_t ext, uint32_t old)
{
	struct acpi_reg r = ext ? field_reg(t, ext) : (struct acpi_reg){ ACPI_REG_NONE, 0 };
	uint64_t port = r.space == ACPI_REG_PORT ? r.addr : field(t, old, 4);

	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static void parse_fadt(struct acpi_info *info, const struct table *t)
{
	uint32_t flags = (uint32_t)field(t, FADT_FLAGS, 4);

	info->has_fadt = true;
	info->hw_reduced = flags & FADT_FLAG_HW_REDUCED;
	info->dsdt = field(t, FADT_X_DSDT, 8);
	if (!info->dsdt)
		info->dsdt = field(t, FADT_DSDT, 4);
	if (flags & FADT_FLAG_RESET)
		info->reset_reg = field_reg(t, FADT_RESET_REG);
	info->reset_value = (uint8_t)field(t, FADT_RESET_VALUE, 1);
	info->century_index = (uint8_t)field(t, FADT_CENTURY, 1);
	if (info->hw_reduced) {
		info->sleep_control = field_reg(t, FADT_SLEEP_CONTROL);
		return;
	}
	info->smi_cmd = field_port(t, 0, FADT_SMI_CMD);
	info->acpi_enable = (uint8_t)field(t, FADT_ACPI_ENABLE, 1);
	info->pm1a_cnt = field_port(t, FADT_X_PM1A_CNT, FADT_PM1A_CNT);
	info->pm1b_cnt = field_port(t, 0, FADT_PM1B_CNT);
	info->pm_timer_port = field_port(t, FADT_X_PM_TIMER, FADT_PM_TIMER);
}

static void parse_table(struct acpi_info *info, phys_t pa, acpi_map_fn map)
{
	struct table t;

	if (!table_open(&t, pa, map, true))
		return;
	if (table_is(&t, "APIC"))
		parse_madt(info, &t);
	else if (table_is(&t, "FACP"))
		parse_fadt(info, &t);
	else if (table_is(&t, "HPET") && field(&t, 40, 1) == 0)
		info->hpet_regs = field(&t, 44, 8);
	else if (table_is(&t, "SRAT") && !info->srat)
		info->srat = pa;
	else if (table_is(&t, "SLIT") && !info->slit)
		info->slit = pa;
}

/* Walk the root table at @pa, of 4-byte or 8-byte addresses. It is mapped anew per entry: see
 * acpi_map_fn. */
static int parse_root(struct acpi_info *info, phys_t pa, bool extended, acpi_map_fn map)
{
	struct table t;
	uint32_t size = extended ? 8 : 4, n;

	if (!table_open(&t, pa, map, true) || !table_is(&t, extended ? "XSDT" : "RSDT"))
		return -ENODEV;
	n = (t.len - SDT_HEADER) / size;
	if (n > ROOT_ENTRIES_MAX)
		n = ROOT_ENTRIES_MAX;
	for (uint32_t i = 0; i < n; i++) {
		t.bytes = map(pa, t.len);
		if (!t.bytes)
			return -ENODEV;
		parse_table(info, field(&t, SDT_HEADER + i * size, size), map);
	}
	info->present = true;
	return 0;
}

static bool rsdp_valid(const uint8_t *p)
{
	return memcmp(p, "RSD PTR ", 8) == 0 && sums_to_zero(p, 20);
}

static phys_t rsdp_scan(phys_t start, size_t len, acpi_map_fn map)
{
	const uint8_t *p = map(start, len);

	for (size_t off = 0; p && off + 20 <= len; off += 16)
		if (p[off] == 'R' && rsdp_valid(p + off))
			return start + off;
	return 0;
}

/* The extended BIOS data area's first KiB, then the BIOS area: its upper half first, where it
 * nearly always is. */
static phys_t rsdp_search(acpi_map_fn map)
{
	const uint8_t *p = map(0x40e, 2);
	phys_t ebda = p ? (phys_t)(p[0] | p[1] << 8) << 4 : 0;
	phys_t found = 0;

	if (ebda >= 0x80000 && ebda < 0xa0000)
		found = rsdp_scan(ebda, 1024, map);
	if (!found)
		found = rsdp_scan(0xf0000, 0x10000, map);
	return found ? found : rsdp_scan(0xe0000, 0x10000, map);
}

int acpi_parse(struct acpi_info *info, phys_t rsdp, acpi_map_fn map)
{
	struct table t;
	phys_t xsdt, rsdt;

	memset(info, 0, sizeof(*info));
	for (unsigned i = 0; i < ACPI_ISA_LINES; i++)
		info->isa[i].gsi = i;
	if (!rsdp)
		rsdp = rsdp_search(map);
	t.bytes = rsdp ? map(rsdp, 20) : NULL;
	if (!t.bytes || !rsdp_valid(t.bytes))
		return -ENODEV;
	t.len = 20;
	rsdt = field(&t, 16, 4);
	xsdt = 0;
	if (t.bytes[15] >= 2) {
		t.bytes = map(rsdp, 36);
		t.len = 36;
		xsdt = t.bytes && sums_to_zero(t.bytes, 36) ? field(&t, 24, 8) : 0;
	}
	if (!xsdt || parse_root(info, xsdt, true, map)) {
		int err = parse_root(info, rsdt, false, map);

		if (err)
			return err;
	}
	if (table_open(&t, info->dsdt, map, false))
		info->dsdt_len = t.len;
	return 0;
}

/* One small integer of AML: ZeroOp, OneOp, BytePrefix, WordPrefix, DWordPrefix. Return: bytes used,
 * 0 if none of them. */
static size_t aml_integer(const uint8_t *p, size_t left, uint8_t *value)
{
	static const uint8_t sizes[] = { 1, 2, 4 };

	if (left && p[0] <= 1) {
		*value = p[0];
		return 1;
	}
	if (!left || p[0] < 0x0a || p[0] > 0x0c || left < 1u + sizes[p[0] - 0x0a])
		return 0;
	*value = p[1];
	return 1 + sizes[p[0] - 0x0a];
}

/* @p follows the name _S5_: PackageOp, PkgLength of 1..4 bytes, NumElements, elements. */
static bool aml_s5_package(const uint8_t *p, size_t left, uint8_t *typ_a, uint8_t *typ_b)
{
	size_t skip, used;

	if (left < 2 || p[0] != 0x12)
		return false;
	skip = 1 + 1 + (p[1] >> 6) + 1;
	if (skip > left || p[skip - 1] < 1)
		return false;
	used = aml_integer(p + skip, left - skip, typ_a);
	if (!used)
		return false;
	if (p[skip - 1] < 2 || !aml_integer(p + skip + used, left - skip - used, typ_b))
		*typ_b = *typ_a;
	return true;
}

bool acpi_find_s5(const uint8_t *aml, size_t len, uint8_t *typ_a, uint8_t *typ_b)
{
	for (size_t i = 1; i + 4 <= len; i++) {
		if (aml[i] != '_' || memcmp(aml + i, "_S5_", 4) != 0)
			continue;
		if (aml[i - 1] != 0x08 &&
		    aml[i - 1] != '\\') /* NameOp, with or without the root prefix */
			continue;
		if (aml_s5_package(aml + i + 4, len - i - 4, typ_a, typ_b))
			return true;
	}
	return false;
}
