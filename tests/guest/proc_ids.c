/* Who a process is: real, effective, saved and file system IDs, groups; credentials(7). Each call as the system has it, not libc's for all threads. */
#include "tap.h"

#include <grp.h>
#include <sys/fsuid.h>

/* The 32-bit IDs have numbers of their own on i386. */
#ifdef __i386__
#define CALL(name) SYS_##name##32
#else
#define CALL(name) SYS_##name
#endif
#define KEEP (-1)

static int set3(int group, int r, int e, int s)
{
	return (int)syscall(group ? CALL(setresgid) : CALL(setresuid), r, e, s);
}

static int set2(int group, int r, int e)
{
	return (int)syscall(group ? CALL(setregid) : CALL(setreuid), r, e);
}

static int set1(int group, int id)
{
	return (int)syscall(group ? CALL(setgid) : CALL(setuid), id);
}

/* Real, effective, saved and file system's ID as one number, three digits each. */
static long long ids(int group)
{
	int id[3] = { -1, -1, -1 };

	if (syscall(group ? CALL(getresgid) : CALL(getresuid), &id[0], &id[1], &id[2]))
		return -1;
	return ((id[0] * 1000LL + id[1]) * 1000 + id[2]) * 1000 +
	       syscall(group ? CALL(setfsgid) : CALL(setfsuid), KEEP);
}

/* From here on without rights over IDs. */
static void begin_as(int group, int r, int e, int s)
{
	if (group) {
		OK(set3(1, r, e, s));
		OK(set3(0, 900, 900, 900));
	} else {
		OK(set3(0, r, e, s));
	}
}

static int unprivileged_three(void *group)
{
	int g = group != NULL;

	begin_as(g, 101, 102, 103);
	EQ(ids(g), 101102103102);
	OK(set3(g, 103, 101, 102));
	EQ(ids(g), 103101102101);
	FAILS(set3(g, 104, KEEP, KEEP), EPERM);
	FAILS(set3(g, KEEP, 104, KEEP), EPERM);
	FAILS(set3(g, KEEP, KEEP, 104), EPERM);
	EQ(ids(g), 103101102101);
	OK(set3(g, KEEP, 103, KEEP));
	EQ(ids(g), 103103102103);
	return tap_failures;
}

static int unprivileged_two(void *group)
{
	int g = group != NULL;

	begin_as(g, 101, 102, 103);
	FAILS(set2(g, 103, KEEP), EPERM); /* the saved ID is for the effective one only */
	FAILS(set2(g, 104, KEEP), EPERM);
	FAILS(set2(g, KEEP, 104), EPERM);
	OK(set2(g, KEEP, 101)); /* the real one: the saved ID stays */
	EQ(ids(g), 101101103101);
	OK(set2(g, KEEP, 103));
	EQ(ids(g), 101103103103);
	OK(set2(g, 103, 101)); /* exchanged: the saved ID follows */
	EQ(ids(g), 103101101101);
	OK(set2(g, KEEP, KEEP));
	EQ(ids(g), 103101101101);
	return tap_failures;
}

static int unprivileged_one(void *group)
{
	int g = group != NULL;

	begin_as(g, 101, 102, 103);
	FAILS(set1(g, 104), EPERM);
	FAILS(set1(g, 102), EPERM); /* effective already, but neither real nor saved */
	OK(set1(g, 103));
	EQ(ids(g), 101103103103);
	OK(set1(g, 101));
	EQ(ids(g), 101101103101);
	FAILS(set1(g, KEEP), EINVAL);
	return tap_failures;
}

static int root(void *group)
{
	int g = group != NULL;

	OK(set2(g, 5, KEEP)); /* the saved ID becomes the effective one */
	EQ(ids(g), 5000000000LL);
	OK(set2(g, KEEP, 7));
	EQ(ids(g), 5007007007);
	return tap_failures;
}

static int root_one(void *group)
{
	int g = group != NULL;

	OK(set1(g, 9));
	EQ(ids(g), 9009009009);
	if (!g)
		FAILS(set1(g, 0), EPERM);
	return tap_failures;
}

static int file_system_ids(void *group)
{
	long call = group ? CALL(setfsgid) : CALL(setfsuid);
	int g = group != NULL;

	begin_as(g, 101, 102, 103);
	EQ(syscall(call, 103), 102); /* what was */
	EQ(syscall(call, 104), 103); /* not allowed, and nothing says so */
	EQ(ids(g), 101102103103);
	OK(set3(g, KEEP, 101, KEEP)); /* it follows the effective ID */
	EQ(ids(g), 101101103101);
	return tap_failures;
}

static void both(int (*fn)(void *))
{
	EQ(tap_child(fn, NULL), EXITED(0));
	EQ(tap_child(fn, (void *)1), EXITED(0));
}

static void three_at_once(void)
{
	both(unprivileged_three);
}

static void real_and_effective(void)
{
	both(unprivileged_two);
}

static void one(void)
{
	both(unprivileged_one);
}

static void of_root(void)
{
	both(root);
	both(root_one);
}

static void for_files(void)
{
	both(file_system_ids);
}

static void asking(void)
{
	unsigned id[3];

	FAILS(syscall(CALL(getresuid), &id[0], &id[1], 8), EFAULT);
	FAILS(syscall(CALL(getresgid), 8, &id[1], &id[2]), EFAULT);
}

static void groups(void)
{
	gid_t some[5] = { 30, 10, 20, 10, 40 }, got[8] = { 0 };

	OK(syscall(CALL(setgroups), 5, some));
	EQ(syscall(CALL(getgroups), 0, NULL), 5);
	FAILS(syscall(CALL(getgroups), 4, got), EINVAL);
	FAILS(syscall(CALL(getgroups), -1, got), EINVAL);
	FAILS(syscall(CALL(getgroups), 8, 8), EFAULT);
	EQ(syscall(CALL(getgroups), 8, got), 5);
	EQ(got[0], 10); /* sorted */
	EQ(got[1], 10);
	EQ(got[2], 20);
	EQ(got[4], 40);
	FAILS(syscall(CALL(setgroups), 65537, some), EINVAL);
	FAILS(syscall(CALL(setgroups), 2, 8), EFAULT);
	EQ(syscall(CALL(getgroups), 0, NULL), 5);
	OK(syscall(CALL(setgroups), 0, NULL));
	EQ(syscall(CALL(getgroups), 0, NULL), 0);
	NEED(set3(0, 1, 1, 1) == 0);
	FAILS(syscall(CALL(setgroups), 1, some), EPERM);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(three_at_once), T(real_and_effective),
						 T(one),	   T(of_root),
						 T(for_files),	   T(asking),
						 T(groups),	   TEND };

	return tap_main(argc, argv, tests);
}
