/* A solution of lab 8's exercise. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cow.h"
#include "student.h"

int student(int argc, char **argv)
{
	const unsigned long mask = argc > 0 ? strtoul(argv[0], NULL, 16) : 0;
	volatile char *p =
		mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	for (int i = 0; i < 8; i++)
		p[i * 4096] = 1;
	pid = fork();
	if (pid == 0) {
		for (int i = 7; i >= 0; i--)
			if (mask >> i & 1)
				p[i * 4096] = 2;
		printf("%lx %d\n", (unsigned long)p, getpid());
		student_wait();
		_exit(0);
	}
	wait(NULL);
	return 0;
}
