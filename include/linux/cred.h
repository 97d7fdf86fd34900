/* Whose a task is. */
#ifndef _LINUX_CRED_H
#define _LINUX_CRED_H

#include <linux/sched.h>

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

struct user_namespace;
#define init_user_ns	   (*(struct user_namespace *)NULL) /* there is one; only its address is taken */
#define current_user_ns()  (&init_user_ns)
#define KUIDT_INIT(v)	   ((kuid_t){ v })
#define KGIDT_INIT(v)	   ((kgid_t){ v })
#define make_kuid(ns, v)   KUIDT_INIT(v)
#define make_kgid(ns, v)   KGIDT_INIT(v)
#define uid_eq(a, b)	   ((a).val == (b).val)
#define gid_eq(a, b)	   ((a).val == (b).val)
#define GLOBAL_ROOT_UID	   KUIDT_INIT(0)
#define GLOBAL_ROOT_GID	   KGIDT_INIT(0)
#define current_egid()	   (current->cred->egid)
#define current_fsuid()	   (current->cred->fsuid)
#define current_suid()	   (current->cred->suid)
#define __task_cred(p)	   ((p)->cred)
#define get_task_cred(p)   ((p)->cred)
#define get_current_cred() (current->cred)
#define put_cred(cred)	   ((void)(cred))

#define uid_lt(a, b)		((a).val < (b).val)
#define uid_valid(u)		((u).val != ~0U)
#define gid_valid(g)		((g).val != ~0U)
#define INVALID_UID		KUIDT_INIT(~0U)
#define cap_raised(c, n)	((int)((c).cap[(n) >> 5] >> ((n)&31) & 1))
#define current_cap()		(current->cred->cap_effective)
#define from_kgid_munged(ns, g) ((g).val)
#define i_uid_read(inode)	((inode)->i_uid.val)
#define i_gid_read(inode)	((inode)->i_gid.val)

#endif
