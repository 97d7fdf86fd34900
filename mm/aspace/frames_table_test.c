/* Tables of frames against plain arrays, and sets of pages that grow. */
#include "mm/aspace/frames_table.h"
#include "sim/mm_test.h"
#include "sync/failpoint.h"

enum { FRAMES = 37, NR_PAGES = 300, ROUNDS = 5000 };

/* What is in which frame, the simple way. */
static unsigned long in[FRAMES];
static bool taken[FRAMES];

static uint32_t model_of(unsigned long page)
{
	for (uint32_t f = 0; f < FRAMES; f++)
		if (taken[f] && in[f] == page)
			return f;
	return FRAME_NONE;
}

/* One use of @page: a hit, a free frame, or the frame of another one. */
static void use(struct frame_table *t, unsigned long page)
{
	uint32_t f = frame_of(t, page), victim = (uint32_t)sim_random(FRAMES);

	assert_int_equal(f, model_of(page));
	if (f != FRAME_NONE)
		return;
	f = frame_take(t);
	if (f == FRAME_NONE) {
		f = victim;
		frame_lose_page(t, f);
	} else {
		assert_false(taken[f]);
		taken[f] = true;
	}
	frame_put_page(t, f, page);
	in[f] = page;
}

static void let_go(struct frame_table *t, unsigned long page)
{
	uint32_t f = frame_of(t, page);

	if (f == FRAME_NONE)
		return;
	frame_lose_page(t, f);
	frame_free(t, f);
	taken[f] = false;
}

static void frames_table_I1_chains_have_what_is_taken(void **state)
{
	const struct sim_config cfg = { .ram_bytes = MIB(16) };
	unsigned nr = 0;
	struct frame_table t;

	sim_world_begin(&cfg);
	assert_int_equal(frame_table_init(&t, FRAMES), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (sim_random(3))
			use(&t, sim_random(NR_PAGES) << 20);
		else
			let_go(&t, sim_random(NR_PAGES) << 20);
	}
	for (uint32_t f = 0; f < FRAMES; f++)
		nr += taken[f];
	assert_int_equal(t.nr_taken, nr);
	frame_table_end(&t);
	sim_world_end();
}

static void a_set_says_new_once(void **state)
{
	const struct sim_config cfg = { .ram_bytes = MIB(16) };
	struct page_set s = { .size = 0 };

	sim_world_begin(&cfg);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned long n = 0; n < ROUNDS; n++)
			assert_int_equal(page_set_add(&s, n * 513), round == 0);
	assert_int_equal(s.used, ROUNDS);
	assert_true(s.used * 2 <= s.size);
	page_set_end(&s);
	sim_world_end();
}

static void without_memory(void **state)
{
	const struct sim_config cfg = { .ram_bytes = MIB(16) };
	struct page_set s = { .size = 0 };
	struct frame_table t;

	sim_world_begin(&cfg);
	failpoint_arm(1);
	assert_int_equal(frame_table_init(&t, FRAMES), -ENOMEM);
	failpoint_arm(1);
	assert_true(page_set_add(&s, 7));
	assert_true(page_set_add(&s, 7)); /* it was not learnt */
	assert_false(page_set_add(&s, 7));
	failpoint_arm(0);
	page_set_end(&s);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_table_I1_chains_have_what_is_taken),
		cmocka_unit_test(a_set_says_new_once),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
