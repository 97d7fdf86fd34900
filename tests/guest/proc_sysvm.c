/* /proc/sys/vm, and fs, kernel: defaults, what is refused, and that each number does what it says. All are set back. */
#include "mem.h"

#include <grp.h>
#include <sys/klog.h>

#define VM "/proc/sys/vm/"

static char text[1 << 16];

static long number(const char *path)
{
	char buf[64];

	return tap_read(path, buf, sizeof(buf)) > 0 ? strtol(buf, NULL, 10) : -1;
}

static void store_number(const char *path, long v)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%ld\n", v);
	OK(tap_put(path, buf));
}

/* The number after @key in the part of /proc/zoneinfo of the largest zone but HighMem, whose marks are fixed. */
static long zone_number(const char *key)
{
	long best = -1, managed = 0;

	if (tap_read("/proc/zoneinfo", text, sizeof(text)) <= 0)
		return -1;
	for (char *z = strstr(text, "Node "); z; z = strstr(z + 5, "\nNode ")) {
		char *m = strstr(z, " managed "), *k = strstr(z, key);

		if (m && k && strncmp(z + strcspn(z, ","), ", zone  HighMem", 15) &&
		    strtol(m + 9, NULL, 10) > managed) {
			managed = strtol(m + 9, NULL, 10);
			best = strtol(k + strlen(key), NULL, 10);
		}
	}
	return best;
}

/* Every file that Debian's 6.1 has, but for the three of which it says why not (fs/proc_sysvm.c). */
static void all_of_linux_are_there(void)
{
	static const char *const names[] = { "admin_reserve_kbytes",
					     "compact_memory",
					     "compact_unevictable_allowed",
					     "compaction_proactiveness",
					     "dirty_background_bytes",
					     "dirty_background_ratio",
					     "dirty_bytes",
					     "dirty_expire_centisecs",
					     "dirty_ratio",
					     "dirty_writeback_centisecs",
					     "dirtytime_expire_seconds",
					     "drop_caches",
					     "extfrag_threshold",
					     "hugetlb_shm_group",
					     "laptop_mode",
					     "legacy_va_layout",
					     "lowmem_reserve_ratio",
					     "max_map_count",
					     "min_free_kbytes",
					     "mmap_min_addr",
					     "mmap_rnd_bits",
					     "nr_hugepages",
					     "nr_overcommit_hugepages",
					     "oom_dump_tasks",
					     "oom_kill_allocating_task",
					     "overcommit_kbytes",
					     "overcommit_memory",
					     "overcommit_ratio",
					     "page-cluster",
					     "panic_on_oom",
					     "percpu_pagelist_high_fraction",
					     "stat_interval",
					     "stat_refresh",
					     "swappiness",
					     "unprivileged_userfaultfd",
					     "user_reserve_kbytes",
					     "vfs_cache_pressure",
					     "watermark_scale_factor" };
	static const char *const wide[] = {
		"min_slab_ratio",	  "min_unmapped_ratio", "mmap_rnd_compat_bits",
		"nr_hugepages_mempolicy", "numa_stat",		"numa_zonelist_order",
		"zone_reclaim_mode"
	};
	char path[64];

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), VM "%s", names[i]);
		if (access(path, F_OK) && tap_failed())
			tap_note("# there is no %s", path);
	}
	for (unsigned i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
		snprintf(path, sizeof(path), VM "%s", wide[i]);
		EQ(access(path, F_OK), IS64 ? 0 : -1);
	}
}

static void defaults(void)
{
	EQ(number(VM "compaction_proactiveness"), 20);
	EQ(number(VM "laptop_mode"), 0);
	EQ(number(VM "stat_interval"), 1);
	EQ(number(VM "dirtytime_expire_seconds"), 43200);
	if (IS64) {
		EQ(number(VM "zone_reclaim_mode"), 0);
		EQ(number(VM "min_unmapped_ratio"), 1);
		EQ(number(VM "min_slab_ratio"), 5);
		EQ(number(VM "mmap_rnd_compat_bits"), 8);
	}
	EQ(number(VM "max_map_count"), 65530);
	EQ(number(VM "mmap_min_addr"), 65536);
	EQ(number(VM "overcommit_ratio"), 50);
	EQ(number(VM "percpu_pagelist_high_fraction"), 0);
	EQ(number(VM "vfs_cache_pressure"), 100);
	EQ(number(VM "watermark_scale_factor"), 10);
	EQ(number(VM "panic_on_oom"), 0);
	EQ(number(VM "oom_kill_allocating_task"), 0);
	EQ(number(VM "oom_dump_tasks"), 1);
	EQ(number(VM "memory_failure_recovery"), 1);
	NEED(tap_read(VM "lowmem_reserve_ratio", text, sizeof(text)) > 0);
	STREQ(text, IS64 ? "256\t256\t32\t0\t0\n" : "256\t32\t0\t0\n");
	if (IS64) {
		NEED(tap_read(VM "numa_zonelist_order", text, sizeof(text)) > 0);
		STREQ(text, "Node\n");
	}
}

static void nonsense_is_refused(void)
{
	FAILS(tap_put(VM "max_map_count", "-1"), EINVAL);
	FAILS(tap_put(VM "max_map_count", "many"), EINVAL);
	FAILS(tap_put(VM "max_map_count", "5 x"), EINVAL);
	FAILS(tap_put(VM "overcommit_memory", "3"), EINVAL);
	FAILS(tap_put(VM "watermark_scale_factor", "0"), EINVAL);
	FAILS(tap_put(VM "watermark_scale_factor", "3001"), EINVAL);
	FAILS(tap_put(VM "percpu_pagelist_high_fraction", "7"), EINVAL);
	FAILS(tap_put(VM "drop_caches", "0"), EINVAL);
	FAILS(tap_put(VM "drop_caches", "5"), EINVAL);
	FAILS(tap_put(VM "lowmem_reserve_ratio", "1 two"), EINVAL);
	FAILS(tap_put(VM "panic_on_oom", "3"), EINVAL);
	FAILS(tap_put(VM "panic_on_oom", "-1"), EINVAL);
	FAILS(tap_put(VM "memory_failure_recovery", "2"), EINVAL);
	FAILS(tap_put("/proc/sys/fs/file-max", "-1"), EINVAL);
	FAILS(open("/proc/sys/fs/file-nr", O_WRONLY), EACCES);
	FAILS(tap_put(VM "compaction_proactiveness", "101"), EINVAL);
	FAILS(tap_put(VM "compaction_proactiveness", "-1"), EINVAL);
	FAILS(tap_put(VM "laptop_mode", "-1"), EINVAL);
	FAILS(tap_put(VM "dirtytime_expire_seconds", "-1"), EINVAL);
	FAILS(tap_put(VM "extfrag_threshold", "1001"), EINVAL);
	FAILS(tap_put(VM "extfrag_threshold", "-1"), EINVAL);
	FAILS(tap_put(VM "overcommit_ratio", "-1"), EINVAL);
	FAILS(tap_put(VM "min_free_kbytes", "-1"), EINVAL);
	FAILS(tap_put(VM "vfs_cache_pressure", "-1"), EINVAL);
	FAILS(tap_put(VM "swappiness", "201"), EINVAL);
	FAILS(tap_put(VM "page-cluster", "-1"), EINVAL);
	FAILS(tap_put(VM "mmap_rnd_bits", IS64 ? "33" : "17"), EINVAL);
	FAILS(tap_put(VM "mmap_rnd_bits", IS64 ? "27" : "7"), EINVAL);
	if (IS64) {
		FAILS(tap_put(VM "zone_reclaim_mode", "-1"), EINVAL);
		FAILS(tap_put(VM "min_unmapped_ratio", "101"), EINVAL);
		FAILS(tap_put(VM "min_slab_ratio", "101"), EINVAL);
		FAILS(tap_put(VM "mmap_rnd_compat_bits", "7"), EINVAL);
		FAILS(tap_put(VM "mmap_rnd_compat_bits", "17"), EINVAL);
	}
	FAILS(tap_put(VM "no_such_thing", "1"), ENOENT);
	FAILS(open(VM "drop_caches", O_RDONLY), EACCES); /* for root, too */
	FAILS(open("/proc/sys/kernel/osrelease", O_WRONLY), EACCES);
	EQ(number(VM "max_map_count"), 65530);
}

static int as_nobody(void *arg)
{
	if (setgid(65534) || setuid(65534) || number(VM "max_map_count") != 65530)
		return 1;
	return tap_put(VM "max_map_count", "1") == 0 || errno != EACCES;
}

static void others_may_read(void)
{
	EQ(tap_child(as_nobody, NULL), 0);
}

static void min_free_moves_the_watermarks(void)
{
	long old = number(VM "min_free_kbytes"), min = zone_number("\n        min ");
	long low = zone_number("\n        low ");

	CHECK(old > 0 && min > 0 && low > min);
	store_number(VM "min_free_kbytes", 2 * old);
	/* of all zones together, so one zone's share may be off by rounding */
	CHECK(labs(zone_number("\n        min ") - 2 * min) <= 2);
	store_number(VM "min_free_kbytes", old);
	EQ(zone_number("\n        min "), min);
	store_number(VM "watermark_scale_factor", 100);
	EQ(zone_number("\n        low "), min + zone_number(" managed ") * 100 / 10000);
	EQ(zone_number("\n        min "), min);
	store_number(VM "watermark_scale_factor", 10);
	EQ(zone_number("\n        low "), low);
}

/* Processors that share the first node's pages. */
static long sharing_cpus(void)
{
	char mask[32];

	if (tap_read("/sys/devices/system/node/node0/cpumap", mask, sizeof(mask)) > 0)
		return __builtin_popcountl(strtoul(mask, NULL, 16));
	return sysconf(_SC_NPROCESSORS_ONLN);
}

static void pcp_fraction_sets_the_lists(void)
{
	long cpus = sharing_cpus(), high = zone_number("\n              high: ");

	store_number(VM "percpu_pagelist_high_fraction", 8);
	EQ(zone_number("\n              high: "), zone_number(" managed ") / 8 / cpus);
	store_number(VM "percpu_pagelist_high_fraction", 0);
	EQ(zone_number("\n              high: "), high);
}

/* "protection: (0, R, ...": what DMA keeps from others. */
static long dma_reserve(void)
{
	char *at;

	if (tap_read("/proc/zoneinfo", text, sizeof(text)) <= 0)
		return -1;
	at = strstr(text, "protection: (0, ");
	return at ? strtol(at + 16, NULL, 10) : -1;
}

static void reserve_ratio_sets_the_protection(void)
{
	long before = dma_reserve();

	OK(tap_put(VM "lowmem_reserve_ratio", "128"));
	CHECK(labs(dma_reserve() - 2 * before) <= 1);
	OK(tap_put(VM "lowmem_reserve_ratio", "0\n"));
	EQ(dma_reserve(), 0);
	OK(tap_put(VM "lowmem_reserve_ratio", "256"));
	EQ(dma_reserve(), before);
}

static void drop_caches_counts(void)
{
	long pages = vmstat("drop_pagecache"), slabs = vmstat("drop_slab");

	OK(tap_put(VM "drop_caches", "3"));
	EQ(vmstat("drop_pagecache"), pages + 1);
	EQ(vmstat("drop_slab"), slabs + 1);
	OK(tap_put(VM "drop_caches", "1"));
	EQ(vmstat("drop_pagecache"), pages + 2);
	EQ(vmstat("drop_slab"), slabs + 1);
	OK(tap_put(VM "stat_refresh", "1"));
}

static long file_nr(void)
{
	long n = -1, zero = -1, max = -1;

	CHECK(tap_read("/proc/sys/fs/file-nr", text, sizeof(text)) > 0);
	EQ(sscanf(text, "%ld\t%ld\t%ld\n", &n, &zero, &max), 3);
	EQ(zero, 0);
	EQ(max, number("/proc/sys/fs/file-max"));
	return n;
}

/* Nobody's descriptors end at file-max, in whatever way a file is made; root's do not. */
static int files_of_nobody(void *arg)
{
	int fds[2];

	if (setgid(65534) || setuid(65534))
		return 1;
	if (open("/dev/null", O_RDONLY) >= 0 || errno != ENFILE)
		return 2;
	if (open("/tmp/sysvm-new", O_CREAT | O_WRONLY, 0600) >= 0 || errno != ENFILE)
		return 3;
	if (pipe(fds) == 0 || errno != ENFILE)
		return 4;
	if (syscall(SYS_eventfd2, 0, 0) >= 0 || errno != ENFILE)
		return 5;
	if (syscall(SYS_epoll_create1, 0) >= 0 || errno != ENFILE)
		return 6;
	return syscall(SYS_memfd_create, "x", 0) < 0 && errno == ENFILE ? 0 : 7;
}

static void files_are_counted_and_bounded(void)
{
	long max = number("/proc/sys/fs/file-max"), before = file_nr(), in, fr = -1;
	int fds[10];

	CHECK(max >= 8192);
	for (int i = 0; i < 10; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	EQ(file_nr(), before + 10);
	store_number("/proc/sys/fs/file-max", 3);
	EQ(tap_child(files_of_nobody, NULL), 0);
	fds[0] = dup(fds[1]); /* no new file */
	CHECK(fds[0] > 0);
	OK(close(open("/dev/null", O_RDONLY)));
	store_number("/proc/sys/fs/file-max", max);
	for (int i = 0; i < 10; i++)
		close(fds[i]);
	NEED(tap_read("/proc/sys/fs/inode-nr", text, sizeof(text)) > 0);
	EQ(sscanf(text, "%ld\t%ld\n", &in, &fr), 2);
	CHECK(in > 10 && fr == 0);
	NEED(tap_read("/proc/sys/fs/inode-state", text, sizeof(text)) > 0);
	STREQ(strchr(text, '\t'), "\t0\t0\t0\t0\t0\t0\n");
}

static int log_of_nobody(void *arg)
{
	char c[16];

	if (setgid(65534) || setuid(65534))
		return 1;
	return klogctl(3, c, sizeof(c)) >= 0 ? 0 : errno == EPERM ? 2 : 3;
}

#ifdef SYS_setgroups32 /* the others have 16 bits there */
enum { SETGROUPS = SYS_setgroups32, GETGROUPS = SYS_getgroups32 };
#else
enum { SETGROUPS = SYS_setgroups, GETGROUPS = SYS_getgroups };
#endif

/* As many as there may be, in any order; they are kept and shown in theirs. */
static void supplementary_groups(void)
{
	enum { MAX = 65536 };
	static gid_t groups[MAX + 1], got[MAX];
	char text[512];

	for (unsigned i = 0; i < MAX; i++)
		groups[i] = (i * 40503U + 7) % MAX * 2; /* each even number below 2^17 once */
	EQ(syscall(SETGROUPS, MAX + 1, groups), -1);
	EQ(errno, EINVAL);
	OK(syscall(SETGROUPS, MAX, groups));
	EQ(syscall(GETGROUPS, 0, NULL), MAX);
	EQ(syscall(GETGROUPS, MAX, got), MAX);
	for (unsigned i = 0; i < MAX; i++)
		NEED(got[i] == 2 * i);
	FAILS(syscall(GETGROUPS, MAX - 1, got), EINVAL);
	FAILS(syscall(GETGROUPS, MAX, 8), EFAULT);
	FAILS(syscall(GETGROUPS, -1, got), EINVAL);
	FAILS(syscall(SETGROUPS, MAX, 8), EFAULT);
	FAILS(syscall(SETGROUPS, -1, got), EINVAL);
	groups[1] = (gid_t)-1;
	FAILS(syscall(SETGROUPS, 2, groups), EINVAL);
	EQ(syscall(GETGROUPS, 0, NULL), MAX); /* those that failed changed nothing */
	OK(syscall(SETGROUPS, 3, (gid_t[]){ 70000, 5, 70000 }));
	CHECK(tap_read("/proc/self/status", text, sizeof(text)) > 0);
	CHECK(strstr(text, "\nGroups:\t5 70000 70000 \n"));
#ifdef SYS_setgroups32
	uint16_t narrow[2] = { 300, 5 };

	OK(syscall(SYS_setgroups, 2, narrow));
	EQ(syscall(SYS_getgroups, 2, narrow), 2);
	EQ(narrow[0], 5);
	EQ(narrow[1], 300);
	FAILS(syscall(SYS_setgroups, 2, 8), EFAULT);
	OK(syscall(SETGROUPS, 3, (gid_t[]){ 70000, 5, 70000 }));
#endif
	OK(tap_write("groups", "x", 1, 0640));
	OK(chown("groups", 1, 70000));
	OK(setresgid(1, 1, 1));
	OK(setresuid(2, 2, 2));
	CHECK(access("groups", R_OK) == 0);
	FAILS(access("groups", W_OK), EACCES);
	FAILS(syscall(SETGROUPS, 0, NULL), EPERM);
}

static int groups_child(void *arg)
{
	(void)arg;
	supplementary_groups();
	return tap_failures != 0;
}

static void many_groups(void)
{
	EQ(tap_child(groups_child, NULL), 0);
	unlink("groups");
}

static void constants_of_the_kernel(void)
{
	EQ(number("/proc/sys/kernel/cap_last_cap"), 40);
	EQ(number("/proc/sys/kernel/ngroups_max"), 65536);
	EQ(number("/proc/sys/kernel/dmesg_restrict"), 0);
	EQ(tap_child(log_of_nobody, NULL), 0);
	store_number("/proc/sys/kernel/dmesg_restrict", 1);
	EQ(tap_child(log_of_nobody, NULL), EXITED(2));
	store_number("/proc/sys/kernel/dmesg_restrict", 0);
}

/* A new program: has it the vDSO? */
static long vdso_mappings(void)
{
	int fds[2];
	char buf[65536];
	ssize_t n, len = 0;
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		execl("/bin/busybox", "cat", "/proc/self/maps", (char *)NULL);
		_exit(99);
	}
	close(fds[1]);
	while ((n = read(fds[0], buf + len, sizeof(buf) - 1 - (size_t)len)) > 0)
		len += n;
	buf[len] = '\0';
	close(fds[0]);
	EQ(tap_wait(pid), 0);
	return strstr(buf, "[vdso]") != NULL;
}

static void new_programs_may_lack_the_vdso(void)
{
	if (IS64) {
		FAILS(open(VM "vdso_enabled", O_RDONLY), ENOENT);
		return;
	}
	EQ(number(VM "vdso_enabled"), 1);
	EQ(vdso_mappings(), 1);
	store_number(VM "vdso_enabled", 0);
	EQ(vdso_mappings(), 0);
	FAILS(tap_put(VM "vdso_enabled", "2"), EINVAL);
	store_number(VM "vdso_enabled", 1);
	EQ(vdso_mappings(), 1);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(all_of_linux_are_there),
						 T(defaults),
						 T(nonsense_is_refused),
						 T(others_may_read),
						 T(min_free_moves_the_watermarks),
						 T(pcp_fraction_sets_the_lists),
						 T(reserve_ratio_sets_the_protection),
						 T(drop_caches_counts),
						 T(files_are_counted_and_bounded),
						 T(constants_of_the_kernel),
						 T(many_groups),
						 T(new_programs_may_lack_the_vdso),
						 TEND };

	return tap_main(argc, argv, tests);
}
