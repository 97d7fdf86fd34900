/* Signal numbers, flags and siginfo of the i386 and x86_64 ABI: signal(7), sigaction(2). */
#ifndef UAPI_SIGNAL_H
#define UAPI_SIGNAL_H

#include "base/types.h"

enum {
	SIGHUP = 1,
	SIGINT,
	SIGQUIT,
	SIGILL,
	SIGTRAP,
	SIGABRT,
	SIGBUS,
	SIGFPE,
	SIGKILL,
	SIGUSR1,
	SIGSEGV,
	SIGUSR2,
	SIGPIPE,
	SIGALRM,
	SIGTERM,
	SIGSTKFLT,
	SIGCHLD,
	SIGCONT,
	SIGSTOP,
	SIGTSTP,
	SIGTTIN,
	SIGTTOU,
	SIGURG,
	SIGXCPU,
	SIGXFSZ,
	SIGVTALRM,
	SIGPROF,
	SIGWINCH,
	SIGIO,
	SIGPWR,
	SIGSYS,
	SIGRTMIN = 32,
	NSIG = 64
};

enum { SIG_DFL = 0, SIG_IGN = 1 };
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

#define SA_NOCLDSTOP 0x00000001UL
#define SA_NOCLDWAIT 0x00000002UL
#define SA_SIGINFO   0x00000004UL
#define SA_RESTORER  0x04000000UL
#define SA_ONSTACK   0x08000000UL
#define SA_RESTART   0x10000000UL
#define SA_NODEFER   0x40000000UL
#define SA_RESETHAND 0x80000000UL

enum { SS_ONSTACK = 1, SS_DISABLE = 2, MINSIGSTKSZ_K = 2048 };
#define SS_AUTODISARM 0x80000000U

enum { SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_TKILL = -6 };
enum {
	ILL_ILLOPN = 2,
	ILL_BADSTK = 8,
	FPE_INTDIV = 1,
	FPE_INTOVF = 2,
	FPE_FLTDIV = 3,
	FPE_FLTOVF = 4,
	FPE_FLTUND = 5,
	FPE_FLTRES = 6,
	FPE_FLTINV = 7,
	SEGV_MAPERR = 1,
	SEGV_ACCERR = 2,
	BUS_ADRALN = 1,
	BUS_ADRERR = 2,
	BUS_MCEERR_AR = 4,
	TRAP_BRKPT = 1,
	TRAP_TRACE = 2,
	CLD_EXITED = 1,
	CLD_KILLED,
	CLD_DUMPED,
	CLD_TRAPPED,
	CLD_STOPPED,
	CLD_CONTINUED
};

/* 128 bytes on both ABIs; the union starts at offset 12 (32-bit) or 16 (64-bit), as long alignment gives. */
struct siginfo_k {
	int si_signo, si_errno, si_code;
	union {
		int pad[(128 - (sizeof(long) == 8 ? 16 : 12)) / 4];
		struct {
			int pid;
			uint32_t uid;
			union {
				long value; /* sigqueue: sigval */
				struct {
					int status;
					long utime, stime; /* clock ticks */
				};
			};
		};
		struct {
			int timerid, overrun;
			long timer_value;
		};
		struct {
			unsigned long addr; /* SIGSEGV, SIGBUS, SIGILL, SIGFPE */
			int16_t addr_lsb;   /* BUS_MCEERR_AR: so many low bits of it say nothing */
		};
		struct {
			unsigned long call_addr; /* SIGSYS: behind the call */
			int call_nr;
			uint32_t call_arch;
		};
		struct {
			long band; /* SIGIO and what F_SETSIG says */
			int fd;
		};
	};
};
_Static_assert(sizeof(struct siginfo_k) == 128, "siginfo size");

#endif
