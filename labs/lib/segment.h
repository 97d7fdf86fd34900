/* Segments as a program sees and makes them: what the processor says of a selector, and the calls that describe segments. */
#ifndef LABS_SEGMENT_H
#define LABS_SEGMENT_H

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct user_desc of modify_ldt(2), set_thread_area(2). */
struct seg_desc {
	unsigned entry_number, base_addr, limit;
	unsigned seg_32bit : 1, contents : 2, read_exec_only : 1, limit_in_pages : 1,
		seg_not_present : 1, useable : 1, lm : 1;
};
enum { SEG_DATA, SEG_STACK_DOWN, SEG_CODE, SEG_CODE_CONFORMING };
enum { LDT_READ = 0, LDT_WRITE_OLD = 1, LDT_READ_DEFAULT = 2, LDT_WRITE = 0x11 };

#define LDT_SEL(entry) ((entry) << 3 | 7)

/* modify_ldt(2). Return: its result, or a negative errno (the call's result is an int, also on x86_64). */
static inline int ldt_call(int func, void *ptr, unsigned long bytes)
{
	const int r = (int)syscall(SYS_modify_ldt, func, ptr, bytes);

	return r == -1 ? -errno : r;
}

static inline int ldt_set(const struct seg_desc *d)
{
	return ldt_call(LDT_WRITE, (void *)d, sizeof(*d));
}

/* Data or code of @contents at @base, whole pages up to @limit_pages - 1; 0: to 4 GiB. */
static inline struct seg_desc seg_at(unsigned entry, unsigned contents, unsigned long base,
				     unsigned limit_pages)
{
	return (struct seg_desc){ .entry_number = entry,
				  .base_addr = (unsigned)base,
				  .limit = limit_pages - 1,
				  .seg_32bit = 1,
				  .contents = contents,
				  .limit_in_pages = 1 };
}

/* What lar gives, bits 16-19, which mean nothing, clear; -1: the selector is not valid. */
static inline long lar(unsigned selector)
{
	unsigned rights;
	char ok;

	__asm__ volatile("larl %2, %0; setz %1" : "=r"(rights), "=q"(ok) : "r"(selector) : "cc");
	return ok ? (long)(rights & ~0xf0000U) : -1;
}

/* The last offset of the segment; -1: the selector is not valid. */
static inline long long lsl(unsigned selector)
{
	unsigned limit;
	char ok;

	__asm__ volatile("lsll %2, %0; setz %1" : "=r"(limit), "=q"(ok) : "r"(selector) : "cc");
	return ok ? (long long)limit : -1;
}

#define selector_read(reg)                                                                         \
	({                                                                                         \
		unsigned v_;                                                                       \
		__asm__ volatile("movl %%" reg ", %0" : "=r"(v_));                                 \
		v_ & 0xffff;                                                                       \
	})
#define selector_load(reg, selector) __asm__ volatile("movl %0, %%" reg ::"r"(selector) : "memory")

/* The register that libc leaves alone: its thread is found by the other one. */
#if __SIZEOF_POINTER__ == 8
#define FREE_SEG "gs"
#else
#define FREE_SEG "fs"
#endif

static inline unsigned seg_read32(unsigned offset)
{
	unsigned v;

	__asm__ volatile("movl %%" FREE_SEG ":(%1), %0"
			 : "=r"(v)
			 : "r"((unsigned long)offset)
			 : "memory");
	return v;
}

static inline void seg_write32(unsigned offset, unsigned v)
{
	__asm__ volatile("movl %0, %%" FREE_SEG ":(%1)" ::"r"(v), "r"((unsigned long)offset)
			 : "memory");
}

#endif
