/* The boot protocols' structures read into boot_info. Private to arch/x86/entry. */
#ifndef X86_BOOT_INFO_H
#define X86_BOOT_INFO_H

#include "base/compiler.h"
#include "base/types.h"

/**
 * boot_info_parse - fill boot_info from what the loader left in memory.
 * @protocol: BOOT_PROTOCOL_*; @info: physical address of the protocol's structure, any value.
 * Every address and count in it is checked: what lies outside the memory mapped at boot is ignored.
 * Return: NULL, or why the machine cannot be started (no memory map).
 */
const char *must_check boot_info_parse(unsigned protocol, uint32_t info);

#endif
