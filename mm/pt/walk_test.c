/* Tests of walk.c, in each geometry: index vectors, the walk against a naive model, edges of the address space. */
#include "base/errno.h"
#include "mm/pt/pt_test.h"

enum { SLOTS = 600 };

static struct mm_struct mm;
static uaddr_t slots[SLOTS]; /* the model: addresses that may be mapped, rising */
static bool mapped[SLOTS];

static bool mode_is(unsigned va_bits, unsigned pte_bits)
{
	return VA_BITS == va_bits && pt_bits(PT_PTE) == pte_bits;
}

/* REFERENCE 1.3: address to index per level, top first, folded levels as 0. */
struct vector {
	uaddr_t va;
	unsigned pgd, pud, pmd, pte;
};

static void check_vectors(const struct vector *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(pt_index(PT_PGD, v[i].va), v[i].pgd);
		assert_int_equal(pt_index(PT_PUD, v[i].va), v[i].pud);
		assert_int_equal(pt_index(PT_PMD, v[i].va), v[i].pmd);
		assert_int_equal(pt_index(PT_PTE, v[i].va), v[i].pte);
	}
}

static void index_vectors(void **state)
{
	static const struct vector two_level[] = {
		{ 0x08048123, 32, 0, 0, 72 },
		{ 0xC0101234, 768, 0, 0, 257 },
		{ 0xBFFFF00C, 767, 0, 0, 1023 },
		{ 0xB7FD2010, 735, 0, 0, 978 },
	};
	static const struct vector pae[] = {
		{ 0x08048123, 0, 0, 64, 72 },
		{ 0xC0101234, 3, 0, 0, 257 },
		{ 0xBFFFF00C, 2, 0, 511, 511 },
		{ 0xB7FD2010, 2, 0, 447, 466 },
	};
	static const struct vector four_level[] = {
		{ 0x00007f1234567890, 254, 72, 418, 359 },
		{ 0xffff888000101234, 273, 0, 0, 257 },
		{ 0x400123, 0, 0, 2, 0 },
	};
	if (mode_is(32, 10))
		check_vectors(two_level, ARRAY_SIZE(two_level));
	if (mode_is(32, 9))
		check_vectors(pae, ARRAY_SIZE(pae));
	if (mode_is(48, 9))
		check_vectors(four_level, ARRAY_SIZE(four_level));
	assert_int_equal(0x00007f1234567890 & ~PAGE_MASK, 0x890);
}

/* Bits of all levels and the page offset add up to the address. */
static void geometry_covers_the_address(void **state)
{
	unsigned bits = PAGE_SHIFT;

	for (int level = PT_PTE; level <= pt_top_level(); level++) {
		if (!pt_folded(level))
			assert_int_equal(pt_shift(level), bits);
		bits += pt_bits(level);
	}
	assert_int_equal(bits, VA_BITS);
	assert_false(pt_folded(pt_top_level()));
	assert_true(pt_canonical(USER_TOP - 1));
}

/* Clusters that cross every kind of table border, and both ends of the user half. */
static void choose_slots(void)
{
	unsigned n = 0;

	for (int level = PT_PMD; level <= PT_PGD; level++) {
		for (unsigned k = 1; k <= 2 && !pt_folded(level); k++) {
			uaddr_t border = pt_span(level) * k;

			for (int i = -20; i < 20 && n < SLOTS - 40; i++) {
				uaddr_t va = border + (uaddr_t)(i * (long)PAGE_SIZE);

				if (va < USER_TOP && (n == 0 || va > slots[n - 1]))
					slots[n++] = va;
			}
		}
	}
	while (n < SLOTS) {
		slots[n] = USER_TOP - PAGE_SIZE * (SLOTS - n);
		n++;
	}
}

/* What a walk reported, for comparison with the model. */
struct seen {
	unsigned next_slot; /* first one not yet seen */
	uaddr_t next_va;    /* coverage has no gap and no overlap */
	unsigned again_every, calls;
};

static void covered(struct seen *s, uaddr_t va, uaddr_t last)
{
	assert_true(va == s->next_va);
	assert_true(va <= last);
	s->next_va = last + 1;
}

static void saw_page(struct seen *s, uaddr_t va, pte_t e)
{
	while (s->next_slot < SLOTS && (slots[s->next_slot] < va || !mapped[s->next_slot])) {
		assert_false(mapped[s->next_slot]);
		s->next_slot++;
	}
	assert_true(s->next_slot < SLOTS);
	assert_true(slots[s->next_slot] == va);
	assert_int_equal(*(unsigned long *)page_address(pfn_to_page(pte_pfn(e))), s->next_slot);
	s->next_slot++;
}

static int see_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct seen *s = w->arg;

	assert_int_equal(level, PT_PTE);
	assert_true((va ^ last) >> pt_shift(PT_PMD) == 0); /* one table */
	for (;; e++) {
		pte_t cur = pte_read(e);

		if (!pte_none(cur))
			saw_page(s, va, cur);
		covered(s, va, va | ~PAGE_MASK);
		if ((va | ~PAGE_MASK) == last)
			return 0;
		va += PAGE_SIZE;
		if (s->again_every && ++s->calls % s->again_every == 0) {
			w->resume = va;
			return PT_AGAIN;
		}
	}
}

static int see_hole(struct pt_walk *w, int level, uaddr_t va, uaddr_t last)
{
	covered(w->arg, va, last);
	return 0;
}

static void walk_all_and_compare(unsigned again_every)
{
	static const struct pt_walk_ops ops = { .run = see_run, .hole = see_hole };
	struct seen s = { .again_every = again_every };
	struct pt_walk w = { .ops = &ops, .root = &mm.root, .mm = &mm, .arg = &s };

	assert_int_equal(pt_walk_range(&w, 0, USER_TOP - 1), 0);
	assert_true(s.next_va == USER_TOP);
	while (s.next_slot < SLOTS)
		assert_false(mapped[s.next_slot++]);
}

static void toggle(unsigned i)
{
	if (!mapped[i]) {
		assert_int_equal(map_anon(&mm, slots[i], i), 0);
	} else {
		zap(&mm, slots[i], slots[i] + PAGE_SIZE);
	}
	mapped[i] = !mapped[i];
}

/* I1, I2: random maps and zaps; the walk sees exactly what the model has, in order, and misses no address. */
static void walk_I2_sees_what_the_model_has(void **state)
{
	sim_world_begin(NULL);
	bare_mm_begin(&mm);
	choose_slots();
	memset(mapped, 0, sizeof(mapped));
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < 40; i++)
			toggle((unsigned)sim_random(SLOTS));
		walk_all_and_compare(0);
		walk_all_and_compare(7);
	}
	bare_mm_end(&mm);
	sim_world_end();
}

/* Both single-address descents agree with the model, absent tables included. */
static void descent_agrees_with_the_walk(void **state)
{
	struct page *table;

	sim_world_begin(NULL);
	bare_mm_begin(&mm);
	choose_slots();
	memset(mapped, 0, sizeof(mapped));
	for (unsigned i = 0; i < SLOTS; i += 3)
		toggle(i);
	for (unsigned i = 0; i < SLOTS; i++) {
		pte_t *e = pt_find_locked(&mm.root, slots[i], &table);

		if (e) {
			assert_int_equal(!pte_none(pte_read(e)), mapped[i]);
			assert_true(pte_raw(pte_read(e)) == pte_raw(entry_at(&mm, slots[i])));
			pt_unlock(table);
		} else {
			assert_false(mapped[i]);
		}
	}
	assert_null(pt_find_locked(&mm.root, pt_span(PT_PMD) * 50, &table));
	bare_mm_end(&mm);
	sim_world_end();
}

/* The last page of the address space: the walk must not run around to zero. */
static void walk_at_the_top_does_not_wrap(void **state)
{
	static const struct pt_walk_ops ops = { .run = see_run, .hole = see_hole };
	const uaddr_t last = VA_BITS == 32 ? 0xFFFFFFFFUL : ~0UL;
	struct seen s = { .next_va = last - PAGE_SIZE * 3 + 1, .next_slot = SLOTS };
	struct pt_walk w = { .ops = &ops, .root = &mm.root, .mm = &mm, .arg = &s };

	sim_world_begin(NULL);
	bare_mm_begin(&mm);
	memset(mapped, 0, sizeof(mapped));
	assert_int_equal(pt_walk_range(&w, last - PAGE_SIZE * 3 + 1, last), 0);
	assert_true(s.next_va == last + 1);
	bare_mm_end(&mm);
	sim_world_end();
}

static void walk_bad_range(void *arg)
{
	static const struct pt_walk_ops ops = { .run = see_run };
	const uaddr_t *r = arg;
	struct pt_walk w = { .ops = &ops, .root = &mm.root, .mm = &mm };

	sim_world_begin(NULL);
	bare_mm_begin(&mm);
	must(pt_walk_range(&w, r[0], r[1]) == 0);
}

static void walk_refuses_what_is_no_range(void **state)
{
	const uaddr_t unaligned[2] = { 0x1001, 0x1fff }, short_page[2] = { 0x1000, 0x1ffe };
	const uaddr_t backwards[2] = { 0x3000, 0x1fff };
	const uaddr_t across[2] = { 0x1000, VA_BITS == 32 ? 0x100000fffUL : 0xffffffffffffffffUL };

	assert_true(sim_panics(walk_bad_range, (void *)unaligned, "pt_range_ok"));
	assert_true(sim_panics(walk_bad_range, (void *)short_page, "pt_range_ok"));
	assert_true(sim_panics(walk_bad_range, (void *)backwards, "pt_range_ok"));
	assert_true(sim_panics(walk_bad_range, (void *)across, "pt_range_ok"));
}

/* Every allocation of the descent fails once: NULL, nothing lost, what was hooked before is found and freed. */
static void descent_survives_every_failure(void **state)
{
	unsigned nth, failures = 0;

	sim_world_begin(NULL);
	for (nth = 1;; nth++) {
		int err;

		bare_mm_begin(&mm);
		failpoint_arm(nth);
		err = map_anon(&mm, USER_TOP - PAGE_SIZE, 1);
		failpoint_arm(0);
		failures += err != 0;
		assert_true(err == 0 || err == -ENOMEM);
		bare_mm_end(&mm);
		if (!err)
			break;
	}
	assert_true(failures >= 1 + (unsigned)(VA_BITS > 32));
	sim_world_end();
}

/* fill makes tables for the whole range and nothing else. */
static int count_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	*(unsigned *)w->arg += (unsigned)((last - va) >> PAGE_SHIFT) + 1;
	return 0;
}

static void fill_makes_every_table(void **state)
{
	static const struct pt_walk_ops ops = { .fill = true, .run = count_run };
	unsigned n = 0;
	struct pt_walk w = { .ops = &ops, .root = &mm.root, .mm = &mm, .arg = &n };
	uaddr_t start = pt_span(PT_PMD) * 3 - PAGE_SIZE * 2;

	sim_world_begin(NULL);
	bare_mm_begin(&mm);
	assert_int_equal(pt_walk_range(&w, start, start + PAGE_SIZE * 5 - 1), 0);
	assert_int_equal(n, 5);
	assert_true(!pte_none(pt_peek(&mm.root, start, pt_top_level())));
	assert_true(pte_none(entry_at(&mm, start)));
	bare_mm_end(&mm);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_vectors),
		cmocka_unit_test(geometry_covers_the_address),
		cmocka_unit_test(walk_I2_sees_what_the_model_has),
		cmocka_unit_test(descent_agrees_with_the_walk),
		cmocka_unit_test(walk_at_the_top_does_not_wrap),
		cmocka_unit_test(walk_refuses_what_is_no_range),
		cmocka_unit_test(descent_survives_every_failure),
		cmocka_unit_test(fill_makes_every_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
