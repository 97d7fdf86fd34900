/* Rows of memory in use, in bytes, as free memory falls: sysinfo(2). */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "bench.h"

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };
enum { PROCESSES = 100, SPARSE = 512, MAPPINGS = 10000 };
#define MACHINE_BYTES (256ULL << 20)

static unsigned long long free_bytes(void)
{
	struct sysinfo si;

	sleep(1); /* what is freed later is freed now */
	if (sysinfo(&si))
		give_up("sysinfo");
	return (unsigned long long)si.freeram * si.mem_unit;
}

static void sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void process_row(void)
{
	unsigned long long before = free_bytes();
	int pid[PROCESSES];

	for (int i = 0; i < PROCESSES; i++)
		pid[i] = child(sleep_for_ever, NULL);
	figure("mem_process", before - free_bytes(), PROCESSES);
	for (int i = 0; i < PROCESSES; i++) {
		kill(pid[i], SIGKILL);
		reap(pid[i]);
	}
}

static void sparse_row(void)
{
	const size_t step = 2 << 20;
	unsigned long long before = free_bytes();
	char *p = mmap(NULL, SPARSE * step, RW, ANON, -1, 0);

	touch(p, SPARSE, step);
	figure("mem_sparse_page", before - free_bytes(), SPARSE);
	munmap(p, SPARSE * step);
}

static void mapping_row(void *arg)
{
	unsigned long long before = free_bytes();

	(void)arg;
	for (int i = 0; i < MAPPINGS; i++)
		map(1, i & 1 ? RW : PROT_READ);
	figure("mem_mapping", before - free_bytes(), MAPPINGS);
}

void bench_usage(void)
{
	figure("mem_boot", MACHINE_BYTES - free_bytes(), 1);
	reap(child(mapping_row, NULL));
	sparse_row();
	process_row();
}
