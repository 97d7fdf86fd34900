/* Return to programs on a 16-bit stack segment. Private to arch/x86/entry. */
#ifndef ENTRY_ESPFIX_H
#define ENTRY_ESPFIX_H

#ifdef __x86_64__
/* Before the first program has an LDT: the window of addresses that its returns may need. Any number of times. */
void espfix_prepare(void);
#else
static inline void espfix_prepare(void)
{
	/* i386 shifts a segment's base instead (trap32.S) */
}
#endif

#endif
