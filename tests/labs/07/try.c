/* A solution of lab 7's exercise. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "demand.h"
#include "student.h"

int student(int argc, char **argv)
{
	const int n = argc > 0 ? atoi(argv[0]) : 0;
	volatile char *p =
		mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = n - 1; i >= 0; i--) /* downwards: one page at each fault */
		p[i * 4096] = 1;
	printf("%lx\n", (unsigned long)p);
	student_wait();
	return 0;
}
