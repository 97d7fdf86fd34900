/* Pages on the lists of reclaim, and what happens to them when memory gets short. */
#include "give_up.h"

#include <dirent.h>

static long anon_pages(void)
{
	return vmstat("nr_inactive_anon") + vmstat("nr_active_anon");
}

/* Other processes sleep; their few faults are within SLACK. What must be exact is measured again when somebody else's page came
 * or went meanwhile: TRIES times. */
enum { SLACK = 24, TRIES = 20 };

static void programs_pages_are_listed(void)
{
	const long n = 512, listed = anon_pages(), before = listed < 0 ? 0 : anon_pages();
	char *p = anon(n, RW);

	NEED(p != MAP_FAILED);
	for (long i = 0; i < n; i++)
		p[i * PAGE] = 1;
	CHECK(anon_pages() >= before + n - SLACK && anon_pages() <= before + n + SLACK);
	OK(munmap(p, n * PAGE));
	CHECK(anon_pages() <= before + SLACK);
}

static void locked_pages_are_not(void)
{
	const long n = 16;
	long before, locked, after, listed;
	char *p = anon(n, RW);

	NEED(p != MAP_FAILED);
	memset(p, 1, n * PAGE);
	for (int tries = 0; tries < TRIES; tries++) {
		before = vmstat("nr_unevictable");
		listed = anon_pages();
		OK(mlock(p, n * PAGE));
		locked = vmstat("nr_unevictable");
		CHECK(anon_pages() <= listed - n + SLACK / 2);
		OK(munlock(p, n * PAGE));
		after = vmstat("nr_unevictable");
		CHECK(anon_pages() >= listed - SLACK / 2);
		if (locked == before + n && after == before)
			break;
	}
	EQ(locked, before + n);
	EQ(after, before);
}

static void given_up_pages_wait_among_the_files(void)
{
	const long n = 256;
	long before, given_up, after;

	for (int tries = 0; tries < TRIES; tries++) {
		char *p = anon(n, RW);

		NEED(p != MAP_FAILED);
		memset(p, 1, n * PAGE);
		before = vmstat("nr_inactive_file");
		OK(madvise(p, n * PAGE, ADV_FREE));
		given_up = vmstat("nr_inactive_file");
		OK(munmap(p, n * PAGE));
		after = vmstat("nr_inactive_file");
		if (given_up == before + n && after == before)
			break;
	}
	EQ(given_up, before + n);
	EQ(after, before);
}

static void meminfo_says_the_same(void)
{
	long a, b;

	for (int tries = 0; tries < TRIES; tries++) { /* the reader itself touches pages */
		a = meminfo_kb("Active(anon):") + meminfo_kb("Inactive(anon):");
		b = anon_pages() * 4;
		if (a == b)
			break;
	}
	EQ(a, b);
	EQ(meminfo_kb("Active:"), meminfo_kb("Active(anon):") + meminfo_kb("Active(file):"));
}

static int is_called(const char *pid, const char *name)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	return tap_read(path, text, sizeof(text)) > 0 && !strcmp(text, name);
}

static int tasks_called(const char *name)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while ((e = readdir(d)))
		n += e->d_name[0] >= '0' && e->d_name[0] <= '9' && is_called(e->d_name, name);
	closedir(d);
	return n;
}

static void there_are_daemons(void)
{
	EQ(tasks_called("kswapd0\n"), 1);
	EQ(tasks_called("kcompactd0\n"), 1);
}

static void memory_given_up_is_taken_in_time(void)
{
	size_t pages = (size_t)meminfo_kb("MemFree:") / 4;
	long stolen = vmstat("pgsteal_kswapd") + vmstat("pgsteal_direct"),
	     killed = vmstat("oom_kill");
	long runs = vmstat("pageoutrun"), scanned = vmstat("pgscan_file"),
	     lazy = vmstat("pglazyfreed");
	char *mine = anon(64, RW);

	if (meminfo_kb("MemTotal:") > 300 * 1024)
		SKIP("much memory");
	NEED(mine != MAP_FAILED);
	memset(mine, 5, 64 * PAGE);
	EQ(tap_child(fill_and_give_up, &pages), 0);
	CHECK(vmstat("pgsteal_kswapd") + vmstat("pgsteal_direct") - stolen > (long)pages / 4);
	lazy = vmstat("pglazyfreed") - lazy; /* kswapd may go on: what is scanned is read later */
	CHECK(lazy > (long)pages / 4);
	CHECK(vmstat("pgscan_file") - scanned >= lazy);
	for (int tries = 0; tries < 100 && vmstat("pageoutrun") == runs; tries++)
		usleep(20000);
	CHECK(vmstat("pageoutrun") > runs); /* kswapd was woken, and has had its turn */
	EQ(vmstat("oom_kill"), killed);
	for (size_t i = 0; i < 64 * PAGE; i++)
		if (mine[i] != 5) {
			CHECK(mine[i] == 5);
			break;
		}
}

static void swappiness(void)
{
	OK(tap_put("/proc/sys/vm/swappiness", "200"));
	FAILS(tap_put("/proc/sys/vm/swappiness", "201"), EINVAL);
	FAILS(tap_put("/proc/sys/vm/swappiness", "-1"), EINVAL);
	OK(tap_put("/proc/sys/vm/swappiness", "60"));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(programs_pages_are_listed),
						 T(locked_pages_are_not),
						 T(given_up_pages_wait_among_the_files),
						 T(meminfo_says_the_same),
						 T(there_are_daemons),
						 T(memory_given_up_is_taken_in_time),
						 T(swappiness),
						 TEND };

	return tap_main(argc, argv, tests);
}
