/* Credentials, and what is counted for each user. credentials(7), capabilities(7). */
#ifndef KERNEL_CRED_H
#define KERNEL_CRED_H

#include "base/atomic.h"
#include "base/compiler.h"

enum { NGROUPS_MAX = 65536 };

/* Supplementary groups, ascending; counted. Not to be changed once they are a credential's. groups.c */
struct group_info {
	atomic_t refs;
	unsigned nr;
	uint32_t id[];
};
struct group_info *must_check groups_alloc(unsigned nr); /* ids 0; NULL: no memory */
void groups_sort(struct group_info *g);
struct group_info *groups_get(struct group_info *g);	    /* NULL legal */
void groups_put(struct group_info *g);			    /* NULL legal; may sleep */
bool groups_have(const struct group_info *g, uint32_t gid); /* NULL: none */

/* Immutable once installed (a change installs a copy); reference counted. */
struct cred {
	atomic_t refs;
	uint32_t uid, euid, suid, fsuid, gid, egid, sgid, fsgid;
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	uint32_t securebits;	   /* SECURE_*, and the bit above each: it is locked */
	struct group_info *groups; /* referenced; NULL: none */
};

struct cred *cred_get(struct cred *c);
void cred_put(struct cred *c);
struct cred *must_check cred_dup(const struct cred *c);
/* Root's, with every capability: what init starts with. Not to be changed. */
extern struct cred init_cred;
/* May a process leave a core file and be looked into by who is its user? PR_SET_DUMPABLE; root: by root only. */
enum suid_dump { SUID_DUMP_DISABLE, SUID_DUMP_USER, SUID_DUMP_ROOT };
extern int sysctl_suid_dumpable; /* what a process becomes that gains or changes rights */
/* Install @c (its reference moves in) as the calling task's; the old one is put; counts move to the new real uid. */
void cred_commit(struct cred *c);
/* fsgid or a supplementary group. */
bool cred_in_group(const struct cred *c, uint32_t gid);
bool capable(unsigned cap); /* of the current task's effective set */
struct task;
/* ptrace(2), access mode checking: may the caller look into @t? @real: by his real ids (attach), not those of file access. */
bool task_may_ptrace(struct task *t, bool real);
unsigned cred_mm_caps(const struct cred *c); /* MM_CAP_* of mm/imports.h */
enum {
	CAP_CHOWN = 0,
	CAP_DAC_OVERRIDE = 1,
	CAP_DAC_READ_SEARCH = 2,
	CAP_FOWNER = 3,
	CAP_FSETID = 4,
	CAP_KILL = 5,
	CAP_SETGID = 6,
	CAP_SETUID = 7,
	CAP_SETPCAP = 8,
	CAP_LINUX_IMMUTABLE = 9,
	CAP_NET_BIND_SERVICE = 10,
	CAP_NET_ADMIN = 12,
	CAP_NET_RAW = 13,
	CAP_IPC_LOCK = 14,
	CAP_IPC_OWNER = 15,
	CAP_SYS_MODULE = 16,
	CAP_SYS_RAWIO = 17,
	CAP_SYS_CHROOT = 18,
	CAP_SYS_PTRACE = 19,
	CAP_SYS_ADMIN = 21,
	CAP_SYS_BOOT = 22,
	CAP_SYS_NICE = 23,
	CAP_SYS_RESOURCE = 24,
	CAP_SYS_TIME = 25,
	CAP_SYS_TTY_CONFIG = 26,
	CAP_MKNOD = 27,
	CAP_LEASE = 28,
	CAP_MAC_OVERRIDE = 32,
	CAP_WAKE_ALARM = 35,
	CAP_CHECKPOINT_RESTORE = 40,
	CAP_LAST = 40
};

/* capabilities(7), "The securebits flags". */
enum {
	SECURE_NOROOT = 0x1,
	SECURE_NO_SETUID_FIXUP = 0x4,
	SECURE_KEEP_CAPS = 0x10,
	SECURE_NO_CAP_AMBIENT_RAISE = 0x40,
	SECURE_ALL_BITS = 0x55
};

/* Counters of one real user id; shared by its tasks, found by uid. */
struct user_account;
struct user_account *must_check user_account_get(uint32_t uid); /* referenced; NULL: no memory */
struct user_account *user_account_ref(struct user_account *u);
void user_account_put(struct user_account *u);
void user_account_add_task(struct user_account *u, int n);
/* Count one queued signal unless there are @limit already. Any context. */
bool must_check user_account_charge_signal(struct user_account *u, uint64_t limit);
void user_account_uncharge_signal(struct user_account *u);
/* What else is limited per user. Who charges holds a reference of the account until it is uncharged. */
enum user_counter {
	USER_EPOLL_WATCHES,
	USER_MQUEUE_BYTES,
	USER_INOTIFY_INSTANCES,
	USER_INOTIFY_WATCHES,
	USER_LOCKED_SHM, /* pages */
	USER_PIPE_PAGES,
	USER_INFLIGHT_FILES, /* in messages of sockets */
	NR_USER_COUNTERS
};
/* @n more, unless that makes more than @limit. Any context. */
bool must_check user_account_charge(struct user_account *u, enum user_counter c, unsigned long n,
				    uint64_t limit);
void user_account_uncharge(struct user_account *u, enum user_counter c, unsigned long n);
unsigned user_account_signals(const struct user_account *u); /* queued now, for /proc; NULL: 0 */
unsigned nr_user_processes(uint32_t uid);		     /* RLIMIT_NPROC */

#endif
