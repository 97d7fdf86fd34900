/* prctl(2): subreapers, capabilities across changes of user and execve, securebits, and what each option refuses. */
#include "tap.h"

#include <grp.h>
#include <sys/prctl.h>

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
enum {
	PR_CAP_AMBIENT_IS_SET = 1,
	PR_CAP_AMBIENT_RAISE,
	PR_CAP_AMBIENT_LOWER,
	PR_CAP_AMBIENT_CLEAR_ALL
};
#endif
enum { KEEP_CAPS = 0x10, KEEP_CAPS_LOCKED = 0x20, NO_SETUID_FIXUP = 4, NOROOT = 1, NR_CAPS = 41 };
#define ALL_CAPS ((1ull << NR_CAPS) - 1)
enum {
	CAP_CHOWN = 0,
	CAP_FOWNER = 3,
	CAP_KILL = 5,
	CAP_SETUID = 7,
	CAP_SETPCAP = 8,
	CAP_MKNOD = 27
};
#define CAPS_VERSION_3 0x20080522

struct cap_header {
	uint32_t version;
	int pid;
};
struct cap_data {
	uint32_t effective, permitted, inheritable;
};

struct caps {
	uint64_t effective, permitted, inheritable;
};

static struct caps caps_now(void)
{
	struct cap_header h = { CAPS_VERSION_3, 0 };
	struct cap_data d[2];

	if (syscall(SYS_capget, &h, d))
		return (struct caps){ 1, 2, 3 };
	return (struct caps){ d[0].effective | (uint64_t)d[1].effective << 32,
			      d[0].permitted | (uint64_t)d[1].permitted << 32,
			      d[0].inheritable | (uint64_t)d[1].inheritable << 32 };
}

static int set_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct cap_header h = { CAPS_VERSION_3, 0 };
	struct cap_data d[2] = { { (uint32_t)effective, (uint32_t)permitted,
				   (uint32_t)inheritable },
				 { (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
				   (uint32_t)(inheritable >> 32) } };

	return (int)syscall(SYS_capset, &h, d);
}

static int prc(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return (int)syscall(SYS_prctl, option, a, b, c, d);
}

#define HAS(eff, prm)                                                                              \
	do {                                                                                       \
		struct caps has = caps_now();                                                      \
		EQ(has.effective, eff);                                                            \
		EQ(has.permitted, prm);                                                            \
	} while (0)

/* ---- orphans ---- */

static void report(int fd, pid_t about)
{
	if (write(fd, &about, sizeof(about)) != sizeof(about))
		_exit(3);
}

/* A grandchild of the caller, whose parent ends; it says over @fd who its parent is then. */
static void orphan(int fd, int more_first)
{
	pid_t middle = fork();

	if (middle == 0) {
		middle = getpid();
		if (more_first)
			prc(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		if (fork() == 0) {
			while (getppid() == middle || getppid() == 0)
				usleep(100);
			report(fd, getppid());
			_exit(7);
		}
		_exit(0);
	}
	waitpid(middle, NULL, 0);
}

static void subreaper(void)
{
	int p[2], on = -1, status;
	pid_t heir = 0;

	NEED(pipe(p) == 0);
	EQ(prc(PR_GET_CHILD_SUBREAPER, (uintptr_t)&on, 0, 0, 0), 0);
	EQ(on, 0);
	EQ(prc(PR_SET_CHILD_SUBREAPER, 5, 0, 0, 0), 0);
	EQ(prc(PR_GET_CHILD_SUBREAPER, (uintptr_t)&on, 0, 0, 0), 0);
	EQ(on, 1);
	FAILS(prc(PR_GET_CHILD_SUBREAPER, 16, 0, 0, 0), EFAULT);
	for (int more = 0; more < 2; more++) {
		orphan(p[1], more);
		EQ(read(p[0], &heir, sizeof(heir)), sizeof(heir));
		EQ(heir, getpid());
		CHECK(wait(&status) > 0);
		EQ(status, 7 << 8);
	}
	FAILS(wait(NULL), ECHILD);
	EQ(prc(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
	orphan(p[1], 0);
	EQ(read(p[0], &heir, sizeof(heir)), sizeof(heir));
	CHECK(heir != getpid());
	FAILS(wait(NULL), ECHILD);
	close(p[0]);
	close(p[1]);
}

/* A child does not inherit it, a thread and a new program keep it. */
static void subreaper_is_the_process(void)
{
	pid_t pid;

	EQ(prc(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	pid = fork();
	if (pid == 0) {
		int on = -1;

		prc(PR_GET_CHILD_SUBREAPER, (uintptr_t)&on, 0, 0, 0);
		_exit(on);
	}
	EQ(tap_wait(pid), 0);
}

/* ---- capabilities ---- */

static void users_and_capabilities(void)
{
	HAS(ALL_CAPS, ALL_CAPS);
	EQ(seteuid(1000), 0);
	HAS(0, ALL_CAPS);
	EQ(seteuid(0), 0);
	HAS(ALL_CAPS, ALL_CAPS);
	EQ((int)syscall(SYS_setfsuid, 1000), 0); /* what has to do with files goes */
	HAS(ALL_CAPS & ~0x10800021full, ALL_CAPS);
	EQ((int)syscall(SYS_setfsuid, 0), 1000);
	HAS(ALL_CAPS, ALL_CAPS);
	EQ(setuid(1000), 0);
	HAS(0, 0);
}

static void keeping_capabilities(void)
{
	EQ(prc(PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
	FAILS(prc(PR_SET_KEEPCAPS, 2, 0, 0, 0), EINVAL);
	EQ(prc(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	EQ(prc(PR_GET_KEEPCAPS, 0, 0, 0, 0), 1);
	EQ(prc(PR_GET_SECUREBITS, 0, 0, 0, 0), KEEP_CAPS);
	EQ(setuid(1000), 0);
	HAS(0, ALL_CAPS);
	EQ(set_caps(1 << CAP_SETUID, ALL_CAPS, 0), 0);
	HAS(1 << CAP_SETUID, ALL_CAPS);
	EQ(setuid(0), 0);
}

static void securebits(void)
{
	EQ(prc(PR_GET_SECUREBITS, 0, 0, 0, 0), 0);
	FAILS(prc(PR_SET_SECUREBITS, 0x100, 0, 0, 0), EPERM);
	EQ(prc(PR_SET_SECUREBITS, NO_SETUID_FIXUP | KEEP_CAPS_LOCKED, 0, 0, 0), 0);
	FAILS(prc(PR_SET_KEEPCAPS, 1, 0, 0, 0), EPERM);
	FAILS(prc(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0), EPERM);
	FAILS(prc(PR_SET_SECUREBITS, NO_SETUID_FIXUP | KEEP_CAPS_LOCKED | KEEP_CAPS, 0, 0, 0),
	      EPERM);
	EQ(seteuid(1000), 0);
	HAS(ALL_CAPS, ALL_CAPS);
	EQ(set_caps(0, ALL_CAPS, 0), 0);
	FAILS(prc(PR_SET_SECUREBITS, KEEP_CAPS_LOCKED, 0, 0, 0), EPERM);
}

static void sets(void)
{
	const uint64_t two = 1 << CAP_CHOWN | 1 << CAP_KILL;

	FAILS(prc(PR_CAPBSET_READ, NR_CAPS, 0, 0, 0), EINVAL);
	FAILS(prc(PR_CAPBSET_DROP, NR_CAPS, 0, 0, 0), EINVAL);
	EQ(prc(PR_CAPBSET_READ, CAP_MKNOD, 0, 0, 0), 1);
	EQ(prc(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0), 0);
	EQ(prc(PR_CAPBSET_READ, CAP_MKNOD, 0, 0, 0), 0);
	FAILS(set_caps(two, two, 1 << CAP_MKNOD), EPERM); /* out of bounds */
	FAILS(set_caps(two, 1 << CAP_CHOWN, 0), EPERM);
	EQ(set_caps(two, two, two), 0);
	HAS(two, two);
	FAILS(set_caps(two, two | 1 << CAP_FOWNER, two), EPERM);
	FAILS(set_caps(two, two, two | 1 << CAP_FOWNER), EPERM); /* CAP_SETPCAP has gone */
	FAILS(prc(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0), EPERM);
}

static void ambient(void)
{
	const uint64_t some = 1 << CAP_CHOWN | 1 << CAP_SETPCAP | 1 << CAP_KILL;

	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0), 0);
	FAILS(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0),
	      EPERM); /* not inheritable */
	EQ(set_caps(some, some, some), 0);
	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0), 0);
	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), 0);
	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0), 1);
	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0), 0);
	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0), 0);
	FAILS(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_FOWNER, 0, 0), EPERM);
	EQ(set_caps(some, some, 1 << CAP_CHOWN), 0); /* it leaves with the inheritable ones */
	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0), 0);
	EQ(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), 0);
	FAILS(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0), EINVAL);
	FAILS(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, NR_CAPS, 0, 0), EINVAL);
	FAILS(prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 1, 0), EINVAL);
	FAILS(prc(PR_CAP_AMBIENT, 0, 0, 0, 0), EINVAL);
	FAILS(prc(PR_CAP_AMBIENT, 5, 0, 0, 0), EINVAL);
}

/* ---- execve ---- */

/* This program again, with what it should have. Return: its exit status. */
static int run_with(void (*prepare)(void), uint64_t effective, uint64_t permitted)
{
	char e[20], p[20];
	pid_t pid = fork();

	snprintf(e, sizeof(e), "%llx", (unsigned long long)effective);
	snprintf(p, sizeof(p), "%llx", (unsigned long long)permitted);
	if (pid == 0) {
		prepare();
		execl("/proc/self/exe", "has", e, p, (char *)NULL);
		_exit(99);
	}
	return tap_wait(pid);
}

static int has(char **argv)
{
	struct caps c = caps_now();

	return (c.effective != strtoull(argv[1], NULL, 16)) |
	       (c.permitted != strtoull(argv[2], NULL, 16)) << 1 |
	       (prc(PR_GET_KEEPCAPS, 0, 0, 0, 0) != 0) << 2;
}

static void nothing(void)
{
}

static void fewer(void)
{
	set_caps(0, 1 << CAP_CHOWN, 0);
}

static void fewer_for_good(void)
{
	prc(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0);
	set_caps(0, 0, 0);
}

static void not_special(void)
{
	prc(PR_SET_SECUREBITS, NOROOT, 0, 0, 0);
}

static void kept(void)
{
	prc(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setuid(1000) || set_caps(ALL_CAPS, ALL_CAPS, 0))
		_exit(98);
}

static void by_ambient(void)
{
	prc(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setuid(1000) || set_caps(ALL_CAPS, ALL_CAPS, 1 << CAP_CHOWN) ||
	    prc(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0))
		_exit(98);
}

static void no_new_rights(void)
{
	set_caps(0, 1 << CAP_CHOWN, 0);
	prc(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void real_root(void)
{
	if (setresuid(0, 1000, 1000))
		_exit(98);
}

static void new_programs(void)
{
	EQ(run_with(nothing, ALL_CAPS, ALL_CAPS), 0);
	EQ(run_with(fewer, ALL_CAPS, ALL_CAPS), 0); /* user 0's programs have all */
	EQ(run_with(fewer_for_good, ALL_CAPS & ~(1ull << CAP_MKNOD),
		    ALL_CAPS & ~(1ull << CAP_MKNOD)),
	   0);
	EQ(run_with(not_special, 0, 0), 0);
	EQ(run_with(kept, 0, 0), 0);
	EQ(run_with(by_ambient, 1 << CAP_CHOWN, 1 << CAP_CHOWN), 0);
	EQ(run_with(no_new_rights, 1 << CAP_CHOWN, 1 << CAP_CHOWN), 0);
	EQ(run_with(real_root, 0, ALL_CAPS), 0);
}

/* ---- the rest ---- */

/* The signal of a parent's death stays over execve; a change of user ends it. */
static void death_signal(void)
{
	int sig = -1;
	pid_t pid = fork();

	if (pid == 0) {
		prc(PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0);
		execl("/proc/self/exe", "dies", (char *)NULL);
		_exit(99);
	}
	EQ(tap_wait(pid), SIGUSR2 << 8);
	EQ(prc(PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0), 0);
	EQ(setgid(getgid()), 0);
	EQ(prc(PR_GET_PDEATHSIG, (uintptr_t)&sig, 0, 0, 0), 0);
	EQ(sig, SIGUSR2);
	EQ(setuid(1000), 0);
	EQ(prc(PR_GET_PDEATHSIG, (uintptr_t)&sig, 0, 0, 0), 0);
	EQ(sig, 0);
}

static void odds_and_ends(void)
{
	int n = -1;
	uintptr_t tid_at = 1;

	EQ(prc(PR_GET_TIMING, 0, 0, 0, 0), 0);
	EQ(prc(PR_SET_TIMING, 0, 0, 0, 0), 0);
	FAILS(prc(PR_SET_TIMING, 1, 0, 0, 0), EINVAL);
	EQ(prc(PR_GET_TSC, (uintptr_t)&n, 0, 0, 0), 0);
	EQ(n, PR_TSC_ENABLE);
	FAILS(prc(PR_GET_TSC, 16, 0, 0, 0), EFAULT);
	EQ(prc(40 /* GET_TID_ADDRESS */, (uintptr_t)&tid_at, 0, 0, 0), 0);
	CHECK(tid_at != 1);
	FAILS(prc(52 /* GET_SPECULATION_CTRL */, 7, 0, 0, 0), ENODEV);
	FAILS(prc(52, 0, 1, 0, 0), EINVAL);
	FAILS(prc(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	FAILS(prc(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
	FAILS(prc(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL);
	FAILS(prc(PR_SET_PDEATHSIG, 65, 0, 0, 0), EINVAL);
	FAILS(prc(PR_SET_DUMPABLE, 2, 0, 0, 0), EINVAL);
	FAILS(prc(0, 0, 0, 0, 0), EINVAL);
	FAILS(prc(64, 0, 0, 0, 0), EINVAL);
	FAILS(prc(0x10000, 0, 0, 0, 0), EINVAL);
}

/* The owner of what /proc says of the caller. */
static int owner(void)
{
	struct stat st;

	return stat("/proc/self/status", &st) ? -1 : (int)st.st_uid;
}

static int after_exec(void *program)
{
	execl(program, "dumpable", NULL);
	return 99;
}

/* Who changes rights may not be looked into, until execve or prctl(2) says otherwise. */
static int changes_rights(void *program)
{
	EQ(prc(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	OK(setgroups(0, NULL)); /* no change of this kind */
	EQ(prc(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	NEED_IN_CHILD(setresuid(1000, 1000, 0) == 0);
	EQ(prc(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	EQ(owner(), 0);
	EQ(tap_child(after_exec, program), EXITED(1));
	EQ(prc(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	OK(prc(PR_SET_DUMPABLE, 1, 0, 0, 0));
	EQ(owner(), 1000);
	NEED_IN_CHILD(setresuid(1000, 1000, 1000) == 0); /* the saved id alone */
	EQ(prc(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	EQ(tap_child(after_exec, program), EXITED(1));
	return tap_failures;
}

/* Most files of /proc/self are root's then, but not the descriptors. */
static int has_its_descriptors(void *unused)
{
	char name[64], target[64];
	int file = open("/proc/version", O_RDONLY), fd;

	(void)unused;
	NEED_IN_CHILD(file >= 0);
	NEED_IN_CHILD(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	FAILS(open("/proc/self/environ", O_RDONLY), EACCES);
	FAILS(open("/proc/self/mem", O_RDONLY), EACCES);
	sprintf(name, "/proc/self/fd/%d", file);
	EQ(readlink(name, target, sizeof(target)), 13);
	EQ(memcmp(target, "/proc/version", 13), 0);
	OK(fd = open(name, O_RDONLY));
	close(fd);
	OK(access("/proc/self/fd", R_OK | X_OK));
	OK(fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
	close(fd);
	sprintf(name, "/proc/self/fdinfo/%d", file);
	CHECK(tap_read(name, target, sizeof(target)) > 0);
	sprintf(name, "/proc/%d/fd", getppid());
	FAILS(open(name, O_RDONLY | O_DIRECTORY), EACCES);
	sprintf(name, "/proc/%d/fdinfo/0", getppid());
	CHECK(tap_read(name, target, sizeof(target)) <= 0);
	return tap_failures;
}

static int unreadable(void *program)
{
	NEED_IN_CHILD(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	return after_exec(program);
}

static int changes_to_roots(void *unused)
{
	(void)unused;
	NEED_IN_CHILD(setresuid(1000, 1000, 1000) == 0);
	EQ(prc(PR_GET_DUMPABLE, 0, 0, 0, 0), 2);
	EQ(owner(), 0);
	OK(prc(PR_SET_DUMPABLE, 0, 0, 0, 0));
	EQ(tap_child(after_exec, (void *)"/proc/self/exe"), EXITED(1));
	return tap_failures;
}

static void who_may_look(void)
{
	char self[64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	NEED(n > 0);
	self[n] = '\0';
	EQ(tap_child(changes_rights, self), EXITED(0));
	FAILS(tap_put("/proc/sys/fs/suid_dumpable", "3"), EINVAL);
	NEED(tap_put("/proc/sys/fs/suid_dumpable", "2") == 0);
	EQ(tap_child(changes_to_roots, NULL), EXITED(0));
	EQ(tap_child(has_its_descriptors, NULL), 0);
	NEED(tap_put("/proc/sys/fs/suid_dumpable", "0") == 0);
	NEED(chmod(self, 0711) == 0); /* who cannot read it shall not by a core file */
	EQ(tap_child(unreadable, self), EXITED(0));
	NEED(chmod(self, 0755) == 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(subreaper),
						 T(subreaper_is_the_process),
						 T(users_and_capabilities),
						 T(keeping_capabilities),
						 T(securebits),
						 T(sets),
						 T(ambient),
						 T(new_programs),
						 T(death_signal),
						 T(who_may_look),
						 T(odds_and_ends),
						 TEND };
	int sig = 0;

	if (argc == 1 && !strcmp(argv[0], "dies"))
		return prc(PR_GET_PDEATHSIG, (uintptr_t)&sig, 0, 0, 0) ? 99 : sig;
	if (argc == 3 && !strcmp(argv[0], "has"))
		return has(argv);
	if (argc == 1 && !strcmp(argv[0], "dumpable"))
		return prctl(PR_GET_DUMPABLE);
	return tap_main(argc, argv, tests);
}
