/* Rows of a tmpfs: faults, read and write, names. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* The system call: a C library may call another one and convert what it says. */
#ifdef SYS_stat64
enum { STAT = SYS_stat64 };
#else
enum { STAT = SYS_stat };
#endif

/* Every page is cached. */
static void fault_row(const char *row, int fd, size_t n, int flags, int write)
{
	char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
	volatile char *v = p;

	if (p == MAP_FAILED)
		give_up("mmap");
	start(row);
	for (size_t i = 0; i < n; i++) {
		if (write)
			v[i * PAGE] = 1;
		else
			(void)v[i * PAGE];
	}
	stop(n);
	munmap(p, n * PAGE);
}

static void call_row(const char *row, int fd, char *buf, size_t size, int write)
{
	size_t n = size == PAGE ? 1024 : 8;

	start(row);
	for (size_t i = 0; i < n; i++)
		if ((write ? pwrite(fd, buf, size, (off_t)(i * size))
			   : pread(fd, buf, size, (off_t)(i * size))) != (ssize_t)size)
			give_up(row);
	stop(n);
}

void bench_file(void)
{
	const size_t n = 1024;
	char *buf = malloc(1 << 20);
	int fd = open("/tmp/file", O_CREAT | O_TRUNC | O_RDWR, 0600);

	if (fd < 0 || !buf)
		give_up("file");
	memset(buf, 1, 1 << 20);
	call_row("write4k_new", fd, buf, PAGE, 1);
	call_row("write4k", fd, buf, PAGE, 1);
	call_row("read4k", fd, buf, PAGE, 0);
	fault_row("file_priv_read", fd, n, MAP_PRIVATE, 0);
	fault_row("file_shared_read", fd, n, MAP_SHARED, 0);
	fault_row("file_shared_write", fd, n, MAP_SHARED, 1);
	fault_row("file_priv_write", fd, n, MAP_PRIVATE, 1);
	if (ftruncate(fd, 0))
		give_up("ftruncate");
	call_row("write1m_new", fd, buf, 1 << 20, 1);
	call_row("write1m", fd, buf, 1 << 20, 1);
	call_row("read1m", fd, buf, 1 << 20, 0);
	close(fd);
	unlink("/tmp/file");
}

/* A directory of @n names is read to its end. Return: system calls were all right. */
static int read_names(int fd)
{
	char buf[2048];
	long got;

	lseek(fd, 0, SEEK_SET);
	while ((got = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		;
	return got == 0;
}

static void directory_row(void)
{
	char name[32];
	int fd;

	mkdir("/tmp/dir", 0755);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "/tmp/dir/name%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	fd = open("/tmp/dir", O_RDONLY | O_DIRECTORY);
	start("readdir");
	for (int i = 0; i < 20; i++)
		if (!read_names(fd))
			give_up("readdir");
	stop(20 * 200);
	close(fd);
}

void bench_name(void)
{
	struct stat64 st;
	int fd = open("/tmp/name", O_CREAT | O_WRONLY, 0600);

	if (fd < 0)
		give_up("open");
	close(fd);
	start("open_close");
	for (int i = 0; i < 500; i++)
		close(open("/tmp/name", O_RDONLY));
	stop(500);
	start("stat");
	for (int i = 0; i < 500; i++)
		syscall(STAT, "/tmp/name", &st);
	stop(500);
	start("create_unlink");
	for (int i = 0; i < 200; i++) {
		close(open("/tmp/other", O_CREAT | O_WRONLY, 0600));
		unlink("/tmp/other");
	}
	stop(200);
	directory_row();
}
