/* Basic types. An address never changes kind silently: see docs/glossary.md, "address". */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* <limits.h> needs a C library under gcc; the compiler knows the values. */
#undef INT_MAX
#undef INT_MIN
#undef UINT_MAX
#undef LONG_MAX
#undef LONG_MIN
#undef ULONG_MAX
#undef CHAR_BIT
#define INT_MAX	  __INT_MAX__
#define INT_MIN	  (-INT_MAX - 1)
#define UINT_MAX  (INT_MAX * 2U + 1U)
#define LONG_MAX  __LONG_MAX__
#define LONG_MIN  (-LONG_MAX - 1L)
#define ULONG_MAX (LONG_MAX * 2UL + 1UL)
#define CHAR_BIT  8

typedef uint64_t phys_t;       /* physical address in bytes; 64 bits also on i386 (PAE) */
typedef unsigned long pfn_t;   /* frame number: phys >> PAGE_SHIFT */
typedef unsigned long uaddr_t; /* user-space address: an integer, never dereferenced */
typedef unsigned long kaddr_t; /* kernel virtual address as an integer */
typedef unsigned long irqflags_t;
typedef long ssize_type;
typedef int64_t loff_type; /* file offset in bytes */

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define KIB(n) ((unsigned long)(n) << 10)
#define MIB(n) ((unsigned long)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define NSEC_PER_SEC  1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_USEC 1000ULL

static inline pfn_t phys_to_pfn(phys_t pa)
{
	return (pfn_t)(pa >> PAGE_SHIFT);
}

static inline phys_t pfn_to_phys(pfn_t pfn)
{
	return (phys_t)pfn << PAGE_SHIFT;
}

/* Round @n bytes up to whole pages; the caller has ruled out overflow. */
static inline unsigned long page_align(unsigned long n)
{
	return (n + PAGE_SIZE - 1) & PAGE_MASK;
}

#endif
