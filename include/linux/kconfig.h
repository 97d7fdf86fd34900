/*
 * What a kernel is configured with, under Linux's names: given to every file of a module before its first line (tools/module.mk), as
 * Linux's kbuild does. Here are those that modules ask for and whose answer is true of this kernel; whatever is not here is off.
 */
#ifndef _LINUX_KCONFIG_H
#define _LINUX_KCONFIG_H

#define CONFIG_X86 1
#ifdef __x86_64__
#define CONFIG_X86_64	      1
#define CONFIG_64BIT	      1
#define CONFIG_ZONE_DMA32     1
#define CONFIG_ZONE_DEVICE    1
#define CONFIG_NUMA	      1
#define CONFIG_IA32_EMULATION 1
#define CONFIG_COMPAT	      1
#define CONFIG_X86_5LEVEL     1
#define CONFIG_PGTABLE_LEVELS 5
#else
#define CONFIG_X86_32  1
#define CONFIG_HIGHMEM 1
#ifdef MODULE_PAE
#define CONFIG_X86_PAE	      1
#define CONFIG_HIGHMEM64G     1
#define CONFIG_PGTABLE_LEVELS 3
#else
#define CONFIG_HIGHMEM4G      1
#define CONFIG_PGTABLE_LEVELS 2
#endif
#endif
#define CONFIG_X86_LOCAL_APIC	    1
#define CONFIG_X86_IO_APIC	    1
#define CONFIG_MODIFY_LDT_SYSCALL   1
#define CONFIG_SMP		    1
#define CONFIG_NR_CPUS		    8
#define CONFIG_HZ		    100
#define CONFIG_HZ_100		    1
#define CONFIG_HIGH_RES_TIMERS	    1
#define CONFIG_MMU		    1
#define CONFIG_MMU_NOTIFIER	    1
#define CONFIG_ZONE_DMA		    1
#define CONFIG_SWAP		    1
#define CONFIG_SHMEM		    1
#define CONFIG_TMPFS		    1
#define CONFIG_KSM		    1
#define CONFIG_MIGRATION	    1
#define CONFIG_TRANSPARENT_HUGEPAGE 1
#define CONFIG_HUGETLB_PAGE	    1
#define CONFIG_HUGETLBFS	    1
#define CONFIG_USERFAULTFD	    1
#define CONFIG_VM_EVENT_COUNTERS    1
#define CONFIG_MODULES		    1
#define CONFIG_MODULE_UNLOAD	    1
#define CONFIG_KALLSYMS		    1
#define CONFIG_KPROBES		    1
#define CONFIG_KRETPROBES	    1
#define CONFIG_PRINTK		    1
#define CONFIG_BUG		    1
#define CONFIG_STACKTRACE	    1
#define CONFIG_PROC_FS		    1
#define CONFIG_SYSFS		    1
#define CONFIG_SYSCTL		    1
#define CONFIG_DEBUG_FS		    1
#define CONFIG_NET		    1
#define CONFIG_UNIX		    1
#define CONFIG_FUTEX		    1
#define CONFIG_EPOLL		    1
#define CONFIG_SYSVIPC		    1
#define CONFIG_POSIX_TIMERS	    1

/* 1 where @option is defined as 1, else 0; in #if, too. A 1 becomes two arguments, so that what stands second tells. */
#define KCONFIG_ON_1			   ~, 1
#define KCONFIG_SECOND(first, second, ...) second
#define KCONFIG_PICK(...)		   KCONFIG_SECOND(__VA_ARGS__)
#define KCONFIG_VALUE(v)		   KCONFIG_PICK(KCONFIG_ON_##v, 0, 0)
#define KCONFIG_EXPANDED(v)		   KCONFIG_VALUE(v)
#define IS_BUILTIN(option)		   KCONFIG_EXPANDED(option)
#define IS_MODULE(option)		   0
#define IS_ENABLED(option)		   IS_BUILTIN(option)
#define IS_REACHABLE(option)		   IS_BUILTIN(option)

#endif
