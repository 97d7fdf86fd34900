/* The kernel image's parts, from the linker script. Only their addresses mean something. */
#ifndef X86_IMAGE_H
#define X86_IMAGE_H

#include "base/types.h"

extern char __image_start[], __image_end[];
extern char __text_start[], __text_end[];
extern char noprobe_text_start[], noprobe_text_end[]; /* no breakpoint of a probe (arch/probe.h) */
extern char __rodata_start[], __rodata_end[];
extern char __data_start[], __data_end[];
extern char __bss_start[], __bss_end[];
extern char __ro_after_init_start[], __ro_after_init_end[];
extern char __start_percpu[], __stop_percpu[], __percpu_pristine[];
extern char __boot_free_start[],
	__boot_free_end[]; /* not needed once all CPUs have their variables */
extern char boot_stack_guard[], boot_stack[], boot_stack_top[];

#endif
