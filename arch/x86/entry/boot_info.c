/*
 * What the boot loader says: memory map, modules (initrds), command line, ACPI root pointer.
 *
 * OWNS     boot_info; written here only, before anything else runs, immutable afterwards.
 * WHY      two protocols, one result. PVH gives struct hvm_start_info (QEMU -kernel, microvm,
 *          Firecracker, Cloud Hypervisor); Multiboot 1 its information structure (GRUB, QEMU
 *          -kernel, browsers).
 * I1       every range and module has start < end; ranges of RAM end below what the paging mode
 *          can describe.
 * I2       cmdline ends with NUL.
 * HOSTILE  the structures come from outside: each is copied out through boot_read(), which refuses
 *          what is not wholly inside the memory that the boot tables map. Counts are cut at the
 *          size of our tables; strings at BOOT_CMDLINE.
 * CONTEXT  boot CPU, boot tables active (physmap_alloc_limit() bytes reachable), interrupts off,
 *          no log yet.
 * COST     O(entries).
 * FAILS    without a usable memory map: the reason is returned.
 * NOT HERE which memory is free (init/main.c subtracts the image and the modules from the map).
 * SOURCES  x86/HVM direct boot ABI (Xen docs/misc/pvh); Multiboot Specification 0.6.96, "Boot
 *          information format".
 */
#include "arch/x86/entry/boot_info.h"

#include "arch/machine.h"
#include "arch/physmap.h"
#include "arch/pt.h"
#include "arch/x86/hw/boot_map.h"
#include "lib/string.h"

struct boot_info boot_info;

enum { E820_RAM = 1, E820_RESERVED = 2 };

/* Copy @len bytes at physical @pa. Return: false, and @dst zeroed, when they are not all reachable. */
static bool boot_read(void *dst, phys_t pa, size_t len)
{
	memset(dst, 0, len);
	if (!pa || pa >= BOOT_MAPPED_PHYS || len > BOOT_MAPPED_PHYS - pa)
		return false;
	memcpy(dst, phys_to_virt(pa), len);
	return true;
}

/* Copy the string at @pa, cut at @size - 1 bytes. An unreachable one is empty. */
static void boot_read_string(char *dst, phys_t pa, size_t size)
{
	size_t len = 0;

	if (pa && pa < BOOT_MAPPED_PHYS) {
		len = strnlen(phys_to_virt(pa), min_of(size_t, size - 1, BOOT_MAPPED_PHYS - pa));
		memcpy(dst, phys_to_virt(pa), len);
	}
	dst[len] = '\0';
}

/* First physical address that the paging mode cannot reach or mem_map has no room to describe. */
static phys_t reachable_end(void)
{
	const phys_t page_desc = sizeof(long) == 8 ? 64 : 32; /* sizeof(struct page) */
	phys_t described = (MEMMAP_END - MEMMAP_BASE) / page_desc << PAGE_SHIFT;

	if (sizeof(long) == 8 && described > LOWMEM_MAX)
		return LOWMEM_MAX;
	return described;
}

static void add_range(phys_t start, phys_t end, uint32_t type)
{
	struct boot_range *r = &boot_info.ranges[boot_info.nr_ranges];

	if (type == E820_RAM)
		end = min_of(phys_t, end, reachable_end());
	if (start >= end || boot_info.nr_ranges == BOOT_MAX_RANGES)
		return;
	*r = (struct boot_range){ .start = start, .end = end, .type = type };
	boot_info.nr_ranges++;
}

/* A range by length; one that wraps ends at the top of the address space. */
static void add_range_len(phys_t start, phys_t len, uint32_t type)
{
	add_range(start, len > UINT64_MAX - start ? UINT64_MAX : start + len, type);
}

/* A module is only noted here; its contents are checked against RAM by whoever reads it. */
static void add_module(phys_t start, phys_t end)
{
	if (start >= end || boot_info.nr_modules == BOOT_MAX_MODULES)
		return;
	boot_info.modules[boot_info.nr_modules++] =
		(struct boot_module){ .start = start, .end = end };
}

/* ---- PVH ---- */

#define PVH_MAGIC 0x336ec578

struct pvh_start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist, cmdline, rsdp;
	uint64_t memmap; /* from version 1 */
	uint32_t memmap_entries, reserved;
};

struct pvh_module {
	uint64_t start, size, cmdline, reserved;
};

struct pvh_memmap {
	uint64_t start, size;
	uint32_t type, reserved;
};

static const char *parse_pvh(phys_t info)
{
	struct pvh_start_info si;
	struct pvh_memmap mm;
	struct pvh_module mod;

	boot_info.protocol = "PVH";
	if (!boot_read(&si, info, sizeof(si)) || si.magic != PVH_MAGIC)
		return "no PVH start information";
	if (si.version < 1 || !si.memmap_entries)
		return "the PVH loader gives no memory map";
	for (unsigned i = 0; i < si.memmap_entries && i < BOOT_MAX_RANGES; i++)
		if (boot_read(&mm, si.memmap + i * sizeof(mm), sizeof(mm)))
			add_range_len(mm.start, mm.size, mm.type);
	for (unsigned i = 0; i < si.nr_modules && i < BOOT_MAX_MODULES; i++)
		if (boot_read(&mod, si.modlist + i * sizeof(mod), sizeof(mod)) &&
		    mod.size <= UINT64_MAX - mod.start)
			add_module(mod.start, mod.start + mod.size);
	boot_read_string(boot_info.cmdline, si.cmdline, BOOT_CMDLINE);
	boot_info.rsdp = si.rsdp;
	return NULL;
}

/* ---- Multiboot 1 ---- */

enum {
	MB_INFO_MEM = 1,
	MB_INFO_CMDLINE = 4,
	MB_INFO_MODS = 8,
	MB_INFO_MMAP = 0x40,
	MB_INFO_LOADER = 0x200
};

struct mb_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper; /* KiB */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t loader_name;
};

struct mb_module {
	uint32_t start, end, string, reserved;
};

struct mb_mmap {
	uint32_t size; /* of what follows */
	uint64_t start, len;
	uint32_t type;
} packed_;

static void parse_mb_mmap(const struct mb_info *mb)
{
	phys_t pos = mb->mmap_addr, end = pos + mb->mmap_length;
	struct mb_mmap e;

	for (unsigned i = 0; i < BOOT_MAX_RANGES && end - pos >= sizeof(e); i++) {
		if (!boot_read(&e, pos, sizeof(e)) || e.size < sizeof(e) - sizeof(e.size))
			return;
		add_range_len(e.start, e.len, e.type);
		if (end - pos < (phys_t)e.size + sizeof(e.size))
			return;
		pos += (phys_t)e.size + sizeof(e.size);
	}
}

/* Loaders differ: QEMU and GRUB Legacy put the kernel's file name first, GRUB 2 does not. Linux has no such word. */
static void strip_kernel_name(const struct mb_info *mb)
{
	char loader[8] = "";
	char *rest, first = boot_info.cmdline[0];

	if (mb->flags & MB_INFO_LOADER)
		boot_read_string(loader, mb->loader_name, sizeof(loader));
	if (strncmp(loader, "qemu", 4) != 0 && first != '/' && first != '(')
		return;
	rest = strchr(boot_info.cmdline, ' ');
	if (rest)
		memmove(boot_info.cmdline, rest + 1, strlen(rest + 1) + 1);
	else
		boot_info.cmdline[0] = '\0';
}

static const char *parse_multiboot(phys_t info)
{
	struct mb_info mb;
	struct mb_module mod;

	boot_info.protocol = "Multiboot";
	if (!boot_read(&mb, info, sizeof(mb)))
		return "no Multiboot information";
	if (mb.flags & MB_INFO_MMAP)
		parse_mb_mmap(&mb);
	if (!boot_info.nr_ranges && mb.flags & MB_INFO_MEM) {
		add_range(0, min_of(phys_t, (phys_t)mb.mem_lower << 10, 0xa0000), E820_RAM);
		add_range_len(0x100000, (phys_t)mb.mem_upper << 10, E820_RAM);
	}
	if (!boot_info.nr_ranges)
		return "the Multiboot loader gives no memory map";
	for (unsigned i = 0; mb.flags & MB_INFO_MODS && i < mb.mods_count && i < BOOT_MAX_MODULES;
	     i++)
		if (boot_read(&mod, mb.mods_addr + (phys_t)i * sizeof(mod), sizeof(mod)))
			add_module(mod.start, mod.end);
	if (mb.flags & MB_INFO_CMDLINE) {
		boot_read_string(boot_info.cmdline, mb.cmdline, BOOT_CMDLINE);
		strip_kernel_name(&mb);
	}
	return NULL;
}

const char *boot_info_parse(unsigned protocol, uint32_t info)
{
	const char *why;

	switch (protocol) {
	case BOOT_PROTOCOL_PVH:
		why = parse_pvh(info);
		break;
	case BOOT_PROTOCOL_MULTIBOOT:
		why = parse_multiboot(info);
		break;
	default:
		return "started by something that is neither PVH nor Multiboot";
	}
	if (why)
		return why;
	for (unsigned i = 0; i < boot_info.nr_ranges; i++)
		if (boot_info.ranges[i].type == E820_RAM)
			return NULL;
	return "the memory map has no RAM";
}
