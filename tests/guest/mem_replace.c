/* Replacement policies in the kernel: /sys/kernel/mm/policy, and memory under pressure by each of them. */
#include "zram.h"

#define POLICY "/sys/kernel/mm/policy"

static const char *const names[] = {
	"2q",	"arc", "clock0", "clock1", "fifo",   "lfu",    "lru",
	"lru2", "mru", "mglru",	 "random", "s3fifo", "second", "sieve"
};

/* Each name once, that of @name in brackets; others of whoever builds this may be there. */
static void is_in_force(const char *name)
{
	char text[200], *save, *word;
	unsigned n = 0, seen = 0;

	NEED(tap_read(POLICY, text, sizeof(text)) > 0);
	for (word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save), n++) {
		int marked = word[0] == '[';
		size_t len = strlen(word) - 2 * marked;

		for (unsigned i = 0; i < ARRAY_LEN(names); i++)
			if (strlen(names[i]) == len && !strncmp(word + marked, names[i], len)) {
				seen |= 1U << i;
				EQ(marked, !strcmp(names[i], name));
			}
	}
	CHECK(n >= ARRAY_LEN(names));
	EQ(seen, (1U << ARRAY_LEN(names)) - 1);
}

/* Tables for each frame of much memory do not always fit into the small kernel half of 32 bits. */
static int may_lack_room(void)
{
	return sizeof(void *) == 4 && sysconf(_SC_PHYS_PAGES) > 1 << 18;
}

static void each_can_be_chosen(void)
{
	const char *now = "lru2", *word;
	char words[512] = "";

	CHECK(tap_read("/proc/cmdline", words, sizeof(words)) > 0);
	word = strstr(words, "policy=");
	for (unsigned i = 0; word && i < ARRAY_LEN(names); i++)
		if (strcspn(word + 7, " \n") == strlen(names[i]) &&
		    !strncmp(word + 7, names[i], strlen(names[i])))
			now = names[i];
	is_in_force(now);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		int err = tap_put(POLICY, names[i]);

		if (err && errno == ENOMEM && may_lack_room()) {
			is_in_force(now); /* the old one stays */
			continue;
		}
		OK(err);
		now = names[i];
		is_in_force(now);
	}
	OK(tap_put(POLICY, "lru2\n"));
	is_in_force("lru2");
}

static void what_is_none_is_refused(void)
{
	OK(tap_put(POLICY, "lru2"));
	FAILS(tap_put(POLICY, "opt"), EINVAL); /* nobody knows the future here */
	FAILS(tap_put(POLICY, "clock"), EINVAL);
	FAILS(tap_put(POLICY, "lru2 fifo"), EINVAL);
	FAILS(tap_put(POLICY, "\n"), EINVAL);
	is_in_force("lru2");
}

/* Memory is given up as soon as it is filled: more than is free goes through. */
static int fill_and_give_up(void *arg)
{
	enum { CHUNK = 256 };

	for (size_t left = *(size_t *)arg; left > CHUNK; left -= CHUNK) {
		char *p = anon(CHUNK, RW);

		NEED_IN_CHILD(p != MAP_FAILED);
		memset(p, 1, CHUNK * PAGE);
		OK(madvise(p, CHUNK * PAGE, 8)); /* MADV_FREE */
	}
	return tap_failures;
}

static void pages_leave_by(const char *policy)
{
	size_t pages = (size_t)meminfo_kb("MemFree:") / 4;
	long killed = vmstat("oom_kill"), lazy = vmstat("pglazyfreed");
	unsigned char *mine = (unsigned char *)anon(64, RW);

	if (pages > 20000 || sysconf(_SC_NPROCESSORS_ONLN) > 1)
		SKIP("much memory, or several CPUs that flush each other's TLBs");
	NEED(mine != MAP_FAILED);
	memset(mine, 5, 64 * PAGE);
	pages += 1000;
	OK(tap_put(POLICY, policy));
	EQ(tap_child(fill_and_give_up, &pages), 0);
	is_in_force(policy);
	OK(tap_put(POLICY, "lru2"));
	CHECK(vmstat("pglazyfreed") - lazy >= 500);
	EQ(vmstat("oom_kill"), killed);
	for (size_t i = 0; i < 64; i++)
		EQ(mine[i * PAGE], 5);
}

static void pages_leave_by_fifo(void)
{
	pages_leave_by("fifo");
}

static void pages_leave_by_arc(void)
{
	pages_leave_by("arc");
}

static void pages_leave_by_lru(void)
{
	pages_leave_by("lru");
}

static void pages_leave_by_2q(void)
{
	pages_leave_by("2q");
}

/* ---- all of them, over swap ---- */

static int by_name; /* who asks for this test waits for it */
enum { LEFT = 2560, PRESS = 2000 /* private pages, and so many shared ones */, LEAST_OUT = 500 };

/* A page that shrinks to nearly nothing, and is like no other. */
static void put(void *page, uint32_t key)
{
	uint32_t *w = page;

	for (unsigned i = 0; i < PAGE / 4; i++)
		w[i] = key * 2654435761U + i % 8;
}

static int is_put(const void *page, uint32_t key)
{
	const uint32_t *w = page;

	for (unsigned i = 0; i < PAGE / 4; i++)
		if (w[i] != key * 2654435761U + i % 8)
			return 0;
	return 1;
}

/* Private and shared pages, more than there is room for: written, read forwards and backwards, written again here and there. */
static void press(const char *policy, uint32_t key)
{
	long out = vmstat("pswpout"), in = vmstat("pswpin");
	unsigned wrong = 0;
	char *p[2] = { anon(PRESS, RW),
		       mmap(NULL, PRESS * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) };

	NEED(p[0] != MAP_FAILED && p[1] != MAP_FAILED);
	OK(tap_put(POLICY, policy));
	for (unsigned i = 0; i < 2 * PRESS; i++)
		put(p[i & 1] + i / 2 * PAGE, key + i);
	for (unsigned i = 0; i < 2 * PRESS; i++)
		wrong += !is_put(p[i & 1] + i / 2 * PAGE, key + i);
	for (unsigned i = 0; i < 2 * PRESS; i += 3)
		put(p[i & 1] + i / 2 * PAGE, key + i + 1000000);
	for (unsigned i = 2 * PRESS; i-- > 0;)
		wrong += !is_put(p[i & 1] + i / 2 * PAGE, key + i + (i % 3 ? 0 : 1000000));
	if (wrong && tap_failed())
		tap_note("# %s: %u pages are not what they were", policy, wrong);
	is_in_force(policy);
	CHECK(vmstat("pswpout") - out >= LEAST_OUT && vmstat("pswpin") - in >= LEAST_OUT);
	OK(munmap(p[0], PRESS * PAGE));
	OK(munmap(p[1], PRESS * PAGE));
}

static void all_give_back_what_they_took(void)
{
	size_t held = (size_t)meminfo_kb("MemFree:") / 4;
	long kills = vmstat("oom_kill");

	if (held > 20000 || held < LEFT + PRESS)
		SKIP("much memory, or too little");
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1 && !by_name)
		SKIP("several CPUs that flush each other's TLBs: long where they take turns");
	begin("32M\n", 8192);
	held -= LEFT; /* the rest is out of reach */
	NEED(mlock(anon(held, RW), held * PAGE) == 0);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		press(names[i], i * 7919);
	EQ(vmstat("oom_kill"), kills);
	OK(tap_put(POLICY, "lru2"));
	end();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(each_can_be_chosen),
						 T(what_is_none_is_refused),
						 T(pages_leave_by_fifo),
						 T(pages_leave_by_arc),
						 T(pages_leave_by_lru),
						 T(pages_leave_by_2q),
						 T_FOR(all_give_back_what_they_took, 300),
						 TEND };

	by_name = argc > 1;
	return tap_main(argc, argv, tests);
}
