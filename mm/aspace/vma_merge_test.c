/* Splitting and merging against a naive model of Linux 6.1's rules, with the pages of a window as an array. */
#include "sim/mm_test.h"

enum { WINDOW = 96 };
struct model_page {
	bool mapped, account; /* account: was writable once, so it is promised */
	bool first;	      /* a vma begins here */
	unsigned prot;
	unsigned long id; /* page offset */
	unsigned av;	  /* the vma's anon_vma; 0: none */
};
static struct model_page model[WINDOW + 2], *const page = model + 1; /* never mapped at both ends */
static unsigned last_av;

static unsigned random_prot(void)
{
	const unsigned prots[] = { PROT_NONE, PROT_READ, RW };

	return prots[sim_random(3)];
}

/* ---- vmas of the model ---- */

static unsigned vma_begin(unsigned i)
{
	while (!page[i].first)
		i--;
	return i;
}

static unsigned vma_stop(unsigned i)
{
	do
		i++;
	while (page[i].mapped && !page[i].first);
	return i;
}

static void set_av(unsigned i, unsigned av)
{
	unsigned stop = vma_stop(i);

	for (i = vma_begin(i); i < stop; i++)
		page[i].av = av;
}

/* Offsets go on from page i - 1 to i, and all else but @ignore_rights is the same. */
static bool goes_on(unsigned i, bool ignore_rights)
{
	const struct model_page *a = &page[i] - 1, *b = &page[i];

	return a->mapped && b->mapped && a->id + 1 == b->id && a->account == b->account &&
	       (ignore_rights || a->prot == b->prot);
}

/* May a range in anon_vma @av (0: none) join a neighbour in @of? */
static bool av_allows(unsigned av, unsigned of)
{
	return of ? !av || av == of : !av;
}

/* The vma that begins at @i becomes part of the one before it. */
static void weld(unsigned i)
{
	unsigned av = page[i].av ? page[i].av : (&page[i] - 1)->av;

	page[i].first = false;
	set_av(i, av);
}

static void cut(unsigned i)
{
	if (page[i].mapped)
		page[i].first = true;
}

/* [at, stop) is a vma of its own and has changed: what Linux's vma_merge does. */
static void merge_changed(unsigned at, unsigned stop)
{
	unsigned av = page[at].av;
	bool prev = goes_on(at, false) && av_allows(av, (&page[at] - 1)->av);
	bool next = goes_on(stop, false) && av_allows(av, page[stop].av);

	if (prev && next && (&page[at] - 1)->av && page[stop].av &&
	    (&page[at] - 1)->av != page[stop].av)
		next = false;
	if (prev)
		weld(at);
	if (next)
		weld(stop);
}

/* The same for a new mapping: what Linux's mmap_region does. */
static void merge_fresh(unsigned at, unsigned stop)
{
	bool next = goes_on(stop, false);
	bool prev = goes_on(at, false) && av_allows(next ? page[stop].av : 0, (&page[at] - 1)->av);

	if (prev)
		weld(at);
	if (next)
		weld(stop);
}

static unsigned model_vmas(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WINDOW; i++)
		n += page[i].mapped && page[i].first;
	return n;
}

static void compare_model(struct mm_struct *mm)
{
	for (unsigned i = 0; i < WINDOW; i++) {
		struct vm_area_struct *vma = find_vma(mm, BASE + P(i));
		bool mapped = vma && vma->vm_start <= BASE + P(i);

		assert_int_equal(mapped, page[i].mapped);
		if (!mapped)
			continue;
		assert_int_equal(vma->vm_flags & 7, (page[i].prot & 7));
		assert_int_equal(vma->vm_start == BASE + P(i), page[i].first);
		assert_int_equal(vma->anon_vma != NULL, page[i].av != 0);
	}
	assert_int_equal(mm->map_count, model_vmas());
	mm_check(mm);
}

/* ---- operations ---- */

static void forget(unsigned at, unsigned n)
{
	for (unsigned i = at; i < at + n; i++)
		page[i] = (struct model_page){ .mapped = false };
}

static void model_unmap(struct mm_struct *mm, unsigned at, unsigned n)
{
	assert_int_equal(vm_unmap(mm, BASE + P(at), P(n)), 0);
	cut(at + n);
	forget(at, n);
}

static void model_map(struct mm_struct *mm, unsigned at, unsigned n)
{
	unsigned prot = random_prot();

	assert_int_equal(map_at(mm, BASE + P(at), P(n), prot, ANON | MAP_FIXED), BASE + P(at));
	cut(at + n);
	for (unsigned i = at; i < at + n; i++)
		page[i] = (struct model_page){ true, prot == RW, i == at, prot, i, 0 };
	merge_fresh(at, at + n);
}

/* One vma's part [at, stop) gets @prot. */
static void protect_part(unsigned at, unsigned stop, unsigned prot)
{
	if (page[at].prot == prot)
		return;
	cut(at);
	cut(stop);
	for (unsigned i = at; i < stop; i++) {
		page[i].account = page[i].account || prot == RW;
		page[i].prot = prot;
	}
	merge_changed(at, stop);
}

static void model_protect(struct mm_struct *mm, unsigned at, unsigned n)
{
	unsigned prot = random_prot(), i = at, stop;
	int err = vm_protect(mm, BASE + P(at), P(n), prot);

	for (; i < at + n && page[i].mapped; i = stop) {
		stop = vma_stop(i) < at + n ? vma_stop(i) : at + n;
		protect_part(i, stop, prot);
	}
	assert_int_equal(err, i < at + n ? -ENOMEM : 0);
}

static void model_move(struct mm_struct *mm, unsigned from, unsigned n, unsigned to, unsigned new_n)
{
	struct model_page src = page[from];
	bool overlap = from < to + new_n && to < from + n;
	bool one = src.mapped && vma_stop(from) >= from + (n < new_n ? n : new_n);
	long r = vm_remap(mm, BASE + P(from), P(n), P(new_n), MREMAP_MAYMOVE | MREMAP_FIXED,
			  BASE + P(to));

	if (overlap || !src.mapped) {
		assert_int_equal(r, overlap && src.mapped ? -EINVAL : -EFAULT);
		return;
	}
	cut(to + new_n);
	forget(to, new_n);
	if (new_n < n) {
		cut(from + n);
		forget(from + new_n, n - new_n);
		n = new_n;
	}
	if (!one) { /* seen when the place has been emptied and the tail is gone, as on Linux 6.1 */
		assert_int_equal(r, -EFAULT);
		return;
	}
	assert_int_equal(r, BASE + P(to));
	for (unsigned i = 0; i < new_n; i++)
		page[to + i] = (struct model_page){
			true, src.account, i == 0, src.prot, src.av ? src.id + i : to + i, src.av
		};
	merge_changed(to, to + new_n);
	cut(from + n);
	forget(from, n);
}

/* A write gives the vma an anon_vma: a neighbour's, if rights are all that keeps them apart, or a new one. */
static void model_touch(unsigned i)
{
	unsigned begin = vma_begin(i), stop = vma_stop(i), av = 0;

	if (page[i].av)
		return;
	if (goes_on(stop, true))
		av = page[stop].av;
	if (!av && goes_on(begin, true))
		av = (&page[begin] - 1)->av;
	set_av(i, av ? av : ++last_av);
}

static void touch_some(struct mm_struct *mm)
{
	for (unsigned k = 0; k < 2; k++) {
		unsigned i = (unsigned)sim_random(WINDOW);
		int want = !page[i].mapped	       ? FAULT_MAPERR
			   : page[i].prot & PROT_WRITE ? FAULT_OK
						       : FAULT_ACCERR;

		assert_int_equal(sim_write(mm, BASE + P(i), "x", 1), want);
		if (want == FAULT_OK)
			model_touch(i);
	}
}

static void vma_against_a_model(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	memset(model, 0, sizeof(model));
	for (unsigned step = 0; step < 6000; step++) {
		unsigned at = (unsigned)sim_random(WINDOW), n = 1 + (unsigned)sim_random(12);

		if (at + n > WINDOW)
			n = WINDOW - at;
		switch (sim_random(6)) {
		case 0:
		case 1:
			model_map(mm, at, n);
			break;
		case 2:
			model_unmap(mm, at, n);
			break;
		case 3:
			model_move(mm, at, n, (unsigned)sim_random(WINDOW - 12),
				   1 + (unsigned)sim_random(12));
			break;
		default:
			model_protect(mm, at, n);
			break;
		}
		touch_some(mm);
		compare_model(mm);
	}
	end_mm(mm);
}

/* ---- single rules ---- */

static void touched_does_not_join_untouched(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(6), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), PROT_READ), 0);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), RW), 0);
	assert_string_equal(picture(mm), "0-6rw-"); /* nobody touched: one again */
	assert_int_equal(vm_protect(mm, BASE, P(2), PROT_READ), 0);
	assert_int_equal(vm_protect(mm, BASE + P(4), P(2), PROT_READ), 0);
	sim_poke(mm, BASE + P(2), 1);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), PROT_READ), 0);
	assert_string_equal(picture(mm), "0-2r-- 2-4r-- 4-6r--");
	end_mm(mm);
}

static void neighbours_share_an_anon_vma_to_become_one_later(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), RW | PROT_EXEC), 0);
	sim_poke(mm, BASE, 1);
	sim_poke(mm, BASE + P(2), 1);
	assert_ptr_equal(find_vma(mm, BASE)->anon_vma, find_vma(mm, BASE + P(2))->anon_vma);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), RW), 0);
	assert_string_equal(picture(mm), "0-4rw-");
	end_mm(mm);
}

static void a_hole_filled_joins_what_its_anon_vmas_allow(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	map_at(mm, BASE + P(4), P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	sim_poke(mm, BASE + P(4), 1); /* two of their own: mmap goes to the next */
	map_at(mm, BASE + P(2), P(2), RW, ANON | MAP_FIXED);
	assert_string_equal(picture(mm), "0-2rw- 2-6rw-");
	end_mm(mm);
}

static void a_changed_range_brings_two_together(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(6), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), PROT_READ), 0);
	sim_poke(mm, BASE + P(4), 7); /* the first vma gets its anon_vma when it absorbs this one */
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), RW), 0);
	assert_string_equal(picture(mm), "0-6rw-");
	assert_non_null(find_vma(mm, BASE)->anon_vma);
	assert_int_equal(sim_peek(mm, BASE + P(4)), 7);
	end_mm(mm);
}

static void an_untouched_vma_takes_the_offset_of_its_new_place(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	map_at(mm, BASE + P(8), P(2), RW, ANON | MAP_FIXED);
	assert_int_equal(
		vm_remap(mm, BASE, P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(10)),
		BASE + P(10));
	assert_string_equal(picture(mm), "8-12rw-");
	sim_poke(mm, BASE + P(8), 1);
	assert_int_equal(vm_remap(mm, BASE + P(8), P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, BASE),
			 BASE); /* with pages: the offset stays, and would keep it apart */
	map_at(mm, BASE + P(2), P(2), RW, ANON | MAP_FIXED);
	assert_string_equal(picture(mm), "0-2rw- 2-4rw- 10-12rw-");
	end_mm(mm);
}

/* The old place and the new one become one vma, with chains that the old place did not have, and is cut then. */
static void moved_beside_itself_and_cut(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(6), RW, ANON | MAP_FIXED);
	map_at(mm, BASE + P(8), P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE + P(8), 1);
	assert_int_equal(
		vm_remap(mm, BASE + P(2), P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(6)),
		BASE + P(6));
	assert_string_equal(picture(mm), "0-2rw- 4-10rw-");
	assert_non_null(find_vma(mm, BASE)->anon_vma);
	end_mm(mm);
}

static void fork_keeps_vmas_apart(void **state)
{
	struct mm_struct *mm = new_mm(), *child;

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	map_at(mm, BASE + P(2), P(2), RW, ANON | MAP_FIXED);
	assert_string_equal(picture(mm), "0-4rw-");
	map_at(child, BASE + P(2), P(2), RW, ANON | MAP_FIXED); /* two chains: nothing new joins */
	assert_string_equal(picture(child), "0-2rw- 2-4rw-");
	end_mm(child);
	assert_int_equal(vm_lock(mm, BASE, P(2), VM_LOCKED), 0);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_string_equal(picture(child), "0-2rw- 2-4rw-"); /* alike now, but copied one by one */
	end_mm(child);
	end_mm(mm);
}

/* What a join leaves over waits for the next cut, and for the end of the address space. */
static void what_was_cut_and_joined_is_cut_again(void **state)
{
	struct mm_struct *mm = new_mm(), *child;

	(void)state;
	map_at(mm, BASE, P(6), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE + P(2), 7);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), PROT_READ), 0);
	assert_null(mm->parts[0]);
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), RW), 0);
	assert_string_equal(picture(mm), "0-6rw-");
	assert_non_null(mm->parts[1]);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_null(child->parts[0]);
	assert_int_equal(vm_protect(child, BASE + P(3), P(1), PROT_READ), 0); /* two chains each */
	assert_int_equal(vm_protect(child, BASE + P(3), P(1), RW), 0);
	assert_string_equal(picture(child), "0-6rw-");
	end_mm(child);
	assert_int_equal(vm_protect(mm, BASE + P(1), P(1), PROT_READ), 0);
	assert_null(mm->parts[0]);
	assert_string_equal(picture(mm), "0-1rw- 1-2r-- 2-6rw-");
	assert_int_equal(sim_peek(mm, BASE + P(2)), 7);
	mm_check(mm);
	assert_int_equal(vm_protect(mm, BASE + P(1), P(1), RW), 0);
	mm_check(mm);
	end_mm(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(vma_against_a_model),
		T(touched_does_not_join_untouched),
		T(neighbours_share_an_anon_vma_to_become_one_later),
		T(a_hole_filled_joins_what_its_anon_vmas_allow),
		T(a_changed_range_brings_two_together),
		T(an_untouched_vma_takes_the_offset_of_its_new_place),
		T(moved_beside_itself_and_cut),
		T(fork_keeps_vmas_apart),
		T(what_was_cut_and_joined_is_cut_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
