/* Lock order: what is allowed passes, what is not panics. */
#include "sim/sim.h"
#include "sync/spinlock.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above before it. */
#include <cmocka.h>

static struct spinlock low = SPINLOCK_INIT(RANK_LRU), high = SPINLOCK_INIT(RANK_LOG),
		       other_low = SPINLOCK_INIT(RANK_LRU), runq_a = SPINLOCK_INIT(RANK_RUNQ),
		       runq_b = SPINLOCK_INIT(RANK_RUNQ);

static void falling(void *arg) no_lock_analysis
{
	spin_lock(&high);
	spin_lock(&low);
}

static void same_rank(void *arg) no_lock_analysis
{
	spin_lock(&low);
	spin_lock(&other_low);
}

static void not_held(void *arg) no_lock_analysis
{
	spin_unlock(&low);
}

static void sleeping(void *arg) no_lock_analysis
{
	spin_lock(&low);
	might_sleep();
}

static void lockorder_I2_violations_panic(void **state)
{
	sim_world_begin(NULL);
	assert_true(sim_panics(falling, NULL, "lock order"));
	assert_true(sim_panics(same_rank, NULL, "lock order"));
	assert_true(sim_panics(not_held, NULL, "not held"));
	assert_true(sim_panics(sleeping, NULL, "sleeping with a spinlock"));
	sim_world_end();
}

static void lockorder_legal_uses(void **state) no_lock_analysis
{
	sim_world_begin(NULL);
	spin_lock(&low);
	spin_lock(&high);
	spin_unlock(&low);
	spin_unlock(&high);
	spin_lock(&runq_a);
	spin_lock(&runq_b);
	spin_unlock(&runq_a);
	spin_unlock(&runq_b);
	spin_lock(&high);
	assert_true(spin_trylock(&low)); /* a try cannot deadlock */
	assert_false(spin_trylock(&low));
	assert_true(spin_is_locked(&low));
	spin_unlock(&low);
	spin_unlock(&high);
	assert_false(spin_is_locked(&low));
	might_sleep();
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lockorder_I2_violations_panic),
		cmocka_unit_test(lockorder_legal_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
