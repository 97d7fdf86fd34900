/* Whose a task is. */
#ifndef _LINUX_CRED_H
#define _LINUX_CRED_H

#include <linux/sched.h>

typedef __typeof__(((struct cred *)0)->uid) kuid_t;
#define __kuid_val(u)		((u).val)
#define __kgid_val(g)		((g).val)
#define from_kuid(ns, u)	((u).val)
#define from_kgid(ns, g)	((g).val)
#define from_kuid_munged(ns, u) ((u).val)
#define current_uid()		(current->cred->uid)
#define current_euid()		(current->cred->euid)
#define current_gid()		(current->cred->gid)
#define current_cred()		(current->cred)
#define task_euid(p)		((p)->cred->euid)

#endif
