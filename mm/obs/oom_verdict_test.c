/* Who holds most decides what is said. */
#include "sim/mm_test.h"

#include "mm/show_mem.h"

static struct oom_facts f;

static void begin(enum oom_holder who, unsigned long kb)
{
	f = (struct oom_facts){ .free = 900, .processes = 7 };
	f.held[OOM_ANON] = 1000;
	f.held[OOM_KERNEL] = 2000;
	f.held[who] = kb;
}

static void says(const char *want)
{
	char text[400];
	size_t n = oom_verdict_to_str(&f, text, sizeof(text));

	assert_int_equal(n, strlen(text));
	if (!strstr(text, want))
		print_error("%s\nhas no \"%s\"\n", text, want);
	assert_non_null(strstr(text, want));
}

static void verdict_of_private_memory(void **state)
{
	(void)state;
	begin(OOM_ANON, 60000);
	f.anon_of_victim = 50000;
	says("one program has 50000kB of private memory");
	says("no swap: 50000kB of it");
	f.swap_total = 32000;
	says("swap is full: 50000kB more");
	f.swap_free = 31000;
	says("swap has 31000kB free");
	f.locked = 40000;
	says("40000kB are locked");
	f.anon_of_victim = 2000;
	says("7 programs have 60000kB");
}

static void verdict_of_shared_memory(void **state)
{
	(void)state;
	begin(OOM_SHMEM, 50000);
	f.shmem_of_victim = 49000;
	says("one program has 49000kB of shared memory");
	says("no swap: 50000kB");
	f.shmem_of_victim = 100;
	says("50000kB are in tmpfs");
	says("size= of the mount");
}

static void verdict_of_kernel_memory(void **state)
{
	(void)state;
	begin(OOM_SLAB, 30000);
	f.slab = "tmpfs_inode";
	f.slab_kb = 20000;
	says("20000kB of them in tmpfs_inode");
	begin(OOM_TABLES, 30000);
	says("30000kB are page tables");
	begin(OOM_STACKS, 30000);
	says("kernel.threads-max");
	begin(OOM_HUGE, 30000);
	f.huge_free = 10000;
	says("10000kB of them unused: a lower vm.nr_hugepages");
	begin(OOM_KERNEL, 30000);
	says("30000kB are the kernel's, of pipes");
	begin(OOM_ZRAM, 30000);
	says("zram");
	begin(OOM_FILE, 30000);
	f.dirty = 29000;
	says("29000kB of them dirty");
}

static void verdict_of_memory_out_of_reach(void **state)
{
	(void)state;
	begin(OOM_BARRED, 30000);
	says("30000kB are free where");
}

static void verdict_names_only_who_holds(void **state)
{
	char text[400];
	size_t n;

	(void)state;
	begin(OOM_TABLES, 30);
	n = oom_held_to_str(&f, text, sizeof(text));
	assert_int_equal(n, strlen(text));
	assert_string_equal(text, "free 900kB, anonymous 1000kB, page tables 30kB, "
				  "other kernel memory 2000kB");
}

/* Nothing is counted twice, and nothing is left out. */
static void verdict_facts_sum_up(void **state)
{
	unsigned long sum;
	struct mm_struct *mm;

	(void)state;
	sim_world_begin(NULL);
	mm = new_mm();
	map_at(mm, BASE, P(64), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 64; i++)
		sim_poke(mm, BASE + P(i), 1);
	oom_facts_get(&f, mm, ~0UL, GFP_HIGHUSER_MOVABLE);
	assert_int_equal(f.held[OOM_ANON], 256);
	assert_int_equal(f.anon_of_victim, 256);
	assert_int_equal(f.held[OOM_BARRED], 0);
	sum = f.free;
	for (unsigned h = 0; h < OOM_BARRED; h++)
		sum += f.held[h];
	assert_int_equal(sum, totalram_pages() * 4);
	end_mm(mm);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict_of_private_memory),
		cmocka_unit_test(verdict_of_shared_memory),
		cmocka_unit_test(verdict_of_kernel_memory),
		cmocka_unit_test(verdict_of_memory_out_of_reach),
		cmocka_unit_test(verdict_names_only_who_holds),
		cmocka_unit_test(verdict_facts_sum_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
