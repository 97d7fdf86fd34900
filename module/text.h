/* Formatted text for modules, Linux's formats. Shared by the files of module/ only. */
#ifndef MODULE_TEXT_H
#define MODULE_TEXT_H

#include "base/compiler.h"
#include "base/types.h"
#include "mm/gfp.h"

/* Linux's phys_addr_t: 32 bits where addresses have no more (include/linux/types.h). */
#if defined(__x86_64__) || defined(MODULE_PAE)
typedef uint64_t module_phys_t;
#else
typedef uint32_t module_phys_t;
#endif

struct va_format { /* of %pV */
	const char *fmt;
	va_list *va;
};

int module_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int module_snprintf(char *buf, size_t size, const char *fmt, ...);
int module_scnprintf(char *buf, size_t size, const char *fmt, ...);
int module_sprintf(char *buf, const char *fmt, ...);
char *module_kasprintf(gfp_t gfp, const char *fmt, ...);
int module_vprintk(const char *fmt, va_list ap);
int module_printk(const char *fmt, ...);

#endif
