/* Who has to go: Linux's points, ties, who is spared, one victim at a time, and what the caller is told. */
#include "arch/pt.h"
#include "mm/oom.h"
#include "mm/vmevent.h"
#include "sim/numa_test.h"

static struct mm_struct *mms[4];

/* An mm with @pages anonymous pages resident. */
static struct mm_struct *with_pages(unsigned pages)
{
	struct mm_struct *mm = new_mm();

	assert_int_equal(map_at(mm, BASE, P(pages), RW, ANON | MAP_FIXED), BASE);
	for (unsigned i = 0; i < pages; i++)
		sim_poke(mm, BASE + P(i), 1);
	return mm;
}

static long tables_of(const struct mm_struct *mm)
{
	return atomic_long_read(&mm->pgtables_bytes) >> PAGE_SHIFT;
}

static void badness_is_linuxs(void **state)
{
	struct mm_struct *mm;
	long total;

	sim_world_begin(NULL);
	total = (long)totalram_pages();
	mm = with_pages(100);
	assert_int_equal(oom_badness(mm, (unsigned long)total), 100 + tables_of(mm));
	atomic_long_set(&mm->rss_stat[MM_SWAPENTS], 7);
	assert_int_equal(oom_badness(mm, (unsigned long)total), 107 + tables_of(mm));
	atomic_long_set(&mm->rss_stat[MM_SWAPENTS], 0);
	assert_int_equal(oom_score(mm), (1000 + (100 + tables_of(mm)) * 1000 / total) * 2 / 3);
	mm->oom_score_adj = 500;
	assert_int_equal(oom_badness(mm, (unsigned long)total),
			 100 + tables_of(mm) + 500 * (total / 1000));
	mm->oom_score_adj = 1000;
	assert_true(oom_score(mm) >= 1320 && oom_score(mm) <= 1340);
	mm->oom_score_adj = -999;
	assert_true(oom_badness(mm, (unsigned long)total) < 0);
	assert_int_equal(oom_score(mm),
			 0 + (1000 + oom_badness(mm, (unsigned long)total) * 1000 / total) * 2 / 3);
	mm->oom_score_adj = OOM_SCORE_ADJ_MIN;
	assert_true(oom_badness(mm, (unsigned long)total) == LONG_MIN);
	assert_int_equal(oom_score(mm), 0);
	mm->oom_score_adj = 0;
	mm->oom_init = true;
	assert_int_equal(oom_score(mm), 0);
	end_mm(mm);
	sim_world_end();
}

/* ---- a machine without memory ---- */

/* What a fault takes, here without a wait for reclaim. */
#define USER_PAGE (GFP_HIGHUSER_MOVABLE & ~__GFP_DIRECT_RECLAIM)

static struct page *hoard[20000];
static unsigned nr_hoard;

static void exhaust_for(gfp_t gfp)
{
	while (nr_hoard < ARRAY_SIZE(hoard) && (hoard[nr_hoard] = alloc_page(gfp | __GFP_NOWARN)))
		nr_hoard++;
	assert_true(nr_hoard < ARRAY_SIZE(hoard));
}

static void exhaust(void)
{
	exhaust_for(GFP_NOWAIT);
}

static void give_back(void)
{
	while (nr_hoard)
		__free_page(hoard[--nr_hoard]);
}

static int told; /* what the faulting thread was told */

static void faulter(void *arg)
{
	(void)arg;
	told = out_of_memory();
}

/* A program of @arg: it runs until it is killed, then its memory goes. */
static void program(void *arg)
{
	struct mm_struct *mm = arg;

	sim_use_mm(mm);
	while (!mm_ctx_current()->fatal_signal)
		(void)thread_park(PARK_KILLABLE, clock_ns() + NSEC_PER_MSEC);
	sim_use_mm(NULL);
	mmput(mm);
}

static void run_one_fault(void)
{
	told = -1;
	sim_spawn(faulter, NULL, 0);
	sim_run();
}

static void begin(unsigned a, unsigned b, unsigned c)
{
	struct sim_config cfg = { .ram_bytes = MIB(32) };

	sim_world_begin(&cfg);
	mms[0] = with_pages(a);
	mms[1] = with_pages(b);
	mms[2] = with_pages(c);
}

static bool is_gone(unsigned i)
{
	return mms[i]->oom_done;
}

/* Fault once; @expect must be the one that dies. The others are ended here. */
static void victim_is(unsigned expect)
{
	for (unsigned i = 0; i < 3; i++)
		mmgrab(mms[i]);
	exhaust();
	sim_spawn(program, mms[expect], 1);
	run_one_fault();
	assert_int_equal(told, 1);
	assert_int_equal(sim_oom_kills, 1);
	assert_int_equal(vm_event_sum(OOM_KILL), 1);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(is_gone(i), i == expect);
	give_back();
	for (unsigned i = 0; i < 3; i++) {
		if (i != expect)
			mmput(mms[i]);
		mmdrop(mms[i]);
	}
	/* The next fault forgets the victim: nothing to kill, there is memory. */
	run_one_fault();
	assert_int_equal(told, 1);
	assert_int_equal(sim_oom_kills, 1);
	sim_world_end();
}

static void the_largest_goes(void **state)
{
	begin(50, 120, 80);
	victim_is(1);
}

static void of_equals_the_youngest(void **state)
{
	begin(60, 60, 60);
	victim_is(2);
}

static void adjustments_count(void **state)
{
	begin(50, 120, 80);
	mms[0]->oom_score_adj = 100;
	victim_is(0);
}

/* swapoff takes memory from all: whoever runs it goes first, small as it is. */
static void who_empties_swap_goes_first(void **state)
{
	begin(50, 120, 80);
	mms[0]->oom_origin = 1;
	victim_is(0);
}

static void spared_are_spared(void **state)
{
	begin(50, 120, 80);
	mms[1]->oom_score_adj = OOM_SCORE_ADJ_MIN;
	mms[2]->oom_init = true;
	victim_is(0);
}

/* oom_kill_allocating_task: the program that asks, though another has more. */
static void asking_program(void *arg)
{
	struct mm_struct *mm = arg;

	sim_use_mm(mm);
	told = out_of_memory();
	sim_use_mm(NULL);
	mmput(mm);
}

static void who_asks_goes_if_told_so(void **state)
{
	begin(50, 120, 80);
	sysctl_oom_kill_allocating_task = 1;
	for (unsigned i = 0; i < 3; i++)
		mmgrab(mms[i]);
	exhaust();
	sim_spawn(asking_program, mms[0], 0);
	sim_run();
	assert_int_equal(told, 0);
	assert_int_equal(sim_oom_kills, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(is_gone(i), i == 0);
	sysctl_oom_kill_allocating_task = 0;
	give_back();
	mmput(mms[1]);
	mmput(mms[2]);
	for (unsigned i = 0; i < 3; i++)
		mmdrop(mms[i]);
	run_one_fault(); /* forgets the victim */
	sim_world_end();
}

/* ---- one node without memory ---- */

static struct thread *programs[3];

/* A program bound to node 0 touches nothing of node 1: it stays, though it has most. */
static void bound_program(void *arg)
{
	mpol_set_task(policy(MPOL_BIND, 1));
	program(arg);
	mpol_set_task(NULL);
}

/* Memory of node 1 alone is wanted. Programs 0 and 1 end with the test. */
static void bound_faulter(void *arg)
{
	struct mempolicy *pol = policy(MPOL_BIND, 2);
	struct page *page;

	(void)arg;
	(void)thread_park(PARK_KILLABLE, clock_ns() + NSEC_PER_MSEC); /* the programs run */
	while (nr_hoard < ARRAY_SIZE(hoard) &&
	       (page = mpol_alloc(pol, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 0, 0)))
		hoard[nr_hoard++] = page;
	mpol_put(pol);
	told = out_of_memory();
	for (unsigned i = 0; i < 1000 && !mms[2]->oom_done; i++)
		(void)thread_park(PARK_KILLABLE, clock_ns() + NSEC_PER_MSEC);
	sim_kill(programs[0]);
	sim_kill(programs[1]);
}

static void who_cannot_help_is_spared(void **state)
{
	static const struct sim_config c = { .nr_nodes = 2, .nr_cpus = 2, .ram_bytes = MIB(32) };

	(void)state;
	sim_world_begin(&c);
	sysctl_panic_on_oom = 1; /* of the whole machine only */
	for (unsigned i = 0; i < 3; i++) {
		mms[i] = with_pages(i == 1 ? 120 : 50 + i);
		mmgrab(mms[i]);
		programs[i] = sim_spawn(i == 1 ? bound_program : program, mms[i], 0);
	}
	sim_spawn(bound_faulter, NULL, 0);
	sim_run();
	assert_int_equal(told, 1);
	assert_int_equal(sim_oom_kills, 1);
	give_back();
	for (unsigned i = 0; i < 3; i++)
		mmdrop(mms[i]);
	sysctl_panic_on_oom = 0;
	run_one_fault();
	sim_world_end();
}

static void panic_world(void *arg)
{
	begin(50, 60, 70);
	sysctl_panic_on_oom = *(int *)arg;
	exhaust();
	run_one_fault();
}

static void panic_if_told_so(void **state)
{
	int how = 1;

	assert_true(sim_panics(panic_world, &how, "system-wide panic_on_oom is enabled"));
	how = 2;
	assert_true(sim_panics(panic_world, &how, "compulsory panic_on_oom is enabled"));
}

static void nobody_to_kill_is_said(void **state)
{
	begin(50, 60, 70);
	for (unsigned i = 0; i < 3; i++)
		mms[i]->oom_score_adj = OOM_SCORE_ADJ_MIN;
	exhaust();
	run_one_fault();
	assert_int_equal(told, 0);
	assert_int_equal(sim_oom_kills, 0);
	give_back();
	for (unsigned i = 0; i < 3; i++)
		end_mm(mms[i]);
	sim_world_end();
}

/* While a victim ends nobody else is killed; one that does not end is given up after a while. */
static void one_victim_at_a_time(void **state)
{
	begin(50, 120, 80);
	exhaust();
	run_one_fault();
	assert_int_equal(sim_oom_kills, 1); /* 1: nobody runs it, so it does not end */
	for (unsigned i = 0; i < 20; i++)
		run_one_fault();
	assert_int_equal(sim_oom_kills, 1);
	for (unsigned i = 0; sim_oom_kills == 1 && i < 4000; i++)
		run_one_fault();
	assert_int_equal(sim_oom_kills, 2);
	assert_true(is_gone(1) && !is_gone(2));
	give_back();
	mms[2]->oom_done = true; /* as if it had ended */
	run_one_fault();
	for (unsigned i = 0; i < 3; i++)
		end_mm(mms[i]);
	sim_world_end();
}

/* What the reaper does. */
static void reaper(void *arg)
{
	uint64_t next, killed = clock_ns();
	struct mm_struct *mm = oom_stuck_victim(&next);

	(void)arg;
	assert_null(mm);
	assert_true(next > killed && next <= killed + 100 * NSEC_PER_MSEC);
	(void)thread_park(PARK_UNINTERRUPTIBLE, next);
	mm = oom_stuck_victim(&next);
	assert_ptr_equal(mm, mms[1]);
	assert_null(oom_stuck_victim(&next)); /* not before a while */
	assert_true(next > clock_ns() && next <= clock_ns() + 100 * NSEC_PER_MSEC);
	rwsem_down_write(&mm->mmap_lock);
	assert_false(mm_try_reap(mm));
	rwsem_up_write(&mm->mmap_lock);
	assert_int_equal(mm_rss(mm), 120);
	assert_true(mm_try_reap(mm));
	assert_int_equal(mm_rss(mm), 0);
	mm->oom_done = true;
	mmdrop(mm);
	assert_null(oom_stuck_victim(&next));
	assert_true(next == PARK_FOREVER);
}

static void who_does_not_end_is_reaped(void **state)
{
	uint64_t next;

	begin(50, 120, 80);
	assert_null(oom_stuck_victim(&next));
	assert_true(next == PARK_FOREVER);
	exhaust();
	run_one_fault();
	sim_spawn(reaper, NULL, 0);
	sim_run();
	for (unsigned i = 0; i < 4000; i++)
		run_one_fault(); /* there is memory */
	assert_int_equal(sim_oom_kills, 1);
	give_back();
	for (unsigned i = 0; i < 3; i++)
		end_mm(mms[i]);
	sim_world_end();
}

static void dying(void *arg)
{
	(void)arg;
	mm_ctx_current()->fatal_signal = true;
	told = out_of_memory();
}

static void who_dies_already_kills_nobody(void **state)
{
	begin(50, 60, 70);
	exhaust();
	sim_spawn(dying, NULL, 0);
	sim_run();
	assert_int_equal(told, 0);
	assert_int_equal(sim_oom_kills, 0);
	give_back();
	for (unsigned i = 0; i < 3; i++)
		end_mm(mms[i]);
	sim_world_end();
}

static void user_faulter(void *arg)
{
	struct page *page = alloc_page(USER_PAGE | __GFP_NOWARN);

	assert_null(page);
	faulter(arg);
}

/* What the zones of the kernel keep from user pages is no memory for a fault, although others could have it. */
static void memory_of_another_kind_does_not_help(void **state)
{
	struct sim_config cfg = { .ram_bytes = MIB(64), .lowmem_bytes = MIB(24) };
	struct page *page;

	sim_world_begin(VA_BITS == 32 ? &cfg : NULL);
	mms[0] = with_pages(50);
	mmgrab(mms[0]);
	exhaust_for(USER_PAGE);
	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	if (VA_BITS == 32)
		assert_non_null(page);
	if (page)
		__free_page(page);
	sim_spawn(program, mms[0], 1);
	sim_spawn(user_faulter, NULL, 0);
	sim_run();
	assert_int_equal(told, 1);
	assert_int_equal(sim_oom_kills, 1);
	give_back();
	mmdrop(mms[0]);
	run_one_fault(); /* forgets the victim */
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(badness_is_linuxs),
		cmocka_unit_test(memory_of_another_kind_does_not_help),
		cmocka_unit_test(the_largest_goes),
		cmocka_unit_test(of_equals_the_youngest),
		cmocka_unit_test(adjustments_count),
		cmocka_unit_test(who_empties_swap_goes_first),
		cmocka_unit_test(spared_are_spared),
		cmocka_unit_test(who_asks_goes_if_told_so),
		cmocka_unit_test(panic_if_told_so),
		cmocka_unit_test(who_cannot_help_is_spared),
		cmocka_unit_test(nobody_to_kill_is_said),
		cmocka_unit_test(one_victim_at_a_time),
		cmocka_unit_test(who_does_not_end_is_reaped),
		cmocka_unit_test(who_dies_already_kills_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
