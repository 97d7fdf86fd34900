/* /proc/sys/vm: defaults, what is refused, and that each number does what it says. All are set back. */
#include "mem.h"

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

static void defaults(void)
{
	EQ(number(VM "max_map_count"), 65530);
	EQ(number(VM "mmap_min_addr"), 65536);
	EQ(number(VM "overcommit_ratio"), 50);
	EQ(number(VM "percpu_pagelist_high_fraction"), 0);
	EQ(number(VM "vfs_cache_pressure"), 100);
	EQ(number(VM "watermark_scale_factor"), 10);
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

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(defaults),
						 T(nonsense_is_refused),
						 T(others_may_read),
						 T(min_free_moves_the_watermarks),
						 T(pcp_fraction_sets_the_lists),
						 T(reserve_ratio_sets_the_protection),
						 T(drop_caches_counts),
						 TEND };

	return tap_main(argc, argv, tests);
}
