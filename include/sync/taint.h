/* What has happened to this kernel that a report of it should say: /proc/sys/kernel/tainted, "Tainted:" in reports. */
#ifndef SYNC_TAINT_H
#define SYNC_TAINT_H

#include "base/types.h"

/* Linux's bit numbers; a module's own taints are the same bits. */
enum taint {
	TAINT_PROPRIETARY = 0, /* a module without a free licence */
	TAINT_DIE = 7,	       /* an oops */
	TAINT_WARN = 9,
	TAINT_OUT_OF_TREE = 12,
	TAINT_NR = 19
};
enum { TAINT_TEXT = 48 };

/* Return: it was new. Any context. */
bool taint_add(enum taint t);
void taint_add_mask(unsigned long mask); /* bits that are none are left out */
unsigned long taint_mask(void);
/* "Not tainted", or "Tainted: G      D    O      ". @buf has TAINT_TEXT bytes. Return: length. */
size_t taint_format(char *buf);
/* The letters of @mask alone: "PO". @buf has TAINT_TEXT bytes. */
size_t taint_letters(unsigned long mask, char *buf);

#endif
