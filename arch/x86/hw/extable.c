/*
 * The exception table: which kernel instructions may fault, and where each goes on.
 *
 * OWNS     nothing; reads section ex_table, written by the extable macro of entry.inc.
 * WHY      linear: a fix-up is the rare end of a fault that could not be resolved, and the table
 *          has a few dozen entries. Entries are relative, so the table needs no pointers.
 * CONTEXT  any.   COST  O(entries).
 */
#include "extable.h"

struct ex_entry {
	int32_t at, fixup; /* distance from the field itself */
};
extern const struct ex_entry __start_ex_table[], __stop_ex_table[];

unsigned long extable_find(unsigned long ip)
{
	for (const struct ex_entry *e = __start_ex_table; e < __stop_ex_table; e++) {
		if ((unsigned long)&e->at + (unsigned long)(long)e->at == ip)
			return (unsigned long)&e->fixup + (unsigned long)(long)e->fixup;
	}
	return 0;
}
