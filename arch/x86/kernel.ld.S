/*
 * Image layout, all three builds. Linked at KERNEL_BASE + 1 MiB, loaded at 1 MiB. Every right
 * starts on a page of its own; file and memory keep one constant distance up to the end of .data,
 * because the Multiboot header describes the file as one block (a loader takes an ELF64 by that
 * header only).
 *
 *   .text      R X  headers first: Multiboot wants its own within the first 8 KiB of the file
 *   .rodata    R    constants, exception table, symbol table
 *   .data      R W  ro_after_init (read-only from physmap_protect() on), percpu, data
 *   .bss       R W  boot stack above its guard page, zeroed data; at its end what is given back
 *                   after start: boot page tables, the untouched copy of percpu
 */
#include "arch/x86/hw/boot_map.h"

ENTRY(boot_elf_entry)

PHDRS {
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	note PT_NOTE FLAGS(4);
}

SECTIONS {
	. = BOOT_KERNEL_BASE + BOOT_LOAD_PHYS;
	__image_start = .;

	.text : AT(ADDR(.text) - BOOT_KERNEL_BASE) {
		__text_start = .;
		KEEP(*(.boot.head))
		KEEP(*(.boot.text))
		*(.text.hot .text.hot.*)
		uaccess_text_start = .;
		*(.text.uaccess)
		uaccess_text_end = .;
		noprobe_text_start = .;
		*(.text.noprobe .text.fixup)
		*trap32.S.o(.text) *trap64.S.o(.text) *switch.S.o(.text)
		noprobe_text_end = .;
		*(.text .text.*)
		__text_end = .;
	} :text = 0xcccccccc

	. = ALIGN(4096);
	.rodata : AT(ADDR(.rodata) - BOOT_KERNEL_BASE) {
		__rodata_start = .;
		*(.rodata .rodata.*)
		. = ALIGN(8);
		__start_ex_table = .;
		KEEP(*(ex_table))
		__stop_ex_table = .;
		__start_smap_patch = .;
		KEEP(*(smap_patch))
		__stop_smap_patch = .;
		. = ALIGN(8);
		__start_policies = .;
		KEEP(*(policies))
		__stop_policies = .;
		. = ALIGN(8);
		KEEP(*(.rodata_ksyms))
	} :rodata
	.note.pvh : AT(ADDR(.note.pvh) - BOOT_KERNEL_BASE) {
		KEEP(*(.note.pvh))
	} :rodata :note
	__rodata_end = .;

	. = ALIGN(4096);
	.data : AT(ADDR(.data) - BOOT_KERNEL_BASE) {
		__data_start = .;
		__ro_after_init_start = .;
		*(ro_after_init)
		. = ALIGN(4096);
		__ro_after_init_end = .;
		. = ALIGN(64);
		__start_percpu = .;
		KEEP(*(percpu))
		. = ALIGN(64);
		__stop_percpu = .;
		*(.data .data.*)
		. = ALIGN(16);
		__data_end = .;
	} :data

	. = ALIGN(4096);
	.bss (NOLOAD) : AT(ADDR(.bss) - BOOT_KERNEL_BASE) {
		__bss_start = .;
		boot_stack_guard = .;
		. += 4096;
		boot_stack = .;
		. += BOOT_STACK_SIZE;
		boot_stack_top = .;
		*(.bss.page_aligned)
		*(.bss .bss.* COMMON)
		. = ALIGN(4096);
		__boot_free_start = .;
		*(.boot_bss)
		. = ALIGN(64);
		__percpu_pristine = .;
		. += __stop_percpu - __start_percpu;
		. = ALIGN(4096);
		__boot_free_end = .;
		__bss_end = .;
	} :data
	__image_end = .;

	boot_elf_entry = ABSOLUTE(pvh_entry - BOOT_KERNEL_BASE);

	.debug_info 0 : { *(.debug_info) }
	.debug_abbrev 0 : { *(.debug_abbrev) }
	.debug_line 0 : { *(.debug_line) }
	.debug_line_str 0 : { *(.debug_line_str) }
	.debug_str 0 : { *(.debug_str) }
	.debug_str_offsets 0 : { *(.debug_str_offsets) }
	.debug_addr 0 : { *(.debug_addr) }
	.debug_loclists 0 : { *(.debug_loclists) }
	.debug_rnglists 0 : { *(.debug_rnglists) }
	.debug_aranges 0 : { *(.debug_aranges) }
	.debug_ranges 0 : { *(.debug_ranges) }
	.debug_loc 0 : { *(.debug_loc) }
	.debug_frame 0 : { *(.debug_frame) }
	.symtab 0 : { *(.symtab) }
	.strtab 0 : { *(.strtab) }
	.shstrtab 0 : { *(.shstrtab) }

	/DISCARD/ : {
		*(.comment) *(.note.GNU-stack) *(.note.gnu.*) *(.eh_frame) *(.eh_frame_hdr)
	}
}

ASSERT(__image_end - __image_start < 0x800000, "the image must lie below 9 MiB: boot maps and 16 MiB machines")
