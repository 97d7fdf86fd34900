/*
 * Programs under pressure: threads that write and read each other's pages while reclaim, swap, migration, compaction, swapoff
 * and forks go on. What one thread has written is what every thread reads from then on, wherever the page has been meanwhile.
 *
 * Each page has a counter per thread, which only grows, and which the test publishes outside the simulated memory after the
 * write: who reads less than what was published before he began has read a page that is no longer the program's.
 */
#include "sim/mm_test.h"

#include "mm/compact.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"
#include "sim/fakestore.h"
#include "sim/fakeswap.h"

#include <stdlib.h>

enum { THREADS = 3, STEPS = 250, ANON_PAGES = 16, FILE_PAGES = 12, LAZY_PAGES = 6 };
enum { FILE_AT = ANON_PAGES, LAZY_AT = FILE_AT + FILE_PAGES, PAGES = LAZY_AT + LAZY_PAGES };

static struct fakeswap swap;
static struct fake_store store;
static struct mm_struct *mm;
static uint32_t published[PAGES][THREADS], given_up[PAGES];
static unsigned running;

static void last_stops(void)
{
	if (!__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST))
		fake_stop(&swap.queue);
}

static uaddr_t counter_at(unsigned page, unsigned who)
{
	return BASE + P(page) + who * 64;
}

static uint32_t read_counter(struct mm_struct *of, unsigned page, unsigned who)
{
	uint32_t n = 0;

	must(sim_read(of, counter_at(page, who), &n, sizeof(n)) == FAULT_OK);
	return n;
}

/* Of a page that is given up now and then only its owner's counter is looked at. */
static unsigned some_counter(unsigned page)
{
	return page < LAZY_AT ? (unsigned)sim_random(THREADS) : page % THREADS;
}

static void look(unsigned page)
{
	unsigned who = some_counter(page);
	uint32_t least = published[page][who], before = given_up[page];
	uint32_t n = read_counter(mm, page, who);

	if (given_up[page] != before)
		return;
	if (n < least || (page < LAZY_AT && n > published[page][who] + 1))
		panic("page %u, counter %u: %u, but %u was written before", page, who, n, least);
}

static void count(unsigned page, unsigned me)
{
	uint32_t n = published[page][me] + 1;

	if (page >= LAZY_AT && page % THREADS != me)
		return;
	if (page >= LAZY_AT && !sim_random(3)) { /* from now on it may be 0, or what it was */
		published[page][me] = 0;
		given_up[page]++;
		must(vm_advise(mm, BASE + P(page), PAGE_SIZE, MADV_FREE) == 0);
		return;
	}
	if (page >= LAZY_AT)
		n = read_counter(mm, page, me) + 1;
	must(sim_write(mm, counter_at(page, me), &n, sizeof(n)) == FAULT_OK);
	published[page][me] = n;
}

static void user(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	sim_use_mm(mm);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned page = (unsigned)sim_random(PAGES);

		if (sim_random(3))
			look(page);
		else
			count(page, me);
	}
	sim_use_mm(NULL);
	last_stops();
}

/* A child sees what there was when it was made, and goes on without its parent seeing it. */
static void forker(void *arg)
{
	for (unsigned step = 0; step < 6; step++) {
		struct mm_struct *child;
		uint32_t before[ANON_PAGES], n = 0xffff;

		for (unsigned i = 0; i < ANON_PAGES; i++)
			before[i] = published[i][i % THREADS];
		if (mm_dup(mm, &child))
			continue;
		sim_use_mm(child);
		for (unsigned i = 0; i < ANON_PAGES; i++) {
			must(read_counter(child, i, i % THREADS) >= before[i]);
			if (sim_random(2))
				must(sim_write(child, counter_at(i, i % THREADS), &n, sizeof(n)) ==
				     FAULT_OK);
		}
		sim_use_mm(NULL);
		mmput(child);
	}
	last_stops();
}

static void disturb(void)
{
	unsigned page = (unsigned)sim_random(PAGES);

	switch (sim_random(7)) {
	case 0:
		(void)sim_migrate(mm, BASE + P(page), sim_random(2));
		break;
	case 1:
		(void)!vm_advise(mm, BASE + P(page), P(min_of(unsigned, 6, PAGES - page)),
				 sim_random(2) ? MADV_PAGEOUT : MADV_COLD);
		break;
	case 2:
		if (!sim_random(8))
			compact_node(0);
		break;
	case 3:
		(void)writeback_step();
		break;
	case 4:
		(void)drop_cached_pages();
		break;
	default:
		(void)reclaim_node(0, GFP_KERNEL);
		break;
	}
}

static void reclaimer(void *arg)
{
	while (__atomic_load_n(&running, __ATOMIC_SEQ_CST) > 1) {
		disturb();
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + sim_random(50000));
	}
	last_stops();
}

static void switcher(void *arg)
{
	for (unsigned step = 0; step < 3; step++) {
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + sim_random(2000000));
		must(swap_area_off(swap.type) == 0);
		must(swap_area_on(&swap.dev, 0, &swap.type) == 0);
	}
	last_stops();
}

static void begin(uint64_t seed)
{
	struct sim_config cfg = { .nr_cpus = 4, .seed = seed, .ram_bytes = MIB(24) };

	sim_world_begin(&cfg);
	fault_batch_pages = fault_around_pages = seed % 2 ? 16 : 1;
	dirty_expire_centisecs = dirty_writeback_centisecs = 1;
	fakeswap_begin(&swap, 300);
	swap.dev.sync = seed % 3 == 0;
	fakeswap_on(&swap, -1);
	swap.queue.threaded = seed % 2;
	fake_store_begin(&store, FILE_PAGES);
	for (unsigned i = 0; i < FILE_PAGES; i++)
		for (unsigned who = 0; who < THREADS; who++)
			memset(store.disk + P(i) + who * 64, 0, sizeof(uint32_t));
	memset(published, 0, sizeof(published));
	mm = new_mm();
	must(map_at(mm, BASE, P(PAGES), RW, ANON | MAP_FIXED) == BASE);
	must(map_file(mm, BASE + P(FILE_AT), P(FILE_PAGES), RW, MAP_SHARED | MAP_FIXED, &store.m,
		      0) == (long)(BASE + P(FILE_AT)));
}

static void end(void)
{
	swap.queue.threaded = false;
	for (unsigned page = 0; page < PAGES; page++)
		look(page);
	rmap_check();
	swap_check();
	end_mm(mm);
	must(swap_area_off(swap.type) == 0);
	fakeswap_end(&swap);
	mapping_check(&store.m);
	fake_store_end(&store);
	sim_world_end();
}

static void one_seed(uint64_t seed)
{
	begin(seed);
	running = THREADS + 3;
	if (swap.queue.threaded)
		sim_spawn(fake_device, &swap.queue, -1);
	for (uintptr_t i = 0; i < THREADS; i++)
		sim_spawn(user, (void *)i, -1);
	sim_spawn(forker, NULL, -1);
	sim_spawn(reclaimer, NULL, -1);
	sim_spawn(switcher, NULL, -1);
	sim_run();
	end();
}

/* PRESS_SEEDS=2000 for more of them, from PRESS_SEED on. */
static void what_was_written_is_read_under_pressure(void **state)
{
	const char *first = getenv("PRESS_SEED"), *nr = getenv("PRESS_SEEDS");
	uint64_t seed = first ? strtoul(first, NULL, 0) : 1;

	(void)state;
	for (uint64_t end_seed = seed + (nr ? strtoul(nr, NULL, 0) : 12); seed < end_seed; seed++) {
		if (nr)
			print_message("seed %lu\n", (unsigned long)seed);
		one_seed(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_under_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
