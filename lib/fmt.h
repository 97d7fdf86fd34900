/*
 * Formatting: printf(3)'s d i u x X o c s p % with flags - 0 + space #, width, precision, *, and hh h l ll z j.
 * No floating point. %p prints 0x and all digits.
 */
#ifndef LIB_FMT_H
#define LIB_FMT_H

#include "base/compiler.h"
#include "base/types.h"

/* As snprintf(3): always ends with NUL when size > 0. Return: the length it would have had. */
size_t fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
size_t fmt_snprintf(char *buf, size_t size, const char *fmt, ...) printf_(3, 4);
/* Return: what was stored without NUL (never more than size - 1). */
size_t fmt_scnprintf(char *buf, size_t size, const char *fmt, ...) printf_(3, 4);

#endif
