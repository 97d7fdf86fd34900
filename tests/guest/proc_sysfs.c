/*
 * /sys and debugfs: the directories of processors and nodes in Linux's formats, with numbers that agree with /proc; what may be
 * opened how.
 */
#include "inet.h"

#include <dirent.h>
#include <regex.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#define SYSTEM "/sys/devices/system/"
#define NODE0  SYSTEM "node/node0/"

static char text[1 << 16];

static int load(const char *path)
{
	return CHECK(tap_read(path, text, sizeof(text)) >= 0);
}

/* Is the whole of text lines like those, in that order, and no other? */
static void all_lines_match(const char *const *patterns, size_t n)
{
	char *line = text;
	regex_t re;

	for (size_t i = 0; i < n; i++) {
		char *end = strchr(line, '\n');
		char whole[200];

		if (!CHECK(end))
			return;
		*end = '\0';
		snprintf(whole, sizeof(whole), "^%s$", patterns[i]);
		NEED(regcomp(&re, whole, REG_EXTENDED | REG_NOSUB) == 0);
		if (regexec(&re, line, 0, NULL, 0)) {
			tap_note("# \"%s\" is not /%s/", line, whole);
			tap_failures++;
		}
		regfree(&re);
		line = end + 1;
	}
	STREQ(line, "");
}

static long long number_after(const char *label)
{
	char *at = strstr(text, label);

	return at ? strtoll(at + strlen(label), NULL, 10) : -1;
}

static int has_nodes(void)
{
	return access(NODE0, F_OK) == 0;
}

static void processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	char want[16];

	snprintf(want, sizeof(want), n > 1 ? "0-%ld\n" : "0\n", n - 1);
	NEED(load(SYSTEM "cpu/online"));
	STREQ(text, want);
	NEED(load(SYSTEM "cpu/possible"));
	STREQ(text, want);
	NEED(load(SYSTEM "cpu/present"));
	STREQ(text, want);
	NEED(load(SYSTEM "cpu/offline"));
	STREQ(text, "\n");
	EQ(access(SYSTEM "cpu/cpu0", F_OK), 0);
	FAILS(access(SYSTEM "cpu/cpu8", F_OK), ENOENT);
}

static long number_of(const char *path)
{
	return load(path) ? strtol(text, NULL, 10) : -1;
}

/* Every CPU is its core's only thread here, all are of one package. */
static void places_of_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	char path[100], want[32];

	for (long cpu = 0; cpu < n; cpu++) {
		snprintf(path, sizeof(path), SYSTEM "cpu/cpu%ld/topology/core_id", cpu);
		EQ(number_of(path), cpu);
		snprintf(path, sizeof(path), SYSTEM "cpu/cpu%ld/topology/physical_package_id", cpu);
		EQ(number_of(path), 0);
		snprintf(path, sizeof(path), SYSTEM "cpu/cpu%ld/topology/thread_siblings_list",
			 cpu);
		snprintf(want, sizeof(want), "%ld\n", cpu);
		NEED(load(path));
		STREQ(text, want);
		snprintf(path, sizeof(path), SYSTEM "cpu/cpu%ld/topology/core_siblings_list", cpu);
		snprintf(want, sizeof(want), n > 1 ? "0-%ld\n" : "0\n", n - 1);
		NEED(load(path));
		STREQ(text, want);
		snprintf(path, sizeof(path), SYSTEM "cpu/cpu%ld/topology/thread_siblings", cpu);
		NEED(load(path));
		EQ(strtol(text, NULL, 16), 1L << cpu);
	}
}

static long cache_number(size_t cache, const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), SYSTEM "cpu/cpu0/cache/index%zu/%s", cache, name);
	return number_of(path); /* and text is what the file says */
}

/* size = line * ways * sets, of each cache; the first three are L1's two and L2. */
static void caches_of_processors(void)
{
	static const char *const types[] = { "Data\n", "Instruction\n", "Unified\n" };
	static const long levels[] = { 1, 1, 2 };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		long line = cache_number(i, "coherency_line_size");
		long ways = cache_number(i, "ways_of_associativity");
		long sets = cache_number(i, "number_of_sets");

		CHECK(line > 0 && ways > 0 && sets > 0);
		EQ(cache_number(i, "size"), line * ways * sets / 1024);
		EQ(cache_number(i, "level"), levels[i]);
		(void)cache_number(i, "type");
		STREQ(text, types[i]);
	}
}

static void node_meminfo_has_linuxs_lines(void)
{
	static const char *const lines[] = {
		"Node 0 MemTotal:       [ 0-9]{8} kB",
		"Node 0 MemFree:        [ 0-9]{8} kB",
		"Node 0 MemUsed:        [ 0-9]{8} kB",
		"Node 0 SwapCached:     [ 0-9]{8} kB",
		"Node 0 Active:         [ 0-9]{8} kB",
		"Node 0 Inactive:       [ 0-9]{8} kB",
		"Node 0 Active\\(anon\\):   [ 0-9]{8} kB",
		"Node 0 Inactive\\(anon\\): [ 0-9]{8} kB",
		"Node 0 Active\\(file\\):   [ 0-9]{8} kB",
		"Node 0 Inactive\\(file\\): [ 0-9]{8} kB",
		"Node 0 Unevictable:    [ 0-9]{8} kB",
		"Node 0 Mlocked:        [ 0-9]{8} kB",
		"Node 0 Dirty:          [ 0-9]{8} kB",
		"Node 0 Writeback:      [ 0-9]{8} kB",
		"Node 0 FilePages:      [ 0-9]{8} kB",
		"Node 0 Mapped:         [ 0-9]{8} kB",
		"Node 0 AnonPages:      [ 0-9]{8} kB",
		"Node 0 Shmem:          [ 0-9]{8} kB",
		"Node 0 KernelStack:    [ 0-9]{8} kB",
		"Node 0 PageTables:     [ 0-9]{8} kB",
		"Node 0 SecPageTables:  [ 0-9]{8} kB",
		"Node 0 NFS_Unstable:   [ 0-9]{8} kB",
		"Node 0 Bounce:         [ 0-9]{8} kB",
		"Node 0 WritebackTmp:   [ 0-9]{8} kB",
		"Node 0 KReclaimable:   [ 0-9]{8} kB",
		"Node 0 Slab:           [ 0-9]{8} kB",
		"Node 0 SReclaimable:   [ 0-9]{8} kB",
		"Node 0 SUnreclaim:     [ 0-9]{8} kB",
		"Node 0 AnonHugePages:  [ 0-9]{8} kB",
		"Node 0 ShmemHugePages: [ 0-9]{8} kB",
		"Node 0 ShmemPmdMapped: [ 0-9]{8} kB",
		"Node 0 FileHugePages: [ 0-9]{8} kB",
		"Node 0 FilePmdMapped: [ 0-9]{8} kB",
		"Node 0 HugePages_Total: [ 0-9]{5}",
		"Node 0 HugePages_Free:  [ 0-9]{5}",
		"Node 0 HugePages_Surp:  [ 0-9]{5}",
	};
	long long total;

	if (!has_nodes())
		SKIP("no nodes on this build");
	NEED(load(NODE0 "meminfo"));
	total = number_after("MemTotal:");
	EQ(total, number_after("MemFree:") + number_after("MemUsed:"));
	all_lines_match(lines, ARRAY_LEN(lines));
	NEED(load("/proc/meminfo"));
	if (access(SYSTEM "node/node1", F_OK))
		EQ(number_after("MemTotal:"), total);
}

static void node_files(void)
{
	static const char *const stat[] = { "numa_hit [0-9]+",	   "numa_miss [0-9]+",
					    "numa_foreign [0-9]+", "interleave_hit [0-9]+",
					    "local_node [0-9]+",   "other_node [0-9]+" };
	int several;

	if (!has_nodes())
		SKIP("no nodes on this build");
	several = access(SYSTEM "node/node1", F_OK) == 0;
	NEED(load(NODE0 "numastat"));
	CHECK(number_after("numa_hit ") > 0);
	all_lines_match(stat, ARRAY_LEN(stat));
	NEED(load(NODE0 "vmstat"));
	CHECK(strncmp(text, "nr_free_pages ", 14) == 0);
	CHECK(number_after("\nnuma_hit ") > 0);
	CHECK(number_after("\nnr_page_table_pages ") > 0);
	NEED(load(NODE0 "distance"));
	CHECK(strncmp(text, "10", 2) == 0);
	if (several)
		return;
	STREQ(text, "10\n");
	NEED(load(NODE0 "cpulist"));
	STREQ(text, sysconf(_SC_NPROCESSORS_ONLN) == 2 ? "0-1\n" : text);
	NEED(load(NODE0 "cpumap"));
	EQ(strtol(text, NULL, 16), (1L << sysconf(_SC_NPROCESSORS_ONLN)) - 1);
	NEED(load(SYSTEM "node/has_memory"));
	STREQ(text, "0\n");
	EQ(access(NODE0 "cpu0/node0/meminfo", F_OK), 0);
}

/* Memory in blocks: together they are at least what the nodes have. */
static void blocks_of_memory(void)
{
	static const char dir[] = SYSTEM "memory";
	unsigned long long block, total = 0, managed;
	char path[300];
	struct dirent *e;
	DIR *d;

	if (access(dir, F_OK))
		SKIP("no blocks of memory on this build");
	load(SYSTEM "memory/block_size_bytes");
	block = strtoull(text, NULL, 16);
	EQ(block, 128 << 20);
	NEED((d = opendir(dir)) != NULL);
	while ((e = readdir(d)) != NULL) {
		unsigned nr;

		if (sscanf(e->d_name, "memory%u", &nr) != 1)
			continue;
		total += block;
		snprintf(path, sizeof(path), "%s/%s/phys_index", dir, e->d_name);
		load(path);
		EQ(strtoull(text, NULL, 16), nr);
		snprintf(path, sizeof(path), "%s/%s/state", dir, e->d_name);
		load(path);
		STREQ(text, "online\n");
		snprintf(path, sizeof(path), "%s/%s/valid_zones", dir, e->d_name);
		load(path);
		CHECK(!strcmp(text, "none\n") || !strcmp(text, "DMA32\n") ||
		      !strcmp(text, "Normal\n"));
	}
	closedir(d);
	load("/proc/meminfo");
	managed = (unsigned long long)number_after("MemTotal:") << 10;
	CHECK(total >= managed);
	CHECK(access(SYSTEM "memory/memory0/node0/meminfo", F_OK) == 0);
	CHECK(access(NODE0 "memory0/state", F_OK) == 0);
}

/* Every name of a class leads to the directory that its number leads to, and to a node of that number. */
static void character_devices(void)
{
	static const struct {
		const char *class, *name;
		unsigned major, minor;
	} want[] = { { "mem", "null", 1, 3 },
		     { "mem", "kmsg", 1, 11 },
		     { "tty", "tty", 5, 0 },
		     { "tty", "ptmx", 5, 2 } };
	char path[100], number[32];
	struct stat by_name, by_number;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(path, sizeof(path), "/sys/class/%s/%s/dev", want[i].class, want[i].name);
		snprintf(number, sizeof(number), "%u:%u\n", want[i].major, want[i].minor);
		NEED(load(path));
		STREQ(text, number);
		OK(stat(path, &by_name));
		snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/dev", want[i].major,
			 want[i].minor);
		OK(stat(path, &by_number));
		EQ(by_name.st_ino, by_number.st_ino);
		snprintf(path, sizeof(path), "/sys/class/%s/%s/subsystem/%s/uevent", want[i].class,
			 want[i].name, want[i].name);
		NEED(load(path));
		EQ(number_after("MAJOR="), want[i].major);
		EQ(number_after("MINOR="), want[i].minor);
		snprintf(number, sizeof(number), "\nDEVNAME=%s\n", want[i].name);
		CHECK(strstr(text, number));
		snprintf(path, sizeof(path), "/dev/%s", want[i].name);
		OK(stat(path, &by_name));
		EQ(by_name.st_rdev, makedev(want[i].major, want[i].minor));
	}
	NEED(load("/sys/class/tty/ptmx/uevent"));
	CHECK(strstr(text, "\nDEVMODE=0666\n"));
	NEED(load("/sys/class/tty/console/uevent"));
	CHECK(!strstr(text, "DEVMODE"));
}

static void drivers_of_terminals(void)
{
	static const char *const first[] = {
		"/dev/tty             /dev/tty        5       0 system:/dev/tty",
		"/dev/console         /dev/console    5       1 system:console",
		"/dev/ptmx            /dev/ptmx       5       2 system"
	};
	char *at = text;

	NEED(load("/proc/tty/drivers"));
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(first[i]);

		CHECK(!strncmp(at, first[i], n) && at[n] == '\n');
		at += n + 1;
	}
	CHECK(strstr(text, "\npty_slave            /dev/pts      136 0-"));
	NEED(load("/proc/tty/ldiscs"));
	CHECK(!strncmp(text, "n_tty       0\n", 14));
}

static long face_number(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/class/net/lo/%s", name);
	return load(path) ? strtol(text, NULL, 0) : -1;
}

/* As ioctl(2) says it, and counts as /proc/net/dev has them. */
static void loopback_interface(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	long before, packets;
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	OK(ioctl(s, SIOCGIFFLAGS, &r));
	r.ifr_flags |= IFF_UP;
	(void)ioctl(s, SIOCSIFFLAGS, &r); /* where it is down at first */
	OK(ioctl(s, SIOCGIFFLAGS, &r));
	EQ(face_number("flags"), r.ifr_flags & ~IFF_RUNNING);
	OK(ioctl(s, SIOCGIFMTU, &r));
	EQ(face_number("mtu"), r.ifr_mtu);
	OK(ioctl(s, SIOCGIFINDEX, &r));
	EQ(face_number("ifindex"), r.ifr_ifindex);
	OK(ioctl(s, SIOCGIFHWADDR, &r));
	EQ(face_number("type"), r.ifr_hwaddr.sa_family);
	EQ(face_number("carrier"), 1);
	EQ(face_number("tx_queue_len"), 1000);
	EQ(face_number("addr_len"), 6);
	NEED(load("/sys/class/net/lo/address"));
	STREQ(text, "00:00:00:00:00:00\n");
	NEED(load("/sys/class/net/lo/operstate"));
	STREQ(text, "unknown\n");
	NEED(load("/sys/devices/virtual/net/lo/uevent"));
	STREQ(text, "INTERFACE=lo\nIFINDEX=1\n");
	FAILS((int)tap_read("/sys/class/net/lo/speed", text, sizeof(text)), EINVAL);
	FAILS((int)tap_read("/sys/class/net/lo/duplex", text, sizeof(text)), EINVAL);
	before = face_number("statistics/rx_bytes");
	packets = face_number("statistics/tx_packets");
	a.sin_port = htons(9);
	EQ(sendto(s, "1234", 4, 0, (struct sockaddr *)&a, sizeof(a)), 4);
	CHECK(face_number("statistics/rx_bytes") >= before + 32);
	CHECK(face_number("statistics/tx_packets") > packets);
	EQ(face_number("statistics/rx_errors"), 0);
	close(s);
}

static void attributes_say_at_open_what_they_cannot(void)
{
	struct stat st;
	struct statfs fs;

	FAILS(open(SYSTEM "cpu/online", O_WRONLY), EACCES);
	FAILS(open(SYSTEM "cpu/online", O_RDWR), EACCES);
	FAILS(unlink(SYSTEM "cpu/online"), EPERM);
	OK(stat(SYSTEM "cpu/online", &st));
	EQ(st.st_size, 4096);
	EQ(st.st_mode, S_IFREG | 0444);
	OK(stat("/sys/kernel/mm", &st));
	EQ(st.st_mode, S_IFDIR | 0755);
	OK(statfs("/sys", &fs));
	EQ(fs.f_type, 0x62656572);
}

static void debugfs_is_a_place_of_its_own(void)
{
	struct statfs fs;
	struct stat st;

	OK(mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL));
	OK(statfs("/sys/kernel/debug", &fs));
	EQ(fs.f_type, 0x64626720);
	OK(stat("/sys/kernel/debug", &st));
	EQ(st.st_mode, S_IFDIR | 0700);
	OK(umount("/sys/kernel/debug"));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(processors),
						 T(places_of_processors),
						 T(caches_of_processors),
						 T(node_meminfo_has_linuxs_lines),
						 T(node_files),
						 T(blocks_of_memory),
						 T(character_devices),
						 T(drivers_of_terminals),
						 T(loopback_interface),
						 T(attributes_say_at_open_what_they_cannot),
						 T(debugfs_is_a_place_of_its_own),
						 TEND };

	return tap_main(argc, argv, tests);
}
