/* Tests of huge.c and range_huge.c, in each geometry; the model test of large and small entries side by side. */
#include "mm/pt/pt_test.h"

static struct mm_struct mm, child;

enum { BLOCKS = 3, SPAN = BLOCKS * HPAGE_NR };

static const uaddr_t base = HPAGE_SIZE * 8;

static uaddr_t at(unsigned page)
{
	return base + (uaddr_t)page * PAGE_SIZE;
}

static void world(void)
{
	pt_world_begin(&mm, MIB(96));
}

static void world_gone(void)
{
	pt_world_end(&mm);
}

static long rss(const struct mm_struct *m)
{
	return atomic_long_read(&m->rss_stat[MM_ANONPAGES]);
}

static bool is_large(struct mm_struct *m, uaddr_t va)
{
	return pte_is_leaf(pt_peek(&m->root, va, pt_huge_level()), pt_huge_level());
}

static unsigned long number_at(struct mm_struct *m, uaddr_t va)
{
	unsigned long n = 0;

	must(sim_read(m, va, &n, sizeof(n)) == 0);
	return n;
}

static unsigned long thps(void)
{
	return global_node_stat(NR_ANON_THPS);
}

static void split_at(struct mm_struct *m, uaddr_t va)
{
	struct page *table;

	assert_non_null(pt_find_locked(&m->root, va, &table));
	pt_unlock(table);
}

/* range_huge I1: references, _mapcounts, RSS and statistics are those of as many small entries. */
static void huge_I1_counts_like_small_entries(void **state)
{
	struct page *page;

	world();
	assert_int_equal(map_huge(&mm, base, 1000), 0);
	assert_true(is_large(&mm, base));
	assert_int_equal(rss(&mm), HPAGE_NR);
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), HPAGE_NR);
	assert_int_equal(thps(), HPAGE_NR);
	page = pfn_to_page(pte_pfn(pt_peek_page(&mm.root, base)));
	assert_int_equal(page_to_pfn(page) % HPAGE_NR, 0);
	for (unsigned i = 0; i < HPAGE_NR; i += 37) {
		assert_int_equal(number_at(&mm, at(i)), 1000 + i);
		assert_int_equal(page_mapcount(page + i), 1);
		assert_int_equal(page_ref_count(page + i), 1);
		assert_true(page_is_thp(page + i));
		assert_true(pte_pfn(pt_peek_page(&mm.root, at(i))) == page_to_pfn(page + i));
	}
	pt_check_large(&mm, &mm.root);
	zap(&mm, base, base + HPAGE_SIZE);
	assert_int_equal(rss(&mm), 0);
	assert_int_equal(thps(), 0);
	world_gone();
}

/* Who wants a small entry gets one: same frames, rights and bits, no count changes but that of huge pages. */
static void huge_I2_split_changes_the_table_only(void **state)
{
	struct page *page, *table;
	pte_t before;
	long tables;

	world();
	assert_int_equal(map_huge(&mm, base, 5), 0);
	tables = atomic_long_read(&mm.pgtables_bytes);
	assert_int_equal(number_at(&mm, at(3)), 8); /* a CPU has the large page */
	before = pt_peek_page(&mm.root, at(3));
	assert_true(pte_raw(before) == pte_raw(pt_lookup_locked(&mm.root, at(3), &table)));
	pt_unlock(table);
	assert_true(is_large(&mm, base));
	split_at(&mm, at(7));
	assert_false(is_large(&mm, base));
	assert_true(pte_raw(before) == pte_raw(entry_at(&mm, at(3))));
	assert_true(pte_raw(before) == pte_raw(pt_peek_page(&mm.root, at(3))));
	assert_true(pte_raw(before) == pte_raw(pt_lookup_locked(&mm.root, at(3), &table)));
	pt_unlock(table);
	assert_int_equal(atomic_long_read(&mm.pgtables_bytes), tables);
	assert_int_equal(rss(&mm), HPAGE_NR);
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), HPAGE_NR);
	assert_int_equal(thps(), 0);
	page = pfn_to_page(pte_pfn(before));
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(page_mapcount(page), 1);
	assert_false(page_is_thp(page));
	for (unsigned i = 0; i < HPAGE_NR; i++)
		assert_int_equal(number_at(&mm, at(i)), 5 + i);
	pt_check_large(&mm, &mm.root);
	world_gone();
}

/* Unmapping a part frees that part now. */
static void partial_zap_frees_at_once(void **state)
{
	unsigned long free;

	world();
	assert_int_equal(map_huge(&mm, base, 0), 0);
	drain_all_pages();
	free = nr_free_pages();
	zap(&mm, at(10), at(20));
	drain_all_pages();
	assert_int_equal(nr_free_pages(), free + 10);
	assert_int_equal(rss(&mm), HPAGE_NR - 10);
	assert_int_equal(number_at(&mm, at(9)), 9);
	assert_int_equal(number_at(&mm, at(20)), 20);
	assert_true(pte_none(entry_at(&mm, at(10))));
	world_gone();
}

/* Many blocks fill the gather; a page of one that somebody else has stays. */
static void zap_of_many_blocks(void **state)
{
	const struct sim_config cfg = { .ram_bytes = MIB(160) };
	struct page *pinned;

	sim_world_begin(&cfg);
	bare_mm_begin(&mm);
	for (unsigned i = 0; i < GATHER_BLOCKS + 3; i++)
		assert_int_equal(map_huge(&mm, base + i * HPAGE_SIZE, i), 0);
	pinned = pfn_to_page(pte_pfn(pt_peek_page(&mm.root, at(5))));
	get_page(pinned);
	zap(&mm, base, base + (GATHER_BLOCKS + 3) * HPAGE_SIZE);
	assert_int_equal(rss(&mm), 0);
	assert_int_equal(page_ref_count(pinned), 1);
	assert_int_equal(page_state(pinned), PS_ANON);
	assert_int_equal(*(unsigned long *)page_address(pinned), 5);
	put_page(pinned);
	world_gone();
}

static struct vm_area_struct vma_of(struct mm_struct *owner, unsigned long flags)
{
	return (struct vm_area_struct){ .vm_start = base,
					.vm_end = at(SPAN),
					.vm_mm = owner,
					.vm_flags = flags | VM_SOFTDIRTY };
}

static void protect(unsigned first, unsigned n, pte_t prot)
{
	struct vm_area_struct vma = vma_of(&mm, VM_READ | VM_WRITE);
	struct mmu_gather g;

	gather_begin(&g, &mm);
	(void)range_protect(&g, &vma, at(first), at(first + n), prot);
	gather_end(&g);
}

static void protect_whole_and_part(void **state)
{
	const pte_t none = pte_prot_user(false, false, false),
		    ro = pte_prot_user(true, false, false);
	const pte_t rw = pte_prot_user(true, true, false);
	char byte = 1;

	world();
	assert_int_equal(map_huge(&mm, base, 0), 0);
	assert_int_equal(sim_write(&mm, at(1), &byte, 1), 0);
	protect(0, HPAGE_NR, none);
	assert_true(is_large(&mm, base));
	assert_int_not_equal(sim_read(&mm, at(1), &byte, 1), 0);
	protect(0, HPAGE_NR, ro);
	assert_int_equal(sim_read(&mm, at(1), &byte, 1), 0);
	assert_int_not_equal(sim_write(&mm, at(1), &byte, 1), 0);
	protect(0, HPAGE_NR, rw);
	assert_int_equal(sim_write(&mm, at(1), &byte, 1), 0);
	assert_true(is_large(&mm, base));
	protect(0, HPAGE_NR, none);
	split_at(&mm, base); /* what is not present for the hardware can be split too */
	assert_true(pte_present(entry_at(&mm, at(4))));
	protect(0, HPAGE_NR, rw);
	assert_int_equal(number_at(&mm, at(4)), 4);
	assert_int_equal(map_huge(&mm, at(HPAGE_NR), 0), 0);
	protect(HPAGE_NR + 8, 1, ro);
	assert_false(is_large(&mm, at(HPAGE_NR)));
	assert_int_not_equal(sim_write(&mm, at(HPAGE_NR + 8), &byte, 1), 0);
	assert_int_equal(sim_write(&mm, at(HPAGE_NR + 9), &byte, 1), 0);
	world_gone();
}

/* range_huge I3: one page that somebody else has keeps the whole entry from being writable. */
static void huge_I3_shared_part_is_not_writable(void **state)
{
	struct page *page;

	world();
	assert_int_equal(map_huge(&mm, base, 0), 0);
	page = pfn_to_page(pte_pfn(pt_peek_page(&mm.root, at(77))));
	page_clear(page, PG_anon_exclusive);
	protect(0, HPAGE_NR, pte_prot_user(true, false, false));
	protect(0, HPAGE_NR, pte_prot_user(true, true, false));
	assert_false(pte_write(pt_peek_page(&mm.root, base)));
	page_set(page, PG_anon_exclusive);
	protect(0, HPAGE_NR, pte_prot_user(true, true, false));
	assert_true(pte_write(pt_peek_page(&mm.root, base)));
	world_gone();
}

static int fork_copy(void)
{
	struct vm_area_struct vma = vma_of(&mm, VM_READ | VM_WRITE);
	struct mmu_gather g;
	int err;

	gather_begin(&g, &mm);
	err = range_copy(&g, &child, &vma, (struct range_copy_how){ 0 });
	gather_end(&g);
	return err;
}

static void copy_shares_huge_pages(void **state)
{
	struct page *page;
	char byte = 9;

	world();
	bare_mm_begin(&child);
	assert_int_equal(map_huge(&mm, base, 100), 0);
	assert_int_equal(sim_write(&mm, at(0), &byte, 1), 0);
	assert_int_equal(fork_copy(), 0);
	assert_true(is_large(&child, base));
	assert_int_equal(rss(&child), HPAGE_NR);
	assert_int_equal(thps(), HPAGE_NR); /* one block, however many map it */
	page = pfn_to_page(pte_pfn(pt_peek_page(&child.root, at(200))));
	assert_int_equal(page_mapcount(page), 2);
	assert_int_equal(page_ref_count(page), 2);
	assert_int_not_equal(sim_write(&mm, at(0), &byte, 1), 0);
	assert_int_not_equal(sim_write(&child, at(0), &byte, 1), 0);
	assert_int_equal(number_at(&child, at(50)), 150);
	split_at(&child, at(0));
	assert_true(is_large(&mm, base));
	assert_int_equal(thps(), HPAGE_NR);
	assert_true(page_is_thp(page));
	bare_mm_end(&mm);
	assert_int_equal(page_mapcount(page), 1);
	assert_int_equal(thps(), 0);
	assert_int_equal(number_at(&child, at(51)), 151);
	bare_mm_end(&child);
	sim_world_end();
}

static void copy_survives_every_failure(void **state)
{
	unsigned nth;
	int err = -ENOMEM;

	world();
	assert_int_equal(map_huge(&mm, base, 0), 0);
	assert_int_equal(map_anon(&mm, at(HPAGE_NR), 1), 0);
	for (nth = 1; err; nth++) {
		bare_mm_begin(&child);
		failpoint_arm(nth);
		err = fork_copy();
		failpoint_arm(0);
		assert_true(err == 0 || err == -ENOMEM);
		bare_mm_end(&child);
		assert_int_equal(page_ref_count(pfn_to_page(pte_pfn(pt_peek_page(&mm.root, base)))),
				 1);
	}
	assert_true(nth > 3);
	world_gone();
}

static void age_and_count(void **state)
{
	struct range_counts n = { 0 };
	struct mmu_gather g;

	world();
	assert_int_equal(map_huge(&mm, base, 0), 0);
	assert_int_equal(map_anon(&mm, at(HPAGE_NR), 0), 0);
	gather_begin(&g, &mm);
	assert_int_equal(range_age(&g, at(0), at(SPAN)), HPAGE_NR + 1);
	assert_int_equal(range_age(&g, at(0), at(SPAN)), 0);
	gather_end(&g);
	sim_poke(&mm, at(9),
		 1); /* one byte makes the whole entry young: the flush made the CPU look */
	range_count(&mm, at(0), at(SPAN), &n);
	assert_int_equal(n.present, HPAGE_NR + 1);
	assert_int_equal(n.anon, HPAGE_NR + 1);
	assert_int_equal(n.young, HPAGE_NR);
	assert_int_equal(range_count_huge(&mm, at(4), at(SPAN)), HPAGE_NR - 4);
	assert_true(is_large(&mm, base));
	world_gone();
}

/* ---- races ---- */

static unsigned splits;

static void splitter(void *arg)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		split_at(&mm, at(i * HPAGE_NR + 1));
		splits++;
	}
}

static void reader(void *arg)
{
	sim_use_mm(&mm);
	for (unsigned i = 0; i < 300; i++) {
		unsigned page = (unsigned)sim_random(SPAN);
		unsigned long n;

		while (sim_read(&mm, at(page), &n, sizeof(n)))
			sim_point(); /* a fault in the moment of the split; a fault handler waits for the lock */
		assert_int_equal(n, page);
	}
	sim_use_mm(NULL);
}

/* @other and a splitter on the same large pages. */
static void splitter_and(void (*other)(void *), uint64_t seed)
{
	const struct sim_config cfg = { .ram_bytes = MIB(96), .seed = seed };

	sim_world_begin(&cfg);
	bare_mm_begin(&mm);
	splits = 0;
	for (unsigned i = 0; i < BLOCKS; i++)
		assert_int_equal(map_huge(&mm, at(i * HPAGE_NR), i * HPAGE_NR), 0);
	(void)sim_spawn(other, NULL, 1);
	(void)sim_spawn(splitter, NULL, 0);
	sim_run();
}

static void each_is_split_once(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		splitter_and(splitter, seed);
		assert_int_equal(splits, 2 * BLOCKS);
		for (unsigned i = 0; i < BLOCKS; i++)
			zap(&mm, at(i * HPAGE_NR), at((i + 1) * HPAGE_NR));
		for (unsigned i = 0; i < BLOCKS; i++)
			assert_int_equal(map_huge(&mm, base + (BLOCKS + i) * HPAGE_SIZE, 0), 0);
		world_gone();
	}
}

/* A reader never sees anything but the pages, whoever splits. */
static void readers_see_the_pages_through_a_split(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		splitter_and(reader, seed);
		world_gone();
	}
}

/* ---- the model: which page has which number, and who is there ---- */

static unsigned long model[2][SPAN]; /* 0: nothing; else its number */
static struct mm_struct *const mms[2] = { &mm, &child };

static void model_map(unsigned who)
{
	static unsigned long next = 1;
	unsigned block = (unsigned)sim_random(BLOCKS), first = block * HPAGE_NR;
	bool large = sim_random(2);

	for (unsigned i = 0; i < HPAGE_NR && large; i++)
		large = !model[who][first + i];
	if (large && pte_none(pt_peek(&mms[who]->root, at(first), pt_huge_level()))) {
		if (map_huge(mms[who], at(first), next))
			return;
		for (unsigned i = 0; i < HPAGE_NR; i++)
			model[who][first + i] = next++;
		return;
	}
	for (unsigned k = 0; k < 20; k++) {
		unsigned i = (unsigned)sim_random(SPAN);

		if (model[who][i] || map_anon(mms[who], at(i), next))
			continue;
		model[who][i] = next++;
	}
}

static void model_zap(unsigned who)
{
	unsigned first = (unsigned)sim_random(SPAN), n = (unsigned)sim_random(SPAN - first) + 1;
	struct mmu_gather g;

	if (sim_random(3) == 0) { /* whole blocks, tables too */
		first = round_down_pow2(first, (unsigned)HPAGE_NR);
		n = HPAGE_NR;
	}
	gather_begin(&g, mms[who]);
	range_zap(&g, NULL, at(first), at(first + n));
	if (n == HPAGE_NR && first % HPAGE_NR == 0)
		pt_free_tables(&g, at(first), at(first + n), at(first), at(first + n));
	gather_end(&g);
	memset(&model[who][first], 0, n * sizeof(model[who][0]));
}

static void model_fork(void)
{
	struct mmu_gather g;

	gather_begin(&g, &child);
	range_zap(&g, NULL, at(0), at(SPAN));
	pt_free_tables(&g, at(0), at(SPAN), 0, USER_TOP);
	gather_end(&g);
	memset(model[1], 0, sizeof(model[1]));
	if (fork_copy() == 0)
		memcpy(model[1], model[0], sizeof(model[1]));
	else
		zap(&child, at(0), at(SPAN));
}

static void model_check(void)
{
	for (unsigned who = 0; who < 2; who++) {
		long n = 0;

		for (unsigned i = 0; i < SPAN; i++) {
			pte_t e = pt_peek_page(&mms[who]->root, at(i));

			n += model[who][i] != 0;
			assert_int_equal(pte_present(e), model[who][i] != 0);
			if (model[who][i])
				assert_int_equal(
					*(unsigned long *)page_address(pfn_to_page(pte_pfn(e))),
					model[who][i]);
		}
		assert_int_equal(rss(mms[who]), n);
		pt_check_large(mms[who], &mms[who]->root);
	}
}

static void large_and_small_agree_with_the_model(void **state)
{
	world();
	bare_mm_begin(&child);
	memset(model, 0, sizeof(model));
	for (unsigned round = 0; round < 120; round++) {
		unsigned who = (unsigned)sim_random(2);

		switch (sim_random(6)) {
		case 0:
			model_zap(who);
			break;
		case 1:
			model_fork();
			break;
		case 2:
			if (model[who][17])
				assert_int_equal(number_at(mms[who], at(17)), model[who][17]);
			break;
		case 3:
			protect((unsigned)sim_random(SPAN - 9), 9, rights_rw());
			break;
		default:
			model_map(who);
			break;
		}
		if (round % 8 == 0)
			model_check();
	}
	model_check();
	bare_mm_end(&child);
	world_gone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge_I1_counts_like_small_entries),
		cmocka_unit_test(huge_I2_split_changes_the_table_only),
		cmocka_unit_test(partial_zap_frees_at_once),
		cmocka_unit_test(zap_of_many_blocks),
		cmocka_unit_test(protect_whole_and_part),
		cmocka_unit_test(huge_I3_shared_part_is_not_writable),
		cmocka_unit_test(copy_shares_huge_pages),
		cmocka_unit_test(copy_survives_every_failure),
		cmocka_unit_test(age_and_count),
		cmocka_unit_test(each_is_split_once),
		cmocka_unit_test(readers_see_the_pages_through_a_split),
		cmocka_unit_test(large_and_small_agree_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
