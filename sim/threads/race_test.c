/*
 * Threads of the host in mm, under ThreadSanitizer: faults, mmap, munmap, mprotect, mremap, madvise, fork, userfaultfd and
 * truncation at the same time; and once more while everything leaves for swap now and then. The sanitizer looks for accesses that nothing orders; the test itself only looks at what no
 * race may change.
 * TSAN_ROUNDS in the environment makes a longer run (tools/tsan.sh).
 */
#include "base/errno.h"
#include "lib/prng.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/shmem.h"
#include "mm/userfault.h"
#include "mm/vmscan.h"
#include "mm/wire.h"
#include "sim/fakeswap.h"
#include "sim/sim.h"
#include "sync/kassert.h"
#include "sync/mutex.h"
#include "uapi/mman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { THREADS = 5, WINDOW = 48, FILE_PAGES = 40, RW = PROT_READ | PROT_WRITE };
#define BASE (0x8000000000UL - 20 * PAGE_SIZE)

static struct mm_struct *mm;
static struct address_space *file;
static struct mutex inode_lock;
static struct userfault *watcher;
static unsigned rounds;
static struct fakeswap swap;
static bool pressure;

struct racer {
	struct prng r;
	uint8_t tag;
};

static unsigned long at(unsigned page)
{
	return BASE + page * PAGE_SIZE;
}

static uint32_t pick(struct racer *c, uint32_t n)
{
	return prng_below(&c->r, n);
}

/* ---- all calls on one address space and one file ---- */

static unsigned some_prot(struct racer *c)
{
	return pick(c, 4) ? RW : pick(c, 2) ? PROT_READ : PROT_NONE;
}

static void race_map(struct racer *c, unsigned page, unsigned n)
{
	struct vm_map_args a = { .addr = at(page), .len = n * PAGE_SIZE, .prot = some_prot(c) };

	a.flags = pick(c, 2) ? MAP_FIXED | MAP_PRIVATE : MAP_FIXED | MAP_SHARED;
	a.may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if (pick(c, 2)) {
		a.mapping = file;
		a.pgoff = pick(c, FILE_PAGES);
	} else {
		a.flags |= MAP_ANONYMOUS;
	}
	if (!pick(c, 8))
		a.flags |= MAP_POPULATE;
	must(vm_map(mm, &a) == (long)at(page));
}

static void race_touch(struct racer *c, unsigned page)
{
	uint8_t byte = c->tag;
	int r = pick(c, 2) ? sim_write(mm, at(page) + c->tag, &byte, 1)
			   : sim_read(mm, at(page) + c->tag, &byte, 1);

	must(r == FAULT_OK || r == FAULT_MAPERR || r == FAULT_ACCERR || r == FAULT_BUS);
}

static void race_fork(struct racer *c)
{
	struct mm_struct *child;
	uint8_t byte;

	must(mm_dup(mm, &child) == 0);
	for (unsigned i = 0; i < 8; i++) {
		unsigned page = pick(c, WINDOW);

		byte = c->tag;
		(void)sim_write(child, at(page), &byte, 1);
	}
	sim_use_mm(mm);
	mmput(child);
}

static void race_file(struct racer *c)
{
	uint64_t pos = pick(c, FILE_PAGES * PAGE_SIZE);
	uint64_t end = pos + pick(c, 4 * PAGE_SIZE);

	mutex_lock(&inode_lock);
	switch (pick(c, 3)) {
	case 0:
		must(mapping_truncate(file, pos) == 0);
		break;
	case 1:
		must(mapping_punch(file, pos, end) == 0);
		break;
	default:
		must(mapping_truncate(file, FILE_PAGES * PAGE_SIZE) == 0);
		(void)mapping_write(file, at(pick(c, WINDOW)), (size_t)(end - pos), &pos);
		break;
	}
	mutex_unlock(&inode_lock);
	pos = 0;
	(void)mapping_read(file, at(pick(c, WINDOW)), 100, &pos);
}

static void race_change(struct racer *c, unsigned page, unsigned n)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_FREE,   MADV_DONTFORK,   MADV_DOFORK,     MADV_POPULATE_WRITE,
		MADV_RANDOM,   MADV_REMOVE, MADV_COLD,	     MADV_PAGEOUT,    MADV_POPULATE_READ,
		MADV_WILLNEED, MADV_NORMAL, MADV_WIPEONFORK, MADV_KEEPONFORK,
	};
	long r = 0;

	switch (pick(c, 5)) {
	case 0:
		r = vm_unmap(mm, at(page), n * PAGE_SIZE);
		break;
	case 1:
		r = vm_protect(mm, at(page), n * PAGE_SIZE, some_prot(c));
		break;
	case 2:
		r = vm_remap(mm, at(page), n * PAGE_SIZE, n * PAGE_SIZE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, at(pick(c, WINDOW)));
		r = r > 0 ? 0 : r;
		break;
	case 3:
		r = vm_lock(mm, at(page), n * PAGE_SIZE, pick(c, 2) ? VM_LOCKED : 0);
		break;
	default:
		r = vm_advise(mm, at(page), n * PAGE_SIZE,
			      advices[pick(c, sizeof(advices) / sizeof(advices[0]))]);
		break;
	}
	must(r == 0 || r == -ENOMEM || r == -EINVAL || r == -EFAULT || r == -EACCES);
}

/* The monitor's calls, of whichever thread; the descriptor answers faults with SIGBUS. */
static void race_uffd(struct racer *c, unsigned page, unsigned n)
{
	struct uffdio_range r = { at(page), n * PAGE_SIZE };
	struct userfault_fill fill = { .range = r, .src = at(pick(c, WINDOW)) };
	uint64_t calls;
	int64_t done;
	int err;

	switch (pick(c, 5)) {
	case 0:
		err = userfault_register(watcher, &r,
					 UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP,
					 &calls);
		break;
	case 1:
		err = userfault_unregister(watcher, &r);
		break;
	case 2:
		err = userfault_protect(watcher, &r, pick(c, 2));
		break;
	default:
		fill.kind = pick(c, 2) ? USERFAULT_COPY : USERFAULT_ZERO;
		err = userfault_fill(watcher, &fill, &done);
		break;
	}
	must(err == 0 || err == -EINVAL || err == -ENOENT || err == -EEXIST || err == -EAGAIN ||
	     err == -EFAULT || err == -EPERM || err == -ENOMEM);
}

/* Memory is short, once in a while. */
static void race_reclaim(struct racer *c)
{
	if (!pressure || pick(c, 150))
		return;
	if (pick(c, 4))
		(void)reclaim_node(0, GFP_KERNEL);
	else
		(void)drop_cached_pages();
	if (pick(c, 8))
		return;
	mutex_lock(&inode_lock); /* one at a time */
	must(swap_area_off(swap.type) == 0);
	must(swap_area_on(&swap.dev, 0, &swap.type) == 0);
	mutex_unlock(&inode_lock);
}

static void race_all(void *arg)
{
	struct racer c = { .tag = (uint8_t)(uintptr_t)arg };

	prng_seed(&c.r, c.tag);
	sim_use_mm(mm);
	for (unsigned i = 0; i < rounds; i++) {
		unsigned page = pick(&c, WINDOW), n = 1 + pick(&c, 6), what = pick(&c, 100);

		race_reclaim(&c);
		if (what < 70)
			race_touch(&c, page);
		else if (what < 74)
			race_uffd(&c, page, n);
		else if (what < 86)
			race_change(&c, page, n);
		else if (what < 96)
			race_map(&c, page, n);
		else if (what < 99)
			race_file(&c);
		else
			race_fork(&c);
	}
}

static void begin(void)
{
	struct sim_config cfg = { .ram_bytes = MIB(48), .nr_cpus = THREADS + 1 };
	const char *text = getenv("TSAN_ROUNDS");

	rounds = text ? (unsigned)strtoul(text, NULL, 0) : 1500;
	sim_world_begin(&cfg);
	mutex_init(&inode_lock, RANK_FS);
	file = shmem_anon_create(FILE_PAGES * PAGE_SIZE, false);
	mm = mm_alloc();
	must(mm && file);
	sim_use_mm(mm);
	watcher = userfault_alloc(false);
	must(watcher);
	atomic_set(&watcher->features, USERFAULT_READY | UFFD_FEATURE_SIGBUS);
	sim_use_mm(NULL);
	if (pressure) {
		fakeswap_begin(&swap, 600);
		swap.dev.sync = true;
		fakeswap_on(&swap, -1);
	}
}

static void end(void)
{
	mm_check(mm);
	userfault_release(watcher);
	mm_check(mm);
	mapping_check(file);
	mmput(mm);
	file->ops->drop(file);
	if (pressure) {
		swap_check();
		must(swap_area_off(swap.type) == 0);
		fakeswap_end(&swap);
	}
	sim_world_end();
}

static void all_calls_on_one_mm(void **state)
{
	begin();
	for (uintptr_t i = 1; i <= THREADS; i++)
		(void)sim_spawn(race_all, (void *)i, -1);
	sim_run();
	end();
}

/* ---- copy-on-write: threads of a family of address spaces write the same pages, each its own byte ---- */

static void race_cow(void *arg)
{
	struct racer c = { .tag = (uint8_t)(uintptr_t)arg };
	struct mm_struct *mine = mm, *child;
	uint8_t value[WINDOW] = { 0 };

	prng_seed(&c.r, c.tag);
	sim_use_mm(mine);
	for (unsigned i = 0; i < rounds; i++) {
		unsigned page = pick(&c, WINDOW);

		race_reclaim(&c);
		if (pick(&c, 3)) {
			value[page]++;
			sim_poke(mine, at(page) + c.tag, value[page]);
		}
		must(sim_peek(mine, at(page) + c.tag) == value[page]);
		if (pick(&c, 60))
			continue;
		must(mm_dup(mine, &child) == 0); /* and go on in the child, or let it die */
		if (mine != mm || pick(&c, 2)) {
			struct mm_struct *leave = pick(&c, 2) ? child : mine;

			if (mine == mm) {
				mine = child;
				continue;
			}
			mine = leave == child ? mine : child;
			sim_use_mm(mine);
			mmput(leave);
		} else {
			mmput(child);
		}
	}
	sim_use_mm(NULL);
	if (mine != mm)
		mmput(mine);
}

static void copies_stay_apart(void **state)
{
	struct vm_map_args a = { .addr = at(0),
				 .len = WINDOW * PAGE_SIZE,
				 .prot = RW,
				 .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED };

	begin();
	must(vm_map(mm, &a) == (long)at(0));
	for (uintptr_t i = 1; i <= THREADS; i++)
		(void)sim_spawn(race_cow, (void *)i, -1);
	sim_run();
	end();
}

static int press(void **state)
{
	pressure = true;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_stay_apart),
		cmocka_unit_test(all_calls_on_one_mm),
		cmocka_unit_test_setup(copies_stay_apart, press),
		cmocka_unit_test_setup(all_calls_on_one_mm, press),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
