/* Whose a task is, its limits and signals, as Linux's modules see them; a part of module/views.h. */
#ifndef MODULE_RIGHTS_VIEW_H
#define MODULE_RIGHTS_VIEW_H

#include "module/file_view.h"

struct cap_view { /* kernel_cap_t */
	unsigned int cap[2];
};
struct cred_view {
	struct id_view uid, gid, suid, sgid, euid, egid, fsuid, fsgid;
	struct cap_view cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	unsigned int securebits;
};
struct sigset_view { /* sigset_t */
	unsigned long sig[8 / sizeof(long)];
};
struct rlimit_view { /* struct rlimit */
	unsigned long rlim_cur, rlim_max;
};
enum { VIEW_RLIMITS = 16, VIEW_SIGNALS = 64 };
struct signal_view {
	struct task_view *group_exit_task;
	struct counter_view live, sigcnt; /* threads that run; tasks */
	int nr_threads;
	int pgrp, session, leader; /* leader: of its session */
	struct {
		struct sigset_view signal;
	} shared_pending;
	struct rlimit_view rlim[VIEW_RLIMITS];
};
struct sighand_view { /* struct sighand_struct */
	struct counter_view count;
	struct {
		struct {
			void (*sa_handler)(int sig);
			unsigned long sa_flags;
			void (*sa_restorer)(void);
			struct sigset_view sa_mask;
		} sa;
	} action[VIEW_SIGNALS];
};
struct cpumask_view { /* cpumask_t */
	unsigned long bits[1];
};
struct uts_ns_view;
struct nsproxy_view { /* struct nsproxy: there is one of each namespace */
	struct counter_view count;
	struct uts_ns_view *uts_ns;
};

#endif
