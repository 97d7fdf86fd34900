/* Where the image lies, for the linker script, assembler and C alike: no suffixes, no C. */
#ifndef X86_BOOT_MAP_H
#define X86_BOOT_MAP_H

#define BOOT_LOAD_PHYS 0x100000 /* the image is linked to and loaded at 1 MiB */

#ifdef __x86_64__
#define BOOT_KERNEL_BASE 0xffffffff80000000
#define BOOT_CS		 0x10 /* the selectors of the final GDT */
#define BOOT_DS		 0x18
#define BOOT_GDT_LIMIT	 31
#define BOOT_STACK_SIZE	 16384
#else
#define BOOT_KERNEL_BASE 0xc0000000
#define BOOT_CS		 0x60
#define BOOT_DS		 0x68
#define BOOT_GDT_LIMIT	 111
#define BOOT_STACK_SIZE	 8192
#endif

/* Physical memory that the boot tables reach through the linear map. */
#define BOOT_MAPPED_PHYS 0x40000000

#define BOOT_CR0 0x80050033 /* PG AM WP NE ET MP PE */

#define BOOT_PROTOCOL_PVH	1
#define BOOT_PROTOCOL_MULTIBOOT 2

#endif
