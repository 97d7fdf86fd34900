/* Who uses which ports and physical addresses: claims of modules; /proc/ioports, /proc/iomem. */
#ifndef _LINUX_IOPORT_H
#define _LINUX_IOPORT_H

#include <linux/types.h>

#define resource_view resource
#include "module/resource_view.h"

#define IORESOURCE_IO	0x00000100
#define IORESOURCE_MEM	0x00000200
#define IORESOURCE_IRQ	0x00000400
#define IORESOURCE_BUSY 0x80000000UL

/* NULL: somebody has a part of it, or no memory. */
struct resource *module_claim(unsigned long long start, unsigned long long n, const char *name,
			      bool memory);
void module_unclaim(unsigned long long start, unsigned long long n, bool memory);

#define DEFINE_RES_NAMED(first, size, text, kind)                                                  \
	(struct resource)                                                                          \
	{                                                                                          \
		.start = (first), .end = (first) + (size)-1, .name = (text), .flags = (kind)       \
	}
#define DEFINE_RES_MEM_NAMED(first, size, name) DEFINE_RES_NAMED(first, size, name, IORESOURCE_MEM)
#define DEFINE_RES_MEM(first, size)		DEFINE_RES_MEM_NAMED(first, size, NULL)
#define DEFINE_RES_IO(first, size)		DEFINE_RES_NAMED(first, size, NULL, IORESOURCE_IO)
#define DEFINE_RES_IRQ_NAMED(irq, name)		DEFINE_RES_NAMED(irq, 1, name, IORESOURCE_IRQ)
#define DEFINE_RES_IRQ(irq)			DEFINE_RES_IRQ_NAMED(irq, NULL)

#define request_region(start, n, name)	     module_claim(start, n, name, false)
#define request_mem_region(start, n, name)   module_claim(start, n, name, true)
#define request_muxed_region(start, n, name) module_claim(start, n, name, false)
#define request_mem_region_exclusive	     request_mem_region
#define release_region(start, n)	     module_unclaim(start, n, false)
#define release_mem_region(start, n)	     module_unclaim(start, n, true)
#define resource_size(r)		     ((r)->end - (r)->start + 1)

/* Before Linux 4.1: is it free? */
static inline int check_region(unsigned long start, unsigned long n)
{
	if (!module_claim(start, n, "check", false))
		return -16; /* EBUSY */
	module_unclaim(start, n, false);
	return 0;
}
#define check_mem_region(start, n) check_region(start, n)

#endif
