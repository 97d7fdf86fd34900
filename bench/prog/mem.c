/* Rows of anonymous memory: faults by pattern, mapping, protecting, moving, the heap. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

enum {
	RW = PROT_READ | PROT_WRITE,
	ANON = MAP_PRIVATE | MAP_ANONYMOUS,
	MOVE = MREMAP_MAYMOVE | MREMAP_FIXED
};

/* As a C library enters the kernel, less the library. */
static inline long get_parent(void)
{
	long ret;

#ifdef __x86_64__
	__asm__ volatile("syscall" : "=a"(ret) : "a"(SYS_getppid) : "rcx", "r11", "memory");
#else
	__asm__ volatile("call *%%gs:0x10" : "=a"(ret) : "a"(SYS_getppid) : "memory");
#endif
	return ret;
}

void bench_syscall(void)
{
	start("null_syscall");
	for (int i = 0; i < 2000; i++)
		(void)get_parent();
	stop(2000);
}

static void read_pages(const char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		(void)*(const volatile char *)(p + i * PAGE);
}

/* First touches upwards, and what takes the pages away again. */
void bench_fault(void)
{
	const size_t n = 2048;
	char *p = map(n, RW);

	start("anon_fault");
	touch(p, n, PAGE);
	stop(n);
	start("madv_dontneed");
	madvise(p, n * PAGE, MADV_DONTNEED);
	stop(n);
	start("refault");
	touch(p, n, PAGE);
	stop(n);
	start("munmap_resident");
	munmap(p, n * PAGE);
	stop(n);
	p = map(n, RW);
	start("zero_read_fault");
	read_pages(p, n);
	stop(n);
	start("zero_upgrade");
	touch(p, n, PAGE);
	stop(n);
}

/* The same pages in other orders, and as many small mappings. */
void bench_pattern(void)
{
	const size_t n = 2048;
	char *p = map(n, RW), *q[64];

	start("fault_down");
	for (size_t i = n; i-- > 0;)
		*(volatile char *)(p + i * PAGE) = 1;
	stop(n);
	munmap(p, n * PAGE);
	p = map(n, RW);
	start("fault_random");
	for (size_t i = 0, at = 0; i < n; i++) {
		at = (at * 1229 + 431) & (n - 1); /* every page once */
		*(volatile char *)(p + at * PAGE) = 1;
	}
	stop(n);
	munmap(p, n * PAGE);
	for (int i = 0; i < 64; i++)
		q[i] = map(16, i & 1 ? RW : RW | PROT_EXEC);
	start("fault_64k");
	for (int i = 0; i < 64; i++)
		touch(q[i], 16, PAGE);
	stop(64 * 16);
}

/* One page in each 2 MiB: every touch takes a table, too. */
void bench_sparse(void)
{
	const size_t n = 64, step = 2 << 20;
	char *p = mmap(NULL, n * step, RW, ANON | MAP_NORESERVE, -1, 0);

	start("sparse_fault");
	touch(p, n, step);
	stop(n);
	start("sparse_unmap");
	munmap(p, n * step);
	stop(n);
}

static void protect_rows(char *p, char *one)
{
	start("mprotect_1");
	for (int i = 0; i < 500; i++)
		mprotect(one, PAGE, i & 1 ? RW : PROT_READ);
	stop(500);
	start("mprotect_split");
	for (int i = 0; i < 500; i++)
		mprotect(p + 512 * PAGE, PAGE, i & 1 ? RW : PROT_READ);
	stop(500);
	start("mprotect_1024");
	for (int i = 0; i < 20; i++)
		mprotect(p, 1024 * PAGE, i & 1 ? RW : PROT_READ);
	stop(20);
}

void bench_mapping(void)
{
	unsigned char resident[1024];
	char *p = map_touched(1024), *q;

	start("mmap_munmap");
	for (int i = 0; i < 500; i++)
		munmap(map(1, PROT_READ), PAGE);
	stop(500);
	start("mmap_touch_munmap");
	for (int i = 0; i < 200; i++) {
		q = map(1, RW);
		*(volatile char *)q = 1;
		munmap(q, PAGE);
	}
	stop(200);
	/* A neighbour of other rights: not one mapping with @p. */
	q = map(2, PROT_NONE);
	mprotect(q, PAGE, RW);
	*(volatile char *)q = 1;
	protect_rows(p, q);
	start("mincore_1024");
	for (int i = 0; i < 20; i++)
		mincore(p, 1024 * PAGE, resident);
	stop(20);
}

/* @pages that lie @at pages into a room of no rights move to and fro, @n times. */
static void move_row(const char *row, size_t pages, size_t at, int n)
{
	char *room = map(8192, PROT_NONE), *to[2], *p;

	to[0] = (char *)(((unsigned long)room + (4 << 20) - 1) & -(4ul << 20)) + at * PAGE;
	to[1] = to[0] + (12 << 20) - at * PAGE;
	p = mmap(to[0], pages * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	touch(p, pages, PAGE);
	start(row);
	for (int i = 1; i <= n; i++)
		p = mremap(p, pages * PAGE, pages * PAGE, MOVE, to[i & 1]);
	stop((unsigned long)n);
	munmap(room, 8192 * PAGE);
}

void bench_move(void)
{
	char *room = map(4096, PROT_NONE), *p;

	p = mmap(room, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	*(volatile char *)p = 1;
	munmap(p + PAGE, 64 * PAGE);
	start("mremap_grow");
	for (int i = 0; i < 200; i++) {
		mremap(p, PAGE, 2 * PAGE, 0);
		mremap(p, 2 * PAGE, PAGE, 0);
	}
	stop(200);
	munmap(room, 4096 * PAGE);
	move_row("mremap_move_1", 1, 0, 200);
	move_row("mremap_move_256", 256, 7, 50);
	/* 8 MiB at the same place of their tables. */
	move_row("mremap_move_2048", 2048, 0, 20);
}

void bench_heap(void)
{
	char *b = (char *)syscall(SYS_brk, 0);

	b = (char *)(((unsigned long)b + PAGE - 1) & -(unsigned long)PAGE);
	syscall(SYS_brk, b);
	start("brk_16");
	for (int i = 0; i < 50; i++) {
		syscall(SYS_brk, b + 16 * PAGE);
		touch(b, 16, PAGE);
		syscall(SYS_brk, b);
	}
	stop(50);
}

/* @n mappings that cannot be one, and what one more costs. */
static void many(size_t n, const char *mmap_row, const char *fault_row, const char *munmap_row)
{
	char *area = mmap(NULL, n * 2 * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0), *p[100];

	munmap(area, n * 2 * PAGE);
	for (size_t i = 0; i < n; i++)
		mmap(area + i * 2 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
	start(mmap_row);
	for (int i = 0; i < 100; i++)
		p[i] = mmap(NULL, PAGE, i & 1 ? RW : PROT_READ, ANON, -1, 0);
	stop(100);
	start(fault_row);
	touch(area, 100, n / 100 * 2 * PAGE);
	stop(100);
	start(munmap_row);
	for (int i = 0; i < 100; i++)
		munmap(p[i], PAGE);
	stop(100);
}

void bench_many_100(void)
{
	many(100, "vma_mmap_100", "vma_fault_100", "vma_munmap_100");
}

void bench_many_1000(void)
{
	many(1000, "vma_mmap_1000", "vma_fault_1000", "vma_munmap_1000");
}

void bench_many_10000(void)
{
	many(10000, "vma_mmap_10000", "vma_fault_10000", "vma_munmap_10000");
}
