/*
 * What the kernel cannot begin without.
 *
 * OWNS     nothing.
 * WHY      memory that is too little for the first steps is no bug of ours: the last line says in words what it was too little
 *          for. What a machine can do without is not asked for here: its owner says so in the log and goes on.
 * CONTEXT  boot.   FAILS  with a panic.   TESTED BY  tools/fail_boot.py
 */
#include "base/errno.h"
#include "sync/kassert.h"

void boot_need(int err, const char *where, const char *what)
{
	if (err == -ENOMEM)
		panic("no memory for %s%s", where, what);
	if (err)
		panic("%s%s cannot be had (error %d)", where, what, -err);
}
